"""Sparse autoencoders on patches of CIFAR-10 against scikit-learn's dictionary learning, at equal L0.

Colour patches of 8 x 8 pixels, each with mean zero and unit variance, are taken at random positions: training patches
from the first 15,000 training images, validation patches from the other 5,000, test patches from the test images. All
models have the same number of units and are evaluated on unseen patches by the fraction of variance unexplained (FVU)
and by the units that are never active (dead).

``MiniBatchDictionaryLearning`` learns its dictionary with lasso codes. Its codes here are ``lasso``, with the penalty
that gives the same L0, found by bisection, and ``omp``, orthogonal matching pursuit with as many steps. Ours are one
matrix product and a choice of the largest inputs, or, for ``pursuit``, one choice after the other, with which the
dictionary was also trained. Times are processor times: training, and encoding 10,000 patches.

    python benchmarks/sparse_patches.py --out runs/patches --seeds 0 1 2
    python benchmarks/sparse_patches.py --out runs/patches --validate --patches 20000 --models top-k    # in a minute
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Literal, get_args

import numpy as np
import torch
from sklearn.decomposition import MiniBatchDictionaryLearning, sparse_encode
from sklearn.exceptions import ConvergenceWarning

from runner import Bench, row, run, spread
from tildex.evaluate import Sparsity
from tildex.features.patches import equalised, random_patches
from tildex.generator import Generator

SIZE, IMAGES, HELD = 8, 15_000, 10_000

# Maps rows to codes and reconstructions.
Coder = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
Model = Literal["pursuit", "top-k", "batch-top-k", "lasso", "omp"]
MODELS: tuple[Model, ...] = get_args(Model)


def patches_of(bench: Bench, split: str, images: slice, n: int, seed: int) -> np.ndarray:
    """Return patches with mean zero and unit variance, shape (n, 192)."""
    record = bench.read("cifar10", split)
    pixels = torch.from_numpy(record.X[images]).view(-1, 32, 32, 3)
    found: np.ndarray = equalised(random_patches(pixels, SIZE, n, generator=Generator(seed))).numpy()
    return found


def sparse_coder(components: np.ndarray, offset: np.ndarray, **settings: Any) -> Coder:
    """Return the encoder of a dictionary."""

    def encode(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with warnings.catch_warnings():
            # The lasso's last iterations change its codes by less than the printed precision.
            warnings.simplefilter("ignore", ConvergenceWarning)
            code = sparse_encode(rows - offset, components, **settings)
        return code, code @ components + offset

    return encode


def price_for(components: np.ndarray, rows: np.ndarray, k: int) -> float:
    """Return the lasso penalty at which centred rows have ``k`` active units on average, by bisection."""
    low, high = 0.1, 10.0
    for _ in range(10):
        price = float(np.sqrt(low * high))
        coder = sparse_coder(components, np.zeros_like(rows[0]), algorithm="lasso_cd", alpha=price)
        used = (coder(rows)[0] != 0).sum(1).mean()
        low, high = (price, high) if used > k else (low, price)
    return float(np.sqrt(low * high))


def sparse_patches(
    bench: Bench,
    *,
    models: tuple[Model, ...] = MODELS,
    k: int = 10,
    units: int = 512,
    patches: int = 50_000,
    passes: int = 1,
    price: float = 1.0,
) -> None:
    """Measure and print.

    Parameters
    ----------
    k
        Number of active units.
    passes
        Epochs of dictionary learning over the patches.
    price
        Penalty of dictionary learning's own lasso.
    """
    split, images = ("train", slice(IMAGES, None)) if bench.validate else ("test", slice(None))
    settings = {"k": k, "units": units, "patches": patches, "passes": passes, "price": price}

    @cache
    def rows(seed: int) -> tuple[np.ndarray, np.ndarray]:
        X = patches_of(bench, "train", slice(IMAGES), patches, seed)
        return X, patches_of(bench, split, images, HELD, 1000 + seed)

    def ours(name: str, seed: int) -> Coder:
        model = bench.model(f"sparse-patches-{name}", seed, n_components=units)
        model.set_params(code__k=k).fit(rows(seed)[0])
        return lambda x: (model.transform(x), model.reconstruct(x))

    @cache
    def dictionary(seed: int) -> tuple[np.ndarray, float]:
        X, began = rows(seed)[0], time.process_time()
        learning = MiniBatchDictionaryLearning(
            units,
            alpha=price,
            max_iter=passes,
            batch_size=256,
            fit_algorithm="cd",
            max_no_improvement=None,
            random_state=seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            components = learning.fit(X - X.mean(0)).components_
        return components, time.process_time() - began

    def theirs(name: str, seed: int) -> tuple[Coder, float]:
        (components, learning), X = dictionary(seed), rows(seed)[0]
        if name == "omp":
            return sparse_coder(components, X.mean(0), algorithm="omp", n_nonzero_coefs=k), learning
        own = price_for(components, (X - X.mean(0))[:500], k)
        return sparse_coder(components, X.mean(0), algorithm="lasso_cd", alpha=own), learning

    def measured(name: str, seed: int) -> dict[str, Any]:
        held, began = rows(seed)[1], time.process_time()
        if name in ("lasso", "omp"):
            coder, learning = theirs(name, seed)
        else:
            coder, learning = ours(name, seed), time.process_time() - began
        began = time.process_time()
        code, reconstruction = coder(held)
        encoding = time.process_time() - began
        use = Sparsity.of(code, held, reconstruction)
        return {
            "L0": use.l0.value,
            "FVU": 100 * use.unexplained.value,
            "standard error": 100 * use.unexplained.standard_error,
            "dead": 100 * use.dead,
            "rare": use.rare,
            "learning": learning,
            "encoding": encoding,
        }

    lines: dict[str, list[Any]] = {}
    for name, seed in bench.each(models):
        line = bench.result(partial(measured, name, seed), model=name, seed=seed, **settings)
        lines.setdefault(name, []).append(line)
    row("code", "left unexplained", "in use", "units dead, wanted under 1 %", "learning, s", "encoding, s")
    forms = {
        "FVU": (".1f", " %"),
        "L0": (".1f",),
        "dead": (".1f", " %"),
        "learning": (".0f",),
        "encoding": (".1f",),
    }
    for name, found in lines.items():
        row(name, *(spread((line[figure] for line in found), *form) for figure, form in forms.items()))


if __name__ == "__main__":
    run(sparse_patches, threads=1)
