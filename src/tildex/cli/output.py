"""Output of commands: tables for people, JSON for scripts, arrays by file ending."""

from __future__ import annotations

import contextlib
import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from tildex.apps.pages.sheet import save_sheet
from tildex.data import DataError, Record, Schema
from tildex.data.tables import frame_of
from tildex.files import missing, write_whole

__all__ = [
    "advancing",
    "print_json",
    "print_table",
    "row_labels",
    "row_names",
    "save_array",
    "save_columns",
    "save_sheet",
    "save_table",
    "say",
]


def print_json(value: Any) -> None:
    """Print JSON on standard output, for a script to read; numbers that JSON does not have become null."""
    print(json.dumps(_plain(value), indent=2, allow_nan=False))


def print_table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as a table; cells are shown verbatim."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for position, name in enumerate(rows[0]):
        table.add_column(name, no_wrap=position == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row.values()))
    Console().print(table)


def say(message: str) -> None:
    """Print a message on standard error; standard output is for results."""
    Console(stderr=True, highlight=False, soft_wrap=True, markup=False).print(message)


@contextlib.contextmanager
def advancing() -> Iterator[Callable[[str, float], None]]:
    """Show a progress bar per task, updated by its name and the share done; silent if not a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(what: str, share: float) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=1.0)
            bars.update(tasks[what], completed=share)

        yield advance


def save_array(path: Path, values: np.ndarray, names: Sequence[str], *, record: Record | None = None) -> None:
    """Write rows of numbers to ``.npy``, or as named columns to any file that :func:`save_columns` writes.

    What names the rows of ``record`` comes before the numbers, and its labels come after them.
    """
    if path.suffix.lower() == ".npy":
        write_whole(path, lambda target: _write_npy(target, values))
        return
    before, after = ({}, {}) if record is None else (row_names(record), row_labels(record))
    numbers = {name: values[:, k] for k, name in enumerate(names)}
    save_columns(path, {**before, **numbers, **after})


def save_columns(
    path: Path, columns: Mapping[str, np.ndarray], dtypes: Mapping[str, str] | None = None
) -> None:
    """Write columns to ``.csv``, ``.tsv`` or ``.parquet``, completely or not at all.

    Parameters
    ----------
    path : Path
        The file.
    columns : mapping of str to array
        Cells by name.
    dtypes : mapping of str to str, optional
        Types of columns in ``.parquet``, where the cells allow them.

    Raises
    ------
    DataError
        If the ending is unknown, or pyarrow is not installed.
    """
    writers = {".csv": _write_csv, ".tsv": _write_csv, ".parquet": _write_parquet}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise DataError(f"cannot write {path}: expected a name ending in .npy, {', '.join(writers)}")
    write_whole(path, lambda target: writer(target, path.suffix.lower(), columns, dtypes or {}))


def save_table(path: Path, schema: Schema, numbers: np.ndarray, record: Record | None = None) -> None:
    """Write numbers as the table that they encode: original names and types, with the rows' names and labels."""
    before, after = ({}, {}) if record is None else (row_names(record), row_labels(record))
    dtypes = {column.name: column.dtype for column in schema.columns}
    save_columns(path, {**before, **schema.decode(numbers), **after}, dtypes)


def row_names(record: Record) -> dict[str, np.ndarray]:
    """Return the columns that name the rows of a record: identifiers and files."""
    return {**record.ids, **({"file": np.array(record.files, dtype=object)} if record.files else {})}


def row_labels(record: Record) -> dict[str, np.ndarray]:
    """Return the labels of a record under their own name, as words if they have names."""
    if record.y is None:
        return {}
    schema = record.reading.schema
    name = "y" if schema is None or schema.label is None else schema.label
    if record.target_names is None or record.target_names == tuple(map(str, range(len(record.target_names)))):
        return {name: record.y}
    return {name: np.array(record.target_names, dtype=object)[record.y]}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write_npy(target: Path, values: np.ndarray) -> None:
    with target.open("wb") as stream:
        np.save(stream, values, allow_pickle=False)


def _write_csv(
    target: Path, ending: str, columns: Mapping[str, np.ndarray], dtypes: Mapping[str, str]
) -> None:
    with target.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter="\t" if ending == ".tsv" else ",")
        writer.writerow(columns)
        writer.writerows(zip(*(_words(column) for column in columns.values()), strict=True))


def _words(column: np.ndarray) -> list[Any]:
    """Return cells as they are written: dates without a time of day where none has any, nothing for unknown."""
    if column.dtype.kind == "M":
        return ["" if text == "NaT" else text for text in np.datetime_as_string(column).tolist()]
    if column.dtype.kind == "f":
        # As short as the type allows: a float32 has no more than nine digits worth writing.
        return [
            "" if np.isnan(value) else repr(value.item()) if column.dtype == np.float64 else str(value)
            for value in column
        ]
    return column.tolist()


def _write_parquet(
    target: Path, ending: str, columns: Mapping[str, np.ndarray], dtypes: Mapping[str, str]
) -> None:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise DataError(f"{missing('parquet needs pyarrow')}, or write .npy or .csv") from error
    parquet.write_table(frame_of(columns, dtypes, "pyarrow"), target)
