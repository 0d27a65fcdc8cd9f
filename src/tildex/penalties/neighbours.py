r"""Neighbours of the data as neighbours in the code: the loss of parametric t-SNE.

.. math:: \Omega = \sum_{i \ne j} p_{ij} \log\frac{p_{ij}}{q_{ij}}, \qquad
          q_{ij} \propto \Big(1 + \frac{\|h_i - h_j\|^2}{\alpha}\Big)^{-\frac{\alpha + 1}{2}}
"""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import Tensor

from tildex.penalties.base import Penalty
from tildex.shapes import Step

__all__ = ["Neighbours", "affinities", "conditional_affinities", "log_similarities", "squared_distances"]

_STEPS = 40
_STRIDE = 1.5
_TOLERANCE = 1e-5
# With at most this many rows all neighbours count, so small batches are exact.
_NEAREST = 128
# Exponentials below this are negligible beside one, and denormal numbers are slow.
_LEAST = -60.0


class Neighbours(Penalty):
    """Asks neighbouring rows of a batch to have neighbouring codes (van der Maaten, 2009, "Learning a parametric
    embedding by preserving local structure").

    Affinities are those of t-SNE among the rows of the batch, so batch size and ``perplexity`` together set the
    neighbourhood radius: 10 of 1,000 rows lie within the same distance as 600 of 60,000. They use the clean data, so
    with a corruption the encoder learns to place a damaged row where the clean row belongs. The batch's divergence is
    split into non-negative contributions of its rows. It is a few nats per batch where a reconstruction costs a
    hundred, and therefore needs a large weight.

    Parameters
    ----------
    weight : float
        The factor of the divergence.
    perplexity : float
        The effective number of neighbours per row, at least 1, limited to a third of the batch's other rows.
    degrees : float, optional
        The degrees of freedom alpha of Student's distribution in the code; by default its units minus one, at least
        1, since more dimensions hold more neighbours.

    Example
    -------
    >>> Neighbours(100.0, perplexity=15)
    Neighbours(weight=100.0, perplexity=15, degrees=None)
    """

    def __init__(self, weight: float = 1.0, perplexity: float = 30.0, degrees: float | None = None) -> None:
        super().__init__(weight)
        if perplexity < 1:
            raise ValueError(f"perplexity must be at least 1, got {perplexity}")
        if degrees is not None and degrees <= 0:
            raise ValueError(f"degrees must be positive, or None, got {degrees}")
        self.perplexity = perplexity
        self.degrees = degrees

    def value(self, model: Any, step: Step) -> Tensor:
        """Return each row's contribution times the number of rows, so that the mean is the batch's divergence."""
        if len(step.x) < 3:
            # Two rows are each other's only neighbours at any distance.
            return 0 * step.hidden.sum(-1)
        # Products in bfloat16 would lose the differences of close points.
        with torch.autocast(step.x.device.type, enabled=False):
            p = affinities(step.x.detach(), self.perplexity)
            hidden = step.hidden.to(p.dtype)
            degrees = max(1.0, hidden.shape[1] - 1.0) if self.degrees is None else self.degrees
            return cast(Tensor, _Divergence.apply(hidden, p, degrees)[0])


