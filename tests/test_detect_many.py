"""`unmask detect` on many files: side by side, in shards, as JSON Lines that a run can go on with."""

import json
import os
import shutil
import signal
import subprocess
import time

from support import GROUP, PORTRAIT, PROGRAM, SAMPLES, ProgramTest, main, make_model


def without_times(result):
    return {key: value for key, value in result.items() if key != "seconds"}


class DetectMany(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = make_model("good", self.path("model.onnx"))
        self.media = self.path("media")
        self.media.mkdir()
        for number in range(1, 6):
            shutil.copy(SAMPLES / f"sample{number}.jpg", self.media)
        shutil.copy(PORTRAIT, self.media / "b.jpg")
        (self.media / "a.mp4").write_text("this is no video")
        self.names = sorted(str(path) for path in self.media.iterdir())
        self.lines = self.path("verdicts.jsonl")

    def detect(self, *arguments, **options):
        return self.run_program("detect", *arguments, "--model", self.model, **options)

    def results(self, *arguments, **options):
        return json.loads(self.detect(*arguments, "--json", **options).stdout)["results"]

    def read_lines(self):
        return [json.loads(line) for line in self.lines.read_text().splitlines()]

    def test_the_number_of_jobs_changes_nothing(self):
        one = self.results(self.media, "--jobs", 1, code=1)
        self.assertEqual([r["file"] for r in one], self.names)
        for arguments in (("--jobs", 3), ("--jobs", 3, "--threads", 6), ("--threads", 1)):
            many = self.results(self.media, *arguments, code=1)
            self.assertEqual([without_times(r) for r in many], [without_times(r) for r in one])

    def test_text_comes_in_order(self):
        one = self.detect(self.media, "--jobs", 1, code=1)
        many = self.detect(self.media, "--jobs", 4, code=1)
        self.assertEqual(many.stdout, one.stdout)
        self.assertIn("7 files: ", many.stdout)
        self.assertIn("1 failed", many.stdout)

    def test_a_folder_without_media_is_named_once(self):
        self.path("empty").mkdir()
        for shard, code in (("1/2", 1), ("2/2", 0)):
            done = self.detect(self.path("empty"), PORTRAIT, GROUP, "--shard", shard, code=code)
            self.assertEqual("empty" in done.stderr, code == 1)

    def test_shards_share_the_files_out(self):
        parts = [self.results(self.media, "--shard", f"{i}/3", code=1 if i == 1 else 0)
                 for i in (1, 2, 3)]
        self.assertEqual([[r["file"] for r in part] for part in parts],
                         [self.names[i::3] for i in range(3)])
        for shard in ("4/3", "0/3", "x", "1/0"):
            self.refuse("detect", self.media, "--model", self.model, "--shard", shard, code=2,
                        says=["--shard"])

    def test_names_from_a_list(self):
        listed = self.path("list.txt")
        listed.write_text(f"\ufeff{PORTRAIT}\r\n\n{GROUP}\n", encoding="utf-8")
        files = [r["file"] for r in self.results(self.media / "b.jpg", "--files-from", listed)]
        self.assertEqual(files, [str(self.media / "b.jpg"), str(PORTRAIT), str(GROUP)])
        done = subprocess.run([PROGRAM, "detect", "--files-from", "-", "--model", self.model,
                               "--json"], input=f"{PORTRAIT}\n", capture_output=True, text=True,
                              check=True)
        self.assertEqual([r["file"] for r in json.loads(done.stdout)["results"]], [str(PORTRAIT)])
        listed.write_text("\n")
        for arguments, cause in ((("--files-from", listed), "names no file"),
                                 ((), "nothing to judge")):
            self.refuse("detect", *arguments, "--model", self.model, code=2, says=[cause])
        self.refuse("detect", "--files-from", self.path("missing.txt"), "--model", self.model,
                    says=["missing.txt"])

    def test_each_line_is_a_report(self):
        whole = json.loads(self.detect(self.media, "--json", code=1).stdout)
        printed = self.detect(self.media, "--json-lines", code=1).stdout
        reports = [json.loads(line) for line in printed.splitlines()]
        for report in reports:
            self.assertEqual({k: v for k, v in report.items() if k != "results"},
                             {k: v for k, v in whole.items() if k != "results"})
        results = sorted((without_times(r["results"][0]) for r in reports), key=lambda r: r["file"])
        self.assertEqual(results, [without_times(r) for r in whole["results"]])

    def test_lines_are_gone_on_with(self):
        arguments = ("--json-lines", "--output", self.lines)
        self.detect(*self.names[:4], *arguments, code=1)
        self.assertEqual(len(self.read_lines()), 4)
        whole = self.lines.read_text()
        self.refuse("detect", self.media, *arguments, "--model", self.model, code=2,
                    says=["--resume", self.lines])
        self.lines.write_text(whole + whole[:100])  # a crash in the midst of a line
        done = self.detect(self.media, *arguments, "--resume", code=1)
        self.assertIn("3 files of 7 judged before", done.stderr)
        lines = self.read_lines()
        self.assertTrue(self.lines.read_text().startswith(whole))
        # What failed is tried again.
        files = [line["results"][0]["file"] for line in lines]
        self.assertEqual(sorted(files), sorted(self.names + [str(self.media / "a.mp4")]))
        again = self.detect(self.media / "b.jpg", *arguments, "--resume")
        self.assertIn("1 file of 1 judged before", again.stderr)
        self.assertEqual(self.read_lines(), lines)

    def test_lines_of_other_options_or_of_nobody_are_left_alone(self):
        self.detect(PORTRAIT, "--json-lines", "--output", self.lines)
        before = self.lines.read_text()
        self.refuse("detect", PORTRAIT, "--json-lines", "--output", self.lines, "--resume",
                    "--model", self.model, "--threshold", 0.25, code=2,
                    says=["threshold", "0.25"])
        self.assertEqual(self.lines.read_text(), before)
        for text in ("a diary\nits last word", "{}\n", "[1, 2]\n", "my only line, precious",
                     '{"schema": 1, "results": []}\n', '{"schema": "unmask/detect"}\n',
                     '{"schema": "unmask/detect", "results": [1]}\n', '{"minified": "json"}'):
            self.lines.write_text(text)
            self.refuse("detect", PORTRAIT, "--json-lines", "--output", self.lines, "--resume",
                        "--model", self.model, says=["something else"])
            self.assertEqual(self.lines.read_text(), text)
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        for special in (pipe, "/dev/null"):
            self.refuse("detect", PORTRAIT, "--json-lines", "--output", special, "--model",
                        self.model, says=["no ordinary file"])
        self.refuse("detect", PORTRAIT, "--json-lines", "--output", self.path("new.jsonl"),
                    "--resume", "--draw", self.path("d.jpg"), "--model", self.model, code=2,
                    says=["--draw and --resume"])
        self.refuse("detect", PORTRAIT, "--resume", "--model", self.model, code=2,
                    says=["--json-lines"])

    def test_names_that_are_no_text_are_judged_each(self):
        names = [os.path.join(os.fsencode(self.media), name) for name in (b"n\xff.jpg", b"n\xfe.jpg")]
        for name in names:
            shutil.copy(os.fsencode(PORTRAIT), name)
        for _ in range(2):
            done = subprocess.run([PROGRAM, "detect", *names, "--json-lines", "--output", self.lines,
                                   "--resume", "--model", self.model], capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.read_lines()), 4)

    def test_a_stopped_run_goes_on(self):
        clips = self.path("clips")
        clips.mkdir()
        clip = self.short_clip(frames=72)
        for number in range(12):
            shutil.copy(clip, clips / f"{number:02}.mp4")
        command = [PROGRAM, "detect", clips, "--json-lines", "--output", self.lines, "--model",
                   self.model, "--jobs", "2"]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        deadline = time.monotonic() + 60
        while not (self.lines.exists() and self.lines.stat().st_size > 0):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 130)
        self.assertIn("--resume goes on", errors)
        judged = self.read_lines()
        self.assertLess(len(judged), 12)
        self.run_program(*command[1:], "--resume")
        lines = self.read_lines()
        self.assertEqual(lines[:len(judged)], judged)
        self.assertEqual(sorted(line["results"][0]["file"] for line in lines),
                         sorted(str(path) for path in clips.iterdir()))
        self.assertEqual(len({line["results"][0]["score"] for line in lines}), 1)
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["clip.mp4", "clips", "media", "model.onnx", "verdicts.jsonl"])

    def test_a_profile_for_people(self):
        done = self.detect(PORTRAIT, GROUP, "--profile", "--jobs", 2, "--threads", 2)
        self.assertNotIn("classify", done.stdout)
        self.assertIn("time spent on 2 files, 2 side by side with 1 thread each", done.stderr)
        for stage in ("load", "decode", "search", "landmarks", "align", "classify", "passed"):
            self.assertRegex(done.stderr, rf"\n  {stage} +\d+\.\d\d s")


if __name__ == "__main__":
    main()
