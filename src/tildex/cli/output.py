"""Output of commands: tables for people, JSON for scripts, arrays by file ending."""

from __future__ import annotations

import contextlib
import csv
import json
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
from tildex.data import DataError
from tildex.files import missing, write_whole

__all__ = ["advancing", "print_json", "print_table", "save_array", "save_sheet", "say"]


def print_json(value: Any) -> None:
    """Print JSON on standard output, for a script to read."""
    print(json.dumps(value, indent=2))


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


def save_array(path: Path, values: np.ndarray, names: Sequence[str], y: np.ndarray | None = None) -> None:
    """Write rows to ``.npy``, ``.csv`` or ``.parquet``, completely or not at all; labels become a last column ``y``.

    Raises
    ------
    DataError
        If the ending is unknown, or pyarrow is not installed.
    """
    writers = {".npy": _write_npy, ".csv": _write_csv, ".parquet": _write_parquet}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise DataError(f"cannot write {path}: expected a name ending in {', '.join(writers)}")
    columns = {name: values[:, i] for i, name in enumerate(names)}
    if y is not None:
        columns["y"] = y
    write_whole(path, lambda target: writer(target, values, columns))


def _write_npy(target: Path, values: np.ndarray, columns: Mapping[str, np.ndarray]) -> None:
    with target.open("wb") as stream:
        np.save(stream, values, allow_pickle=False)


def _write_csv(target: Path, values: np.ndarray, columns: Mapping[str, np.ndarray]) -> None:
    with target.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))


def _write_parquet(target: Path, values: np.ndarray, columns: Mapping[str, np.ndarray]) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise DataError(f"{missing('parquet needs pyarrow')}, or write .npy or .csv") from error
    pyarrow.parquet.write_table(pyarrow.table(dict(columns)), target)
