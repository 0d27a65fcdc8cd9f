r"""Priors of codes: mixtures within the code's unit family, of one or more components.

.. math:: p(h) = \sum_k \pi_k\, p(h \mid \eta_k)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.part import Part
from tildex.units import Units

__all__ = ["Mixture", "Prior"]


@dataclass(frozen=True)
class Mixture:
    """A mixture of distributions of one family.

    Attributes
    ----------
    units : Units
        The family.
    log_weights : Tensor of shape (components,)
        Logs of mixture weights that sum to one.
    inputs : Tensor of shape (components, arity * size)
        Unit inputs of each component.
    """

    units: Units
    log_weights: Tensor
    inputs: Tensor

    def __len__(self) -> int:
        return len(self.inputs)

    def log_prob(self, x: Tensor) -> Tensor:
        """Return the log-probability of codes (..., size), in nats, shape (...)."""
        if len(self) == 1:
            return self.units.log_prob(x, self.inputs[0])
        # Differences of large squares would lose their digits in bfloat16.
        with torch.autocast(x.device.type, enabled=False):
            return (self.units.log_prob_table(x, self.inputs) + self.log_weights).logsumexp(-1)

    def sample(self, n: int, generator: Generator) -> Tensor:
        """Return ``n`` draws, shape (n, size)."""
        ends = self.log_weights.detach().double().exp().cumsum(0)
        place = generator.uniform(n, dtype=torch.float64) * ends[-1]
        chosen = torch.searchsorted(ends, place, right=True).clamp_(max=len(self) - 1)
        return self.units.sample(self.inputs[chosen], generator)


class Prior(nn.Module, Part, ABC, kind="prior"):
    """The distribution of codes before a row is seen. The part sets the form; its sized copy holds parameters."""

    @abstractmethod
    def sized(self, code: Units, size: int, *, visible: Units, n_features: int, generator: Generator) -> Self:
        """Return a new copy for codes of ``size`` columns, with its own parameters if it learns any.

        Parameters
        ----------
        code : Units
            The family of the code.
        size : int
            Columns of a code.
        visible : Units
            The family of the data, of ``n_features`` columns.
        generator : Generator
            Draws starting values.
        """

    @abstractmethod
    def components(self, encode: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """Return the log-weights (components,) and inputs (components, arity * size) of the mixture.

        Parameters
        ----------
        encode : callable
            From rows of data to the inputs of their codes.
        """

    def begin_at(self, rows: Callable[[int], Tensor]) -> None:
        """Initialise from data; ``rows(n)`` returns up to n random rows. Most priors do nothing."""

    # nn.Module and Part both define these; a prior uses Part's.
    __repr__ = Part.__repr__
    __eq__ = Part.__eq__
    __hash__ = nn.Module.__hash__


def check_components(n: Any) -> None:
    """Refuse a number of components that is not a positive whole number."""
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise ValueError(f"n_components must be a whole number of at least 1, got {n!r}")
