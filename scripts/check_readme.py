#!/usr/bin/env python3
"""Checks what the documents promise: the README's test command is what .ci/run runs, every
`make TARGET` in a code block is a target, every `unmask COMMAND --option` in one is known to the
program, and no link leads to a missing file.

    check_readme.py PROGRAM     PROGRAM is the built `unmask`

Exit code 1 with one line per violation.
"""

import pathlib
import re
import subprocess
import sys

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "THIRD_PARTY.md", "docs/*.md",
             "models/*.md"]


def code_lines(text):
    """Lines inside fenced code blocks, continuations joined."""
    lines, inside = [], False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            inside = not inside
        elif inside:
            lines.append(line)
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def links_of(text):
    """Targets of Markdown links and of src/srcset attributes, without anchors and the web."""
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src(?:set)?="([^"]+)"', text)
    links = [link.split("#")[0] for link in links if not re.match(r"\w+:", link)]
    return [link for link in links if link]


def program_calls(line):
    """[(command, [options])] for the calls of `unmask` in a line of shell."""
    calls = []
    for part in re.split(r"[|;]|&&|\s#\s", line):
        if match := re.match(r"\s*(?:\$\s+)?(?:[\w./]*/)?unmask\s+(forge dataset|[a-z][\w-]*)(.*)", part):
            calls.append((match.group(1), re.findall(r"(?<=\s)--[a-z][\w-]*", match.group(2))))
    return calls


def help_text(program, *arguments):
    result = subprocess.run([program, *arguments, "--help"], capture_output=True, text=True)
    return result.stdout if result.returncode == 0 else None


def check_calls(where, text, helps):
    faults = []
    for line in code_lines(text):
        for command, options in program_calls(line):
            known = helps(command)
            if known is None:
                faults.append(f"{where}: there is no command `unmask {command}`")
                continue
            faults += [f"{where}: `unmask {command}` has no option {option}" for option in options
                       if not re.search(re.escape(option) + r"(?![\w-])", known)]
    return faults


def check_make(where, text, targets):
    names = [name for line in code_lines(text)
             for name in re.findall(r"(?:^|&&\s*|\$\s+)make ([a-z]+)", line.strip())]
    return [f"{where}: there is no `make {name}`" for name in names if name not in targets]


def check_ci(readme, ci):
    commands = re.findall(r"^make \w+.*$", ci, flags=re.M)
    if not commands:
        return [".ci/run: runs no `make` command"]
    lines = [line.split("#")[0].strip() for line in code_lines(readme)]
    return [f".ci/run: `{command}` is not a command of the README" for command in commands
            if command not in lines]


def check(root, program):
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), flags=re.M))
    cache = {}

    def helps(command):
        if command not in cache:
            cache[command] = help_text(program, *command.split())
        return cache[command]

    faults = check_ci((root / "README.md").read_text(), (root / ".ci/run").read_text())
    for path in (p for pattern in DOCUMENTS for p in sorted(root.glob(pattern))):
        where, text = path.relative_to(root), path.read_text()
        faults += check_make(where, text, targets) + check_calls(where, text, helps)
        faults += [f"{where}: the link to {link} leads nowhere" for link in links_of(text)
                   if not (path.parent / link).exists()]
    return faults


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = check(pathlib.Path(__file__).resolve().parent.parent, sys.argv[1])
    for fault in found:
        print(fault)
    sys.exit(1 if found else 0)
