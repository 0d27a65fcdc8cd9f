"""Numeric arrays as checked float32 rows, block by block, so that a memory map is never copied whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tildex.data.record import DataError

__all__ = ["encode_labels", "float_rows", "unit_rows"]

_BLOCK = 1 << 22
"""Numbers per block."""


def float_rows(array: np.ndarray, where: str) -> tuple[np.ndarray, tuple[int, ...] | None]:
    """Return ``array`` as float32 rows x features, and the sample shape if samples have more than one axis.

    float32 is returned unchanged, memory-mapped or not; other types are converted in memory. uint8 counts as pixels
    and is divided by 255, unless it holds only 0 and 1.

    Raises
    ------
    DataError
        If the array is not numeric, has no rows or no features, or holds NaN or infinity.

    Example
    -------
    >>> rows, shape = float_rows(np.zeros((10, 2, 3), dtype=int), "blank.npy")
    >>> rows.shape, rows.dtype, shape
    ((10, 6), dtype('float32'), (2, 3))
    """
    if array.dtype.kind not in "buif":
        raise DataError(f"{where}: expected numbers, got {array.dtype}; save a numeric array")
    if array.ndim < 2 or 0 in array.shape:
        raise DataError(f"{where}: expected rows x features, at least one of each, got shape {array.shape}")
    shape = array.shape[1:] if array.ndim > 2 else None
    rows = array.reshape(len(array), -1)
    if rows.dtype != np.float32:
        rows = _converted(rows)
    for start, block in _blocks(rows):
        if not np.isfinite(block).all():
            row, column = np.argwhere(~np.isfinite(block))[0]
            raise DataError(
                f"{where}: row {start + row + 1}, column {column + 1} is NaN, infinite or too large for "
                "float32; remove or replace such values"
            )
    return rows, shape


def _converted(rows: np.ndarray) -> np.ndarray:
    pixels = rows.dtype == np.uint8 and any(block.max() > 1 for _, block in _blocks(rows))
    result = np.empty(rows.shape, dtype=np.float32)
    # Values that are too large become infinite, and the caller's check reports them.
    with np.errstate(over="ignore"):
        for start, block in _blocks(rows):
            result[start : start + len(block)] = block
    if pixels:
        result /= 255
    return result


def _blocks(rows: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    step = max(1, _BLOCK // rows.shape[1])
    for start in range(0, len(rows), step):
        yield start, rows[start : start + step]


def encode_labels(values: np.ndarray, where: str) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Return int64 labels, and their names if ``values`` are words.

    Parameters
    ----------
    values : array of shape (rows,)
        Whole numbers, booleans or strings.
    where : str
        File and column, for messages.

    Raises
    ------
    DataError
        If the values are anything else.

    Example
    -------
    >>> encode_labels(np.array(["cat", "ant", "cat"]), "pets.csv")
    (array([1, 0, 1]), ('ant', 'cat'))
    """
    if values.ndim != 1:
        raise DataError(f"{where}: expected one label per row, got an array of shape {values.shape}")
    if values.dtype.kind in "US":
        names, codes = np.unique(values.astype(str), return_inverse=True)
        return codes.astype(np.int64), tuple(str(name) for name in names)
    if values.dtype.kind == "f":
        broken = np.flatnonzero(values != np.floor(values))
        if len(broken) or not np.isfinite(values).all():
            row = broken[0] if len(broken) else np.flatnonzero(~np.isfinite(values))[0]
            raise DataError(
                f"{where}: labels must be whole numbers or words, row {row + 1} has {values[row]}; "
                "give the column another name to use it as a feature"
            )
    elif values.dtype.kind not in "bui":
        raise DataError(f"{where}: labels must be whole numbers or words, got {values.dtype}")
    return values.astype(np.int64), None


def unit_rows(pixels: np.ndarray) -> np.ndarray:
    """Return uint8 samples, stacked along the first axis, as float32 rows in [0, 1].

    >>> unit_rows(np.array([[[0, 51], [102, 255]]], dtype=np.uint8))
    array([[0. , 0.2, 0.4, 1. ]], dtype=float32)
    """
    return np.divide(pixels.reshape(len(pixels), -1), np.float32(255))
