"""Dates written as words, in files and in frames: 2024-12-31, 2024/12/31, 31.12.2024, 12/31/2024."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

__all__ = ["dates_of", "is_iso"]

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?Z?)?")
_OTHERS = {
    re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}"): ("%d.%m.%Y",),
    re.compile(r"\d{4}/\d{1,2}/\d{1,2}"): ("%Y/%m/%d",),
    re.compile(r"\d{1,2}/\d{1,2}/\d{4}"): ("%d/%m/%Y", "%m/%d/%Y"),
    re.compile(r"\d{1,2}-\d{1,2}-\d{4}"): ("%d-%m-%Y", "%m-%d-%Y"),
}


def dates_of(words: Sequence[str | None]) -> np.ndarray | None:
    """Return words as dates in microseconds, NaT for None; None if they are no dates, or it is open which is the month.

    >>> dates_of(["31.12.2024", None]).astype("datetime64[D]").tolist()
    [datetime.date(2024, 12, 31), None]
    >>> dates_of(["01/02/2024"])
    """
    distinct = {word: word.strip() for word in words if word is not None}
    if not distinct:
        return None
    parsed = _moments(distinct) if _all(_MOMENT, distinct) else _otherwise(distinct)
    if parsed is None:
        return None
    nothing = np.datetime64("NaT", "us")
    return np.array([nothing if word is None else parsed[word] for word in words], dtype="datetime64[us]")


def is_iso(words: Sequence[str | None]) -> bool:
    """Return whether all words are days as programs write them, 2024-12-31."""
    return all(word is None or _ISO.fullmatch(word) for word in words)


def _all(pattern: re.Pattern[str], distinct: dict[str, str]) -> bool:
    return all(pattern.fullmatch(word) for word in distinct.values())


def _moments(distinct: dict[str, str]) -> dict[str, Any] | None:
    try:
        return {word: np.datetime64(text.rstrip("Z"), "us") for word, text in distinct.items()}
    except ValueError:
        return None


def _otherwise(distinct: dict[str, str]) -> dict[str, Any] | None:
    """Return the dates if exactly one way of writing fits all of them."""
    formats = next((formats for pattern, formats in _OTHERS.items() if _all(pattern, distinct)), ())
    fitting = []
    for form in formats:
        try:
            fitting.append({w: np.datetime64(datetime.strptime(t, form), "us") for w, t in distinct.items()})
        except ValueError:
            continue
    return fitting[0] if len(fitting) == 1 else None
