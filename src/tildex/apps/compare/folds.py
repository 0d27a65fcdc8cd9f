"""Which rows are held out together: the same folds for every model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tildex.data import Record
from tildex.generator import Generator

__all__ = ["default_folds", "folds_of"]

_FEWEST_ROWS = 6
# A single split holds out one of this many parts.
_PARTS = 5


def default_folds(n_rows: int) -> int:
    """Return the number of folds: 5 up to 500 rows, 3 up to 10,000, and beyond that a single split.

    Example
    -------
    >>> default_folds(150), default_folds(1797), default_folds(60_000)
    (5, 3, 1)
    """
    if n_rows <= 500:
        return 5
    return 3 if n_rows <= 10_000 else 1


def folds_of(record: Record, n_folds: int, generator: Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the indices of training and of held-out rows of each fold, both sorted.

    Rows of one group stay together; otherwise each fold has its share of every label. One fold is a single split that
    holds out a fifth.

    Parameters
    ----------
    record : Record
        The rows, with labels and groups if there are any.
    n_folds : int
        Number of folds, at least 1.
    generator : Generator
        Draws the order of rows.

    Raises
    ------
    ValueError
        If there are too few rows or groups for so many folds.

    Example
    -------
    >>> record = Record(np.zeros((9, 1)), y=np.array([0, 0, 0, 0, 0, 0, 1, 1, 1]))
    >>> [record.y[held_out].tolist() for _, held_out in folds_of(record, 3, Generator(0))]
    [[0, 0, 1], [0, 0, 1], [0, 0, 1]]
    """
    if len(record) < _FEWEST_ROWS:
        raise ValueError(
            f"{record.name}: expected at least {_FEWEST_ROWS} rows to compare on, got {len(record)}"
        )
    n_parts = _PARTS if n_folds == 1 else n_folds
    units = len(record) if record.groups is None else len(np.unique(record.groups))
    if n_folds < 1 or n_parts > units:
        what = "rows" if record.groups is None else "groups of rows"
        raise ValueError(f"expected from 1 to {units} folds for {units} {what}, got {n_folds}")
    part = (
        _by_label(record, n_parts, generator)
        if record.groups is None
        else _by_group(record, n_parts, generator)
    )
    for k in range(n_folds):
        yield np.flatnonzero(part != k), np.flatnonzero(part == k)


def _by_label(record: Record, n_parts: int, generator: Generator) -> np.ndarray:
    """Return the part of each row: rows in random order, sorted by label, are dealt out in turn."""
    order = generator.permutation(len(record))
    if record.y is not None and record.y.dtype.kind in "iub":
        order = order[np.argsort(record.y[order], kind="stable")]
    part = np.empty(len(record), dtype=int)
    part[order] = np.arange(len(order)) % n_parts
    return part


def _by_group(record: Record, n_parts: int, generator: Generator) -> np.ndarray:
    """Return the part of each row: whole groups, the largest first, each to the smallest part."""
    _, group, counts = np.unique(np.asarray(record.groups), return_inverse=True, return_counts=True)
    order = generator.permutation(len(counts))
    order = order[np.argsort(-counts[order], kind="stable")]
    sizes, part = np.zeros(n_parts, dtype=int), np.empty(len(counts), dtype=int)
    for one in order:
        part[one] = sizes.argmin()
        sizes[part[one]] += counts[one]
    return part[group]
