"""Media that are broken, hostile or merely strange: a verdict or a clear error, never a crash."""

import json
import os
import shutil
import tempfile
from pathlib import Path

from support import CLIP, PORTRAIT, ProgramTest, ffmpeg, main, make_model


def cut(source, target, share=0.5):
    data = source.read_bytes()
    target.write_bytes(data[:int(len(data) * share)])
    return target


class BadMedia(ProgramTest):
    @classmethod
    def setUpClass(cls):
        # Media are made once; every test has its own folder for outputs.
        cls.media = Path(tempfile.mkdtemp(prefix="unmask-media-"))
        cls.addClassCleanup(shutil.rmtree, cls.media, ignore_errors=True)
        cls.model = make_model("good", cls.media / "model.onnx")
        cls.clip = cls.media / "clip.mp4"
        ffmpeg("-i", CLIP, "-frames:v", 40, "-an", "-c:v", "libx264", "-preset", "ultrafast",
               cls.clip)

    def judge(self, *files, code=0):
        done = self.run_program("detect", *files, "--model", self.model, "--json", code=code)
        results = json.loads(done.stdout)["results"]
        self.assertEqual(len(results), len(files))
        return results

    def expect_face(self, *files):
        """Each file is judged, with one track; returns the results."""
        results = self.judge(*files)
        for file, result in zip(files, results):
            self.assertIn(result["verdict"], ("real", "fake"), file)
            self.assertGreaterEqual(len(result["tracks"]), 1, file)
        return results

    def expect_error(self, file, *says):
        result, = self.judge(file, code=1)
        self.assertEqual(result["verdict"], "error")
        self.assertTrue(result["remedy"], result["error"])
        for part in (str(file), *says):
            self.assertIn(part, result["error"])
        # The other commands give the same cause.
        self.refuse("prepare", file, "-o", self.path("store"), says=[file, *says])
        self.refuse("forge", file, self.path("o" + file.suffix), says=[file, *says])
        self.assert_nothing_left(self.folder)

    def test_missing(self):
        self.expect_error(self.media / "gone.mp4", "no such file")

    def test_empty(self):
        for name in ("empty.mp4", "empty.jpg"):
            (self.media / name).touch()
            self.expect_error(self.media / name, "the file is empty")

    def test_text_renamed(self):
        for name in ("text.mp4", "text.mkv", "text.jpg", "text.gif"):
            (self.media / name).write_text("Not a video, just words.\n" * 40)
            self.expect_error(self.media / name)

    def test_audio_only(self):
        for name in ("sound.mp4", "sound.mp3", "sound.wav"):
            ffmpeg("-f", "lavfi", "-i", "sine=d=0.5", self.media / name)
            self.expect_error(self.media / name, "no video stream")

    def test_zero_frames(self):
        for name in ("zero.mp4", "zero.mkv", "zero.avi"):
            ffmpeg("-f", "lavfi", "-i", "color=s=64x64", "-frames:v", 0, self.media / name)
            self.expect_error(self.media / name)

    def test_truncated_beyond_repair(self):
        self.expect_error(cut(self.clip, self.media / "no-index.mp4"), "index is missing")
        picture = self.media / "whole.png"
        ffmpeg("-i", PORTRAIT, picture)
        self.expect_error(cut(picture, self.media / "half.png"), "damaged")
        self.expect_error(cut(PORTRAIT, self.media / "start.jpg", 0.02))

    def test_truncated_but_readable_to_there(self):
        for name, options in (("a.mkv", []), ("b.ts", []), ("c.mp4", ["-movflags", "faststart"])):
            whole = self.media / ("whole-" + name)
            ffmpeg("-i", self.clip, "-c", "copy", *options, whole)
            part = cut(whole, self.media / name)
            before, after = self.expect_face(whole, part)
            self.assertLess(after["media"]["frames"], before["media"]["frames"])
            if name == "c.mp4":  # whose index says what is gone
                self.assertGreaterEqual(after["media"]["frames"] + after["media"]["corrupt_frames"],
                                        before["media"]["frames"] - 1)
                self.assertEqual(before["media"]["corrupt_frames"], 0)

    def test_damaged_in_the_middle(self):
        data = bytearray(self.clip.read_bytes())
        for start in range(30000, len(data) - 6000, 9000):
            data[start:start + 300] = b"\x55" * 300
        path = self.media / "damaged.mp4"
        path.write_bytes(data)
        result, = self.expect_face(path)
        self.assertGreater(result["media"]["frames"], 10)

    def test_no_faces(self):
        path = self.media / "grey.mp4"
        ffmpeg("-f", "lavfi", "-i", "testsrc=s=320x240", "-frames:v", 8, path)
        result, = self.judge(path)
        self.assertEqual(result["verdict"], "no_face")

    def test_one_pixel(self):
        for name in ("one.png", "one.jpg", "one.bmp", "one.mkv"):
            codec = ["-c:v", "ffv1"] if name.endswith("mkv") else []
            ffmpeg("-f", "lavfi", "-i", "color=s=2x2", "-frames:v", 1, "-vf", "scale=1:1", *codec,
                   self.media / name)
            result, = self.judge(self.media / name)
            self.assertEqual(result["verdict"], "no_face")
            self.assertEqual((result["media"]["width"], result["media"]["height"]), (1, 1))
            drawing = self.path("d" + name[-4:])
            self.run_program("detect", self.media / name, "--model", self.model, "--draw", drawing)
            self.assertTrue(drawing.exists())

    def test_8k(self):
        video, picture = self.media / "8k.mp4", self.media / "8k.jpg"
        scale = ["-vf", "scale=7680:4320,setsar=1"]
        ffmpeg("-loop", 1, "-i", PORTRAIT, *scale, "-frames:v", 2, "-c:v", "libx264", "-preset",
               "ultrafast", video)
        ffmpeg("-i", PORTRAIT, *scale, picture)
        for result in self.expect_face(video, picture):
            self.assertEqual((result["media"]["width"], result["media"]["height"]), (7680, 4320))

    def test_a_size_that_changes_midway(self):
        parts = []
        for i, size in enumerate(("720x576", "480x384", "721x577")):
            parts.append(self.media / f"part{i}.ts")
            ffmpeg("-i", self.clip, "-frames:v", 12, "-vf", f"scale={size},setsar=1", "-c:v",
                   "mpeg2video", "-q:v", 4, parts[-1])
        path = self.media / "changing.ts"
        path.write_bytes(b"".join(part.read_bytes() for part in parts))
        result, = self.expect_face(path)
        self.assertGreaterEqual(result["media"]["frames"], 30)
        drawing = self.path("drawing.mp4")
        self.run_program("detect", path, "--model", self.model, "--draw", drawing)
        self.run_program("forge", path, self.path("forged.mp4"))

    def test_animations(self):
        scale = ["-vf", "scale=320:-2,fps=8"]
        gif, webp = self.media / "animation.gif", self.media / "animation.webp"
        ffmpeg("-i", self.clip, *scale, gif)
        ffmpeg("-i", self.clip, *scale, "-loop", 0, webp)
        for result in self.expect_face(gif, webp):
            self.assertEqual(result["media"]["kind"], "video")
            self.assertGreater(result["media"]["frames"], 5)
        self.expect_error(cut(webp, self.media / "half.webp"), "WebP")

    def test_wrong_extensions_are_seen_through(self):
        shutil.copy(PORTRAIT, self.media / "picture.mp4")
        shutil.copy(self.clip, self.media / "video.jpg")
        picture, video = self.expect_face(self.media / "picture.mp4", self.media / "video.jpg")
        self.assertEqual((picture["media"]["kind"], video["media"]["kind"]), ("picture", "video"))

    def test_names_with_spaces_umlauts_newlines_and_dashes(self):
        names = ["with space.jpg", "größe 人物.jpg", "-dash.jpg", "--model.jpg", "new\nline.jpg",
                 "a:b.jpg", "100%d.jpg", "quote'\".jpg"]
        for name in names:
            shutil.copy(PORTRAIT, self.folder / name)
        done = self.run_program("detect", "--json", "--model", self.model, "--", *names)
        results = json.loads(done.stdout)["results"]
        self.assertEqual([r["file"] for r in results], names)
        self.assertEqual(len({r["score"] for r in results}), 1)
        results = self.judge(self.folder / "-dash.jpg")
        self.assertIn(results[0]["verdict"], ("real", "fake"))

    def test_a_name_that_is_no_text(self):
        name = b"\xff\xfe.jpg"
        shutil.copy(PORTRAIT, bytes(self.folder) + b"/" + name)
        result, = self.judge(self.folder)
        self.assertIn(result["verdict"], ("real", "fake"))

    def test_special_files(self):
        self.expect_error_of_detect("/dev/null")
        self.expect_error_of_detect(self.folder / "gone" / "deeper.mp4")
        pipe = self.folder / "pipe.mp4"
        os.mkfifo(pipe)
        self.expect_error_of_detect(pipe)
        link = self.folder / "loop.mp4"
        link.symlink_to(link)
        self.expect_error_of_detect(link)

    def expect_error_of_detect(self, file):
        result, = self.judge(file, code=1)
        self.assertEqual(result["verdict"], "error")
        self.assertIn(str(file), result["error"])


if __name__ == "__main__":
    main()
