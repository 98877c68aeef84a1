#!/usr/bin/env python3
"""Measures start-up, whole verdicts, folders, memory, the stages of `unmask detect` and the networks, beside named references.

    bench/run.py [--quick] [--model MODEL.onnx] [--only PART]… [BUILD_FOLDER]

Prints tables and writes BUILD_FOLDER/bench.json. Media are made once from a sample, in
BUILD_FOLDER/bench-media. Run it on an idle machine: `load_before` in the JSON tells.
"""

import argparse
import json
import pathlib
import sys

from folders import bench_folders
from measure import describe, encode, machine, run, show, summary, table, write_json
from verdict import bench_verdict

ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLE = ROOT / ".deps/samples/cap13_edit2.mp4"  # one person talking, 30 s
PARTS = ["startup", "verdict", "folders", "memory", "stages", "networks"]
STAGES = ["decode", "detect", "landmarks", "align", "classify"]
# Images a second on a 2-core Zen 4 machine with AVX-512 and bf16, batch 8, OpenVINO 2026.4.1 driven
# from Python and PyTorch 2.13 as users run it (fp32).
REFERENCE = {("efficientnet_lite0", "fp32"): ("165–197", "92"),
             ("efficientnet_lite0", "bf16"): ("387–420", "92"),
             ("xception", "fp32"): ("11.5", "7.6"), ("xception", "bf16"): ("23.4", "7.6")}


def make_media(folder):
    """{seconds: clip} at 720p and 25 frames a second: 10 s, 30 s, 10 min of the same person."""
    clips = {10: folder / "10s.mp4", 30: folder / "30s.mp4", 600: folder / "600s.mp4"}
    encode(clips[30], "-i", SAMPLE, "-t", "30", "-vf", "scale=1280:720:flags=bicubic,setsar=1",
           "-c:v", "libx264", "-preset", "medium", "-crf", "20", "-g", "250")
    encode(clips[10], "-i", clips[30], "-t", "10", "-c", "copy")
    encode(clips[600], "-stream_loop", "19", "-i", clips[30], "-c", "copy")
    return clips


def bench_startup(unmask, rounds):
    """Alternating, so that what disturbs one disturbs the other."""
    commands = {"unmask --version": [unmask, "--version"],
                "ffmpeg -version": ["ffmpeg", "-version"]}
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(1000 * run(command).seconds)
    result = {name: summary(values) for name, values in times.items()}
    ratio = result["unmask --version"]["median"] / result["ffmpeg -version"]["median"]
    rows = [[name, show(values, "ms")] for name, values in result.items()]
    print(table("Start-up", ["command", f"median of {rounds} (min–max)"],
                rows + [["ratio", f"{ratio:.2f}"]]))
    return {**result, "ratio": ratio}


def bench_memory(detect, clips, rounds):
    peaks = {}
    for seconds in (10, 600):
        peaks[seconds] = summary([run([*detect, clips[seconds]]).peak_mb for _ in range(rounds)])
    growth = peaks[600]["median"] / peaks[10]["median"] - 1
    print(table("Peak memory of `unmask detect`, 720p", ["clip", f"median of {rounds} (min–max)"],
                [["10 s", show(peaks[10], "MB", 0)], ["10 min", show(peaks[600], "MB", 0)],
                 ["growth", f"{100 * growth:+.0f} %"]]))
    return {"10 s": peaks[10], "600 s": peaks[600], "growth": growth, "unit": "MB"}


