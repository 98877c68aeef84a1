"""`unmask train --autoencoder`, and the forgery that its files are for."""

import json
import os
import signal
import subprocess
import time

from support import PORTRAIT, PROGRAM, ProgramTest, main

SHORT = ["--steps", 2, "--batch", 1, "--threads", 1, "--workers", 1, "--precision", "fp32",
         "--validation-faces", 2]


class Autoencoder(ProgramTest):
    def environment(self, folder):
        return {**os.environ, "UNMASK_AUTOENCODERS": str(folder)}

    def test_from_faces_to_forgeries(self):
        store, folder = self.store_of_photos(), self.path("networks")
        folder.mkdir()
        result = self.run_json("train", "--autoencoder", "shuffle", store, *SHORT, "--out",
                               folder / "shuffle.onnx", "--licence", "CC0-1.0")
        shown, = self.run_json("models", folder / "shuffle.onnx")
        self.assertEqual(shown["metadata"]["licence"], "CC0-1.0")
        self.assertEqual(shown["outputs"], ["latent", "reconstruction"])
        text = self.run_program("models", folder / "shuffle.onnx").stdout
        self.assertIn("decoder: shuffle", text)
        self.assertNotIn("answers", text)  # it judges nothing
        recipe = json.loads(shown["metadata"]["recipe"])
        self.assertEqual((recipe["decoder"], recipe["steps"]), ("shuffle", 2))
        self.assertEqual(recipe["validation_psnr"], result["validation"]["psnr"])

        forged = self.path("forged.png")
        self.run_program("forge", PORTRAIT, forged, "--forgery", "reconstruct",
                         env=self.environment(folder))
        self.assertTrue(forged.exists())
        # Those of the program are there without any.
        env = {name: value for name, value in os.environ.items() if name != "UNMASK_AUTOENCODERS"}
        own = self.path("own.png")
        self.run_program("forge", PORTRAIT, own, "--forgery", "reconstruct", env=env)
        self.assertNotEqual(own.read_bytes(), forged.read_bytes())
        # It is no classifier.
        self.refuse("detect", PORTRAIT, "--model", folder / "shuffle.onnx", says=["shuffle.onnx"])

    def test_without_autoencoders_nothing_is_begun(self):
        store, nowhere = self.store_of_photos(), self.environment(self.path("nowhere"))
        self.refuse("train", store, "--init", "random", "--forgery", "reconstruct", "--out",
                    self.path("run"), says=["nowhere", "train --autoencoder"], env=nowhere)
        self.refuse("forge", PORTRAIT, self.path("forged.png"), "--forgery", "reconstruct",
                    says=["nowhere", "train --autoencoder"], env=nowhere)
        self.assert_nothing_left(self.folder, "store", "table.tsv")

    def test_what_cannot_be_trained(self):
        store, out = self.store_of_photos(), self.path("a.onnx")
        train = ["train", "--autoencoder"]
        self.refuse(*train, "nearst", store, "--out", out, code=2, says=["nearest"])
        self.refuse(*train, "nearest", store, "--out", self.path("a"), code=2, says=[".onnx"])
        self.refuse(*train, "nearest", "--out", out, code=2, says=["store"])
        self.refuse(*train, "nearest", store, "--out", self.path("none/a.onnx"), says=["none"])
        self.refuse(*train, "nearest", store, "--out", out, "--loss", "focal", code=2,
                    says=["--loss"])
        self.assertIn("transposed", self.run_program(*train, "nearest", "--help").stdout)
        self.assert_nothing_left(self.folder, "store", "table.tsv")

    def test_interrupted_it_leaves_nothing(self):
        store = self.store_of_photos()
        running = subprocess.Popen(
            [PROGRAM, "train", "--autoencoder", "nearest", store, "--steps", "100000", "--batch",
             "1", "--out", self.path("a.onnx")], stderr=subprocess.PIPE, text=True)
        time.sleep(5)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 130, errors)
        self.assert_nothing_left(self.folder, "store", "table.tsv")


if __name__ == "__main__":
    main()
