#!/usr/bin/env python3
"""Writes what the maps of src/unmask/explain are tested against: scikit-learn's trustworthiness,
affinities and divergence of t-SNE, and principal components, of small made-up data.

Needs scikit-learn. Run and commit the result:

    python3 scripts/make_embedding_references.py src/unmask/explain/testdata/embeddings.json
"""

import json
import pathlib
import sys

import numpy as np
import sklearn
from scipy.spatial.distance import squareform
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities
from sklearn.metrics import pairwise_distances

PERPLEXITY = 5


def divergence(p, points):
    """The Kullback-Leibler divergence of the map `points` from the affinities `p`."""
    q = 1 / (1 + pairwise_distances(points, squared=True))
    np.fill_diagonal(q, 0)
    q /= q.sum()
    used = p > 0
    return float((p[used] * np.log(p[used] / q[used])).sum())


def case(name, data, points, neighbours):
    distances = pairwise_distances(data, squared=True).astype(np.float32)
    p = squareform(_joint_probabilities(distances, PERPLEXITY, 0))
    pca = PCA().fit(data)
    return {
        "name": name,
        "data": data.tolist(),
        "map": points.tolist(),
        "trustworthiness": {str(k): trustworthiness(data, points, n_neighbors=k)
                            for k in neighbours},
        "affinities": p.round(9).tolist(),
        "divergence": divergence(p, points),
        "variances": pca.explained_variance_.tolist(),
        "shares": pca.explained_variance_ratio_.tolist(),
    }


def main():
    random = np.random.default_rng(5)
    data = random.normal(size=(24, 5)).round(4)
    clusters = (random.normal(size=(24, 3)) + 6 * np.repeat(np.eye(3), 8, axis=0)).round(4)
    cases = [
        case("a map that has nothing to do with the data", data,
             random.normal(size=(24, 2)).round(4), [1, 3, 5, 11]),
        case("two of five coordinates", data, data[:, :2], [1, 3, 5, 11]),
        case("clusters, from above", clusters, clusters[:, :2], [2, 7]),
        case("a plane, turned", np.pad(data[:, :2], ((0, 0), (0, 1))),
             data[:, :2] @ np.array([[0.6, 0.8], [-0.8, 0.6]]), [4]),
    ]
    text = json.dumps({"scikit_learn": sklearn.__version__, "perplexity": PERPLEXITY,
                       "cases": cases})
    pathlib.Path(sys.argv[1]).write_text(text + "\n")


if __name__ == "__main__":
    main()
