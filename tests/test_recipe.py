"""`unmask train --recipe`: from a folder of one's own clips to a model that judges; leaks."""

import json
import os
import shutil
import signal
import subprocess
import time
import tomllib

from stores import rows
from support import CLIP, PORTRAIT, PROGRAM, SAMPLES, ProgramTest, ffmpeg, main
from test_train import RANDOM, SMALL

RECIPES = ("default", "default-general", "self-blend")
# The default model's general branch takes larger faces than this.
QUICK = [*SMALL, "--steps", 2, "--general", "none"]
WHOLE = ["--pairs", 2, "--workers", 1, "--threads", 1, "--precision", "fp32", "--steps", 2]


class Recipe(ProgramTest):
    def setUp(self):
        super().setUp()
        self.clips, self.run_folder = self.path("my clips"), self.path("run")
        self.clips.mkdir()

    def photos(self, *numbers, folder=None):
        """Photos of the samples as people of their own, or all in a folder as one person."""
        place = self.clips / folder if folder else self.clips
        place.mkdir(exist_ok=True)
        for number in numbers:
            shutil.copy(SAMPLES / f"sample{number}.jpg", place)

    def train(self, *arguments, inputs=None, recipe="self-blend", quick=QUICK, **options):
        return self.run_program("train", "--recipe", recipe, *(inputs or [self.clips]), "--out",
                                self.run_folder, *quick, *arguments, timeout=300, **options)

    def refuse_training(self, *arguments, inputs=None, recipe="self-blend", quick=QUICK, **options):
        return self.refuse("train", "--recipe", recipe, *(inputs or [self.clips]), "--out",
                           self.run_folder, *quick, *arguments, timeout=300, **options)

    def splits(self):
        return {row["identity"]: row["split"] for row in
                rows(self.run_folder / "faces", "SELECT DISTINCT identity, split FROM files")}

    def test_from_clips_to_a_model(self):
        self.photos(2, 3, 4)
        self.photos(5, 6, folder="ann")
        self.short_clip("my clips/franck.mp4", 12)
        done = self.train(quick=WHOLE)
        self.assertIn("real faces: ", done.stderr)
        self.assertIn("that is little", done.stderr)
        self.assertIn("my clips", (self.run_folder / "clips.csv").read_text())
        splits = self.splits()
        self.assertEqual(sorted(splits), ["ann", "franck.mp4", "sample2.jpg", "sample3.jpg",
                                          "sample4.jpg"])
        self.assertEqual(sorted(splits.values()), ["train"] * 4 + ["val"])
        # One person is held out, who can borrow nobody's face.
        options = tomllib.loads((self.run_folder / "options.toml").read_text())
        self.assertEqual(options["stores"], [str(self.run_folder / "faces")])
        self.assertNotIn("cross-blend", options["forgery"])
        self.assertIn("resample", options["forgery"])
        self.assertEqual((options["init"], options["steps"], options["crop-scale"]),
                         ("default", 2, 1.15))
        # What it says last can be done.
        model = self.run_folder / "model.onnx"
        self.assertIn("(people: 1)", done.stdout)
        self.assertIn("joined with the general branch of", done.stdout)
        self.assertIn("the specific branch and the head of", done.stderr)
        backbone = {name: self.run_json("models", self.run_folder / name)[0]["metadata"]["backbone"]
                    for name in ("model.onnx", "last.onnx")}
        self.assertEqual(backbone, {"model.onnx": "efficientnet_lite0_branches",
                                    "last.onnx": "efficientnet_lite0"})
        command = done.stdout.splitlines()[-1]
        self.assertEqual(command, f"  unmask detect --model {model} CLIP")
        report = self.run_json("detect", PORTRAIT, "--model", model)
        self.assertIn(report["results"][0]["verdict"], ("real", "fake", "cannot_tell"))
        # The run is not begun a second time; it is gone on with, and its faces are kept.
        before = (self.run_folder / "faces").stat()
        self.refuse_training(says=[self.run_folder, "--resume"])
        again = self.train("--resume", "--json", quick=WHOLE)
        result = json.loads(again.stdout)
        self.assertEqual((result["model"], result["people"]), (str(model), 1))
        self.assertLessEqual(result["validation"]["false_alarm_rate"], 0.05)
        self.assertEqual((self.run_folder / "faces").stat().st_mtime_ns, before.st_mtime_ns)
        self.photos(1)
        self.refuse_training("--resume", says=["clips.csv", "other clips"])

    def test_stores_and_clips_together(self):
        store = self.path("store")
        self.run_program("prepare", SAMPLES / "sample2.jpg", SAMPLES / "sample5.jpg", "--label",
                         "real", "--out", store, "--crop-size", 160)
        known = {row["identity"]: row["split"] for row in rows(store, "SELECT * FROM files")}
        self.photos(2, 3, 4)
        done = self.train("--forgery", "warp", inputs=[store, self.clips, PORTRAIT])
        splits = self.splits()
        self.assertEqual(splits["sample2.jpg"], known["sample2.jpg"])
        self.assertEqual(sorted(splits), ["sample2.jpg", "sample3.jpg", "sample4.jpg", "suit.jpg"])
        self.assertIn("val", splits.values())
        options = tomllib.loads((self.run_folder / "options.toml").read_text())
        self.assertEqual(options["stores"], [str(store), str(self.run_folder / "faces")])
        self.assertEqual(options["forgery"], "warp")
        self.assertIn("model written to", done.stdout)

    def test_who_shows_no_face_is_not_held_out(self):
        self.photos(2, 4)
        self.grey_clip("my clips/grey.mp4", 3)  # by the hash of its name the one to hold out
        done = self.train()
        self.assertEqual(done.stderr.count("no face: "), 2)  # it was divided anew, once
        self.assertEqual(self.splits(), {"grey.mp4": "train", "sample2.jpg": "train",
                                         "sample4.jpg": "val"})

    def test_processes_share_the_faces(self):
        self.photos(2, 3, 4)
        done = self.train("--processes", 2)
        self.assertEqual(done.stderr.count("real faces: "), 1)
        self.assertTrue((self.run_folder / "model.onnx").exists())

    def test_interrupted_while_it_prepares(self):
        self.photos(2, 3)
        ffmpeg("-stream_loop", 3, "-i", CLIP, "-an", "-c:v", "libx264", "-preset", "ultrafast",
               self.clips / "long.mp4")
        command = ["train", "--recipe", "self-blend", self.clips, "--out", self.run_folder, *QUICK]
        process = subprocess.Popen([PROGRAM, *map(str, command)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not (self.run_folder / "faces").exists() and process.poll() is None:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)  # when `prepare`, which holds it too, has ended
        self.assertEqual(process.returncode, 130, said)
        self.assertIn("stopped on request", said)
        self.assertFalse((self.run_folder / "options.toml").exists())
        self.train()
        self.assertTrue((self.run_folder / "model.onnx").exists())

    def test_what_cannot_be_trained_on(self):
        self.refuse_training(says=["holds no videos or pictures", "unmask prepare"])
        self.grey_clip("my clips/a.mp4")
        self.refuse_training(says=["one person only: a.mp4", "folder of their own"])
        self.grey_clip("my clips/b.mp4")
        self.refuse_training(says=["no face was found in any of the 2 files", "unmask prepare"])
        self.photos(2)
        (self.clips / "broken.mp4").write_text("no video")
        self.refuse_training(says=["broken.mp4", "one person only: sample2.jpg"])
        shutil.rmtree(self.run_folder)
        self.photos(3)
        self.refuse_training(recipe="self-bland", code=2, says=["'self-bland'", "'self-blend'"])
        self.refuse_training("--config", "options.toml", code=2, says=["--recipe", "--config"])
        self.refuse_training("--forgery", "none", code=2, says=["--forgery none"])
        self.refuse_training("--steps", -1, code=2, says=["steps"])
        self.refuse_training("--general", "gone.onnx", quick=SMALL,
                             says=["gone.onnx: no such file"])
        self.refuse_training(quick=[*SMALL, "--steps", 2],
                             says=["unmask-lite0.onnx: takes crops of 224", "--general none"])
        fakes = self.path("set")
        for label in ("real", "fake"):
            (fakes / label).mkdir(parents=True)
            shutil.copy(PORTRAIT, fakes / label)
        self.refuse_training(inputs=[fakes], says=[fakes, "may hold fakes"])
        self.refuse_training(inputs=[self.path("gone")], says=["gone"])
        self.assertFalse(self.run_folder.exists())

    def test_recipes_are_files_of_options(self):
        told = self.run_program("train", "--help").stdout
        for name in RECIPES:
            with self.subTest(recipe=name):
                printed = tomllib.loads(self.run_program(
                    "train", "--recipe", name, "--steps", 7, "--print-config").stdout)
                self.assertEqual((printed["steps"], printed["crop-scale"]), (7, 1.15))
                self.assertGreater(printed["average"], 0)
                self.assertIn(f"\n  {name}\n      ", told)
        own = self.path("own.toml")
        own.write_text('summary = "mine"\npairs = 3\n[degradations.blur]\nprobability = 0.9\n')
        printed = tomllib.loads(self.run_program("train", "--recipe", own, "--print-config").stdout)
        self.assertEqual((printed["pairs"], printed["degradations"]["blur"]["probability"]),
                         (3, 0.9))
        own.write_text("piars = 3\n")
        self.refuse("train", "--recipe", own, "--print-config", code=2, says=["line 1", "'pairs'"])

    def test_the_recipes_of_the_default_model(self):
        store = self.store_of_photos()
        quick = [*SMALL, "--forgery", "self-blend", "--steps", 2]
        self.refuse("train", store, "--recipe", "default", *quick, "--out", "default",
                    says=["default-general/model.onnx: no such file"])
        for name in ("default-general", "default"):
            done = self.run_program("train", store, "--recipe", name, *quick, "--out", name,
                                    timeout=300)
        self.assertIn("joined with the general branch of", done.stdout)
        model = self.path("default") / "model.onnx"
        shown, = self.run_json("models", model)
        self.assertEqual(shown["metadata"]["backbone"], "efficientnet_lite0_branches")
        # Another weight, from any folder, without training.
        elsewhere = self.path("elsewhere")
        elsewhere.mkdir()
        done = self.run_program(
            "train", "--config", self.path("default") / "options.toml", "--init",
            self.path("default") / "last.onnx", "--steps", 0, "--evidence-weight", 2, "--out",
            "heavier", cwd=elsewhere, timeout=300)
        self.assertIn("nothing was trained, joined with", done.stdout)
        heavier, = self.run_json("models", elsewhere / "heavier" / "model.onnx")
        self.assertEqual(json.loads(heavier["metadata"]["recipe"])["evidence_weight"], 2)
        report = self.run_json("detect", PORTRAIT, "--model", model)
        self.assertIn(report["results"][0]["verdict"], ("real", "fake", "cannot_tell"))
        # A branch of its own may have nothing to show.
        self.run_program("explain", PORTRAIT, "--model", model, "--layer",
                         "specific.blocks.6.0", "--out", self.path("why"))
        # Other faces than those of the general branch are refused before any step.
        self.refuse("train", store, "--recipe", "default", *quick, "--crop-scale", 1.3, "--out",
                    "other", says=["default-general/model.onnx", "the face scale 1.15"])
        self.assertFalse(self.path("other").exists())

    def test_a_folder_of_assets_may_bring_recipes(self):
        recipes = self.path("data") / "recipes"
        recipes.mkdir(parents=True)
        (recipes / "mine.toml").write_text('summary = "of my own"\nsteps = 11\n')
        environment = {**os.environ, "UNMASK_DATA": str(self.path("data"))}
        self.assertIn("mine\n      of my own",
                      self.run_program("train", "--help", env=environment).stdout)
        printed = self.run_program("train", "--recipe", "mine", "--print-config", env=environment)
        self.assertIn("steps = 11", printed.stdout)


class Leaks(ProgramTest):
    def test_forgeries_without_strength_teach_nothing(self):
        store, faces = self.store_of_photos(), 4  # as SMALL says
        result = json.loads(self.run_program(
            "train", store, *SMALL, *RANDOM, "--forgery", "self-blend,warp", "--forgery-strength", 0,
            "--steps", 4, "--out", self.path("run"), "--json", timeout=240).stdout)
        # Equal faces have equal scores; rounding decides a quarter of the comparisons at most.
        self.assertAlmostEqual(result["validation"]["auc"], 0.5, delta=0.5 / faces)
        self.refuse("train", store, *SMALL, *RANDOM, "--forgery-strength", 2, "--out",
                    self.path("other"), code=2, says=["forgery-strength is 2", "from 0 to 1"])


if __name__ == "__main__":
    main()
