"""Every default beside what a user would compare it with: PCA of equal rank, independent units, one normal density.

Autoencoders: squared error of held-out rows over PCA's. Denoising, contractive, dropout and sparse codes: accuracy of
a logistic regression minus that on PCA's scores. Variational autoencoders: nats a row above independent units, and
above a normal density of full covariance where columns are real. One line of JSON a cell; cells that the file of
results has are not measured again, so that the whole table can run in the background.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_sample_images, load_wine
from sklearn.decomposition import PCA
from sklearn.feature_extraction.image import extract_patches_2d
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import tildex
from tildex.evaluate import independent_bernoulli, independent_gaussian

Split = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

ERRORS = {"autoencoder": tildex.Autoencoder, "deep": tildex.DeepAutoencoder}
PROBES = {
    "denoising": tildex.DenoisingAutoencoder,
    "contractive": tildex.ContractiveAutoencoder,
    "dropout": tildex.DropoutAutoencoder,
    "sparse": tildex.SparseAutoencoder,
}
LIKELIHOODS = {"vae": tildex.VariationalAutoencoder}


def table(load: Callable[..., tuple[np.ndarray, np.ndarray]]) -> Callable[[int, argparse.Namespace], Split]:
    """Return a reader of a table of real columns, standardised by its training rows."""

    def split(seed: int, options: argparse.Namespace) -> Split:
        X, y = load(return_X_y=True)
        train, test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=seed)
        scaler = StandardScaler().fit(train)
        return scaler.transform(train), scaler.transform(test), y_train, y_test

    return split


def known(slug: str, rows: int | None = None) -> Callable[[int, argparse.Namespace], Split]:
    """Return a reader of a data set of the catalogue, split at random."""

    def split(seed: int, options: argparse.Namespace) -> Split:
        record = tildex.read(slug, data_dir=options.data_dir)
        X = record.X.toarray() if hasattr(record.X, "toarray") else np.asarray(record.X)
        chosen = np.random.default_rng(seed).permutation(len(X))[: options.rows or rows]
        return tuple(
            train_test_split(X[chosen], np.asarray(record.y)[chosen], test_size=0.3, random_state=seed)
        )

    return split


def photographs(seed: int, options: argparse.Namespace) -> Split:
    """Return grey patches of two photographs; the class is the photograph."""
    images = [image.mean(2) / 255 for image in load_sample_images().images]
    patches = [extract_patches_2d(image, (12, 12), max_patches=1500, random_state=seed) for image in images]
    X = np.concatenate(patches).reshape(-1, 144).astype(np.float32)
    return tuple(train_test_split(X, np.repeat([0, 1], 1500), test_size=0.3, random_state=seed))


def sounds(seed: int, options: argparse.Namespace) -> Split:
    """Return log-mel spectrograms of spoken digits, standardised."""
    record = tildex.read("fsdd", data_dir=options.data_dir)
    X = tildex.SoundFeatures().fit_transform(record)
    train, test, y_train, y_test = train_test_split(X, record.y, test_size=0.3, random_state=seed)
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test), y_train, y_test


SMALL = {
    "digits": known("digits"),
    "breast cancer": table(load_breast_cancer),
    "wine": table(load_wine),
    "diabetes": table(load_diabetes),
    "photographs": photographs,
}
LARGE = {
    "MNIST": known("mnist"),
    "Fashion-MNIST": known("fashion-mnist"),
    "Olivetti": known("olivetti"),
    "20 newsgroups": known("20news-w100"),
    "sounds": sounds,
}


def squared_error(X: np.ndarray, found: np.ndarray) -> float:
    """Return the mean over rows of the squared error summed over columns."""
    return float(((X - found) ** 2).sum(1).mean())


def error_ratio(model: object, split: Split) -> dict[str, float]:
    """Return the squared error over PCA's; where PCA leaves none, zero if the model leaves none either."""
    train, test, *_ = split
    pca = PCA(min(model.n_components, *train.shape), random_state=0).fit(train)
    baseline = squared_error(test, pca.inverse_transform(pca.transform(test)))
    error, scale = squared_error(test, model.reconstruct(test)), float(test.var(0).sum())
    return {"ratio": error / baseline if baseline > 1e-9 * scale else 1.0 + error / scale}


