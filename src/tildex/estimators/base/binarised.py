"""Binarisation as estimators offer it: chosen by name, checked against the data, recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from tildex.data import BINARISATIONS, FrozenRows, binarise
from tildex.generator import Generator
from tildex.units import Bernoulli

__all__ = ["BinarisedMixin"]

# One draw for all runs: results with frozen rows can then be compared.
_FROZEN_SEED = 0


class BinarisedMixin:
    """Training on binary draws of values between 0 and 1.

    Attributes
    ----------
    binarisation_ : str
        What ``auto`` became: ``dynamic`` for Bernoulli units and ``none`` for others, or what was asked for.
    """

    binarisation: str
    likelihood_: Any
    binarisation_: str

    def _choose_binarisation(self) -> str:
        """Return how rows are made binary.

        Raises
        ------
        ValueError
            If the name is unknown, or the units of the data are not binary.
        """
        if self.binarisation not in ("auto", *BINARISATIONS):
            known = ", ".join(("auto", *BINARISATIONS))
            raise ValueError(f"binarisation must be one of {known}, got {self.binarisation!r}")
        binary = isinstance(self.likelihood_, Bernoulli)
        if self.binarisation == "auto":
            return "dynamic" if binary else "none"
        if self.binarisation != "none" and not binary:
            raise ValueError(
                f"binarisation={self.binarisation!r} makes rows binary and the data have {self.likelihood_!r} "
                "units: use binarisation='none', or likelihood=Bernoulli()"
            )
        return self.binarisation

    def _training_rows(self, data: Any) -> Any:
        self.binarisation_ = self._choose_binarisation()
        return FrozenRows(data, _FROZEN_SEED) if self.binarisation_ == "frozen" else data

    def _present(self) -> Callable[[Tensor, Generator], Tensor] | None:
        how = self._choose_binarisation()
        if how in ("none", "frozen"):
            return None

        def present(x: Tensor, generator: Generator) -> Tensor:
            return binarise(x, how, generator)

        return present
