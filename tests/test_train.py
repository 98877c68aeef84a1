"""`unmask train`: from faces to a model that `detect` judges with; weights that lie."""

import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import time
import tomllib

from support import PORTRAIT, PROGRAM, ProgramTest, SmallDisk, main, make_model

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
        self.store = self.store_of_photos()

    def train(self, *arguments, **options):
        return self.run_program("train", self.store, *SMALL, *RANDOM, *arguments, timeout=240,
                                **options)

    def test_without_steps_the_first_weights_become_a_model(self):
        run = self.path("run")
        result = json.loads(self.train("--out", run, "--steps", 0, "--json").stdout)
        self.assertEqual(result["steps"], 0)
        self.assertIn("threshold", result["validation"])
        written = (run / "model.onnx").read_bytes()
        self.refuse("train", self.store, *SMALL, *RANDOM, "--out", run, "--steps", 0, says=[run])
        self.train("--out", run, "--steps", 0, "--resume")
        self.assertEqual((run / "model.onnx").read_bytes(), written)

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
        self.assertIn(report["results"][0]["verdict"], ("real", "fake", "cannot_tell"))
        # A run that is already there is not overwritten by accident.
        before = model.read_bytes()
        self.refuse("train", self.store, *SMALL, *RANDOM, "--out", run, "--steps", 3, says=[run])
        self.assertEqual(model.read_bytes(), before)

    def test_options_in_a_file_repeat_a_run(self):
        run, again = self.path("run"), self.path("again")
        self.train("--out", run, "--steps", 3, "--loss", "arcface", "--loss-option", "scale=16",
                   "--seed", 5, "--name", 'a "quoted" name')
        options = run / "options.toml"
        self.run_program("train", "--config", options, "--out", again, timeout=240)
        self.assertEqual((run / "model.onnx").read_bytes(), (again / "model.onnx").read_bytes())
        texts = [p.read_text().replace(str(again), str(run)) for p in
                 (options, again / "options.toml")]
        self.assertEqual(texts[0], texts[1])
        written = tomllib.loads(texts[0])
        self.assertEqual(written["stores"], [str(self.store)])
        self.assertEqual(written["loss-options"]["arcface"],
                         {"scale": 16, "margin": 0.5, "easy_margin": False})
        self.assertEqual((written["steps"], written["precision"], written["name"]),
                         (3, "fp32", 'a "quoted" name'))
        # The command line goes before the file, whose parameters are those of another loss.
        printed = tomllib.loads(self.run_program(
            "train", "--config", options, "--loss", "focal", "--loss-option", "gamma=1",
            "--steps", 7, "--print-config").stdout)
        self.assertEqual((printed["steps"], printed["seed"]), (7, 5))
        self.assertEqual(printed["loss-options"], {"focal": {"gamma": 1, "alpha": 0}})
        # What was printed is read back.
        self.path("printed.toml").write_text(texts[0])
        printed = self.run_program("train", "--config", "printed.toml", "--print-config").stdout
        self.assertEqual(printed, texts[0])
        # Without another --out it is the run itself.
        self.refuse("train", "--config", options, says=[run, "--resume"])
        self.run_program("train", "--config", options, "--resume", timeout=240)

    def test_a_file_of_options_that_does_not_fit(self):
        cases = {  # text: (line, what the error must say)
            "stpes = 3": ("line 1", "'steps'"),
            "[loss_options.arcface]": ("line 1", "'loss-options'"),
            "steps = 3.5": ("line 1", "whole number"),
            "\nlearning-rate = '1e-3'": ("line 2", "must be a number"),
            "best = 1": ("line 1", "true or false"),
            "stores = 'faces'": ("line 1", "list"),
            "freeze = [1]": ("line 1", "texts"),
            "class-weights = [1.0]": ("line 1", "2 values"),
            "precision = 'fp8'": ("line 1", "bf16"),
            "steps = 1\nsteps = 2": ("line 2", "TOML"),
            "resume = true": ("line 1", "command line"),
            "loss-option = 'scale=3'": ("line 1", "[loss-options.NAME]"),
            "[loss-options]\nscale = 3": ("line 2", "loss-options.scale"),
            "[loss-options.arcfase]": ("line 1", "'arcface'"),
            "[loss-options.arcface]\nscal = 3": ("line 2", "'scale'"),
            "[loss-options.arcface]\nmargin = 9": ("line 2", "margin"),
            "[loss-options.arcface]\nmargin = 1979-05-27": ("line 2", "margin"),
        }
        file = self.path("options.toml")
        for text, says in cases.items():
            with self.subTest(options=text):
                file.write_text(text + "\n")
                self.refuse("train", self.store, "--config", file, "--out", self.path("run"),
                            code=2, says=[file, *says])
        self.refuse("train", "--config", self.path("gone.toml"), says=["gone.toml"])
        self.assertFalse(self.path("run").exists())

    def test_what_a_run_leaves_to_look_at(self):
        run = self.path("run")
        self.train("--out", run, "--steps", 4, "--validate-every", 2)
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual([line["step"] for line in lines], [2, 2, 4, 4])
        self.assertEqual(sorted(lines[2]), ["accuracy", "images_per_second", "learning_rate",
                                            "loss", "step", "time"])
        self.assertEqual((run / "curves.png").read_bytes()[:4], b"\x89PNG")
        self.assertEqual(len(list(run.glob("events.out.tfevents.*"))), 1)
        # A machine without gnuplot trains all the same.
        tools = self.path("tools")
        tools.mkdir()
        done = self.train("--out", self.path("bare"), "--steps", 2,
                          env={**os.environ, "PATH": str(tools)})
        self.assertEqual(done.stderr.count("curves are not drawn"), 1)
        self.assertIn("gnuplot", done.stderr)
        self.assertFalse((self.path("bare") / "curves.png").exists())

    def test_training_goes_on_from_a_model(self):
        first = self.path("first")
        self.train("--out", first, "--steps", 2, "--loss", "center")
        model = first / "model.onnx"
        small = [*SMALL, "--steps", 1, "--init", model]
        done = self.run_program("train", self.store, *small, "--out", self.path("same"), "--loss",
                                "center", timeout=240)
        self.assertIn(f"the backbone and the head of {model}", done.stderr)
        done = self.run_program("train", self.store, *small, "--out", self.path("other"),
                                timeout=240)
        self.assertIn("the head is new", done.stderr)
        run = ["--out", self.path("run")]
        self.refuse("train", self.store, *small, *run, "--backbone", "resnet18",
                    says=[model, "efficientnet_lite0"])
        foreign = make_model("no-metadata", self.path("foreign.onnx"))
        self.refuse("train", self.store, *SMALL, *run, "--init", foreign,
                    says=[foreign, "not trained here"])
        self.path("text.onnx").write_text("no model")
        self.refuse("train", self.store, *SMALL, *run, "--init", self.path("text.onnx"),
                    says=["text.onnx"])
        self.refuse("train", self.store, *SMALL, *run, "--init", "imagnet", code=2,
                    says=["'imagnet'", "'imagenet'"])
        self.refuse("train", self.store, *SMALL, *run, "--general", "defualt", code=2,
                    says=["'defualt'", "'default'"])
        self.refuse("train", self.store, *SMALL, *run, "--init", "", code=2, says=["init"])
        self.assertFalse(self.path("run").exists())

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
        self.assertFalse(self.path("run").exists())

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
        self.refuse("train", self.store, *SMALL, *out, "--schedule", "cosin", code=2,
                    says=["'cosine'"])
        self.refuse("train", self.store, *SMALL, *out, "--optimizer", "adamx", code=2,
                    says=["'adamw'"])
        self.refuse("train", self.store, *SMALL, *out, "--dropout", "1", code=2,
                    says=["dropout is 1", "from 0 to below 1", "standard value is 0.2"])
        self.refuse("train", *SMALL, *out, code=2, says=["at least one store", "unmask prepare"])
        self.refuse("train", self.store, *SMALL, *RANDOM, "--out", self.store / "store.json",
                    says=["store.json"])
        self.assertFalse(self.path("run").exists())

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
