"""``--set penalty.weight=0.1``: convert text to constructor arguments, with parts written as in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tildex.estimators import Estimator
from tildex.recipes.written import assign, estimator_named, parse_value

__all__ = ["configure", "estimator_named", "parse_value"]


def configure(
    cls: type[Estimator],
    assignments: Sequence[str],
    *,
    settings: Mapping[str, Any] | None = None,
    **given: Any,
) -> Estimator:
    """Return an estimator with settings from text, each ``name=value`` or ``part.name=value``, applied in order.

    Parameters
    ----------
    cls : type
        The estimator.
    assignments : sequence of str
        The settings. A value is a Python literal, ``true``, ``false`` or ``null``, a part such as ``Masking(0.3)``,
        or plain text.
    settings : mapping, optional
        The settings of a recipe, which all others override.
    **given
        Arguments from other options; None means not given.

    Raises
    ------
    ValueError
        If a name or a value is not understood.
    """
    given = {name: value for name, value in given.items() if value is not None}
    estimator = cls(**{**(settings or {}), **given})
    for assignment in assignments:
        assign(estimator, assignment)
    return estimator
