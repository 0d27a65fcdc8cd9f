"""Anomaly detection with a trained model: the rows least like its training rows, and which columns made them so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.frozen import FrozenEstimator

from tildex.data import Record
from tildex.estimators import AnomalyDetector

__all__ = ["Anomalies", "Reasons", "find_anomalies", "reasons_of"]

_COMPARED = 5000


@dataclass(frozen=True, eq=False)
class Reasons:
    """How unusual each column of each row is, in nats: the less likely, the lower.

    Attributes
    ----------
    nats : array of shape (rows,)
        The model's own score of each row, minus that of the average training row; minus infinity for rows with values
        that its units cannot have.
    columns : dict of str to array of shape (rows,)
        For each column, log P(column | code) minus its average over the training rows; 0 where it is unknown.
    rest : array of shape (rows,)
        What remains of ``nats``, which is the sum of all columns and this: the price of the code, in models whose score
        counts it. Zero where ``nats`` is infinite.
    impossible : dict of str to boolean array of shape (rows,)
        For each column, whether the model's units cannot have its value.
    """

    nats: np.ndarray
    columns: dict[str, np.ndarray]
    rest: np.ndarray
    impossible: dict[str, np.ndarray]

    def lowest(self, row: int, n: int = 3) -> list[str]:
        """Return the columns that made a row most unusual, most unusual first: at most ``n``, all below average."""
        barred = [name for name, wrong in self.impossible.items() if wrong[row]]
        if barred:
            return barred[:n]
        order = sorted(self.columns, key=lambda name: self.columns[name][row])
        return [name for name in order[:n] if self.columns[name][row] < 0]


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
    train : array of shape (rows, features), or Record
        Its training rows, which set the threshold.
    X : array of shape (rows, features), or Record
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
    >>> bool(unlike.scores[digits.y == 0].mean() < unlike.scores[digits.y != 0].mean())
    True
    """
    detector = AnomalyDetector(
        FrozenEstimator(model), n_neighbors=n_neighbors, contamination=contamination
    ).fit(train)
    return Anomalies(detector.decision_function(X))


def reasons_of(model: Any, train: Any, X: Record) -> Reasons:
    """Say how unusual each column of rows is to a model.

    Parameters
    ----------
    model : fitted estimator
        A model whose ``can`` lists ``columns``.
    train : array of shape (rows, features), or Record
        Its training rows, of which at most 5,000 are used, evenly spaced.
    X : Record
        The rows.

    Example
    -------
    >>> from tildex import Autoencoder
    >>> X = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    >>> model = Autoencoder(1, n_iter=5, random_state=0).fit(X)
    >>> odd = np.array([[0, 0, 9]], np.float32)
    >>> reasons = reasons_of(model, X, Record(odd, feature_names=("a", "b", "c")))
    >>> reasons.lowest(0, 1)
    ['c']
    >>> bool(np.isclose(sum(reasons.columns.values()) + reasons.rest, reasons.nats)[0])
    True
    """
    rows = _some(train)
    usual, usual_score = _scores(model, rows)
    terms, scores = _scores(model, X.X)
    possible = np.asarray(model.in_range(X.X))
    spans = _spans(X)
    impossible = {name: np.any(~possible[:, start:stop], 1) for name, start, stop in spans}
    columns = {}
    for name, start, stop in spans:
        average = usual[_known(rows, start, stop), start:stop].sum(1)
        nats = terms[:, start:stop].sum(1) - (average.mean() if len(average) else 0.0)
        nats[~_known(X.X, start, stop)] = 0.0
        columns[name] = np.where(impossible[name], -np.inf, nats)
    nats = np.where(possible.all(1), scores - usual_score.mean(), -np.inf)
    finite = np.isfinite(nats)
    rest = np.zeros(len(nats))
    rest[finite] = nats[finite] - np.sum([values[finite] for values in columns.values()], 0)
    return Reasons(nats, columns, rest, impossible)


def _known(X: Any, start: int, stop: int) -> np.ndarray:
    """Return which rows have a value in these columns."""
    part = X[:, start:stop]
    return ~np.isnan(part.toarray() if sparse.issparse(part) else np.asarray(part)).any(1)


def _scores(model: Any, X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of columns and rows in float64; a row outside the units' range has zeros."""
    possible = np.asarray(model.in_range(X)).all(1)
    terms, scores = np.zeros(X.shape), np.zeros(X.shape[0])
    if possible.any():
        terms[possible] = model.score_columns(X[possible])
        scores[possible] = model.score_samples(X[possible])
    return terms, scores


def _some(train: Any) -> Any:
    rows = train.X if isinstance(train, Record) else train
    if len(rows.shape) == 2 and rows.shape[0] > _COMPARED:
        rows = rows[np.linspace(0, rows.shape[0] - 1, _COMPARED).astype(int)]
    return rows


def _spans(X: Record) -> list[tuple[str, int, int]]:
    """Return the name, start and stop of every column."""
    if X.reading.schema is not None:
        return [(span.name, span.start, span.stop) for span in X.reading.schema.spans]
    names = X.feature_names or [f"column {k + 1}" for k in range(X.X.shape[1])]
    return [(name, k, k + 1) for k, name in enumerate(names)]
