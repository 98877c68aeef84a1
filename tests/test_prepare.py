"""`unmask prepare`: media in, a store of aligned faces out."""

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import time

from stores import change, everything, faces, rows
from support import GROUP, PORTRAIT, PROGRAM, SAMPLES, ProgramTest, ffmpeg, main, probe


class Prepare(ProgramTest):

    def test_a_clip_and_a_picture(self):
        clip = self.short_clip()
        store = self.path("store")
        result = self.run_json("prepare", clip, PORTRAIT, "--label", "real", "--out", store,
                               "--faces-per-track", 5, "--crop-size", 160)
        self.assertEqual(result, {"store": str(store), "files": 2, "tracks": 2, "faces": 6,
                                  "failures": [], "no_faces": [], "done_before": 0})
        info, = rows(store, "SELECT * FROM store")
        self.assertEqual((info["crop_size"], info["finished"]), (160, 1))
        self.assertEqual(json.loads(info["settings"])["faces-per-track"], "5")
        records = faces(store)
        self.assertEqual(len(records), 6)
        for record in records:
            picture = self.path("crop.webp")
            picture.write_bytes(record["picture"])
            crop = probe(picture, "width", "height")
            self.assertEqual((crop["width"], crop["height"]), (160, 160))
            self.assertEqual(len(record["mesh"]), 468 * 8)
            self.assertEqual(record["label"], 0)
            self.assertIn(record["source"], (str(clip), str(PORTRAIT)))
        frames = [r["frame"] for r in records if r["source"] == str(clip)]
        self.assertEqual(frames, sorted(set(frames)))
        self.assertGreater(frames[-1] - frames[0], 12)  # spread over the clip

    def test_a_table_of_files(self):
        shutil.copy(PORTRAIT, self.path("one.jpg"))
        self.path("table.tsv").write_text(
            "file\tlabel\tidentity\tsplit\n# a remark\none.jpg\tfake\tkim\ttest\n")
        self.run_program("prepare", "--manifest", self.path("table.tsv"), "-o", "store",
                         cwd=self.folder)
        record, = faces(self.path("store"))
        self.assertEqual((record["label"], record["identity"], record["split"]), (1, "kim", "test"))

    def test_a_table_with_a_mistake_is_refused_by_line(self):
        table = self.path("table.tsv")
        table.write_text("file\tlabel\none.jpg\tmaybe\n")
        self.refuse("prepare", "--manifest", table, "-o", self.path("s"),
                    says=["table.tsv, line 2", "'maybe'"])

    def test_single_face_keeps_the_most_prominent(self):
        everyone = self.run_json("prepare", GROUP, "-o", self.path("all"))
        alone = self.run_json("prepare", GROUP, "-o", self.path("one"), "--single-face")
        self.assertGreater(everyone["faces"], 1)
        self.assertEqual(alone["faces"], 1)

    def test_folders_are_searched_and_failures_reported(self):
        media = self.path("media")
        (media / "deeper").mkdir(parents=True)
        shutil.copy(PORTRAIT, media / "deeper" / "a portrait ü.jpg")
        (media / "broken.mp4").write_text("no video at all")
        (media / "notes.txt").write_text("passed over")
        ffmpeg("-f", "lavfi", "-i", "color=gray:s=64x64", "-frames:v", 1, media / "grey.png")
        store = self.path("store")
        done = self.run_program("prepare", media, "-o", store, "--json", code=1)
        result = json.loads(done.stdout)
        self.assertEqual((result["files"], result["faces"]), (1, 1))
        self.assertEqual(result["no_faces"], [str(media / "grey.png")])
        failure, = result["failures"]
        self.assertEqual(failure["file"], str(media / "broken.mp4"))
        self.assertIn("broken.mp4", failure["error"])
        self.assertIn("error: cannot read " + str(media / "broken.mp4"), done.stderr)
        self.assertIn("grey.png", done.stderr)
        self.assertEqual(faces(store)[0]["source"], str(media / "deeper" / "a portrait ü.jpg"))
        files = rows(store, "SELECT * FROM files")
        self.assertEqual([f["faces"] for f in files if not f["failure"]], [1, 0])
        self.assertIn("broken.mp4", [f["failure"] for f in files if f["failure"]][0])

    def test_nothing_is_left_when_no_face_is_found(self):
        grey = self.grey_clip()
        self.refuse("prepare", grey, "-o", self.path("store"), says=["no face"])
        self.assert_nothing_left(self.folder, "grey.mp4")

    def test_what_is_there_is_not_touched(self):
        store = self.path("store")
        store.mkdir()
        (store / "precious").write_text("mine")
        self.refuse("prepare", PORTRAIT, "-o", store, says=[store, "is a folder"])
        self.refuse("prepare", PORTRAIT, "-o", store / "precious", says=["is not a store"])
        self.refuse("prepare", PORTRAIT, "-o", store / "precious", "--overwrite",
                    says=["is not a store"])
        self.assertEqual((store / "precious").read_text(), "mine")
        self.assert_nothing_left(store, "precious")
        self.refuse("prepare", PORTRAIT, "-o", PORTRAIT, code=2, says=["overwrite the input"])

    def test_a_folder_without_media_beside_others(self):
        self.path("empty").mkdir()
        done = self.run_program("prepare", self.path("empty"), PORTRAIT, "-o", self.path("store"))
        self.assertIn("holds no videos or pictures", done.stderr)
        self.assertIn("1 face in 1 track of 1 file\n", done.stdout)
        self.refuse("prepare", self.path("empty"), "-o", self.path("s"), says=["no videos"])


