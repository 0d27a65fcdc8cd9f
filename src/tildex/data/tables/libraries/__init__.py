"""Frames of other libraries as cells, and cells as their frames; none of the libraries is needed until it is met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from tildex.data.tables.cells import Cells

__all__ = ["LIBRARIES", "cells_of", "frame_of", "is_frame", "is_plain", "library_of"]

LIBRARIES = ("pandas", "polars", "pyarrow")
"""A library is one file here, with ``cells``, ``plain`` and ``frame``."""


def library_of(given: Any) -> str | None:
    """Return the name of the library whose table this is, or None."""
    library = type(given).__module__.partition(".")[0]
    is_table = hasattr(given, "columns") and getattr(given, "ndim", 2) == 2 and len(given.shape) == 2
    return library if library in LIBRARIES and is_table else None


def is_frame(given: Any) -> bool:
    """Return whether this is a pandas, polars or pyarrow table.

    >>> is_frame([[1, 2]])
    False
    """
    return type(given).__module__.partition(".")[0] in LIBRARIES and library_of(given) is not None


def cells_of(frame: Any) -> Iterable[Cells]:
    """Return the cells of the frame's columns."""
    return _file(library_of(frame)).cells(frame)


def is_plain(frame: Any) -> bool:
    """Return whether a frame holds numbers only, none of them unknown, so that it is as good as an array."""
    return _file(library_of(frame)).plain(frame)


def frame_of(
    columns: Mapping[str, np.ndarray], dtypes: Mapping[str, str], library: str, *, like: Any = None
) -> Any:
    """Return a frame of ``library`` with these columns, each of the named type where it can be, and the rows' names
    of ``like``.
    """
    return _file(library).frame(columns, dtypes, like)


def _file(library: str | None) -> Any:
    return import_module(f"tildex.data.tables.libraries.{library}_frames")
