"""Frames of other libraries as cells, and cells as their frames; none of the libraries is needed until it is met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from tildex.data.tables.cells import Cells

__all__ = ["LIBRARIES", "cells_of", "frame_of", "is_frame", "is_plain", "library_of"]

LIBRARIES = {"pandas": "DataFrame", "polars": "DataFrame", "pyarrow": "Table"}
"""The name of the table in each library; a library is one file here, with ``cells``, ``plain`` and ``frame``."""


def library_of(given: Any) -> str | None:
    """Return the name of the library whose table this is, or None."""
    for cls in type(given).__mro__:
        library = cls.__module__.partition(".")[0]
        if LIBRARIES.get(library) == cls.__name__:
            return library
    return None


def is_frame(given: Any) -> bool:
    """Return whether this is a pandas, polars or pyarrow table.

    >>> is_frame([[1, 2]])
    False
    """
    return library_of(given) is not None


def cells_of(frame: Any) -> Iterable[Cells]:
    """Return the cells of the frame's columns."""
    return _file(library_of(frame)).cells(frame)


def is_plain(frame: Any) -> bool:
    """Return whether a frame holds numbers only, none of them unknown, so that it is as good as an array."""
    return _file(library_of(frame)).plain(frame)


def frame_of(
    columns: Mapping[str, np.ndarray],
    dtypes: Mapping[str, str],
    library: str,
    *,
    levels: Mapping[str, Any] | None = None,
    like: Any = None,
) -> Any:
    """Return a frame of ``library``.

    Parameters
    ----------
    columns : mapping of str to array
        Cells by name.
    dtypes : mapping of str to str
        The types of columns, as that library spells them; a type that cannot hold the cells is not used.
    library : str
        One of ``LIBRARIES``.
    levels : mapping of str to sequence, optional
        All levels of columns of categories.
    like : frame, optional
        A frame of as many rows, whose names of rows are taken over.
    """
    return _file(library).frame(columns, dtypes, levels or {}, like)


def _file(library: str | None) -> Any:
    return import_module(f"tildex.data.tables.libraries.{library}_frames")
