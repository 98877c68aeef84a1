"""`unmask prepare`: media in, a store of aligned faces out."""

import json
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
            crop = probe(store / record["crop"], "width", "height")
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


if __name__ == "__main__":
    main()
