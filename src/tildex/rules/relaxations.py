r"""Relaxations: how gradients pass through draws of a discrete code.

.. math:: \tilde h = \mathrm{softmax}\!\left(\frac{\eta + g}{\tau}\right), \quad g \sim \mathrm{Gumbel},
          \qquad \tau_t = \tau_0^{1 - t}\, \tau_1^{t}
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

from tildex.part import Part
from tildex.units import Latent

__all__ = ["GumbelSoftmax", "Relaxation", "StraightThrough"]


class Relaxation(Part, ABC, kind="relaxation"):
    """How training draws discrete codes; the log-temperature falls linearly. Gaussian codes, whose exact draws pass
    gradients, are drawn exactly.

    Parameters
    ----------
    start, end : float
        The temperature before the first step and after the last, positive. Low temperatures are close to exact draws
        but give gradients of high variance.
    """

    def __init__(self, start: float = 1.0, end: float = 0.25) -> None:
        for name, value in (("start", start), ("end", end)):
            if not value > 0:
                raise ValueError(f"the temperature {name} must be positive, got {value}")
        self.start = start
        self.end = end

    def temperature(self, progress: float) -> float:
        """Return the temperature after a fraction ``progress`` of training."""
        return self.start ** (1 - progress) * self.end**progress

    @abstractmethod
    def __call__(self, units: Latent, inputs: Tensor, noise: Tensor, progress: float) -> Tensor:
        """Return codes in the shape of ``noise``, differentiable with respect to ``inputs``."""


class GumbelSoftmax(Relaxation):
    """Soft class probabilities instead of one class (Jang, Gu & Poole, 2017, "Categorical reparameterization with
    Gumbel-softmax"): the gradient is that of the relaxed loss, which differs from the loss of exact draws.

    Example
    -------
    >>> [round(GumbelSoftmax(1.0, 0.25).temperature(t), 3) for t in (0.0, 0.5, 1.0)]
    [1.0, 0.5, 0.25]
    """

    def __call__(self, units: Latent, inputs: Tensor, noise: Tensor, progress: float) -> Tensor:
        """Return relaxed codes."""
        return units.relaxed(inputs, noise, self.temperature(progress))


class StraightThrough(Relaxation):
    """Exact draws with the gradient of relaxed ones (Bengio, Léonard & Courville, 2013, "Estimating or propagating
    gradients through stochastic neurons"; Jang, Gu & Poole, 2017): the loss is the true one, its gradient is biased.
    """

    def __call__(self, units: Latent, inputs: Tensor, noise: Tensor, progress: float) -> Tensor:
        """Return exact codes with the gradient of relaxed ones."""
        relaxed = units.relaxed(inputs, noise, self.temperature(progress))
        return relaxed if units.smooth else units.drawn(inputs, noise) + (relaxed - relaxed.detach())
