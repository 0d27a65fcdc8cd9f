"""The cells of one column in one of five forms, whatever library or file they came from."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np

from tildex.data.tables.written_dates import dates_of, is_iso

__all__ = ["Cells", "shortened", "spelled"]


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of one column.

    Attributes
    ----------
    name : str
        The column's name.
    form : str
        ``number`` or ``flag`` (float64, NaN where unknown; flags are 0 and 1), ``word`` (objects, None where unknown),
        ``date`` (datetime64 in microseconds, NaT where unknown), or ``other`` (objects that cannot be used).
    values : array of shape (rows,)
        The cells.
    dtype : str
        The type by which the library that they came from calls them.
    given : array of shape (rows,), optional
        The cells as they came, where the form loses something, as large whole numbers do, and dates that came as words.

    Example
    -------
    >>> Cells.of("age", [31, None, 4]).values
    array([31., nan,  4.])
    """

    name: str
    form: str
    values: np.ndarray
    dtype: str = ""
    given: np.ndarray | None = None

    @classmethod
    def of(cls, name: str, values: Iterable[Any], *, dtype: str = "", category: bool = False) -> Cells:
        """Return the cells of a column of Python values; None and NaN are unknown, mixed types become words.

        Words that are all dates become dates, unless their library calls them a ``category``.
        """
        cells = [None if _unknown(value) else value for value in values]
        some = [value for value in cells if value is not None]
        if all(isinstance(value, bool | np.bool_) for value in some) and some:
            return cls(name, "flag", _floats(cells), dtype)
        if all(isinstance(value, Real | Decimal) for value in some):
            given = np.array(cells, dtype=object) if any(_large(value) for value in some) else None
            return cls(name, "number", _floats(cells), dtype, given)
        if all(isinstance(value, datetime.date | np.datetime64) for value in some):
            return cls(name, "date", _dates(cells), dtype)
        if any(isinstance(value, list | tuple | dict | bytes | np.ndarray) for value in some):
            return cls(name, "other", _objects(cells), dtype)
        words = _objects([None if v is None else _word(v) for v in cells])
        if not category and (dates := dates_of(words.tolist())) is not None:
            iso = is_iso(words.tolist())
            return cls(name, "date", dates, dtype if iso else "", words if iso else None)
        return cls(name, "word", words, dtype)

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def known(self) -> np.ndarray:
        """Which cells are not empty."""
        if self.form in ("number", "flag"):
            return ~np.isnan(self.values)
        if self.form == "date":
            return ~np.isnat(self.values)
        return np.array([value is not None for value in self.values], dtype=bool)

    @cached_property
    def present(self) -> np.ndarray:
        """The cells that are not empty."""
        return self.values[self.known]

    @cached_property
    def levels(self) -> tuple[Any, ...]:
        """The distinct cells that are not empty, sorted, as Python values."""
        if self.form == "other":
            return ()
        if self.form == "word":
            return tuple(sorted(set(self.present.tolist())))
        if self.given is not None:
            return tuple(sorted(set(self.given[self.known].tolist())))
        levels = np.unique(self.present)
        if self.form == "flag":
            return tuple(bool(level) for level in levels)
        return tuple(_simple(level) for level in levels.tolist())

    @cached_property
    def whole(self) -> bool:
        """Whether all numbers are whole."""
        return self.form in ("number", "flag") and bool((self.present == np.floor(self.present)).all())

    def words(self) -> np.ndarray:
        """Return every cell as :func:`spelled`, None where it is empty."""
        return _objects([spelled(_simple(value)) if known else None for value, known in self._pairs()])

    def as_given(self) -> np.ndarray:
        """Return the cells as they came: whole numbers as int64 if none is empty."""
        if self.given is not None:
            return self.given
        if self.form == "number" and self.whole and self.known.all():
            return self.values.astype(np.int64)
        if self.form == "flag":
            return _objects([bool(value) if known else None for value, known in self._pairs()])
        return self.values

    def _pairs(self) -> Iterable[tuple[Any, bool]]:
        values: Sequence[Any] = (self.values if self.given is None else self.given).tolist()
        if self.form == "flag":
            values = [value == 1 for value in values]
        return zip(values, self.known.tolist(), strict=True)


def spelled(value: Any) -> str:
    """Return a value as a word that does not depend on its type: 2, 2.0 and "2" are alike.

    >>> spelled(2.0), spelled(True), spelled("2")
    ('2', 'true', '2')
    """
    if isinstance(value, bool):
        return str(value).lower()
    value = _simple(value)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower()
    return str(value)


def shortened(values: Iterable[Any], n: int = 3) -> str:
    """Return the first values as a list for a sentence, and how many others there are.

    >>> shortened("abcde")
    'a, b, c and 2 others'
    """
    listed = [spelled(value) for value in values]
    listed = [value if len(value) <= 30 else value[:29] + "…" for value in listed]
    if len(listed) <= n + 1:
        return ", ".join(listed)
    return f"{', '.join(listed[:n])} and {len(listed) - n} others"


def _simple(value: Any) -> Any:
    """Return a whole float as an int."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def _unknown(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, float | np.floating | np.datetime64 | np.timedelta64 | Decimal):
        return bool(value != value)
    # Libraries have markers of their own for what is unknown, which equal nothing: not even themselves.
    return type(value).__name__ in ("NAType", "NaTType", "NoneType")


def _large(value: Any) -> bool:
    return isinstance(value, int | np.integer) and abs(int(value)) > 1 << 53


def _floats(cells: Sequence[Any]) -> np.ndarray:
    return np.array([np.nan if value is None else float(value) for value in cells], dtype=np.float64)


def _dates(cells: Sequence[Any]) -> np.ndarray:
    return np.array(
        [np.datetime64("NaT") if v is None else _moment(v) for v in cells], dtype="datetime64[us]"
    )


def _moment(value: Any) -> Any:
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.UTC).replace(tzinfo=None)
    return value


def _word(value: Any) -> str:
    return value if isinstance(value, str) else spelled(value)


def _objects(values: Sequence[Any]) -> np.ndarray:
    # One by one: numpy would take a list of lists as a table.
    array = np.empty(len(values), dtype=object)
    for k, value in enumerate(values):
        array[k] = value
    return array
