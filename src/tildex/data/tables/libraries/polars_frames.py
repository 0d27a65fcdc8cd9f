"""polars frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tildex.data.tables.cells import Cells

__all__ = ["cells", "frame", "plain"]


def cells(frame: Any) -> Iterable[Cells]:
    """Return the cells of every column; categories become their values."""
    return [_cells(series) for series in frame.get_columns()]


def plain(frame: Any) -> bool:
    """Return whether all columns are numbers, and none is null or NaN."""
    for series in frame.get_columns():
        if not (series.dtype.is_integer() or series.dtype.is_float()) or series.null_count():
            return False
        if series.dtype.is_float() and series.is_nan().any():
            return False
    return True


def frame(
    columns: Mapping[str, np.ndarray], dtypes: Mapping[str, str], levels: Mapping[str, Any], like: Any
) -> Any:
    """Return a frame of the columns' types; polars frames have no names of rows."""
    import polars

    made = []
    for name, values in columns.items():
        series = polars.Series(name, values.tolist() if values.dtype == object else values, nan_to_null=True)
        made.append(_typed(series, dtypes.get(name, ""), levels.get(name)))
    return polars.DataFrame(made)


def _cells(series: Any) -> Cells:
    dtype, name = str(series.dtype), series.name
    if series.dtype.is_integer() or series.dtype.is_float():
        import polars

        numbers = series.cast(polars.Float64).fill_null(float("nan")).to_numpy()
        large = series.dtype.is_integer() and abs(numbers[~np.isnan(numbers)]).max(initial=0) > 2**53
        return Cells(
            name, "number", numbers, dtype, np.array(series.to_list(), dtype=object) if large else None
        )
    return Cells.of(name, series.to_list(), dtype=dtype, category=dtype.startswith(("Categorical", "Enum")))


def _typed(series: Any, dtype: str, levels: Any) -> Any:
    import polars

    # Types with arguments, such as Datetime and Enum, are spelled with them; their names are enough here.
    target = getattr(polars, dtype.partition("(")[0], None)
    if target is None or str(series.dtype) == dtype:
        return series
    if dtype.startswith("Enum"):
        target = polars.Enum(levels)
    try:
        return series.cast(target)
    except (polars.exceptions.PolarsError, TypeError):
        return series
