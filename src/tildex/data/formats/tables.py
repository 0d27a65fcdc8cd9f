"""Tables with named columns as records: from .csv, .tsv, .txt, .parquet and .xlsx files, and from frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tildex.data.errors import DataError
from tildex.data.formats.numeric import encode_labels
from tildex.data.reading import Reading
from tildex.data.record import Record
from tildex.data.tables import Cells, Schema, Table, TableOptions
from tildex.data.tables.other_files import read_parquet, read_workbook
from tildex.data.tables.printed import in_words
from tildex.data.tables.text import read_text

__all__ = ["TABLES", "read_frame", "read_table", "record_of"]

TABLES: dict[str, Callable[[Path], Table]] = {
    ".csv": read_text,
    ".tsv": read_text,
    ".tab": read_text,
    ".txt": read_text,
    ".parquet": read_parquet,
    ".xlsx": read_workbook,
}
"""Readers of tables by file ending."""


def read_table(path: Path, options: TableOptions, schema: Schema | None) -> Record:
    """Return a file's rows as numbers, by the schema of an earlier table or by its own."""
    return record_of(TABLES[path.suffix.lower()](path), options, schema, name=path.name)


def read_frame(frame: Any, options: TableOptions, schema: Schema | None) -> Record:
    """Return a frame's rows as numbers, by the schema of an earlier table or by its own."""
    return record_of(Table.of(frame), options, schema)


def record_of(table: Table, options: TableOptions, schema: Schema | None, *, name: str = "") -> Record:
    """Return the rows of a table as numbers, with labels, identifiers, and a note of what was found out.

    Raises
    ------
    DataError
        If the table does not fit the schema, or options are given as well as a schema.
    """
    known = schema is not None
    if schema is None:
        schema = Schema.of(
            table, options.as_, options.drop, columns=options.columns, label=options.label, id=options.id
        )
    elif options:
        raise DataError(f"{table.name}: the model knows what its columns are; leave out what is said of them")
    X, told = schema.encode(table)
    y, names, said = _labels(table, schema)
    note = "; ".join([*told, *said]) if known else in_words(schema, table)
    return Record(
        X.astype(np.float32),
        y,
        None,
        schema.names,
        names,
        name or table.name,
        note,
        ids={one: table.by_name[one].as_given() for one in schema.ids if one in table.by_name},
        reading=Reading(schema=schema),
    )


def _labels(table: Table, schema: Schema) -> tuple[np.ndarray | None, tuple[str, ...] | None, list[str]]:
    """Return the labels, the names of labels that are words, and what is to be said; new names follow known ones."""
    label = schema.label
    if label is None or label not in table.by_name:
        return None, None, []
    cells, where = table.by_name[label], f"{table.name}, column {label!r}"
    if not cells.known.all():
        row = int(np.flatnonzero(~cells.known)[0])
        raise DataError(f"{where}: row {row + 1} has no label; fill it in or leave the row out")
    levels = next(column.kind.levels for column in schema.columns if column.name == label)  # type: ignore[attr-defined]
    if levels is None:
        return (*encode_labels(_plain(cells), where), [])
    words = cells.words().tolist()
    new = sorted(set(words) - set(levels))
    names = (*levels, *new)
    of = {name: k for k, name in enumerate(names)}
    said = [f"{len(new)} label{' is' if len(new) == 1 else 's are'} new: {', '.join(new)}"] if new else []
    return np.array([of[word] for word in words], dtype=np.int64), names, said


def _plain(cells: Cells) -> np.ndarray:
    if cells.form in ("number", "flag"):
        return cells.values
    return cells.values.astype(str) if cells.form == "word" else cells.values
