"""Tables from .parquet files and from workbooks, .xlsx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tildex.data.errors import DataError
from tildex.data.tables.cells import Cells
from tildex.data.tables.libraries.pyarrow_frames import cells
from tildex.data.tables.table import Table
from tildex.data.tables.text import name_of
from tildex.data.tables.words import MISSING
from tildex.files import missing

__all__ = ["read_parquet", "read_workbook"]


def read_parquet(path: Path) -> Table:
    """Return the table in a .parquet file."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise DataError(missing(f"{path.name} needs pyarrow")) from error
    try:
        table = parquet.read_table(path)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"{path} is not a whole .parquet file ({reason}); write it again") from error
    return Table(tuple(cells(table)), str(path))


def read_workbook(path: Path) -> Table:
    """Return the table in the first sheet of a workbook that has cells: a row of names, then the rows."""
    try:
        import openpyxl
    except ImportError as error:
        raise DataError(
            f"{path.name} needs openpyxl: in the folder of Tildex, run pip install -c constraints.txt '.[xlsx]', or "
            "save the table as .csv"
        ) from error
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheets = {sheet.title: _rows(sheet) for sheet in book.worksheets}
        book.close()
    # openpyxl raises errors of many kinds for damaged files.
    except Exception as error:
        raise DataError(f"{path} is not a whole .xlsx file ({error}); write it again") from error
    title, rows = next(((t, r) for t, r in sheets.items() if r), ("", []))
    if not rows:
        raise DataError(f"{path}: expected a sheet with a row of names, got none with cells")
    others = [name for name, found in sheets.items() if found and name != title]
    note = f"sheet {title!r}" + (f", not {', '.join(map(repr, others))}" if others else "")
    return Table(tuple(_columns(rows, path)), str(path), note)


def _rows(sheet: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a sheet without the empty ones."""
    return [row for row in sheet.iter_rows(values_only=True) if any(cell is not None for cell in row)]


def _columns(rows: list[tuple[Any, ...]], path: Path) -> list[Cells]:
    columns = []
    for k, name in enumerate(rows[0]):
        values = [row[k] if k < len(row) else None for row in rows[1:]]
        values = [None if isinstance(v, str) and v.strip() in MISSING else v for v in values]
        if name is None and all(value is None for value in values):
            continue
        title = name_of(k, rows[0]) if name is None else str(name).strip()
        columns.append(Cells.of(title, values))
    if all(isinstance(name, int | float) for name in rows[0]):
        raise DataError(f"{path}: expected column names in the first row, got numbers; add a row with names")
    return columns
