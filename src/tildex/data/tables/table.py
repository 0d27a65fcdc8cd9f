"""A table in memory: columns of cells, and where they came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tildex.data.errors import DataError
from tildex.data.tables.cells import Cells
from tildex.data.tables.libraries import cells_of, library_of

__all__ = ["Table"]


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equally many cells.

    Attributes
    ----------
    columns : tuple of Cells
        The columns, whose names differ.
    name : str
        The file, or the kind of frame, for messages.
    note : str
        What was found out about the file.
    library : str
        The library of the frame: pandas, polars or pyarrow; empty for a file.

    Example
    -------
    >>> Table.of({"age": [31, 4], "sex": ["f", "m"]}).names
    ('age', 'sex')
    """

    columns: tuple[Cells, ...]
    name: str = "the table"
    note: str = ""
    library: str = field(default="")

    def __post_init__(self) -> None:
        for name, times in Counter(self.names).items():
            if times > 1:
                raise DataError(
                    f"{self.name}: expected unique column names, got {name!r} {_times(times)}; rename one"
                )
        if not self.columns or not len(self.columns[0]):
            raise DataError(f"{self.name}: expected at least one row below the header line, got none")

    @classmethod
    def of(cls, given: Any) -> Table:
        """Return a pandas, polars or pyarrow table, a mapping of names to cells, or a table, as a table."""
        if isinstance(given, cls):
            return given
        if isinstance(given, Mapping):
            return cls(tuple(Cells.of(str(name), values) for name, values in given.items()))
        library = library_of(given)
        if library is None:
            raise DataError(f"expected a pandas, polars or pyarrow table, got {type(given).__name__}")
        return cls(tuple(cells_of(given)), f"the {library} table", library=library)

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(cells.name for cells in self.columns)

    @cached_property
    def by_name(self) -> dict[str, Cells]:
        """The columns by name."""
        return {cells.name: cells for cells in self.columns}


def _times(n: int) -> str:
    return "twice" if n == 2 else f"{n} times"
