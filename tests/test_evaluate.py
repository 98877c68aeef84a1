"""`unmask evaluate`: stores or a table of labelled files in, figures out."""

import csv
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

from support import CLIP, GROUP, PORTRAIT, SAMPLES, ProgramTest, main, make_model

LEVELS = ["frame", "track", "MF", "MT", "AT"]
SEARCH = ["--detect-fps", "6", "--faces-per-track", "8"]


def auc(fakes, reals):
    won = [(f > r) + 0.5 * (f == r) for f in fakes for r in reals]
    return sum(won) / len(won)


class EvaluateTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = make_model("good", self.path("model.onnx"))

    def write_table(self, rows, columns=("file", "label"), name="table.tsv"):
        table = self.path(name)
        table.write_text("".join("\t".join(map(str, row)) + "\n" for row in [columns, *rows]))
        return table

    def read_csv(self, path):
        with open(path, newline="") as file:
            return list(csv.DictReader(file))


class Manifest(EvaluateTest):
    def evaluate(self, *rows, code=0, extra=()):
        table = self.write_table(rows)
        return self.run_json("evaluate", self.model, "--manifest", table, *extra, code=code)

    def test_the_figures_are_those_of_the_scores(self):
        files = [PORTRAIT, GROUP, SAMPLES / "sample2.jpg", SAMPLES / "sample3.jpg"]
        labels = ["real", "fake", "real", "fake"]
        report = self.evaluate(*zip(files, labels), extra=["--csv", self.path("scores.csv")])
        self.assertEqual((report["schema"], report["version"]), ("unmask/evaluate", 1))
        detected = self.run_json("detect", *files, "--model", self.model)["results"]
        scores = [r["score"] for r in detected]
        rows = self.read_csv(self.path("scores.csv"))
        for row, file, label, result in zip(rows, files, labels, detected):
            self.assertEqual((row["file"], row["label"]), (str(file), label))
            self.assertAlmostEqual(float(row["AT"]), result["score"], delta=2e-6)
            self.assertEqual(row["decision"], result["verdict"])
            self.assertEqual(int(row["tracks"]), len(result["tracks"]))
        level = report["levels"]["AT"]
        right = [(s >= level["threshold"]) == (l == "fake") for s, l in zip(scores, labels)]
        self.assertAlmostEqual(level["accuracy"]["value"], sum(right) / 4, delta=1e-9)
        expected = auc([scores[1], scores[3]], [scores[0], scores[2]])
        self.assertAlmostEqual(level["auc"]["value"], expected, delta=1e-9)
        self.assertLessEqual(level["auc"]["low"], expected)
        self.assertEqual(list(report["levels"]), LEVELS)

    def test_files_without_a_score_are_counted(self):
        report = self.evaluate((PORTRAIT, "real"), (GROUP, "fake"), (self.grey_clip(), "real"),
                               (self.path("gone.mp4"), "fake"), code=1)
        counts = report["counts"]
        self.assertEqual((counts["files"], counts["no_face"], counts["failed"]), (4, 1, 1))
        level = report["levels"]["AT"]
        self.assertEqual((level["real"], level["fake"]), (1, 1))
        table = self.write_table([(self.grey_clip(), "real")])
        self.refuse("evaluate", self.model, "--manifest", table, says=["no file has a score"])

    def test_what_cannot_be_evaluated(self):
        run = ["evaluate", self.model, "--manifest"]
        table = self.write_table([(PORTRAIT, "")])
        self.refuse(*run, table, says=[table, "no label"])
        table = self.write_table([(PORTRAIT, "real"), (PORTRAIT, "fake")])
        self.refuse(*run, table, says=[table, PORTRAIT, "twice"])
        table = self.write_table([(PORTRAIT, "real", "train")], ("file", "label", "split"))
        self.refuse(*run, table, "--split", "test", says=["--split"])
        self.refuse(*run, table, "--classes", "reel", code=2, says=["'reel'", "'real'"])
        self.refuse(*run, table, "--csv", table, code=2, says=["overwrite the input"])
        self.refuse(*run, table, "--csv", self.path("none/scores.csv"), says=["none/scores.csv"])
        self.refuse(*run, self.path("gone.tsv"), says=["gone.tsv"])
        mixed = self.write_table([("a.jpg", "real", "studio"), ("b.jpg", "fake", "studio")],
                                 ("file", "label", "class"), "mixed.tsv")
        self.refuse(*run, mixed, says=["'studio'", "a.jpg", "b.jpg"])
        self.refuse(*run, table, "--calibrate", self.path("c.onnx"), code=2, says=["stores"])
        self.refuse(*run, table, "--forge", "warp", code=2, says=["--forge goes with stores"])
        self.refuse("evaluate", table, code=2, says=["nothing to evaluate on", "--manifest"])
        self.refuse(*run, table, "--resamples", "5", code=2, says=["resamples"])


