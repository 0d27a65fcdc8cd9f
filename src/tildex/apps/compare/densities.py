"""The log-likelihood of held-out rows under simple distributions, row by row, in the same units as that of models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from scipy.linalg import solve_triangular
from scipy.stats import norm, poisson

from tildex.apps.compare.fold import Fold
from tildex.apps.compare.question import PRINCIPAL
from tildex.data import binarise
from tildex.generator import Generator

__all__ = ["DENSITIES", "INDEPENDENT", "NORMAL"]

INDEPENDENT = "independent columns"
NORMAL = "normal density"

# The draw that makes rows binary for the models' likelihoods too.
_SEED = 0
# A covariance of more columns takes minutes.
_MOST_COLUMNS = 2_000
# Of covariances, not of variances; 1 makes columns independent.
_SHRINKAGES = (0.0, 1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.5, 1.0)
# One of so many training rows decides between them.
_PARTS = 5


def _binary(fold: Fold, rank: int) -> dict[str, np.ndarray]:
    """Return independent binary columns with the training means, none nearer to 0 or 1 than 1 / (rows + 2)."""
    grey = torch.as_tensor(np.asarray(fold.scored.X))
    x = binarise(grey, "frozen", Generator(_SEED)).numpy().astype(float)
    train = np.asarray(fold.train.X, dtype=float)
    p = (train.sum(0) + 1) / (len(train) + 2)
    return {INDEPENDENT: (x * np.log(p) + (1 - x) * np.log1p(-p)).sum(1)}


def _real(fold: Fold, rank: int) -> dict[str, np.ndarray]:
    """Return independent normal columns, probabilistic PCA, and a normal density of full covariance.

    A constant column is given the variance 1, as models give it.
    """
    z, held_out = fold.in_units(fold.train.X), fold.in_units(fold.scored.X)
    volume = np.log(fold.scale).sum()
    found = {INDEPENDENT: norm.logpdf(held_out, z.mean(0), np.where(z.std(0) > 0, z.std(0), 1)).sum(1)}
    fitted = fold.principal(rank).fitted
    if z.shape[1] <= _MOST_COLUMNS:
        if fitted.n_components_ < min(z.shape) and fitted.noise_variance_ > 0:
            found[PRINCIPAL] = fitted.score_samples(held_out)
        found[NORMAL] = _normal(z, held_out)
    return {name: values - volume for name, values in found.items()}


def _normal(z: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Return a normal density whose covariances are shrunk as far as helps training rows that it has not seen.

    Without that, few rows or collinear columns make it singular; a fixed rule shrinks strong correlations too much.
    """
    others = np.arange(len(z)) % _PARTS == 0
    tried = [(_density(z[~others], z[others], shrinkage).mean(), shrinkage) for shrinkage in _SHRINKAGES]
    return _density(z, held_out, max(tried)[1])


def _density(z: np.ndarray, held_out: np.ndarray, shrinkage: float) -> np.ndarray:
    """Return log-densities under the moments of ``z`` with covariances shrunk, minus infinity if they are singular."""
    centred = z - z.mean(0)
    covariance = centred.T @ centred / len(z)
    variances = np.diag(covariance).copy()
    covariance *= 1 - shrinkage
    np.fill_diagonal(covariance, np.where(variances > 0, variances, 1))
    try:
        root = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        return np.full(len(held_out), -np.inf)
    white = solve_triangular(root, (held_out - z.mean(0)).T, lower=True)
    return norm.logpdf(white).sum(0) - np.log(np.diag(root)).sum()


def _counts(fold: Fold, rank: int) -> dict[str, np.ndarray]:
    """Return independent Poisson columns with the training means, each with half a count more."""
    train = np.asarray(fold.train.X, dtype=float)
    rates = (train.sum(0) + 0.5) / len(train)
    return {INDEPENDENT: poisson.logpmf(np.asarray(fold.scored.X, dtype=float), rates).sum(1)}


DENSITIES: dict[str, Callable[[Fold, int], dict[str, np.ndarray]]] = {
    "binary": _binary,
    "real": _real,
    "Poisson": _counts,
}
"""By the kind of rows."""
