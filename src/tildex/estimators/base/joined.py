"""Arrays of several kinds of data as one table, which none of them is copied into."""

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
    """Arrays of as many rows that are the columns of one table, read together.

    Attributes
    ----------
    parts : sequence of (array, CSR matrix, Tensor or None, int)
        The data and how many columns they have; None stands for columns of which nothing is known.
    shape : (int, int)
        Rows and columns.
    dtype : numpy type
        Of results.
    """

    parts: Sequence[tuple[Any, int]]
    shape: tuple[int, int]
    dtype: Any
    ndim: int = 2

    def read(self, read_one: Callable[[Any], Rows], device: torch.device, dtype: torch.dtype) -> Rows:
        """Return a reader of the rows, given what makes readers of the arrays; unknown columns are NaN."""
        unknown = (UnknownRows(self.shape[0], n, device, dtype) for _, n in self.parts)
        return JoinedRows(
            *(
                nothing if part is None else read_one(part)
                for (part, _), nothing in zip(self.parts, unknown, strict=True)
            )
        )


@dataclass(frozen=True)
class UnknownRows:
    """Rows of columns of which nothing is known."""

    n_rows: int
    n_features: int
    device: torch.device
    dtype: torch.dtype

    def __len__(self) -> int:
        return self.n_rows

    def take(self, index: Any) -> Tensor:
        """Return NaN for all columns of those rows."""
        count = len(range(self.n_rows)[index]) if isinstance(index, slice) else len(index)
        return torch.full((count, self.n_features), torch.nan, device=self.device, dtype=self.dtype)
