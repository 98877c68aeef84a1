#!/usr/bin/env python3
"""Checks that clang-format 14 would change no C++ file. `make format` mends what it finds."""

import pathlib
import shutil
import subprocess
import sys

FOLDERS = ["src", "tests", "examples", "bench"]


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    program = shutil.which("clang-format-14")
    if program is None:
        sys.exit("error: clang-format-14 is missing. Run ./setup.")
    files = [str(p) for folder in FOLDERS for p in sorted((root / folder).rglob("*"))
             if p.suffix in (".h", ".cc")]
    result = subprocess.run([program, "--dry-run", "-Werror", *files], cwd=root)
    if result.returncode != 0:
        sys.exit("error: `make format` mends this")


if __name__ == "__main__":
    main()
