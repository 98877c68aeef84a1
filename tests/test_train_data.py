"""`unmask train` on stores with fakes: which faces it takes, and a data set from end to end."""

import json
import sqlite3
import subprocess
import tomllib

from support import PORTRAIT, SAMPLES, ProgramTest, ffmpeg, main, probe
from test_train import RANDOM, SMALL


class ChosenFaces(ProgramTest):
    """Classes, qualities, balance and degradations, on a store in which colours tell them apart."""

    TINTS = {"Deepfakes": "rr=1:gg=.5:bb=.5", "FaceSwap": "rr=.5:gg=.5:bb=1"}  # red and blue

    def setUp(self):
        super().setUp()
        self.store = self.path("store")
        table = ["file\tlabel\tclass\tidentity\tsplit\tquality"]
        for i in (2, 3, 4):
            split, photo = "val" if i == 4 else "train", SAMPLES / f"sample{i}.jpg"
            table.append(f"{photo}\treal\treal\t{i}\t{split}\tc23")
            for name, tint in self.TINTS.items():
                if (name, i) == ("FaceSwap", 2):
                    continue
                fake = self.path(f"{name}{i}.jpg")
                ffmpeg("-i", photo, "-vf", f"colorchannelmixer={tint}", "-q:v", 2, fake)
                table.append(f"{fake}\tfake\t{name}\t{i}\t{split}\tc23")
        green = self.path("green.jpg")  # what no choice of c23 may show
        ffmpeg("-i", SAMPLES / "sample5.jpg", "-vf", "colorchannelmixer=rr=.5:gg=1:bb=.5", green)
        table.append(f"{green}\treal\treal\t5\ttrain\tc40")
        self.path("table.tsv").write_text("\n".join(table) + "\n")
        self.run_program("prepare", "--manifest", self.path("table.tsv"), "-o", self.store,
                         "--crop-size", 112)

    def shares(self, *arguments):
        """The share of reddish, greenish and bluish ones among the pictures of a sheet of pairs."""
        sheet = self.path("sheet.png")
        self.run_program("train", self.store, *SMALL, "--forgery", "none", "--augmentation", 0,
                         "--sheet", sheet, *arguments)
        size, gap = 64, 4
        width, height = (probe(sheet, "width", "height")[name] for name in ("width", "height"))
        pixels = subprocess.run(["ffmpeg", "-v", "error", "-i", sheet, "-f", "rawvideo", "-pix_fmt",
                                 "rgb24", "-"], check=True, capture_output=True).stdout
        counts, pictures = [0, 0, 0], 0
        for top in range(gap, height - size + 1, size + gap):
            for left in range(gap, width - 2 * size + 1, 2 * size + gap):
                for start in (left, left + size):
                    rows = [pixels[3 * (y * width + start):3 * (y * width + start + size)]
                            for y in range(top, top + size)]
                    red, green, blue = (sum(sum(row[c::3]) for row in rows) for c in range(3))
                    pictures += 1
                    counts[0] += red > 1.9 * blue and red > 1.9 * green
                    counts[1] += green > 1.3 * red
                    counts[2] += blue > 1.1 * red
        return [count / pictures for count in counts]

    def test_a_sheet_shows_what_is_chosen(self):
        red, green, blue = self.shares()
        self.assertGreater(green, 0)
        self.assertEqual(red + blue, 0.5)
        self.assertLess(blue, red)  # there are fewer of FaceSwap
        c23 = ["--quality", "c23"]
        self.assertEqual(self.shares(*c23)[1], 0)
        self.assertEqual(self.shares(*c23, "--classes", "FaceSwap"), [0, 0, 0.5])
        self.assertEqual(self.shares(*c23, "--balance", "classes"), [0.25, 0, 0.25])
        self.assertGreater(sum(self.shares(*c23, "--balance", "none")), 0.5)

    def test_a_run_takes_and_keeps_the_choice(self):
        run = self.path("run")
        self.run_program("train", self.store, *SMALL, *RANDOM, "--out", run, "--steps", 2,
                         "--forgery", "none", "--classes", "FaceSwap", "--quality", "c23",
                         "--balance", "classes", "--frames-per-video", 1, "--pairing", "identity",
                         "--degradation", "jpeg=1,30,40", timeout=240)
        options = tomllib.loads((run / "options.toml").read_text())
        self.assertEqual([options[name] for name in
                          ("classes", "quality", "balance", "frames-per-video", "pairing")],
                         [["FaceSwap"], "c23", "classes", 1, "identity"])
        self.assertEqual(options["degradations"]["jpeg"], {"probability": 1.0, "range": [30, 40]})
        self.assertTrue((run / "model.onnx").exists())
        bad = ["train", self.store, *SMALL, *RANDOM, "--out", self.path("bad"), "--forgery", "none"]
        for option, value, says in (("--classes", "FaceSwop", "'FaceSwap'"),
                                    ("--quality", "c32", "'c23'"),
                                    ("--balance", "class", "'classes'"),
                                    ("--degradation", "jepg=1", "'jpeg'"),
                                    ("--degradation", "jpeg=2", "0 … 1"),
                                    ("--frames-per-video", -1, "at least 0")):
            self.refuse(*bad, option, value, code=2, says=[says])
        self.assertFalse(self.path("bad").exists())


class FaceForensics(ProgramTest):
    """A small tree in the layout of FaceForensics++, through prepare, train and evaluate."""

    def setUp(self):
        super().setUp()
        self.root = self.path("ff")
        real = self.root / "original_sequences/youtube/c23/videos"
        fake = self.root / "manipulated_sequences/Deepfakes/c23/videos"
        real.mkdir(parents=True)
        fake.mkdir(parents=True)
        pairs = {"train": ("000", "003"), "val": ("001", "870"), "test": ("002", "006")}
        photos = iter([PORTRAIT, *(SAMPLES / f"sample{i}.jpg" for i in (2, 3, 4, 5, 6))])
        for split, pair in pairs.items():
            (self.root / f"{split}.json").write_text(json.dumps([pair]))
            for target, source in (pair, pair[::-1]):
                ffmpeg("-loop", 1, "-i", next(photos), "-frames:v", 3, "-vf", "scale=960:-2",
                       "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
                       real / f"{target}.mp4")
                self.run_program("forge", real / f"{target}.mp4", fake / f"{target}_{source}.mp4")

    def test_from_the_tree_to_the_figures(self):
        store, run = self.path("store"), self.path("run")
        prepared = self.run_json("prepare", self.root, "--layout", "ffpp", "--quality", "c23",
                                 "--out", store, "--crop-size", 112)
        self.assertEqual((prepared["files"], prepared["failures"]), (12, []))
        self.run_program("train", store, *SMALL, *RANDOM, "--forgery", "none", "--steps", 2,
                         "--out", run, timeout=240)
        report = self.run_json("evaluate", run / "model.onnx", store, "--resamples", 100)
        self.assertEqual([(c["name"], c["files"]) for c in report["classes"]],
                         [("real", 2), ("Deepfakes", 2)])
        level = report["levels"]["AT"]
        # Both people of a pair and both fakes made of them are drawn as one.
        self.assertEqual((level["real"], level["fake"], level["groups"]), (2, 2, 1))
        self.assertIn("auc", level)
        # The held-out pair was not trained on.
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
            splits = dict(database.execute("SELECT DISTINCT identity, split FROM files"))
        database.close()
        self.assertEqual(splits, {"ffpp/000_003": "train", "ffpp/001_870": "val",
                                  "ffpp/002_006": "test"})


if __name__ == "__main__":
    main()
