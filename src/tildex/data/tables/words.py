"""Columns of words that are numbers written otherwise: decimal commas, thousands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tildex.data.errors import DataError

__all__ = ["MISSING", "comma_decimals", "typed"]

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


_POINT = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
_COMMA = r"^[-+]?(\d+,\d*|,\d+)([eE][-+]?\d+)?$"
# A comma before one, two, four or more digits, or after four or more: no separator of thousands.
_SURELY_COMMA = r"^[-+]?(\d*,(\d{1,2}|\d{4,})|\d{4,},\d+|0,\d+|\d{1,3}(\.\d{3})+,\d+)([eE][-+]?\d+)?$"
_THOUSANDS = {".": r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$", ",": r"^[-+]?\d{1,3}(\.\d{3})+(,\d+)?$"}
_MARK = {".": ",", ",": "."}
_MOSTLY = 0.9


def comma_decimals(table: Any, *, outside: bool) -> bool:
    """Return whether the columns of words show decimal commas.

    ``outside`` says that commas do not separate cells; then ``1,234`` is a decimal comma unless there are decimal
    points elsewhere in the table.
    """
    import pyarrow as pa

    points = any(pa.types.is_floating(column.type) for column in table.columns)
    for column in _words(table):
        if all_match(column, _COMMA + "|" + _THOUSANDS[","] + r"|^[-+]?\d+([eE][-+]?\d+)?$"):
            if any_match(column, _SURELY_COMMA):
                return True
            if outside and not points and any_match(column, _COMMA) and not any_match(column, r",\d+,"):
                return True
    return False


def typed(table: Any, decimal: str, path: Path) -> Any:
    """Return the table with words trimmed, and columns of words that are numbers as such.

    Raises
    ------
    DataError
        If nearly all cells of a column are numbers, and one is a word.
    """
    for k, column in enumerate(table.columns):
        if _is_words(column):
            name = table.column_names[k]
            table = table.set_column(k, name, _typed(column, decimal, f"{path}, column {name!r}"))
    return table


def all_match(column: Any, pattern: str) -> bool:
    """Return whether all known cells match."""
    import pyarrow.compute as pc

    return bool(pc.all(pc.match_substring_regex(column, pattern)).as_py())


def any_match(column: Any, pattern: str) -> bool:
    """Return whether a cell matches."""
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(column, pattern)).as_py())


def _typed(column: Any, decimal: str, where: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pc.utf8_trim_whitespace(column)
    column = pc.if_else(pc.is_in(column, pa.array(MISSING)), pa.scalar(None, pa.string()), column)
    if column.null_count == len(column):
        return column
    if all_match(column, r"^0\d+$|^\d+$") and any_match(column, r"^0\d"):
        return column
    plain = _POINT if decimal == "." else _COMMA + r"|^[-+]?\d+([eE][-+]?\d+)?$"
    mark = _MARK[decimal]
    if all_match(column, plain + "|" + _THOUSANDS[decimal]):
        return _numbers(column, mark, decimal)
    if all_match(column, _POINT):
        return _numbers(column, "", ".")
    _require_words(column, plain, where)
    return column


def _numbers(column: Any, mark: str, decimal: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pc.replace_substring(column, mark, "") if mark else column
    column = pc.replace_substring(column, decimal, ".")
    if all_match(column, r"^[-+]?\d{1,18}$"):
        return pc.replace_substring_regex(column, r"^\+", "").cast(pa.int64())
    return pc.replace_substring_regex(column, r"^\+", "").cast(pa.float64())


def _require_words(column: Any, plain: str, where: str) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pc.match_substring_regex(column, plain)
    known = len(column) - column.null_count
    n = pc.sum(numbers.cast(pa.int64())).as_py()
    others = pc.unique(pc.filter(column, pc.invert(numbers.fill_null(True))))
    if n < _MOSTLY * known or len(others) > 3:
        return
    row = pc.index(numbers, False).as_py()
    raise DataError(
        f"{where}: expected numbers, row {row + 1} has {others[0].as_py()!r}; leave the cell empty if it is unknown, "
        "or write the other cells as words too"
    )


def _words(table: Any) -> list[Any]:
    return [column for column in table.columns if _is_words(column) and column.null_count < len(column)]


def _is_words(column: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
