"""Matrices of bytes from MATLAB files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import loadmat

from tildex.data.errors import DataError

__all__ = ["read_columns"]


def read_columns(path: Path, key: str, shape: tuple[int, int]) -> np.ndarray:
    """Return the uint8 matrix ``key``, its columns as rows.

    Parameters
    ----------
    path : Path
        A .mat file, version 5.
    key : str
        Name of the matrix.
    shape : tuple of two int
        Shape that the result must have.

    Raises
    ------
    DataError
        If the file cannot be read or holds something else.
    """
    try:
        matrix = loadmat(path, variable_names=[key])[key]
    # A damaged file fails anywhere inside scipy's parser, with any kind of error.
    except Exception as error:
        raise DataError(f"{path} is not a .mat file with a matrix {key!r} ({error}); get it again") from error
    if matrix.dtype != np.uint8 or matrix.shape != shape[::-1]:
        raise DataError(f"{path}: expected {key!r} as {shape[::-1]} bytes, got {matrix.shape} {matrix.dtype}")
    return np.ascontiguousarray(matrix.T)
