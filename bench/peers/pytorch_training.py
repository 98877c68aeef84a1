"""Images a second of training steps in PyTorch: the peer of training_bench, same network, same batch.

    pytorch_training.py BACKBONE fp32|bf16 default|channels_last BATCH SIZE SECONDS

AdamW and cross-entropy on random pictures that are already in memory, random first weights. Prints
one JSON object. Needs torch and timm (bench/training.py puts them into an environment of its own).
"""

import json
import sys
import time

import torch

# timm imports torchvision, of which nothing is used here. One that was built for CUDA beside a torch
# for CPUs is imported only where these operators are declared.
try:
    import torchvision  # noqa: F401
except RuntimeError:
    DECLARED = torch.library.Library("torchvision", "DEF")
    for OPERATOR in ("nms", "qnms"):
        DECLARED.define(OPERATOR + "(Tensor boxes, Tensor scores, float threshold) -> Tensor")
    for MODULE in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[MODULE]

import timm  # noqa: E402

RUNS = 3
OURS_TO_TIMM = {"xception": "legacy_xception", "efficientnet_lite0": "tf_efficientnet_lite0"}


def main():
    backbone, precision, layout, batch, size, seconds = sys.argv[1:]
    batch, size, seconds = int(batch), int(size), float(seconds)
    torch.manual_seed(1)
    model = timm.create_model(OURS_TO_TIMM[backbone], num_classes=2).train()
    pictures = torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8)
    labels = torch.arange(batch) % 2
    if layout == "channels_last":
        model = model.to(memory_format=torch.channels_last)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step():
        images = (pictures.float() - 127.5) / 127.5
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            logits = model(images)
        torch.nn.functional.cross_entropy(logits.float(), labels).backward()
        optimizer.step()

    step()
    runs = []
    for _ in range(RUNS):
        start = time.perf_counter()
        images = 0
        while True:
            step()
            images += batch
            if time.perf_counter() - start >= seconds / RUNS:
                break
        runs.append(images / (time.perf_counter() - start))
    print(json.dumps({"backbone": backbone, "precision": precision, "layout": layout, "batch": batch,
                      "torch": torch.__version__, "timm": timm.__version__,
                      "threads": torch.get_num_threads(), "runs": runs}))


main()
