r"""A start at PCA: the best linear code and decoder, in closed form, from which training can only gain.

.. math:: W = V_k^\top, \qquad \quad (B, c) = \arg\min
          \sum_n \big\| \eta(\bar x + V_k V_k^\top (x_n - \bar x)) - B h_n - c \big\|^2

where :math:`\eta` gives the decoder's inputs for a mean: the identity for real columns, the logit for binary ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from tildex.estimators.base.columns import Transformed, chunks
from tildex.estimators.base.principal import principal_axes
from tildex.train import Rows
from tildex.units import Activation, Units

__all__ = ["PrincipalStart", "copy_into", "plain", "principal_start"]

# Rows that the start is computed from: more do not move the axes enough to matter to training.
_ROWS = 20_000

# The standard deviation of a bounded unit's inputs: wide enough to use its range, narrow enough to be nearly linear.
_SPREAD = 1.0

# The share of the codes' mean square that keeps the least-squares solution from fitting rounding errors.
_RIDGE = 1e-8


class PrincipalStart(NamedTuple):
    """Weights and biases from rows to the inputs of a code, and from the code to the inputs of rows, in float64.

    Attributes
    ----------
    up : Tensor of shape (units, features)
        Fewer units than asked for where rows or columns are fewer.
    up_bias : Tensor of shape (units,)
        Their biases.
    down : Tensor of shape (features, units)
        The decoder's matrix.
    down_bias : Tensor of shape (features,)
        Its biases.
    """

    up: Tensor
    up_bias: Tensor
    down: Tensor
    down_bias: Tensor


def principal_start(
    data: Rows, size: int, code: Units | Activation, likelihood: Units
) -> PrincipalStart | None:
    """Return the start at PCA of the scaled rows, or None where code or rows are neither real nor binary."""
    if not (plain(code) and plain(likelihood)):
        return None
    some = _some(data)
    mean = sum(x.double().sum(0) for x in chunks(some)) / len(some)
    centred = Transformed(some, lambda x: x.double() - mean)
    values, axes = principal_axes(centred, size)
    # Axes along which rows do not vary carry nothing, and their scale would be arbitrary.
    kept = values > 1e-12 * values.sum()
    values, axes = values[kept], axes[kept]
    if not len(axes):
        return None
    up = _SPREAD * axes / values.sqrt()[:, None] if code.bounded else axes
    return PrincipalStart(up, -up @ mean, *_least_squares(centred, up, axes, mean, code, likelihood))


def copy_into(start: PrincipalStart, up: nn.Linear, down: nn.Linear) -> None:
    """Copy a start into two layers; further units keep their random encoder weights and are not decoded yet."""
    used = len(start.up)
    with torch.no_grad():
        up.weight[:used] = start.up.to(up.weight)
        up.bias[:used] = start.up_bias.to(up.bias)
        down.weight.zero_()
        down.weight[:, :used] = start.down.to(down.weight)
        down.bias.copy_(start.down_bias)


def plain(units: Units | Activation) -> bool:
    """Return whether units are real or binary, with one number per unit and a mean that varies smoothly with it."""
    return units.has_likelihood and units.arity == 1 and (units.real or units.binary)


def _some(data: Rows) -> Rows:
    if len(data) <= _ROWS:
        return data
    return Transformed(data, lambda x: x, np.linspace(0, len(data) - 1, _ROWS).round().astype(np.int64))


def _least_squares(
    centred: Rows, up: Tensor, axes: Tensor, mean: Tensor, code: Units | Activation, likelihood: Units
) -> tuple[Tensor, Tensor]:
    """Return matrix and biases from the code to the inputs whose means are nearest to the rows' projections."""
    n_units, width = len(up), len(mean)
    moment = up.new_zeros(n_units + 1, n_units + 1)
    cross = up.new_zeros(n_units + 1, width)
    for x in chunks(centred):
        hidden = code.mean(x @ up.t())
        hidden = torch.cat([hidden, hidden.new_ones(len(hidden), 1)], 1)
        moment += hidden.t() @ hidden
        cross += hidden.t() @ likelihood.inputs_for(mean + x @ axes.t() @ axes)
    moment += _RIDGE * moment.diagonal().mean() * torch.eye(n_units + 1, dtype=up.dtype, device=up.device)
    solved = torch.linalg.solve(moment, cross)
    return solved[:-1].t(), solved[-1]
