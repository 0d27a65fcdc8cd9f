r"""Codes that are never negative.

.. math:: E(h) = \tfrac12 \|h\|^2 \text{ for } h \ge 0, \qquad h(\eta) = \max(\eta, 0)
"""

from __future__ import annotations

import math

from torch import Tensor

from tildex.units.activation import Activation

__all__ = ["Rectified"]


class Rectified(Activation):
    """Units that equal their inputs where positive and are exactly zero elsewhere.

    With an :class:`~tildex.penalties.L1` penalty, this is the classical sparse code. It is the most probable value of
    :class:`~tildex.units.ReLU` units, whose *mean* is never zero.

    Example
    -------
    >>> import torch
    >>> Rectified().mean(torch.tensor([[-1.0, 0.5, 2.0]]))
    tensor([[0.0000, 0.5000, 2.0000]])
    """

    def energy(self, x: Tensor) -> Tensor:
        """Return half the square."""
        return 0.5 * x.square().sum(-1).masked_fill((x < 0).any(-1), math.inf)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the positive part."""
        return inputs.clamp_min(0)
