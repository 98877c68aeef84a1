#!/usr/bin/env python3
"""Checks that the modules of src/unmask depend on each other in one direction only.

    base → {media, score, graph} → {model, infer} → {backbones, face} → {data, forge} → sampling
         → detect → {explain, robustness} → report → {study, serve} → console → cli
    training island: nn → losses → train → train_cli, on top of everything up to sampling

A module may include and link only modules left of it; nothing outside the island includes the
island or LibTorch. Console and report, which programs share, serve the training program too. Tests
may also use their module's neighbours of the same layer. Installed headers include no expensive
third-party header. Exit code 1 with one line per violation.
"""

import pathlib
import re
import sys

LAYERS = [["base"], ["media", "score", "graph"], ["model", "infer"], ["backbones", "face"],
          ["data", "forge"], ["sampling"], ["detect"], ["explain", "robustness"], ["report"], ["study", "serve"],
          ["console"], ["cli"]]
ISLAND = ["nn", "losses", "train", "train_cli"]
ISLAND_STANDS_ON = "sampling"  # and everything beside and left of it

RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
LIBTORCH = re.compile(r'#include\s*[<"](torch|ATen|c10)/')
THIRD_PARTY = re.compile(
    r'#include\s*[<"]((?:torch|ATen|c10|opencv2|openvino|onnx|google|libav\w+|libsw\w+|CLI|spdlog'
    r'|webp|openssl|toml\+\+)/[\w./]+)')
OURS = re.compile(r'#include\s*"unmask/((\w+)/[\w./]+)"')
# Headers that wrap a third-party library for our own sources; cmake/Install.cmake leaves them out.
INTERNAL_HEADERS = {"forge/fine_detail.h", "forge/generator_traces.h", "forge/paint.h",
                    "media/ffmpeg_helpers.h", "media/opencv_codecs.h", "media/opencv_view.h",
                    "media/video_decoder.h", "media/video_frame.h", "media/video_packets.h",
                    "model/onnx_builder.h", "model/onnx_emitter.h"}
PROGRAMS = {"study", "serve", "console", "cli"}  # whose headers nobody else sees


def may_use(module, other, in_test):
    """True when an arrow from `other` to `module` is allowed."""
    if module == other:
        return True
    if module == "train_cli" and other in ("console", "report"):
        return True
    if module in ISLAND:
        if other in ISLAND:
            return ISLAND.index(other) < ISLAND.index(module)
        return other in RANK and (in_test or RANK[other] <= RANK[ISLAND_STANDS_ON])
    if other not in RANK:
        return False
    return RANK[other] < RANK[module] or (in_test and RANK[other] == RANK[module])


def check_source(module, path, text, where):
    in_test = path.stem.endswith("_test")
    installed = (path.suffix == ".h" and module not in ISLAND and module not in PROGRAMS
                 and f"{module}/{path.name}" not in INTERNAL_HEADERS)
    faults = []
    for number, line in enumerate(text.splitlines(), 1):
        place = f"{where}:{number}"
        if match := OURS.match(line):
            header, other = match.groups()
            if not may_use(module, other, in_test):
                faults.append(f"{place}: {module} may not include {other}")
            elif installed and header in INTERNAL_HEADERS:
                faults.append(f"{place}: {header} is not installed; this header is")
        if module not in ISLAND and LIBTORCH.match(line):
            faults.append(f"{place}: only {', '.join(ISLAND)} may include LibTorch")
        elif installed and (match := THIRD_PARTY.match(line)):
            faults.append(f"{place}: {match.group(1)} in a header; keep it in the source file")
    return faults


def check_links(module, text, where):
    """The modules and LibTorch in a CMakeLists.txt's LINK lists and target_link_libraries()."""
    faults = []
    text = re.sub(r"#.*", "", text)
    for call, body in re.findall(r"\b(unmask_module|target_link_libraries)\s*\(([^)]*)\)", text):
        words = body.split()
        in_test = call == "target_link_libraries" and words[0].endswith("_test")
        for word in words[1:]:
            other = word.removeprefix("unmask_")
            if other == "warnings":
                continue
            if word.startswith("unmask_") and not may_use(module, other, in_test):
                faults.append(f"{where}: {module} may not link {other}")
            if module not in ISLAND and re.match(r"(torch|c10|TORCH)\b|\$\{TORCH", word):
                faults.append(f"{where}: only {', '.join(ISLAND)} may link LibTorch")
    return faults


def check(root):
    faults = []
    source = pathlib.Path(root) / "src" / "unmask"
    for folder in sorted(p for p in source.iterdir() if p.is_dir()):
        module = folder.name
        if module not in RANK and module not in ISLAND:
            faults.append(f"src/unmask/{module}: unknown module; give it a place in {__file__}")
            continue
        for path in sorted(folder.rglob("*")):
            where = str(path.relative_to(root))
            if path.suffix in (".h", ".cc"):
                faults += check_source(module, path, path.read_text(), where)
            elif path.name == "CMakeLists.txt":
                faults += check_links(module, path.read_text(), where)
    return faults


if __name__ == "__main__":
    found = check(pathlib.Path(__file__).resolve().parent.parent)
    for fault in found:
        print(fault)
    sys.exit(1 if found else 0)
