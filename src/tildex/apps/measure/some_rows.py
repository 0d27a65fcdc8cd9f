"""Choose rows of a record: few enough to measure in a second, always the same ones."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from scipy import sparse

from tildex.data import Record, select
from tildex.generator import Generator

__all__ = ["at_most", "dense", "spread", "take"]


def dense(X: Any) -> np.ndarray:
    """Return rows as a dense array in memory."""
    return X.toarray() if sparse.issparse(X) else np.asarray(X)


def take(record: Record, index: np.ndarray) -> Record:
    """Return the given rows of a record, dense."""
    part = select(record, index)
    return dataclasses.replace(part, X=dense(part.X))


def at_most(record: Record, most: int) -> Record:
    """Return all rows, dense, or a fixed random sample of ``most``.

    Example
    -------
    >>> at_most(Record(np.zeros((50, 3), np.float32), name="blank"), 20)
    Record('blank', 20 rows of 3)
    """
    index = np.arange(len(record))
    if len(record) > most:
        index = np.sort(Generator(0).permutation(len(record))[:most])
    return take(record, index)


def spread(record: Record, n: int) -> Record:
    """Return ``n`` rows, dense: from each class in turn if there are labels, otherwise evenly spaced.

    Example
    -------
    >>> record = Record(np.zeros((6, 2), np.float32), y=np.array([0, 0, 0, 1, 1, 2]))
    >>> spread(record, 4).y.tolist()
    [0, 1, 2, 0]
    """
    n = min(n, len(record))
    if record.y is None:
        return take(record, np.linspace(0, len(record) - 1, n).astype(int))
    order = np.argsort(record.y, kind="stable")
    _, starts = np.unique(record.y[order], return_index=True)
    # Each row's position within its class; sorting by it alternates between the classes.
    place = np.arange(len(order)) - np.repeat(starts, np.diff([*starts, len(order)]))
    return take(record, order[np.argsort(place, kind="stable")][:n])
