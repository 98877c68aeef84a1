"""Measuring programs from outside: time, peak memory, medians with their spread."""

import json
import os
import statistics
import subprocess
import tempfile
import time
from typing import NamedTuple


class Run(NamedTuple):
    seconds: float  # on the clock
    cpu_seconds: float  # of all cores, user and system; hardly depends on what else is running
    peak_mb: float
    output: str  # standard output


def run(command, environment=None):
    """Runs a command once. Raises RuntimeError when it fails."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=errors, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            raise RuntimeError(f"{command} gave {process.returncode}:\n"
                               + errors.read().decode(errors="replace")[-2000:])
        return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024,
                   output.read().decode(errors="replace"))


def encode(clip, *arguments):
    """Makes a clip with ffmpeg where it is not there yet. Returns its path."""
    if not clip.exists():
        clip.parent.mkdir(parents=True, exist_ok=True)
        temporary = clip.with_name("part-" + clip.name)
        run(["ffmpeg", "-v", "error", "-y", *arguments, "-an", temporary])
        os.replace(temporary, clip)
    return clip


def summary(values):
    """Median, smallest and largest, and all values for the record."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "runs": list(values)}


def show(values, unit="", digits=1):
    """For example: 12.3 (11.9–13.0) ms"""
    text = f"{values['median']:.{digits}f} ({values['min']:.{digits}f}–{values['max']:.{digits}f})"
    return f"{text} {unit}".strip()


def table(title, head, rows):
    """Text table, first column to the left, the others to the right."""
    cells = [head] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = []
    for row in cells:
        lines.append("  ".join([row[0].ljust(widths[0])]
                               + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]).rstrip())
    lines.insert(1, "  ".join("─" * w for w in widths))
    return f"\n{title}\n\n" + "\n".join("  " + line for line in lines) + "\n"


def machine():
    """What the numbers depend on."""
    name = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    return {"cpu": name, "cores": len(os.sched_getaffinity(0)),
            "load_before": round(os.getloadavg()[0], 2)}


def describe(info):
    """A line on the machine, and a warning where it was busy."""
    text = f"{info['cpu']}, {info['cores']} cores, load {info['load_before']}"
    if info["load_before"] > 0.5:
        text += "\nnote: the machine is not idle; times will be too long"
    return text


def write_json(result, path):
    """Whole or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        json.dump(result, file, indent=2)
    os.replace(file.name, path)
