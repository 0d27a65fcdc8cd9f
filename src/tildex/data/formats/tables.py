"""Tables with named columns: .csv and .parquet."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tildex.data.formats.numeric import encode_labels
from tildex.data.record import DataError, Record
from tildex.files import missing

__all__ = ["read_csv", "read_parquet"]

LABELS = ("y", "label", "target", "class")
"""A column with one of these names holds the labels."""


def read_csv(path: Path) -> Record:
    """Return the numeric columns of a .csv file with a header line; a column named in ``LABELS`` becomes ``y``."""

    def parse() -> Any:
        from pyarrow import csv

        return csv.read_csv(path)

    return _record(_parsed(parse, path, "a .csv file with a header line"), path)


def read_parquet(path: Path) -> Record:
    """Return the numeric columns of a .parquet file; a column named in ``LABELS`` becomes ``y``."""

    def parse() -> Any:
        from pyarrow import parquet

        return parquet.read_table(path)

    return _record(_parsed(parse, path, "a whole .parquet file"), path)


def _parsed(parse: Callable[[], Any], path: Path, expected: str) -> Any:
    try:
        import pyarrow as pa
    except ImportError as error:
        raise DataError(missing(f"{path.name} needs pyarrow")) from error
    try:
        return parse()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"{path} is not {expected} ({reason}); write it again") from error


def _record(table: Any, path: Path) -> Record:
    # pandas writes its row index as a column of this name.
    names = [name for name in table.column_names if not re.fullmatch(r"__index_level_\d+__", name)]
    _check_names(names, path)
    if table.num_rows == 0:
        raise DataError(f"{path}: expected at least one row below the header line, got none")
    label = _label(names, path)
    features = [name for name in names if name != label]
    if not features:
        raise DataError(f"{path}: expected numeric columns beside {label!r}, got none")
    X = np.empty((table.num_rows, len(features)), dtype=np.float32)
    for k, name in enumerate(features):
        X[:, k] = _numbers(table.column(name), f"{path}, column {name!r}")
    y, target_names = None, None
    if label is not None:
        where = f"{path}, column {label!r}"
        y, target_names = encode_labels(_cells(table.column(label), where), where)
    return Record(X, y, None, tuple(features), target_names, path.name)


def _check_names(names: list[str], path: Path) -> None:
    if twice := {name for name in names if names.count(name) > 1}:
        raise DataError(f"{path}: expected unique column names, got {sorted(twice)[0]!r} twice; rename one")
    if names and all(re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", name.strip()) for name in names):
        raise DataError(
            f"{path}: expected column names in the first line, got numbers; add a line with names"
        )


def _label(names: list[str], path: Path) -> str | None:
    found = [name for name in names if name.lower() in LABELS]
    if len(found) > 1:
        raise DataError(
            f"{path}: expected one column of labels, got {' and '.join(found)}; rename all but one"
        )
    return found[0] if found else None


def _cells(column: Any, where: str) -> np.ndarray:
    """Return the cells, none of which may be empty; words are returned as strings."""
    import pyarrow as pa

    if column.null_count:
        row = column.is_null().to_pylist().index(True)
        raise DataError(f"{where}: row {row + 1} is empty or not a number; fill it in or leave the row out")
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    cells = column.to_numpy(zero_copy_only=False)
    words = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    return cells.astype(str) if words else cells


def _numbers(column: Any, where: str) -> np.ndarray:
    cells = _cells(column, where)
    if cells.dtype.kind not in "buif":
        # A text column whose words all look like numbers is also refused, with its first row as the example.
        row = next((k for k, cell in enumerate(cells.tolist()) if not _is_number(cell)), 0)
        raise DataError(
            f"{where}: expected numbers, row {row + 1} has {str(cells[row])!r}; "
            "leave the column out or encode it"
        )
    with np.errstate(over="ignore"):
        numbers = cells.astype(np.float32)
    if not np.isfinite(numbers).all():
        row = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise DataError(f"{where}: row {row + 1} has {cells[row]}; only finite float32 numbers can be used")
    return numbers


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True
