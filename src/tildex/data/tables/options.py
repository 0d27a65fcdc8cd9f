"""What a user may say about the columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["TableOptions", "as_names"]


@dataclass(frozen=True)
class TableOptions:
    """What is said about columns by name; the rest is found out.

    Attributes
    ----------
    as_ : mapping of str to str
        Kinds by column, such as ``{"zip": "category"}``.
    drop : sequence of str
        Columns to leave out.
    columns : sequence of str, optional
        The only columns to use, beside labels and identifiers.
    label : str or False, optional
        The column of labels; by default one named y, label, target or class; False for none.
    id : sequence of str, optional
        The columns that name the rows.
    """

    as_: Mapping[str, str] = field(default_factory=dict)
    drop: Sequence[str] = ()
    columns: Sequence[str] | None = None
    label: str | bool | None = None
    id: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.as_ or self.drop or self.id) or self.columns is not None or self.label is not None

    @property
    def named(self) -> tuple[str, ...]:
        """All columns that are named."""
        label = (self.label,) if isinstance(self.label, str) else ()
        return (*self.as_, *self.drop, *(self.columns or ()), *label, *self.id)


def as_names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return one name, several or none as a tuple.

    >>> as_names("age"), as_names(["a", "b"]), as_names(None)
    (('age',), ('a', 'b'), ())
    """
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)
