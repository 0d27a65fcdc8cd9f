"""Options of commands that read a table for the first time: what its columns are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

__all__ = ["TableOptions", "Tables"]

_Names = Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=True)]


@dataclass(frozen=True)
class TableOptions:
    """What the columns of a table are, where that is not found out rightly.

    Parameters
    ----------
    as_
        What columns are, as COLUMN=KIND: real, positive (its logarithm is learned), count, category, binary, date, text
        (left out), identifier or constant, as in `--as zip=category year=real`.
    drop
        Columns to leave out.
    columns
        The only columns to use, beside labels and identifiers.
    label
        The column of labels; one named y, label, target or class when not given. `--no-label` for none.
    id
        Columns that name the rows, and are carried to what `encode`, `anomalies` and `reconstruct` write.
    """

    as_: Annotated[tuple[str, ...], Parameter(name="--as", negative=(), consume_multiple=True)] = ()
    drop: _Names = ()
    columns: _Names = ()
    label: str | None = None
    no_label: Annotated[bool, Parameter(negative=(), show=False)] = False
    id: _Names = ()

    def given(self) -> dict[str, Any]:
        """Return what a user chose, by name, as arguments of :func:`tildex.read`.

        Raises
        ------
        ValueError
            If ``--as`` is not COLUMN=KIND.
        """
        kinds = {}
        for text in self.as_:
            column, equals, kind = text.rpartition("=")
            if not equals or not column:
                raise ValueError(f"--as expects COLUMN=KIND, such as zip=category, got {text!r}")
            kinds[column] = kind
        given: dict[str, Any] = {"as_": kinds, "drop": self.drop, "columns": self.columns, "id": self.id}
        given = {name: value for name, value in given.items() if value}
        label = False if self.no_label else self.label
        return given if label is None else {**given, "label": label}


Tables = Annotated[TableOptions, Parameter(name="*")]
