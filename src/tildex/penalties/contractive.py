r"""The squared Frobenius norm of the encoder's Jacobian.

.. math:: \Omega(x) = \Big\| \frac{\partial h(x)}{\partial x} \Big\|_F^2
          = \sum_j \mathrm{Var}_j^2 \, \|W_j\|^2 \text{ for one layer}
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tildex.penalties.base import Penalty
from tildex.shapes import Step

__all__ = ["Contractive", "jacobian"]


class Contractive(Penalty):
    """Asks the code to change little when the input does (Rifai et al., 2011, "Contractive auto-encoders").

    For an encoder of one layer the norm has a closed form, since the derivative of a unit's mean by its inputs is
    its variance; for any other the Jacobian is computed row by row. A law test holds the two together.
    """

    def __init__(self, weight: float = 0.1) -> None:
        super().__init__(weight)

    def value(self, model: Any, step: Step) -> Tensor:
        """Return the squared norm at what the encoder saw, one value a row."""
        weight = model.encoder.map.affine_weight()
        if weight is None or model.encoder.units.group > 1:
            return jacobian(model, step.corrupted).square().sum((1, 2))
        variance = model.encoder.units.variance(step.inputs)
        return variance.square() @ weight.square().sum(1)


def jacobian(model: Any, x: Tensor) -> Tensor:
    """Return the derivative of the code's mean by the input, shape (batch, hidden, visible), for any encoder."""

    def code(row: Tensor) -> Tensor:
        return model.encoder.mean(row[None])[0]

    return torch.func.vmap(torch.func.jacrev(code))(x)
