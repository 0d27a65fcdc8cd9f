"""Baselines for every model: PCA of equal rank, and independent units."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from tildex.evaluate.estimate import Estimate

__all__ = ["independent_bernoulli", "independent_gaussian", "pca_squared_error", "squared_error"]


def squared_error(X: Any, reconstruction: Any) -> Estimate:
    """Return the mean over rows of the squared error summed over features, with its standard error."""
    difference = np.asarray(X, dtype=float) - np.asarray(reconstruction, dtype=float)
    return Estimate.of((difference**2).sum(1))


def pca_squared_error(X_train: Any, X_test: Any, rank: int) -> Estimate:
    """Return the squared error of held-out rows under PCA with ``rank`` axes, or as many as the data allow."""
    pca = PCA(min(rank, *X_train.shape), random_state=0).fit(np.asarray(X_train))
    return squared_error(X_test, pca.inverse_transform(pca.transform(np.asarray(X_test))))


def independent_bernoulli(X_train: Any, X_test: Any) -> Estimate:
    """Return the log-likelihood of held-out rows under independent binary units with the training means, in nats.

    Unknown cells, NaN, are left out. Means are clamped to at least 1 / (rows + 2) from 0 and 1, so that a pixel never
    on in training has finite cost.
    """
    train = np.asarray(X_train, dtype=float)
    p = (np.nansum(train, 0) + 1) / ((~np.isnan(train)).sum(0) + 2)
    X = np.asarray(X_test, dtype=float)
    return Estimate.of(np.nansum(X * np.log(p) + (1 - X) * np.log1p(-p), 1))


def independent_gaussian(X_train: Any, X_test: Any) -> Estimate:
    """Return the log-likelihood of held-out rows under independent normal columns with the training moments, in nats.

    A constant column has no density and counts as certain.
    """
    mean, std = np.asarray(X_train, dtype=float).mean(0), np.asarray(X_train, dtype=float).std(0)
    varies = std > 0
    z = (np.asarray(X_test, dtype=float)[:, varies] - mean[varies]) / std[varies]
    return Estimate.of((-0.5 * z**2 - np.log(std[varies]) - 0.5 * np.log(2 * np.pi)).sum(1))
