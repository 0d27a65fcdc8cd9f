"""Tables with their gaps filled: other cells, columns and types as they were."""

from __future__ import annotations

from typing import Any

import numpy as np

from tildex.data import Schema, is_frame
from tildex.data.tables import Table
from tildex.data.tables.libraries import frame_of

__all__ = ["completed", "with_gaps_filled"]


def completed(schema: Schema, table: Any, numbers: np.ndarray) -> dict[str, np.ndarray]:
    """Return all columns of a table by name, with empty cells of the columns that give numbers filled.

    Parameters
    ----------
    schema : Schema
        What the columns are.
    table : frame, Table or mapping of names to cells
        The table with gaps.
    numbers : array of shape (rows, columns of numbers)
        Complete rows, as ``schema.encode`` would return them.
    """
    table = Table.of(table)
    decoded, used = schema.decode(numbers), {span.name for span in schema.spans}
    columns = {}
    for cells in table.columns:
        given = cells.as_given()
        columns[cells.name] = given = _in_days(given)
        if cells.name in used and not cells.known.all():
            fills = decoded[cells.name]
            columns[cells.name] = _merged(given, cells.known, fills)
    return columns


def with_gaps_filled(schema: Schema, given: Any, numbers: np.ndarray) -> Any:
    """Return a frame with its gaps filled, of the library and with the index of ``given``."""
    if not is_frame(given):
        raise ValueError("expected a pandas, polars or pyarrow table, as in fit")
    table = Table.of(given)
    dtypes = {cells.name: cells.dtype for cells in table.columns}
    return frame_of(completed(schema, table, numbers), dtypes, table.library, like=given)


def _in_days(given: np.ndarray) -> np.ndarray:
    """Return dates without a time of day as days, and anything else unchanged."""
    if given.dtype.kind != "M":
        return given
    days, known = given.astype("datetime64[D]"), ~np.isnat(given)
    return days if (days[known] == given[known]).all() else given


def _merged(given: np.ndarray, known: np.ndarray, fills: np.ndarray) -> np.ndarray:
    if given.dtype == object and fills.dtype.kind == "M":
        # Dates that came as words stay words.
        return np.where(known, given, fills.astype(str).astype(object))
    if given.dtype == object or fills.dtype == object:
        return np.where(known, given.astype(object), fills.astype(object))
    merged = np.where(known, given, fills.astype(given.dtype) if given.dtype.kind == "M" else fills)
    # A whole column with gaps was read as float; without them it is whole again.
    return merged.astype(fills.dtype) if fills.dtype.kind == "i" and (merged % 1 == 0).all() else merged
