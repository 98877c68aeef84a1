"""`unmask forge`: a manipulated copy that differs in the faces and nowhere else."""

import hashlib
import subprocess

from support import CLIP, PORTRAIT, ProgramTest, ffmpeg, main, probe


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Forge(ProgramTest):
    def test_a_clip_keeps_its_length_and_its_sound(self):
        clip = self.path("clip.mp4")
        ffmpeg("-ss", 1, "-i", CLIP, "-f", "lavfi", "-i", "sine=frequency=300", "-frames:v", 15,
               "-shortest", "-preset", "ultrafast", "-c:a", "aac", clip)
        fake = self.path("fake.mp4")
        result = self.run_json("forge", clip, fake, "--crf", 10)
        self.assertEqual(result["frames"], 15)
        self.assertEqual(result["forged_frames"], 15)
        self.assertEqual(result["forged_faces"], 15)
        fields = ("nb_read_frames", "width", "height", "avg_frame_rate")
        self.assertEqual(probe(fake, *fields), probe(clip, *fields))
        self.assertAlmostEqual(float(probe(fake, "duration")["duration"]),
                               float(probe(clip, "duration")["duration"]), delta=0.005)
        sound = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries",
                                "stream=codec_name", "-of", "csv=p=0", fake],
                               check=True, capture_output=True, text=True).stdout
        self.assertEqual(sound.strip(), "aac")

    def test_a_seed_forges_in_the_same_way(self):
        outputs = [self.path(f"{i}.png") for i in range(3)]
        for output, seed in zip(outputs, (5, 5, 6)):
            self.run_program("forge", PORTRAIT, output, "--seed", seed)
        self.assertEqual(digest(outputs[0]), digest(outputs[1]))
        self.assertNotEqual(digest(outputs[0]), digest(outputs[2]))

    def test_a_name_with_spaces_umlauts_and_a_leading_dash(self):
        self.run_program("forge", "--", PORTRAIT, "-fäke copy.jpg", cwd=self.folder)
        self.run_program("forge", "--", "-fäke copy.jpg", "-again.jpg", cwd=self.folder)
        self.assert_nothing_left(self.folder, "-fäke copy.jpg", "-again.jpg")

    def test_refuses_what_cannot_be_done_and_writes_nothing(self):
        clip = self.short_clip(frames=5)
        before = digest(clip)
        self.refuse("forge", clip, clip, says=[clip, "the input itself"])
        self.assertEqual(digest(clip), before)
        self.refuse("forge", clip, self.path("out.png"), says=["out.png", "picture"])
        self.refuse("forge", PORTRAIT, self.path("out.mp4"), says=["out.mp4", "picture"])
        self.refuse("forge", clip, self.path("none/out.mp4"), says=["none", "does not exist"])
        self.refuse("forge", clip, self.path("out.txt"), says=["out.txt"])
        self.refuse("forge", self.path("gone.mp4"), self.path("o.mp4"), says=["gone.mp4"])
        self.refuse("forge", self.grey_clip(), self.path("o.mp4"), says=["grey.mp4", "no face"])
        self.assert_nothing_left(self.folder, "clip.mp4", "grey.mp4")


if __name__ == "__main__":
    main()
