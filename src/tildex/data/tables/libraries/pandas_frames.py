"""pandas frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tildex.data.tables.cells import Cells

__all__ = ["cells", "frame", "plain"]


def cells(frame: Any) -> Iterable[Cells]:
    """Return the cells of every column; categories become their values."""
    return [_cells(str(name), frame.iloc[:, k]) for k, name in enumerate(frame.columns)]


def plain(frame: Any) -> bool:
    """Return whether all columns are of numpy's numbers, and none is NaN."""
    if not all(isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in frame.dtypes):
        return False
    return not bool(frame.isna().to_numpy().any())


def frame(
    columns: Mapping[str, np.ndarray], dtypes: Mapping[str, str], levels: Mapping[str, Any], like: Any
) -> Any:
    """Return a frame of the columns' types, with the index of ``like``."""
    import pandas

    index = None if like is None or len(like) != len(next(iter(columns.values()))) else like.index
    # Python's dates are objects in pandas.
    objects = {
        name: v.astype(object)
        for name, v in columns.items()
        if v.dtype.kind == "M" and dtypes.get(name) == "object"
    }
    made = pandas.DataFrame({**columns, **objects}, index=index)
    for name, dtype in dtypes.items():
        if name in made and dtype and str(made[name].dtype) != dtype:
            made[name] = _typed(made[name], dtype, levels.get(name))
    return made


def _cells(name: str, series: Any) -> Cells:
    dtype = str(series.dtype)
    kind = getattr(series.dtype, "kind", "O")
    if dtype != "category" and kind in "iuf":
        numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
        given = (
            series.to_numpy()
            if kind in "iu" and abs(numbers[~np.isnan(numbers)]).max(initial=0) > 2**53
            else None
        )
        return Cells(name, "number", numbers, dtype, given)
    if dtype != "category" and kind == "M":
        if getattr(series.dtype, "tz", None) is not None:
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return Cells(name, "date", series.to_numpy().astype("datetime64[us]"), dtype)
    if dtype != "category" and kind == "m":
        days = series.to_numpy() / np.timedelta64(1, "D")
        return Cells(name, "number", days.astype(np.float64), "float64")
    return Cells.of(name, series.tolist(), dtype=dtype, category=dtype == "category")


def _typed(series: Any, dtype: str, levels: Any) -> Any:
    import pandas

    try:
        if dtype == "category" and levels is not None:
            return series.astype(pandas.CategoricalDtype(list(levels)))
        return series.astype(dtype)
    except (TypeError, ValueError):
        # A type that cannot hold these values, as int cannot hold an unknown one: the values matter more.
        return series
