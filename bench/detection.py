#!/usr/bin/env python3
"""Measures `unmask detect` beside the pipelines that people run, on one minute of 720p.

    bench/detection.py [--quick] [--only PART] [BUILD_FOLDER]

The peers (bench/peers) go into an environment of their own, BUILD_FOLDER/detection-peers: PyTorch,
timm, facenet-pytorch, dlib, OpenCV, PyAV and OpenVINO, some 2 GB, once. Prints tables and writes
BUILD_FOLDER/bench-detection.json. Run it on an idle machine.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

from arithmetic import bench_arithmetic
from measure import describe, encode, machine, run, show, summary, table, write_json
from verdict import make_clip

ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLES = ROOT / ".deps/samples"
PACKAGES = ["torch==2.13.0", "torchvision==0.28.0", "timm==1.0.31", "dlib-bin==20.0.1.post1",
            "opencv-python-headless==5.0.0.93", "av==18.1.0", "openvino==2026.4.1",
            "requests==2.34.2"]
# Its own limits on the versions of others are older than Python 3.12; it runs with these.
WITHOUT_DEPENDENCIES = ["facenet-pytorch==2.6.0"]
BLAZEFACE = "mediapipe/modules/face_detection/face_detection_short_range.tflite"
# Peers of a verdict on the whole clip, and how often each is run.
VERDICTS = {"careful": ("OpenVINO, PyAV and threads, in Python", 3),
            "blazeface_efficientnet": ("BlazeFace, EfficientNet-B4, 32 frames", 1),
            "mtcnn_efficientnet": ("MTCNN, EfficientNet-B7, 32 frames", 1)}
PARTS = ("verdict", "every frame", "arithmetic", "prepare")
EVERY_FRAME = 40  # frames for the peer that looks at each


def peer_python(build):
    """The interpreter of the peers' environment, made on first use, and the folder of networks."""
    folder = build / "detection-peers"
    python, networks = folder / "bin/python", folder / "networks"
    installed = networks / "installed.txt"
    wanted = "\n".join(PACKAGES + WITHOUT_DEPENDENCIES) + "\n"
    if installed.exists() and installed.read_text(encoding="utf-8") == wanted:
        return python, networks
    print(f"installing {', '.join(PACKAGES + WITHOUT_DEPENDENCIES)} into {folder}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [python, "-m", "pip"]
    subprocess.run([*pip, "install", "-q", *PACKAGES], check=True)
    subprocess.run([*pip, "install", "-q", "--no-deps", *WITHOUT_DEPENDENCIES], check=True)
    networks.mkdir(exist_ok=True)
    for network in (ROOT / ".deps/networks").glob("*.tflite"):
        shutil.copy(network, networks)
    with tempfile.TemporaryDirectory() as wheels:
        subprocess.run([*pip, "download", "-q", "--no-deps", "-d", wheels, "mediapipe==0.10.14"],
                       check=True)
        wheel, = pathlib.Path(wheels).iterdir()
        with zipfile.ZipFile(wheel) as archive:
            (networks / pathlib.Path(BLAZEFACE).name).write_bytes(archive.read(BLAZEFACE))
    installed.write_text(wanted, encoding="utf-8")
    return python, networks


def counts_of(done, ours):
    """Frames searched and faces judged, as the program itself says."""
    report = json.loads(done.output.splitlines()[-1] if not ours else done.output)
    if not ours:
        return report["searched"], report["faces"]
    result, = report["results"]
    return (result["media"]["frames_searched"],
            sum(len(track["faces"]) for track in result["tracks"]))


def bench_verdicts(detect, peer, clip, quick):
    """A verdict on the clip, start-up included; ours takes turns with the hardest to beat."""
    runs = {"unmask detect": []}
    for name, (_, rounds) in VERDICTS.items():
        for _ in range(1 if quick else rounds):
            runs.setdefault(name, []).append(run(peer(name, clip)))
            runs["unmask detect"].append(run([*detect, clip]))
    ours = summary([each.seconds for each in runs["unmask detect"]])
    result, rows = {}, []
    for name, these in runs.items():
        searched, faces = counts_of(these[-1], name == "unmask detect")
        seconds = summary([each.seconds for each in these])
        result[name] = {"seconds": seconds, "peak MB": summary([r.peak_mb for r in these]),
                        "processor seconds": summary([r.cpu_seconds for r in these]),
                        "searched": searched, "faces": faces,
                        "ratio": seconds["median"] / ours["median"]}
        rows.append([VERDICTS.get(name, (name,))[0], searched, faces, show(seconds, "s", 2),
                     show(result[name]["processor seconds"], "s", 1),
                     show(result[name]["peak MB"], "", 0), f"{result[name]['ratio']:.2f}"])
    print(table("A verdict on a minute of 720p, start-up included",
                ["pipeline", "searched", "faces", "seconds", "processor", "MB", "÷ ours"], rows))
    return result


def bench_every_frame(detect, peer, clip, rounds):
    """Frames a second where every face of every frame is judged, without start-up."""
    ours, theirs = [], []
    for _ in range(rounds):
        line = json.loads(run(peer("faceforensics", clip, "--most-frames", EVERY_FRAME)).output)
        theirs.append(line["frames"] / line["judge"])
        result, = json.loads(run([*detect, "--every-frame", clip]).output)["results"]
        ours.append(result["media"]["frames"] / result["seconds"]["total"])
    ours, theirs = summary(ours), summary(theirs)
    ratio = ours["median"] / theirs["median"]
    print(table("Every face of every frame at 720p, frames a second", ["pipeline", "median (min–max)"],
                [["dlib, Xception one face at a time", show(theirs)],
                 ["unmask detect --every-frame", show(ours)], ["ratio", f"{ratio:.1f}"]]))
    return {"peer": theirs, "unmask detect --every-frame": ours, "ratio": ratio}


def bench_prepare(unmask, peer, clip, rounds):
    """Aligned faces of ten frames a second, start-up included."""
    peers = {"MTCNN at half size, PNG files": 2, "MTCNN on whole frames, PNG files": 1}
    runs = {name: [] for name in ("unmask prepare", *peers)}
    for _ in range(rounds):
        for name, reduce in peers.items():
            runs[name].append(run(peer("mtcnn_faces", clip, "--reduce", reduce)))
            with tempfile.TemporaryDirectory() as folder:
                runs["unmask prepare"].append(
                    run([unmask, "prepare", "--faces-per-track", 0, "--json", clip, "--out",
                         pathlib.Path(folder) / "store"]))
    ours = summary([each.seconds for each in runs["unmask prepare"]])
    result, rows = {}, []
    for name, these in runs.items():
        faces = (counts_of(these[-1], False)[1] if name in peers
                 else json.loads(these[-1].output)["faces"])
        seconds = summary([each.seconds for each in these])
        result[name] = {"faces": faces, "seconds": seconds,
                        "peak MB": summary([each.peak_mb for each in these]),
                        "ratio": seconds["median"] / ours["median"]}
        rows.append([name, faces, show(seconds, "s", 2), show(result[name]["peak MB"], "", 0),
                     f"{result[name]['ratio']:.1f}"])
    print(table("Faces of ten frames a second of 720p, start-up included",
                ["pipeline", "faces", "seconds", "MB", "÷ ours"], rows))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    python, networks = peer_python(build)
    detect = [build / "bin/unmask", "detect", "--json"]
    threads = len(os.sched_getaffinity(0))

    def peer(name, clip, *more):
        return [python, ROOT / f"bench/peers/{name}.py", clip, "--networks", networks, "--model",
                ROOT / "models/unmask-lite0.onnx", "--cache", networks / "compiled", "--threads",
                threads, *more]

    media = build / "bench-media"
    minute = make_clip(media, SAMPLES, 720, 1)
    short = encode(media / "10s-720p.mp4", "-i", minute, "-t", "10", "-c", "copy")
    run([*detect, short])  # compiles the networks into the caches
    run(peer("careful", short))
    result = {"machine": machine()}
    print(describe(result["machine"]))
    rounds = 1 if arguments.quick else 3
    measures = {
        "verdict": lambda: bench_verdicts(detect, peer, minute, arguments.quick),
        "every frame": lambda: bench_every_frame(detect, peer, short, rounds),
        "arithmetic": lambda: bench_arithmetic(build, python, ROOT / "models/unmask-lite0.onnx",
                                               short, arguments.quick),
        "prepare": lambda: bench_prepare(build / "bin/unmask", peer, minute, rounds)}
    for part in PARTS:
        if arguments.only in (None, part):
            result[part] = measures[part]()
    write_json(result, build / "bench-detection.json")
    print(f"\nwritten to {build / 'bench-detection.json'}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped")
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