class _Divergence(torch.autograd.Function):
    """The divergence of every row, with t-SNE's closed-form gradient; autograd would keep a dozen (n, n) matrices."""

    @staticmethod
    def forward(h: Tensor, p: Tensor, degrees: float) -> tuple[Tensor, Tensor]:
        log_q = log_similarities(h, degrees)
        # Both sum to one, so q - p adds nothing to the batch and keeps every row's contribution non-negative.
        share = torch.xlogy(p, p).sum(1) - p.sum(1) - torch.linalg.vecdot(p, log_q)
        q = log_q.exp_()
        return len(h) * (share + q.sum(1)), q

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, float], output: tuple[Tensor, Tensor]) -> None:
        h, p, ctx.degrees = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(h, p, output[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        h, p, q = ctx.saved_tensors
        slope = (q - p).mul_(len(h) * gradients[0][:, None])
        slope.addcmul_(q, slope.sum(), value=-1.0)
        near = squared_distances(h).div_(ctx.degrees).add_(1)
        slope.div_(near).mul_(-(ctx.degrees + 1) / (2 * ctx.degrees))
        total = slope.sum(0) + slope.sum(1)
        return 2 * (total[:, None] * h - slope @ h - slope.t() @ h), None, None


def affinities(x: Tensor, perplexity: float) -> Tensor:
    """Return the joint probabilities of pairs of rows, symmetric, zero on the diagonal, with sum 1, shape (n, n)."""
    p = conditional_affinities(squared_distances(x), perplexity)
    return (p + p.t()) / (2 * len(x))


def conditional_affinities(square: Tensor, perplexity: float) -> Tensor:
    """Return Gaussian affinities of each row to its nearest neighbours, with entropy log ``perplexity``.

    Parameters
    ----------
    square : Tensor of shape (n, n)
        Squared distances.
    perplexity : float
        Limited to a third of the other rows, and at least 1.

    Returns
    -------
    Tensor of shape (n, n)
        Rows sum to 1. The diagonal is zero, and so are all but the nearest three times ``perplexity`` rows (van der
        Maaten, 2014, "Accelerating t-SNE using tree-based algorithms"), or the nearest 128 if more.
    """
    n = len(square)
    itself = torch.eye(n, dtype=torch.bool, device=square.device)
    count = min(n - 1, max(_NEAREST, math.ceil(3 * perplexity)))
    near, where = square.masked_fill(itself, torch.inf).topk(count, largest=False, sorted=False)
    # Only differences from the nearest neighbour's distance matter, and they do not underflow.
    near -= near.amin(1, keepdim=True)
    p = _of_entropy(near, math.log(max(1.0, min(perplexity, (n - 1) / 3))))
    return torch.zeros_like(square).scatter_(1, where, p)


def _of_entropy(far: Tensor, wanted: float) -> Tensor:
    """Return exponentials of distances scaled per row so that they sum to 1 and have the ``wanted`` entropy."""
    logarithm = 2 - far.mean(1, keepdim=True).clamp_min(1e-12).log()
    low, high = logarithm - 50, logarithm + 50
    for _ in range(_STEPS):
        beta = logarithm.exp()
        p = torch.mul(far, -beta).clamp_min_(_LEAST).exp_()
        total = p.sum(1, keepdim=True)
        p /= total
        weighted = p * far
        mean = weighted.sum(1, keepdim=True)
        excess = total.log() + beta * mean - wanted
        settled = excess.abs() < _TOLERANCE
        if bool(settled.all()):
            break
        low = torch.where(excess > 0, logarithm, low)
        high = torch.where(excess > 0, high, logarithm)
        # The entropy's derivative in log beta is minus beta^2 times the variance of the distances; where it is nearly
        # zero, a Newton step is too long to trust.
        slope = beta.square() * ((weighted * far).sum(1, keepdim=True) - mean.square())
        newton = logarithm + (excess / slope.clamp_min(1e-12)).clamp(-_STRIDE, _STRIDE)
        inside = (newton > low) & (newton < high)
        better = torch.where(inside, newton, (low + high) / 2)
        logarithm = torch.where(settled, logarithm, better)
    return p


def log_similarities(h: Tensor, degrees: float) -> Tensor:
    """Return the log-probabilities of pairs of codes under Student's distribution, normalised over pairs, shape (n,
    n).

    Parameters
    ----------
    h : Tensor of shape (n, hidden)
        The codes.
    degrees : float
        Degrees of freedom.

    Returns
    -------
    Tensor
        The diagonal has negligible probability.
    """
    logarithm = squared_distances(h).div_(degrees).log1p_().mul_(-(degrees + 1) / 2).clamp_min_(_LEAST)
    logarithm.fill_diagonal_(_LEAST)
    return logarithm.sub_(logarithm.exp().sum().log())


def squared_distances(x: Tensor) -> Tensor:
    """Return the squared Euclidean distances of all pairs of rows, shape (n, n)."""
    centred = x - x.detach().mean(0)
    length = centred.square().sum(1)
    return torch.addmm(length, centred, centred.t(), alpha=-2).add_(length[:, None]).clamp_min_(0)
