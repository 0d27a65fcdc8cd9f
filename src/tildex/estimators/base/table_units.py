"""The unit family of a table's columns: the family of each column, side by side."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from tildex.data import Schema
from tildex.data.tables import Span
from tildex.units import Bernoulli, Categorical, Mixed, NegativeBinomial, Units

__all__ = ["default_units", "units_of"]


def default_units(estimator: Any, binary: bool) -> Units:
    """Return the family of data without a given one: that of a table's columns, Bernoulli, or the estimator's own."""
    of_table = units_of(estimator.reading_.schema, estimator.real_units)
    return of_table or (Bernoulli() if binary else estimator.real_units())


def units_of(schema: Schema | None, real: Callable[[], Units]) -> Units | None:
    """Return the family of a table's columns, or None where they are numbers like any others.

    Parameters
    ----------
    schema : Schema, optional
        What the columns are.
    real : callable
        Makes the estimator's family of real columns.

    Example
    -------
    >>> from tildex.units import Gaussian
    >>> table = {"age": [31.5, 20, 4, 58], "sex": ["f", "m", "m", "f"], "eyes": ["blue", "grey", "blue", "brown"]}
    >>> units = units_of(Schema.of(table, {"eyes": "category"}), Gaussian)
    >>> [type(part).__name__ for part in units.parts], units.sizes
    (['Gaussian', 'Bernoulli', 'Categorical'], (1, 1, 3))
    """
    if schema is None or {span.kind.units for span in schema.spans} == {"real"}:
        return None
    families = [(_family(span, real), span.stop - span.start) for span in schema.spans]
    parts, sizes = [], []
    for units, same in groupby(families, key=lambda pair: pair[0]):
        parts.append(units)
        sizes.append(sum(size for _, size in same))
    return parts[0] if len(parts) == 1 else Mixed(parts, sizes)


def _family(span: Span, real: Callable[[], Units]) -> Units:
    match span.kind.units:
        case "binary":
            return Bernoulli()
        case "category":
            return Categorical(span.kind.width)
        case "count":
            return NegativeBinomial(**span.kind.settings)
        case _:
            return real()
