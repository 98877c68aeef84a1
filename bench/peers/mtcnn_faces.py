"""Preparing faces as most Python pipelines do: ten frames a second, MTCNN, crops as PNG files.

MTCNN of facenet-pytorch, at half size with the thresholds of the entry that won the DFDC, or
(`--reduce 1`) on whole frames with the thresholds that facenet-pytorch has as its own. Crops are a
third larger on every side.
"""

import tempfile
from pathlib import Path

import cv2
import torch
from PIL import Image

from peer import main, provide_operators

SEARCHES = 10  # a second


def load(arguments):
    torch.set_num_threads(arguments.threads)
    provide_operators()
    from facenet_pytorch import MTCNN

    reduce = arguments.reduce
    thresholds = [0.7, 0.8, 0.8] if reduce > 1 else [0.6, 0.7, 0.7]
    detector = MTCNN(margin=0, thresholds=thresholds, keep_all=True, device="cpu")

    def judge(clip):
        video = cv2.VideoCapture(str(clip))
        rate = video.get(cv2.CAP_PROP_FPS)
        count = {"frames": 0, "searched": 0, "faces": 0}
        with tempfile.TemporaryDirectory() as folder:
            while video.grab():
                number = count["frames"]
                count["frames"] += 1
                if number and int(number * SEARCHES / rate) == int((number - 1) * SEARCHES / rate):
                    continue
                _, frame = video.retrieve()
                count["searched"] += 1
                picture = Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
                if reduce > 1:
                    picture = picture.resize([side // reduce for side in picture.size])
                boxes, _ = detector.detect(picture)
                for box in [] if boxes is None else boxes:
                    x0, y0, x1, y1 = (int(reduce * value) for value in box)
                    pad_x, pad_y = (x1 - x0) // 3, (y1 - y0) // 3
                    crop = frame[max(0, y0 - pad_y):y1 + pad_y, max(0, x0 - pad_x):x1 + pad_x]
                    cv2.imwrite(str(Path(folder) / f"{number}-{count['faces']}.png"), crop)
                    count["faces"] += 1
        return count

    return judge


if __name__ == "__main__":
    main(load, __doc__)
