"""A learned prior: a mixture whose components are parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.priors.base import Prior, check_components
from tildex.units import Units

__all__ = ["MixturePrior"]


class MixturePrior(Prior):
    """A learned mixture within the code's family: normal distributions with their own means and variances for
    Gaussian codes, independent classes for categorical codes (Dilokthanakul et al., 2016, "Deep unsupervised
    clustering with Gaussian mixture variational autoencoders", for the idea).

    With one component the prior factorises, and the divergence from it has a closed form.

    Parameters
    ----------
    n_components : int
        At least 1.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> from tildex.priors import Mixture
    >>> from tildex.units import DiagonalGaussian, Gaussian
    >>> units = DiagonalGaussian()
    >>> prior = MixturePrior(5).sized(units, 2, visible=Gaussian(), n_features=9, generator=Generator(0))
    >>> Mixture(units, *prior.components(lambda rows: rows)).log_prob(torch.zeros(3, 2)).shape
    torch.Size([3])
    """

    inputs: nn.Parameter
    logits: nn.Parameter

    def __init__(self, n_components: int = 100) -> None:
        super().__init__()
        check_components(n_components)
        self.n_components = n_components

    def sized(self, code: Units, size: int, *, visible: Units, n_features: int, generator: Generator) -> Self:
        """Return a copy whose components start half-way to draws from the standard prior."""
        fresh = self.copy()
        nothing = torch.zeros(self.n_components, code.arity * size, device=generator.device)
        draws = code.sample(nothing, generator)
        fresh.inputs = nn.Parameter(0.5 * code.inputs_for(draws))
        fresh.logits = nn.Parameter(nothing.new_zeros(self.n_components))
        return fresh

    def components(self, encode: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """Return the learned mixture."""
        return self.logits.log_softmax(0), self.inputs
