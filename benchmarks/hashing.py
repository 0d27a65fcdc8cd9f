"""Codes of 32 bits for retrieval, beside signs of random projections, of principal components, and of ITQ.

For every query the 100 codes nearest by Hamming distance are looked at, and the share with the query's label is its
precision; codes at one distance count by the mean over all their orders. Nothing sees a label in training. Test rows
are the queries, training rows are what is looked among; with ``--validate`` the queries are a sixth of the training
rows, drawn by a fixed seed, and the rest is trained on. A result that is there already is kept, and with the same
command an interrupted training goes on.

    python benchmarks/hashing.py mnist --out runs/hashing --seeds 0 1 2
    python benchmarks/hashing.py 20news-w1000 --out runs/hashing --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfTransformer

from tildex import (
    Adam,
    Bernoulli,
    Cosine,
    Decorrelation,
    KLSparsity,
    LogitNoise,
    Masking,
    Neighbours,
    SemanticHashing,
    read,
)
from tildex.data import Record
from tildex.evaluate import iterative_quantization, pca_signs, precision_at, random_hyperplanes
from tildex.files import write_json
from tildex.generator import Generator

BITS, NEAREST = 32, 100

# What did best of what was tried on validation queries.
RECIPES: dict[str, dict[str, Any]] = {
    "mnist": {
        "hidden_layer_sizes": 500,
        "code_noise": LogitNoise(4.0),
        "corruption": Masking(0.3),
        "penalty": KLSparsity(1.0, target=0.5) + Decorrelation(1.0) + Neighbours(1000.0, perplexity=15),
        "optimizer": Adam(2e-3, schedule=Cosine(warmup=0.05)),
        "batch_size": 1500,
        "n_iter": 40,
    },
    "20news-w1000": {
        "hidden_layer_sizes": 500,
        "likelihood": Bernoulli(),
        "corruption": Masking(0.3),
        "penalty": KLSparsity(1.0, target=0.5) + Neighbours(300.0, perplexity=15),
        "optimizer": Adam(2e-3, schedule=Cosine(warmup=0.05)),
        "batch_size": 1500,
        "n_iter": 100,
    },
}


def features(record: Record, weights: TfidfTransformer | None) -> np.ndarray:
    """Return rows in memory; counts of words weighted by how rare they are, of unit length, which all methods like."""
    if weights is None:
        return np.asarray(record.X)
    return weights.transform(record.X).toarray().astype(np.float32)


def split(data: str, data_dir: Path | None, validate: bool) -> tuple[np.ndarray, ...]:
    """Return rows and labels to look among, then those of the queries."""
    train = read(data, data_dir=data_dir)
    weights = None if isinstance(train.X, np.ndarray) else TfidfTransformer(sublinear_tf=True).fit(train.X)
    X, y = features(train, weights), train.y
    if not validate:
        test = read(data, split="test", data_dir=data_dir)
        return X, y, features(test, weights), test.y
    order = Generator(0).permutation(len(X))
    queries, known = order[: len(X) // 6], order[len(X) // 6 :]
    return X[known], y[known], X[queries], y[queries]


class Results:
    """What has been measured, in one JSON file, a record a method and seed."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.records: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else []

    def measure(
        self, method: str, seed: int, hash_: Callable[[], tuple[Any, Any]], labels: tuple[Any, Any]
    ) -> None:
        """Hash queries and rows, and keep the precision, unless it is there."""
        if any(r["method"] == method and r["seed"] == seed for r in self.records):
            return
        began = time.perf_counter()
        queries, rows = hash_()
        minutes = (time.perf_counter() - began) / 60
        found = precision_at(NEAREST, queries, labels[0], rows, labels[1])
        self.records.append(
            {
                "method": method,
                "seed": seed,
                "precision": found.value,
                "error": found.standard_error,
                "minutes": minutes,
            }
        )
        write_json(self.file, self.records)
        print(
            f"{method}, seed {seed}: {found.value:.4f} ± {found.standard_error:.4f}, {minutes:.1f} min",
            flush=True,
        )

    def table(self, title: str) -> None:
        """Print mean, lowest and highest over seeds."""
        print(f"\n| {title} | precision at {NEAREST}: mean (range), seeds |")
        print("| --- | --- |")
        for method in dict.fromkeys(record["method"] for record in self.records):
            own = [record["precision"] for record in self.records if record["method"] == method]
            print(f"| {method} | {np.mean(own):.4f} ({min(own):.4f} to {max(own):.4f}), {len(own)} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", choices=sorted(RECIPES))
    parser.add_argument(
        "--out", type=Path, required=True, help="the folder for runs, checkpoints and results"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, help="other than what did best")
    parser.add_argument("--validate", action="store_true", help="judge on a sixth of the training rows")
    parser.add_argument("--precision", default="bfloat16", help="of products in training")
    parser.add_argument(
        "--data-dir", type=Path, help="the folder of known data sets; $TILDEX_DATA when not given"
    )
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    X, y, Q, asked = split(options.data, options.data_dir, options.validate)
    where = options.out / (f"{options.data}-validation" if options.validate else options.data)
    results = Results(where / "results.json")

    def ours(seed: int) -> tuple[Any, Any]:
        folder = where / f"seed-{seed}"
        model = SemanticHashing(BITS, precision=options.precision, random_state=seed, **RECIPES[options.data])
        if options.epochs is not None:
            model.set_params(n_iter=options.epochs)
        folder.mkdir(parents=True, exist_ok=True)
        model.fit(X, checkpoint=folder / "checkpoint.safetensors").save(folder)
        return model.transform(Q), model.transform(X)

    def signs(fit: Callable[[], Any]) -> Callable[[], tuple[Any, Any]]:
        def both() -> tuple[Any, Any]:
            hash_ = fit()
            return hash_(Q), hash_(X)

        return both

    labels = asked, y
    for seed in options.seeds:
        results.measure(
            "random projections",
            seed,
            signs(lambda s=seed: random_hyperplanes(X, BITS, Generator(s))),
            labels,
        )
        results.measure(
            "ITQ", seed, signs(lambda s=seed: iterative_quantization(X, BITS, Generator(s))), labels
        )
        results.measure("semantic hashing", seed, lambda s=seed: ours(s), labels)
    results.measure("signs of principal components", 0, signs(lambda: pca_signs(X, BITS)), labels)
    results.table(f"{options.data}, {len(Q):,} queries among {len(X):,} rows, {BITS} bits")


if __name__ == "__main__":
    main()
