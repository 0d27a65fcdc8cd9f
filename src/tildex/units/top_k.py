r"""Codes with at most k units in use.

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
    """The ``k`` units with the largest inputs keep them, the others are zero (Makhzani & Frey, 2014, "k-sparse
    autoencoders"). The few inputs that are negative and yet among the largest give zero too.

    Parameters
    ----------
    k : int
        Units in use of each row, at the end of training.
    alpha : float
        In use of a trained model are ``alpha * k`` units: codes for a classifier are often better with some more.
    start : float
        Training begins with ``start * k`` units, so that all get the chance to learn something.
    anneal : float
        The share of training after which it has come down to ``k``.

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
        """How many units of a row a trained model uses."""
        return round(self.alpha * self.k)

    def sized(self, size: int) -> Self:
        """Return a copy for ``size`` units.

        Raises
        ------
        ValueError
            If that are fewer than are to be in use.
        """
        check_used(self, max(self.k, self.used), size)
        return super().sized(size)

    def energy(self, x: Tensor) -> Tensor:
        """Return half the square."""
        outside = (x < 0).any(-1) | ((x != 0).sum(-1) > self.used)
        return 0.5 * x.square().sum(-1).masked_fill(outside, math.inf)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the ``alpha * k`` largest inputs where they are."""
        return _largest(inputs, self.used)

    def learning(self, inputs: Tensor, progress: float) -> Tensor:
        """Return the largest inputs, more of them while training is young."""
        return _largest(inputs, round(annealed(self.k, self.start, self.anneal, progress)))


def annealed(k: int, start: float, anneal: float, progress: float) -> float:
    """Return how many units a row may use: from ``start * k`` on a straight line down to ``k``.

    Example
    -------
    >>> [annealed(10, 4.0, 0.2, progress) for progress in (0.0, 0.1, 0.2, 1.0)]
    [40.0, 25.0, 10.0, 10.0]
    """
    left = max(0.0, 1 - progress / anneal) if anneal > 0 else 0.0
    return k * (1 + (start - 1) * left)


def check_annealing(k: int, start: float, anneal: float) -> None:
    """Refuse a number of units that is no whole positive one, and a path that does not come down to it."""
    if k < 1 or k != int(k):
        raise ValueError(f"k must be a whole number of at least 1, got {k}")
    if not start >= 1:
        raise ValueError(f"start must be at least 1 times k, got {start}")
    if not 0 <= anneal <= 1:
        raise ValueError(f"anneal must be a share of training in [0, 1], got {anneal}")


def check_used(units: Activation, used: int, size: int) -> None:
    """Refuse a code of ``size`` units where more than these are to be in use."""
    if used > size:
        raise ValueError(
            f"{units!r} uses {used} units, and the code has {size}: lower k or alpha, or take more components"
        )


def _largest(inputs: Tensor, n: int) -> Tensor:
    values, places = inputs.topk(min(n, inputs.shape[-1]), dim=-1)
    return torch.zeros_like(inputs).scatter(-1, places, values.clamp_min(0))
