#!/usr/bin/env python3
"""Reads the event file of a run as TensorBoard does and compares it with the run's metrics.jsonl.

    python3 -m venv venv && venv/bin/pip install tensorboard
    venv/bin/python scripts/check_events.py RUN

Exit code 1 with one line per value that is missing, doubled or different.
"""

import argparse
import json
import math
import pathlib
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def single(number):
    """What is left of a number in 32 bits, which is what TensorBoard keeps."""
    return struct.unpack("<f", struct.pack("<f", number))[0]


def expected_of(lines):
    """{(tag, step): value} of metrics.jsonl."""
    values = {}
    for line in map(json.loads, lines):
        step = line.pop("step")
        line.pop("time")
        nested = {f"{group}/{key}": v for group, part in line.items() if isinstance(part, dict)
                  for key, v in part.items()}
        plain = {f"train/{key}": v for key, v in line.items() if not isinstance(v, dict)}
        for tag, value in {**plain, **nested}.items():
            if isinstance(value, (int, float)) and math.isfinite(value):
                values[tag, step] = single(value)
    return values


def check(run):
    expected = expected_of((run / "metrics.jsonl").read_text().splitlines())
    events = EventAccumulator(str(run), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    found, faults = {}, []
    for tag in events.Tags()["scalars"]:
        for event in events.Scalars(tag):
            if (tag, event.step) in found:
                faults.append(f"{tag}: step {event.step} is there twice")
            found[tag, event.step] = event.value
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key) != found.get(key):
            faults.append(f"{key[0]}, step {key[1]}: {found.get(key)}, not {expected.get(key)}")
    texts = [t for t in events.Tags()["tensors"] if events.Tensors(t)[0].tensor_proto.string_val]
    if texts != ["recipe"]:
        faults.append(f"texts {texts}, not ['recipe']")
    return len(found), faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("run", type=pathlib.Path, help="folder of a run of `unmask train`")
    count, faults = check(parser.parse_args().run)
    for fault in faults:
        print(fault)
    print(f"{count} values, {len(faults)} faults")
    return 1 if faults or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