class Stores(ProgramTest):
    """Stores that are stopped, gone on with, split, joined, checked and drawn."""

    def setUp(self):
        super().setUp()
        self.broken = self.path("broken.mp4")
        self.broken.write_text("no video at all")
        self.media = [self.short_clip(), self.broken, self.grey_clip(),
                      *(SAMPLES / f"sample{i}.jpg" for i in (1, 3, 5))]

    def prepare(self, store, *more, media=None, **options):
        return self.run_program("prepare", *(media or self.media), "--label", "real", "-o", store,
                                "--crop-size", 96, *more, **options)

    def test_killed_at_any_moment_it_goes_on(self):
        whole = self.path("whole")
        started = time.monotonic()
        self.prepare(whole, "--jobs", 1, code=1)
        lasted = time.monotonic() - started
        store = self.path("store")
        random.seed(1)
        kills = 0
        for attempt in range(60):
            process = subprocess.Popen(
                [PROGRAM, "prepare", *map(str, self.media), "--label", "real", "-o", str(store),
                 "--crop-size", "96", "--jobs", str(1 + attempt % 3)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(random.uniform(0.05, 0.3 + 0.1 * attempt) * max(1, lasted))
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
            if store.exists() and store.stat().st_size > 0:
                check = subprocess.run([PROGRAM, "prepare", "--check", str(store)],
                                       capture_output=True, text=True)
                if check.returncode == 0:  # killed after its last write
                    self.assertEqual(rows(store, "SELECT finished FROM store")[0]["finished"], 1)
                    continue
                self.assertIn("not finished", check.stderr)
                self.assertIn("goes on", check.stderr)
        self.assertEqual(process.returncode, 1)  # one file is broken
        self.assertGreater(kills, 0)
        self.assertEqual(everything(store), everything(whole))
        self.run_program("prepare", "--check", store)
        self.assertFalse(self.path("store-journal").exists())

    def test_ctrl_c_says_how_to_go_on(self):
        store = self.path("store")
        clips = [self.short_clip(f"{i}.mp4", 100) for i in range(12)]
        process = subprocess.Popen([PROGRAM, "prepare", *map(str, clips), "-o", str(store),
                                    "--jobs", "1"], stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not (store.exists() and store.stat().st_size > 0) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 130, said)
        if store.exists():
            self.assertIn("The same command goes on from there", said)
            done = rows(store, "SELECT SUM(done) AS n FROM files")[0]["n"]
            self.assertIn(f"keeps what is done, {done} of 12 files", said)
            result = self.run_json("prepare", *clips, "-o", store)
            self.assertEqual((result["files"], result["done_before"]), (12, done))

    def test_a_finished_store_and_other_options(self):
        store = self.path("store")
        portrait = [PORTRAIT]
        self.prepare(store, media=portrait)
        before = store.read_bytes()
        self.assertIn("was done already", self.prepare(store, media=portrait).stdout)
        for more, says in ((["--faces-per-track", 3], "--faces-per-track was 16, is now 3"),
                           (["--detect-fps", 5], "--detect-fps was 10.0000, is now 5.0000"),
                           (["--single-face"], "--single-face was no, is now yes"),
                           (["--shard", "1/2"], "--shard was not given, is now 1/2"),
                           ([GROUP], "1 file more, such as " + str(GROUP))):
            done = self.prepare(store, *more, media=portrait, code=1)
            self.assertIn(says, done.stderr)
            self.assertIn("--overwrite", done.stderr)
        self.assertEqual(store.read_bytes(), before)
        self.prepare(store, "--single-face", "--overwrite", media=portrait)
        self.assertIn('"single-face":"yes"', rows(store, "SELECT * FROM store")[0]["settings"])

    def test_two_writers_do_not_mix(self):
        store = self.path("store")
        self.prepare(store, media=[PORTRAIT])
        change(store, "UPDATE store SET finished = 0")
        other = sqlite3.connect(store)
        other.execute("BEGIN EXCLUSIVE")
        self.refuse("prepare", PORTRAIT, "--label", "real", "-o", store, "--crop-size", 96,
                    says=["another program is writing it"])
        other.close()

    def test_shards_are_merged(self):
        whole, parts = self.path("whole"), [self.path(f"part{i}") for i in (1, 2, 3)]
        self.prepare(whole, code=1)
        for i, part in enumerate(parts, 1):
            self.run_program("prepare", *self.media, "--label", "real", "-o", part, "--crop-size",
                             96, "--shard", f"{i}/3", code=1 if i == 2 else 0)
        merged = self.path("merged")
        result = self.run_json("prepare", "--merge", *parts, "-o", merged)
        self.assertEqual((result["stores"], result["files"], result["notes"]), (3, 6, []))
        key = "SELECT source, track, frame, picture, mesh FROM faces JOIN files ON files.id = " \
              "faces.id >> 24 JOIN crops ON crops.id = faces.id ORDER BY source, track, frame"
        self.assertEqual(rows(merged, key), rows(whole, key))
        self.run_program("prepare", "--check", merged)
        self.refuse("prepare", "--merge", *parts, "-o", merged, says=["exists already"])
        self.refuse("prepare", "--merge", whole, parts[0], "-o", self.path("m"), says=["is in"])
        done = self.run_program("prepare", "--merge", *parts[:2], "-o", self.path("m"))
        self.assertIn("shard 3/3 is not among them", done.stderr)
        small = self.path("small")
        self.run_program("prepare", PORTRAIT, "-o", small, "--crop-size", 64)
        self.refuse("prepare", "--merge", whole, small, "-o", self.path("n"),
                    says=["64 pixels", "96 pixels"])
        self.assertFalse(self.path("n").exists())

    def test_damage_is_named(self):
        store = self.path("store")
        self.prepare(store, media=[GROUP])
        checked = self.run_json("prepare", "--check", store)
        self.assertEqual((checked["sound"], checked["faults"]), (True, []))
        change(store, "UPDATE crops SET picture = substr(picture, 1, 100) WHERE id = 1")
        checked = self.run_json("prepare", "--check", store, code=1)
        self.assertFalse(checked["sound"])
        fault, = checked["faults"]
        self.assertIn("face 1 (" + str(GROUP), fault)
        self.refuse("prepare", "--check", self.path("gone"), says=[self.path("gone")])
        self.refuse("prepare", "--check", PORTRAIT, says=["is not a store"])
        self.refuse("prepare", "--check", store, PORTRAIT, code=2, says=["--check STORE"])

    def test_a_sheet_is_drawn(self):
        store, sheet = self.path("store"), self.path("sheet.jpg")
        self.prepare(store, "--sheet", sheet, media=[GROUP])
        made = probe(sheet, "width", "height")
        self.assertEqual(made["width"], 4 + 12 * 116)
        again = self.path("again.png")
        self.run_program("prepare", store, "--sheet", again)
        self.assertEqual(probe(again, "height"), {"height": made["height"]})
        self.refuse("prepare", store, "--sheet", self.path("x.txt"), code=2, says=["x.txt"])
        self.refuse("prepare", PORTRAIT, "-o", self.path("s"), "--sheet", PORTRAIT, code=2,
                    says=["overwrite the input"])
        both = self.path("both.jpg")
        self.refuse("prepare", PORTRAIT, "-o", both, "--sheet", both, code=2, says=["same name"])

    def test_shards_are_numbers(self):
        for text in ("2", "0/3", "4/3", "a/b", "1/3x", "1/"):
            self.refuse("prepare", PORTRAIT, "-o", self.path("s"), "--shard", text, code=2,
                        says=["shard"])


if __name__ == "__main__":
    main()