def probe_gain(model: object, split: Split) -> dict[str, float]:
    """Return the accuracy of a probe minus PCA's on the same rows, with the standard error of the difference."""
    train, test, y_train, y_test = split
    if np.issubdtype(y_train.dtype, np.floating):
        middle = np.median(y_train)
        y_train, y_test = y_train > middle, y_test > middle
    pca = PCA(min(model.n_components, *train.shape), random_state=0).fit(train)
    right = []
    for encode in (model.transform, pca.transform):
        probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
        right.append(probe.fit(encode(train), y_train).predict(encode(test)) == y_test)
    difference = right[0].astype(float) - right[1]
    return {"gain": float(difference.mean()), "se": float(difference.std() / len(difference) ** 0.5)}


def nats_above(model: object, split: Split) -> dict[str, float]:
    """Return the bound minus the log-likelihood of independent units, and of a normal density, in nats a row."""
    train, test, *_ = split
    score = float(np.mean(model.score_samples(test)))
    if min(train.min(), test.min()) >= 0 and max(train.max(), test.max()) <= 1:
        return {"independent": score - independent_bernoulli(train, test).value}
    mean, spread = train.mean(0), np.cov(train.T) + 1e-6 * np.eye(train.shape[1])
    normal = torch.distributions.MultivariateNormal(
        torch.tensor(mean).double(), torch.tensor(spread).double()
    )
    density = float(normal.log_prob(torch.tensor(test).double()).mean())
    return {"independent": score - independent_gaussian(train, test).value, "normal": score - density}


MEASURES = [(ERRORS, error_ratio), (PROBES, probe_gain), (LIKELIHOODS, nats_above)]


def cells(
    options: argparse.Namespace,
) -> Iterator[tuple[tuple[str, str, int, int], Callable[[], dict[str, float]]]]:
    """Yield the key of every cell, and a function that measures it."""
    data = {**SMALL, **(LARGE if options.large else {})}
    for name, read in data.items():
        for seed in options.seeds:
            for models, measure in MEASURES:
                for slug, cls in models.items():
                    for units in options.units:

                        def run(
                            read=read, seed=seed, cls=cls, units=units, measure=measure
                        ) -> dict[str, float]:
                            split = read(seed, options)
                            began = time.perf_counter()
                            model = cls(units, random_state=seed).fit(split[0])
                            seconds = time.perf_counter() - began
                            return {**measure(model, split), "seconds": seconds, "passes": model.n_iter_}

                        if not options.only or slug in options.only:
                            yield (name, slug, units, seed), run


def main() -> None:
    """Measure what is missing, and print one line a cell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/defaults.jsonl"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--units", type=int, nargs="+", default=[2, 8, 32])
    parser.add_argument("--only", nargs="+", help="models, such as autoencoder deep; all when not given")
    parser.add_argument("--large", action="store_true", help="also data sets that have to be fetched")
    parser.add_argument("--rows", type=int, help="rows of each known data set; all when not given")
    parser.add_argument("--data-dir", type=Path)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    done = set()
    if options.out.exists():
        lines = options.out.read_text(encoding="utf-8").splitlines()
        done = {tuple(json.loads(line)["cell"]) for line in lines}
    for key, measure in cells(options):
        if key in done:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = measure()
        line = json.dumps({"cell": key, **{name: round(value, 4) for name, value in found.items()}})
        with options.out.open("a", encoding="utf-8") as file:
            print(line, file=file)
        print(line, flush=True)


if __name__ == "__main__":
    main()
