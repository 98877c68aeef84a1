"""`unmask train`: from faces to a model that `detect` judges with; weights that lie."""

import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import time

from support import PORTRAIT, PROGRAM, SAMPLES, ProgramTest, SmallDisk, main

# As small and short as the program allows: what is learnt does not matter here.
SMALL = ["--input-size", 64, "--pairs", 2, "--workers", 1, "--threads", 1,
         "--validation-faces", 4, "--precision", "fp32"]
RANDOM = ["--init", "random"]


def safetensors(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(begin, end, shape=(2,), kind="F32"):
    return {"dtype": kind, "shape": list(shape), "data_offsets": [begin, end]}


class Train(ProgramTest):
    def setUp(self):
        super().setUp()
        self.store = self.path("store")
        table = ["file\tlabel\tidentity\tsplit\tfaces"]
        for i in range(1, 7):
            table.append(f"{SAMPLES}/sample{i}.jpg\treal\tgroup{i}\t{'train' if i < 5 else 'val'}")
        self.path("table.tsv").write_text("\n".join(table) + "\n")
        self.run_program("prepare", "--manifest", self.path("table.tsv"), "-o", self.store)

    def train(self, *arguments, **options):
        return self.run_program("train", self.store, *SMALL, *RANDOM, *arguments, timeout=240,
                                **options)

    def test_the_model_that_is_trained_judges(self):
        run = self.path("run")
        result = json.loads(self.train("--out", run, "--steps", 3, "--licence", "CC0-1.0",
                                       "--training-data", "six photos", "--json").stdout)
        self.assertEqual(result["steps"], 3)
        model = run / "model.onnx"
        self.assertEqual(result["model"], str(model))
        shown, = self.run_json("models", model)
        self.assertEqual((shown["metadata"]["licence"], shown["metadata"]["training_data"]),
                         ("CC0-1.0", "six photos"))
        self.assertEqual(shown["metadata"]["input_width"], 64)
        report = self.run_json("detect", PORTRAIT, "--model", model)
        self.assertIn(report["results"][0]["verdict"], ("real", "fake"))
        # A run that is already there is not overwritten by accident.
        before = model.read_bytes()
        self.refuse("train", self.store, *SMALL, *RANDOM, "--out", run, "--steps", 3, says=[run])
        self.assertEqual(model.read_bytes(), before)

    def test_a_full_disk(self):
        with SmallDisk(self, self.path("disk"), "3m") as disk:
            self.refuse("train", self.store, *SMALL, *RANDOM, "--out", disk / "run", "--steps", 2,
                        "--checkpoint-every", 1, says=["cannot write", "No space left on device"])
            self.assertEqual([name for name in os.listdir(disk / "run") if ".part" in name], [])
            self.assertFalse((disk / "run" / "checkpoint.pt").exists())

    def test_weights_that_lie_are_refused(self):
        good = {"a": tensor(0, 8)}
        files = {  # further cases: safetensors_test.cc
            "empty": b"",
            "huge-header": safetensors(good, bytes(8), length=2 ** 62),
            "header-longer-than-file": safetensors(good, length=4000),
            "ends-before-its-data": safetensors(good, bytes(4)),
            "range-behind-the-end": safetensors({"a": tensor(8, 16)}, bytes(8)),
            "overlapping": safetensors({"a": tensor(0, 8), "b": tensor(4, 12)}, bytes(12)),
            "shape-of-another-size": safetensors({"a": tensor(0, 8, (3,))}, bytes(8)),
            "shape-overflows": safetensors({"a": tensor(0, 8, (2 ** 40, 2 ** 40))}, bytes(8)),
            "not-of-this-backbone": safetensors(good, bytes(8)),
        }
        for name, data in files.items():
            with self.subTest(weights=name):
                path = self.path(name + ".safetensors")
                path.write_bytes(data)
                self.refuse("train", self.store, *SMALL, "--init", path, "--out",
                            self.path("run"), says=[path])
        self.refuse("train", self.store, *SMALL, "--init", self.path("gone.safetensors"),
                    "--out", self.path("run"), says=["gone.safetensors"])
        self.assertFalse((self.path("run") / "model.onnx").exists())

    def test_what_cannot_be_trained_on(self):
        out = [*RANDOM, "--out", self.path("run")]
        self.refuse("train", self.path("gone"), *SMALL, *out, says=[self.path("gone")])
        self.refuse("train", self.folder, *SMALL, *out, says=[self.folder, "prepare"])
        broken = self.path("broken")
        shutil.copy(self.store, broken)
        with sqlite3.connect(broken) as database:
            database.execute("UPDATE faces SET points = x'00' WHERE track = 1")
        database.close()
        self.refuse("train", broken, *SMALL, *out, says=[broken, "0 landmarks, not 5"])
        with sqlite3.connect(broken) as database:
            database.execute("UPDATE store SET finished = 0")
        database.close()
        self.refuse("train", broken, *SMALL, *out, says=[broken, "not finished", "goes on"])
        self.refuse("train", self.store, *SMALL, *out, "--loss", "sofmax", code=2,
                    says=["'sofmax'", "'softmax'"])
        self.refuse("train", self.store, *SMALL, *out, "--step", "3", code=2, says=["--steps"])

    def test_interrupted_it_goes_on_later(self):
        run = self.path("run")
        arguments = [PROGRAM, "train", self.store, *SMALL, *RANDOM, "--out", run, "--steps", 12,
                     "--checkpoint-every", 1]
        process = subprocess.Popen([*map(str, arguments)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 120
        while not (run / "checkpoint.pt").exists() and process.poll() is None:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, said)
        self.assertIn("--resume", said)
        self.assertFalse((run / "model.onnx").exists())
        self.assertEqual([name for name in os.listdir(run) if ".part" in name], [])
        self.train("--out", run, "--steps", 12, "--checkpoint-every", 1, "--resume")
        self.assertTrue((run / "model.onnx").exists())


if __name__ == "__main__":
    main()
