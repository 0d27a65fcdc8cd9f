"""What the columns of a table are: found out once, kept with the model, and binding later tables by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from tildex.data.errors import DataError
from tildex.data.tables.columns import Column, Span
from tildex.data.tables.kinds import Kind
from tildex.data.tables.libraries import frame_of
from tildex.data.tables.options import TableOptions, as_names
from tildex.data.tables.recognise import recognised
from tildex.data.tables.table import Table
from tildex.part import nearest

__all__ = ["Schema"]


@dataclass(frozen=True)
class Schema:
    """What every column of a table was taken for.

    Attributes
    ----------
    columns : tuple of Column
        All columns in their order, those that give no numbers too.
    library : str
        The library of the frame: pandas, polars or pyarrow; empty for a file.

    Example
    -------
    >>> people = {"name": ["Ann", "Bo", "Cy", "Di"], "age": [31, None, 4, 58], "sex": ["f", "m", "m", "f"]}
    >>> schema = Schema.of(people)
    >>> [(name, kind.name) for name, kind, *_ in schema.columns]
    [('name', 'identifier'), ('age', 'real'), ('sex', 'binary')]
    >>> X, told = schema.encode({"sex": ["m", "x"], "age": [20, 30]})
    >>> schema.names, X.tolist()
    (('age', 'sex=m'), [[20.0, 1.0], [30.0, nan]])
    >>> told
    ["column 'sex': 1 cell is of a level that training did not have (x): taken as unknown"]
    >>> schema.decode(X)["sex"].tolist()
    ['m', None]
    """

    columns: tuple[Column, ...]
    library: str = ""

    @classmethod
    def of(
        cls,
        table: Any,
        as_: Mapping[str, str] | None = None,
        drop: str | Sequence[str] = (),
        *,
        columns: str | Sequence[str] | None = None,
        label: str | bool | None = None,
        id: str | Sequence[str] | None = None,
    ) -> Schema:
        """Find out what the columns of a table are; what is said of them by name takes precedence.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, Table, or mapping of names to cells
            The table.
        as_ : mapping of str to str, optional
            Kinds by column, such as ``{"zip": "category"}``.
        drop, columns : str or sequence of str, optional
            Columns to leave out; the only columns to use.
        label : str or False, optional
            The column of labels; by default one named y, label, target or class; False for none.
        id : str or sequence of str, optional
            The columns that name the rows.

        Raises
        ------
        DataError
            If a name or kind is unknown, a column cannot be of the kind that was named, or no column gives numbers.
        """
        options = TableOptions(
            as_ or {}, as_names(drop), None if columns is None else as_names(columns), label, as_names(id)
        )
        table = Table.of(table)
        return cls(recognised(table, options), table.library)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The columns of numbers of each column that gives any."""
        used = [column for column in self.columns if column.kind.width]
        ends = list(accumulate(column.kind.width for column in used))
        return tuple(Span(c.name, c.kind, end - c.kind.width, end) for c, end in zip(used, ends, strict=True))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns of numbers."""
        return tuple(name for span in self.spans for name in span.kind.names(span.name))

    @property
    def label(self) -> str | None:
        """The column of labels."""
        return next((c.name for c in self.columns if c.kind.name == "label"), None)

    @property
    def ids(self) -> tuple[str, ...]:
        """The columns that name the rows."""
        return tuple(c.name for c in self.columns if c.kind.name == "identifier")

    @property
    def mixed(self) -> bool:
        """Whether the columns are of more than one kind of units."""
        return len({span.kind.units for span in self.spans}) > 1

    def encode(self, table: Any) -> tuple[np.ndarray, list[str]]:
        """Return a table's numbers, columns found by name, and what is to be said of them.

        Returns
        -------
        X : float64 array of shape (rows, len(names))
            NaN where a cell is empty or of an unknown level.
        told : list of str
            One sentence per column that is ignored or has unknown levels.

        Raises
        ------
        DataError
            If a column is missing, or has cells that its kind does not know.
        """
        table = Table.of(table)
        told = self._strangers(table)
        X = np.empty((len(table), len(self.names)))
        for span in self.spans:
            cells = table.by_name.get(span.name)
            if cells is None:
                raise self._absent(span.name, table)
            try:
                X[:, span.start : span.stop], said = span.kind.encode(cells)
            except DataError as error:
                raise DataError(f"{table.name}, {error}") from error
            told += said
        return X, told

    def decode(self, X: Any) -> dict[str, np.ndarray]:
        """Return the columns that give numbers and those that are constant, by name, given numbers as
        :meth:`encode` returns them.
        """
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != len(self.names):
            raise DataError(f"expected numbers of {len(self.names)} columns, got shape {X.shape}")
        places = {span.name: slice(span.start, span.stop) for span in self.spans}
        restored = {}
        for name, kind, *_ in self.columns:
            if name in places or kind.name == "constant":
                restored[name] = kind.decode(X[:, places.get(name, slice(0, 0))])
        return restored

    def frame(self, X: Any, library: str, *, like: Any = None) -> Any:
        """Return numbers as a frame of ``library`` with the columns' names and types, and the index of ``like``."""
        dtypes = {column.name: column.dtype for column in self.columns if library == self.library}
        levels = {column.name: getattr(column.kind, "levels", None) for column in self.columns}
        return frame_of(self.decode(X), dtypes, library, levels=levels, like=like)

    def same_numbers(self, other: Schema) -> bool:
        """Return whether another schema encodes tables into the same columns of numbers."""
        return self.names == other.names and all(
            one.kind.same_numbers(another.kind) for one, another in zip(self.spans, other.spans, strict=True)
        )

    def to_json(self) -> dict[str, Any]:
        """Return the schema as JSON."""
        return {
            "columns": [
                {"name": name, **kind.to_json(), "missing": missing, "dtype": dtype}
                for name, kind, missing, dtype in self.columns
            ],
            "library": self.library,
        }

    @classmethod
    def from_json(cls, noted: Mapping[str, Any]) -> Schema:
        """Return the schema that :meth:`to_json` noted."""
        columns = tuple(
            Column(one["name"], Kind.from_json(one), bool(one["missing"]), one["dtype"])
            for one in noted["columns"]
        )
        return cls(columns, noted["library"])

    def _strangers(self, table: Table) -> list[str]:
        strange = [name for name in table.names if name not in {column.name for column in self.columns}]
        if not strange:
            return []
        are = (
            "column that training did not have is"
            if len(strange) == 1
            else "columns that training did not have are"
        )
        return [f"{len(strange)} {are} ignored: {', '.join(map(repr, strange))}"]

    def _absent(self, name: str, table: Table) -> DataError:
        lacking = [span.name for span in self.spans if span.name not in table.by_name]
        strange = [other for other in table.names if other not in {c.name for c in self.columns}]
        advice = nearest(name, strange) if strange else f"it has {', '.join(table.names)}"
        others = f" (and {len(lacking) - 1} others)" if len(lacking) > 1 else ""
        return DataError(
            f"{table.name}: column {name!r}{others} of training is missing; {advice.rstrip('?')}: rename the column, "
            "or add it with empty cells where it is unknown"
        )
