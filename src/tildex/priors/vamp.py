r"""A prior made by the encoder: the mixture of its posteriors at learned rows.

.. math:: p(h) = \sum_k \pi_k\, q(h \mid u_k)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.priors.base import Prior, check_components
from tildex.units import Units
from tildex.units.within import within

__all__ = ["VampPrior"]


class VampPrior(Prior):
    """The mixture of the encoder's posteriors at pseudo-inputs, rows that start as data rows and are then learned
    (Tomczak & Welling, 2018, "VAE with a VampPrior").

    Over all data rows this mixture would be the optimal prior, the aggregate posterior; a few hundred learned rows
    approximate it.

    Parameters
    ----------
    n_components : int
        Number of learned rows.
    """

    rows: nn.Parameter
    logits: nn.Parameter
    _low: Tensor
    _high: Tensor

    def __init__(self, n_components: int = 100) -> None:
        super().__init__()
        check_components(n_components)
        self.n_components = n_components

    def sized(self, code: Units, size: int, *, visible: Units, n_features: int, generator: Generator) -> Self:
        """Return a copy with random rows; :meth:`begin_at` replaces them with data."""
        fresh = self.copy()
        inputs = torch.zeros(self.n_components, visible.arity * n_features, device=generator.device)
        fresh.rows = nn.Parameter(visible.sample(inputs, generator).detach())
        fresh.logits = nn.Parameter(inputs.new_zeros(self.n_components))
        fresh._low, fresh._high = visible.limits(fresh.rows.detach())
        return fresh

    def begin_at(self, rows: Callable[[int], Tensor]) -> None:
        """Start at rows of the data, repeated if there are fewer than components."""
        found = rows(self.n_components)
        repeats = -(-self.n_components // len(found))
        with torch.no_grad():
            self.rows.copy_(found.repeat(repeats, 1)[: self.n_components])

    def components(self, encode: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """Return the encoder's output at the learned rows, which are kept inside the range of the data."""
        return self.logits.log_softmax(0), encode(
            within(self.rows, self._low.to(self.rows), self._high.to(self.rows))
        )
