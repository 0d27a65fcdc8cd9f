"""Retrieval with 32-bit codes, against signs of random projections, signs of principal components, and ITQ.

A query's precision is the share of its 100 nearest codes by Hamming distance that have its label; ties count by the
mean over all their orders. Training uses no labels. Test rows are the queries, and training rows are searched. With
``--validate``, the queries are a sixth of the training rows, drawn with a fixed seed, and the rest are for training.

    python benchmarks/hashing.py mnist --out runs/hashing --seeds 0 1 2
    python benchmarks/hashing.py 20news-w1000 --out runs/hashing --seeds 0 1 2
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
from sklearn.feature_extraction.text import TfidfTransformer

from runner import Bench, row, run, spread
from tildex.data import Record
from tildex.evaluate import iterative_quantization, pca_signs, precision_at, random_hyperplanes
from tildex.generator import Generator

BITS, NEAREST = 32, 100
RECIPES = {"mnist": "hashing-mnist", "20news-w1000": "hashing-20news"}


def features(record: Record, weights: TfidfTransformer | None) -> np.ndarray:
    """Return rows in memory; word counts are weighted by rarity and have unit length, which suits all methods."""
    if weights is None:
        return np.asarray(record.X)
    return weights.transform(record.X).toarray().astype(np.float32)


def split(bench: Bench, data: str) -> tuple[np.ndarray, ...]:
    """Return the searched rows and labels, then those of the queries."""
    train = bench.read(data)
    weights = None if isinstance(train.X, np.ndarray) else TfidfTransformer(sublinear_tf=True).fit(train.X)
    X, y = features(train, weights), train.y
    if not bench.validate:
        test = bench.read(data, "test")
        return X, y, features(test, weights), test.y
    order = Generator(0).permutation(len(X))
    queries, known = order[: len(X) // 6], order[len(X) // 6 :]
    return X[known], y[known], X[queries], y[queries]


def hashing(data: Literal["mnist", "20news-w1000"], /, bench: Bench) -> None:
    """Measure and print."""
    X, y, Q, asked = split(bench, data)

    def ours(seed: int) -> Callable[[Any], Any]:
        return bench.train(f"{data}-{seed}", bench.model(RECIPES[data], seed), X).transform

    methods: dict[str, Callable[[int], Callable[[Any], Any]]] = {
        "random projections": lambda seed: random_hyperplanes(X, BITS, Generator(seed)),
        "ITQ": lambda seed: iterative_quantization(X, BITS, Generator(seed)),
        "semantic hashing": ours,
        "signs of principal components": lambda seed: pca_signs(X, BITS),
    }

    def measured(method: str, seed: int) -> dict[str, float]:
        code = methods[method](seed)
        found = precision_at(NEAREST, code(Q), asked, code(X), y)
        return {"precision": found.value, "standard_error": found.standard_error}

    lines: dict[str, list[float]] = {}
    for method, seed in bench.each(methods):
        line = bench.result(partial(measured, method, seed), data=data, method=method, seed=seed)
        lines.setdefault(method, []).append(line["precision"])
    row(f"{data}, {len(Q):,} queries among {len(X):,} rows, {BITS} bits", f"precision at {NEAREST}")
    for method, values in lines.items():
        row(method, spread(values, ".3f"))


if __name__ == "__main__":
    run(hashing, seeds=(0, 1, 2), threads=1)
