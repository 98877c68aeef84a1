"""The FaceForensics++ style: every frame, dlib's HOG detector, Xception on one face at a time.

As in the demonstration of Rössler et al. (ICCV 2019): the grey frame enlarged once, the first face,
a square 1.3 times as large, 299 pixels, each channel to -1 … 1, float32.
"""

import cv2
import dlib
import torch
from PIL import Image

from peer import main, random_classifier


def square_around(face, width, height):
    size = min(int(1.3 * max(face.width(), face.height())), width, height)
    x = min(max(0, face.center().x - size // 2), width - size)
    y = min(max(0, face.center().y - size // 2), height - size)
    return slice(y, y + size), slice(x, x + size)


def load(arguments):
    torch.set_num_threads(arguments.threads)
    detector = dlib.get_frontal_face_detector()
    network = random_classifier("legacy_xception")
    from torchvision import transforms

    prepare = transforms.Compose([transforms.Resize((299, 299)), transforms.ToTensor(),
                                  transforms.Normalize([0.5] * 3, [0.5] * 3)])

    @torch.inference_mode()
    def judge(clip):
        video = cv2.VideoCapture(str(clip))
        count = {"frames": 0, "searched": 0, "faces": 0}
        while not 0 < arguments.most_frames <= count["frames"]:
            good, frame = video.read()
            if not good:
                break
            count["frames"] += 1
            count["searched"] += 1
            faces = detector(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), 1)
            if not faces:
                continue
            crop = frame[square_around(faces[0], frame.shape[1], frame.shape[0])]
            picture = Image.fromarray(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB))
            torch.sigmoid(network(prepare(picture)[None]))
            count["faces"] += 1
        return count

    return judge


if __name__ == "__main__":
    main(load, __doc__)
