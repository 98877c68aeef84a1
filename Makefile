# The short names of what one does with this project; `make help` explains them.

BUILD := build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

.PHONY: help setup configure build test demo bench format lint install clean

help:
	@echo "make demo      set up, build, judge a real clip and a manipulated copy of it"
	@echo "make test      set up, build, run every test"
	@echo "make build     programs in build/bin/ (after ./setup)"
	@echo "make setup     install packages and pinned assets; the same as ./setup"
	@echo "make bench     measure speed and memory against named references (PyTorch is fetched)"
	@echo "make format    format all C++ sources"
	@echo "make lint      clang-tidy over everything but the training program"
	@echo "make install   install below PREFIX (default /usr/local)"
	@echo "make clean     remove the build folders"

setup:
	./setup

configure:
	@cmake --preset release >$(BUILD).configure.log 2>&1 || (cat $(BUILD).configure.log; exit 1)
	@rm -f $(BUILD).configure.log

build: configure
	cmake --build --preset release --parallel $(JOBS)

test: setup
	$(MAKE) build
	ctest --preset release --parallel $(JOBS) --no-tests=error

demo: setup
	$(MAKE) build
	scripts/demo.sh

bench: build
	python3 bench/run.py
	python3 bench/detection.py
	python3 bench/training.py

format:
	find src tests examples bench -name '*.h' -o -name '*.cc' | xargs clang-format-14 -i

lint: configure
	run-clang-tidy-14 -quiet -p $(BUILD) 'src/unmask/(?!nn|losses|train)'

install: build
	cmake --install $(BUILD) --prefix $(PREFIX)

clean:
	rm -rf build build-dev build-asan build-tsan
