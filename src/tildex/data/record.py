"""What reading a data set gives: rows by features, and what is known about them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from scipy import sparse

__all__ = ["DataError", "Record", "select"]


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
    tags : float32 array or sparse CSR matrix of shape (rows, tags), optional
        What is said of each row: 1 where a tag applies, or its weight.
    tag_names : tuple of str, optional
        One name a column of ``tags``.
    groups : int64 array of shape (rows,), optional
        Rows that belong together, such as those of a speaker or a fold, and must not be parted by a split.
    files : tuple of str
        The file each row came from, where every row has its own.
    rate : int, optional
        Values a second, where rows are sounds; shorter sounds end in zeros.
    skipped : tuple of str
        A sentence for each file that could not be used: which, why, and the cure.

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
    tags: np.ndarray | sparse.csr_array | None = None
    tag_names: tuple[str, ...] | None = None
    groups: np.ndarray | None = None
    files: tuple[str, ...] = ()
    rate: int | None = None
    skipped: tuple[str, ...] = ()

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
        if self.groups is not None and self.groups.shape != (rows,):
            raise DataError(
                f"{self.name}: expected one group for each of {rows} rows, got {self.groups.shape}"
            )
        if self.files and len(self.files) != rows:
            raise DataError(f"{self.name}: {len(self.files)} files for {rows} rows")
        if self.tags is not None and self.tags.shape != (rows, len(self.tag_names or ())):
            raise DataError(
                f"{self.name}: expected tags of {rows} rows and a name a column, got {self.tags.shape} and "
                f"{len(self.tag_names or ())} names"
            )

    def __len__(self) -> int:
        return self.X.shape[0]

    @property
    def n_labels(self) -> int:
        """How many different labels the rows have; none where they have no labels."""
        return 0 if self.y is None else len(np.unique(self.y))

    def __repr__(self) -> str:
        sample = " x ".join(map(str, self.shape or self.X.shape[1:]))
        return f"Record({self.name!r}, {len(self)} rows of {sample})"


class DataError(ValueError):
    """Data that cannot be used: the message says what was expected, what came and what to do."""


def select(record: Record, chosen: np.ndarray) -> Record:
    """Return the rows of a record that a boolean array marks, or whose numbers an integer array gives.

    Example
    -------
    >>> record = Record(np.eye(3, dtype=np.float32), y=np.array([7, 8, 9]), files=("a", "b", "c"))
    >>> part = select(record, np.array([True, False, True]))
    >>> part.y.tolist(), part.files
    ([7, 9], ('a', 'c'))
    """
    index = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
    return dataclasses.replace(
        record,
        X=record.X[index],
        y=None if record.y is None else record.y[index],
        groups=None if record.groups is None else record.groups[index],
        tags=None if record.tags is None else record.tags[index],
        files=tuple(record.files[k] for k in index) if record.files else (),
    )
