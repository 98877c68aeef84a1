"""The checks of the house must find planted faults, and must not cry wolf."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import check_files
import check_layers
import check_readme
import check_third_party


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Layers(Tree):
    def faults_of(self, module, include, name="a.cc"):
        self.write(f"src/unmask/{module}/{name}", f"#pragma once\n\n#include {include}\n")
        return check_layers.check(self.root)

    def test_left_is_allowed(self):
        self.assertEqual(self.faults_of("face", '"unmask/infer/session.h"'), [])

    def test_right_is_not(self):
        self.assertEqual(self.faults_of("media", '"unmask/face/face.h"'),
                         ["src/unmask/media/a.cc:3: media may not include face"])

    def test_neighbours_are_for_tests_only(self):
        self.assertEqual(len(self.faults_of("model", '"unmask/infer/session.h"')), 1)
        self.setUp()
        self.assertEqual(self.faults_of("model", '"unmask/infer/session.h"', "a_test.cc"), [])

    def test_nobody_includes_the_island(self):
        self.assertEqual(len(self.faults_of("cli", '"unmask/train/engine.h"')), 1)

    def test_the_island_has_an_order_and_a_floor(self):
        self.assertEqual(self.faults_of("losses", '"unmask/nn/network.h"'), [])
        self.assertEqual(len(self.faults_of("nn", '"unmask/losses/loss.h"')), 1)
        self.setUp()
        self.assertEqual(len(self.faults_of("train", '"unmask/detect/detector.h"')), 1)

    def test_programs_share_the_console(self):
        self.assertEqual(self.faults_of("train_cli", '"unmask/console/output.h"'), [])
        self.assertEqual(self.faults_of("train_cli", '"unmask/report/plot.h"'), [])
        self.assertEqual(len(self.faults_of("train", '"unmask/console/output.h"')), 1)

    def test_libtorch_stays_on_the_island(self):
        self.assertEqual(self.faults_of("nn", "<torch/torch.h>"), [])
        self.assertEqual(len(self.faults_of("forge", "<ATen/ATen.h>")), 1)

    def test_third_party_stays_in_sources(self):
        self.assertEqual(self.faults_of("face", "<opencv2/core.hpp>"), [])
        self.assertEqual(len(self.faults_of("face", "<opencv2/core.hpp>", "a.h")), 1)

    def test_installed_headers_stand_on_installed_ones(self):
        self.assertEqual(self.faults_of("media", '"unmask/media/ffmpeg_helpers.h"', "a.h"),
                         ["src/unmask/media/a.h:3: media/ffmpeg_helpers.h is not installed; this header is"])
        self.setUp()
        self.assertEqual(self.faults_of("media", '"unmask/media/ffmpeg_helpers.h"', "video_frame.h"), [])
        self.assertEqual(self.faults_of("media", '"unmask/media/ffmpeg_helpers.h"'), [])

    def test_a_new_module_needs_a_place(self):
        self.assertEqual(len(self.faults_of("gadgets", "<vector>")), 1)

    def test_links(self):
        faults = check_layers.check_links("media", """
            unmask_module(media SOURCES a.cc TESTS a_test.cc LINK unmask_base
                          PRIVATE_LINK unmask_infer torch)  # unmask_cli
            target_link_libraries(unmask_media_test PRIVATE unmask_score)
            target_link_libraries(unmask_media_test PRIVATE unmask_face)""", "f")
        self.assertEqual(faults, ["f: media may not link infer",
                                  "f: only nn, losses, train, train_cli may link LibTorch",
                                  "f: media may not link face"])


class Files(Tree):
    def test_long_files(self):
        self.write("src/a.cc", "\n" * 501)
        self.write("src/b.cc", "\n" * 400)
        faults, notes = check_files.check(self.root)
        self.assertEqual(faults, ["src/a.cc: 501 lines; at most 500"])
        self.assertEqual(notes, ["note: src/b.cc: 400 lines"])

    def test_pragma_once(self):
        self.write("src/a.h", "// words\n#pragma once\n")
        self.write("src/b.h", "#pragma once\n")
        self.assertEqual(len(check_files.check(self.root)[0]), 1)

    def test_forgotten_unit_tests(self):
        self.write("src/unmask/x/CMakeLists.txt", "unmask_module(x TESTS a_test.cc)")
        self.write("src/unmask/x/a_test.cc", "")
        self.write("src/unmask/x/b_test.cc", "")
        self.assertEqual(check_files.check(self.root)[0],
                         ["src/unmask/x/b_test.cc: a test that no CMakeLists.txt builds"])


class ThirdParty(Tree):
    def setUp(self):
        super().setUp()
        self.write("cmake/Dependencies.cmake",
                   "find_package(Threads)\nfind_package(OpenCV QUIET)\n"
                   "pkg_check_modules(FFMPEG QUIET IMPORTED_TARGET\n  libavcodec)\n")
        self.write("scripts/assets.tsv", "# comment\npypi\topenvino\t1.2\tf.whl\tsha\ta => b\n")
        self.write("setup", "packages=(\n git libopencv-dev\n)\n")

    def faults_of(self, *rows):
        self.write("THIRD_PARTY.md", "\n".join(f"| {row} | purpose |" for row in rows))
        return check_third_party.check(self.root)

    def test_complete(self):
        self.assertEqual(self.faults_of("`OpenCV` (`libopencv-dev`) | 4.6 | Apache-2.0",
                                        "`libavcodec` | 5.1 | LGPL", "`openvino` | 1.2 | A"), [])

    def test_missing_rows(self):
        faults = self.faults_of("`OpenCV` | 4.6 | Apache-2.0")
        self.assertEqual(len(faults), 3)
        for name in ("libavcodec", "openvino", "libopencv-dev"):
            self.assertTrue(any(f"`{name}`" in fault for fault in faults), name)

    def test_missing_licence_and_stale_version(self):
        faults = self.faults_of("`OpenCV` `libopencv-dev` | 4.6 |", "`libavcodec` | 5.1 | LGPL",
                                "`openvino` | 1.1 | A")
        self.assertEqual(sorted(faults), [
            "THIRD_PARTY.md: `OpenCV` has no licence",
            "THIRD_PARTY.md: `libopencv-dev` has no licence",
            "THIRD_PARTY.md: `openvino` is 1.2 in scripts/assets.tsv, not 1.1"])


class Readme(unittest.TestCase):
    def helps(self, command):
        return {"detect": "--json   words\n--threads N"}.get(command)

    def test_calls(self):
        text = "unmask dream\n```\n$ build/bin/unmask detect a.mp4 --json | jq .\n```\n"
        self.assertEqual(check_readme.check_calls("f", text, self.helps), [])
        text = "```\nunmask detect --jso a\nunmask dream\nunmask-train x\n```\n"
        self.assertEqual(check_readme.check_calls("f", text, self.helps),
                         ["f: `unmask detect` has no option --jso",
                          "f: there is no command `unmask dream`"])

    def test_make(self):
        text = "```\nmake test\n$ make tea && make demo\n```\nmake it so\n"
        self.assertEqual(check_readme.check_make("f", text, {"test", "demo"}),
                         ["f: there is no `make tea`"])

    def test_ci(self):
        self.assertEqual(check_readme.check_ci("```\nmake test   # all\n```", "cd x\nmake test\n"), [])
        self.assertEqual(len(check_readme.check_ci("```\nmake demo\n```", "make test\n")), 1)
        self.assertEqual(len(check_readme.check_ci("```\nmake test\n```", "true\n")), 1)

    def test_links(self):
        text = ('[a](docs/a.md#x) [b](https://b.org) <img src="c.svg">\n```\nf[0](d)\n```\n'
                "[here](#there)")
        self.assertEqual(check_readme.links_of(text), ["docs/a.md", "c.svg"])


if __name__ == "__main__":
    unittest.main()
