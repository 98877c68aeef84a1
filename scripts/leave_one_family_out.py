#!/usr/bin/env python3
"""Trains the specific branch of the recipe `default` without each family of pseudo-fakes in turn,
and prints how well each is found then.

usage: leave_one_family_out.py STORE --out FOLDER [--mix self-blend=4,cross-blend=2,…]
                               [--unmask PROGRAM] [-- OPTIONS OF unmask train…]

A detector meets manipulations that nobody trained it on. The AUC of a family that was left out
says more about that than any figure of those in training. What is there already is not trained
again, and refused where other options made it; a run that was stopped goes on. Tables are for the split test as it is, at CRF 23 and at
CRF 40; a family that was not trained on stands in bold.
"""
import argparse
import pathlib
import subprocess
import sys

from model_figures import COMPRESSIONS, MIX, families_in, families_of, require, table, text


def train(program, store, folder, mix, options):
    model = folder / "model.onnx"
    arguments = [program, "train", store, "--recipe", "default", "--general", "none", "--out",
                 folder, "--forgery", mix, *options]
    if (folder / "checkpoint.pt").exists():
        arguments.append("--resume")
    if subprocess.run(arguments, stdout=sys.stderr, check=False).returncode:
        sys.exit(f"error: the training of {folder} failed; the same command goes on with it")
    return model


def main():
    given = sys.argv[1:]
    training = given[given.index("--") + 1:] if "--" in given else []
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--mix", default=MIX)
    parser.add_argument("--unmask", default="unmask")
    options = parser.parse_args(given[:given.index("--")] if "--" in given else given)
    require(options.unmask)
    parts = options.mix.split(",")
    families = families_in(options.mix)
    if len(families) < 2:
        sys.exit("error: of one family none can be left out")

    rows = {name: [] for name, _ in COMPRESSIONS}
    for left_out in [None] + families:
        mix = ",".join(p for p, family in zip(parts, families) if family != left_out)
        folder = options.out / ("all" if left_out is None else "without-" + left_out)
        model = train(options.unmask, options.store, folder, mix, training)
        auc = families_of(options.unmask, model, options.store, "test", families)
        for name, _ in COMPRESSIONS:
            cells = [text(auc[name][family]) for family in families]
            rows[name].append([left_out or "none"] + [
                f"**{cell}**" if family == left_out else cell
                for family, cell in zip(families, cells)])
    for name, _ in COMPRESSIONS:
        print(f"AUC, {name}:\n")
        table(["left out"] + families, rows[name])


if __name__ == "__main__":
    main()
