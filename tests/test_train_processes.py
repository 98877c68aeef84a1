"""`unmask train` in several processes: started by itself and by launchers, stopped and killed."""

import json
import os
import signal
import socket
import subprocess
import time

from support import PORTRAIT, PROGRAM, SAMPLES, ProgramTest, main

SMALL = ["--input-size", 64, "--pairs", 12, "--workers", 1, "--threads", 1, "--init", "random",
         "--validation-faces", 4, "--precision", "fp32"]
LAUNCHER = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
JOINED = ["--recipe", "self-blend", "--pairs", 2, "--workers", 1, "--threads", 1, "--precision",
          "fp32", "--steps", 1]
FOREVER = ["--steps", 100000, "--checkpoint-every", 1, "--validate-every", 100000]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stat(pid):
    """State and parent of a process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return fields[0], int(fields[1])
    except FileNotFoundError:
        return None


def children(pid):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and (state := stat(name)) and state[1] == pid:
            found.append(int(name))
    return found


def status_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}


def training_catches_ctrl_c(pid):
    """The program started first catches signals too, until the training program replaces it."""
    if status_of(pid)["Name"] != "unmask-train":
        return False
    return int(status_of(pid)["SigCgt"], 16) >> (signal.SIGINT - 1) & 1


class TrainProcesses(ProgramTest):
    def setUp(self):
        super().setUp()
        self.store = self.store_of_photos()
        self.run_folder = self.path("run")
        self.environment = {k: v for k, v in os.environ.items() if k not in LAUNCHER}

    def train(self, *arguments, **options):
        return self.run_program("train", self.store, *SMALL, *arguments, timeout=300, **options)

    def start(self, *arguments, options=SMALL, **environment):
        """A run in the background; ended with the test."""
        process = subprocess.Popen(
            [PROGRAM, "train", str(self.store), *map(str, options), *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**self.environment, **environment})
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def start_as_a_launcher_would(self, size, *arguments, last=()):
        """`last`: further arguments of the last process."""
        port = free_port()
        return [self.start("--out", self.run_folder, *arguments, *(last if rank == size - 1 else ()),
                           RANK=str(rank), WORLD_SIZE=str(size), LOCAL_RANK=str(rank),
                           LOCAL_WORLD_SIZE=str(size), MASTER_ADDR="127.0.0.1",
                           MASTER_PORT=str(port)) for rank in range(size)]

    def wait_for(self, condition, process, what, seconds=120):
        deadline = time.monotonic() + seconds
        while not condition():
            if process.poll() is not None:
                self.fail(f"ended before {what}: {process.stderr.read()}")
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.02)

    def wait_for_checkpoint(self, process):
        self.wait_for((self.run_folder / "checkpoint.pt").exists, process, "a checkpoint")

    def assert_kept(self, says):
        self.assertFalse((self.run_folder / "model.onnx").exists())
        self.assertEqual([n for n in os.listdir(self.run_folder) if ".part" in n], [], says)

    def assert_ended(self, pids):
        """All within seconds, none a zombie of ours."""
        deadline = time.monotonic() + 5
        while left := [pid for pid in pids if (s := stat(pid)) and s[0] != "Z"]:
            self.assertLess(time.monotonic(), deadline, f"still there: {left}")
            time.sleep(0.02)

    def test_two_processes_train_the_model_of_one(self):
        losses, scores = {1: [], 2: []}, []
        for processes in (1, 2):
            out = self.path(f"run{processes}")
            # Dropout included; at a rate at which rounding does not grow.
            done = self.train("--out", out, "--steps", 3, "--processes", processes, "--dropout", 0.5,
                              "--drop-path", 0.3, "--learning-rate", 1e-4, "--average", 0.5,
                              "--validate-every", 2, "--json",
                              env=self.environment)
            self.assertEqual(json.loads(done.stdout)["steps"], 3)
            for line in (out / "metrics.jsonl").read_text().splitlines():
                losses[processes].append(json.loads(line).get("loss", 0))
            report = self.run_json("detect", PORTRAIT, "--model", out / "model.onnx")
            scores.append(report["results"][0]["score"])
        self.assertEqual(len(losses[1]), 4)  # at two validations
        for one, two in zip(losses[1], losses[2], strict=True):
            self.assertAlmostEqual(one, two, delta=1e-3)
        self.assertAlmostEqual(scores[0], scores[1], delta=0.05)

    def test_a_launcher_starts_them_and_the_number_may_change(self):
        group = self.start_as_a_launcher_would(2, "--steps", 3, "--validate-every", 2)
        for rank, process in enumerate(group):
            said, errors = process.communicate(timeout=200)
            self.assertEqual(process.returncode, 0, errors)
            self.assertEqual("model written" in said, rank == 0)
        self.assertTrue((self.run_folder / "model.onnx").exists())
        kept = self.path("kept")
        os.rename(self.run_folder, kept)
        # Stopped in the middle by two, continued by one, then by four.
        process = self.start("--out", self.run_folder, "--processes", 2, "--steps", 40,
                             "--checkpoint-every", 1)
        self.wait_for_checkpoint(process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143)
        for processes in (1, 4):
            done = self.train("--out", self.run_folder, "--steps", 40, "--checkpoint-every", 1,
                              "--processes", processes, "--resume", env=self.environment)
            self.assertIn("trained 40 steps", done.stdout)

    def test_interrupted_they_keep_one_checkpoint(self):
        process = self.start("--out", self.run_folder, "--processes", 2, *FOREVER)
        self.wait_for_checkpoint(process)
        others = children(process.pid)
        self.assertEqual(len(others), 1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, said)
        self.assertIn("--resume", said)
        self.assert_kept(said)
        self.assert_ended(others)

    def test_stopped_while_the_joined_model_is_measured(self):
        # Many faces to measure, so that the stop comes before the last of them.
        table = ["file\tlabel\tidentity\tsplit"]
        for i in range(1, 7):
            split = "train" if i > 4 else "val"
            table.append(f"{SAMPLES}/sample{i}.jpg\treal\tgroup{i}\t{split}")
        self.path("table.tsv").write_text("\n".join(table) + "\n")
        self.store = self.path("faces")
        self.run_program("prepare", "--manifest", self.path("table.tsv"), "-o", self.store)
        process = self.start("--out", self.run_folder, "--processes", 2, options=JOINED)
        # Of the network alone, which is measured first.
        self.wait_for((self.run_folder / "last.onnx").exists, process, "a validation")
        others = children(process.pid)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, said)
        self.assert_kept(said)
        self.assert_ended(others)
        log = self.run_folder / "metrics.jsonl"
        self.assertIn("validation", log.read_text().splitlines()[-1])
        self.run_program("train", self.store, *JOINED, "--out", self.run_folder, "--processes", 2,
                         "--resume", env=self.environment, timeout=300)
        self.assertEqual({json.loads(line)["step"] for line in log.read_text().splitlines()}, {1})
        shown, = self.run_json("models", self.run_folder / "model.onnx")
        self.assertEqual(shown["metadata"]["backbone"], "efficientnet_lite0_branches")

    def test_a_killed_process_ends_all_and_the_run_goes_on(self):
        process = self.start("--out", self.run_folder, "--processes", 3, *FOREVER)
        self.wait_for_checkpoint(process)
        others = children(process.pid)
        self.assertEqual(len(others), 2)
        os.kill(others[0], signal.SIGKILL)
        start = time.monotonic()
        _, said = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - start, 15)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn(f"pid {others[0]}", said)
        self.assertIn("was killed by signal 9", said)
        self.assertIn("--resume", said)
        self.assert_kept(said)
        self.assert_ended(others)

        process = self.start("--out", self.run_folder, "--processes", 3, *FOREVER,
                             "--resume")
        before = (self.run_folder / "checkpoint.pt").stat().st_mtime_ns
        self.wait_for(lambda: (self.run_folder / "checkpoint.pt").stat().st_mtime_ns != before,
                      process, "a step of the resumed run")
        # Without their parent they do not live on.
        others = children(process.pid)
        process.kill()
        process.communicate(timeout=60)
        self.assert_ended(others)

    def test_a_killed_process_of_a_launcher_is_named(self):
        for victim in (0, 2):
            group = self.start_as_a_launcher_would(3, *FOREVER,
                                                   *(["--resume"] if victim else []))
            path = self.run_folder / "checkpoint.pt"
            before = path.stat().st_mtime_ns if path.exists() else 0
            self.wait_for(lambda: path.exists() and path.stat().st_mtime_ns != before, group[0],
                          "a checkpoint")
            group[victim].kill()
            for rank, process in enumerate(group):
                _, said = process.communicate(timeout=30)
                if rank != victim:
                    self.assertEqual(process.returncode, 1, said)
                    self.assertIn(f"process {victim} (pid {group[victim].pid} on ", said)
                    self.assertIn("lost", said)

    def test_ctrl_c_ends_the_wait_for_others(self):
        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        for rank in (0, 1):
            port = free_port()
            process = self.start("--out", self.run_folder, RANK=str(rank), WORLD_SIZE="2",
                                 MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
            if rank == 0:
                self.wait_for(listens, process, "listening")
            else:
                self.wait_for(lambda: training_catches_ctrl_c(process.pid), process,
                              "catching signals")
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 130, said)
        self.assertFalse(self.run_folder.exists())

    def test_processes_that_differ_are_noticed(self):
        group = self.start_as_a_launcher_would(2, "--steps", 2, last=["--learning-rate", 0.01])
        for process in group:
            _, said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 1, said)
            self.assertIn("learning_rate = 0.01", said)
            self.assertIn("process 1", said)
        group = self.start_as_a_launcher_would(2, "--steps", 2, last=["--backbone", "resnet18"])
        for process in group:
            _, said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 1, said)
            self.assertIn('backbone = "resnet18"', said)
        group = self.start_as_a_launcher_would(2, "--steps", 2, "--forgery", "none")
        for process in group:
            _, said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 1, said)
            self.assertIn("no fake faces", said)
        self.assertFalse((self.run_folder / "model.onnx").exists())

    def test_what_cannot_be(self):
        out = ["--out", self.run_folder]
        usage = {"code": 2, "env": self.environment}
        self.refuse("train", self.store, *SMALL, *out, "--processes", 5, says=["12 pairs", "5"],
                    **usage)
        self.refuse("train", self.store, *SMALL, *out, "--processes", 0, says=["processes"],
                    **usage)
        self.refuse("train", self.store, *SMALL, *out, "--processes", 2, "--device", "gpu",
                    says=["'gpu'"], **usage)
        self.refuse("train", self.path("gone"), *SMALL, *out, "--processes", 2, says=["gone"],
                    env=self.environment)
        self.refuse("train", self.store, *SMALL, *out, says=["RANK", "WORLD_SIZE"], code=2,
                    env={**self.environment, "RANK": "0"})
        whole = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
        self.refuse("train", self.store, *SMALL, *out, "--processes", 2,
                    says=["--processes 2", "RANK"], code=2, env={**self.environment, **whole})
        self.refuse("train", self.store, *SMALL, *out, says=["RANK is '1'"], code=2,
                    env={**self.environment, **whole, "RANK": "1"})
        self.assertFalse((self.run_folder / "metrics.jsonl").exists())


if __name__ == "__main__":
    main()
