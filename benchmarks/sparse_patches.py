"""Sparse autoencoders on patches of CIFAR-10 beside scikit-learn's dictionary learning, at equal L0.

Patches of 8 x 8 pixels in colour, each of mean zero and unit variance, come from random places of the images: training
patches from the first 15,000 training images, validation patches from the other 5,000, test patches from the test
images. Every model has the same number of units, and is judged by the fraction of variance that is left unexplained
of patches it has not seen (FVU) and by the units that none of these uses (dead).

``MiniBatchDictionaryLearning`` learns its dictionary with lasso codes. Its codes here are ``lasso``, of the price at
which as many units are in use, found by bisection, and ``omp``, orthogonal matching pursuit with so many steps. Ours
are one product with a matrix and a choice of the largest inputs, or, as ``pursuit``, a choice of one after the other,
with which the dictionary was learned too. Times are of the processor: learning, and encoding 10,000 patches. A result
that is there already is kept.

    python benchmarks/sparse_patches.py --out runs/patches --seeds 0 1 2
    python benchmarks/sparse_patches.py --out runs/patches --validate --patches 20000 --models top-k    # in a minute
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.decomposition import MiniBatchDictionaryLearning, sparse_encode
from sklearn.exceptions import ConvergenceWarning

from tildex import Adam, BatchTopK, Cosine, Pursuit, Revive, SparseAutoencoder, TopK, read
from tildex.evaluate import Sparsity
from tildex.features.patches import equalised, random_patches
from tildex.files import write_json
from tildex.generator import Generator

SIZE, IMAGES, HELD = 8, 15_000, 10_000

# A code and a reconstruction from rows.
Coder = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def patches(split: str, images: slice, n: int, seed: int, folder: Path | None) -> np.ndarray:
    """Return patches of mean zero and unit variance, shape (n, 192)."""
    with warnings.catch_warnings():
        # Not all of the training images are at hand, and the docstring says how many there are.
        warnings.simplefilter("ignore")
        record = read("cifar10", split=split, data_dir=folder)
    pixels = torch.from_numpy(record.X[images]).view(-1, 32, 32, 3)
    found: np.ndarray = equalised(random_patches(pixels, SIZE, n, generator=Generator(seed))).numpy()
    return found


def autoencoder(code: Any, options: argparse.Namespace, X: np.ndarray, seed: int) -> Coder:
    """Return the coder of a trained autoencoder."""
    model = SparseAutoencoder(
        options.units,
        code=code,
        optimizer=Adam(options.rate, schedule=Cosine(warmup=0.05)),
        n_iter=options.epochs,
        batch_size=options.batch_size,
        penalty=None if isinstance(code, Pursuit) else Revive(after=2000),
        precision="bfloat16",
        random_state=seed,
    ).fit(X)
    return lambda rows: (model.transform(rows), model.reconstruct(rows))


def dictionary(options: argparse.Namespace, X: np.ndarray, seed: int) -> np.ndarray:
    """Return scikit-learn's dictionary, shape (units, features), of centred rows."""
    learning = MiniBatchDictionaryLearning(
        options.units,
        alpha=options.price,
        max_iter=options.passes,
        batch_size=256,
        fit_algorithm="cd",
        max_no_improvement=None,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found: np.ndarray = learning.fit(X - X.mean(0)).components_
    return found


def sparse_coder(components: np.ndarray, offset: np.ndarray, **settings: Any) -> Coder:
    """Return the coder of a dictionary."""

    def encode(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with warnings.catch_warnings():
            # The lasso's last iterations change its codes by less than they are printed with.
            warnings.simplefilter("ignore", ConvergenceWarning)
            code = sparse_encode(rows - offset, components, **settings)
        return code, code @ components + offset

    return encode


def price_for(components: np.ndarray, rows: np.ndarray, k: int) -> float:
    """Return the lasso's price at which centred rows use ``k`` units on average, by bisection."""
    low, high = 0.1, 10.0
    for _ in range(10):
        price = float(np.sqrt(low * high))
        coder = sparse_coder(components, np.zeros_like(rows[0]), algorithm="lasso_cd", alpha=price)
        used = (coder(rows)[0] != 0).sum(1).mean()
        low, high = (price, high) if used > k else (low, price)
    return float(np.sqrt(low * high))


def coders(options: argparse.Namespace, wanted: list[str], X: np.ndarray, seed: int) -> Any:
    """Yield each model's name, coder and the processor seconds of its training."""
    ours = {"top-k": TopK(options.k), "batch-top-k": BatchTopK(options.k), "pursuit": Pursuit(options.k)}
    for name, code in ours.items():
        if name in wanted:
            began = time.process_time()
            yield name, autoencoder(code, options, X, seed), time.process_time() - began
    if theirs := [name for name in wanted if name not in ours]:
        began = time.process_time()
        components = dictionary(options, X, seed)
        learning = time.process_time() - began
        if "lasso" in theirs:
            price = price_for(components, (X - X.mean(0))[:500], options.k)
            yield "lasso", sparse_coder(components, X.mean(0), algorithm="lasso_cd", alpha=price), learning
        if "omp" in theirs:
            yield (
                "omp",
                sparse_coder(components, X.mean(0), algorithm="omp", n_nonzero_coefs=options.k),
                learning,
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ["pursuit", "top-k", "batch-top-k", "lasso", "omp"]
    parser.add_argument("--out", type=Path, required=True, help="the folder of checkpoints and results")
    parser.add_argument("--models", nargs="+", choices=names, default=names)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument(
        "--validate", action="store_true", help="judge on validation patches, not on test ones"
    )
    parser.add_argument("--k", type=int, default=10, help="units in use")
    parser.add_argument("--units", type=int, default=512)
    parser.add_argument("--patches", type=int, default=50_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=250)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--passes", type=int, default=1, help="of dictionary learning over the patches")
    parser.add_argument("--price", type=float, default=1.0, help="of dictionary learning's own lasso")
    parser.add_argument("--data-dir", type=Path, help="the folder of known data sets; $TILDEX_DATA otherwise")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    split, images = ("train", slice(IMAGES, None)) if options.validate else ("test", slice(None))
    for seed in options.seeds:
        X = patches("train", slice(IMAGES), options.patches, seed, options.data_dir)
        held = patches(split, images, HELD, 1000 + seed, options.data_dir)
        file = options.out / f"{split}-k{options.k}-units{options.units}-patches{len(X)}-seed{seed}.json"
        results = json.loads(file.read_text()) if file.exists() else {}
        wanted = [name for name in options.models if name not in results]
        for name, coder, learning in coders(options, wanted, X, seed):
            began = time.process_time()
            code, reconstruction = coder(held)
            encoding = time.process_time() - began
            use = Sparsity.of(code, held, reconstruction)
            results[name] = {
                "L0": use.l0.value,
                "FVU": use.unexplained.value,
                "standard error": use.unexplained.standard_error,
                "dead": use.dead,
                "rare": use.rare,
                "learning": learning,
                "encoding": encoding,
            }
            write_json(file, results)
        for name, found in results.items():
            print(
                f"{name}, {options.units} units, seed {seed}: L0 {found['L0']:.2f}, FVU {found['FVU']:.4f} ± "
                f"{found['standard error']:.4f}, dead {found['dead']:.2%} (wanted: under 1 %), processor seconds: "
                f"{found['learning']:.0f} learning, {found['encoding']:.1f} encoding"
            )


if __name__ == "__main__":
    main()
