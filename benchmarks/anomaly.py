"""Anomaly detection: detect a held-out class after training on the nine others.

For each class of MNIST and Fashion-MNIST, a detector is trained on 12,000 training images of the other nine classes and
scores all test images. The area under the ROC curve is the probability that an image of the held-out class has a lower
score than one of the others. Baselines on the same rows: the reconstruction error of PCA with as many axes as our code
has units, and scikit-learn's isolation forest with default settings. Settings were chosen on the last 10,000 training
images (``--validate``).

    python benchmarks/anomaly.py --out runs/anomaly --seeds 0 1 2
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score

from runner import Bench, row, run, spread
from tildex import AnomalyDetector
from tildex.apps.measure.projection import Projection

ROWS = 12_000
METHODS = ("ours", "likelihood", "pca", "forest")


def area(unusual: np.ndarray, odd: np.ndarray) -> float:
    """Return the area under the ROC curve, in per cent."""
    return 100 * float(roc_auc_score(odd, unusual))


def pca_error(X: np.ndarray, held_out: np.ndarray, units: int) -> np.ndarray:
    """Return the squared error of held-out rows under PCA of the training rows."""
    pca = Projection.of(X, units)
    return np.square(held_out - pca.mean).sum(1) - np.square(pca(held_out)).sum(1)


def measured(bench: Bench, name: str, data: Any, left_out: int, seed: int) -> dict[str, float]:
    """Return the areas for one held-out class."""
    X, y, held_out, labels = data
    X, odd = X[y != left_out][:ROWS], labels == left_out
    model = bench.train(f"{name}-{left_out}-{seed}", bench.model("anomaly-mnist", seed), X)
    detector = AnomalyDetector(FrozenEstimator(model)).fit(X)
    return {
        "ours": area(-detector.score_samples(held_out), odd),
        "likelihood": area(-model.score_samples(held_out), odd),
        "pca": area(pca_error(X, held_out, model.n_components), odd),
        "forest": area(-IsolationForest(random_state=seed).fit(X).score_samples(held_out), odd),
    }


def anomaly(
    bench: Bench,
    *,
    data: tuple[str, ...] = ("mnist", "fashion-mnist"),
    classes: tuple[int, ...] = tuple(range(10)),
) -> None:
    """Measure and print."""
    found: dict[str, list[list[float]]] = {}
    for name in data:
        parts = bench.parts(name)
        for left_out, seed in bench.each(classes):
            measure = partial(measured, bench, name, parts, left_out, seed)
            line = bench.result(measure, data=name, without=left_out, seed=seed)
            found.setdefault(name, []).append([line[method] for method in METHODS])
    row("area under the ROC curve, %", *METHODS)
    for name, lines in found.items():
        means = np.mean(np.reshape(lines, (len(classes), len(bench.seeds), -1)), 0)
        row(name, *(spread(values, ".1f") for values in means.T))


if __name__ == "__main__":
    run(anomaly, seeds=(0, 1, 2), threads=1)
