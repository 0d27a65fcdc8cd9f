r"""Codes with k active units on average: rows that are harder to explain may use more.

.. math:: E(h) = \tfrac12 \|h\|^2 + \tfrac12 \theta^2 \|h\|_0 \text{ for } h \ge 0, \qquad
          h_j(\eta) = \eta_j \text{ where } \eta_j > \theta
"""

from __future__ import annotations

import math
from typing import Self

import torch
from torch import Tensor

from tildex.units.activation import Activation
from tildex.units.top_k import annealed, check_annealing, check_used

__all__ = ["BatchTopK"]

# Weight of a new batch in the running threshold: an average over about twenty batches.
_RATE = 0.05


class BatchTopK(Activation):
    """In training, the ``k * rows`` largest inputs of a whole batch are kept (Bussmann, Leask & Nanda, 2024,
    "BatchTopK sparse autoencoders"). The smallest of these, averaged over recent batches, becomes the threshold of
    the trained model, which encodes each row independently.

    Parameters
    ----------
    k : int
        Active units per row, on average over rows.
    start, anneal : float
        As in :class:`TopK`: training begins with ``start * k`` units and falls to ``k`` after a fraction ``anneal``.

    Attributes
    ----------
    threshold : Tensor
        The value an input must exceed; zero before training, which gives rectified units.

    Example
    -------
    >>> import torch
    >>> units = BatchTopK(1, start=1.0).sized(3)
    >>> batch = torch.tensor([[3.0, 2.0, 0.5], [1.0, 0.2, -1.0]])
    >>> units.in_training(batch, progress=1.0)
    tensor([[3., 2., 0.],
            [0., 0., 0.]])
    >>> units.mean(torch.tensor([[2.5, 1.9, 2.1]]))
    tensor([[2.5000, 0.0000, 2.1000]])
    """

    threshold: Tensor

    def __init__(self, k: int = 25, start: float = 4.0, anneal: float = 0.2) -> None:
        super().__init__()
        check_annealing(k, start, anneal)
        self.k = k
        self.start = start
        self.anneal = anneal
        self.register_buffer("threshold", torch.zeros(()))

    def sized(self, size: int) -> Self:
        """Return a copy for ``size`` units.

        Raises
        ------
        ValueError
            If ``size`` is smaller than the number of active units.
        """
        check_used(self, self.k, size)
        return super().sized(size)

    def energy(self, x: Tensor) -> Tensor:
        """Return half the square, plus half the squared threshold per active unit."""
        price = 0.5 * self.threshold.square() * (x != 0).sum(-1)
        return (0.5 * x.square().sum(-1) + price).masked_fill((x < 0).any(-1), math.inf)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the inputs that exceed the threshold, zero elsewhere."""
        return _from(inputs, self.threshold)

    def learning(self, inputs: Tensor, progress: float) -> Tensor:
        """Return the largest inputs of the batch, and move the threshold towards the smallest of them."""
        n = round(annealed(self.k, self.start, self.anneal, progress) * len(inputs))
        flat = inputs.detach().flatten()
        cut = flat.kthvalue(max(1, flat.numel() - n + 1)).values.clamp_min(0)
        with torch.no_grad():
            following = torch.lerp(self.threshold, cut.to(self.threshold), _RATE)
            self.threshold.copy_(torch.where(self.threshold == 0, cut.to(self.threshold), following))
        return _from(inputs, cut)


def _from(inputs: Tensor, least: Tensor) -> Tensor:
    return torch.where((inputs >= least) & (inputs > 0), inputs, 0.0)
