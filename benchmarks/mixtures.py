"""Gaussian machines at their defaults beside mixtures of normals: held-out nats of toy mixtures and of small tables.

All mixtures that are written out here, and all tables, were seen while the defaults were chosen. Those of `DRAWN` were
drawn at random afterwards, and not looked at while defaults were chosen.

The best mixture is the best on the held-out rows of 30: up to ten components of full, tied or diagonal covariance.

    python benchmarks/mixtures.py --seeds 0 1 2 [--drawn-only]
"""

from __future__ import annotations

import time
import warnings
from functools import partial
from typing import Annotated

import numpy as np
import torch
from cyclopts import Parameter
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.mixture import GaussianMixture

from runner import Bench, row, run
from tildex import GaussianRBM
from tildex.evaluate import log_likelihood

ANGLES = np.arange(8) * np.pi / 4
EYE, TILTED = np.eye(2), np.array([[1.0, 0.8], [0.8, 1.0]])

# Weights, means, covariances, and the units of the columns.
TOYS = {
    "two widths": ([4, 6], [[100], [160]], [[[25]], [[64]]], [1]),
    "corners": ([1] * 4, [[5, 5], [5, -5], [-5, 5], [-5, -5]], [0.64 * EYE] * 4, [1, 1]),
    "two correlated": ([1, 1], [[0, 0], [6, -2]], [TILTED] * 2, [1, 1]),
    "tiny, three modes": ([3, 3, 4], [[0], [1], [3]], [[[0.01]], [[0.01]], [[0.02]]], [1e-6]),
    "huge and tiny, ring of eight": (
        [1] * 8,
        5 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1),
        [0.25 * EYE] * 8,
        [1e6, 1e-3],
    ),
    "far apart": ([1, 1], [[0], [1000]], [[[1]], [[1]]], [1]),
    "triangle": ([2, 3, 5], [[0, 0], [6, 0], [3, 5.2]], [0.5 * EYE] * 3, [1, 1]),
    "narrow and wide": ([1, 1], [[0], [8]], [[[0.25]], [[9]]], [1]),
    "grid of nine": ([1] * 9, [[4 * i, 4 * j] for i in range(3) for j in range(3)], [0.3 * EYE] * 9, [1, 1]),
    "overlapping": ([1, 1], [[0], [2.5]], [[[1]], [[1]]], [1]),
    "crossed": ([1, 1], [[0, 0]] * 2, [[[1, 0.95], [0.95, 1]], [[1, -0.95], [-0.95, 1]]], [1, 1]),
}
TABLES = {
    "wine": lambda: load_wine().data,
    "breast cancer": lambda: load_breast_cancer().data,
    "diabetes": lambda: load_diabetes(scaled=False).data,
    "iris": lambda: load_iris().data,
}

# Scales of the columns of drawn mixtures, as powers of ten.
SMALLEST, LARGEST = -6, 6


def drawn(seed: int) -> tuple[list[float], np.ndarray, list[np.ndarray], np.ndarray]:
    """Return a mixture drawn at random: two to six modes in one to three columns, of one covariance or of several."""
    random = np.random.default_rng(seed)
    modes, columns, shared = random.integers(2, 7), random.integers(1, 4), bool(random.integers(2))
    covariances = []
    for _ in range(1 if shared else modes):
        factor = random.normal(size=(columns, columns))
        covariances.append(factor @ factor.T / columns + 0.1 * np.eye(columns))
    weights, means = random.dirichlet(np.full(modes, 4.0)), random.uniform(-8, 8, (modes, columns))
    scales = 10 ** random.uniform(SMALLEST, LARGEST, columns)
    return list(weights), means, covariances * (modes if shared else 1), scales


DRAWN = {f"drawn {seed}": drawn(seed) for seed in range(20261128, 20261134)}


def rows_of(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows to learn from and held-out rows."""
    random = np.random.default_rng(seed)
    if name in TABLES:
        X = TABLES[name]()
        X = X[random.permutation(len(X))]
        return X[len(X) // 4 :], X[: len(X) // 4]
    weights, means, covariances, units = (TOYS | DRAWN)[name]
    chosen = random.choice(len(weights), 3000, p=np.array(weights) / sum(weights))
    X = np.stack([random.multivariate_normal(means[k], covariances[k]) for k in chosen]) * units
    return X[:1000], X[1000:]


def of_mixtures(train: np.ndarray, test: np.ndarray) -> tuple[float, float]:
    """Return the nats of one normal density of full covariance, and of the best mixture."""
    mean, scale = train.mean(0), train.std(0)
    scores = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in ("full", "tied", "diag"):
            for k in range(1, 11):
                mixture = GaussianMixture(k, covariance_type=kind, n_init=3, random_state=0)
                scores.append(float(mixture.fit((train - mean) / scale).score((test - mean) / scale)))
    volume = float(np.log(scale).sum())
    return scores[0] - volume, max(scores) - volume


def measured(name: str, seed: int) -> dict[str, float]:
    """Return held-out nats of both, and the seconds of a fit."""
    train, test = rows_of(name, seed)
    one, best = of_mixtures(train, test)
    began = time.perf_counter()
    model = GaussianRBM(random_state=seed).fit(train)
    seconds = time.perf_counter() - began
    scaled = model.scaling_(torch.from_numpy(test))
    ours = float(log_likelihood(model.module_, scaled).mean() + model.scaling_.log_volume())
    return {"one": one, "best": best, "ours": ours, "seconds": seconds}


def mixtures(
    bench: Bench, *, drawn_only: Annotated[bool, Parameter(help="Leave out all but the drawn ones.")] = False
) -> None:
    """Measure every set, and print its line."""
    found: dict[str, list[dict[str, float]]] = {}
    for name, seed in bench.each(DRAWN if drawn_only else [*TOYS, *TABLES, *DRAWN]):
        found.setdefault(name, []).append(bench.result(partial(measured, name, seed), name=name, seed=seed))
    row("data", "one normal", "best mixture", "ours", "worst gap to the best", "seconds")
    for name, lines in found.items():
        means = {
            key: float(np.mean([line[key] for line in lines])) for key in ("one", "best", "ours", "seconds")
        }
        worst = max(line["best"] - line["ours"] for line in lines)
        row(
            name,
            *(f"{means[k]:.2f}" for k in ("one", "best", "ours")),
            f"{worst:.2f}",
            f"{means['seconds']:.1f}",
        )


if __name__ == "__main__":
    run(mixtures, seeds=(0, 1, 2))
