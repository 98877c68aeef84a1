"""Installs the build into a folder of its own, then builds and runs somebody else's project on it.

    test_package.py BUILD_FOLDER CMAKE CXX_COMPILER SAMPLE_FOLDER MAKE_MODEL
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
BUILD, CMAKE, COMPILER, SAMPLES, MAKE_MODEL = sys.argv[1:6]


def run(*command, **options):
    result = subprocess.run([str(c) for c in command], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, **options)
    if result.returncode != 0:
        raise AssertionError(f"{command} gave {result.returncode}:\n{result.stdout}")
    return result.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        # Moved after installing: nothing installed may depend on where that was.
        run(CMAKE, "--install", BUILD, "--prefix", pathlib.Path(folder.name) / "before")
        cls.prefix = pathlib.Path(folder.name) / "a prefix"
        shutil.move(pathlib.Path(folder.name) / "before", cls.prefix)
        cls.work = pathlib.Path(folder.name) / "work"
        cls.environment = {k: v for k, v in os.environ.items() if k != "UNMASK_DATA"}
        cls.environment["UNMASK_CACHE"] = str(cls.work / "cache")

    def test_files_are_there(self):
        for name in ("bin/unmask", "lib/libunmask.so", "lib/unmask/libopenvino_intel_cpu_plugin.so",
                     "include/unmask/detect/detector.h", "share/unmask/networks",
                     "share/doc/unmask/LICENSE", "share/doc/unmask/THIRD_PARTY.md"):
            self.assertTrue((self.prefix / name).exists(), name)

    def test_the_program_uses_the_installed_openvino(self):
        output = run("ldd", self.prefix / "bin/unmask")
        self.assertNotIn("not found", output)
        place = re.search(r"libopenvino\.so\S* => (.*) \(", output).group(1)
        self.assertTrue(os.path.samefile(place, self.prefix / "lib/unmask" / pathlib.Path(place).name))
        self.assertIn("unmask ", run(self.prefix / "bin/unmask", "--version"))

    def test_the_default_model_is_installed(self):
        listed = json.loads(run(self.prefix / "bin/unmask", "models", "--json",
                                env=self.environment))
        files = [model["file"] for model in listed if model["metadata"]["name"] == "unmask-lite0"]
        self.assertTrue(os.path.samefile(files[0], self.prefix / "share/unmask/models/unmask-lite0.onnx"))
        output = run(self.prefix / "bin/unmask", "detect", "--quiet",
                     pathlib.Path(SAMPLES) / "suit.jpg", env=self.environment)
        self.assertRegex(output, r"suit\.jpg: (REAL|FAKE)")

    def test_the_training_program_is_found_where_it_was_built(self):
        if not (self.prefix / "bin/unmask-train").exists():
            self.skipTest("built without training")
        self.assertIn("--backbone", run(self.prefix / "bin/unmask", "train", "--help"))

    def test_a_consumer_builds_and_runs(self):
        consumer = self.work / "consumer"
        shutil.copytree(HERE / "consumer", consumer)
        # Every installed header must do without the libraries behind it.
        headers = sorted((self.prefix / "include").rglob("*.h"))
        self.assertGreater(len(headers), 30)
        (consumer / "headers.cc").write_text("".join(
            f"#include <{header.relative_to(self.prefix / 'include')}>\n" for header in headers))
        run(CMAKE, "-S", consumer, "-B", consumer / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_COMPILER={COMPILER}", "-DCMAKE_BUILD_TYPE=Release")
        run(CMAKE, "--build", consumer / "build")
        run(MAKE_MODEL, "good", self.work / "model.onnx")
        output = run(consumer / "build/judge", pathlib.Path(SAMPLES) / "sample1.jpg",
                     self.work / "model.onnx", env=self.environment).splitlines()
        self.assertRegex(output[0], r"^(real|fake) [1-9]\d* tracks$")
        data = self.prefix / "share/unmask/networks"
        self.assertTrue(os.path.samefile(output[1], data), output[1])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
