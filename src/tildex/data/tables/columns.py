"""A column of a table, and the columns of numbers that encode it."""

from __future__ import annotations

from typing import NamedTuple

from tildex.data.tables.kinds import Kind

__all__ = ["Column", "Span"]


class Column(NamedTuple):
    """A column: its name, what it was taken for, whether cells were empty, and its type where it came from."""

    name: str
    kind: Kind
    missing: bool = False
    dtype: str = ""


class Span(NamedTuple):
    """The columns of numbers from ``start`` up to ``stop`` that encode one column of the table."""

    name: str
    kind: Kind
    start: int
    stop: int