class Store(EvaluateTest):
    """A store of real clips and pictures and of forged copies of them."""

    made = {}  # stores by (crop size, crop scale), which no test changes

    @classmethod
    def setUpClass(cls):
        cls.shared = Path(tempfile.mkdtemp(prefix="unmask-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)

    def media(self):
        """Rows of a table of the media, which the first test makes for all."""
        clip = self.shared / "real.mp4"
        if not clip.exists():
            shutil.move(self.short_clip("real.mp4", 36), clip)
            shutil.move(self.grey_clip(), self.shared / "grey.mp4")
        rows = []
        for number, real in enumerate([clip, GROUP, SAMPLES / "sample2.jpg", PORTRAIT]):
            fake = self.shared / f"fake{number}{real.suffix}"
            if not fake.exists():
                self.run_program("forge", real, fake)
            split = "val" if number >= 2 else "test"
            rows += [(real, "real", "real", number, split),
                     (fake, "fake", "SelfBlend", number, split)]
        rows.append((self.shared / "grey.mp4", "real", "real", "grey", "test"))
        rows.append((self.shared / "gone.mp4", "fake", "SelfBlend", "gone", "test"))
        return rows

    def prepare(self, crop_size, crop_scale):
        """Prepares the media at a size and a scale; returns the store and what they are."""
        rows = self.media()
        key = (crop_size, crop_scale)
        if key not in self.made:
            table = self.write_table(rows, ("file", "label", "class", "identity", "split"))
            self.made[key] = self.shared / f"store{len(self.made)}"
            self.run_program("prepare", "--manifest", table, "--out", self.made[key], *SEARCH,
                             "--crop-size", crop_size, "--crop-scale", crop_scale, code=1)
        return self.made[key], rows

    def metadata(self, model):
        return self.run_json("models", model)[0]["metadata"]

    def compare_with_detect(self, store, rows, delta):
        """MF, MT and AT are what `detect` says of the same files. Returns the table of scores."""
        scores = self.path("scores.csv")
        self.run_program("evaluate", self.model, store, "--csv", scores)
        table = self.read_csv(scores)
        test = [row for row in rows if row[4] == "test"]
        self.assertEqual([row["file"] for row in table], [str(row[0]) for row in test])
        for how in ("MF", "MT", "AT"):
            report = self.run_json("detect", *[row[0] for row in test[:4]], "--model", self.model,
                                   "--aggregate", how, *SEARCH)
            for row, result in zip(table, report["results"]):
                self.assertEqual(int(row["faces"]),
                                 sum(len(t["faces"]) for t in result["tracks"]), row["file"])
                self.assertAlmostEqual(float(row[how]), result["score"], delta=delta,
                                       msg=f"{row['file']} {how}")
        return table

    def test_crops_of_the_models_own_size_score_as_detect_does(self):
        metadata = self.metadata(self.model)
        store, rows = self.prepare(metadata["input_width"], metadata["crop_scale"])
        table = self.compare_with_detect(store, rows, 2e-6)
        self.assertEqual([row["decision"] for row in table[4:]], ["no_face", "error"])
        report = self.run_json("evaluate", self.model, store)
        counts = report["counts"]
        self.assertEqual((counts["files"], counts["no_face"], counts["failed"]), (6, 1, 1))
        self.assertEqual([c["name"] for c in report["classes"]], ["real", "SelfBlend"])
        self.assertEqual(report["options"]["split"], "test")
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
            (fingerprint,), = database.execute("SELECT fingerprint FROM store")
        database.close()
        self.assertEqual(report["sources"], [{"file": str(store), "fingerprint": fingerprint}])
        self.assertNotIn("detect_fps", report["options"])
        self.assertEqual(report["levels"]["AT"]["groups"], 2)
        for how in ("MF", "MT", "AT"):
            value = report["levels"][how]["auc"]["value"]
            fakes, reals = ([float(row[how]) for row in table[:4] if row["label"] == label]
                            for label in ("fake", "real"))
            self.assertAlmostEqual(value, auc(fakes, reals), delta=1e-9)
        # Neither threads nor a second run change anything.
        self.assertEqual(self.run_json("evaluate", self.model, store, "--threads", 1), report)

    def test_larger_crops_score_nearly_as_detect_does(self):
        metadata = self.metadata(self.model)
        store, rows = self.prepare(2 * metadata["input_width"], metadata["crop_scale"] + 0.4)
        self.compare_with_detect(store, rows, 0.1)

    def test_a_temperature_is_fitted_on_val_and_kept_in_the_model(self):
        store, _ = self.prepare(128, 1.7)
        calibrated = self.path("calibrated.onnx")
        report = self.run_json("evaluate", self.model, store, "--calibrate", calibrated)
        before, after = self.metadata(self.model), self.metadata(calibrated)
        self.assertEqual(report["options"]["temperature"], after["temperature"])
        self.assertNotEqual(before["temperature"], after["temperature"])
        for field in set(before) - {"temperature", "threshold"}:
            self.assertEqual(before[field], after[field])
        # The new model, evaluated by itself, gives the same report.
        again = self.run_json("evaluate", calibrated, store)
        self.assertEqual(again["model"], report["model"])
        for level in LEVELS:
            for measure in ("log_loss", "raw_log_loss", "auc", "accuracy"):
                self.assertAlmostEqual(again["levels"][level][measure]["value"],
                                       report["levels"][level][measure]["value"], delta=1e-6)
        # On the faces it was fitted on, it cannot be worse than before.
        losses = [self.run_json("evaluate", m, store, "--split", "val")["levels"]["frame"]
                  for m in (self.model, calibrated)]
        self.assertLessEqual(losses[1]["log_loss"]["value"], losses[0]["log_loss"]["value"] + 1e-9)
        self.assertEqual(losses[0]["accuracy"]["value"], losses[1]["accuracy"]["value"])
        run = ["evaluate", self.model, store]
        self.refuse(*run, "--calibrate", self.model, code=2, says=["overwrite the input"])
        self.refuse(*run, "--calibrate", self.path("c.onnx"), "--split", "val", code=2,
                    says=["split val"])
        self.refuse(*run, "--calibrate", self.path("c.onnx"), "--classes", "real",
                    says=["no fake faces"])
        self.assertFalse(self.path("c.onnx").exists())

    def test_real_faces_are_forged_and_all_are_scaled_and_compressed(self):
        store, _ = self.prepare(128, 1.7)
        run = ["evaluate", self.model, store]
        report = self.run_json(*run, "--classes", "real", "--forge", "warp,self-blend",
                               "--csv", self.path("scores.csv"))
        options = report["options"]
        self.assertEqual((options["forge"], options["face_size"], options["crf"]),
                         (["warp", "self-blend"], None, None))
        self.assertEqual(options["forgery_means"], "")  # neither of these uses networks
        twice = self.run_json(*run, "--classes", "real", "--forge", "warp,self-blend,warp")
        self.assertEqual(twice["levels"], report["levels"])
        self.assertEqual([c["name"] for c in report["classes"]], ["real", "self-blend", "warp"])
        self.assertEqual(sorted(report["levels"]["AT"]["class_auc"]), ["self-blend", "warp"])
        counts = {c["name"]: c["files"] for c in report["classes"]}
        self.assertEqual(counts["real"], 2 * counts["warp"])
        with open(self.path("scores.csv"), newline="") as file:
            names = {row["file"].rpartition("#")[2] for row in csv.DictReader(file)}
        self.assertEqual(names, {"warp", "self-blend"})
        self.assertIn("AUC of", self.run_program(*run, "--forge", "warp").stdout)
        plain = self.run_json(*run)
        for name, value in (("face_size", 24), ("crf", 51)):
            option = "--" + name.replace("_", "-")
            harsh = self.run_json(*run, option, value)
            self.assertEqual(harsh["options"][name], value)
            self.assertEqual(harsh["counts"], plain["counts"])
            self.assertNotEqual(harsh["levels"]["frame"]["log_loss"],
                                plain["levels"]["frame"]["log_loss"])
        self.refuse(*run, "--forge", "wrap", code=2, says=["'wrap'", "'warp'"])
        self.refuse(*run, "--crf", 52, code=2, says=["--crf"])
        self.refuse(*run, "--face-size", 8, code=2, says=["--face-size"])
        self.refuse(*run, "--face-size", 128, says=["stored with", "--crop-size"])
        self.refuse("evaluate", self.model, "--manifest", self.path("clips.tsv"), "--face-size", 64,
                    code=2, says=["--face-size", "unmask robustness"])
        self.refuse(*run, "--forge", "warp", "--calibrate", self.path("c.onnx"), code=2,
                    says=["--calibrate"])

    def test_pictures_are_drawn(self):
        store, _ = self.prepare(128, 1.7)
        plots = self.path("plots")
        self.run_program("evaluate", self.model, store, "--plots", plots, "--plot-format", "svg")
        self.assert_nothing_left(plots, "precision_recall.svg", "reliability.svg",
                                 "risk_coverage.svg", "roc.svg")
        self.assertIn("videos, AT (AUC", (plots / "roc.svg").read_text())
        self.run_program("evaluate", self.model, store, "--plots", plots)
        self.assertEqual((plots / "roc.png").read_bytes()[:4], b"\x89PNG")
        self.refuse("evaluate", self.model, store, "--plots", self.path("none"),
                    says=["gnuplot", "gnuplot-nox"], env={**os.environ, "PATH": "/nowhere"})
        self.refuse("evaluate", self.model, store, "--classes", "real", "--plots",
                    self.path("none"), says=["real and fake files"])
        self.assertFalse(self.path("none").exists())

    def test_what_cannot_be_evaluated(self):
        store, _ = self.prepare(128, 1.2)
        run = ["evaluate", self.model, store]
        self.refuse(*run, says=["--crop-scale", "scale 1.20"])
        self.refuse(*run, "--csv", store, code=2, says=["overwrite the input"])
        self.refuse(*run, "--plots", store, says=["is a file"])
        both = self.path("both")
        self.refuse(*run, "--csv", both, "--calibrate", f"{self.folder}/./both", code=2,
                    says=["the same file"])
        self.refuse(*run, "--split", "train", says=["split train", "split val"])
        self.refuse(*run, "--classes", "real,SelfBlent", code=2,
                    says=["'SelfBlent'", "'SelfBlend'"])
        self.refuse(*run, store, code=2, says=["given twice"])
        copy = shutil.copy(store, self.path("copy"))
        self.refuse(*run, copy, says=[copy, "the same faces as", store])
        self.refuse(*run, "--detect-fps", "5", code=2, says=["--manifest"])
        self.refuse(*run, "--manifest", self.path("table.tsv"), code=2, says=["do not go together"])
        self.refuse("evaluate", self.model, self.path("gone"), says=["gone"])
        self.refuse("evaluate", self.path("gone.onnx"), store, says=["gone.onnx"])
        self.refuse("evaluate", self.model, CLIP, says=[CLIP.name])


if __name__ == "__main__":
    main()
