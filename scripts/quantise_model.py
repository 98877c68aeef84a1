#!/usr/bin/env python3
"""Makes an eight-bit copy of a model: post-training quantisation by NNCF, calibrated on real faces.

usage: quantise_model.py MODEL.onnx STORE --out INT8.onnx [--split train] [--faces 300] [--seed 1]

STORE is one of `unmask prepare`; faces of its split train, half of them compressed as JPEG, say
which values each layer takes. The copy holds the weights in eight bits between quantise and dequantise nodes,
keeps the model's description, and runs wherever the model does: faster where the processor has
eight-bit instructions (VNNI). Compare both with `unmask evaluate` before use. The classification
layer stays as it is: its logits decide, and it costs next to nothing.

Needs: pip install nncf onnx onnxruntime opencv-python-headless
"""
import argparse
import json
import math
import pathlib
import random
import sqlite3
import sys

KEY = "unmask"  # of the description among the model's metadata


def fail(text):
    sys.exit(f"error: {text}")


def description_of(model):
    for entry in model.metadata_props:
        if entry.key == KEY:
            return json.loads(entry.value)
    return fail("the model does not say how its input is made; it is none of `unmask train`")


def faces_of(store, split, count, seed):
    """Packed crops, spread over the people, and the scale that they show."""
    if not store.is_file():
        fail(f"{store}: no such store; make one with `unmask prepare`")
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
        size, scale = database.execute("SELECT crop_size, crop_scale FROM store").fetchone()
        files = [row[0] for row in database.execute("SELECT id FROM files WHERE split = ?", (split,))]
        random.Random(seed).shuffle(files)
        crops = []
        turn = 0
        while files and len(crops) < count:  # in each turn the next face of every file
            more = []
            for file in files:
                row = database.execute("SELECT picture FROM crops WHERE id >= ? AND id < ? "
                                       "ORDER BY id LIMIT 1 OFFSET ?",
                                       (file << 24, (file + 1) << 24, turn)).fetchone()
                if row:
                    crops.append(row[0])
                    more.append(file)
                if len(crops) == count:
                    break
            files = more
            turn += 1
    if len(crops) < 50:
        fail(f"{store}: {len(crops)} faces of the split {split} are too few")
    return crops, size, scale


def warped(crop, side, size):
    """The square of `side` pixels in the middle of a crop, `size` pixels wide, as WarpCrop() of
    src/unmask/face/alignment.cc makes it: where that shrinks, on a grid so many times as fine that it
    samples every pixel, of which each cell is averaged."""
    import cv2
    import numpy

    shrink = side / size
    limit = max(1, 2 * max(crop.shape[:2]) // size)
    multiple = min(max(math.ceil(shrink - 0.05), 1), limit)
    step = shrink / multiple
    corner = [(length - side) / 2 + step / 2 - 0.5 for length in crop.shape[1::-1]]
    # Pixel centres count from 0 in OpenCV.
    matrix = numpy.float64([[step, 0, corner[0]], [0, step, corner[1]]])
    fine = cv2.warpAffine(crop, matrix, (size * multiple, size * multiple),
                          flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
    return fine if multiple == 1 else cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)


def inputs_of(crops, stored_size, stored_scale, description, seed):
    """The network's input for each crop, as the program makes it."""
    import cv2
    import numpy

    size = description["input_width"]
    side = stored_size * description["crop_scale"] / stored_scale
    mean = numpy.float32(description["mean"])
    deviation = numpy.float32(description["deviation"])
    chance = random.Random(seed)
    for packed in crops:
        crop = cv2.imdecode(numpy.frombuffer(packed, numpy.uint8), cv2.IMREAD_COLOR)
        crop = warped(crop, side, size)
        if chance.random() < 0.5:
            _, packed = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, chance.randint(40, 95)])
            crop = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        values = crop[:, :, ::-1].astype(numpy.float32) / 255
        yield ((values - mean) / deviation).transpose(2, 0, 1)[None].copy()


def widen_weights(model):
    """Weights that are stored in sixteen bits become ordinary ones, without the casts behind them."""
    import numpy
    from onnx import numpy_helper

    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in [n for n in model.graph.node if n.op_type == "Cast" and n.input[0] in stored]:
        values = numpy_helper.to_array(stored[node.input[0]]).astype(numpy.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
        model.graph.initializer.remove(stored[node.input[0]])
        model.graph.node.remove(node)


def head_of(model, output):
    """The name of the node that computes the logits."""
    for node in model.graph.node:
        if output in node.output:
            return node.name
    return fail(f"the model has no output called {output}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("store", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--split", default="train")
    parser.add_argument("--faces", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    try:
        import nncf
        import onnx
    except ImportError as error:
        fail(f"{error}. Run: pip install nncf onnx onnxruntime opencv-python-headless")
    if arguments.out.resolve() == arguments.model.resolve():
        fail("--out would overwrite the model")

    model = onnx.load(arguments.model)
    description = description_of(model)
    crops, size, scale = faces_of(arguments.store, arguments.split, arguments.faces, arguments.seed)
    if scale < description["crop_scale"] - 1e-6:
        fail(f"{arguments.store}: its crops show less than the model wants")
    widen_weights(model)
    name = model.graph.input[0].name
    batches = [{name: values}
               for values in inputs_of(crops, size, scale, description, arguments.seed)]
    quantised = nncf.quantize(
        model, nncf.Dataset(batches), preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(batches), fast_bias_correction=False,
        ignored_scope=nncf.IgnoredScope(names=[head_of(model, description.get("output", "logits"))]))
    description["name"] = f"{description['name']}-int8"
    recipe = json.loads(description.get("recipe") or "{}")
    recipe["quantisation"] = (f"NNCF {nncf.__version__}, post-training, {len(batches)} faces of the split "
                              f"{arguments.split}, seed {arguments.seed}")
    description["recipe"] = json.dumps(recipe, ensure_ascii=False)
    del quantised.metadata_props[:]
    quantised.metadata_props.add(key=KEY, value=json.dumps(description, indent=2, ensure_ascii=False))
    part = arguments.out.with_name("part-" + arguments.out.name)
    onnx.save(quantised, part)
    part.replace(arguments.out)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB, "
          f"of {arguments.model.stat().st_size / 1e6:.1f}")


if __name__ == "__main__":
    main()
