"""Tables with every gap filled: names, types and all other cells as they were, with draws and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tildex.data import Reading, Record, Schema
from tildex.data.tables import Span, Table
from tildex.estimators import Imputer
from tildex.estimators.imputer.completed import completed

__all__ = ["Filled", "fill"]


@dataclass(frozen=True)
class Filled:
    """A table without gaps.

    Attributes
    ----------
    columns : dict of str to array
        All columns by name, filled with what is expected: means, and most likely categories.
    dtypes : dict of str to str
        The columns' types where they came from.
    draws : list of dict of str to array
        The table with drawn cells instead, if asked for.
    cells : dict of str to array
        The filled cells of real columns: ``row`` from 1, ``column``, ``value``, and the limits ``low`` and ``high``;
        empty without a level.
    gaps : dict of str to int
        Number of filled cells by column.
    left : dict of str to int
        Number of gaps that stay, in columns that give no numbers, such as text.
    """

    columns: dict[str, np.ndarray]
    dtypes: dict[str, str]
    draws: list[dict[str, np.ndarray]]
    cells: dict[str, np.ndarray]
    gaps: dict[str, int]
    left: dict[str, int]


def fill(
    table: Any,
    *,
    model: Any = None,
    draws: int = 0,
    level: float | None = None,
    random_state: Any = 0,
    **options: Any,
) -> Filled:
    """Return a table with its gaps filled.

    Parameters
    ----------
    table : Table, pandas, polars or pyarrow table, or mapping of names to cells
        The table.
    model : fitted estimator, optional
        A model of such a table that honours unknown values, which fills them; an :class:`Imputer` is trained on the
        table itself when not given.
    draws : int
        Number of further copies with drawn cells.
    level : float, optional
        The share of cells that intervals must hold, such as 0.9; no intervals when not given.
    random_state : int, RandomState or None
        The seed.
    **options
        What the columns are, as in :meth:`Schema.of`.

    Raises
    ------
    ValueError
        If the model fills no unknown values, does not know a table's columns, or has no intervals.

    Example
    -------
    >>> table = {"size": [1.0, 2.5, 3.0, None] * 9, "colour": ["red", "blue", None, "red"] * 9}
    >>> filled = fill(table)
    >>> filled.gaps, filled.columns["size"][:3].tolist()
    ({'size': 9, 'colour': 9}, [1.0, 2.5, 3.0])
    """
    if model is not None and level is not None:
        raise ValueError(f"{type(model).__name__} has draws, but no intervals: leave out the run")
    table = Table.of(table)
    schema = _schema(table, model, options)
    numbers, _ = schema.encode(table)
    record = Record(numbers, feature_names=schema.names, reading=Reading(schema=schema))
    filler = Imputer(random_state=random_state).fit(record) if model is None else model
    if model is None:
        expected = filler.transform(record)
        drawn = filler.draws(record, draws, random_state=random_state) if draws else []
    else:
        expected = filler.impute(record)
        drawn = filler.impute(record, draws=draws, random_state=random_state) if draws else []
    cells = {} if level is None else _intervals(filler, record, expected, level)
    used = {span.name for span in schema.spans}
    empty = {c.name: int((~c.known).sum()) for c in table.columns if not c.known.all()}
    return Filled(
        completed(schema, table, np.asarray(expected)),
        {cells.name: cells.dtype for cells in table.columns},
        [completed(schema, table, np.asarray(one)) for one in drawn],
        cells,
        {name: n for name, n in empty.items() if name in used},
        {name: n for name, n in empty.items() if name not in used},
    )


def _schema(table: Table, model: Any, options: Mapping[str, Any]) -> Schema:
    if model is None:
        # Labels are cells like any others.
        return Schema.of(table, **{"label": False, **options})
    schema: Schema | None = model.reading_.schema
    if schema is None or not model.allows_nan:
        what = "honours no unknown values" if schema is not None else "was not trained on a table"
        raise ValueError(
            f"{type(model).__name__} {what}: leave out the run, and a model is made for the table"
        )
    if any(options.values()):
        raise ValueError("the model knows what its columns are: leave out what is said of them")
    return schema


def _intervals(filler: Any, record: Record, expected: Any, level: float) -> dict[str, np.ndarray]:
    """Return the filled cells of real columns with their limits, on the table's own scale."""
    schema, (low, high) = record.reading.schema, filler.intervals(record, level)
    assert schema is not None
    values = schema.decode(expected)
    found: dict[str, list[np.ndarray]] = {name: [] for name in ("row", "column", "value", "low", "high")}
    for span in schema.spans:
        rows = np.flatnonzero(np.isnan(record.X[:, span.start]))
        if not len(rows) or not _has_limits(span):
            continue
        found["row"].append(rows + 1)
        found["column"].append(np.full(len(rows), span.name, dtype=object))
        found["value"].append(values[span.name][rows].astype(float))
        found["low"].append(low[rows, span.start])
        found["high"].append(high[rows, span.start])
    return {name: np.concatenate(parts) if parts else np.array([]) for name, parts in found.items()}


def _has_limits(span: Span) -> bool:
    return span.kind.units in ("real", "count") and span.kind.name != "date"
