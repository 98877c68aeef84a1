#!/usr/bin/env python3
"""Checks the shape of the files: none over 500 lines (those over 350 are listed as worth a second
look), `#pragma once` first in every header, headers beside their sources and not in an include/
folder, no unit test that no CMakeLists.txt builds. Exit code 1 with one line per violation.
"""

import pathlib
import sys

LONGEST = 500
LONG = 350
FOLDERS = ["src", "tests", "examples", "bench", "scripts", "cmake"]
SUFFIXES = {".h", ".cc", ".py", ".cmake", ".sh"}


def files(root):
    """Our own text files below `root`."""
    for folder in FOLDERS:
        yield from (p for p in sorted((root / folder).rglob("*"))
                    if p.suffix in SUFFIXES and "testdata" not in p.parts)


def check(root):
    faults, notes = [], []
    for path in files(root):
        where = path.relative_to(root)
        lines = path.read_text().splitlines()
        if len(lines) > LONGEST:
            faults.append(f"{where}: {len(lines)} lines; at most {LONGEST}")
        elif len(lines) > LONG:
            notes.append(f"note: {where}: {len(lines)} lines")
        if path.suffix == ".h":
            if not lines or lines[0] != "#pragma once":
                faults.append(f"{where}: does not begin with #pragma once")
            if "include" in where.parts:
                faults.append(f"{where}: headers stand beside their source, not in include/")
        if path.name.endswith("_test.cc") and where.parts[0] == "src":
            if path.name not in (path.parent / "CMakeLists.txt").read_text():
                faults.append(f"{where}: a test that no CMakeLists.txt builds")
    if (root / "include").exists():
        faults.append("include/: headers stand beside their source, in src/unmask")
    return faults, notes


if __name__ == "__main__":
    found, remarks = check(pathlib.Path(__file__).resolve().parent.parent)
    for line in remarks + found:
        print(line)
    sys.exit(1 if found else 0)
