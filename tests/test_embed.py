"""`unmask embed`: models and stores in, maps of faces out."""

import csv
import os
import shutil
import tempfile
from pathlib import Path

from support import CLIP, PORTRAIT, SAMPLES, ProgramTest, SmallDisk, main, make_model
from test_outputs import Interrupted


class Embed(ProgramTest):
    interrupt = Interrupted.interrupt

    @classmethod
    def setUpClass(cls):
        cls.shared = Path(tempfile.mkdtemp(prefix="unmask-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)

    def setUp(self):
        super().setUp()
        self.model = make_model("good", self.path("model.onnx"))
        self.store = self.shared / "store"
        if not self.store.exists():
            self.make_store()

    def make_store(self):
        """Two classes to test on, another to validate on; a file without a face to train on."""
        table = ["file\tlabel\tclass\tidentity\tsplit\tquality"]
        for i in range(1, 6):
            kind = "fake\tFaceSwap" if i % 2 else "real\treal"
            table.append(f"{SAMPLES}/sample{i}.jpg\t{kind}\tgroup{i}\ttest\tc23")
        table.append(f"{PORTRAIT}\tfake\tDeepfakes\tsuit\tval\tc23")
        shutil.move(self.grey_clip(), self.shared / "grey.mp4")
        table.append(f"{self.shared}/grey.mp4\treal\treal\tgrey\ttrain\tc23")
        self.path("table.tsv").write_text("\n".join(table) + "\n")
        self.run_program("prepare", "--manifest", self.path("table.tsv"), "-o", self.store)

    def read_csv(self, path):
        with open(path, newline="") as file:
            return list(csv.DictReader(file))

    def test_a_map_as_csv_json_and_picture(self):
        report = self.run_json("embed", self.model, self.store, "--csv", self.path("map.csv"),
                               "--vectors", self.path("vectors.csv"), "--plot",
                               self.path("map.svg"))
        self.assertEqual((report["schema"], report["version"]), ("unmask/embed", 1))
        self.assertEqual(report["options"]["split"], "test")
        faces, (maps,) = report["faces"], report["maps"]
        self.assertEqual(report["available"], len(faces))
        self.assertEqual({face["class"] for face in faces}, {"real", "FaceSwap"})
        self.assertEqual(len(maps["tsne"]["points"]), len(faces))
        self.assertLessEqual(maps["tsne"]["perplexity"], (len(faces) - 1) / 3)
        self.assertGreater(maps["tsne"]["trustworthiness"], 0.6)
        self.assertGreaterEqual(maps["tsne"]["kl_divergence"], 0)
        first, second = maps["pca"]["explained_variance"]
        self.assertGreaterEqual(first, second)
        self.assertLessEqual(first + second, 1 + 1e-9)
        rows = self.read_csv(self.path("map.csv"))
        vectors = self.read_csv(self.path("vectors.csv"))
        self.assertEqual(len(rows), len(faces))
        for row, vector, face, place, pca in zip(rows, vectors, faces, maps["tsne"]["points"],
                                                 maps["pca"]["points"]):
            for key in ("file", "class", "label", "identity", "split", "quality"):
                self.assertEqual(row[key], face[key])
            self.assertEqual(vector["file"], face["file"])
            self.assertEqual(sum(key[0] == "v" for key in vector), maps["dimensions"])
            for key, value in (("tsne_x", place[0]), ("tsne_y", place[1]), ("pca_1", pca[0]),
                               ("pca_2", pca[1])):
                self.assertAlmostEqual(float(row[key]), value, delta=1e-5 * abs(value) + 1e-9)
        # The first component is the direction in which the features vary most.
        self.assertAlmostEqual(sum(p[0] for p in maps["pca"]["points"]) / len(faces), 0, delta=1e-6)
        svg = self.path("map.svg").read_text()
        fakes = sum(face["label"] == "fake" for face in faces)
        for text in ("small: t-SNE", "small: PCA", f"FaceSwap ({fakes})"):
            self.assertIn(text, svg)

    def test_runs_agree_and_threads_do_not_matter(self):
        run = ["embed", self.model, self.store, "--iterations", 100]
        report = self.run_json(*run)
        self.assertEqual(self.run_json(*run, "--threads", 1), report)
        other = self.run_json(*run, "--seed", 2)
        self.assertNotEqual(other["maps"][0]["tsne"]["points"],
                            report["maps"][0]["tsne"]["points"])
        self.assertEqual(other["maps"][0]["pca"], report["maps"][0]["pca"])

    def test_several_models_and_their_fusion(self):
        other = make_model("three-classes", self.path("other.onnx"))
        run = ["embed", self.model, self.store, other, "--method", "pca"]
        report = self.run_json(*run, "--plot", self.path("map.png"))
        self.assertEqual([m["name"] for m in report["models"]], ["model", "other"])
        self.assertEqual([m["features"] for m in report["maps"]],
                         ["model", "other", "model + other"])
        self.assertEqual(report["maps"][2]["dimensions"], 2 * report["maps"][0]["dimensions"])
        self.assertNotIn("tsne", report["maps"][0])
        self.assertEqual(self.path("map.png").read_bytes()[:4], b"\x89PNG")
        alone = self.run_json(*run, "--fusion-only", "--vectors", self.path("v.csv"))
        self.assertEqual(alone["maps"], report["maps"][2:])
        for row in self.read_csv(self.path("v.csv")):
            length = sum(float(v) ** 2 for key, v in row.items() if key[0] == "v")
            self.assertAlmostEqual(length, 2, delta=1e-5)  # each model's part has length 1

    def test_faces_are_chosen(self):
        def files(*options):
            report = self.run_json("embed", self.model, self.store, "--method", "pca", *options)
            return [face["file"] for face in report["faces"]]
        everything = files("--split", "all")
        self.assertIn(str(PORTRAIT), everything)
        one_each = files("--faces-per-file", 1)
        self.assertEqual(len(one_each), 5)
        self.assertEqual(len(set(one_each)), 5)
        self.assertEqual(len(files("--max-faces", 4)), 4)
        self.assertEqual(set(files("--classes", "FaceSwap", "--quality", "c23")),
                         {f"{SAMPLES}/sample{i}.jpg" for i in (1, 3, 5)})

    def test_one_face_and_two(self):
        for faces in (1, 2, 3):
            plot = self.path(f"{faces}.svg")
            report = self.run_json("embed", self.model, self.store, "--max-faces", faces, "--plot",
                                   plot)
            (maps,) = report["maps"]
            self.assertEqual(len(maps["tsne"]["points"]), faces)
            self.assertEqual(maps["tsne"]["trustworthiness"] is None, faces < 3)
            self.assertTrue(plot.exists())
        text = self.run_program("embed", self.model, self.store, "--split", "val", "--csv",
                                self.path("c.csv")).stdout
        self.assertIn("1 face: Deepfakes 1", text)

    def test_what_cannot_be_mapped(self):
        run = ["embed", self.model, self.store]
        out = ["--csv", self.path("map.csv")]
        self.refuse(*run, code=2, says=["nothing to write", "--plot"])
        self.refuse(*run, *out, "--split", "train", says=["no face was found"])
        self.refuse(*run, *out, "--classes", "real,FaceSwop", code=2,
                    says=["'FaceSwop'", "'FaceSwap'"])
        self.refuse(*run, *out, "--quality", "raw", says=["quality raw", "quality c23"])
        self.refuse(*run, *out, "--perplexity", "0.2", code=2, says=["perplexity", "0.2"])
        self.refuse(*run, *out, "--perplexity", "nan", code=2, says=["perplexity"])
        self.refuse(*run, *out, "--iterations", "0", code=2, says=["iterations"])
        self.refuse(*run, *out, "--max-faces", "-1", code=2, says=["the most faces"])
        self.refuse(*run, *out, "--method", "umap", code=2, says=["--method"])
        self.refuse("embed", self.model, *out, code=2, says=["no store"])
        self.refuse("embed", self.store, *out, code=2, says=["no model"])
        self.refuse(*run, self.store, *out, code=2, says=["given twice"])
        self.refuse(*run, self.model, *out, code=2, says=["given twice"])
        self.refuse(*run, self.path("gone.onnx"), *out, says=["gone.onnx", "no such file"])
        self.refuse(*run, self.folder, *out, says=[self.folder, "is no file"])
        self.refuse("embed", CLIP, self.store, *out, says=[CLIP.name])
        bare = make_model("no-embedding", self.path("bare.onnx"))
        self.refuse("embed", bare, self.store, *out, says=["bare.onnx", "'embedding'"])
        small = self.path("small")
        self.run_program("prepare", PORTRAIT, "-o", small, "--label", "real", "--crop-scale", "1.2")
        self.refuse("embed", self.model, small, *out, "--split", "all",
                    says=["--crop-scale", "scale 1.20"])
        self.assertFalse(self.path("map.csv").exists())

    def test_places_that_cannot_be_written(self):
        run = ["embed", self.model, self.store]
        before = self.model.read_bytes()
        self.refuse(*run, "--csv", self.model, code=2, says=["overwrite the input"])
        self.refuse(*run, "--plot", self.store, code=2, says=["overwrite the input"])
        self.refuse(*run, "--plot", self.path("map.pdf"), code=2, says=["map.pdf", ".svg"])
        self.refuse(*run, "--plot", self.path("none/map.png"), says=["none/map.png"])
        self.refuse(*run, "--vectors", "/proc/vectors.csv", says=["/proc/vectors.csv"])
        both = self.path("both")
        self.refuse(*run, "--csv", both, "--vectors", f"{self.folder}/./both", code=2,
                    says=["the same file"])
        self.refuse(*run, "--plot", self.path("map.png"), says=["gnuplot-nox"],
                    env={**os.environ, "PATH": "/nowhere"})
        self.assertEqual(self.model.read_bytes(), before)
        self.assert_nothing_left(self.folder, "model.onnx")

    def test_a_full_disk(self):
        with SmallDisk(self, self.path("disk"), "4k") as disk:
            (disk / "fill").write_bytes(b"x" * 4096)
            self.refuse("embed", self.model, self.store, "--vectors", disk / "v.csv",
                        says=[disk / "v.csv", "No space left on device"])
            self.assert_nothing_left(disk, "fill")

    def test_ctrl_c_leaves_nothing(self):
        out = self.path("out")
        out.mkdir()
        for after in (0.0, 0.1, 0.3, 0.6):
            with self.subTest(after=after):
                said = self.interrupt(["embed", self.model, self.store, "--iterations", 100000,
                                       "--csv", out / "map.csv", "--plot", out / "map.png"], after)
                self.assertNotIn("error:", said)
                self.assert_nothing_left(out)


del Interrupted  # its own tests run elsewhere

if __name__ == "__main__":
    main()
