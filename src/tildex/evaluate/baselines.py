"""Baselines for every model: PCA of equal rank, and independent units."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from tildex.evaluate.estimate import Estimate

__all__ = ["independent_bernoulli", "independent_gaussian", "pca_squared_error", "squared_error"]


def squared_error(X: Any, reconstruction: Any) -> Estimate:
    """Return the mean over rows of the squared error summed over known values, with its standard error.

    Values of ``X`` that are NaN are unknown, and have no error.

    Example
    -------
    >>> squared_error([[0.0, np.nan], [0.0, 2.0]], [[1.0, 5.0], [1.0, 2.0]]).value
    1.0
    """
    X = np.asarray(X, dtype=float)
    difference = np.where(np.isnan(X), 0, X - np.asarray(reconstruction, dtype=float))
    return Estimate.of((difference**2).sum(1))


def pca_squared_error(X_train: Any, X_test: Any, rank: int) -> Estimate:
    """Return the squared error of held-out rows under PCA with ``rank`` axes, or as many as the data allow.

    PCA sees the column's mean of the training rows in place of an unknown value.
    """
    mean = np.nan_to_num(np.nanmean(np.asarray(X_train), axis=0))
    pca = PCA(min(rank, *X_train.shape), random_state=0).fit(_filled(X_train, mean))
    return squared_error(X_test, pca.inverse_transform(pca.transform(_filled(X_test, mean))))


def _filled(X: Any, mean: np.ndarray) -> np.ndarray:
    X = np.asarray(X)
    return np.where(np.isnan(X), mean, X)


def independent_bernoulli(X_train: Any, X_test: Any) -> Estimate:
    """Return the log-likelihood of held-out rows under independent binary units with the training means, in nats.

    Means are clamped to at least 1 / (rows + 2) from 0 and 1, so that a pixel never on in training has finite cost.
    """
    rows = len(X_train)
    p = (np.asarray(X_train, dtype=float).sum(0) + 1) / (rows + 2)
    X = np.asarray(X_test, dtype=float)
    return Estimate.of((X * np.log(p) + (1 - X) * np.log1p(-p)).sum(1))


def independent_gaussian(X_train: Any, X_test: Any) -> Estimate:
    """Return the log-likelihood of held-out rows under independent normal columns with the training moments, in nats.

    A constant column has no density and counts as certain.
    """
    mean, std = np.asarray(X_train, dtype=float).mean(0), np.asarray(X_train, dtype=float).std(0)
    varies = std > 0
    z = (np.asarray(X_test, dtype=float)[:, varies] - mean[varies]) / std[varies]
    return Estimate.of((-0.5 * z**2 - np.log(std[varies]) - 0.5 * np.log(2 * np.pi)).sum(1))
