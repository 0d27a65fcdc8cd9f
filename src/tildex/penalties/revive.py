r"""Revival of dead units: they are trained to explain the residual of the active ones.

.. math:: \Omega = \tfrac12 \big\| (x - \tilde x) - W_d \, \eta_d \big\|^2, \qquad
          d \text{ the dead units with the largest } W_j \cdot (x - \tilde x)
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tildex.penalties.base import Penalty
from tildex.shapes import Step

__all__ = ["Revive"]


class Revive(Penalty):
    """Trains units that have been silent for a while to reconstruct the residual (Gao et al., 2024, "Scaling and
    evaluating sparse autoencoders"); with a one-layer decoder, this term does not affect the other units.

    A silent unit gets no gradient and would stay silent for ever. Here it gets one, because its input replaces its
    value. The residual, data minus reconstruction, is for every unit family the direction in which the decoder's
    output should move, so fitting it is a step of gradient boosting. Each row's residual goes to the silent units
    whose weights match it best; spread over many units, their values would stay too small ever to be among the
    largest.

    Parameters
    ----------
    weight : float
        The factor of the term.
    after : int
        Training rows without activity after which a unit counts as silent.
    n_units : int
        Maximum number of silent units per row.

    Example
    -------
    >>> Revive(after=10_000)
    Revive(weight=1.0, after=10000, n_units=1)
    """

    def __init__(self, weight: float = 1.0, after: int = 5000, n_units: int = 1) -> None:
        super().__init__(weight)
        for name, value in (("after", after), ("n_units", n_units)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.after = after
        self.n_units = n_units

    def value(self, model: Any, step: Step) -> Tensor:
        """Return half the squared error of the residual, zero if no unit is silent."""
        units = model.encoder.units
        if not units.sparse or step.outputs is None:
            raise ValueError(
                f"Revive needs a code that counts silent units, and {units!r} does not: "
                "use code=TopK(), BatchTopK(), JumpReLU() or Rectified() with a rule of reconstruction"
            )
        dead = (units.silent >= self.after).nonzero()[:, 0]
        if not len(dead):
            return step.x.new_zeros(len(step.x))
        residual = (step.x - model.decoder.units.mean(step.outputs)).detach()
        places = _match(model, step, residual)[:, dead].topk(min(self.n_units, len(dead)), dim=-1).indices
        inputs = step.inputs[:, dead]
        z = torch.zeros_like(inputs).scatter(-1, places, inputs.gather(-1, places))
        return 0.5 * (residual - _contribution(model, step, dead, z)).square().sum(-1)


def _match(model: Any, step: Step, residual: Tensor) -> Tensor:
    """Return the inner product of each unit's contribution with the residual, shape (batch, units)."""
    weight = model.decoder.map.affine_weight()
    if weight is not None:
        return (residual @ weight).detach()
    with torch.enable_grad():
        code = step.hidden.detach().requires_grad_()
        (match,) = torch.autograd.grad(model.decoder.inputs(code), code, residual)
    return match


def _contribution(model: Any, step: Step, dead: Tensor, z: Tensor) -> Tensor:
    """Return the dead units' contribution to the decoder's output."""
    weight = model.decoder.map.affine_weight()
    if weight is not None:
        return z @ weight[:, dead].t()
    alive = step.hidden.index_fill(1, dead, 0.0)
    more: Tensor = model.decoder.inputs(alive.index_copy(1, dead, z)) - model.decoder.inputs(alive)
    return more
