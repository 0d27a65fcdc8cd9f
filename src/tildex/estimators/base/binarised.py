"""Binarisation of values between 0 and 1 in training: per batch, once, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tildex.data import BINARISATIONS, FrozenRows, binarise
from tildex.estimators.base.columns import Transformed
from tildex.generator import Generator
from tildex.train import Rows
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
    if not estimator._gaps:
        return lambda x, generator: binarise(x, how, generator)
    return lambda x, generator: torch.where(x.isnan(), x, binarise(x.nan_to_num(), how, generator))


def binary_rows(estimator: Any, data: Any) -> Any:
    """Return the training rows, drawn once if ``frozen``; sets ``binarisation_``."""
    if estimator.binarisation is None:
        return data
    estimator.binarisation_ = binarisation_of(estimator)
    if estimator.binarisation_ != "frozen":
        return data
    return _FrozenWithGaps(data) if estimator._gaps else FrozenRows(data, _FROZEN_SEED)


class _FrozenWithGaps:
    """Frozen binary rows in which unknown values stay NaN."""

    def __init__(self, data: Rows) -> None:
        self._data = data
        known: Any = Transformed(data, Tensor.nan_to_num)
        self._frozen = FrozenRows(known, _FROZEN_SEED)

    def __len__(self) -> int:
        return len(self._data)

    def take(self, index: Any) -> Tensor:
        """Return the rows at ``index``."""
        return torch.where(self._data.take(index).isnan(), torch.nan, self._frozen.take(index))
