#!/usr/bin/env python3
"""Writes what the backbones are tested against: timm's parameter names and shapes, and its outputs
for weights and an input that are filled by a formula.

Needs PyTorch and timm; timm's resnet18 and resnet50 have torchvision's parameter names. Run once
per backbone and commit the result:

    python3 scripts/make_backbone_references.py src/unmask/backbones/testdata resnet18
"""

import argparse
import json
import math
import pathlib

import numpy
import timm
import torch

# name: timm's name, input size in pixels, and how many stages are kept where it is not all
BACKBONES = {
    "efficientnet_b0": ("tf_efficientnet_b0", 224),
    "efficientnet_b4": ("tf_efficientnet_b4", 380),
    "efficientnet_lite0": ("tf_efficientnet_lite0", 224),
    "efficientnet_lite0_early": ("tf_efficientnet_lite0", 224, 5),
    "mobilenet_v3_large": ("mobilenetv3_large_100", 224),
    "resnet18": ("resnet18", 224),
    "resnet50": ("resnet50", 224),
    "xception": ("legacy_xception", 299),
}
CLASSES = 4


def noise(seed: int, count: int) -> numpy.ndarray:
    """Uniform-looking values in (-1, 1), the same in any language with IEEE doubles."""
    x = numpy.sin(numpy.arange(1, count + 1, dtype=numpy.float64) * 12.9898 + seed * 78.233)
    x = x * 43758.5453
    return 2 * (x - numpy.floor(x)) - 1


def seed_of(name: str) -> int:
    return sum((i + 1) * ord(c) for i, c in enumerate(name)) % 1000


def fill(name: str, shape: tuple) -> torch.Tensor:
    count = math.prod(shape)
    values = noise(seed_of(name), count)
    if len(shape) > 1:  # variance 2 / fan-in, depthwise 1 / fan-in: activations stay moderate
        depthwise = len(shape) == 4 and shape[1] == 1
        values *= math.sqrt((3.0 if depthwise else 6.0) / (count // shape[0]))
    elif name.endswith("running_var"):
        values = 1 + 0.3 * values
    elif name.endswith("weight"):
        values = 1 + 0.2 * values
    else:
        values *= 0.1
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def keep_stages(model: torch.nn.Module, stages: int) -> None:
    """Of an EfficientNet the stem and its first stages; the classifier follows the last of them."""
    model.blocks = model.blocks[:stages]
    model.conv_head = model.bn2 = torch.nn.Identity()
    channels = model.blocks[-1][-1].conv_pwl.out_channels
    model.classifier = torch.nn.Linear(channels, CLASSES)


def reference(timm_name: str, size: int, stages: int = 0) -> dict:
    model = timm.create_model(timm_name, num_classes=CLASSES)
    if stages:
        keep_stages(model, stages)
    model.eval()
    state = {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    model.load_state_dict({k: fill(k, tuple(v.shape)) for k, v in state.items()}, strict=False)
    image = torch.tensor(noise(7, 3 * size * size), dtype=torch.float32).reshape(1, 3, size, size)
    with torch.no_grad():
        features = model.forward_features(image)
        embedding = model.forward_head(features, pre_logits=True)
        logits = model.forward_head(features)
    return {
        "timm_name": timm_name,
        "made_by": f"timm {timm.__version__}, PyTorch {torch.__version__.split('+')[0]}",
        "input_size": size,
        "classes": CLASSES,
        "parameters": [[k, list(v.shape)] for k, v in state.items()],
        "features_shape": list(features.shape[1:]),
        "features": features.flatten()[:: features.numel() // 16][:16].tolist(),
        "embedding": embedding.flatten()[:16].tolist(),
        "logits": logits.flatten().tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*", help="backbones, all when none is given")
    arguments = parser.parse_args()
    for name in arguments.names or BACKBONES:
        text = json.dumps(reference(*BACKBONES[name]))
        text = text.replace('"parameters": [', '"parameters": [\n').replace("]], ", "]],\n")
        text = text.replace("]], [", "]],\n[").replace("], [\"", "],\n[\"")
        (arguments.folder / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
