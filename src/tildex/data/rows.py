"""Readers for the training loop: batches of rows as tensors, from any storage."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from tildex.data.record import DataError

__all__ = ["ArrayRows", "JoinedRows", "OneHotRows", "Rows", "SparseRows", "TensorRows", "rows"]

Index = np.ndarray | slice

_NUMPY_TYPES = {torch.float16: np.float16, torch.float32: np.float32, torch.float64: np.float64}


class Rows(Protocol):
    """Rows that can be taken by index; a batch may share memory with the data, so it must not be modified."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    @property
    def n_features(self) -> int:
        """The number of columns."""
        ...

    def take(self, index: Index) -> Tensor:
        """Return the rows with these indices, shape (batch, features), on the reader's device."""
        ...


def rows(X: Any, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Rows:
    """Return a reader of the rows of ``X``, which is never modified.

    An array in memory is converted once if its type differs; a memory map or sparse matrix is read and converted per
    batch; a tensor stays on its device, and batches are moved.

    Parameters
    ----------
    X : array, memory map, scipy sparse matrix or tensor, of shape (rows, features)
        The data.
    device : torch.device or str
        Device of the batches.
    dtype : torch.dtype
        Floating type of the batches.

    Raises
    ------
    DataError
        If ``X`` does not have rows and columns, or is of another type.

    Example
    -------
    >>> rows(np.eye(3)).take(np.array([2, 0]))
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    if not (isinstance(X, np.ndarray | Tensor) or sparse.issparse(X)):
        raise DataError(f"expected an array, a sparse matrix or a tensor, got {type(X).__name__}")
    if X.ndim != 2:
        raise DataError(f"expected rows x features, got shape {tuple(X.shape)}; flatten the samples")
    device = torch.device(device)
    if isinstance(X, Tensor):
        return TensorRows(X.detach().to(dtype), device, dtype)
    if sparse.issparse(X):
        return SparseRows(X.tocsr(), device, dtype)
    if _mapped(X):
        return ArrayRows(np.asarray(X), device, dtype)
    X = X.astype(_NUMPY_TYPES.get(dtype, np.float32), copy=False)
    # torch cannot share an array that is read-only or has negative strides.
    if not X.flags.writeable or min(X.strides) < 0:
        return ArrayRows(X, device, dtype)
    return TensorRows(torch.from_numpy(X).to(dtype), device, dtype)


@dataclass(frozen=True, eq=False)
class _Held:
    X: Any
    device: torch.device
    dtype: torch.dtype

    def __len__(self) -> int:
        return self.X.shape[0]

    @property
    def n_features(self) -> int:
        """The number of columns."""
        return self.X.shape[1]


class TensorRows(_Held):
    """Rows of a tensor, or of an array in memory that torch shares."""

    def take(self, index: Index) -> Tensor:
        """Gather on the data's device, then move the batch."""
        if isinstance(index, slice):
            return self.X[index].to(self.device)
        return self.X.index_select(0, torch.from_numpy(index).to(self.X.device)).to(self.device)


class ArrayRows(_Held):
    """Rows of an array that torch cannot or should not share: a memory map or a read-only array."""

    def take(self, index: Index) -> Tensor:
        """Read rows in file order, convert them, and return them in the requested order."""
        numpy_type = _NUMPY_TYPES.get(self.dtype, np.float32)
        if isinstance(index, slice):
            batch = self.X[index].astype(numpy_type)
        else:
            order = np.argsort(index)
            batch = np.empty((len(index), self.X.shape[1]), dtype=numpy_type)
            batch[order] = self.X[index[order]]
        return torch.from_numpy(batch).to(self.device, self.dtype)


class SparseRows(_Held):
    """Rows of a CSR matrix, densified per batch."""

    def take(self, index: Index) -> Tensor:
        """Return a batch as a dense tensor."""
        batch = self.X[index].astype(_NUMPY_TYPES.get(self.dtype, np.float32)).toarray()
        return torch.from_numpy(batch).to(self.device, self.dtype)


class JoinedRows:
    """The columns of several readers with equally many rows, concatenated: features, then targets, in one batch.

    Example
    -------
    >>> JoinedRows(rows(np.eye(2)), OneHotRows(np.array([1, 0]), 2)).take(np.array([0]))
    tensor([[1., 0., 0., 1.]])
    """

    def __init__(self, *sources: Any) -> None:
        lengths = [len(source) for source in sources]
        if len(set(lengths)) > 1:
            raise DataError(f"expected equally many rows in every reader, got {lengths}")
        self.sources = sources

    def __len__(self) -> int:
        return len(self.sources[0])

    def take(self, index: Index) -> Tensor:
        """Take the rows from every reader, in the type of the first."""
        first, *rest = (source.take(index) for source in self.sources)
        return torch.cat([first, *(part.to(first) for part in rest)], 1)


class OneHotRows:
    """One-hot labels, encoded per batch.

    Parameters
    ----------
    labels : integer array of shape (rows,)
        From 0 to ``n_classes - 1``.
    n_classes : int
        Number of columns.
    """

    def __init__(self, labels: np.ndarray, n_classes: int) -> None:
        self.labels = torch.from_numpy(labels.astype(np.int64))
        self.n_classes = n_classes

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Index) -> Tensor:
        """Return the rows in float32."""
        chosen = self.labels[index if isinstance(index, slice) else torch.from_numpy(index)]
        return torch.nn.functional.one_hot(chosen, self.n_classes).float()


def _mapped(X: np.ndarray) -> bool:
    """Say whether an array's memory is a mapped file, even if a view has lost the type ``memmap``."""
    base: Any = X
    while isinstance(base, np.ndarray):
        if isinstance(base, np.memmap):
            return True
        base = base.base
    return isinstance(base, mmap.mmap)
