"""Finding out what the columns of a table are."""

from __future__ import annotations

from tildex.data.errors import DataError
from tildex.data.tables.cells import Cells
from tildex.data.tables.columns import Column
from tildex.data.tables.kinds import Dropped, Identifier, Kind, Label, Real
from tildex.data.tables.options import TableOptions
from tildex.data.tables.table import Table
from tildex.part import nearest

__all__ = ["LABELS", "recognised"]

LABELS = ("y", "label", "target", "class")
"""A column with one of these names holds the labels."""


def recognised(table: Table, options: TableOptions) -> tuple[Column, ...]:
    """Return what the columns of a table are; what is said of them by name takes precedence.

    Where all columns are numbers, and no more is said, they are one array: every column is real, as it is. The
    exception is a table with fractions that also has columns of only 0 and 1: its columns are recognised one by one,
    as those of any other table.
    """
    _check(table, options)
    label = _label(table, options)
    rest = [cells for cells in table.columns if cells.name != label]
    plain = _is_array(rest)
    columns = []
    for cells in table.columns:
        try:
            kind = Label.of(cells) if cells.name == label else _kind(cells, options, plain=plain)
        except DataError as error:
            raise DataError(f"{table.name}, {error}") from error
        columns.append(Column(cells.name, kind, not bool(cells.known.all()), cells.dtype))
    if not any(column.kind.width for column in columns):
        raise DataError(
            f"{table.name}: expected a column of numbers, categories or dates, got only "
            f"{', '.join(f'{column.name!r} ({column.kind.name})' for column in columns)}; "
            "say what a column is, as in --as NAME=category"
        )
    return tuple(columns)


def _kind(cells: Cells, options: TableOptions, *, plain: bool) -> Kind:
    if cells.name in options.as_:
        return Kind.named(options.as_[cells.name]).of(cells)
    if cells.name in options.id:
        return Identifier.of(cells)
    if cells.name in options.drop:
        return Dropped.of(cells)
    if options.columns is not None and cells.name not in options.columns:
        return Identifier() if Identifier.recognises(cells) else Dropped()
    if plain:
        return Identifier.of(cells) if Identifier.recognises(cells) else Real.of(cells)
    return Kind.recognise(cells)


def _is_array(columns: list[Cells]) -> bool:
    """Return whether the columns are numbers and one array of them."""
    if not all(cells.form == "number" and len(cells.present) for cells in columns):
        return False
    fractions = any(not cells.whole for cells in columns)
    if not fractions or all(_between(cells) for cells in columns):
        return True
    return not any(cells.levels == (0, 1) for cells in columns if _between(cells) and cells.whole)


def _between(cells: Cells) -> bool:
    return bool(cells.present.min() >= 0 and cells.present.max() <= 1)


def _label(table: Table, options: TableOptions) -> str | None:
    if isinstance(options.label, str):
        return options.label
    taken = {*options.as_, *options.drop, *options.id, *(options.columns or ())}
    found = [name for name in table.names if name.lower() in LABELS and name not in taken]
    if options.label is False or not found:
        return None
    if len(found) > 1:
        raise DataError(
            f"{table.name}: expected one column of labels, got {' and '.join(found)}; rename all but one, or choose "
            "with label"
        )
    return found[0]


def _check(table: Table, options: TableOptions) -> None:
    for name in options.named:
        if name not in table.by_name:
            raise DataError(f"{table.name} has no column {name!r}; {nearest(name, table.names)}")
    kinds = [*options.as_, *options.drop, *options.id]
    if isinstance(options.label, str):
        kinds.append(options.label)
    if twice := sorted({name for name in kinds if kinds.count(name) > 1}):
        raise DataError(f"column {twice[0]!r} was named for two purposes: give one")
