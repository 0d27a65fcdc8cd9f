"""Several arrays read as one table, without copying them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tildex.data import JoinedRows
from tildex.train import Rows

__all__ = ["JoinedArrays", "UnknownRows"]


@dataclass(frozen=True)
class JoinedArrays:
    """Arrays with the same number of rows, read side by side as one table.

    Attributes
    ----------
    parts : sequence of (array, CSR matrix, Tensor or None, int)
        Each array and its number of columns; None means that all values of these columns are unknown.
    shape : (int, int)
        Rows and columns.
    dtype : numpy type
        The dtype of results.
    """

    parts: Sequence[tuple[Any, int]]
    shape: tuple[int, int]
    dtype: Any
    ndim: int = 2

    def read(self, read_one: Callable[[Any], Rows], device: torch.device, dtype: torch.dtype) -> Rows:
        """Return a reader of the rows; ``read_one`` makes a reader of each array, and unknown columns are NaN."""
        unknown = (UnknownRows(self.shape[0], n, device, dtype) for _, n in self.parts)
        return JoinedRows(
            *(
                nothing if part is None else read_one(part)
                for (part, _), nothing in zip(self.parts, unknown, strict=True)
            )
        )


@dataclass(frozen=True)
class UnknownRows:
    """Rows of columns whose values are all unknown."""

    n_rows: int
    n_features: int
    device: torch.device
    dtype: torch.dtype

    def __len__(self) -> int:
        return self.n_rows

    def take(self, index: Any) -> Tensor:
        """Return NaN in all columns of the rows at ``index``."""
        count = len(range(self.n_rows)[index]) if isinstance(index, slice) else len(index)
        return torch.full((count, self.n_features), torch.nan, device=self.device, dtype=self.dtype)
