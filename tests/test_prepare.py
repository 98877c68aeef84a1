"""`unmask prepare`: media in, a store of aligned faces out."""

import json
import os
import shutil

from support import CLIP, GROUP, PORTRAIT, ProgramTest, ffmpeg, main, probe


class Prepare(ProgramTest):
    def records(self, store):
        with open(store / "faces.jsonl", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def test_a_clip_and_a_picture(self):
        clip = self.short_clip()
        store = self.path("store")
        result = self.run_json("prepare", clip, PORTRAIT, "--label", "real", "--out", store,
                               "--faces-per-track", 5, "--crop-size", 160)
        self.assertEqual(result, {"store": str(store), "files": 2, "tracks": 2, "faces": 6,
                                  "failures": [], "no_faces": []})
        info = json.loads((store / "store.json").read_text())
        self.assertEqual((info["crop_size"], info["faces"]), (160, 6))
        records = self.records(store)
        self.assertEqual(len(records), 6)
        for record in records:
            crop = probe(store / f"crops/{record['id']:07}.png", "width", "height")
            self.assertEqual((crop["width"], crop["height"]), (160, 160))
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
        record, = self.records(self.path("store"))
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
        self.assertEqual(self.records(store)[0]["source"],
                         str(media / "deeper" / "a portrait ü.jpg"))

    def test_nothing_is_left_when_no_face_is_found(self):
        grey = self.grey_clip()
        self.refuse("prepare", grey, "-o", self.path("store"), says=["no face"])
        self.assert_nothing_left(self.folder, "grey.mp4")

    def test_an_existing_store_is_not_touched(self):
        store = self.path("store")
        store.mkdir()
        (store / "precious").write_text("mine")
        self.refuse("prepare", CLIP, "-o", store, says=[store, "not an empty folder"])
        self.assert_nothing_left(store, "precious")
        self.assert_nothing_left(self.folder, "store")


class DataSets(ProgramTest):
    """A small FaceForensics++ in its own layout: a pair for training, a pair for the test."""

    REAL = "original_sequences/youtube/c40/videos"
    FAKE = "manipulated_sequences/Deepfakes/c40/videos"
    MISSING = "Deepfakes in c40: 1 of 4 files is missing: 974_953.mp4"

    def setUp(self):
        super().setUp()
        self.root = self.path("FaceForensics++")
        clip = self.short_clip("clip.mp4", 6, "-crf", "40")
        for folder, names in ((self.REAL, ["071", "054", "953", "974"]),
                              (self.FAKE, ["071_054", "054_071", "953_974"])):
            (self.root / folder).mkdir(parents=True)
            for name in names:
                shutil.copy(clip, self.root / folder / f"{name}.mp4")
        clip.unlink()
        for split, pairs in (("train", [["071", "054"]]), ("val", []), ("test", [["953", "974"]])):
            (self.root / f"{split}.json").write_text(json.dumps(pairs))

    def test_labels_classes_and_splits_reach_the_store(self):
        done = self.run_program("prepare", self.root, "--quality", "c40", "--classes",
                                "real,Deepfakes", "-o", self.path("store"), "--faces-per-track",
                                2, "--json")
        result = json.loads(done.stdout)
        self.assertEqual((result["files"], result["faces"], result["failures"]), (7, 14, []))
        self.assertIn("recognised the layout 'ffpp'", done.stderr)
        self.assertIn(self.MISSING, done.stderr)
        with open(self.path("store") / "faces.jsonl", encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
        seen = {(os.path.basename(r["source"]), r["label"], r["class"], r["quality"], r["split"],
                 r["identity"]) for r in records}
        train, test = ("c40", "train", "ffpp/054_071"), ("c40", "test", "ffpp/953_974")
        self.assertEqual(seen, {
            ("071.mp4", 0, "real", *train), ("054.mp4", 0, "real", *train),
            ("071_054.mp4", 1, "Deepfakes", *train), ("054_071.mp4", 1, "Deepfakes", *train),
            ("953.mp4", 0, "real", *test), ("974.mp4", 0, "real", *test),
            ("953_974.mp4", 1, "Deepfakes", *test)})

    def test_list_shows_what_would_be_prepared(self):
        listed = self.run_json("prepare", self.root, "--layout", "ffpp", "--list")
        self.assertEqual((listed["layout"], listed["files"]), ("ffpp", 7))
        self.assertEqual(listed["classes"], [
            {"class": "real", "label": "real", "train": 2, "val": 0, "test": 2},
            {"class": "Deepfakes", "label": "fake", "train": 2, "val": 0, "test": 1}])
        self.assertIn(self.MISSING, listed["notes"])
        text = self.run_program("prepare", "--classes", "Deepfakes", self.root, "--list").stdout
        self.assertEqual([line.split() for line in text.splitlines()], [
            ["class", "label", "train", "val", "test"], ["Deepfakes", "fake", "2", "0", "1"]])
        self.assert_nothing_left(self.folder, "FaceForensics++")

    def test_what_does_not_fit_is_refused(self):
        out = ["-o", self.path("store")]
        self.refuse("prepare", self.root, "--layout", "celeb-df", *out,
                    says=["not laid out as celeb-df", "Celeb-synthesis/"])
        self.refuse("prepare", self.root, "--quality", "raw", *out, says=["no quality 'raw'"])
        self.refuse("prepare", self.root, "--layout", "ffp", *out, code=2,
                    says=["Did you mean 'ffpp'?"])
        self.refuse("prepare", PORTRAIT, "--classes", "real", *out, code=2,
                    says=["no layout is recognised", "ffpp"])
        self.refuse("prepare", self.root, PORTRAIT, "--layout", "ffpp", *out, code=2,
                    says=["one folder"])
        table = self.path("table.tsv")
        table.write_text(f"file\n{PORTRAIT}\n")
        self.refuse("prepare", "--manifest", table, "--label", "fake", *out, code=2,
                    says=["column label"])
        table.unlink()
        (self.root / "val.json").write_text('[["071", "001"]]')
        self.refuse("prepare", self.root, *out, says=["val.json", "'071'", "train.json"])
        (self.root / "val.json").unlink()
        self.refuse("prepare", self.root, *out, says=[self.root / "val.json"])
        self.assert_nothing_left(self.folder, "FaceForensics++")


if __name__ == "__main__":
    main()
