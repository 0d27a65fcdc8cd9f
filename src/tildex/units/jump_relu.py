r"""Jump-ReLU codes: a unit is zero up to a learned threshold and equals its input above it.

.. math:: E(h) = \tfrac12 \|h\|^2 + \tfrac12 \sum_j \theta_j^2 \, [h_j \ne 0] \text{ for } h \ge 0, \qquad
          h_j(\eta) = \eta_j \, [\eta_j > \theta_j]
"""

from __future__ import annotations

import math
from typing import Self

import torch
from torch import Tensor, nn

from tildex.units.activation import Activation

__all__ = ["JumpReLU"]


class JumpReLU(Activation):
    r"""Rectified units that are zero until an input exceeds a learned threshold (Rajamanoharan et al., 2024, "Jumping
    ahead: improving reconstruction fidelity with JumpReLU sparse autoencoders").

    A jump has no gradient, so in training the threshold learns from inputs within a kernel around it: the code's
    derivative with respect to :math:`\theta` is taken as :math:`-\theta / \epsilon` where :math:`|\eta - \theta| <
    \epsilon / 2`. Averaged over rows, this estimates the derivative of the *mean* code, which exists. The learned
    parameter is the threshold's logarithm.

    Parameters
    ----------
    threshold : float
        The starting value, positive.
    bandwidth : float
        The kernel's width :math:`\epsilon`, in units of the inputs.

    Example
    -------
    >>> import torch
    >>> JumpReLU(threshold=1.0).mean(torch.tensor([[0.9, 1.1, 3.0]]))
    tensor([[0.0000, 1.1000, 3.0000]])
    """

    countable = True
    log_threshold: nn.Parameter

    def __init__(self, threshold: float = 0.5, bandwidth: float = 0.2) -> None:
        super().__init__()
        for name, value in (("threshold", threshold), ("bandwidth", bandwidth)):
            if not value > 0:
                raise ValueError(f"{name} must be positive, got {value}")
        self.threshold = threshold
        self.bandwidth = bandwidth

    def sized(self, size: int) -> Self:
        """Return a copy with one threshold per unit."""
        fresh = super().sized(size)
        fresh.log_threshold = nn.Parameter(torch.full((size,), math.log(self.threshold)))
        return fresh

    def theta(self, like: Tensor) -> Tensor:
        """Return the learned thresholds, or the starting value before a size is known."""
        if not hasattr(self, "log_threshold"):
            return like.new_tensor(self.threshold)
        return self.log_threshold.exp()

    def energy(self, x: Tensor) -> Tensor:
        """Return half the square, plus half the squared threshold of each active unit."""
        price = 0.5 * (self.theta(x).square() * (x != 0)).sum(-1)
        return (0.5 * x.square().sum(-1) + price).masked_fill((x < 0).any(-1), math.inf)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the inputs above their thresholds, zero elsewhere."""
        return torch.where(inputs > self.theta(inputs), inputs, 0.0)

    def learning(self, inputs: Tensor, progress: float) -> Tensor:
        """Return the same values with a gradient for the thresholds."""
        theta = self.theta(inputs)
        near = self._ramp(inputs.detach(), theta)
        return self.mean(inputs) + theta.detach() * (near - near.detach())

    def count(self, inputs: Tensor) -> Tensor:
        """Return the number of active units, shape (...), each counted with a ramp as wide as the kernel."""
        return self._ramp(inputs, self.theta(inputs)).sum(-1)

    def _ramp(self, inputs: Tensor, theta: Tensor) -> Tensor:
        return ((inputs - theta) / self.bandwidth + 0.5).clamp(0, 1)
