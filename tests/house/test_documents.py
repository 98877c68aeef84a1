"""The documents name every field that the program prints, and every field they give as an example.

    test_documents.py UNMASK MAKE_MODEL SAMPLE_FOLDER
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

UNMASK, MAKE_MODEL, SAMPLES = sys.argv[1:4]
DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def keys_of(value):
    """The names of all fields in `value`, at any depth."""
    if isinstance(value, dict):
        return set(value).union(*(keys_of(v) for v in value.values()))
    if isinstance(value, list):
        return set().union(*(keys_of(v) for v in value))
    return set()


def named_in(page):
    """Words in backquotes, outside the code blocks."""
    text = re.sub(r"```.*?```", "", (DOCS / page).read_text(), flags=re.S)
    return set(re.findall(r"`([A-Za-z_0-9]+)`", text))


def examples_in(page):
    return [json.loads(block)
            for block in re.findall(r"```json\n(.*?)```", (DOCS / page).read_text(), flags=re.S)]


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.model = pathlib.Path(folder.name) / "model.onnx"
        subprocess.run([MAKE_MODEL, "good", cls.model], check=True)

    def test_detect(self):
        result = subprocess.run(
            [UNMASK, "detect", "--json", "--model", self.model, pathlib.Path(SAMPLES) / "suit.jpg",
             "missing.mp4"], capture_output=True, text=True)
        report = json.loads(result.stdout)
        self.assertEqual([r["verdict"] == "error" for r in report["results"]], [False, True])
        printed = keys_of(report)
        self.assertEqual(printed - named_in("json.md") - {"schema", "version"}, set())
        self.assertEqual(keys_of(examples_in("json.md")[0]), printed)

    def test_evaluate(self):
        with tempfile.TemporaryDirectory() as folder:
            table = pathlib.Path(folder) / "t.tsv"
            rows = [("suit.jpg", "real"), ("sample1.jpg", "fake")]
            table.write_text("file\tlabel\n" + "".join(
                f"{pathlib.Path(SAMPLES) / name}\t{label}\n" for name, label in rows))
            result = subprocess.run([UNMASK, "evaluate", "--json", self.model, "--manifest",
                                     table], capture_output=True, text=True, check=True)
        # Classes go by the names that users give them; here those are the labels.
        printed = keys_of(json.loads(result.stdout))
        self.assertEqual(printed - named_in("json.md") - {"schema", "version"}, set())

    def test_explain(self):
        with tempfile.TemporaryDirectory() as folder:
            result = subprocess.run(
                [UNMASK, "explain", "--json", "--model", self.model, "--compare", self.model, "--out",
                 folder, pathlib.Path(SAMPLES) / "suit.jpg"],
                capture_output=True, text=True, check=True)
        report = json.loads(result.stdout)
        self.assertEqual(keys_of(report) - named_in("json.md") - {"schema", "version"}, set())

    def test_embed(self):
        with tempfile.TemporaryDirectory() as folder:
            store = pathlib.Path(folder) / "store"
            subprocess.run([UNMASK, "prepare", pathlib.Path(SAMPLES) / "sample1.jpg", "--label",
                            "real", "-o", store, "--quiet"], check=True, capture_output=True)
            result = subprocess.run([UNMASK, "embed", self.model, store, "--split", "all",
                                     "--json"], capture_output=True, text=True, check=True)
        printed = keys_of(json.loads(result.stdout))
        self.assertEqual(printed - named_in("json.md") - {"schema", "version"}, set())

    def test_robustness(self):
        with tempfile.TemporaryDirectory() as folder:
            table = pathlib.Path(folder) / "t.tsv"
            table.write_text(f"file\tlabel\tage\n{SAMPLES}/suit.jpg\treal\told\ngone.jpg\treal\n")
            result = subprocess.run(
                [UNMASK, "robustness", self.model, "--manifest", table, "--out", f"{folder}/out",
                 "--conditions", "jpeg,several", "--forge", "warp", "--by", "age", "--json"],
                capture_output=True, text=True)
            lines = pathlib.Path(folder, "out", "results.jsonl").read_text().splitlines()
        printed = keys_of(json.loads(result.stdout))
        self.assertIn("scenes_called_fake", printed)
        named = named_in("json.md") | named_in("robustness.md")
        self.assertEqual(printed - named - {"schema", "version"}, set())
        records = set().union(*(keys_of(json.loads(line)) for line in lines[1:]))
        self.assertEqual(records - named, set())

    def test_models(self):
        result = subprocess.run([UNMASK, "models", "--json", self.model], capture_output=True,
                                text=True, check=True)
        fields = set(json.loads(result.stdout)[0]["metadata"])
        self.assertEqual(fields - named_in("models.md"), set())
        self.assertEqual(keys_of(examples_in("models.md")[0]) - fields, set())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
