"""The networks' arithmetic: how much of what OpenVINO and the processor can do is left to a verdict."""

import json
import os
import re

from measure import run, show, summary, table

XCEPTION_GFLOP = 16.8  # of an image of 299 pixels: timm states 8.4 G multiplications with addition
# Products of square matrices, the best of several sizes and repetitions: GFLOP/s.
PEAK = """
import time, torch
torch.set_num_threads({threads})
best = 0
for size in (1024, 2048, 4096):
    a, b = (torch.rand(size, size).to(torch.{type}) for _ in range(2))
    for _ in range(8):
        start = time.perf_counter()
        a @ b
        best = max(best, 2 * size ** 3 / (time.perf_counter() - start) / 1e9)
print(best)
"""


def session_rates(build, seconds, model):
    """{precision: images a second of each run} through Session, batch 8."""
    output = run([build / "bin/session_bench", seconds, model]).output
    return {line["precision"]: line["runs"] for line in map(json.loads, output.splitlines())}


def bench_session(build, python, models, threads, rounds, seconds):
    """Images a second through Session and through OpenVINO's benchmark_app, taking turns."""
    result, rows = {}, []
    for name, model in models.items():
        size = 299 if name == "xception" else 224
        runs = {}
        for _ in range(rounds):
            for precision, these in session_rates(build, seconds, model).items():
                output = run([python.parent / "benchmark_app", "-m", model, "-d", "CPU", "-api",
                              "sync", "-hint", "none", "-nstreams", 1, "-nthreads", threads,
                              "-infer_precision", precision.replace("fp32", "f32"), "-t", seconds,
                              "-shape", f"[8,3,{size},{size}]"]).output
                ours, theirs = runs.setdefault(precision, ([], []))
                ours.append(summary(these)["median"])
                theirs.append(float(re.search(r"Throughput:\s+([\d.]+) FPS", output).group(1)))
        for precision, (ours, theirs) in runs.items():
            ours, theirs = summary(ours), summary(theirs)
            ratio = ours["median"] / theirs["median"]
            result[f"{name} {precision}"] = {"benchmark_app": theirs, "Session": ours, "ratio": ratio}
            rows.append([f"{name} {precision}", show(theirs), show(ours), f"{ratio:.3f}"])
    print(table("Images a second in batches of 8",
                ["network", "OpenVINO's benchmark_app", "Session", "ratio"], rows))
    return result


def bench_peak(build, python, xception, threads, rounds, seconds):
    """What Xception reaches of the rate at which PyTorch (oneDNN, OpenBLAS) multiplies matrices."""
    runs = {}
    for _ in range(rounds):
        for precision, rates in session_rates(build, seconds, xception).items():
            kind = {"fp32": "float32", "bf16": "bfloat16"}[precision]
            peak = run([python, "-c", PEAK.format(threads=threads, type=kind)]).output
            ours, peaks = runs.setdefault(precision, ([], []))
            ours.append(XCEPTION_GFLOP * summary(rates)["median"])
            peaks.append(float(peak))
    result, rows = {}, []
    for precision, (ours, peaks) in runs.items():
        ours, peaks = summary(ours), summary(peaks)
        share = ours["median"] / peaks["median"]
        result[precision] = {"matrix product": peaks, "Xception": ours, "share": share}
        rows.append([precision, show(peaks, "", 0), show(ours, "", 0), f"{share:.2f}"])
    print(table("GFLOP/s of Xception, and of the product of two matrices",
                ["precision", "matrices", "Xception", "share"], rows))
    return result


def bench_every_face(build, models, clip, rounds, seconds):
    """Every face of every frame with Xception, beside what everything else and the arithmetic of
    the network alone would take: the run with the default model, less its own arithmetic."""
    precision = "bf16" if "bf16" in session_rates(build, 1, models["xception"]) else "fp32"
    times = {name: [] for name in models}
    rates = {name: [] for name in models}
    faces = 0
    for _ in range(rounds):
        for name, model in models.items():
            rates[name].append(summary(session_rates(build, seconds, model)[precision])["median"])
            done = run([build / "bin/unmask", "detect", "--json", "--every-frame", "--precision",
                        precision, "--model", model, clip])
            result, = json.loads(done.output)["results"]
            times[name].append(result["seconds"]["total"])
            faces = sum(len(track["faces"]) for track in result["tracks"])
    took = {name: summary(these) for name, these in times.items()}
    arithmetic = {name: faces / summary(these)["median"] for name, these in rates.items()}
    names = list(models)
    rest = took[names[0]]["median"] - arithmetic[names[0]]
    share = (rest + arithmetic["xception"]) / took["xception"]["median"]
    rows = [[name, show(took[name], "s", 2), f"{arithmetic[name]:.2f} s",
             f"{faces / took[name]['median']:.1f}"] for name in models]
    print(table(f"{faces} faces of every frame, {precision}, networks loaded",
                ["classifier", "whole", "arithmetic alone", "faces a second"],
                rows + [["what the sum allows ÷ what it takes with Xception", "", "", f"{share:.2f}"]]))
    return {"precision": precision, "faces": faces, "seconds": took, "arithmetic": arithmetic,
            "share": share}


def bench_arithmetic(build, python, default_model, clip, quick):
    xception = build / "bench-media/xception.onnx"
    if not xception.exists():
        run([build / "bin/session_bench", "--write", "xception", xception])
    models = {"default model": default_model, "xception": xception}
    threads = len(os.sched_getaffinity(0))
    rounds, seconds = (1, 2) if quick else (3, 6)
    return {"session": bench_session(build, python, models, threads, rounds, seconds),
            "peak": bench_peak(build, python, xception, threads, rounds, seconds),
            "every face": bench_every_face(build, models, clip, rounds, seconds)}
