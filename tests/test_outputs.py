"""Outputs appear whole or not at all: full disks, places that cannot be written, Ctrl-C."""

import os
import signal
import subprocess
import time
import unittest

from support import CLIP, GROUP, PORTRAIT, PROGRAM, ProgramTest, main


class SmallDisk:
    """A file system of `size` bytes, mounted on `folder` while in the `with` block."""

    def __init__(self, test, folder, size):
        self.folder = folder
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder],
                              capture_output=True, text=True)
        if done.returncode != 0:
            test.skipTest("a small disk cannot be mounted here: " + done.stderr.strip())

    def __enter__(self):
        return self.folder

    def __exit__(self, *_):
        subprocess.run(["umount", self.folder], check=True)


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
