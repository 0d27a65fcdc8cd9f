r"""The squared Frobenius norm of the encoder's Jacobian.

.. math:: \Omega(x) = \Big\| \frac{\partial h(x)}{\partial x} \Big\|_F^2
          = \sum_j \mathrm{Var}_j^2 \, \|W_j\|^2 \text{ for one layer}
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from tildex.penalties.base import Penalty
from tildex.penalties.jacobians import check_probes, elementwise_weight, squared_norm
from tildex.shapes import Step

__all__ = ["Contractive"]


class Contractive(Penalty):
    """Asks the code to change little when the input does (Rifai et al., 2011, "Contractive auto-encoders").

    For a one-layer encoder the norm has a closed form without a matrix product, since the derivative of a unit's mean
    with respect to its inputs is its variance. For a deeper one, a few random directions in the code give an unbiased
    estimate, each at the cost of encoding; the exact norm costs one direction per unit.

    Parameters
    ----------
    weight : float
        The factor of the norm.
    n_probes : int or None
        Random directions per row, for encoders of several layers; None for the exact norm.

    Example
    -------
    >>> Contractive(0.1, n_probes=None)
    Contractive(weight=0.1, n_probes=None)
    """

    def __init__(self, weight: float = 0.1, n_probes: int | None = 1) -> None:
        super().__init__(weight)
        self.n_probes = check_probes(n_probes)

    def value(self, model: Any, step: Step) -> Tensor:
        """Return the squared norm at the encoder's input, one value per row."""
        weight = elementwise_weight(model)
        if weight is None:
            return squared_norm(model, step, self.n_probes)
        variance = model.encoder.units.variance(step.inputs)
        # Elementwise, because a matrix product would be rounded under autocast.
        return (variance.square() * weight.square().sum(1)).sum(-1)
