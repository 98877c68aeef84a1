"""Outputs appear whole or not at all: full disks, places that cannot be written, Ctrl-C."""

import os
import signal
import subprocess
import time
import unittest

from support import (CLIP, GROUP, PORTRAIT, PROGRAM, ProgramTest, SmallDisk, main,
                     make_model)


class FullDisk(ProgramTest):
    def test_prepare_and_forge_say_so_and_leave_nothing(self):
        clip = self.short_clip(frames=30)
        # Pictures of many kinds: not every encoder notices by itself.
        outputs = {"o.mp4": clip, "o.mkv": clip, "o.png": GROUP, "o.jpg": GROUP, "o.bmp": GROUP,
                   "o.webp": GROUP, "o.tiff": GROUP}
        with SmallDisk(self, self.path("disk"), "100k") as disk:
            for name, source in outputs.items():
                with self.subTest(output=name):
                    self.refuse("forge", source, disk / name, "--crf", 0, "--quality", 100,
                                says=[disk / name, "No space left on device"])
                    self.assert_nothing_left(disk)
            self.refuse("prepare", clip, PORTRAIT, "-o", disk / "store",
                        says=[disk / "store", "No space left on device"])
            self.assert_nothing_left(disk)

    def test_detect_says_so_and_leaves_nothing(self):
        model = make_model("good", self.path("model.onnx"))
        clip = self.short_clip(frames=30)
        with SmallDisk(self, self.path("disk"), "20k") as disk:
            self.refuse("detect", clip, "--model", model, "--draw", disk / "drawing.mp4",
                        says=[disk / "drawing.mp4", "No space left on device"])
            self.refuse("detect", GROUP, "--model", model, "--draw", disk / "drawing.png",
                        says=[disk / "drawing.png", "No space left on device"])
            self.assert_nothing_left(disk)
            (disk / "fill").write_bytes(b"x" * 20480)
            self.refuse("detect", clip, "--model", model, "--every-frame", "--json", "--output",
                        disk / "report.json", says=[disk / "report.json"])
            self.assert_nothing_left(disk, "fill")

    def test_a_full_cache_does_not_matter(self):
        with SmallDisk(self, self.path("cache"), "40k") as disk:
            (disk / "fill").write_bytes(b"x" * 36000)
            result = self.run_json("prepare", PORTRAIT, "-o", self.path("store"),
                                   env={**os.environ, "UNMASK_CACHE": str(disk)})
        self.assertEqual(result["faces"], 1)


