#!/usr/bin/env python3
"""Turns a PyTorch checkpoint (.pth, old or zip format) into safetensors with timm's names.

Plain Python, without PyTorch. The pickle inside is read by an unpickler that knows tensors and
plain containers and refuses everything else, so a hostile file cannot run code.

    python3 scripts/convert_weights.py efficientnet-lite0-57934424.pth efficientnet_lite0.safetensors
"""

import argparse
import collections
import itertools
import json
import math
import os
import pathlib
import pickle
import re
import struct
import sys
import zipfile

# Storage class -> (safetensors type, bytes per element).
STORAGES = {
    "DoubleStorage": ("F64", 8), "FloatStorage": ("F32", 4), "HalfStorage": ("F16", 2),
    "BFloat16Storage": ("BF16", 2), "LongStorage": ("I64", 8), "IntStorage": ("I32", 4),
    "ShortStorage": ("I16", 2), "CharStorage": ("I8", 1), "ByteStorage": ("U8", 1),
    "BoolStorage": ("BOOL", 1),
}
OLD_MAGIC = 0x1950A86A20F9469CFC6C
MAX_ELEMENTS = 1 << 31


class Refused(Exception):
    """The file is not a checkpoint this program reads; the text says why."""


class StorageType:
    def __init__(self, name):
        self.type, self.size = STORAGES[name]


class Tensor:
    """Where a tensor's elements lie; filled with bytes by values()."""

    def __init__(self, storage, offset, shape, stride):
        self.storage, self.offset, self.shape, self.stride = storage, offset, shape, stride

    def values(self, storages):
        type_, size = self.storage["type"].type, self.storage["type"].size
        data = storages[self.storage["key"]]
        count = math.prod(self.shape)
        last = self.offset + sum((d - 1) * s for d, s in zip(self.shape, self.stride) if d > 0)
        if count > MAX_ELEMENTS or self.offset < 0 or min(self.stride, default=0) < 0:
            raise Refused("a tensor has an impossible size, offset or stride")
        if count and (last + 1) * size > len(data):
            raise Refused("a tensor reaches beyond its storage")
        return type_, list(self.shape), b"".join(self.rows(data, size))

    def rows(self, data, size):
        """The elements in row-major order, contiguous runs in one piece."""
        run, depth = 1, len(self.shape)
        while depth > 0 and (self.shape[depth - 1] == 1 or self.stride[depth - 1] == run):
            run *= self.shape[depth - 1]
            depth -= 1
        for index in itertools.product(*(range(d) for d in self.shape[:depth])):
            start = self.offset + sum(i * s for i, s in zip(index, self.stride))
            yield data[start * size:(start + run) * size]


def rebuild_tensor(storage, offset, shape, stride, *_):
    if not isinstance(storage, dict) or len(shape) != len(stride):
        raise Refused("a tensor is described wrongly")
    return Tensor(storage, offset, tuple(shape), tuple(stride))


def rebuild_parameter(tensor, *_):
    return tensor


ALLOWED = {
    ("torch._utils", "_rebuild_tensor"): rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): rebuild_parameter,
    ("collections", "OrderedDict"): collections.OrderedDict,
}


class CheckpointUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) in ALLOWED:
            return ALLOWED[module, name]
        if module == "torch" and name in STORAGES:
            return StorageType(name)
        raise Refused(f"it asks for {module}.{name}, which is not a tensor or a plain container")

    def persistent_load(self, identifier):
        kind, *rest = identifier
        if kind not in ("storage", b"storage") or len(rest) < 4:
            raise Refused("it refers to something that is not a storage")
        type_, key, _, count = rest[:4]
        if not isinstance(type_, StorageType) or len(rest) > 4 and rest[4] is not None:
            raise Refused("it holds a storage of an unknown kind")
        return {"type": type_, "key": str(key), "count": count}


def read_zip(path):
    """The format since PyTorch 1.6: data.pkl and one file per storage."""
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.endswith("/data.pkl")]
        if len(names) != 1:
            raise Refused("it is a zip file without a checkpoint in it")
        prefix = names[0][: -len("data.pkl")]
        with archive.open(names[0]) as file:
            root = CheckpointUnpickler(file).load()
        storages = {
            n[len(prefix + "data/"):]: archive.read(n)
            for n in archive.namelist() if n.startswith(prefix + "data/")
        }
    return root, storages


