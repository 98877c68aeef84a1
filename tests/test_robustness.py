"""`unmask robustness`: one command from labelled files to a report, resumable."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from support import CLIP, PORTRAIT, PROGRAM, SAMPLES, ProgramTest, main, make_model

AUTOENCODERS = Path(__file__).absolute().parent.parent / "models" / "autoencoders"
FILES = {"report.html", "report.md", "robustness.json", "conditions.png", "results.jsonl"}


class Robustness(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = make_model("good", self.path("model.onnx"))
        self.table = self.path("files.tsv")
        rows = [(self.short_clip(frames=12), "real", "franck", "male"),
                (PORTRAIT, "real", "suit", "male"),
                (SAMPLES / "sample2.jpg", "real", "group", "")]
        self.table.write_text("file\tlabel\tidentity\tsex\n" +
                              "".join("\t".join(map(str, row)) + "\n" for row in rows))
        self.command = ["robustness", self.model, "--manifest", self.table, "--out",
                        self.path("out"), "--seconds", 0.2, "--resamples", 100]

    def test_a_report_of_real_files_and_their_forged_copies(self):
        report = self.run_json(*self.command, "--conditions", "jpeg,face-size,frame-rate,profile",
                               "--forge", "self-blend", "--by", "sex")
        self.assertEqual(set(os.listdir(self.path("out"))), FILES | {"groups.png"})
        self.assertEqual(report, json.loads(self.path("out/robustness.json").read_text()))
        self.assertEqual((report["real_files"], report["fake_files"], report["people"]), (3, 0, 3))
        undisturbed = report["undisturbed"]
        self.assertEqual(undisturbed["files"], 6)
        self.assertEqual(undisturbed["false_alarms"]["items"], 3)
        self.assertEqual(undisturbed["found"]["items"], 3)
        self.assertIn("value", undisturbed["auc"])
        conditions = {c["name"]: c["levels"] for c in report["conditions"]}
        self.assertEqual(set(conditions), {"jpeg", "face-size", "frame-rate", "profile"})
        for level in conditions["jpeg"] + conditions["face-size"] + conditions["frame-rate"]:
            self.assertEqual(level["files"], 6)
            self.assertEqual(level["false_alarms"]["items"] + level["found"]["items"] +
                             level["no_face"] + level["left_out"], 6)
        # Pictures have no frame rate; no face here has 300 pixels, all have 40.
        self.assertEqual(conditions["frame-rate"][0]["left_out"], 4)
        self.assertEqual(conditions["frame-rate"][0]["why_left_out"],
                         {"a picture has no frame rate": 4})
        self.assertEqual(conditions["face-size"][0]["left_out"], 6)
        self.assertEqual(conditions["face-size"][-1]["left_out"], 0)
        self.assertEqual(report["columns"][0]["without"], 1)
        self.assertEqual(report["columns"][0]["groups"][0]["name"], "male")
        html = self.path("out/report.html").read_text()
        self.assertIn("data:image/png;base64", html)
        self.assertIn("Down-scaling", html)

    def test_undisturbed_is_what_detect_says(self):
        self.run_program(*self.command, "--conditions", "jpeg")
        lines = [json.loads(line) for line in
                 self.path("out/results.jsonl").read_text().splitlines()[1:]]
        ours = {r["file"]: r["score"] for r in lines if r["condition"] == "none"}
        said = self.run_json("detect", "--model", self.model, PORTRAIT)["results"][0]["score"]
        self.assertAlmostEqual(ours[str(PORTRAIT)], said, places=6)

    def test_goes_on_where_it_was_stopped(self):
        command = [PROGRAM, *map(str, self.command), "--conditions", "jpeg,noise", "--jobs", "1"]
        results = self.path("out/results.jsonl")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.time() + 60
        while time.time() < deadline:
            if results.exists() and len(results.read_text().splitlines()) > 3:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        self.assertIn(process.wait(30), (130, 0))
        before = results.read_text()
        done = self.run_program(*self.command, "--conditions", "jpeg,noise")
        self.assertIn("going on", done.stderr)
        self.assertTrue(results.read_text().startswith(before))
        whole = results.read_text().splitlines()
        self.assertEqual(len(whole), 1 + 3 * 11)
        self.assertEqual(len(set(whole)), len(whole))
        self.refuse(*self.command, "--conditions", "jpeg", "--seed", 2, code=2,
                    says=["other options", "seed"])

    def test_copies_of_other_networks_are_not_mixed_in(self):
        networks = self.path("networks")
        networks.mkdir()
        for name in ("nearest.onnx", "shuffle.onnx"):
            shutil.copy(AUTOENCODERS / name, networks)
        env = {**os.environ, "UNMASK_AUTOENCODERS": str(networks)}
        command = [*self.command, "--conditions", "dark", "--forge"]
        both = ["reconstruct,warp"]
        options = self.run_json(*command, *both, env=env)["options"]
        self.assertRegex(options["forgery_means"], "^reconstruct: [0-9a-f]{64}$")
        results = self.path("out/results.jsonl").read_text()
        (networks / "nearest.onnx").rename(self.path("kept.onnx"))
        self.refuse(*command, *both, code=2, env=env,
                    says=["results.jsonl", options["forgery_means"], "another folder"])
        self.assertEqual(self.path("out/results.jsonl").read_text(), results)
        # What other forgeries made is as good as before.
        options = self.run_json(*command, "warp", env=env)["options"]
        self.assertEqual(options["forgery_means"], "")
        self.path("kept.onnx").rename(networks / "nearest.onnx")
        self.run_program(*command, *both, env=env)
        self.assertEqual(self.path("out/results.jsonl").read_text(), results)

    def test_a_file_that_was_replaced_is_noticed(self):
        copy = self.path("copy.jpg")
        shutil.copy(PORTRAIT, copy)
        self.table.write_text(f"file\tlabel\n{copy}\treal\n")
        command = [*self.command, "--conditions", "dark"]
        self.run_program(*command)
        self.run_program(*command)
        picture = bytearray(copy.read_bytes())
        picture[len(picture) // 2] ^= 1
        time.sleep(0.01)
        copy.write_bytes(picture)  # of the same size
        self.refuse(*command, code=2, says=["theirs have changed"])

    def test_a_file_that_cannot_be_read_is_named_and_the_others_go_on(self):
        with self.table.open("a") as table:
            table.write(f"{self.path('gone.mp4')}\treal\tgone\t\n")
        self.refuse(*self.command, "--conditions", "dark", says=["gone.mp4"])
        report = json.loads(self.path("out/robustness.json").read_text())
        self.assertEqual(len(report["failed"]), 1)
        self.assertEqual(report["undisturbed"]["files"], 3)
        self.assertIn("gone.mp4", self.path("out/report.md").read_text())

    def test_fakes_alone_have_a_report_without_pictures(self):
        self.table.write_text(f"file\tlabel\n{PORTRAIT}\tfake\n")
        report = self.run_json(*self.command, "--conditions", "dark")
        self.assertEqual((report["real_files"], report["fake_files"]), (0, 1))
        self.assertEqual(set(os.listdir(self.path("out"))), FILES - {"conditions.png"})

    def test_a_folder_of_something_else_is_left_alone(self):
        self.path("out").mkdir()
        self.path("out/report.md").write_text("mine")
        self.refuse(*self.command, "--conditions", "dark", code=2, says=["other files"])
        self.assertEqual(os.listdir(self.path("out")), ["report.md"])

    def test_a_table_in_which_nothing_could_be_read_can_be_mended(self):
        whole = self.table.read_text()
        self.table.write_text("file\tlabel\ngone.mp4\treal\n")
        self.refuse(*self.command, "--conditions", "dark", says=["gone.mp4"])
        self.table.write_text(whole)
        self.run_program(*self.command, "--conditions", "dark")
        self.table.write_text("\n".join(whole.splitlines()[:-1]) + "\n")
        self.refuse(*self.command, "--conditions", "dark", code=2, says=["other files"])

    def test_list(self):
        text = self.run_program("robustness", "--list").stdout
        rows = self.run_json("robustness", "--list")["conditions"]
        self.assertGreaterEqual({row["name"] for row in rows},
                                {"crf", "jpeg", "face-size", "blur", "noise", "screen", "social",
                                 "frame-rate", "beauty", "glasses", "occlusion", "profile",
                                 "several"})
        for row in rows:
            self.assertIn(row["summary"], text)

    def test_wrong_usage(self):
        self.refuse("robustness", code=2, says=["--manifest"])
        self.refuse("robustness", "--manifest", self.table, code=2, says=["--out"])
        self.refuse(*self.command, "--conditions", "jepg", code=2, says=["'jepg'", "'jpeg'"])
        self.refuse(*self.command, "--forge", "cross-blend", code=2, says=["another person"])
        self.refuse(*self.command, "--by", "sxe", code=2, says=["'sxe'", "'sex'"])
        self.refuse(*self.command, "--seconds", "0", code=2, says=["seconds"])
        self.assertFalse(self.path("out").exists())


if __name__ == "__main__":
    main()
