r"""How much the encoder's Jacobian changes under small noise.

.. math:: \Omega(x) = E_\epsilon \| J(x) - J(x + \epsilon) \|_F^2, \qquad \epsilon \sim N(0, \text{scale}^2 I)
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tildex.penalties.base import Penalty
from tildex.penalties.jacobians import check_probes, elementwise_weight, squared_norm
from tildex.shapes import Step

__all__ = ["JacobianChange"]


class JacobianChange(Penalty):
    r"""Limits the curvature of the code: the term that the higher-order contractive autoencoder adds to the
    Jacobian's norm (Rifai, Mesnil, Vincent, Muller, Bengio, Dauphin & Glorot, 2011, "Higher order contractive
    auto-encoder").

    For small noise it is :math:`\text{scale}^2` times the squared norm of all second derivatives. For a one-layer
    encoder the norm at a draw has a closed form and costs one matrix product; for a deeper one it is estimated as in
    :class:`Contractive`, with the same directions at both points. The paper's penalty is ``Contractive(0.1) +
    JacobianChange(0.1)``.

    Parameters
    ----------
    weight : float
        The factor of the norm.
    scale : float
        The noise's standard deviation, positive, in units of the data after scaling.
    n_draws : int
        Noise draws per row.
    n_probes : int or None
        Random directions per row and draw, for encoders of several layers; None for the exact norm at each draw.

    Example
    -------
    >>> JacobianChange(0.1, scale=0.2)
    JacobianChange(weight=0.1, scale=0.2, n_draws=1, n_probes=1)
    """

    def __init__(
        self, weight: float = 0.1, scale: float = 0.1, n_draws: int = 1, n_probes: int | None = 1
    ) -> None:
        super().__init__(weight)
        if scale <= 0:
            raise ValueError(f"scale must be positive, got {scale}")
        if n_draws < 1:
            raise ValueError(f"n_draws must be at least 1, got {n_draws}")
        self.scale = scale
        self.n_draws = n_draws
        self.n_probes = check_probes(n_probes)

    def value(self, model: Any, step: Step) -> Tensor:
        """Return the squared norm of the change, averaged over draws, one value per row."""
        if step.generator is None:
            raise ValueError(
                "JacobianChange draws noise and needs a step with a generator, got none: use it in a rule that gives "
                "one, as those of autoencoders and classifiers do"
            )
        return torch.stack([self._at_a_draw(model, step) for _ in range(self.n_draws)]).mean(0)

    def _at_a_draw(self, model: Any, step: Step) -> Tensor:
        moved = step.corrupted + self.scale * step.generator.normal_like(step.corrupted)
        weight = elementwise_weight(model)
        if weight is None:
            return squared_norm(model, step, self.n_probes, less=moved)
        units = model.encoder.units
        change = units.variance(step.inputs) - units.variance(model.encoder.inputs(moved))
        return (change.square() * weight.square().sum(1)).sum(-1)
