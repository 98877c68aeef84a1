"""`unmask prepare` on data sets as they are laid out."""

import json
import os
import shutil

from stores import faces
from support import PORTRAIT, ProgramTest, main


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
        records = faces(self.path("store"))
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
