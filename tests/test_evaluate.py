"""`unmask evaluate`: a table of labelled files in, figures out."""

from support import GROUP, PORTRAIT, SAMPLES, ProgramTest, main, make_model


class Evaluate(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = make_model("good", self.path("model.onnx"))
        self.table = self.path("table.tsv")

    def evaluate(self, *rows, code=0, extra=()):
        self.table.write_text("file\tlabel\n" + "".join(f"{f}\t{label}\n" for f, label in rows))
        return self.run_json("evaluate", self.table, "--model", self.model, *extra, code=code)

    def test_the_figures_are_those_of_the_scores(self):
        files = [PORTRAIT, GROUP, SAMPLES / "sample2.jpg", SAMPLES / "sample3.jpg"]
        labels = ["real", "fake", "real", "fake"]
        report = self.evaluate(*zip(files, labels), extra=["--table", self.path("scores.tsv")])
        self.assertEqual((report["schema"], report["version"]), ("unmask/evaluate", 1))
        detected = self.run_json("detect", *files, "--model", self.model)["results"]
        scores = [r["score"] for r in detected]
        rows = [line.split("\t") for line in self.path("scores.tsv").read_text().splitlines()]
        self.assertEqual(rows[0], ["file", "label", "verdict", "score"])
        for row, file, label, score in zip(rows[1:], files, labels, scores):
            self.assertEqual(row[:2], [str(file), label])
            self.assertAlmostEqual(float(row[3]), score, delta=2e-6)
        figures = report["evaluation"]
        right = [(s >= figures["threshold"]) == (l == "fake") for s, l in zip(scores, labels)]
        self.assertAlmostEqual(figures["accuracy"]["value"], sum(right) / 4, delta=1e-9)
        pairs = [(scores[f] > scores[r]) + 0.5 * (scores[f] == scores[r])
                 for f in (1, 3) for r in (0, 2)]
        self.assertAlmostEqual(figures["auc"]["value"], sum(pairs) / 4, delta=1e-9)
        self.assertLessEqual(figures["auc"]["low"], figures["auc"]["value"])

    def test_files_without_a_score_are_counted(self):
        report = self.evaluate((PORTRAIT, "real"), (GROUP, "fake"), (self.grey_clip(), "real"),
                               (self.path("gone.mp4"), "fake"), code=1)
        self.assertEqual((report["no_face"], report["errors"]), (1, 1))
        self.assertEqual((report["evaluation"]["real"], report["evaluation"]["fake"]), (1, 1))

    def test_what_cannot_be_evaluated(self):
        self.table.write_text(f"file\tlabel\n{PORTRAIT}\t\n")
        run = ["evaluate", self.table, "--model", self.model]
        self.refuse(*run, says=[self.table, "no label"])
        self.table.write_text(f"file\tlabel\tsplit\n{PORTRAIT}\treal\ttrain\n")
        self.refuse(*run, "--split", "test", says=["split 'test'"])
        self.refuse(*run, "--table", self.table, code=2, says=["overwrite the input"])
        self.refuse(*run, "--table", self.path("none/scores.tsv"), says=["none/scores.tsv"])
        self.refuse("evaluate", self.path("gone.tsv"), "--model", self.model, says=["gone.tsv"])


if __name__ == "__main__":
    main()
