"""Training on binary draws of values between 0 and 1: how, and what the loop then reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from tildex.data import BINARISATIONS, FrozenRows, binarise
from tildex.generator import Generator
from tildex.units import Units

__all__ = ["binarisation_of", "binariser", "binary_rows", "check_binarisation"]

# One draw for all runs: results with frozen rows can then be compared.
_FROZEN_SEED = 0


def check_binarisation(how: str, units: Units, cure: str, name: str = "") -> str:
    """Return how rows of a family are made binary: ``auto`` is dynamic for binary units and none for others.

    Parameters
    ----------
    how : str
        ``auto`` or a name in :data:`tildex.data.BINARISATIONS`.
    units : Units
        The family of the rows.
    cure : str
        The setting that would make the family binary, for the message.
    name : str
        Whose rows they are, where there are several kinds.

    Raises
    ------
    ValueError
        If the name is unknown, or the units are not binary.
    """
    if how not in ("auto", *BINARISATIONS):
        raise ValueError(f"binarisation must be one of {', '.join(('auto', *BINARISATIONS))}, got {how!r}")
    if how == "auto":
        return "dynamic" if units.binary else "none"
    if how != "none" and not units.binary:
        raise ValueError(
            f"{name and name + ': '}binarisation={how!r} makes rows binary and the data have {units!r} units: "
            f"use binarisation='none', or {cure}"
        )
    return how


def binarisation_of(estimator: Any) -> str:
    """Return what an estimator's ``binarisation`` comes to."""
    return check_binarisation(estimator.binarisation, estimator.likelihood_, "likelihood=Bernoulli()")


def binariser(estimator: Any) -> Callable[[Tensor, Generator], Tensor] | None:
    """Return what makes every batch binary afresh, or None where rows are left as they are or drawn once."""
    how = binarisation_of(estimator)
    if how in ("none", "frozen"):
        return None
    return lambda x, generator: binarise(x, how, generator)


def binary_rows(estimator: Any, data: Any) -> Any:
    """Return what the loop reads, drawn once for good under ``frozen``; ``binarisation_`` says how it is done."""
    if estimator.binarisation is None:
        return data
    estimator.binarisation_ = binarisation_of(estimator)
    return FrozenRows(data, _FROZEN_SEED) if estimator.binarisation_ == "frozen" else data
