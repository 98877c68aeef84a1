#!/usr/bin/env python3
"""Writes what the tests of statistics in src/unmask/score are compared with: scipy's and statsmodels'
values, and DeLong's and Obuchowski's variances by plain loops over all pairs of items.

Needs numpy, scipy and statsmodels. Run and commit the result:

    python3 scripts/make_statistics_references.py src/unmask/score/testdata/statistics.json
"""

import json
import pathlib
import sys

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests


def placements(scores, labels):
    """For every item the share of the other class that it is on the right side of; ties one half."""
    result = np.zeros(len(scores))
    for i, (score, label) in enumerate(zip(scores, labels)):
        others = scores[labels != label]
        sides = [0.5 if other == score else float((score > other) == (label == 1)) for other in others]
        result[i] = np.mean(sides)
    return result


def covariance(a, b, labels, groups):
    """Obuchowski (1997), equations for clustered data; DeLong's where every item is its own group."""
    names = np.unique(groups)
    fakes, reals = np.sum(labels == 1), np.sum(labels == 0)

    def sums(values, label):
        auc = np.mean(values[labels == 1])
        return np.array([np.sum(values[(groups == g) & (labels == label)] - auc) for g in names])

    def holding(label):
        return len(np.unique(groups[labels == label]))

    s10 = holding(1) / ((holding(1) - 1) * fakes) * np.sum(sums(a, 1) * sums(b, 1))
    s01 = holding(0) / ((holding(0) - 1) * reals) * np.sum(sums(a, 0) * sums(b, 0))
    s11 = len(names) / (len(names) - 1) * np.sum(sums(a, 1) * sums(b, 0) + sums(a, 0) * sums(b, 1))
    return s10 / fakes + s01 / reals + s11 / (fakes * reals)


def auc_case(random, items, decimals, group_size):
    labels = np.arange(items) % 3 > 0
    labels = labels.astype(int)
    groups = np.arange(items) // group_size
    person = random.normal(0, 1, items)[groups]
    common = random.normal(0, 1, items) + person
    a, b = (np.round(1 / (1 + np.exp(-(slope * (2 * labels - 1) + common + random.normal(0, 1, items)))),
                     decimals) for slope in (1.0, 0.6))
    of_a, of_b = placements(a, labels), placements(b, labels)
    var_a, var_b, cov = (covariance(x, y, labels, groups)
                         for x, y in ((of_a, of_a), (of_b, of_b), (of_a, of_b)))
    difference = np.mean(of_a[labels == 1]) - np.mean(of_b[labels == 1])
    z = difference / np.sqrt(var_a + var_b - 2 * cov)
    return {
        "labels": labels.tolist(), "groups": groups.tolist(), "a": a.tolist(), "b": b.tolist(),
        "auc_a": np.mean(of_a[labels == 1]), "auc_b": np.mean(of_b[labels == 1]),
        "variance_a": var_a, "variance_b": var_b, "covariance": cov,
        "z": z, "p": 2 * stats.norm.sf(abs(z)),
    }


def adjusted(p_values):
    return {
        "p": p_values,
        "holm": multipletests(p_values, method="holm")[1].tolist(),
        "benjamini_hochberg": multipletests(p_values, method="fdr_bh")[1].tolist(),
    }


def friedman(values):
    chi_squared, p = stats.friedmanchisquare(*values)
    methods, blocks = values.shape
    f = (blocks - 1) * chi_squared / (blocks * (methods - 1) - chi_squared)
    ranks = np.mean([stats.rankdata(-values[:, b]) for b in range(blocks)], axis=0)
    return {
        "values": values.tolist(), "ranks": ranks.tolist(), "chi_squared": chi_squared, "p": p, "f": f,
        "p_f": stats.f.sf(f, methods - 1, (methods - 1) * (blocks - 1)),
    }


def references():
    random = np.random.default_rng(7)
    return {
        "made_by": f"scripts/make_statistics_references.py, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}",
        "aucs": [auc_case(random, 24, 6, 1), auc_case(random, 60, 1, 1), auc_case(random, 60, 6, 5),
                 auc_case(random, 90, 1, 3)],
        "adjusted": [adjusted([0.01, 0.04, 0.03, 0.005]),
                     adjusted(np.round(random.random(12) ** 3, 6).tolist()),
                     adjusted([0.02, 0.02, 1.0, 0.0])],
        "friedman": [friedman(random.random((5, 8))),
                     friedman(np.round(random.random((4, 9)), 1)),
                     friedman(np.round(random.random((8, 3)), 3))],
        "ranges": [{"count": count, "range": value,
                    "cdf": stats.studentized_range.cdf(value, count, np.inf)}
                   for count in (2, 3, 8, 20, 60) for value in (0.5, 2.0, 3.5, 5.0)],
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    parts = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in references().items())
    pathlib.Path(sys.argv[1]).write_text("{" + parts + "}\n")
