"""Matrices of bytes, numbers and bits, sparse counts, and names, from MATLAB files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from scipy.io import loadmat

from tildex.data.record import DataError

__all__ = ["read_columns", "read_counts", "read_floats", "read_labels", "read_names", "read_words"]


def read_columns(path: Path, key: str, shape: tuple[int, int]) -> np.ndarray:
    """Return the uint8 matrix ``key``, transposed.

    Parameters
    ----------
    path : Path
        A .mat file, version 5.
    key : str
        Name of the matrix.
    shape : tuple of two int
        Required shape of the result.

    Raises
    ------
    DataError
        If the file cannot be read or holds other data.
    """
    matrix = _load(path, key)
    if matrix.dtype != np.uint8 or matrix.shape != shape[::-1]:
        raise DataError(f"{path}: expected {key!r} as {shape[::-1]} bytes, got {_kind(matrix)}")
    return np.ascontiguousarray(matrix.T)


def read_counts(path: Path, key: str, shape: tuple[int, int]) -> sparse.csr_array:
    """Return the sparse matrix ``key`` of whole numbers as float32 rows.

    Raises
    ------
    DataError
        If the file cannot be read or holds other data.
    """
    matrix = _load(path, key)
    if not sparse.issparse(matrix) or matrix.shape != shape:
        raise DataError(f"{path}: expected {key!r} as a sparse matrix of {shape}, got {_kind(matrix)}")
    counts = sparse.csr_array(matrix, dtype=np.float32)
    if counts.nnz and (counts.data.min() < 0 or (counts.data != np.round(counts.data)).any()):
        raise DataError(f"{path}: expected counts in {key!r}, got fractions or negative numbers")
    return counts


def read_floats(path: Path, key: str, shape: tuple[int, int]) -> np.ndarray:
    """Return the matrix ``key`` of finite numbers as float32.

    Raises
    ------
    DataError
        If the file cannot be read or holds other data.
    """
    matrix = _load(path, key)
    if matrix.dtype.kind != "f" or matrix.shape != shape or not np.isfinite(matrix).all():
        raise DataError(f"{path}: expected {key!r} as {shape} finite numbers, got {_kind(matrix)}")
    return np.ascontiguousarray(matrix, dtype=np.float32)


def read_words(path: Path, key: str, shape: tuple[int, int]) -> np.ndarray:
    """Return the matrix ``key`` of zeros and ones as booleans.

    Raises
    ------
    DataError
        If the file cannot be read or holds other data.
    """
    matrix = _load(path, key)
    if sparse.issparse(matrix) or matrix.shape != shape or not np.isin(matrix, (0, 1)).all():
        raise DataError(f"{path}: expected {key!r} as {shape} zeros and ones, got {_kind(matrix)}")
    return np.asarray(matrix, dtype=bool)


def read_labels(path: Path, key: str) -> np.ndarray:
    """Return labels from 0, stored as a row of numbers from 1 or as one-hot rows."""
    matrix = _load(path, key)
    if sparse.issparse(matrix):
        return np.asarray(matrix.argmax(axis=1)).ravel().astype(np.int64)
    return np.asarray(matrix).ravel().astype(np.int64) - 1


def read_names(path: Path, key: str) -> tuple[str, ...]:
    """Return the strings of a cell array; if a cell lists several forms of a word, the first."""
    return tuple(_first(cell) for cell in _load(path, key).ravel())


def _load(path: Path, key: str) -> Any:
    try:
        return loadmat(path, variable_names=[key])[key]
    # A damaged file can make scipy's parser raise any kind of error.
    except Exception as error:
        raise DataError(
            f"{path} is not a .mat file with a matrix {key!r} ({error}); download it again"
        ) from error


def _kind(matrix: Any) -> str:
    return f"{matrix.shape} {matrix.dtype}"


def _first(cell: Any) -> str:
    while isinstance(cell, np.ndarray):
        cell = cell.flat[0]
    return str(cell)
