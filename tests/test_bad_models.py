"""Models that are broken or made for something else."""

import json

from support import PORTRAIT, ProgramTest, main, make_model


class BadModels(ProgramTest):
    def refuse_model(self, path, *says, extra=()):
        self.refuse("detect", PORTRAIT, "--model", path, *extra, says=[path, *says, "fix: "])

    def info(self, **fields):
        path = self.path("info.json")
        path.write_text(json.dumps(fields))
        return ["--model-info", path]

    def test_files_that_are_no_models(self):
        good = make_model("good", self.path("good.onnx")).read_bytes()
        files = {
            "empty.onnx": b"",
            "text.onnx": b"these are words\n" * 99,
            "cut.onnx": good[:len(good) // 2],
            "zeros.onnx": bytes(5000),
            "picture.onnx": PORTRAIT.read_bytes(),
            "swapped.onnx": good[100:] + good[:100],
        }
        for name, data in files.items():
            with self.subTest(model=name):
                self.path(name).write_bytes(data)
                self.refuse_model(self.path(name))
        self.refuse_model(self.path("gone.onnx"), "no such file")
        self.refuse_model(self.folder)

    def test_every_cut_is_noticed(self):
        good = make_model("good", self.path("good.onnx")).read_bytes()
        cut = self.path("cut.onnx")
        for length in range(1, len(good), len(good) // 12):
            with self.subTest(length=length):
                cut.write_bytes(good[:length])
                self.refuse_model(cut)

    def test_wrong_inputs(self):
        for kind in ("two-inputs", "grey-input", "vector-input", "other-size"):
            with self.subTest(kind=kind):
                model = make_model(kind, self.path(kind + ".onnx"))
                extra = self.info(input_width=32, input_height=32) if "input" in kind else []
                if kind == "two-inputs":
                    extra = []
                self.refuse_model(model, "input", extra=extra)

    def test_wrong_outputs(self):
        model = make_model("other-outputs", self.path("m.onnx"))
        self.refuse_model(model, "output")

    def test_without_metadata_it_asks_for_them_and_runs_with_them(self):
        model = make_model("no-metadata", self.path("m.onnx"))
        self.refuse_model(model, "metadata", "--model-info")
        known = make_model("good", self.path("known.onnx"))
        expected = self.run_json("detect", PORTRAIT, "--model", known)
        info = self.info(input_width=32, input_height=32)
        result = self.run_json("detect", PORTRAIT, "--model", model, *info)
        self.assertEqual(result["results"][0]["tracks"], expected["results"][0]["tracks"])

    def test_metadata_that_are_wrong(self):
        model = make_model("no-metadata", self.path("m.onnx"))
        for fields, part in (({"input_width": "wide"}, "input_width"),
                             ({"temperature": -1}, "temperature"),
                             ({"fake_class": 7}, "fake_class"),
                             ({"deviation": [0, 1, 1]}, "deviation")):
            with self.subTest(fields=fields):
                extra = self.info(**fields)
                self.refuse("detect", PORTRAIT, "--model", model, *extra,
                            says=["info.json", part])
        self.path("info.json").write_text("{ not json")
        self.refuse("detect", PORTRAIT, "--model", model, "--model-info", self.path("info.json"),
                    says=["info.json", "JSON"])
        self.refuse("detect", PORTRAIT, "--model", model, "--model-info", self.path("gone.json"),
                    says=["gone.json"])

    def test_three_classes(self):
        model = make_model("three-classes", self.path("m.onnx"))
        result = self.run_json("detect", PORTRAIT, "--model", model)["results"][0]
        self.assertIn(result["verdict"], ("real", "fake"))


if __name__ == "__main__":
    main()
