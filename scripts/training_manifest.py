#!/usr/bin/env python3
"""Writes the manifest for `unmask prepare` of the material that the default model is trained on.

usage: training_manifest.py DATA > faces.tsv

DATA is a folder with fairface/train/*.jpg (FairFace, CC BY 4.0), portraits/*.jpg (members of the
US Congress, public domain) and clips/MANIFEST.tsv. Of the clips, only those whose column `use` says
`train` are taken: their licence allows models trained on them to be passed on. A third of the
clips' people are for validation, so that thresholds are not set by photos alone, the others for
training; photos are divided by `unmask prepare`.
"""
import csv
import pathlib
import sys


def clip_identity(name):
    """The person of a clip. Where a source does not tell its people apart, they count as one, so
    that they cannot straddle a split."""
    if "+LipNet__" in name:
        return "grid"
    if "+sample-videos__" in name:
        return "intel"
    return "clip-" + pathlib.Path(name).stem


def rows(data):
    """File, person, faces to take of it, and split; "": `unmask prepare` decides."""
    for picture in sorted((data / "fairface" / "train").glob("*.jpg")):
        yield picture, "fairface-" + picture.stem, 1, ""
    for picture in sorted((data / "portraits").glob("*.jpg")):
        yield picture, "portrait-" + picture.stem, 1, ""
    with open(data / "clips" / "MANIFEST.tsv", encoding="utf-8") as file:
        clips = [(data / "clips" / clip["file"], clip_identity(clip["file"]))
                 for clip in csv.DictReader(file, delimiter="\t")
                 if clip["use"] == "train" and clip["label"] == "real"]
    people = sorted({identity for _, identity in clips})
    for file, identity in clips:
        yield file, identity, 32, "val" if people.index(identity) % 3 == 1 else "train"


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    data = pathlib.Path(sys.argv[1]).resolve()
    for needed in ("fairface/train/*.jpg", "portraits/*.jpg", "clips/MANIFEST.tsv"):
        if not any(data.glob(needed)):
            sys.exit(f"error: {data} has no {needed}; give the folder of the training data")
    print("file", "label", "identity", "faces", "split", sep="\t")
    for file, identity, faces, split in rows(data):
        print(file, "real", identity, faces, split, sep="\t")


if __name__ == "__main__":
    main()
