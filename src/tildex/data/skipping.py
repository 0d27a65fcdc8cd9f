"""What could not be used of many files: named, with the cure, while the rest is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from tildex.data.errors import DataError

__all__ = ["each", "note_of"]

_SHOWN = 5

T = TypeVar("T")


def each(names: Iterable[str], read: Callable[[str], T]) -> tuple[dict[str, T], list[str]]:
    """Return what ``read`` makes of every name, and a sentence for each that it refuses.

    Example
    -------
    >>> def read(name):
    ...     if name == "b":
    ...         raise DataError("b is broken; mend it")
    ...     return name.upper()
    >>> each("abc", read)
    ({'a': 'A', 'c': 'C'}, ['b is broken; mend it'])
    """
    results: dict[str, T] = {}
    skipped = []
    for name in names:
        try:
            results[name] = read(name)
        except DataError as error:
            skipped.append(str(error))
    return results, skipped


def note_of(skipped: Iterable[str]) -> str:
    """Return a note that lists what was skipped, the first few in full; empty where nothing was.

    Example
    -------
    >>> note_of(["a is silent; record it again"])
    'skipped 1 file: a is silent; record it again'
    """
    skipped = list(skipped)
    if not skipped:
        return ""
    more = f"; and {len(skipped) - _SHOWN} more" if len(skipped) > _SHOWN else ""
    files = "file" if len(skipped) == 1 else "files"
    return f"skipped {len(skipped):,} {files}: {'; '.join(skipped[:_SHOWN])}{more}"
