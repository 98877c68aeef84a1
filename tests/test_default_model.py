"""The model that comes with the program: a real clip, and a manipulated copy of it."""

from support import SAMPLES, ProgramTest, ffmpeg, main

CLIP = SAMPLES / "cap13_edit2.mp4"  # a woman talking


class DefaultModel(ProgramTest):
    def test_it_is_installed_and_says_where_it_comes_from(self):
        shown = [m for m in self.run_json("models") if m["file"].endswith("unmask-lite0.onnx")]
        self.assertEqual(len(shown), 1)
        self.assertLessEqual(shown[0]["bytes"], 8 * 1000 * 1000)
        for field in ("name", "backbone", "loss", "training_data", "licence"):
            self.assertTrue(shown[0]["metadata"][field], field)

    def test_a_real_clip_and_manipulated_copies_of_it(self):
        real = self.path("real.mp4")
        ffmpeg("-i", CLIP, "-t", 4, "-c", "copy", real)
        copies = []
        for seed in (1, 2, 3):
            copies.append(self.path(f"fake{seed}.mp4"))
            self.run_program("forge", real, copies[-1], "--seed", seed)
        first, *others = self.run_json("detect", real, *copies)["results"]
        self.assertEqual(first["verdict"], "real")
        # Every copy is more suspicious than the original, though gentle ones pass for real.
        for other in others:
            self.assertGreater(other["score"], first["score"] + 0.05)
        self.assertIn("fake", [other["verdict"] for other in others])


if __name__ == "__main__":
    main()
