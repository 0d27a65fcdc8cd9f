"""Anomaly detection with a trained model: the rows least like its training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator

from tildex.estimators import AnomalyDetector

__all__ = ["Anomalies", "find_anomalies"]


@dataclass(frozen=True, eq=False)
class Anomalies:
    """Anomaly scores of rows.

    Attributes
    ----------
    scores : array of shape (rows,)
        Lower is more unusual; below 0 for anomalies.
    """

    scores: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """-1 for anomalies, +1 for all others."""
        return np.where(self.scores < 0, -1, 1)

    @property
    def count(self) -> int:
        """The number of anomalies."""
        return int((self.scores < 0).sum())

    def lowest(self, n: int = 10) -> np.ndarray:
        """Return the indices of the most unusual rows, most unusual first.

        Parameters
        ----------
        n : int
            The number of rows, at least 1.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        return np.argsort(self.scores, kind="stable")[:n]


def find_anomalies(
    model: Any, train: Any, X: Any, *, n_neighbors: int | None = 5, contamination: float = 0.01
) -> Anomalies:
    """Score how unlike a model's training rows other rows are; the model is not retrained.

    Parameters
    ----------
    model : fitted estimator
        The model whose codes are compared.
    train : array of shape (rows, features)
        Its training rows, which set the threshold.
    X : array of shape (rows, features)
        The rows to score.
    n_neighbors : int, optional
        Number of training rows in a row's mean distance; None for the model's own score.
    contamination : float
        The share of training rows below the threshold.

    Example
    -------
    >>> from tildex import Autoencoder, read
    >>> digits = read("digits")
    >>> model = Autoencoder(8, n_iter=20, random_state=0).fit(digits.X[digits.y != 0])
    >>> unlike = find_anomalies(model, digits.X[digits.y != 0], digits.X, contamination=0.05)
    >>> bool((digits.y[unlike.lowest(20)] == 0).mean() > 0.5)
    True
    """
    detector = AnomalyDetector(
        FrozenEstimator(model), n_neighbors=n_neighbors, contamination=contamination
    ).fit(train)
    return Anomalies(detector.decision_function(X))
