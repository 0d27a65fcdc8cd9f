r"""The Jacobian of the code's mean, and the squared Frobenius norm of it or of its change.

.. math:: J = D_L W_L \cdots D_1 W_1, \qquad \|J\|_F^2 = E \| v^\top J \|^2 \text{ for } E\, v v^\top = I

D holds the slopes of a layer's nonlinearity. Products start at the code, so that each direction v costs as much as
encoding one row; the first matrix is common to all points and is multiplied last.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from tildex.shapes import Step

__all__ = ["check_probes", "elementwise_weight", "jacobian", "squared_norm"]


class Factors(NamedTuple):
    """The matrices W, from the input upwards, and the slopes after each at every row, None where all are one."""

    weights: list[Tensor]
    slopes: list[Tensor | None]


def jacobian(model: Any, x: Tensor) -> Tensor:
    """Return the derivative of the code's mean with respect to the input, shape (batch, hidden, visible), for any
    encoder.

    Example
    -------
    >>> from tildex.generator import Generator
    >>> from tildex.maps import MLP
    >>> from tildex.models import Conditional, Pair
    >>> from tildex.units import Bernoulli, Gaussian
    >>> up, down = (MLP(sizes, generator=Generator(0)) for sizes in ([6, 2], [2, 6]))
    >>> jacobian(Pair(Conditional(up, Gaussian()), Conditional(down, Bernoulli())), torch.zeros(5, 6)).shape
    torch.Size([5, 2, 6])
    """
    factors = factors_at(model, x)
    if factors is None:
        return _row_by_row(model, x)
    if len(factors.weights) == 1:
        return _scaled(factors.weights[0].expand(len(x), -1, -1), factors.slopes[0])
    return _pulled(factors, None, len(x)) @ factors.weights[0]


def squared_norm(model: Any, step: Step, n_probes: int | None, *, less: Tensor | None = None) -> Tensor:
    """Return the squared norm of the Jacobian at the encoder's input, or of its difference from the Jacobian at
    ``less``.

    Parameters
    ----------
    model : Pair
        The model whose encoder is differentiated.
    step : Step
        Holds the encoder's input and the generator that draws the directions of an estimate.
    n_probes : int or None
        Random sign vectors v per row for the unbiased estimate (Hutchinson, 1990, "A stochastic estimator of the
        trace of the influence matrix for Laplacian smoothing splines"); None for the exact norm.
    less : Tensor of shape (batch, visible), optional
        If given, return the norm of J(x) - J(less), both estimated with the same directions.

    Raises
    ------
    ValueError
        If an estimate is requested without a generator.
    """
    probes = None if n_probes is None else _signs(step, n_probes)
    points = [step.corrupted] if less is None else [step.corrupted, less]
    factors = [factors_at(model, point) for point in points]
    if any(found is None for found in factors):
        total = _difference([_general(model, point, probes) for point in points]).square().sum((1, 2))
    else:
        known: list[Factors] = factors  # type: ignore[assignment]
        rows = _difference([_pulled(found, probes, len(step.corrupted)) for found in known])
        total = _squares(rows, known[0].weights[0])
    return total if n_probes is None else total / n_probes


def elementwise_weight(model: Any) -> Tensor | None:
    """Return the matrix of a one-layer encoder with elementwise code units, else None."""
    units = model.encoder.units
    return model.encoder.map.affine_weight() if units.elementwise else None


def factors_at(model: Any, x: Tensor) -> Factors | None:
    """Return the Jacobian's factors, or None for an encoder that is not made of matrices and slopes."""
    units = model.encoder.units
    if not units.elementwise:
        return None
    factors = Factors([], [])
    for step in model.encoder.map.steps():
        found = step.linearised(x)
        if found is None:
            return None
        x = found.output
        factors.weights.append(found.weight)
        factors.slopes.append(found.slope)
    last, variance = factors.slopes[-1], units.variance(x)
    factors.slopes[-1] = variance if last is None else last * variance
    return factors


def check_probes(n_probes: int | None) -> int | None:
    """Return ``n_probes``, or raise an error if it is not a number of directions."""
    if n_probes is not None and n_probes < 1:
        raise ValueError(f"n_probes must be at least 1, or None for the exact norm, got {n_probes}")
    return n_probes


def _pulled(factors: Factors, probes: Tensor | None, n_rows: int) -> Tensor:
    """Return the product of all factors except the first matrix, with ``probes`` (batch, k, hidden) on the left."""
    rows = probes
    for weight, slope in zip(reversed(factors.weights[1:]), reversed(factors.slopes[1:]), strict=True):
        if rows is None:
            rows = _scaled(weight.expand(n_rows, -1, -1), slope)
        else:
            rows = (rows if slope is None else rows * slope[:, None]) @ weight
    first = factors.slopes[0]
    if first is None:
        return rows  # type: ignore[return-value]
    return torch.diag_embed(first) if rows is None else rows * first[:, None]


def _squares(rows: Tensor, weight: Tensor) -> Tensor:
    """Return the squared norm of ``rows @ weight``, through the Gram matrix where that is cheaper."""
    n_rows, (high, low) = rows.shape[0] * rows.shape[1], weight.shape
    if n_rows * (low - high) <= high * low:
        return (rows @ weight).to(weight.dtype).square().sum((1, 2))
    return ((rows @ (weight @ weight.t())).to(weight.dtype) * rows).sum((1, 2))


def _general(model: Any, x: Tensor, probes: Tensor | None) -> Tensor:
    """Return the Jacobian itself, or ``probes`` times it, of any encoder."""
    if probes is None:
        return _row_by_row(model, x)
    taped = torch.is_grad_enabled()
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        code = model.encoder.mean(x)
        found = [
            torch.autograd.grad(code, x, v, create_graph=taped, retain_graph=True) for v in probes.unbind(1)
        ]
    return torch.stack([gradient for (gradient,) in found], 1)


def _row_by_row(model: Any, x: Tensor) -> Tensor:
    def code(row: Tensor) -> Tensor:
        return model.encoder.mean(row[None])[0]

    return torch.func.vmap(torch.func.jacrev(code))(x)


def _signs(step: Step, n_probes: int) -> Tensor:
    if step.generator is None:
        raise ValueError("an estimate of the Jacobian's norm needs a step with a generator, got none")
    halves = step.hidden.new_full((len(step.hidden), n_probes, step.hidden.shape[-1]), 0.5)
    return 2 * step.generator.bernoulli(halves) - 1


def _difference(rows: list[Tensor]) -> Tensor:
    return rows[0] if len(rows) == 1 else rows[0] - rows[1]


def _scaled(weight: Tensor, slope: Tensor | None) -> Tensor:
    return weight if slope is None else slope[:, :, None] * weight