def read_old(path):
    """The format before 1.6: pickles one after the other, then the storages in order of key."""
    with open(path, "rb") as file:
        if CheckpointUnpickler(file).load() != OLD_MAGIC:
            raise Refused("it is not a PyTorch checkpoint")
        CheckpointUnpickler(file).load()  # protocol version
        CheckpointUnpickler(file).load()  # sizes of the writer's integers
        sizes = {}

        class Recorder(CheckpointUnpickler):
            def persistent_load(self, identifier):
                storage = super().persistent_load(identifier)
                sizes[storage["key"]] = storage["type"].size
                return storage

        root = Recorder(file).load()
        storages = {}
        for key in CheckpointUnpickler(file).load():
            if str(key) not in sizes:
                raise Refused("it lists a storage that no tensor uses")
            header = file.read(8)
            if len(header) != 8:
                raise Refused("it is truncated")
            (count,) = struct.unpack("<q", header)
            remaining = os.fstat(file.fileno()).st_size - file.tell()
            wanted = count * sizes[str(key)]
            if count < 0 or wanted > remaining:
                raise Refused("it is truncated, or a storage lies about its size")
            storages[str(key)] = file.read(wanted)
    return root, storages


def tensors_of(root):
    """The state dict, also where it is wrapped in a training checkpoint."""
    for key in ("state_dict", "model", "model_state_dict"):
        if isinstance(root, dict) and isinstance(root.get(key), dict):
            root = root[key]
    if not isinstance(root, dict):
        raise Refused("it holds no dictionary of tensors")
    tensors = {
        str(name).removeprefix("module."): value
        for name, value in root.items() if isinstance(value, Tensor)
    }
    if not tensors:
        raise Refused("it holds no tensors")
    return tensors


# EfficientNet-Lite of efficientnet-lite-pytorch -> timm. Blocks are numbered through there and by
# stage here; a block without expansion has no _expand_conv, which shifts timm's batch norm names.
LITE0_STAGES = (1, 2, 2, 3, 3, 4, 1)
LITE_TOP = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2",
            "_fc": "classifier"}
LITE_DEPTHWISE = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw",
                  "_bn2": "bn2"}
LITE_INVERTED = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw",
                 "_bn1": "bn2", "_project_conv": "conv_pwl", "_bn2": "bn3"}


def timm_name(name):
    """timm's name of a parameter; names that are timm's already stay as they are."""
    if name.split(".")[0] in LITE_TOP:
        top, rest = name.split(".", 1)
        return f"{LITE_TOP[top]}.{rest}"
    match = re.fullmatch(r"_blocks\.(\d+)\.(_\w+)\.(\w+)", name)
    if not match:
        return name
    block, part, rest = int(match[1]), match[2], match[3]
    stage = 0
    while stage < len(LITE0_STAGES) and block >= LITE0_STAGES[stage]:
        block -= LITE0_STAGES[stage]
        stage += 1
    parts = LITE_DEPTHWISE if stage == 0 else LITE_INVERTED
    if stage == len(LITE0_STAGES) or part not in parts:
        raise Refused(f"unexpected parameter {name}")
    return f"blocks.{stage}.{block}.{parts[part]}.{rest}"


def write_safetensors(path, tensors):
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name in sorted(tensors):
        type_, shape, data = tensors[name]
        header[name] = {"dtype": type_, "shape": shape,
                        "data_offsets": [offset, offset + len(data)]}
        blobs.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    temporary = path.with_name(path.name + f".tmp{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            file.writelines(blobs)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def convert(source, target):
    root, storages = read_zip(source) if zipfile.is_zipfile(source) else read_old(source)
    tensors = {}
    for name, tensor in tensors_of(root).items():
        if tensor.storage["key"] not in storages:
            raise Refused(f"the values of {name} are missing")
        tensors[timm_name(name)] = tensor.values(storages)
    write_safetensors(target, tensors)
    return len(tensors)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    arguments = parser.parse_args()
    try:
        count = convert(arguments.checkpoint, arguments.output)
    except (Refused, OSError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        sys.exit(f"error: {arguments.checkpoint}: {error}")
    except (EOFError, struct.error, ValueError, TypeError, KeyError, IndexError, AttributeError,
            OverflowError, MemoryError, UnicodeDecodeError, ImportError) as error:
        sys.exit(f"error: {arguments.checkpoint}: is not a readable checkpoint ({error})")
    print(f"{arguments.output}: {count} tensors")


if __name__ == "__main__":
    main()
