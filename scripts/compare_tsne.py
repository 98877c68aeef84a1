#!/usr/bin/env python3
"""Compares the t-SNE of `unmask embed` with scikit-learn's on the same features.

    unmask embed MODEL STORE --method tsne --vectors vectors.csv --csv map.csv
    python3 scripts/compare_tsne.py vectors.csv map.csv [--perplexity 30]

Needs scikit-learn (`pip install scikit-learn`). Both maps start from the features' first 50
principal components. Prints for each map its trustworthiness and its Kullback-Leibler divergence
from the same affinities, by scikit-learn's own code in both cases, and the time that
scikit-learn took. map.csv must hold the map of those features as its last ones, as `unmask embed`
writes them.
"""

import argparse
import csv
import time

import numpy as np
from scipy.spatial.distance import squareform
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

INPUT_DIMENSIONS = 50


def read(vectors, maps):
    """Features, our map and the classes, a row a face."""
    with open(vectors, newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name[0] == "v" and name[1:].isdigit()]
    features = np.array([[float(row[name]) for name in names] for row in rows])
    with open(maps, newline="") as file:
        places = list(csv.DictReader(file))[-len(rows):]
    for row, place in zip(rows, places):
        if any(row[key] != place[key] for key in ("file", "track", "frame")):
            raise SystemExit(f"{maps}: is not the map of the faces of {vectors}")
    ours = np.array([[float(p["tsne_x"]), float(p["tsne_y"])] for p in places])
    return features, ours, np.array([row["class"] for row in rows])


def divergence(p, points):
    q = 1 / (1 + pairwise_distances(points, squared=True))
    np.fill_diagonal(q, 0)
    q /= q.sum()
    used = p > 0
    return (p[used] * np.log(p[used] / q[used])).sum()


def agreement(points, classes, k=10):
    """Share of the k nearest on the map that are of the same class."""
    nearest = NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)
    return (classes[nearest] == classes[:, None]).mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("vectors")
    parser.add_argument("map")
    parser.add_argument("--perplexity", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    features, ours, classes = read(a.vectors, a.map)
    reduced = features
    if features.shape[1] > INPUT_DIMENSIONS:
        reduced = PCA(INPUT_DIMENSIONS, random_state=a.seed).fit_transform(features)
    started = time.monotonic()
    theirs = TSNE(perplexity=a.perplexity, init="pca", random_state=a.seed).fit_transform(reduced)
    seconds = time.monotonic() - started
    distances = pairwise_distances(reduced, squared=True).astype(np.float32)
    p = squareform(_joint_probabilities(distances, a.perplexity, 0))
    print(f"{len(features)} faces, {features.shape[1]} values, perplexity {a.perplexity:g}; "
          f"scikit-learn took {seconds:.1f} s")
    print("map            trustworthiness (5, 12 neighbours)  divergence  same class (10 nearest)")
    for name, points in (("unmask", ours), ("scikit-learn", theirs)):
        trust = [trustworthiness(features, points, n_neighbors=k) for k in (5, 12)]
        print(f"{name:15}{trust[0]:15.4f}{trust[1]:10.4f}{divergence(p, points):22.4f}"
              f"{agreement(points, classes):25.3f}")


if __name__ == "__main__":
    main()
