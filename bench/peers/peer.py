"""What the peers of the detector share: reading frames as OpenCV users do, one way to be called.

A peer is a module with `load(arguments)`, which returns a function from a clip to a dictionary of
counts (`frames` that were read, `searched`, `faces` that were judged). Classifiers have random
weights where the project's own are not at hand: that costs the same.
"""

import argparse
import json
import os
import time


def frames_spread_evenly(clip, count):
    """`count` frames, BGR, and how many there are: one pass that decodes all and converts few."""
    import cv2
    import numpy

    video = cv2.VideoCapture(str(clip))
    length = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(numpy.linspace(0, length - 1, count, dtype=int).tolist())
    frames = []
    for index in range(max(wanted) + 1):
        if not video.grab():
            break
        if index in wanted:
            good, frame = video.retrieve()
            if good:
                frames.append(frame)
    return frames, length


def random_classifier(name, **options):
    """A network of timm with one output, ready to judge."""
    import torch

    provide_operators()
    import timm

    torch.manual_seed(1)
    return timm.create_model(name, num_classes=1, **options).eval()


def judge_together(network, faces):
    """P(fake) of RGB faces of one size, in one batch, with ImageNet's means and deviations."""
    import numpy
    import torch

    if not faces:
        return None
    mean = numpy.array([0.485, 0.456, 0.406], numpy.float32)
    deviation = numpy.array([0.229, 0.224, 0.225], numpy.float32)
    values = (numpy.stack(faces).astype(numpy.float32) / 255 - mean) / deviation
    return torch.sigmoid(network(torch.from_numpy(values).permute(0, 3, 1, 2)))


def provide_operators():
    """torchvision's operators: where it was built for CUDA beside a torch for CPUs, OpenCV's."""
    import torch

    try:
        import torchvision  # noqa: F401
        return
    except RuntimeError:
        pass
    import sys

    import cv2

    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

    def nms(boxes, scores, limit):
        corners = boxes.numpy().copy()
        corners[:, 2:] -= corners[:, :2]
        kept = cv2.dnn.NMSBoxes(corners.tolist(), scores.tolist(), 0.0, limit)
        return torch.as_tensor(kept, dtype=torch.int64).reshape(-1)

    library.impl("nms", nms, "CPU")
    provide_operators.library = library  # it lives as long as the program
    for module in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[module]
    from torchvision import extension

    extension._has_ops = lambda: True


def main(load, description):
    """Loads the peer, judges the clip once and prints the counts and times as JSON."""
    start = time.perf_counter()
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("clip")
    parser.add_argument("--networks", help="folder of the TFLite networks")
    parser.add_argument("--model", help="ONNX classifier")
    parser.add_argument("--cache", help="folder for compiled networks")
    parser.add_argument("--most-frames", type=int, default=0, help="stop behind so many; 0: never")
    parser.add_argument("--reduce", type=int, default=2,
                        help="MTCNN looks at frames so many times smaller, where it prepares faces")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    judge = load(arguments)
    loaded = time.perf_counter()
    result = judge(arguments.clip)
    end = time.perf_counter()
    print(json.dumps({**result, "load": loaded - start, "judge": end - loaded}))
