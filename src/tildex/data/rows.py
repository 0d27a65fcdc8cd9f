"""How the training loop reads data: a batch of rows at a time, as tensors, whatever holds them."""

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
    """Rows that can be taken by number; a batch may share memory with the data, so it must not be changed."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    @property
    def n_features(self) -> int:
        """The number of columns."""
        ...

    def take(self, index: Index) -> Tensor:
        """Return the rows with these numbers, shape (batch, features), on the wanted device."""
        ...


def rows(X: Any, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Rows:
    """Return a reader of the rows of ``X``, which is never changed.

    An array in memory is converted once if its type differs; a memory map and a sparse matrix are read and
    converted a batch at a time; a tensor stays on its device, and batches move.

    Parameters
    ----------
    X : array, memory map, scipy sparse matrix or tensor, of shape (rows, features)
        The data.
    device : torch.device or str
        Where batches go.
    dtype : torch.dtype
        Floating type of the batches.

    Raises
    ------
    DataError
        If ``X`` has no rows and columns, or is none of these.

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
    # torch cannot share an array that is read-only or runs backwards.
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
        """Gather where the data lie, then move the batch."""
        if isinstance(index, slice):
            return self.X[index].to(self.device)
        return self.X.index_select(0, torch.from_numpy(index).to(self.X.device)).to(self.device)


class ArrayRows(_Held):
    """Rows of an array that torch cannot or should not hold: a memory map, or one that is read-only."""

    def take(self, index: Index) -> Tensor:
        """Read rows in the order of the file, convert them, and give them in the order asked for."""
        numpy_type = _NUMPY_TYPES.get(self.dtype, np.float32)
        if isinstance(index, slice):
            batch = self.X[index].astype(numpy_type)
        else:
            order = np.argsort(index)
            batch = np.empty((len(index), self.X.shape[1]), dtype=numpy_type)
            batch[order] = self.X[index[order]]
        return torch.from_numpy(batch).to(self.device, self.dtype)


class SparseRows(_Held):
    """Rows of a CSR matrix, dense a batch at a time."""

    def take(self, index: Index) -> Tensor:
        """Fill in the zeros of a batch."""
        batch = self.X[index].astype(_NUMPY_TYPES.get(self.dtype, np.float32)).toarray()
        return torch.from_numpy(batch).to(self.device, self.dtype)


class JoinedRows:
    """The columns of several readers of as many rows, side by side: features, then targets, in one batch.

    Example
    -------
    >>> JoinedRows(rows(np.eye(2)), OneHotRows(np.array([1, 0]), 2)).take(np.array([0]))
    tensor([[1., 0., 0., 1.]])
    """

    def __init__(self, *sources: Any) -> None:
        lengths = [len(source) for source in sources]
        if len(set(lengths)) > 1:
            raise DataError(f"expected as many rows on every side, got {lengths}")
        self.sources = sources

    def __len__(self) -> int:
        return len(self.sources[0])

    def take(self, index: Index) -> Tensor:
        """Take the rows from every source; their types follow the first."""
        first, *rest = (source.take(index) for source in self.sources)
        return torch.cat([first, *(part.to(first) for part in rest)], 1)


class OneHotRows:
    """Labels as rows with a one in the label's column, made a batch at a time.

    Parameters
    ----------
    labels : integer array of shape (rows,)
        From 0 to ``n_classes - 1``.
    n_classes : int
        Columns.
    """

    def __init__(self, labels: np.ndarray, n_classes: int) -> None:
        self.labels = torch.from_numpy(labels.astype(np.int64))
        self.n_classes = n_classes

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Index) -> Tensor:
        """Return those rows in float32."""
        chosen = self.labels[index if isinstance(index, slice) else torch.from_numpy(index)]
        return torch.nn.functional.one_hot(chosen, self.n_classes).float()


def _mapped(X: np.ndarray) -> bool:
    """Say whether the memory of an array is a file, also where a view has lost the type ``memmap``."""
    base: Any = X
    while isinstance(base, np.ndarray):
        if isinstance(base, np.memmap):
            return True
        base = base.base
    return isinstance(base, mmap.mmap)
