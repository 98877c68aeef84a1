#!/usr/bin/env python3
"""Writes what the measures of src/unmask/score are tested against: scikit-learn's values for random
and for degenerate scores.

Needs scikit-learn. Run and commit the result:

    python3 scripts/make_metric_references.py src/unmask/score/testdata/metrics.json
"""

import json
import pathlib
import sys
import warnings

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

BINS = 15
CLIP = 1e-7
CURVES_UP_TO = 60  # items: longer cases are compared by their measures only


def scored(random, items, share, separation):
    """Scores that are higher for fakes, on the whole."""
    labels = (random.random(items) < share).astype(int)
    labels[:2] = [0, 1]
    margins = random.normal(separation * (2 * labels - 1), 2)
    return 1 / (1 + np.exp(-margins)), labels


def cases():
    random = np.random.default_rng(20)
    for number, (items, share, separation) in enumerate(
            [(12, 0.5, 1), (50, 0.8, 0.5), (200, 0.8, 1), (400, 0.2, 2), (60, 0.5, 0)]):
        yield f"random {number}", *scored(random, items, share, separation)
    scores, labels = scored(random, 60, 0.5, 1)
    yield "ties", np.round(scores, 1), labels
    yield "ties on the edges of bins", np.round(scores * BINS) / BINS, labels
    yield "two values", np.where(scores > 0.4, 0.9, 0.1), labels
    yield "zeros and ones", np.where(scores > 0.4, 1.0, 0.0), labels
    yield "constant", np.full(10, 0.3), np.arange(10) % 2
    yield "constant at the threshold", np.full(5, 0.5), np.array([0, 0, 1, 1, 1])
    yield "perfect", np.linspace(0, 1, 20), (np.arange(20) >= 12).astype(int)
    yield "inverted", np.linspace(0, 1, 20), (np.arange(20) < 12).astype(int)
    yield "two items, right", np.array([0.2, 0.7]), np.array([0, 1])
    yield "two items, wrong", np.array([0.7, 0.2]), np.array([0, 1])
    yield "two items, equal", np.array([0.7, 0.7]), np.array([0, 1])
    yield "only real", np.array([0.1, 0.6, 0.3]), np.array([0, 0, 0])
    yield "only fake", np.array([0.1, 0.6, 0.3]), np.array([1, 1, 1])
    yield "one item", np.array([0.25]), np.array([1])
    scores, _ = scored(random, 500, 0.5, 0)
    yield "one fake in 500", scores, (np.arange(500) == 77).astype(int)
    yield "one real in 500", scores, (np.arange(500) != 77).astype(int)
    scores, labels = scored(random, 2000, 0.5, 2)
    yield "exactly one alarm in a thousand", np.round(scores, 4), np.arange(2000) % 2


def equal_error_rate(fpr, tpr):
    """Where the polygon of the ROC curve crosses the falling diagonal."""
    excess = fpr - (1 - tpr)
    after = int(np.argmax(excess >= 0))
    before = after - 1
    share = -excess[before] / (excess[after] - excess[before])
    return fpr[before] + share * (fpr[after] - fpr[before])


def calibration_error(labels, scores):
    share, mean = calibration_curve(labels, scores, n_bins=BINS, strategy="uniform")
    bins = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], scores)
    filled, items = np.unique(bins, return_counts=True)
    points = np.stack([filled, items, mean, share], axis=1)
    return float(np.sum(items * np.abs(mean - share)) / len(scores)), points.tolist()


def reference(name, scores, labels):
    """The case with its measures; those that are not defined are null."""
    decisions = (scores >= 0.5).astype(int)
    clipped = np.clip(scores, CLIP, 1 - CLIP)
    expected = {
        "accuracy": metrics.accuracy_score(labels, decisions),
        "log_loss": metrics.log_loss(labels, clipped, labels=[0, 1]),
        "brier_score": float(np.mean((scores - labels) ** 2)),
    }
    expected["calibration_error"], reliability = calibration_error(labels, scores)
    both = 0 < labels.sum() < len(labels)
    case = {"name": name, "scores": scores.tolist(), "labels": labels.tolist(),
            "expected": expected, "reliability": reliability}
    for measure in ("balanced_accuracy", "auc", "average_precision", "equal_error_rate",
                    "tpr_at_1_percent", "tpr_at_one_per_thousand"):
        expected[measure] = None
    if not both:
        return case
    fpr, tpr, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
    expected |= {
        "brier_score": metrics.brier_score_loss(labels, scores),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, decisions),
        "auc": metrics.roc_auc_score(labels, scores),
        "average_precision": metrics.average_precision_score(labels, scores),
        "equal_error_rate": equal_error_rate(fpr, tpr),
        "tpr_at_1_percent": tpr[fpr <= 0.01].max(),
        "tpr_at_one_per_thousand": tpr[fpr <= 0.001].max(),
    }
    if len(scores) <= CURVES_UP_TO:
        precision, recall, cuts = metrics.precision_recall_curve(labels, scores)
        # Without the first threshold, which is infinite, and the last point, which has none.
        case["roc"] = np.stack([thresholds, fpr, tpr], axis=1)[1:].tolist()
        case["precision_recall"] = np.stack([cuts, recall[:-1], precision[:-1]], axis=1).tolist()
    return case


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    warnings.simplefilter("error")
    report = {"made_by": f"scripts/make_metric_references.py, scikit-learn {sklearn.__version__}",
              "cases": [reference(*case) for case in cases()]}
    output = pathlib.Path(sys.argv[1])
    output.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(case) for case in report["cases"])
    output.write_text(f'{{"made_by": {json.dumps(report["made_by"])}, "cases": [\n{lines}\n]}}\n')
