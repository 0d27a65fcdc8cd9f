"""Binarisation of values between 0 and 1 in training: per batch, once, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from tildex.data import BINARISATIONS, FrozenRows, binarise
from tildex.generator import Generator
from tildex.units import Units

__all__ = ["binarisation_of", "binariser", "binary_rows", "check_binarisation"]

# The same draw in every run, so that results on frozen rows can be compared.
_FROZEN_SEED = 0


def check_binarisation(how: str, units: Units, cure: str, name: str = "") -> str:
    """Return the binarisation of rows: ``auto`` resolves to dynamic for binary units and to none for others.

    Parameters
    ----------
    how : str
        ``auto`` or a name in :data:`tildex.data.BINARISATIONS`.
    units : Units
        The unit family of the rows.
    cure : str
        The setting that makes the family binary, for the error message.
    name : str
        The modality, where there are several.

    Raises
    ------
    ValueError
        If the name is unknown, or rows of units that are not binary would be binarised.
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
    """Return an estimator's ``binarisation`` with ``auto`` resolved."""
    return check_binarisation(estimator.binarisation, estimator.likelihood_, "likelihood=Bernoulli()")


def binariser(estimator: Any) -> Callable[[Tensor, Generator], Tensor] | None:
    """Return the function that binarises each batch, or None where rows are not binarised or drawn only once."""
    how = binarisation_of(estimator)
    if how in ("none", "frozen"):
        return None
    return lambda x, generator: binarise(x, how, generator)


def binary_rows(estimator: Any, data: Any) -> Any:
    """Return the training rows, drawn once if ``frozen``; sets ``binarisation_``."""
    if estimator.binarisation is None:
        return data
    estimator.binarisation_ = binarisation_of(estimator)
    return FrozenRows(data, _FROZEN_SEED) if estimator.binarisation_ == "frozen" else data
