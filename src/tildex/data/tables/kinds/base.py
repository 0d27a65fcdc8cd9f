"""What a column can be: how a kind recognises a column, makes numbers of it, and makes the column again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

from tildex.data.errors import DataError
from tildex.data.tables.cells import Cells, shortened
from tildex.part import nearest

__all__ = ["Kind", "unlike"]


@dataclass(frozen=True)
class Kind(ABC):
    """What a column was taken for.

    A new kind is one file in this folder, with a ``name`` and, if a column can be recognised as such, a ``place`` among
    the kinds that are asked in turn.

    Attributes
    ----------
    table : dict of str to class
        Every kind by its name.
    name : str
        The kind's name in ``--as COLUMN=NAME``.
    place : int, optional
        The kind's turn when a column is to be recognised: the first that recognises it gets it.
    units : str, optional
        Which family its numbers need: ``real``, ``binary``, ``count`` or ``category``; None for kinds that give none.
    """

    table: ClassVar[dict[str, type[Kind]]] = {}
    name: ClassVar[str]
    place: ClassVar[int | None] = None
    units: ClassVar[str | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" in cls.__dict__:
            cls.table[cls.name] = cls

    @classmethod
    def named(cls, name: str) -> type[Kind]:
        """Return the kind of that name, or raise DataError with the nearest."""
        if name not in cls.table:
            raise DataError(f"no column can be {name!r}; {nearest(name, cls.table)}")
        return cls.table[name]

    @classmethod
    def recognise(cls, cells: Cells) -> Kind:
        """Return the kind of a column, which depends on its cells and name alone."""
        turns = sorted((k for k in cls.table.values() if k.place is not None), key=lambda k: k.place or 0)
        return next(kind for kind in turns if kind.recognises(cells)).of(cells)

    @classmethod
    def recognises(cls, cells: Cells) -> bool:
        """Return whether a column is of this kind."""
        return False

    @classmethod
    @abstractmethod
    def of(cls, cells: Cells) -> Self:
        """Return this kind for a column, or raise DataError if the column cannot be of this kind."""

    @property
    def width(self) -> int:
        """The number of columns of numbers."""
        return 0 if self.units is None else 1

    @property
    def settings(self) -> dict[str, Any]:
        """What the family of its numbers is to be told."""
        return {}

    def names(self, column: str) -> tuple[str, ...]:
        """Return the names of the columns of numbers."""
        return (column,) * self.width

    @abstractmethod
    def encode(self, cells: Cells) -> tuple[np.ndarray, list[str]]:
        """Return the numbers, float64 of shape (rows, width) with NaN where unknown, and what is to be said."""

    @abstractmethod
    def decode(self, numbers: np.ndarray) -> np.ndarray:
        """Return a column of cells given numbers of shape (rows, width); what a model gives is rounded as needed."""

    def same_numbers(self, other: Kind) -> bool:
        """Return whether the other kind makes the same numbers of the same cells."""
        return self == other

    def about(self) -> str:
        """Return in a few words what distinguishes this column among its kind."""
        return ""

    def to_json(self) -> dict[str, Any]:
        """Return the kind as JSON."""
        return {"kind": self.name, **{one.name: _json(getattr(self, one.name)) for one in fields(self)}}

    @classmethod
    def from_json(cls, noted: Mapping[str, Any]) -> Kind:
        """Return the kind that :meth:`to_json` noted."""
        kind = cls.named(noted["kind"])
        values = {one.name: noted[one.name] for one in fields(kind)}
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def unlike(cells: Cells, expected: str, wrong: np.ndarray, cure: str) -> DataError:
    """Return the error for the first of the cells that are ``wrong``."""
    row = int(np.flatnonzero(wrong)[0])
    return DataError(
        f"column {cells.name!r}: expected {expected}, row {row + 1} has {shortened([cells.values[row]])!r}; {cure}"
    )


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