class Unwritable(ProgramTest):
    def test_places_that_cannot_be_written(self):
        self.path("file").write_text("not a folder")
        self.path("folder.jpg").mkdir()
        for output in ("none/o.jpg", "file/o.jpg", "folder.jpg"):
            with self.subTest(output=output):
                self.refuse("forge", PORTRAIT, self.path(output), says=[self.path(output)])
        for output in ("/proc/unmask-test.jpg", "/sys/unmask-test.jpg"):
            with self.subTest(output=output):
                self.refuse("forge", PORTRAIT, output, says=[output])
        for store in ("file", "file/store"):
            with self.subTest(store=store):
                self.refuse("prepare", PORTRAIT, "-o", self.path(store), says=[self.path(store)])
        self.assert_nothing_left(self.folder, "file", "folder.jpg")
        self.assert_nothing_left(self.path("folder.jpg"))

    def test_places_where_detect_cannot_write(self):
        model = make_model("good", self.path("model.onnx"))
        self.path("report").mkdir()
        for option, output in (("--output", "none/report.txt"), ("--output", "report"),
                               ("--output", "/proc/report.txt"), ("--draw", "none/o.jpg"),
                               ("--draw", "/sys/o.jpg")):
            with self.subTest(option=option, output=output):
                output = self.path(output)  # absolute ones stay as they are
                self.refuse("detect", PORTRAIT, "--model", model, option, output, says=[output])
        self.assert_nothing_left(self.folder, "model.onnx", "report")

    def test_outputs_that_would_overwrite_an_input(self):
        model = make_model("good", self.path("model.onnx"))
        clip = self.short_clip(frames=5)
        link = self.path("link.mp4")
        link.symlink_to(clip)
        hard = self.path("hard.mp4")
        os.link(clip, hard)
        before = clip.read_bytes()
        for output in (clip, link, hard, self.folder / "." / "clip.mp4"):
            for arguments in (["forge", clip, output],
                              ["detect", clip, "--model", model, "--draw", output],
                              ["detect", clip, "--model", model, "--output", output]):
                with self.subTest(arguments=arguments):
                    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True,
                                          text=True)
                    self.assertIn(done.returncode, (1, 2))
                    self.assertIn("input", done.stderr)
                    self.assertEqual(clip.read_bytes(), before)
        before = model.read_bytes()
        for option in ("--output", "--draw"):
            self.refuse("detect", clip, "--model", model, option, model, code=2, says=[model])
        self.assertEqual(model.read_bytes(), before)
        photo = self.path("photo.jpg")
        photo.write_bytes(PORTRAIT.read_bytes())
        sidecar = self.path("model.json")
        sidecar.write_text("{}")
        table = self.path("table.tsv")
        table.write_text(f"file\tlabel\n{photo}\treal\n")
        for victim in (photo, sidecar, model, table):
            before = victim.read_bytes()
            self.refuse("evaluate", table, "--model", model, "--model-info", sidecar, "--table",
                        victim, code=2, says=["overwrite the input"])
            self.assertEqual(victim.read_bytes(), before)
        both = self.path("both.mp4")
        self.refuse("detect", clip, "--model", model, "--draw", both, "--output", both, code=2,
                    says=["different names"])

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_read_only_folder(self):
        folder = self.path("locked")
        folder.mkdir(mode=0o555)
        self.refuse("forge", PORTRAIT, folder / "o.jpg", says=[folder / "o.jpg"])
        self.refuse("prepare", PORTRAIT, "-o", folder / "store", says=[folder / "store"])


class Interrupted(ProgramTest):
    """Ctrl-C at many moments; the moments are not the same on every machine, which is the point."""

    moments = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)

    def interrupt(self, arguments, after, number=signal.SIGINT, times=1):
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(after)
        for _ in range(times):
            process.send_signal(number)
            time.sleep(0.01)
        started = time.monotonic()
        _, said = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - started, 10, "it took too long to stop")
        # Before the program has installed its handler the signal itself ends it.
        self.assertIn(process.returncode, (128 + number, -number), said)
        return said

    def test_forge_and_prepare(self):
        out = self.path("out")
        out.mkdir()
        for after in self.moments:
            for arguments in (["forge", CLIP, out / "o.mp4"],
                              ["prepare", CLIP, PORTRAIT, "-o", out / "store",
                               "--detect-fps", 0, "--faces-per-track", 0]):
                with self.subTest(command=arguments[0], after=after):
                    said = self.interrupt(arguments, after)
                    self.assertNotIn("error:", said)
                    if (out / "store").exists():  # what is done is kept, and nothing else
                        self.assertIn("keeps what is done", said)
                        (out / "store").unlink()
                    self.assert_nothing_left(out)

    def test_detect(self):
        model = make_model("good", self.path("model.onnx"))
        out = self.path("out")
        out.mkdir()
        for after in self.moments:
            with self.subTest(after=after):
                said = self.interrupt(["detect", CLIP, "--model", model, "--draw", out / "d.mp4",
                                       "--json", "--output", out / "r.json"], after)
                self.assertNotIn("error:", said)
                self.assert_nothing_left(out)

    def test_while_the_output_is_being_written(self):
        out = self.path("out")
        out.mkdir()
        clip = self.short_clip(frames=200)
        process = subprocess.Popen([PROGRAM, "forge", clip, out / "o.mp4"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not os.listdir(out) and time.monotonic() < deadline:
            time.sleep(0.005)
        self.assertEqual(len(os.listdir(out)), 1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 130)
        self.assert_nothing_left(out)

    def test_termination_stops_it_too(self):
        self.interrupt(["forge", CLIP, self.path("o.mp4")], 0.5, signal.SIGTERM)
        self.assert_nothing_left(self.folder)

    def test_an_impatient_user(self):
        self.interrupt(["forge", CLIP, self.path("o.mp4")], 0.5, times=3)
        self.assertFalse(self.path("o.mp4").exists())


if __name__ == "__main__":
    main()
