r"""Codes with at most k active units.

.. math:: E(h) = \tfrac12 \|h\|^2 \text{ for } h \ge 0, \|h\|_0 \le k, \qquad
          h_j(\eta) = \max(\eta_j, 0) \text{ where } \eta_j \text{ is among the } k \text{ largest}
"""

from __future__ import annotations

import math
from typing import Self

import torch
from torch import Tensor

from tildex.units.activation import Activation

__all__ = ["TopK", "annealed", "check_annealing", "check_used"]


class TopK(Activation):
    """The ``k`` units with the largest inputs keep them; the others are zero (Makhzani & Frey, 2014, "k-sparse
    autoencoders"). Negative inputs among the largest also give zero.

    Parameters
    ----------
    k : int
        Active units per row at the end of training.
    alpha : float
        A trained model uses ``alpha * k`` units; codes for a classifier are often better with a few more.
    start : float
        Training begins with ``start * k`` units, so that every unit gets a chance to learn.
    anneal : float
        The fraction of training after which the number has fallen to ``k``.

    Example
    -------
    >>> import torch
    >>> TopK(2).mean(torch.tensor([[3.0, -1.0, 0.5, 2.0]]))
    tensor([[3., 0., 0., 2.]])
    """

    def __init__(self, k: int = 25, alpha: float = 1.0, start: float = 4.0, anneal: float = 0.2) -> None:
        super().__init__()
        check_annealing(k, start, anneal)
        if not alpha * k >= 1:
            raise ValueError(f"alpha must leave at least one of {k} units in use, got {alpha}")
        self.k = k
        self.alpha = alpha
        self.start = start
        self.anneal = anneal

    @property
    def used(self) -> int:
        """Active units per row in a trained model."""
        return round(self.alpha * self.k)

    def sized(self, size: int) -> Self:
        """Return a copy for ``size`` units.

        Raises
        ------
        ValueError
            If ``size`` is smaller than the number of active units.
        """
        check_used(self, max(self.k, self.used), size)
        return super().sized(size)

    def energy(self, x: Tensor) -> Tensor:
        """Return half the square."""
        outside = (x < 0).any(-1) | ((x != 0).sum(-1) > self.used)
        return 0.5 * x.square().sum(-1).masked_fill(outside, math.inf)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the ``alpha * k`` largest inputs in place, zero elsewhere."""
        return _largest(inputs, self.used)

    def learning(self, inputs: Tensor, progress: float) -> Tensor:
        """Return the largest inputs, more of them early in training."""
        return _largest(inputs, round(annealed(self.k, self.start, self.anneal, progress)))


def annealed(k: int, start: float, anneal: float, progress: float) -> float:
    """Return the number of active units per row: it falls linearly from ``start * k`` to ``k``.

    Example
    -------
    >>> [annealed(10, 4.0, 0.2, progress) for progress in (0.0, 0.1, 0.2, 1.0)]
    [40.0, 25.0, 10.0, 10.0]
    """
    left = max(0.0, 1 - progress / anneal) if anneal > 0 else 0.0
    return k * (1 + (start - 1) * left)


def check_annealing(k: int, start: float, anneal: float) -> None:
    """Refuse a ``k`` that is not a positive whole number, and an invalid annealing schedule."""
    if k < 1 or k != int(k):
        raise ValueError(f"k must be a whole number of at least 1, got {k}")
    if not start >= 1:
        raise ValueError(f"start must be at least 1 times k, got {start}")
    if not 0 <= anneal <= 1:
        raise ValueError(f"anneal must be a fraction of training in [0, 1], got {anneal}")


def check_used(units: Activation, used: int, size: int) -> None:
    """Refuse a code of ``size`` units if more than these must be active."""
    if used > size:
        raise ValueError(
            f"{units!r} uses {used} units, and the code has {size}: lower k or alpha, or take more components"
        )


def _largest(inputs: Tensor, n: int) -> Tensor:
    values, places = inputs.topk(min(n, inputs.shape[-1]), dim=-1)
    return torch.zeros_like(inputs).scatter(-1, places, values.clamp_min(0))
