"""Arrays from numpy files: .npy, memory-mapped, and .npz, dense or sparse."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np
from scipy import sparse

from tildex.data.formats.numeric import encode_labels, float_rows
from tildex.data.record import DataError, Record

__all__ = ["read_npy", "read_npz"]

# Pickled objects are refused everywhere below, because they could run code.
_BROKEN = (ValueError, OSError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)


def read_npy(path: Path) -> Record:
    """Return the rows of a .npy file; float32 stays memory-mapped, other types are converted in memory."""
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except _BROKEN as error:
        raise DataError(
            f"{path} is not a whole .npy file of numbers ({error}); write it with numpy.save"
        ) from error
    X, shape = float_rows(array, str(path))
    return Record(X, shape=shape, name=path.name)


def read_npz(path: Path) -> Record:
    """Return the rows of a .npz file.

    They are the array ``X``, or the only two-dimensional array, or a matrix from scipy.sparse.save_npz; an array
    ``y`` holds labels.
    """
    try:
        # numpy treats anything that is not an archive as a pickle, and its message says so.
        if not zipfile.is_zipfile(path):
            raise zipfile.BadZipFile("it is not a zip archive")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: array for key, array in archive.items() if isinstance(array, np.ndarray)}
        matrix = sparse.load_npz(path) if {"format", "shape", "data"} <= arrays.keys() else None
    except _BROKEN as error:
        raise DataError(
            f"{path} is not a whole .npz file of numbers ({error}); write it with numpy.savez"
        ) from error
    y, target_names = encode_labels(arrays["y"], f"{path}, y") if "y" in arrays else (None, None)
    if matrix is not None:
        return Record(_sparse_rows(matrix, path), y, target_names=target_names, name=path.name)
    X, shape = float_rows(_features(arrays, path), str(path))
    return Record(X, y, shape, target_names=target_names, name=path.name)


def _features(arrays: dict[str, np.ndarray], path: Path) -> np.ndarray:
    if "X" in arrays:
        return arrays["X"]
    wide = [key for key, array in arrays.items() if array.ndim >= 2 and key != "y"]
    if len(wide) != 1:
        found = ", ".join(sorted(arrays)) or "nothing"
        raise DataError(
            f"{path}: expected an array X, or only one with rows and columns, got {found}; name it X"
        )
    return arrays[wide[0]]


def _sparse_rows(
    matrix: sparse.sparray | sparse.spmatrix, path: Path
) -> sparse.csr_array | sparse.csr_matrix:
    rows = matrix.tocsr()
    try:
        # Indices outside the matrix would make scipy read memory out of bounds.
        rows.check_format(full_check=True)
    except ValueError as error:
        raise DataError(f"{path} is not a sound sparse matrix ({error}); write it with save_npz") from error
    if rows.dtype.kind not in "buif":
        raise DataError(f"{path}: expected numbers, got {rows.dtype}; save a numeric matrix")
    with np.errstate(over="ignore"):
        rows = rows.astype(np.float32, copy=False)
    if not np.isfinite(rows.data).all():
        raise DataError(
            f"{path} holds NaN, infinity or numbers too large for float32; remove or replace them"
        )
    return rows
