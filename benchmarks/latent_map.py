"""A two-dimensional map of MNIST that generalises to new images, with a neighbour loss, against PCA.

Measured on all 10,000 test images: trustworthiness and continuity (12 neighbours), and the error of the nearest
training image. Settings were chosen on the last 10,000 training images (``--validate``).

With ``--codes``, one run of ``deep_autoencoder.py`` per seed, an image is represented by its pixels and its deep code,
each with half of the squared distance: within a batch, one in eleven nearest neighbours in pixels is another digit, one
in twenty in such codes. Trustworthiness and continuity still use pixel neighbours. The deep runs were trained on all
training images without labels, including those of ``--validate``.

    python benchmarks/latent_map.py --out runs/map --seeds 0 1 2
    python benchmarks/deep_autoencoder.py modern --out runs/deep --seeds 0
    python benchmarks/latent_map.py --out runs/map-codes --seeds 0 --codes runs/deep/moved-0
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from runner import Bench, row, run, spread
from tildex import load
from tildex.apps.measure.projection import Projection
from tildex.evaluate import continuity, neighbour_error, trustworthiness

SNAPSHOTS = (0, 3, 9, 12)
FIGURES = {"trustworthiness": (0.926, 0.95), "continuity": ("", ""), "error": (9.9, 6)}
"""Published values (van der Maaten, 2009, second-hand) and targets."""


def joined(codes: Path, X: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that joins pixels and deep codes, each with half of the variance of ``X``."""
    deep = load(codes)
    Z = deep.transform(X)
    middle, between = X.mean(0), Z.mean(0)
    share = np.sqrt(0.5), np.sqrt(0.5 * X.var(0).sum() / Z.var(0).sum())

    def features(images: np.ndarray) -> np.ndarray:
        parts = [(images - middle) * share[0], (deep.transform(images) - between) * share[1]]
        return np.concatenate(parts, 1).astype(np.float32)

    return features


def figures(
    encode: Any, X: np.ndarray, y: np.ndarray, held_out: np.ndarray, labels: np.ndarray
) -> dict[str, float]:
    """Return trustworthiness, continuity and nearest-neighbour error in per cent."""
    Z = encode(held_out)
    trust, cont = trustworthiness(held_out, Z), continuity(held_out, Z)
    error = neighbour_error(encode(X), y, Z, labels)
    return {"trustworthiness": trust.value, "continuity": cont.value, "error": 100 * error.value}


def latent_map(bench: Bench, *, codes: tuple[Path, ...] = ()) -> None:
    """Measure and print.

    Parameters
    ----------
    codes
        Deep autoencoders, one per seed, whose codes are added to the pixels.
    """
    if codes and len(codes) != len(bench.seeds):
        raise SystemExit(f"--codes must name one run per seed: {len(bench.seeds)} seeds, {len(codes)} runs")
    X, y, held_out, labels = bench.parts("mnist")

    def measured(place: int, seed: int) -> dict[str, float]:
        features = joined(codes[place], X) if codes else np.asarray
        name = "map-mnist" if codes else "map-mnist-pixels"
        model = bench.train(f"{name}-{seed}", bench.model(name, seed), features(X), snapshots=SNAPSHOTS)
        return figures(lambda images: np.asarray(model.transform(features(images))), X, y, held_out, labels)

    pca = bench.result(lambda: figures(Projection.of(X, 2), X, y, held_out, labels), map="PCA")
    lines = [
        bench.result(partial(measured, place, seed), map="ours", seed=seed, codes=codes[place : place + 1])
        for place, seed in enumerate(bench.seeds)
    ]
    row("figure", "published", "wanted", "PCA", "ours")
    for name, (published, wanted) in FIGURES.items():
        row(name, published, wanted, f"{pca[name]:.3f}", spread((line[name] for line in lines), ".3f"))


if __name__ == "__main__":
    run(latent_map, seeds=(0, 1, 2), threads=1)
