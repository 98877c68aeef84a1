"""The style of the Milan group: 32 frames, BlazeFace on square tiles, EfficientNet-B4 on the best faces.

As in Bonettini et al. (ICPR 2020): three overlapping tiles of a wide frame at 128 pixels, the best
face of each frame a fifth larger, 224 pixels. BlazeFace runs on OpenVINO here, faster than the
group's PyTorch.
"""

import cv2
import numpy
import openvino
import torch

from peer import frames_spread_evenly, judge_together, main, random_classifier

INPUT, FACE = 128, 224


def anchors():
    """Centres, in pixels of the input: two in each cell of 8 pixels, six in each of 16."""
    centres = []
    for grid, each in ((16, 2), (8, 6)):
        for y in range(grid):
            for x in range(grid):
                centres += [((x + 0.5) * INPUT / grid, (y + 0.5) * INPUT / grid)] * each
    return numpy.array(centres, numpy.float32)


def tiles(frame):
    """Square parts as (picture of the input's size, left, top, pixels of the frame per pixel)."""
    height, width = frame.shape[:2]
    size = min(height, width, 720)
    lefts = (0, (width - size) // 2, width - size) if width > size else (0,)
    tops = (0, (height - size) // 2, height - size) if height > size else (0,)
    return [(cv2.resize(frame[top:top + size, left:left + size], (INPUT, INPUT),
                        interpolation=cv2.INTER_AREA), left, top, size / INPUT)
            for top in tops for left in lefts]


def load(arguments):
    torch.set_num_threads(arguments.threads)
    core = openvino.Core()
    detector = core.compile_model(f"{arguments.networks}/face_detection_short_range.tflite", "CPU",
                                  {"INFERENCE_NUM_THREADS": arguments.threads})
    network = random_classifier("efficientnet_b4")
    centres = anchors()

    def best_face(frame):
        best, place = 0.5, None
        for picture, left, top, scale in tiles(frame):
            values = picture[None, :, :, ::-1].astype(numpy.float32) / 127.5 - 1
            outputs = sorted(detector(values).values(), key=lambda output: output.size)
            scores = 1 / (1 + numpy.exp(-numpy.clip(outputs[0].ravel(), -80, 80)))
            first = int(scores.argmax())
            if scores[first] <= best:
                continue
            x, y, w, h = outputs[1].reshape(-1, 16)[first, :4]
            best = scores[first]
            place = (left + scale * (x + centres[first, 0]), top + scale * (y + centres[first, 1]),
                     1.2 * scale * max(w, h))
        return place

    @torch.inference_mode()
    def judge(clip):
        frames, length = frames_spread_evenly(clip, 32)
        faces = []
        for frame in frames:
            place = best_face(frame)
            if place is None:
                continue
            x, y, size = place
            corner = max(0, int(y - size / 2)), max(0, int(x - size / 2))
            crop = frame[corner[0]:corner[0] + int(size), corner[1]:corner[1] + int(size)]
            faces.append(cv2.resize(crop, (FACE, FACE), interpolation=cv2.INTER_AREA)[:, :, ::-1])
        judge_together(network, faces)
        return {"frames": length, "searched": len(frames), "faces": len(faces)}

    return judge


if __name__ == "__main__":
    main(load, __doc__)
