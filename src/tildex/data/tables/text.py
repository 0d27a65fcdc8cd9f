"""Tables from text files: .csv, .tsv and .txt, however they are written."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tildex.data.errors import DataError
from tildex.data.tables.dialect import Dialect, decoded, dialect_of
from tildex.data.tables.libraries.pyarrow_frames import cells
from tildex.data.tables.table import Table
from tildex.data.tables.words import MISSING, comma_decimals, typed

__all__ = ["name_of", "read_text"]


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
        from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, read_csv
    except ImportError as error:
        from tildex.files import missing

        raise DataError(missing(f"{path.name} needs pyarrow")) from error
    unnamed = [name or f"\0{k}" for k, name in enumerate(dialect.names)]
    separator = "\t" if dialect.separator == " " else dialect.separator
    places = [f"{k}" for k in range(len(unnamed))]
    coded = {places[k]: pa.string() for k, name in enumerate(dialect.names) if name in dialect.coded}
    try:
        table = read_csv(
            io.BytesIO(content),
            # One thread: only then are rows numbered in errors.
            ReadOptions(skip_rows=dialect.skipped, column_names=places, use_threads=False),
            ParseOptions(
                delimiter=separator,
                quote_char=dialect.quote,
                newlines_in_values=True,
                invalid_row_handler=lambda row: "skip" if row.text.startswith("#") else "error",
            ),
            ConvertOptions(
                column_types=coded,
                null_values=list(MISSING),
                strings_can_be_null=True,
                decimal_point=decimal,
                auto_dict_encode=False,
            ),
        )
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(error, content, dialect, path) from error
    return table.rename_columns(_named(unnamed, table))


def _named(names: list[str], table: Any) -> list[str]:
    """Return the columns' names; the first without a name is "row", and those without cells are dropped."""
    named = []
    for k, (name, column) in enumerate(zip(names, table.columns, strict=True)):
        if name.startswith("\0"):
            name = name_of(k, names)
            if column.null_count == len(column):
                name = ""
        named.append(name)
    return named


def name_of(k: int, names: Collection[str]) -> str:
    """Return a name for column ``k``, which has none: programs write the rows' names so, in the first column."""
    return "row" if k == 0 and "row" not in names else f"column {k + 1}"


def _unreadable(error: Exception, content: bytes, dialect: Dialect, path: Path) -> DataError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "columns, got" in reason and (found := _ragged(content, dialect)):
        line, n = found
        return DataError(
            f"{path}, line {line}: expected {len(dialect.names)} cells, as in the header ({dialect}), got {n}; mend "
            "the line, or put cells that contain the separator in quotes"
        )
    if "Empty CSV" in reason:
        return DataError(f"{path}: expected at least one row below the header line, got none")
    return DataError(f"{path} is not a table with a header line ({reason}); write it again")


def _ragged(content: bytes, dialect: Dialect) -> tuple[int, int] | None:
    """Return the number of the first line whose row has not as many cells as the header, and how many it has."""
    separator = "\t" if dialect.separator == " " else dialect.separator
    stream = io.StringIO(content.decode(), newline="")
    for _ in range(dialect.skipped):
        stream.readline()
    rows = csv.reader(stream, delimiter=separator, quotechar=dialect.quote)
    for row in rows:
        if row and len(row) != len(dialect.names) and not row[0].startswith("#"):
            return rows.line_num + dialect.skipped, len(row)
    return None


def _without_end(table: Any) -> Any:
    """Return the table without the rows at its end in which all cells are empty."""
    n = len(table)
    while n and all(not column[n - 1].is_valid for column in table.columns):
        n -= 1
    return table.slice(0, n)
