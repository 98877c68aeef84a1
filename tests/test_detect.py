"""`unmask detect`: verdicts as text, JSON and drawings, with a small model made for tests."""

import json
import shutil
import subprocess

from support import CLIP, GROUP, PORTRAIT, ProgramTest, ffmpeg, main, make_model, probe


def mean(values):
    return sum(values) / len(values)


def vote(scores, threshold):
    """The mean score of the side with more votes; a tie goes to the side of the mean of all."""
    fake = [s for s in scores if s >= threshold]
    real = [s for s in scores if s < threshold]
    if len(fake) == len(real):
        return mean(scores)
    return mean(fake if len(fake) > len(real) else real)


class Detect(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = make_model("good", self.path("model.onnx"))

    def detect(self, *arguments, **options):
        return self.run_program("detect", *arguments, "--model", self.model, **options)

    def detect_json(self, *arguments, **options):
        return json.loads(self.detect(*arguments, "--json", **options).stdout)

    def test_json_has_every_documented_field(self):
        clip = self.short_clip(frames=48)
        report = self.detect_json(clip, PORTRAIT)
        self.assertEqual((report["schema"], report["version"]), ("unmask/detect", 1))
        self.assertRegex(report["program_version"], r"^\d+\.\d+\.\d+$")
        shown, = json.loads(self.run_program("models", self.model, "--json").stdout)
        self.assertEqual(report["model"], {"name": "small", "sha256": shown["sha256"]})
        self.assertEqual(set(report["options"]),
                         {"aggregate", "vote_score", "threshold", "file_threshold", "precision", "every_frame",
                          "detect_fps", "thorough", "faces_per_track", "small_faces", "always_answer"})
        video, picture = report["results"]
        self.assertEqual([video["file"], picture["file"]], [str(clip), str(PORTRAIT)])
        for result in (video, picture):
            self.assertIn(result["verdict"], ("real", "fake"))
            self.assertEqual(result["verdict"] == "fake",
                             result["score"] >= report["options"]["threshold"])
            self.assertEqual(set(result["seconds"]),
                             {"decode", "detect", "landmarks", "align", "classify", "total", "waits"})
            for track in result["tracks"]:
                self.assertGreaterEqual(track["end"], track["start"])
                self.assertAlmostEqual(track["score"], mean([f["score"] for f in track["faces"]]),
                                       delta=2e-6)
                for face in track["faces"]:
                    self.assertTrue(0 <= face["score"] <= 1)
                    self.assertTrue(track["start"] <= face["time"] <= track["end"])
                    x0, y0, x1, y1 = face["box"]
                    self.assertTrue(x0 < x1 and y0 < y1)
        track, = video["tracks"]
        self.assertEqual(track["id"], 1)
        self.assertLessEqual(len(track["faces"]), 32)
        media = video["media"]
        shape = probe(clip, "nb_read_frames")
        self.assertEqual((media["kind"], media["frames"], media["corrupt_frames"],
                          media["other_videos"]), ("video", int(shape["nb_read_frames"]), 0, 0))
        self.assertAlmostEqual(media["duration"], 2.0, delta=0.01)
        self.assertEqual(picture["media"]["kind"], "picture")

    def test_other_video_streams_are_named(self):
        clip = self.short_clip(frames=48)
        twice = self.path("twice.mp4")
        ffmpeg("-i", clip, "-map", "0:v", "-map", "0:v", "-c", "copy", twice)
        result, = self.detect_json(twice)["results"]
        self.assertEqual(result["media"]["other_videos"], 1)
        self.assertIn("1 other video stream of the file not looked at", self.detect(twice).stdout)
        prepared = self.run_program("prepare", twice, "--label", "real", "--out", self.path("store"))
        self.assertIn("twice.mp4: other video streams, not looked at: 1", prepared.stderr)

    def test_the_scores_are_the_same_on_every_run(self):
        first = self.detect_json(GROUP, "--threads", 1)["results"][0]
        second = self.detect_json(GROUP, "--threads", 2)["results"][0]
        self.assertEqual(first["tracks"], second["tracks"])
        self.assertGreater(len(first["tracks"]), 2)

    def test_aggregations(self):
        for name in ("AT", "MT", "MF"):
            report = self.detect_json(GROUP, "--aggregate", name)
            self.assertEqual(report["options"]["aggregate"], name)
            threshold = report["options"]["threshold"]
            result, = report["results"]
            tracks = [t["score"] for t in result["tracks"]]
            faces = [f["score"] for t in result["tracks"] for f in t["faces"]]
            expected = {"AT": mean(tracks), "MT": vote(tracks, threshold),
                        "MF": vote(faces, threshold)}[name]
            self.assertAlmostEqual(result["score"], expected, delta=2e-6)
        share = self.detect_json(GROUP, "--aggregate", "MF", "--vote-score", "share")
        result, = share["results"]
        faces = [f["score"] for t in result["tracks"] for f in t["faces"]]
        self.assertAlmostEqual(result["score"], mean([s >= threshold for s in faces]), delta=2e-6)
        self.refuse("detect", GROUP, "--model", self.model, "--aggregate", "XX", code=2,
                    says=["XX"])

    def test_a_threshold_decides(self):
        low, high = (self.detect_json(PORTRAIT, "--threshold", t) for t in (0, 1))
        self.assertEqual(low["results"][0]["verdict"], "fake")
        self.assertEqual(high["results"][0]["verdict"], "real")
        self.assertEqual(low["results"][0]["score"], high["results"][0]["score"])

    def test_every_frame_judges_every_face(self):
        clip = self.short_clip(frames=40)
        result, = self.detect_json(clip, "--every-frame")["results"]
        self.assertEqual(result["media"]["frames_searched"], 40)
        self.assertEqual(sum(len(t["faces"]) for t in result["tracks"]), 40)

    def test_text_that_a_person_understands(self):
        clip = self.short_clip(frames=30)
        result, = self.detect_json(clip)["results"]
        text = self.detect(clip).stdout
        self.assertIn(clip.name, text)
        self.assertIn(result["verdict"], text.lower())
        self.assertIn("%", text)
        self.assertIn("track", text)
        self.assertIn("no face", self.detect(self.grey_clip()).stdout.lower())

    def test_no_face_is_a_verdict_of_its_own(self):
        result, = self.detect_json(self.grey_clip())["results"]
        self.assertEqual((result["verdict"], result["score"], result["tracks"]),
                         ("no_face", None, []))

    def test_many_inputs_one_of_which_fails(self):
        media = self.path("media")
        media.mkdir()
        shutil.copy(PORTRAIT, media / "b.jpg")
        (media / "a.mp4").write_text("this is no video")
        for arguments in ([media, PORTRAIT], [media / "a.mp4", media / "b.jpg", PORTRAIT]):
            done = self.detect(*arguments, "--json", code=1)
            report = json.loads(done.stdout)
            self.assertEqual([r["file"] for r in report["results"]],
                             [str(media / "a.mp4"), str(media / "b.jpg"), str(PORTRAIT)])
            failed, good, same = report["results"]
            self.assertEqual((failed["verdict"], failed["score"]), ("error", None))
            self.assertIn("a.mp4", failed["error"])
            self.assertTrue(failed["remedy"])
            self.assertEqual(good["score"], same["score"])
            self.assertIn("error: cannot read " + str(media / "a.mp4"), done.stderr)
            self.assertIn("fix: ", done.stderr)
        text = self.detect(media, code=1)
        self.assertIn("b.jpg", text.stdout)

    def test_an_empty_folder_fails_and_the_others_go_on(self):
        self.path("nothing").mkdir()
        report = json.loads(self.detect(self.path("nothing"), PORTRAIT, "--json", code=1).stdout)
        self.assertEqual(sorted(r["verdict"] == "error" for r in report["results"]),
                         [False, True])

    def test_a_report_in_a_file(self):
        report = self.path("report.json")
        done = self.detect(PORTRAIT, "--json", "--output", report)
        self.assertEqual(done.stdout, "")
        self.assertEqual(json.loads(report.read_text())["results"][0]["file"], str(PORTRAIT))
        text = self.path("report.txt")
        self.detect(PORTRAIT, "--output", text)
        self.assertIn(PORTRAIT.name, text.read_text())

    def test_a_drawing_has_the_frames_and_the_length_of_its_input(self):
        clip = self.path("clip.mp4")
        ffmpeg("-i", CLIP, "-f", "lavfi", "-i", "sine", "-frames:v", 50, "-shortest", "-preset",
               "ultrafast", "-c:a", "aac", clip)
        drawing = self.path("drawing.mp4")
        self.detect(clip, "--draw", drawing)
        fields = ("width", "height", "nb_read_frames", "avg_frame_rate")
        self.assertEqual(probe(drawing, *fields), probe(clip, *fields))
        self.assertAlmostEqual(float(probe(drawing, "duration")["duration"]),
                               float(probe(clip, "duration")["duration"]), delta=0.005)
        # Something was drawn: frames differ by far more than by encoding.
        done = subprocess.run(["ffmpeg", "-nostdin", "-i", clip, "-i", drawing, "-lavfi", "psnr",
                               "-f", "null", "-"], capture_output=True, text=True, check=True)
        average = float(done.stderr.split("average:")[-1].split()[0])
        self.assertLess(average, 35)

    def test_a_drawing_of_a_picture(self):
        drawing = self.path("drawing.png")
        self.detect(GROUP, "--draw", drawing)
        self.assertEqual(probe(drawing, "width", "height"), probe(GROUP, "width", "height"))

    def test_progress_is_no_part_of_the_output(self):
        clip = self.short_clip(frames=30)
        quiet = self.detect(clip, "--quiet")
        self.assertEqual(quiet.stderr, "")
        self.assertTrue(quiet.stdout)


if __name__ == "__main__":
    main()
