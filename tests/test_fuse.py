"""`unmask fuse`: several models on the faces of stores, and their fusions."""

import csv
import re
import shutil
import tempfile
from pathlib import Path

from support import GROUP, PORTRAIT, SAMPLES, ProgramTest, main, make_model

RULES = ["probability", "raw-probability", "logit", "raw-logit"]


JSON_PAGE = Path(__file__).parent.parent / "docs" / "json.md"


def keys_of(value):
    """The names of all fields in `value`, at any depth."""
    if isinstance(value, dict):
        return set(value).union(*(keys_of(v) for v in value.values()))
    if isinstance(value, list):
        return set().union(*(keys_of(v) for v in value))
    return set()


def auc(fakes, reals):
    won = [(f > r) + 0.5 * (f == r) for f in fakes for r in reals]
    return sum(won) / len(won)


class FuseTest(ProgramTest):
    """Real pictures of several people and forged copies of them, some of them for choosing."""

    @classmethod
    def setUpClass(cls):
        cls.shared = Path(tempfile.mkdtemp(prefix="unmask-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.models = [make_model(kind, cls.shared / f"{kind}.onnx")
                      for kind in ("good", "second", "third")]

    def table(self, name, rows):
        table = self.shared / name
        table.write_text("".join("\t".join(map(str, row)) + "\n" for row in [
            ("file", "label", "class", "identity", "split"), *rows]))
        return table

    def store(self, crop_scale=1.7):
        """The store of all, made once for each scale."""
        store = self.shared / f"store{crop_scale}"
        if store.exists():
            return store
        rows = []
        pictures = [GROUP, PORTRAIT, *(SAMPLES / f"sample{n}.jpg" for n in (2, 3, 4, 5))]
        for number, real in enumerate(pictures):
            fake = self.shared / f"fake{number}.jpg"
            if not fake.exists():
                self.run_program("forge", real, fake)
            split = "val" if number >= 3 else "test"
            rows += [(real, "real", "real", number, split),
                     (fake, "fake", "SelfBlend", number, split)]
        self.run_program("prepare", "--manifest", self.table("all.tsv", rows), "--out", store,
                         "--crop-size", 128, "--crop-scale", crop_scale)
        return store

    def file_scores(self, store):
        """Of each model, by file: {label, MF, MT, AT} as `evaluate` has them."""
        scores = []
        for model in self.models:
            out = self.path("scores.csv")
            self.run_program("evaluate", model, store, "--csv", out)
            with open(out, newline="") as file:
                scores.append(list(csv.DictReader(file)))
        return scores

    def test_the_figures_are_those_of_the_scores(self):
        store = self.store()
        table = self.path("fusion.csv")
        report = self.run_json("fuse", *self.models, store, "--csv", table)
        self.assertEqual((report["schema"], report["version"]), ("unmask/fuse", 1))
        self.assertEqual([m["file"] for m in report["models"]], list(map(str, self.models)))
        results = report["results"]
        self.assertEqual([r["kind"] for r in results[:10]],
                         ["model"] * 3 + ["all"] * 4 + ["pair"] * 3)
        self.assertEqual([r["rule"] for r in results[3:7]], RULES)
        self.assertEqual([r["members"] for r in results[7:10]], [[0, 1], [0, 2], [1, 2]])
        # Every face of a picture is a track, so AT of a mean of probabilities is the mean of ATs.
        scores = self.file_scores(store)
        for result in [r for r in results if r.get("rule", "probability") == "probability"]:
            fused = [sum(float(scores[m][f]["AT"]) for m in result["members"])
                     / len(result["members"]) for f in range(6)]
            fakes, reals = ([s for s, row in zip(fused, scores[0]) if row["label"] == label]
                            for label in ("fake", "real"))
            self.assertAlmostEqual(result["auc"]["value"], auc(fakes, reals), delta=1e-9)
            right = sum(s >= 0.5 for s in fakes) + sum(s < 0.5 for s in reals)
            self.assertAlmostEqual(result["accuracy"]["value"], right / 6, delta=1e-9)
            self.assertEqual(set(result["class_accuracy"]), {"real", "SelfBlend"})
        # The baseline is the first of the greedy selection, chosen on val.
        self.assertTrue(report["best_on_validation"])
        self.assertEqual(report["best_model"], report["greedy"][0]["model"])
        for difference in report["differences"]:
            result = results[difference["result"]]
            measure = difference["measure"]
            expected = result[measure]["value"] - results[report["best_model"]][measure]["value"]
            self.assertAlmostEqual(difference["difference"], expected, delta=1e-9)
            self.assertLessEqual(difference["p"], difference["adjusted_p"])
        with open(table, newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), len(results))
        self.assertEqual(rows[0]["members"], str(self.models[0]))
        for row, result in zip(rows, results):
            self.assertAlmostEqual(float(row["log_loss"]), result["log_loss"]["value"], delta=1e-6)
        documented = set(re.findall(r"`([A-Za-z_0-9]+)`", JSON_PAGE.read_text()))
        self.assertEqual(keys_of(report) - documented, {"real", "SelfBlend"} - documented)
        # Neither threads nor a second run change anything.
        self.assertEqual(self.run_json("fuse", *self.models, store, "--threads", 1),
                         report)

    def test_the_greedy_selection_never_sees_what_it_is_judged_on(self):
        store = self.store()
        chosen = self.run_json("fuse", *self.models, store, "--rule", "logit")
        on_val = self.run_json("fuse", *self.models, store, "--rule", "logit",
                               "--split", "val")
        self.assertEqual(on_val["greedy"], [])
        self.assertFalse(on_val["best_on_validation"])
        # What it says of val is what an evaluation of val says.
        members = [step["model"] for step in chosen["greedy"]]
        for row in on_val["results"]:
            if row.get("rule", "logit") != "logit" or sorted(row["members"]) != sorted(members):
                continue
            self.assertAlmostEqual(row["auc"]["value"], chosen["greedy"][-1]["auc"], delta=1e-9)
        # The best model on val: the highest AUC.
        singles = [row["auc"]["value"] for row in on_val["results"][:3]]
        self.assertEqual(singles[chosen["best_model"]], max(singles))

    def test_in_words(self):
        store = self.store()
        text = self.run_program("fuse", *self.models, store).stdout
        for part in ("Fusion of 3 models", "model 3", "all, raw-logit", "pairs, by probability",
                     "Greedy set, chosen on split val", "SelfBlend", "Best single model",
                     "all together", "p = ", "Holm", "too few"):
            self.assertIn(part, text)
        done = self.run_program("fuse", *self.models[:2], store, "--no-greedy",
                                "--aggregate", "MF", "--rule", "raw-probability")
        self.assertIn("which favours it", done.stdout)
        self.assertNotIn("pair", done.stdout.replace("paired", ""))
        self.assertNotIn("Greedy", done.stdout)
        done = self.run_program("fuse", *self.models[:2], store, "--split", "all")
        self.assertIn("no greedy set", done.stderr)

    def test_a_foreign_model_takes_part(self):
        store = self.store()
        foreign = make_model("no-metadata", self.path("foreign.onnx"))
        self.refuse("fuse", self.models[1], foreign, store, says=[foreign])
        info = self.path("info.json")
        info.write_text('{"input_width": 32, "input_height": 32}')
        run = ["fuse", self.models[1], foreign, store, "--model-info"]
        report = self.run_json(*run, f"2={info}")
        known = self.run_json("fuse", self.models[1], self.models[0], store)
        self.assertEqual(report["results"], known["results"])
        for wrong in (info, f"3={info}", f"0={info}", f"x={info}", "2=", "=a"):
            self.refuse(*run, wrong, code=2, says=["--model-info", "NUMBER=FILE"])
        self.refuse(*run, f"2={self.path('gone.json')}", says=["gone.json"])

    def test_what_cannot_be_fused(self):
        store = self.store()
        good, second, _ = self.models
        self.refuse("fuse", good, store, code=2, says=["two models", "not 1"])
        self.refuse("fuse", store, code=2, says=["no model"])
        self.refuse("fuse", good, second, code=2, says=["no store"])
        self.refuse("fuse", good, good, store, code=2, says=[good, "given twice"])
        copy = Path(shutil.copy(good, self.path("copy.onnx")))
        self.refuse("fuse", good, second, copy, store, code=2,
                    says=[good, copy, "the same model"])
        self.refuse("fuse", good, self.path("gone.onnx"), store, says=["gone.onnx"])
        self.refuse("fuse", good, PORTRAIT, store, says=[PORTRAIT])
        broken = make_model("other-size", self.path("broken.onnx"))
        self.refuse("fuse", good, broken, store, says=[broken])
        self.refuse("fuse", good, second, self.path("none"), says=["none"])
        self.refuse("fuse", good, second, self.store(1.2),
                    says=["--crop-scale", "scale 1.20"])
        run = ["fuse", good, second, store]
        self.refuse(*run, "--classes", "real", says=["no fake file"])
        self.refuse(*run, "--classes", "SelfBlend", says=["no real file"])
        self.refuse(*run, "--classes", "SelfBlent", code=2, says=["'SelfBlend'"])
        self.refuse(*run, "--split", "train", says=["split train", "split val"])
        self.refuse(*run, "--rule", "logits", code=2, says=["'logits'", "'logit'"])
        self.refuse(*run, "--resamples", "5", code=2, says=["resamples"])
        self.refuse(*run, "--csv", good, code=2, says=["overwrite the input"])
        self.refuse(*run, "--csv", store, code=2, says=["overwrite the input"])
        self.refuse(*run, "--csv", self.path("no/where.csv"), says=["no/where.csv"])
        self.assert_nothing_left(self.folder, "copy.onnx", "broken.onnx")


if __name__ == "__main__":
    main()
