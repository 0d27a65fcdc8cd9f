"""pyarrow tables, which is also what .csv and .parquet files are read into."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tildex.data.tables.cells import Cells

__all__ = ["cells", "frame", "plain"]

_INDEX = re.compile(r"__index_level_\d+__")


def cells(table: Any) -> Iterable[Cells]:
    """Return the cells of every column but pandas' row labels; dictionaries become their values."""
    return [_cells(name, column) for name, column in _named(table)]


def plain(table: Any) -> bool:
    """Return False: these tables are no arrays, whatever they hold."""
    return False


def frame(
    columns: Mapping[str, np.ndarray], dtypes: Mapping[str, str], levels: Mapping[str, Any], like: Any
) -> Any:
    """Return a table of the columns' types."""
    import pyarrow as pa

    return pa.table({name: _typed(values, dtypes.get(name, "")) for name, values in columns.items()})


def _named(table: Any) -> Iterable[tuple[str, Any]]:
    # pandas writes its row index as a column of this name.
    pairs = zip(table.column_names, table.columns, strict=True)
    return [(name, column) for name, column in pairs if not _INDEX.fullmatch(name)]


def _cells(name: str, column: Any) -> Cells:
    import pyarrow as pa
    import pyarrow.compute as pc

    dtype, of = str(column.type), pa.types
    if of.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if of.is_null(column.type):
        return Cells(name, "number", np.full(len(column), np.nan), "double")
    if of.is_duration(column.type):
        column = pc.divide(column.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), 86_400e6)
    if of.is_decimal(column.type) or of.is_integer(column.type) or of.is_floating(column.type):
        return _numbers(name, column, dtype)
    if of.is_boolean(column.type):
        return Cells(name, "flag", _floats(column.cast(pa.uint8())), dtype)
    if of.is_date(column.type) or of.is_timestamp(column.type):
        dates = column.cast(pa.timestamp("us"), safe=False) if of.is_date(column.type) else column
        dates = pc.cast(dates, pa.timestamp("us", getattr(dates.type, "tz", None)), safe=False)
        return Cells(name, "date", dates.to_numpy(zero_copy_only=False).astype("datetime64[us]"), dtype)
    return Cells.of(name, column.to_pylist(), dtype=dtype, category=dtype.startswith("dictionary"))


def _numbers(name: str, column: Any, dtype: str) -> Cells:
    import pyarrow as pa

    given = None
    if pa.types.is_integer(column.type):
        values = column.to_numpy(zero_copy_only=False) if not column.null_count else None
        if values is not None and len(values) and (values.max() > 2**53 or values.min() < -(2**53)):
            given = values
    return Cells(name, "number", _floats(column), dtype, given)


def _floats(column: Any) -> np.ndarray:
    import pyarrow as pa

    return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def _typed(values: np.ndarray, dtype: str) -> Any:
    import pyarrow as pa

    array = pa.array(values.tolist() if values.dtype == object else values, from_pandas=True)
    target = _type(dtype)
    if target is None or target == array.type:
        return array
    try:
        return array.cast(target, safe=False)
    except pa.ArrowException:
        # A type that cannot hold these values: the values matter more.
        return array


def _type(dtype: str) -> Any:
    import pyarrow as pa

    if dtype.startswith("dictionary"):
        return pa.dictionary(pa.int32(), pa.string())
    if decimal := re.fullmatch(r"decimal128\((\d+), (\d+)\)", dtype):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    if timestamp := re.fullmatch(r"timestamp\[(\w+), tz=(.+)\]", dtype):
        return pa.timestamp(timestamp[1], timestamp[2])
    try:
        return pa.type_for_alias(dtype)
    except ValueError:
        return None
