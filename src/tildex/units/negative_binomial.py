r"""Counts that vary more than Poisson counts of their mean.

.. math:: E(x) = -\log \frac{\Gamma(x + r)}{x!\,\Gamma(r)}, \qquad
          A(\eta) = \log \sum_{x=0}^n e^{\eta x - E(x)}, \qquad x \in \{0, \dots, n\}
"""

from __future__ import annotations

import functools
import math
from typing import Any, Self, cast

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.units.base import Units

__all__ = ["NegativeBinomial"]

# The sums go over every count, so that larger ones are better taken as real numbers, their logarithms.
_MOST = 1 << 14

# Numbers in the largest table of probabilities.
_LARGEST = 1 << 22


class NegativeBinomial(Units):
    """Counts up to a largest one, negative binomial: of mean m they have variance m + dispersion * m^2.

    Without the largest count, the sum over counts would diverge for inputs of 0 and more; with it every input has a
    log-partition, so that the family has any neighbour in a Boltzmann machine, and can be enumerated. Time is
    proportional to the largest count.

    Values may be counts divided by ``scale``: near their own size, the inputs of large counts would have to be exact
    to many digits, and no learning rate would suit them and other columns. :meth:`fitting` chooses all three numbers.

    Parameters
    ----------
    dispersion : float
        Positive; small values approach Poisson counts.
    largest : int
        The largest count, at most 16,384.
    scale : float
        What the counts are divided by to give the values of the units; positive.

    Example
    -------
    >>> import torch
    >>> NegativeBinomial(0.5, largest=1000).inputs_for(torch.tensor([2.0])).exp()
    tensor([0.5000])
    """

    counts = True

    def __init__(self, dispersion: float = 1.0, largest: int = 100, scale: float = 1.0) -> None:
        super().__init__()
        if not 0 < dispersion < math.inf or not 0 < scale < math.inf:
            raise ValueError(f"dispersion and scale must be positive, got {dispersion} and {scale}")
        if not 1 <= largest <= _MOST:
            raise ValueError(
                f"largest must be from 1 to {_MOST:,}, got {largest}: for larger counts use their logarithms "
                "with Gaussian()"
            )
        self.dispersion = dispersion
        self.largest = largest
        self.scale = scale
        self.high = largest / scale

    @classmethod
    def fitting(cls, counts: Tensor) -> Self:
        """Return the family for a column of counts, by its moments, with room for twice its largest count.

        Parameters
        ----------
        counts : Tensor of shape (rows,)
            Whole numbers from 0; NaN is unknown. Divide them by the family's ``scale``, about their standard
            deviation, to give the values of the units.

        Example
        -------
        >>> NegativeBinomial.fitting(torch.tensor([0.0, 1.0, 1.0, 6.0]))
        NegativeBinomial(dispersion=0.875, largest=22, scale=2.0)
        """
        known = counts[~counts.isnan()].double()
        mean, variance = float(known.mean()), float(known.var(correction=0))
        beyond = (variance - mean) / mean**2 if mean > 0 else 0.0
        scale = max(1.0, float(round(math.sqrt(variance))))
        return cls(max(beyond, 0.01), 2 * int(known.max()) + 10, scale)

    def energy(self, x: Tensor) -> Tensor:
        """Return minus the log-weights of the counts."""
        return -self._log_weight(x * self.scale).sum(-1)

    def cgf(self, inputs: Tensor) -> Tensor:
        """Return the log of the sums over counts, summed."""
        return self._cumulant(inputs, 0).sum(-1)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the mean."""
        return self._cumulant(inputs, 1)

    def variance(self, inputs: Tensor) -> Tensor:
        """Return the variance."""
        return self._cumulant(inputs, 2)

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw counts by inverting the cumulative probabilities."""
        flat, log_weights = inputs.detach().double().flatten() / self.scale, self._table(inputs)
        uniform = generator.uniform(len(flat), 1, dtype=torch.float64)
        drawn = torch.empty_like(flat)
        for some in _parts(len(flat), self.largest):
            below = _probabilities(flat[some], log_weights).cumsum(-1)
            drawn[some] = torch.searchsorted(below, uniform[some], right=True)[:, 0].double()
        return (drawn.clamp_max(self.largest) / self.scale).view(inputs.shape).to(inputs.dtype)

    def mode(self, inputs: Tensor) -> Tensor:
        """Return the most likely count."""
        flat, log_weights = inputs.detach().double().flatten() / self.scale, self._table(inputs)
        best = [
            _probabilities(flat[some], log_weights).argmax(-1) for some in _parts(len(flat), self.largest)
        ]
        return (torch.cat(best) / self.scale).view(inputs.shape).to(inputs.dtype)

    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the inputs, by bisection, for means clamped to 0.005 counts from either end."""
        wanted = mean.double().clamp(0.005 / self.scale, (self.largest - 0.005) / self.scale)
        low, high = torch.full_like(wanted, -40.0 * self.scale), torch.full_like(wanted, 40.0 * self.scale)
        for _ in range(60):
            middle = (low + high) / 2
            above = self.mean(middle) > wanted
            low, high = torch.where(above, low, middle), torch.where(above, middle, high)
        return ((low + high) / 2).to(mean.dtype)

    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the values of the counts from 0 to ``largest``."""
        values = torch.arange(self.largest + 1, dtype=inputs.dtype, device=inputs.device) / self.scale
        return values[:, None], torch.ones_like(values)

    def _cumulant(self, inputs: Tensor, order: int) -> Tensor:
        found = _Cumulant.apply(inputs.double() / self.scale, self._table(inputs), order)
        return cast(Tensor, found).to(inputs.dtype) / self.scale**order

    def _table(self, like: Tensor) -> Tensor:
        """Return the log-weights of all counts, in float64."""
        return _table(self.dispersion, self.largest, like.device)

    def _log_weight(self, count: Tensor) -> Tensor:
        return _log_weight(count, self.dispersion)


