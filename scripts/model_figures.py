#!/usr/bin/env python3
"""Measures a model as its card reports it, with `unmask evaluate`, and prints Markdown tables.

usage: model_figures.py MODEL --faces STORE [--split test] [--clips STORE]... [--files MANIFEST]...
                        [--face-size PIXELS] [--families A,B,…] [--unmask PROGRAM]

--faces   real faces of people the model was not trained on: AUC of each family of pseudo-fakes
          against the real halves of its pairs, as they are, at CRF 23 and at CRF 40
--clips   a store of clips by real tools, its column `class` naming the tool: AUC and share found of
          each tool, false alarms, calibration error
--face-size   the same once more, all faces scaled down to so many pixels: those of the smallest
--files   a table of files, as `unmask evaluate --manifest` takes it: false alarms, and how often it
          cannot tell, by all its limits, as `unmask detect` judges
Intervals are 95 %, by bootstrap over people (over files where people are not known).
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tomllib

RECIPE = pathlib.Path(__file__).resolve().parent.parent / "recipes" / "default.toml"
MIX = tomllib.loads(RECIPE.read_text(encoding="utf-8"))["forgery"]
COMPRESSIONS = [("raw", []), ("c23", ["--crf", "23"]), ("c40", ["--crf", "40"])]
LEVEL = "AT"


def families_in(mix):
    return [part.partition("=")[0].strip() for part in mix.split(",")]


def require(program):
    if shutil.which(program) is None:
        sys.exit(f"error: there is no program {program}; name it with --unmask")


def evaluate(program, model, *arguments):
    run = subprocess.run([program, "evaluate", "--json", "--quiet", model, *arguments],
                         stdout=subprocess.PIPE, check=False)
    if run.returncode:
        sys.exit(f"error: unmask evaluate {' '.join(arguments)} ended with {run.returncode}")
    return json.loads(run.stdout)


def text(measure, digits=3):
    if measure is None:
        return "–"
    value = f"{measure['value']:.{digits}f}"
    if "low" not in measure:
        return value
    return f"{value} ({measure['low']:.{digits}f} … {measure['high']:.{digits}f})"


def share_right(measure):
    """An accuracy, in whole percent."""
    return "–" if measure is None else f"{100 * measure['value']:.0f} %"


def share_wrong(measure):
    """The complement of an accuracy, in percent."""
    turned = {"value": 100 * (1 - measure["value"])}
    if "low" in measure:
        turned.update(low=100 * (1 - measure["high"]), high=100 * (1 - measure["low"]))
    return text(turned, 1) + " %"


def answers(report, label):
    """How the files of a label are answered within the model's limits."""
    counts = report["answers"][label]
    files, answered, wrong = (counts[name] for name in ("files", "answered", "wrong"))
    return (f"of {files} {label} ones {answered - wrong} rightly, {wrong} wrongly, "
            f"{files - answered} not at all")


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def forged(program, model, store, split, families, arguments):
    return evaluate(program, model, store, "--split", split, "--classes", "real",
                    "--forge", ",".join(families), *arguments)["levels"][LEVEL]


def families_of(program, model, store, split, families):
    """AUC of each family by compression, {compression: {family: measure}}: against the real halves of
    its own pairs, as those of other families are softened or changed otherwise, or not at all."""
    return {name: {family: forged(program, model, store, split, [family], arguments).get("auc")
                   for family in families}
            for name, arguments in COMPRESSIONS}


def show_families(options):
    given = (options.unmask, options.model, options.faces, options.split, options.families)
    auc = families_of(*given)
    levels = {name: forged(*given, arguments) for name, arguments in COMPRESSIONS}
    print(f"Forged copies of held-out people ({levels['raw']['groups']} people), AUC:\n")
    rows = [[family] + [text(auc[name][family]) for name, _ in COMPRESSIONS]
            for family in options.families]
    for title, field in (("all families", "auc"), ("calibration error", "calibration_error")):
        rows.append([title] + [text(levels[name].get(field)) for name, _ in COMPRESSIONS])
    rows.append(["real ones called fake"] +
                [share_wrong(levels[name]["real_accuracy"]) for name, _ in COMPRESSIONS])
    table(["family"] + [name for name, _ in COMPRESSIONS], rows)


def show_clips(options, store, face_size=None):
    scaled = ["--face-size", str(face_size)] if face_size else []
    report = evaluate(options.unmask, options.model, store, "--split", "all", *scaled)
    level = report["levels"][LEVEL]
    counts = {c["name"]: c["files"] for c in report["classes"]}
    at_size = f", faces of {face_size} pixels" if face_size else ""
    print(f"Clips of {store} ({level['real']} real, {level['fake']} fake{at_size}):\n")
    rows = []
    for name, measure in level["class_auc"].items():
        rows.append([name, str(counts[name]), text(measure),
                     share_right(level["class_accuracy"][name])])
    rows.append(["all fakes", str(level["fake"]), text(level.get("auc")),
                 share_right(level.get("fake_accuracy"))])
    table(["tool", "clips", "AUC against the real ones", "called fake"], rows)
    print(f"Real ones called fake: {share_wrong(level['real_accuracy'])}. "
          f"Calibration error {text(level.get('calibration_error'))}, "
          f"log loss {text(level.get('log_loss'))}.\n")


def show_files(options, manifest):
    report = evaluate(options.unmask, options.model, "--manifest", manifest)
    level = report["levels"][LEVEL]
    print(f"Files of {manifest} ({level['real']} real, {level['fake']} fake):")
    if level.get("real_accuracy"):
        print(f"{share_wrong(level['real_accuracy'])} of the real ones called fake.")
    labels = [label for label in ("real", "fake") if level[label]]
    print("Within its limits it answers "
          + "; ".join(answers(report, label) for label in labels) + ".")
    area = report["answers"].get("area_under_risk_coverage")
    if len(labels) == 2 and area is not None:
        print(f"Area under the risk-coverage curve {area:.3f}.")
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--faces")
    parser.add_argument("--split", default="test")
    parser.add_argument("--clips", action="append", default=[])
    parser.add_argument("--face-size", type=int)
    parser.add_argument("--files", action="append", default=[])
    parser.add_argument("--families", default=",".join(families_in(MIX)))
    parser.add_argument("--unmask", default="unmask")
    options = parser.parse_args()
    require(options.unmask)
    options.families = families_in(options.families)
    if options.faces:
        show_families(options)
    for store in options.clips:
        show_clips(options, store)
        if options.face_size:
            show_clips(options, store, options.face_size)
    for manifest in options.files:
        show_files(options, manifest)


if __name__ == "__main__":
    main()
