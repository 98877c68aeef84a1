"""What every end-to-end test uses: the built program, ffmpeg, a private folder.

CTest says where things are by environment variables; to run a file by hand, set UNMASK_PROGRAM,
UNMASK_MAKE_MODEL and UNMASK_SAMPLES yourself.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = os.environ.get("UNMASK_PROGRAM", "build/bin/unmask")
MAKE_MODEL = os.environ.get("UNMASK_MAKE_MODEL", "build/bin/unmask_make_model")
SAMPLES = Path(os.environ.get("UNMASK_SAMPLES", ".deps/samples")).absolute()

CLIP = SAMPLES / "franck.mp4"  # one man talking, 360 x 288, 24 frames a second
PORTRAIT = SAMPLES / "suit.jpg"
GROUP = SAMPLES / "sample1.jpg"  # several faces


def ffmpeg(*arguments):
    """Runs ffmpeg; a failure is a failure of the test's own preparation."""
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


def make_model(kind, path):
    subprocess.run([MAKE_MODEL, kind, str(path)], check=True)
    return path


def probe(path, *entries):
    """Fields of the first video stream, counting its frames, as ffprobe names them."""
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries",
         "stream=" + ",".join(entries), "-of", "json", str(path)],
        check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["streams"][0]


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own: self.folder, removed afterwards."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="unmask-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_program(self, *arguments, code=0, cwd=None, timeout=120, **options):
        """Runs `unmask` and checks its exit code; a failure must say "error:"."""
        done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=cwd or self.folder,
                              capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, **options)
        self.assertEqual(
            done.returncode, code,
            f"unmask {' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}")
        if code != 0:
            self.assertIn("error: ", done.stderr)
        return done

    def run_json(self, *arguments, code=0, **options):
        return json.loads(self.run_program(*arguments, "--json", code=code, **options).stdout)

    def refuse(self, *arguments, says=(), code=1, **options):
        """Runs `unmask`, expects failure, and that the errors name each of `says`."""
        done = self.run_program(*arguments, code=code, **options)
        for part in says:
            self.assertIn(str(part), done.stderr)
        self.assertNotIn("unexpected:", done.stderr)
        return done.stderr

    def assert_nothing_left(self, folder, *expected):
        """Only `expected` lie in `folder`, temporary files included."""
        self.assertEqual(sorted(os.listdir(folder)), sorted(expected))

    def path(self, name):
        return self.folder / name

    def store_of_photos(self):
        """Faces of six photos, four to train on and two to validate on, all real."""
        table = ["file\tlabel\tidentity\tsplit\tfaces"]
        for i in range(1, 7):
            table.append(f"{SAMPLES}/sample{i}.jpg\treal\tgroup{i}\t{'train' if i < 5 else 'val'}")
        self.path("table.tsv").write_text("\n".join(table) + "\n")
        self.run_program("prepare", "--manifest", self.path("table.tsv"), "-o", self.path("store"))
        return self.path("store")

    def short_clip(self, name="clip.mp4", frames=24, *options):
        """The first frames of the sample clip, quickly encoded."""
        path = self.path(name)
        ffmpeg("-i", CLIP, "-frames:v", frames, "-an", "-c:v", "libx264", "-preset", "ultrafast",
               *options, path)
        return path

    def grey_clip(self, name="grey.mp4", frames=10, size="160x120"):
        path = self.path(name)
        ffmpeg("-f", "lavfi", "-i", f"color=gray:s={size}:r=10", "-frames:v", frames, path)
        return path


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


def main():
    if not CLIP.exists():
        sys.exit(f"{CLIP} is missing: run ./setup")
    unittest.main(module="__main__")