class _Cumulant(torch.autograd.Function):
    """The derivative of some order, 0 to 3, of the log-partition; each is the next one's integral."""

    generate_vmap_rule = True

    @staticmethod
    def forward(eta: Tensor, log_weights: Tensor, order: int) -> Tensor:
        flat, found = eta.flatten(), []
        counts = torch.arange(len(log_weights), dtype=eta.dtype, device=eta.device)
        for some in _parts(len(flat), len(log_weights)):
            logits = flat[some, None] * counts + log_weights
            if order == 0:
                found.append(logits.logsumexp(-1))
                continue
            p = logits.softmax(-1)
            mean = p @ counts
            powers = (counts - mean[:, None]).pow_(order) if order > 1 else None
            found.append(mean if powers is None else (p * powers).sum(-1))
        return torch.cat(found).view(eta.shape)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, int], output: Tensor) -> None:
        eta, log_weights, ctx.order = inputs
        ctx.save_for_backward(eta, log_weights)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        eta, log_weights = ctx.saved_tensors
        if ctx.order == 3:
            raise RuntimeError("the third cumulant of NegativeBinomial units has no derivative here")
        slope = cast(Tensor, _Cumulant.apply(eta, log_weights, ctx.order + 1))
        return gradients[0] * slope, None, None


def _log_weight(count: Tensor, dispersion: float) -> Tensor:
    r = 1 / dispersion
    return torch.lgamma(count + r) - torch.lgamma(count + 1) - math.lgamma(r)


@functools.lru_cache(maxsize=256)
def _table(dispersion: float, largest: int, device: torch.device) -> Tensor:
    """Return the log-weights of all counts; kept, since a Gibbs step would spend most of its time on them."""
    with torch.inference_mode(False):
        return _log_weight(torch.arange(largest + 1, dtype=torch.float64, device=device), dispersion)


def _probabilities(eta: Tensor, log_weights: Tensor) -> Tensor:
    """Return the probabilities of all counts, shape (units, counts)."""
    counts = torch.arange(len(log_weights), dtype=eta.dtype, device=eta.device)
    return (eta[:, None] * counts + log_weights).softmax(-1)


def _parts(n: int, width: int) -> list[slice]:
    """Return slices of ``n`` units such that a table of ``width`` numbers each is not too large."""
    size = max(1, _LARGEST // width)
    return [slice(start, start + size) for start in range(0, max(n, 1), size)]
