"""The log-likelihood of held-out rows under simple distributions, row by row, in the same units as that of models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from scipy.linalg import solve_triangular
from scipy.stats import norm, poisson

from tildex.apps.compare.fold import Fold
from tildex.apps.compare.question import INDEPENDENT, PRINCIPAL
from tildex.data import binarise
from tildex.generator import Generator
from tildex.units import NegativeBinomial

__all__ = ["DENSITIES", "NORMAL"]

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
    return {INDEPENDENT: np.nansum(_of_binary(np.asarray(fold.train.X, dtype=float), x), 1)}


def _of_binary(train: np.ndarray, x: np.ndarray) -> np.ndarray:
    p = (np.nansum(train, 0) + 1) / ((~np.isnan(train)).sum(0) + 2)
    return np.asarray(x * np.log(p) + (1 - x) * np.log1p(-p))


def _real(fold: Fold, rank: int) -> dict[str, np.ndarray]:
    """Return independent normal columns; of rows without gaps also probabilistic PCA, and a normal density of full
    covariance.
    """
    train, x = (np.asarray(rows, dtype=float) for rows in (fold.train.X, fold.scored.X))
    independent = {INDEPENDENT: np.nansum(_of_real(train, x), 1)}
    if fold.gaps:
        return independent
    z, held_out = fold.in_units(train), fold.in_units(x)
    volume, found = np.log(fold.yardstick.scale).sum(), {}
    fitted = fold.principal(rank).fitted
    if z.shape[1] <= _MOST_COLUMNS:
        if fitted.n_components_ < min(z.shape) and fitted.noise_variance_ > 0:
            found[PRINCIPAL] = fitted.score_samples(held_out)
        found[NORMAL] = _normal(z, held_out)
    return independent | {name: values - volume for name, values in found.items()}


def _of_real(train: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return independent normal columns; a constant one is given the variance 1, as models give it."""
    spread = np.nanstd(train, 0)
    return np.asarray(norm.logpdf(x, np.nanmean(train, 0), np.where(spread > 0, spread, 1)))


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
    rates = (np.nansum(train, 0) + 0.5) / (~np.isnan(train)).sum(0)
    x = np.asarray(fold.scored.X, dtype=float)
    return {INDEPENDENT: np.where(np.isnan(x), 0, poisson.logpmf(np.nan_to_num(x), rates)).sum(1)}


def _mixed(fold: Fold, rank: int) -> dict[str, np.ndarray]:
    """Return independent columns, each of its own family with the training means, over known cells."""
    train, x = (np.asarray(rows, dtype=float) for rows in (fold.train.X, fold.scored.X))
    found = np.zeros(len(x))
    for span in fold.spans:
        own = slice(span.start, span.stop)
        known = ~np.isnan(x[:, span.start])
        learned = train[~np.isnan(train[:, span.start]), own]
        found[known] += _FAMILIES[span.kind.units](learned, x[known, own], span.kind.settings).sum(1)
    return {INDEPENDENT: found}


def _of_category(train: np.ndarray, x: np.ndarray) -> np.ndarray:
    p = (train.sum(0) + 1) / (len(train) + train.shape[1])
    return np.asarray((x * np.log(p)).sum(1, keepdims=True))


def _of_counts(train: np.ndarray, x: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    units = NegativeBinomial(**settings)
    inputs = units.inputs_for(torch.as_tensor(train.mean(0)))
    return units.log_prob(torch.as_tensor(x), inputs.expand(x.shape)).numpy()[:, None]


_FAMILIES: dict[str, Callable[[np.ndarray, np.ndarray, Mapping[str, Any]], np.ndarray]] = {
    "real": lambda train, x, settings: _of_real(train, x),
    "binary": lambda train, x, settings: _of_binary(train, x),
    "category": lambda train, x, settings: _of_category(train, x),
    "count": _of_counts,
}

DENSITIES: dict[str, Callable[[Fold, int], dict[str, np.ndarray]]] = {
    "binary": _binary,
    "real": _real,
    "Poisson": _counts,
    **dict.fromkeys(("Mixed", "Categorical", "NegativeBinomial"), _mixed),
}
"""By the kind of rows."""
