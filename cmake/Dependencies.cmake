# Every third-party library, found here and nowhere else. `./setup` installs all of them.

set(UNMASK_DEPS_DIR "${PROJECT_SOURCE_DIR}/.deps" CACHE PATH "Where ./setup puts pinned assets")

# unmask_require(FOUND WHAT INSTALL): stops with what to install when FOUND is false.
function(unmask_require found what install)
  if(NOT ${found})
    message(FATAL_ERROR "${what} not found. Run ./setup, or install it yourself: ${install}")
  endif()
endfunction()

find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)
unmask_require(PkgConfig_FOUND "pkg-config" "apt install pkg-config")

pkg_check_modules(FFMPEG QUIET IMPORTED_TARGET
  libavformat libavcodec libavutil libswscale)
unmask_require(FFMPEG_FOUND "FFmpeg's development files"
  "apt install libavformat-dev libavcodec-dev libavutil-dev libswscale-dev")

pkg_check_modules(WEBP QUIET IMPORTED_TARGET libwebp libwebpdemux)
unmask_require(WEBP_FOUND "libwebp" "apt install libwebp-dev")

pkg_check_modules(JPEG QUIET IMPORTED_TARGET libjpeg libexif)
unmask_require(JPEG_FOUND "libjpeg-turbo or libexif" "apt install libjpeg62-turbo-dev libexif-dev")

pkg_check_modules(SQLITE QUIET IMPORTED_TARGET sqlite3)
unmask_require(SQLITE_FOUND "SQLite" "apt install libsqlite3-dev")

find_package(OpenCV QUIET COMPONENTS core imgproc imgcodecs)
unmask_require(OpenCV_FOUND "OpenCV"
  "apt install libopencv-dev")

find_package(nanoflann QUIET)
unmask_require(nanoflann_FOUND "nanoflann" "apt install libnanoflann-dev")

if(NOT OpenVINO_DIR)
  set(OpenVINO_DIR "${UNMASK_DEPS_DIR}/openvino/cmake" CACHE PATH "OpenVINO's CMake folder")
endif()
find_package(OpenVINO QUIET COMPONENTS Runtime)
unmask_require(OpenVINO_FOUND "OpenVINO 2026.4 (the pip wheel, unzipped)"
  "./setup, or -DOpenVINO_DIR=…/openvino/cmake")

find_package(Protobuf QUIET)
unmask_require(Protobuf_FOUND "Protocol Buffers" "apt install libprotobuf-dev protobuf-compiler")
find_package(ONNX QUIET)
unmask_require(ONNX_FOUND "ONNX" "apt install libonnx-dev")

find_package(OpenSSL QUIET COMPONENTS Crypto)
unmask_require(OPENSSL_FOUND "OpenSSL" "apt install libssl-dev")

find_package(Boost QUIET)  # headers only
unmask_require(Boost_FOUND "Boost" "apt install libboost-dev")

find_package(CLI11 QUIET)
unmask_require(CLI11_FOUND "CLI11" "apt install libcli11-dev")
find_package(nlohmann_json QUIET)
unmask_require(nlohmann_json_FOUND "nlohmann-json" "apt install nlohmann-json3-dev")
find_package(tomlplusplus QUIET)
unmask_require(tomlplusplus_FOUND "toml++" "apt install libtomlplusplus-dev")
find_package(spdlog QUIET)
unmask_require(spdlog_FOUND "spdlog" "apt install libspdlog-dev")

if(UNMASK_TRAINING)
  find_package(Torch QUIET)
  unmask_require(Torch_FOUND "LibTorch" "apt install libtorch-dev, or -DUNMASK_TRAINING=OFF")
endif()

if(UNMASK_TESTS)
  find_package(GTest QUIET)
  unmask_require(GTest_FOUND "GoogleTest" "apt install libgtest-dev libgmock-dev")
  include(GoogleTest)
  find_package(Python3 3.9 QUIET COMPONENTS Interpreter)
  unmask_require(Python3_FOUND "Python 3" "apt install python3")
  find_program(GNUPLOT gnuplot)  # which the programs look for when they draw
  unmask_require(GNUPLOT "gnuplot" "apt install gnuplot-nox")
endif()
