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

    For an encoder of one layer the norm has a closed form without a matrix product, since the derivative of a unit's
    mean by its inputs is its variance. For a deeper one it is estimated without bias from a few random directions in
    the code, each of which costs what encoding does; or computed exactly, at the cost of one direction a unit.

    Parameters
    ----------
    weight : float
        What the norm is multiplied with.
    n_probes : int or None
        Random directions a row, for encoders of several layers; None for the exact norm.

    Example
    -------
    >>> Contractive(0.1, n_probes=None)
    Contractive(weight=0.1, n_probes=None)
    """

    def __init__(self, weight: float = 0.1, n_probes: int | None = 1) -> None:
        super().__init__(weight)
        self.n_probes = check_probes(n_probes)

    def value(self, model: Any, step: Step) -> Tensor:
        """Return the squared norm at what the encoder saw, one value a row."""
        weight = elementwise_weight(model)
        if weight is None:
            return squared_norm(model, step, self.n_probes)
        variance = model.encoder.units.variance(step.inputs)
        # Unit by unit: as a product it would be rounded where products are.
        return (variance.square() * weight.square().sum(1)).sum(-1)
