"""The table of commands: help, version, wrong usage, and `models`."""

import json
import os
import re
import shutil
import signal
import subprocess
import unittest
from pathlib import Path

from support import PORTRAIT, PROGRAM, ProgramTest, main, make_model


def commands():
    text = subprocess.run([PROGRAM, "--help"], check=True, capture_output=True, text=True).stdout
    block = re.search(r"^Commands:\n((?:.+\n)+)", text, re.MULTILINE).group(1)
    return re.findall(r"^  (\w+) ", block, re.MULTILINE)


class Help(ProgramTest):
    def test_every_command_explains_itself_with_an_example(self):
        names = commands()
        self.assertGreaterEqual(set(names), {"prepare", "forge", "train", "models"})
        for name in names:
            with self.subTest(command=name):
                text = self.run_program(name, "--help").stdout
                self.assertRegex(text, "Examples?:\n")
                self.assertRegex(text, rf"unmask(-| ){name}")
                for line in text.splitlines():
                    self.assertLessEqual(len(line), 80, line)

    def test_version(self):
        self.assertRegex(self.run_program("--version").stdout, r"^unmask \d+\.\d+\.\d+\n$")
        self.assertEqual(self.run_program("--version").stdout,
                         self.run_program("--quiet", "--version").stdout)


class WrongUsage(ProgramTest):
    def test_no_command(self):
        self.refuse(code=2, says=["no command", "unmask --help"])

    def test_an_unknown_command_suggests_the_nearest(self):
        self.refuse("prepair", code=2, says=["'prepair'", "Did you mean 'prepare'?"])
        self.refuse("qqqqqqqqq", code=2, says=["'qqqqqqqqq'", "prepare, forge"])

    def test_an_unknown_option_suggests_the_nearest(self):
        self.refuse("forge", "a.mp4", "b.mp4", "--sed", "3", code=2,
                    says=["--sed", "Did you mean --seed?", "unmask forge --help"])

    def test_values_are_checked(self):
        self.refuse("forge", "a.mp4", "b.mp4", "--crf", "99", code=2, says=["--crf", "0 to 51"])
        self.refuse("forge", PORTRAIT, "b.png", "--forgery", "self-blnd", code=2,
                    says=["'self-blnd'", "Did you mean 'self-blend'?"])
        self.refuse("prepare", PORTRAIT, "--out", "s", "--crop-size", "1", code=2,
                    says=["crop size", "32"])
        self.refuse("prepare", PORTRAIT, "--out", "s", "--threads", "-1", code=2,
                    says=["--threads"])
        for command in (["forge", PORTRAIT, "b.png"], ["evaluate"], ["train", "store"]):
            for seed in ("-1", " -1", "1.5", "99999999999999999999"):
                self.refuse(*command, "--seed", seed, code=2, says=["--seed", "from 0", seed])
        self.assert_nothing_left(self.folder)

    def test_missing_arguments(self):
        self.refuse("forge", "a.mp4", code=2, says=["OUTPUT"])
        self.refuse("prepare", PORTRAIT, code=2, says=["--out"])
        self.refuse("prepare", "--out", "s", code=2, says=["nothing to prepare"])


class Output(ProgramTest):
    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_results_that_cannot_be_printed_are_a_failure(self):
        for arguments in (["models"], ["--help"], ["--version"], ["forge", "--help"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 1, arguments)

    def test_closed_streams_do_not_spoil_an_output(self):
        whole = self.path("whole.bmp")
        self.run_program("forge", PORTRAIT, whole, "--verbose")
        spoilt = self.path("spoilt.bmp")
        command = f'"{PROGRAM}" forge "{PORTRAIT}" "{spoilt}" --verbose <&- >&- 2>&-'
        done = subprocess.run(["sh", "-c", command])
        self.assertEqual(done.returncode, 1)  # the result could not be told
        self.assertEqual(spoilt.read_bytes(), whole.read_bytes())

    def test_a_reader_that_goes_away_is_no_crash(self):
        process = subprocess.Popen([PROGRAM, "models"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        process.stdout.close()
        process.stderr.read()
        process.stderr.close()
        self.assertIn(process.wait(), (0, 1, -signal.SIGPIPE))


class Models(ProgramTest):
    def test_shows_a_model_and_where_it_comes_from(self):
        model = make_model("good", self.path("my model.onnx"))
        text = self.run_program("models", model).stdout
        for part in ("small", "none: random weights, for tests", "Apache-2.0", str(model)):
            self.assertIn(part, text)
        shown = self.run_json("models", model)
        self.assertEqual(len(shown), 1)
        self.assertEqual(shown[0]["metadata"]["licence"], "Apache-2.0")
        self.assertEqual(shown[0]["bytes"], model.stat().st_size)
        digest = subprocess.run(["sha256sum", model], check=True, capture_output=True, text=True)
        self.assertEqual(shown[0]["sha256"], digest.stdout.split()[0])
        self.assertEqual(sorted(shown[0]["outputs"]), ["embedding", "features", "logits"])

    def test_lists_what_is_installed(self):
        models = self.path("models")
        models.mkdir()
        make_model("good", models / "b.onnx")
        make_model("no-metadata", models / "a.onnx")
        (models / "notes.txt").write_text("not a model")
        listed = self.run_json("models", env={**os.environ, "UNMASK_DATA": str(self.folder)})
        self.assertEqual([item["file"] for item in listed[:2]],
                         [str(models / "a.onnx"), str(models / "b.onnx")])
        self.assertIsNone(listed[0]["metadata"])
        self.assertFalse([item for item in listed if "notes" in item["file"]])

    def test_a_bad_model_is_reported_and_the_others_shown(self):
        good = make_model("good", self.path("good.onnx"))
        broken = self.path("broken.onnx")
        broken.write_bytes(good.read_bytes()[:200])
        shown = self.run_program("models", "gone.onnx", broken, good, "--json", code=1)
        self.assertIn("gone.onnx: no such file", shown.stderr)
        self.assertIn(str(broken), shown.stderr)
        self.assertEqual([item["file"] for item in json.loads(shown.stdout)], [str(good)])


class Train(ProgramTest):
    def copied_program(self):
        """The program in a folder of its own, with the libraries that it finds beside its folder."""
        alone = self.folder / "bin" / "unmask"
        alone.parent.mkdir()
        shutil.copy(PROGRAM, alone)
        libraries = Path(PROGRAM).resolve().parent.parent / "lib" / "unmask"
        if libraries.exists():
            (self.folder / "lib").mkdir()
            (self.folder / "lib" / "unmask").symlink_to(libraries.resolve())
        return alone

    def test_without_the_training_program_it_says_how_to_build_it(self):
        alone = self.copied_program()
        done = subprocess.run([alone, "train", "faces"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("unmask-train", done.stderr)
        self.assertIn("UNMASK_TRAINING", done.stderr)

    def test_passes_every_argument_on(self):
        alone = self.copied_program()
        script = alone.with_name("unmask-train")
        script.write_text('#!/bin/sh\nfor a; do echo "<$a>"; done\nexit 7\n')
        script.chmod(0o755)
        arguments = ["my faces", "--quiet", "--help", "-x", "--lr=0.1", "--", "--out", ""]
        done = subprocess.run([alone, "train", *arguments], capture_output=True, text=True)
        self.assertEqual(done.returncode, 7)
        self.assertEqual(done.stdout.splitlines(), [f"<{a}>" for a in arguments])
        done = subprocess.run([alone, "--quiet", "train", "faces"], capture_output=True, text=True)
        self.assertEqual(done.stdout.splitlines(), ["<--quiet>", "<faces>"])


if __name__ == "__main__":
    main()
