"""What reading a data set gives: rows by features, and what is known about them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from tildex.data.errors import DataError

__all__ = ["Record"]


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """Rows of data with their labels, names and sample shape.

    Attributes
    ----------
    X : float32 array of shape (rows, features), memory map, or sparse CSR matrix
        Pixels lie in [0, 1].
    y : int64 array of shape (rows,), optional
        Labels.
    shape : tuple of int, optional
        Shape of one sample, e.g. (28, 28) or (32, 32, 3); None for a table.
    feature_names : tuple of str, optional
        One name a column of ``X``.
    target_names : tuple of str, optional
        ``target_names[k]`` is what label ``k`` means.
    name : str
        The data set or file it came from.
    note : str
        What a user of these rows must know, e.g. that some are missing; mostly empty.

    Raises
    ------
    DataError
        If the parts do not fit each other.

    Example
    -------
    >>> import numpy as np
    >>> Record(np.zeros((5, 6), np.float32), shape=(2, 3), name="blank")
    Record('blank', 5 rows of 2 x 3)
    """

    X: np.ndarray | sparse.csr_array | sparse.csr_matrix
    y: np.ndarray | None = None
    shape: tuple[int, ...] | None = None
    feature_names: tuple[str, ...] | None = None
    target_names: tuple[str, ...] | None = None
    name: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.X.ndim != 2 or 0 in self.X.shape:
            raise DataError(
                f"{self.name}: expected rows x features, at least one of each, got {self.X.shape}"
            )
        rows, features = self.X.shape
        if self.y is not None and self.y.shape != (rows,):
            raise DataError(f"{self.name}: expected one label for each of {rows} rows, got {self.y.shape}")
        if self.shape is not None and math.prod(self.shape) != features:
            raise DataError(f"{self.name}: samples of shape {self.shape} do not fill {features} columns")
        if self.feature_names is not None and len(self.feature_names) != features:
            raise DataError(f"{self.name}: {len(self.feature_names)} names for {features} columns")

    def __len__(self) -> int:
        return self.X.shape[0]

    def __repr__(self) -> str:
        sample = " x ".join(map(str, self.shape or self.X.shape[1:]))
        return f"Record({self.name!r}, {len(self)} rows of {sample})"
