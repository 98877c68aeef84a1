"""unmask explain: what it writes, that it says what detect says, and bad input."""

import json
import os
import signal
import subprocess
import time
import unittest
from pathlib import Path

from support import (CLIP, GROUP, PORTRAIT, PROGRAM, ProgramTest, SmallDisk, ffmpeg, main,
                     make_model, probe)


class Explain(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = make_model("good", self.path("model.onnx"))
        self.out = self.path("out")

    def explain(self, *arguments, **options):
        return self.run_program("explain", *arguments, "-o", self.out, "--model", self.model,
                                **options)

    def report(self):
        return json.loads((self.out / "explanation.json").read_text())

    def pictures_of(self, result):
        """Every picture that a result names."""
        names = [name for name in result["pictures"].values() if name]
        for track in result["tracks"]:
            names += [shown["picture"] for shown in track["shown"]]
            names += [track["mean_picture"]] if track["mean_picture"] else []
        return names

    def test_a_video(self):
        clip = self.short_clip(frames=24)
        done = self.explain(clip, "--frames", 2, "--video")
        self.assertIn("clip.mp4: ", done.stdout)
        self.assertIn("insertion less deletion", done.stdout)
        [result] = self.report()["results"]
        [judged] = self.run_json("detect", clip, "--model", self.model)["results"]
        self.assertEqual(result["score"], judged["score"])
        [track] = result["tracks"]
        self.assertEqual([f["score"] for f in track["faces"]],
                         [f["score"] for f in judged["tracks"][0]["faces"]])
        self.assertEqual(len(track["shown"]), 2)
        self.assertEqual(track["shown"][0]["score"], max(f["score"] for f in track["faces"]))
        for shown in track["shown"]:
            size = shown["map"]["width"] * shown["map"]["height"]
            self.assertEqual(len(shown["map"]["values"]), size)
            self.assertLessEqual(max(shown["map"]["values"]), result["scale"] * 1.001)
        names = self.pictures_of(result)
        self.assertEqual(sorted(names), sorted(f"clip/{n}" for n in os.listdir(self.out / "clip")))
        for name in names:
            self.assertGreater(int(probe(self.out / name, "width")["width"]), 300)
        overlay = probe(self.out / result["pictures"]["overlay"], "width,height,nb_read_frames")
        self.assertEqual((overlay["width"], overlay["height"], overlay["nb_read_frames"]),
                         (360, 288, "24"))
        self.assert_nothing_left(self.out, "clip", "explanation.json")

    def test_the_overlay_keeps_the_sound(self):
        clip = self.path("sound.mp4")
        ffmpeg("-i", CLIP, "-f", "lavfi", "-i", "sine", "-frames:v", 24, "-t", 1, "-map", "0:v",
               "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast", clip)
        self.explain(clip, "--video", "--test-faces", 0)
        done = subprocess.run(
            ["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries",
             "stream=codec_name", "-of", "csv=p=0", self.out / "sound" / "overlay.mp4"],
            capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.strip(), "aac")

    def test_pictures_side_by_side_and_models_compared(self):
        (self.folder / "other").mkdir()
        twin = self.path("other") / GROUP.name
        twin.write_bytes(GROUP.read_bytes())
        three = make_model("three-classes", self.path("three.onnx"))
        copy = self.path("copy.onnx")
        copy.write_bytes(Path(self.model).read_bytes())
        self.explain(GROUP, twin, PORTRAIT, "--frames", 1, "--compare", f"{three},{copy}")
        report = self.report()
        # All three are called "small" by themselves, so their files tell them apart.
        self.assertEqual(report["compared"], ["three", "copy"])
        self.assertEqual(sorted(os.listdir(self.out)),
                         ["explanation.json", "sample1", "sample1-2", "suit"])
        for result in report["results"]:
            self.assertIsNone(result["pictures"]["timeline"])
            for name in self.pictures_of(result):
                self.assertTrue((self.out / name).exists(), name)
            for track in result["tracks"]:
                [shown] = track["shown"]
                same = shown["compared"][1]
                self.assertAlmostEqual(same["score"], shown["score"], places=4)
                self.assertEqual(len(same["map"]["values"]), len(shown["map"]["values"]))

    def test_targets_and_methods(self):
        maps = {}
        for target in ("margin", "fake", "real"):
            for method in ("grad-cam", "grad-cam++"):
                self.out = self.path(f"{target}-{method}")
                self.explain(PORTRAIT, "--target", target, "--method", method, "--test-faces", 0)
                report = self.report()
                self.assertEqual(report["options"]["target"], target)
                self.assertIsNone(report["results"][0]["faithfulness"])
                maps[target, method] = report["results"][0]["tracks"][0]["mean_map"]["values"]
        self.assertNotEqual(maps["margin", "grad-cam"], maps["real", "grad-cam"])
        self.assertNotEqual(maps["margin", "grad-cam"], maps["margin", "grad-cam++"])

    def test_json_goes_to_standard_output_too(self):
        printed = json.loads(self.explain(PORTRAIT, "--json").stdout)
        self.assertEqual(printed, self.report())
        self.assertEqual(printed["schema"], "unmask/explain")

    def test_a_file_without_a_face(self):
        grey = self.grey_clip()
        done = self.explain(grey, PORTRAIT, "--video")
        self.assertIn("no face", done.stdout.lower())
        none, face = self.report()["results"]
        self.assertEqual((none["verdict"], none["tracks"]), ("no_face", []))
        self.assertEqual(none["pictures"], {"timeline": None, "overlay": None, "models": None})
        self.assertTrue(face["tracks"])
        self.assert_nothing_left(self.out, "suit", "explanation.json")

    def test_folders_do_not_get_in_the_way_of_the_report(self):
        photo = self.path("explanation.json.jpg")
        photo.write_bytes(PORTRAIT.read_bytes())
        self.explain(photo, "--test-faces", 0)
        self.assertIn(self.report()["results"][0]["verdict"], ("real", "fake"))
        self.assert_nothing_left(self.out, "explanation.json", "explanation.json-2")

    def test_a_damaged_video(self):
        clip = self.short_clip(frames=60)
        data = bytearray(clip.read_bytes())
        for i in range(len(data) // 2, len(data) // 2 + 3000):
            data[i] ^= 0x5a
        self.path("damaged.mp4").write_bytes(data)
        self.explain("damaged.mp4", "--video", "--test-faces", 1)
        [result] = self.report()["results"]
        for name in self.pictures_of(result):
            self.assertTrue((self.out / name).exists(), name)

    def test_a_file_that_cannot_be_read_does_not_stop_the_others(self):
        self.path("broken.mp4").write_bytes(b"nonsense")
        self.explain("broken.mp4", PORTRAIT, code=1)
        broken, face = self.report()["results"]
        self.assertEqual(broken["verdict"], "error")
        self.assertIn("broken.mp4", broken["error"])
        self.assertTrue(face["tracks"])

    def test_where_every_file_fails_nothing_is_written(self):
        self.explain("missing.mp4", code=1)
        self.assert_nothing_left(self.folder, "model.onnx")

    def refuse_explain(self, *arguments, **options):
        return self.refuse("explain", PORTRAIT, *arguments, **options)

    def test_models_that_cannot_be_explained(self):
        model = make_model("no-features", self.path("plain.onnx"))
        for option in ("--model", "--compare"):
            self.refuse_explain("-o", self.out, option, model,
                                says=[model, "no output called 'features'", "Export the model"])
        self.refuse_explain("-o", self.out, "--model", self.path("none.onnx"),
                            says=["none.onnx: no such file"])
        self.assert_nothing_left(self.folder, "model.onnx", "plain.onnx")

    def test_outputs_that_cannot_be_written(self):
        self.path("file").write_text("precious")
        (self.path("full") / "x").mkdir(parents=True)
        for out, code in (("file", 2), ("full", 2), ("none/out", 1), ("file/out", 1),
                          ("/proc/out", 1)):
            with self.subTest(out=out):
                self.refuse_explain("-o", self.path(out), "--model", self.model, code=code,
                                    says=[self.path(out)])
        self.assertEqual(self.path("file").read_text(), "precious")
        self.assert_nothing_left(self.folder, "file", "full", "model.onnx")
        self.out.mkdir()  # an empty folder may be there
        self.explain(PORTRAIT, "--test-faces", 0)
        self.assertTrue(self.report()["results"])

    def test_wrong_usage(self):
        wrong = [(["--method", "gradcam"], "grad-cam"), (["--target", "reel"], "real"),
                 (["--frames", 0], "1 … 1000"), (["--test-faces", -1], "0 … 1000")]
        for arguments, says in wrong:
            with self.subTest(arguments=arguments):
                self.refuse_explain("-o", self.out, "--model", self.model, *arguments, code=2,
                                    says=[says])
        self.refuse("explain", PORTRAIT, code=2, says=["--out"])
        self.assert_nothing_left(self.folder, "model.onnx")

    def test_a_full_disk_leaves_nothing(self):
        with SmallDisk(self, self.path("disk"), "100k") as disk:
            self.refuse_explain("-o", disk / "out", "--model", self.model,
                                says=["No space left on device"])
            self.assert_nothing_left(disk)

    def test_ctrl_c_leaves_nothing(self):
        for wait in (0.3, 1.5):
            process = subprocess.Popen(
                [PROGRAM, "explain", str(CLIP), "-o", str(self.out), "--model", str(self.model),
                 "--video", "--every-frame"],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(wait)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 130, errors)
            self.assert_nothing_left(self.folder, "model.onnx")


@unittest.skipUnless(os.path.exists(os.path.join(os.path.dirname(PROGRAM), "unmask-train")),
                     "built without training")
class Layers(ProgramTest):
    def maps(self, *arguments):
        out = self.path("out" + "".join(map(str, arguments)).replace(".", ""))
        self.run_program("explain", PORTRAIT, "-o", out, "--test-faces", 0, *arguments)
        report = json.loads((out / "explanation.json").read_text())
        return report["results"][0]["tracks"][0]["mean_map"]

    def test_the_last_layer_by_autograd_is_the_closed_form(self):
        for method in ("grad-cam", "grad-cam++"):
            closed = self.maps("--method", method)
            layer = self.maps("--method", method, "--layer", "features")
            largest = max(closed["values"])
            for a, b in zip(closed["values"], layer["values"], strict=True):
                self.assertAlmostEqual(a, b, delta=0.01 * largest)

    def test_an_inner_layer_has_a_finer_map(self):
        self.assertEqual(self.maps("--layer", "blocks.2.1")["width"], 28)

    def test_unknown_layers_and_foreign_models(self):
        error = self.refuse("explain", PORTRAIT, "-o", self.path("out"), "--layer", "blocks.2.11",
                            code=2, says=["Did you mean 'blocks.2.1'?", "conv_stem"])
        self.assertNotIn("unexpectedly", error)
        model = make_model("good", self.path("model.onnx"))
        self.refuse("explain", PORTRAIT, "-o", self.path("out"), "--layer", "conv", "--model",
                    model, says=["model.onnx: was not trained here"])
        self.assert_nothing_left(self.folder, "model.onnx")


if __name__ == "__main__":
    main()
