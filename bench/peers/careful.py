"""A careful pipeline of today in Python, the hardest to beat: all networks on OpenVINO, threads, batches.

It asks the same networks as `unmask detect` on as many faces: PyAV decodes with all threads, ten
frames a second are reduced and searched while others wait in a queue, boxes are followed by their
overlap, 32 faces of each track are aligned by landmarks and judged in batches of eight. What it does
not do is to leave out frames that no other is made of, and searches while nothing moves.
"""

import queue
import threading

import av
import cv2
import numpy
import openvino

from peer import main

INPUT, GRID = 192, 48
BATCH, FACES, SEARCHES = 8, 32, 10
RIGHT_EYE = [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246]
LEFT_EYE = [263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466]
# Eyes, nose and mouth in a crop of 112 pixels (ArcFace's template).
TEMPLATE = numpy.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366],
                        [41.5493, 92.3655], [70.7299, 92.2041]], numpy.float32)
MEAN = numpy.array([0.485, 0.456, 0.406], numpy.float32)
DEVIATION = numpy.array([0.229, 0.224, 0.225], numpy.float32)


def overlap(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


class Detector:
    def __init__(self, core, path, options):
        self.network = core.compile_model(path, "CPU", options)
        rows, columns = numpy.mgrid[0:GRID, 0:GRID]
        self.centres = numpy.stack([columns.ravel(), rows.ravel()], 1) * 4 + 2

    def __call__(self, small, scale):
        """[(x0, y0, x1, y1, right eye, left eye)] in pixels of the frame."""
        canvas = numpy.full((1, INPUT, INPUT, 3), -1, numpy.float32)
        top, left = (INPUT - small.shape[0]) // 2, (INPUT - small.shape[1]) // 2
        canvas[0, top:top + small.shape[0], left:left + small.shape[1]] = small / 127.5 - 1
        logits, values = sorted(self.network(canvas).values(), key=lambda output: output.size)
        found = numpy.flatnonzero(logits.ravel() > 0)
        if not found.size:
            return []
        points = values.reshape(GRID * GRID, -1)[found]
        place = points[:, :2] + self.centres[found]
        half = points[:, 2:4] / 2
        offset = numpy.array([left, top])
        low, high = (place - half - offset) * scale, (place + half - offset) * scale
        eyes = [(points[:, 4 + 2 * k:6 + 2 * k] + self.centres[found] - offset) * scale
                for k in (0, 1)]
        boxes = numpy.concatenate([low, high - low], 1)
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), logits.ravel()[found].tolist(), 0.0, 0.3)
        return [(*low[i], *high[i], eyes[0][i], eyes[1][i]) for i in numpy.ravel(kept)]


class Landmarks:
    def __init__(self, core, path, options):
        self.network = core.compile_model(path, "CPU", options)

    def __call__(self, frame, face):
        """Five points, pixels of the frame."""
        x0, y0, x1, y1, right, left = face
        scale = INPUT / (1.5 * max(x1 - x0, y1 - y0))
        angle = numpy.degrees(numpy.arctan2(left[1] - right[1], left[0] - right[0]))
        centre = ((x0 + x1) / 2, (y0 + y1) / 2)
        matrix = cv2.getRotationMatrix2D(tuple(map(float, centre)), float(angle), float(scale))
        matrix[:, 2] += INPUT / 2 - numpy.array(centre)
        crop = cv2.warpAffine(frame, matrix, (INPUT, INPUT))
        outputs = self.network(crop[None].astype(numpy.float32) / 255)
        mesh = max(outputs.values(), key=lambda output: output.size).reshape(-1, 3)[:, :2]
        points = numpy.stack([mesh[RIGHT_EYE].mean(0), mesh[LEFT_EYE].mean(0), mesh[4], mesh[61],
                              mesh[291]])
        return cv2.transform(points[None], cv2.invertAffineTransform(matrix))[0]


class Classifier:
    def __init__(self, core, path, options):
        self.network = core.compile_model(path, "CPU", options)
        self.size = self.network.input(0).partial_shape[2].get_length()
        self.waiting, self.faces = [], 0

    def add(self, frame, points):
        scale = self.size / 112
        matrix, _ = cv2.estimateAffinePartial2D(points.astype(numpy.float32), TEMPLATE * scale,
                                                method=cv2.LMEDS)
        self.waiting.append(cv2.warpAffine(frame, matrix, (self.size, self.size)))
        if len(self.waiting) == BATCH:
            self.run()

    def run(self):
        if self.waiting:
            crops = numpy.stack(self.waiting).astype(numpy.float32) / 255
            self.network(((crops - MEAN) / DEVIATION).transpose(0, 3, 1, 2).copy())
        self.faces += len(self.waiting)
        self.waiting = []


def decode(clip, frames, counts):
    """Puts ten frames a second into the queue, each with a reduced copy for the detector; then None."""
    try:
        decode_frames(clip, frames, counts)
    finally:
        frames.put(None)


def decode_frames(clip, frames, counts):
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        due = 0.0
        for frame in container.decode(stream):
            counts["frames"] += 1
            if frame.time + 1e-6 < due:
                continue
            due += 1 / SEARCHES
            scale = max(frame.width, frame.height) / INPUT
            small = frame.reformat(round(frame.width / scale), round(frame.height / scale), "rgb24",
                                   interpolation="AREA").to_ndarray()
            frames.put((frame, small, scale))


def load(arguments):
    core = openvino.Core()
    if arguments.cache:
        core.set_property({"CACHE_DIR": arguments.cache})
    options = {"INFERENCE_NUM_THREADS": arguments.threads, "PERFORMANCE_HINT": "LATENCY",
               "INFERENCE_PRECISION_HINT": "f32"}
    folder = arguments.networks
    detector = Detector(core, f"{folder}/face_detection_full_range.tflite", options)
    landmarks = Landmarks(core, f"{folder}/face_landmark.tflite", options)
    classifier = Classifier(core, arguments.model, options)

    def judge(clip):
        with av.open(str(clip)) as container:
            duration = float(container.duration or 0) / av.time_base
        stride = max(1, round(duration * SEARCHES / FACES))  # of a face that is there throughout
        counts = {"frames": 0, "searched": 0}
        frames = queue.Queue(maxsize=4)
        decoder = threading.Thread(target=decode, args=(clip, frames, counts), daemon=True)
        decoder.start()
        tracks = []  # [box, sightings]
        while (item := frames.get()) is not None:
            frame, small, scale = item
            counts["searched"] += 1
            picture = None
            for face in detector(small, scale):
                track = max(tracks, key=lambda t: overlap(t[0], face), default=None)
                if track is None or overlap(track[0], face) < 0.3:
                    track = [face, 0]
                    tracks.append(track)
                track[0] = face
                track[1] += 1
                if (track[1] - 1) % stride == 0:
                    if picture is None:
                        picture = frame.to_ndarray(format="rgb24")
                    classifier.add(picture, landmarks(picture, face))
        decoder.join()
        classifier.run()
        return {**counts, "faces": classifier.faces}

    return judge


if __name__ == "__main__":
    main(load, __doc__)