def bench_stages(detect, clip, rounds):
    ours, decodes = [], []
    for _ in range(rounds):
        decodes.append(run(["ffmpeg", "-v", "error", "-i", clip, "-f", "null", "-"]))
        ours.append(run([*detect, clip]))
    runs = [json.loads(each.output)["results"][0] for each in ours]
    frames = runs[0]["media"]["frames"]
    searched = runs[0]["media"]["frames_searched"]
    faces = sum(len(track["faces"]) for track in runs[0]["tracks"])
    counts = {"decode": (frames, "frame"), "detect": (searched, "frame searched"),
              "landmarks": (searched, "frame searched"), "align": (searched, "frame searched"),
              "classify": (faces, "face classified")}
    result = {"frames": frames, "frames_searched": searched, "faces_classified": faces}
    rows = []
    for stage in STAGES:
        count, what = counts[stage]
        per_frame = summary([1000 * r["seconds"][stage] / frames for r in runs])
        each = summary([1000 * r["seconds"][stage] / max(count, 1) for r in runs])
        result[stage] = {"ms per frame of the clip": per_frame, f"ms per {what}": each}
        rows.append([stage, show(per_frame, "", 2), f"{each['median']:.2f} ms per {what}"])
    whole = {"unmask detect": ours, "ffmpeg -i clip -f null -": decodes}
    result["whole"] = {name: {"seconds": summary([each.seconds for each in these]),
                              "processor seconds": summary([each.cpu_seconds for each in these])}
                       for name, these in whole.items()}
    result["judging"] = summary([r["seconds"]["total"] for r in runs])
    columns = ["seconds", "processor seconds"]
    ratio = {c: result["whole"]["unmask detect"][c]["median"]
             / result["whole"]["ffmpeg -i clip -f null -"][c]["median"] for c in columns}
    result["ratio"] = ratio

    def row(name):
        return [name, *(show(result["whole"][name][c], "s", 2) for c in columns)]

    print(table(f"Stages of `unmask detect`, {frames} frames at 720p, {searched} searched, {faces} "
                "faces classified", ["stage", "ms per frame of the clip", "that is"], rows))
    print(table(f"The whole, median of {rounds} (min–max)", ["command", *columns],
                [row("unmask detect"),
                 ["  of it judging, networks loaded", show(result["judging"], "s", 2), ""],
                 row("ffmpeg -i clip -f null -"),
                 ["ratio", *(f"{ratio[c]:.2f}" for c in columns)]]))
    return result


def bench_networks(program, seconds):
    lines = [json.loads(line) for line in run([program, seconds]).output.splitlines()]
    result, rows = [], []
    for line in lines:
        values = summary(line["runs"])
        openvino, pytorch = REFERENCE.get((line["backbone"], line["precision"]), ("", ""))
        rows.append([f"{line['backbone']} {line['precision']}", show(values), openvino, pytorch])
        result.append({"backbone": line["backbone"], "precision": line["precision"],
                       "images per second": values, "reference OpenVINO from Python": openvino,
                       "reference PyTorch": pytorch})
    print(table("Networks through Session, images a second, batch 8; reference: measured on a 2-core Zen 4",
                ["network", "median of 5 (min–max)", "ref. OpenVINO", "ref. PyTorch fp32"], rows))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--model", help="instead of the default model")
    parser.add_argument("--only", action="append", default=[],
                        choices=PARTS)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    wanted = arguments.only or PARTS
    rounds = 1 if arguments.quick else 3
    detect = [build / "bin/unmask", "detect", "--json"]
    if arguments.model:
        detect += ["--model", arguments.model]

    result = {"machine": machine()}
    print(describe(result["machine"]))
    clips = make_media(build / "bench-media") if {"verdict", "memory", "stages"} & set(wanted) else {}
    if clips:
        run([*detect, clips[10]])  # compiles the networks into the cache
    if "startup" in wanted:
        result["startup"] = bench_startup(build / "bin/unmask", 5 if arguments.quick else 25)
    if "verdict" in wanted:
        result["verdict"] = bench_verdict(detect, build / "bench-media", SAMPLE.parent, rounds)
    if "folders" in wanted:
        result["folders"] = bench_folders(detect, build / "bench-media", SAMPLE.parent, rounds,
                                          24 if arguments.quick else 200)
    if "memory" in wanted:
        result["memory"] = bench_memory(detect, clips, rounds)
    if "stages" in wanted:
        result["stages"] = bench_stages(detect, clips[30], 1 if arguments.quick else 5)
    if "networks" in wanted:
        result["networks"] = bench_networks(build / "bin/session_bench",
                                            2 if arguments.quick else 10)
    write_json(result, build / "bench.json")
    print(f"\nwritten to {build / 'bench.json'}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped")
    except (RuntimeError, OSError) as error:
        sys.exit(f"error: {error}")
