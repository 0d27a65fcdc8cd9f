"""Some rows of a record, with all that is known of them."""

from __future__ import annotations

import dataclasses

import numpy as np

from tildex.data.record import Record

__all__ = ["select"]


def select(record: Record, chosen: np.ndarray) -> Record:
    """Return the rows of a record that a boolean array marks, or whose numbers an integer array gives.

    Example
    -------
    >>> record = Record(np.eye(3, dtype=np.float32), y=np.array([7, 8, 9]), files=("a", "b", "c"))
    >>> part = select(record, np.array([True, False, True]))
    >>> part.y.tolist(), part.files
    ([7, 9], ('a', 'c'))
    """
    index = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
    return dataclasses.replace(
        record,
        X=record.X[index],
        y=None if record.y is None else record.y[index],
        groups=None if record.groups is None else record.groups[index],
        tags=None if record.tags is None else record.tags[index],
        files=tuple(record.files[k] for k in index) if record.files else (),
    )
