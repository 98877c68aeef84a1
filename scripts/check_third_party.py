#!/usr/bin/env python3
"""Checks that THIRD_PARTY.md names, with a licence, every library that cmake/Dependencies.cmake looks
for, every asset of scripts/assets.tsv and every package that ./setup installs as a library (-dev).

THIRD_PARTY.md's tables have the columns: name | version | licence | purpose. A library or asset counts
as named when its name stands in backquotes in a row's first column. Exit code 1 with one line per
violation.
"""

import pathlib
import re
import sys

# Found on every system that has a compiler, or not a library.
NOT_LIBRARIES = {"Threads", "PkgConfig"}


def rows_of(text):
    """{name in backquotes: (version, licence)} of all tables."""
    rows = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) >= 4:
            for name in re.findall(r"`([^`]+)`", cells[0]):
                rows[name] = (cells[1], cells[2])
    return rows


def libraries_of(cmake):
    """Names given to find_package(), modules given to pkg_check_modules()."""
    cmake = re.sub(r"#.*", "", cmake)
    names = set(re.findall(r"find_package\s*\(\s*(\w+)", cmake)) - NOT_LIBRARIES
    for body in re.findall(r"pkg_check_modules\s*\(([^)]*)\)", cmake):
        names |= {w for w in body.split()[1:] if w == w.lower()}
    return names


def assets_of(tsv):
    """[(package, version)]"""
    lines = [line for line in tsv.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split("\t")[1:3]) for line in lines]


def packages_of(setup):
    """The development packages in ./setup's lists."""
    lists = re.findall(r"packages=\(([^)]*)\)", setup)
    return {word for words in lists for word in words.split() if word.endswith("-dev")}


def check(root):
    root = pathlib.Path(root)
    rows = rows_of((root / "THIRD_PARTY.md").read_text())
    faults = []

    def need(name, source, version=None):
        if name not in rows:
            faults.append(f"THIRD_PARTY.md: no row for `{name}` ({source})")
            return
        stated, licence = rows[name]
        if not licence or licence == "?":
            faults.append(f"THIRD_PARTY.md: `{name}` has no licence")
        if version is not None and version not in stated:
            faults.append(f"THIRD_PARTY.md: `{name}` is {version} in {source}, not {stated}")

    for name in sorted(libraries_of((root / "cmake/Dependencies.cmake").read_text())):
        need(name, "cmake/Dependencies.cmake")
    for name, version in assets_of((root / "scripts/assets.tsv").read_text()):
        need(name, "scripts/assets.tsv", version)
    for name in sorted(packages_of((root / "setup").read_text())):
        need(name, "setup")
    return faults


if __name__ == "__main__":
    found = check(pathlib.Path(__file__).resolve().parent.parent)
    for fault in found:
        print(fault)
    sys.exit(1 if found else 0)
