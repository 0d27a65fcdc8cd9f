"""The rows of a comparison, from whatever was given."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from torch import Tensor

from tildex.data import DataError, Record, read

__all__ = ["record_of"]


def record_of(
    data: Any, y: Any = None, *, split: str = "train", data_dir: Path | str | None = None
) -> tuple[Record, tuple[str, str] | None]:
    """Return the rows, and their name or path and split if they were read.

    Parameters
    ----------
    data : str, path, Record, array, sparse matrix or tensor
        As in :func:`tildex.compare`.
    y : array of shape (rows,), optional
        Labels of an array.
    split, data_dir
        As in :func:`tildex.read`.

    Raises
    ------
    ValueError
        If labels are given for rows that have their own, the rows are sounds, or the rows cannot be read.

    Example
    -------
    >>> record_of(np.zeros((2, 3)), ["b", "a"])[0].target_names
    ('a', 'b')
    """
    if isinstance(data, np.ndarray | Tensor | list) or sparse.issparse(data):
        return _of_array(data, y), None
    if y is not None:
        raise ValueError("y is for arrays: a record, a file and a known set have their own labels")
    source = (str(data), split) if isinstance(data, str | PathLike) else None
    record = data if isinstance(data, Record) else read(data, split=split, data_dir=data_dir)
    if record.rate is not None:
        raise DataError(
            f"{record.name} holds sounds, whose samples are no features to compare models on: run `tildex sounds DATA "
            "--out RUN` and compare RUN/features.npz, or compare SoundFeatures(...).fit_transform(X)"
        )
    return record, source


def _of_array(data: Any, y: Any) -> Record:
    X = data.tocsr() if sparse.issparse(data) else np.asarray(data)
    if X.dtype.kind != "f":
        X = X.astype(np.float32)
    if y is None:
        return Record(X, name="the data")
    labels = np.asarray(y)
    if labels.dtype.kind in "iub":
        return Record(X, labels.astype(np.int64), name="the data")
    if labels.dtype.kind == "f":
        return Record(X, labels, name="the data")
    names, labels = np.unique(labels, return_inverse=True)
    return Record(X, labels, target_names=tuple(map(str, names)), name="the data")
