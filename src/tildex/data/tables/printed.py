"""A schema in words: what each column was taken for, and how to change it."""

from __future__ import annotations

from tildex.data.tables.columns import Column
from tildex.data.tables.schema import Schema
from tildex.data.tables.table import Table

__all__ = ["in_words"]

_MOST_LINES = 40
_FEW_LINES = 8
_WIDTH = 96
_CURE = """\
to change that: --as NAME=KIND, --drop NAME, --columns NAME, --label NAME, --id NAME
kinds: real, positive, count, category, binary, date, text, identifier, constant"""


def in_words(schema: Schema, table: Table) -> str:
    """Return what the columns of a table were taken for: one line per column, or per kind if there are many.

    Example
    -------
    >>> table = Table.of({"age": [31, None, 4], "sex": ["f", "m", "m"]})
    >>> print(in_words(Schema.of(table), table).partition("to change")[0])
    the table: 2 columns
      age  real    some cells are empty
      sex  binary  m, else f
    <BLANKLINE>
    """
    written = f" ({table.note})" if table.note else ""
    head = f"{table.name}: {len(schema.columns)} column{'s' * (len(schema.columns) != 1)}{written}"
    alike = len({column.kind.name for column in schema.columns if column.kind.width}) == 1
    most = _FEW_LINES if alike else _MOST_LINES
    lines = _by_kind(schema) if len(schema.columns) > most else _each(schema)
    return "\n".join([head, *lines, f"{_CURE}"])


def _each(schema: Schema) -> list[str]:
    names = max(min(len(column.name), 30) for column in schema.columns)
    kinds = max(len(column.kind.name) for column in schema.columns)
    return [
        _cut(
            f"  {_cut(column.name, 30):{names}}  {column.kind.name:{kinds}}  {_about(column)}".rstrip(),
            _WIDTH,
        )
        for column in schema.columns
    ]


def _about(column: Column) -> str:
    parts = [column.kind.about(), "some cells are empty" if column.missing else ""]
    return "; ".join(part for part in parts if part)


def _by_kind(schema: Schema) -> list[str]:
    by_kind: dict[str, list[str]] = {}
    for column in schema.columns:
        by_kind.setdefault(column.kind.name, []).append(column.name)
    lines = []
    for kind, names in by_kind.items():
        shown = ", ".join(_cut(name, 20) for name in names[:6])
        others = f" and {len(names) - 6} others" if len(names) > 6 else ""
        lines.append(f"  {kind}: {shown}{others}")
    return lines


def _cut(name: str, length: int) -> str:
    return name if len(name) <= length else name[: length - 1] + "…"
