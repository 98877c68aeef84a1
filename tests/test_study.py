"""`unmask study`: the plan `smoke` on forged photos, to the report; and what may go wrong."""

import csv
import json
import os
import signal
import subprocess
import time
import unittest
from pathlib import Path

from support import PROGRAM, SAMPLES, ProgramTest, SmallDisk

SPLITS = {1: "train", 2: "train", 3: "val", 4: "val", 5: "test", 6: "test"}
CLASSES = ("Deepfakes", "NeuralTextures")

# One cell that trains in a second.
PLAN = """
name = "tiny"
[data]
stores = ["store"]
[matrix]
losses = ["softmax"]
qualities = ["c23"]
classes = ["Deepfakes"]
[train]
input-size = 32
steps = 2
pairs = 2
[statistics]
resamples = 200
"""


def running(word):
    """Processes of which a word of the command line is `word`."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if word.encode() in file.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            pass
    return found


class Study(ProgramTest):
    def setUp(self):
        super().setUp()
        self.store = self.path("store")
        self.make_store(self.store)
        self.out = self.path("study")

    def make_store(self, store, *options):
        """Six photos of groups and two copies of each, forged, as videos of two classes."""
        table = ["file\tlabel\tclass\tidentity\tsplit\tquality"]
        for number, split in SPLITS.items():
            photo = SAMPLES / f"sample{number}.jpg"
            table.append(f"{photo}\treal\treal\tgroup{number}\t{split}\tc23")
            for seed, name in enumerate(CLASSES, 1):
                fake = self.path(f"{name}{number}.png")
                if not fake.exists():
                    self.run_program("forge", photo, fake, "--seed", seed)
                table.append(f"{fake}\tfake\t{name}\tgroup{number}\t{split}\tc23")
        self.path("table.tsv").write_text("\n".join(table) + "\n")
        self.run_program("prepare", "--manifest", self.path("table.tsv"), "-o", store, *options)

    def write_plan(self, old="", new=""):
        self.assertIn(old, PLAN)
        path = self.path("plan.toml")
        path.write_text(PLAN.replace(old, new) if old else PLAN)
        return path

    def results(self):
        folder = self.out / "results"
        return sorted(folder.iterdir()) if folder.exists() else []

    def states(self, *arguments):
        return {cell["name"]: cell["state"] for cell in self.run_json(
            "study", *arguments, "--out", self.out, "--list")["cells"]}

    def test_smoke_plan_killed_and_gone_on_with(self):
        smoke = ["study", "smoke", "--store", self.store, "--out", self.out]
        self.assertEqual(len(self.states("smoke", "--store", self.store)), 6)
        self.assertFalse(self.out.exists())

        process = subprocess.Popen([PROGRAM, *map(str, smoke)], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 120
        while len(self.results()) < 2:
            self.assertIsNone(process.poll(), "it ended before it was killed")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        deadline = time.monotonic() + 30
        while running(str(self.store)):  # the training ends with it
            self.assertLess(time.monotonic(), deadline, "a training outlived its study")
            time.sleep(0.05)
        before = {path: path.stat().st_mtime_ns for path in self.results()}

        self.run_program(*smoke, timeout=400)
        self.assertEqual(len(self.results()), 6)
        for path, when in before.items():
            self.assertEqual(path.stat().st_mtime_ns, when, "a finished cell was done again")
        self.assertEqual(set(self.states("smoke", "--store", self.store).values()), {"finished"})
        self.check_report()

        again = self.run_program(*smoke)
        self.assertIn("6 of 6 cells finished", again.stdout)
        # The results alone, without models and stores, give the report.
        plan = self.path("elsewhere.toml")
        text = (Path(__file__).parent.parent / "plans" / "smoke.toml").read_text()
        fingerprint = json.loads(self.results()[0].read_text())["store_fingerprint"]
        plan.write_text(text.replace('name = "smoke"', f'name = "smoke"\nfinished = "study/results"')
                        .replace("[prepare]",
                                 f'[data.fingerprints]\nc23 = "{fingerprint}"\n\n[prepare]'))
        self.run_program("study", plan, "--report", "--out", self.path("other"))
        self.assertTrue((self.path("other") / "report.html").exists())

    def check_report(self):
        markdown = (self.out / "report.md").read_text()
        page = (self.out / "report.html").read_text()
        for text in (markdown, page):
            self.assertIn("not on FaceForensics++", text)
            self.assertIn("softmax + arcface", text)
        self.assertNotIn("http", page)  # it needs nothing else
        self.assertIn("data:image/png;base64,", page)
        report = json.loads((self.out / "report.json").read_text())
        self.assertFalse(report["is_paper_data"])
        self.assertEqual(len(report["cells"]), 6)
        with open(self.out / "tables" / "intra.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        # losses × (aggregations × measures + calibrated log loss + balanced accuracy)
        self.assertEqual(len(rows), 2 * (3 * 3 + 2))
        for row in rows:
            self.assertLessEqual(float(row["low"]), float(row["value"]) + 1e-6)
            self.assertGreaterEqual(float(row["high"]), float(row["value"]) - 1e-6)
        self.assertEqual([row["paper"] for row in rows if row["loss"] == "softmax" and
                          row["aggregation"] == "AT" and row["measure"] == "accuracy"],
                         ["0.957100"])
        with open(self.out / "tables" / "cross_class.csv", newline="") as file:
            self.assertEqual(len(list(csv.DictReader(file))), 2 * 2 * 2 * 2)
        pictures = {path.name.split("-")[0] for path in (self.out / "figures").iterdir()}
        self.assertEqual(pictures, {"critical_difference.png", "embedding"})

    def test_cells_and_shards(self):
        plan = self.write_plan('["softmax"]', '["softmax", "focal", "center"]')
        self.run_program("study", plan, "--out", self.out, "--cell", 2)
        self.assertEqual(list(self.states(plan).values()), ["open", "finished", "open"])
        self.run_program("study", plan, "--out", self.out, "--shard", "2/2")
        self.assertEqual(list(self.states(plan).values()), ["open", "finished", "open"])
        self.run_program("study", plan, "--out", self.out, "--shard", "1/2", "--jobs", 2)
        self.assertEqual(list(self.states(plan).values()), ["finished"] * 3)
        self.assertFalse((self.out / "report.md").exists())  # parts do not write it
        self.run_program("study", plan, "--out", self.out, "--report")
        self.assertTrue((self.out / "report.md").exists())
        self.refuse("study", plan, "--out", self.out, "--cell", 4, code=2, says=["1 … 3"])
        self.refuse("study", plan, "--out", self.out, "--shard", "3/2", code=2, says=["3/2"])

    def test_a_broken_cell_is_named_and_the_others_go_on(self):
        plan = self.write_plan('["softmax"]', '["softmax", "focal"]')
        keys = {cell["name"]: cell["key"] for cell in self.run_json(
            "study", plan, "--out", self.out, "--list")["cells"]}
        self.run_program("study", plan, "--out", self.out, "--prepare")
        broken = self.out / "cells" / f"c23-softmax-all-seed1-{keys['c23-softmax-all-seed1']}"
        broken.mkdir(parents=True)
        (broken / "run").write_text("not a folder")
        self.refuse("study", plan, "--out", self.out,
                    says=["cell c23-softmax-all-seed1", str(broken / "log.txt")])
        self.assertEqual(list(self.states(plan).values()), ["failed", "finished"])
        self.assertIn("Missing", (self.out / "report.md").read_text())
        (broken / "run").unlink()
        self.run_program("study", plan, "--out", self.out)
        self.assertEqual(list(self.states(plan).values()), ["finished", "finished"])

    def test_a_full_disk(self):
        plan = self.write_plan()
        with SmallDisk(self, self.path("disk"), "4m") as disk:
            self.refuse("study", plan, "--out", disk / "study", says=["cell c23-softmax"])
            self.assertEqual(list((disk / "study" / "results").iterdir()), [])

    def test_plans_that_do_not_fit(self):
        def refuse(old, new, *says, code=2):
            self.refuse("study", self.write_plan(old, new), "--out", self.out, code=code, says=says)

        refuse('["softmax"]', '["arcfce"]', "arcfce", "arcface")
        refuse('steps = 2', 'stepps = 2', "stepps", "steps")
        refuse('losses =', 'loses =', "plan.toml", "losses")
        refuse('["store"]', '["none"]', "none", code=1)
        refuse('stores = ["store"]', '', "--data")
        refuse('["c23"]', '["c23", "c40"]', "cell c40-softmax-all-seed1", "no store holds", code=1)
        self.assertEqual(list(self.states(self.path("plan.toml")).values()),
                         ["finished", "no data"])
        refuse('["Deepfakes"]', '["Deepfakes", "Face2Face"]', "Face2Face has no face", code=1)
        self.refuse("study", "mimi", code=2, says=["mini.toml"])

        plan = self.write_plan('"tiny"', '"another"')
        self.refuse("study", plan, "--out", self.out, says=["'tiny'", "'another'"])
        self.path("letters").mkdir()
        (self.path("letters") / "a.txt").write_text("a")
        self.refuse("study", plan, "--out", self.path("letters"), says=["other things"])

    def test_stores_of_another_alignment(self):
        self.make_store(self.path("wide"), "--crop-scale", 2)
        plan = self.write_plan('["store"]', '["store", "wide"]')
        self.refuse("study", plan, "--out", self.out, says=["another way", "wide"])


if __name__ == "__main__":
    unittest.main()
