"""The result of reading a data set: rows by features, with metadata."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from tildex.data.errors import DataError
from tildex.data.reading import Reading

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
        One name per column of ``X``.
    target_names : tuple of str, optional
        ``target_names[k]`` is the name of label ``k``.
    name : str
        The data set or file it came from.
    note : str
        A note to the user, e.g. that some rows are missing; usually empty.
    tags : float32 array or sparse CSR matrix of shape (rows, tags), optional
        Tags of each row: 1 where a tag applies, or its weight.
    tag_names : tuple of str, optional
        One name per column of ``tags``.
    groups : int64 array of shape (rows,), optional
        Groups of rows, such as speakers or folds, that a split must keep together.
    files : tuple of str
        The file of each row, if every row has its own.
    rate : int, optional
        Samples per second, if rows are sounds; shorter sounds are padded with zeros.
    skipped : tuple of str
        One sentence per unusable file: which, why, and the remedy.
    ids : dict of str to array of shape (rows,)
        The columns of a table that name its rows, carried to what is made of them.
    reading : Reading
        How the rows were read, which estimators keep: later files are read in the same way.

    Raises
    ------
    DataError
        If the parts are inconsistent.

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
    ids: Mapping[str, np.ndarray] = field(default_factory=dict)
    reading: Reading = field(default=Reading())

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
        if wrong := [name for name, values in self.ids.items() if len(values) != rows]:
            raise DataError(f"{self.name}: expected one {wrong[0]} for each of {rows} rows")
        if self.tags is not None and self.tags.shape != (rows, len(self.tag_names or ())):
            raise DataError(
                f"{self.name}: expected tags of {rows} rows and one name per column, got {self.tags.shape} and "
                f"{len(self.tag_names or ())} names"
            )

    def __len__(self) -> int:
        return self.X.shape[0]

    @property
    def n_labels(self) -> int:
        """Number of distinct labels, 0 without labels."""
        return 0 if self.y is None else len(np.unique(self.y))

    def __repr__(self) -> str:
        sample = " x ".join(map(str, self.shape or self.X.shape[1:]))
        return f"Record({self.name!r}, {len(self)} rows of {sample})"


def select(record: Record, chosen: np.ndarray) -> Record:
    """Return the rows of a record selected by a boolean mask or an array of indices.

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
        ids={name: values[index] for name, values in record.ids.items()},
    )
