"""Frames of other libraries in and out: bound by name to what training found out about the columns."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tildex.data import Reading, Record, Schema, is_frame
from tildex.data.tables import Table, is_plain, library_of

__all__ = ["as_frame", "as_numbers", "require_known"]

_LEFT_OUT = ("text", "identifier")


def as_numbers(estimator: Any, X: Any, *, reset: bool) -> Any:
    """Return the rows of a record, or of a frame, as numbers, and anything else unchanged.

    With ``reset`` the estimator keeps how the rows were read, as ``reading_``. A frame of numbers without gaps stays
    as it is, for scikit-learn's checks, unless the estimator knows a table's columns.

    Raises
    ------
    ValueError
        If a record was read by another schema than the training rows.
    DataError
        If a column of training is missing, or has cells that its kind does not know.
    """
    if isinstance(X, Record):
        if reset:
            estimator.reading_ = X.reading
        else:
            _require_same(estimator.reading_.schema, X.reading.schema)
        return X.X
    if not is_frame(X):
        if reset:
            estimator.reading_ = Reading()
        return X
    if reset:
        estimator.reading_ = Reading() if is_plain(X) else Reading(schema=_found(X))
    schema = estimator.reading_.schema
    if schema is None:
        return X
    numbers, told = schema.encode(X)
    for sentence in told:
        warnings.warn(sentence, stacklevel=5)
    return numbers.astype(np.float32)


def as_frame(schema: Schema | None, rows: Any, given: Any) -> Any:
    """Return rows as a frame if ``given``, or the table of training if None was given, is one; else unchanged."""
    if schema is None or not (given is None or is_frame(given)):
        return rows
    library = schema.library if given is None else library_of(given)
    return schema.frame(rows, library, like=given) if library else rows


def require_known(X: Any, schema: Schema) -> None:
    """Refuse unknown values, by the name of their column.

    Raises
    ------
    ValueError
        If there are any.
    """
    if not (unknown := np.isnan(X)).any():
        return
    row, column = (int(k) for k in np.argwhere(unknown)[0])
    name = next(span.name for span in schema.spans if column < span.stop)
    rows = int(unknown.any(1).sum())
    raise ValueError(
        f"{rows} of {len(X)} rows have cells that are empty or unknown (NaN), the first in row {row + 1}, column "
        f"{name!r}: fill them in, or drop these rows or columns"
    )


def _found(frame: Any) -> Schema:
    """Return the schema of a frame, in which every column is for learning, and say which columns are left out."""
    schema = Schema.of(Table.of(frame), label=False)
    if left_out := [f"{c.name!r} ({c.kind.name})" for c in schema.columns if c.kind.name in _LEFT_OUT]:
        warnings.warn(
            f"left out: {', '.join(left_out)}; read(frame, as_=...) says otherwise what a column is",
            stacklevel=6,
        )
    return schema


def _require_same(known: Schema | None, own: Schema | None) -> None:
    if known is not None and own is not None and not known.same_numbers(own):
        raise ValueError(
            "these rows were read by another schema than those of training: their columns, or what the columns were "
            "taken for, differ; read them with read(..., like=model.reading_)"
        )
