"""Tables from text files: .csv, .tsv and .txt, however they are written."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from tildex.data.errors import DataError
from tildex.data.tables.dialect import Dialect, decoded, dialect_of
from tildex.data.tables.libraries.pyarrow_frames import cells
from tildex.data.tables.table import Table
from tildex.data.tables.words import comma_decimals, typed

__all__ = ["MISSING", "read_text"]

MISSING = (
    "",
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "NaN",
    "nan",
    "NAN",
    "NULL",
    "null",
    "<NA>",
    "?",
    "-",
    "--",
    ".",
    "NaT",
)
"""Words for an unknown cell."""


def read_text(path: Path) -> Table:
    """Return the table in a text file, and how it is written.

    Raises
    ------
    DataError
        If the file has no header line, or a row has more or fewer cells than the header.
    """
    text, encoding = decoded(path)
    dialect = dialect_of(text, path)
    table, decimal = _parsed(text, dialect, path)
    names = [name for name in table.column_names if not (name == "" and table[name].null_count == len(table))]
    notes = [str(dialect)]
    if decimal == ",":
        notes.append("decimal comma")
    if encoding != "UTF-8":
        notes.append(encoding)
    whole = table.select([k for k, name in enumerate(table.column_names) if name in names])
    return Table(tuple(cells(_without_end(whole))), str(path), ", ".join(notes))


def _parsed(text: str, dialect: Dialect, path: Path) -> tuple[Any, str]:
    """Return the typed table, and its decimal mark."""
    content = _content(text, dialect)
    table = _arrow(content, dialect, ".", path)
    decimal = "."
    if comma_decimals(table, outside=dialect.separator != ","):
        table, decimal = _arrow(content, dialect, ",", path), ","
    return typed(table, decimal, path), decimal


def _content(text: str, dialect: Dialect) -> bytes:
    """Return the rows below the header, in UTF-8."""
    if dialect.separator == " ":
        text = "\n".join("\t".join(line.split()) for line in text.splitlines())
    return text.lstrip("\ufeff").encode()


def _arrow(content: bytes, dialect: Dialect, decimal: str, path: Path) -> Any:
    try:
        import pyarrow as pa
        from pyarrow import csv
    except ImportError as error:
        from tildex.files import missing

        raise DataError(missing(f"{path.name} needs pyarrow")) from error
    unnamed = [f"\0{k}" if name == "" and k else name for k, name in enumerate(dialect.names)]
    separator = "\t" if dialect.separator == " " else dialect.separator
    places = [f"{k}" for k in range(len(unnamed))]
    coded = {places[k]: pa.string() for k, name in enumerate(dialect.names) if name in dialect.coded}
    try:
        table = csv.read_csv(
            io.BytesIO(content),
            # One thread: only then are rows numbered in errors.
            csv.ReadOptions(skip_rows=dialect.skipped, column_names=places, use_threads=False),
            csv.ParseOptions(
                delimiter=separator,
                quote_char=dialect.quote,
                newlines_in_values=True,
                invalid_row_handler=lambda row: "skip" if row.text.startswith("#") else "error",
            ),
            csv.ConvertOptions(
                column_types=coded,
                null_values=list(MISSING),
                strings_can_be_null=True,
                decimal_point=decimal,
                auto_dict_encode=False,
            ),
        )
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(error, dialect, path) from error
    return table.rename_columns(_named(unnamed, table))


def _named(names: list[str], table: Any) -> list[str]:
    """Return the columns' names: columns without a name and without cells are dropped later, others have a number."""
    return [
        ("" if column.null_count == len(column) else f"column {k + 1}") if name.startswith("\0") else name
        for k, (name, column) in enumerate(zip(names, table.columns, strict=True))
    ]


def _unreadable(error: Exception, dialect: Dialect, path: Path) -> DataError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    ragged = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", reason)
    if ragged:
        row = int(ragged[1]) + dialect.skipped
        return DataError(
            f"{path}, line {row}: expected {ragged[2]} cells, as in the header ({dialect}), got {ragged[3]}; "
            "mend the line, or put cells that contain the separator in quotes"
        )
    if "Empty CSV" in reason:
        return DataError(f"{path}: expected at least one row below the header line, got none")
    return DataError(f"{path} is not a table with a header line ({reason}); write it again")


def _without_end(table: Any) -> Any:
    """Return the table without the rows at its end in which all cells are empty."""
    n = len(table)
    while n and all(not column[n - 1].is_valid for column in table.columns):
        n -= 1
    return table.slice(0, n)
