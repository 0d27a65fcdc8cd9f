r"""Exact partition functions and likelihoods of machines small enough to enumerate.

.. math:: \log Z = \log \sum_{x_{\text{side}}} e^{\text{log\_marginal}(x_{\text{side}})}
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from tildex.models import BoltzmannMachine

__all__ = ["enumerable", "log_likelihood", "log_partition"]

_LARGEST_BITS = 25
_CHUNK = 1 << 14


@torch.no_grad()
def log_partition(machine: BoltzmannMachine) -> float:
    """Return log Z in nats; the side with fewer joint states is enumerated and the other summed out.

    Raises
    ------
    ValueError
        If neither side is finite with at most 2^25 joint states.
    """
    side = min((0, 1), key=lambda s: _bits(machine, s))
    if _bits(machine, side) > _LARGEST_BITS:
        raise ValueError(
            f"expected a side of at most 2^{_LARGEST_BITS} joint states, the smaller one has "
            f"2^{_bits(machine, side):.0f}: use annealed importance sampling"
        )
    total = torch.tensor(-torch.inf, dtype=torch.float64)
    for state in _states(machine, side):
        total = torch.logaddexp(total, machine.log_marginal(state, side).double().logsumexp(0).cpu())
    return float(total)


@torch.no_grad()
def log_likelihood(machine: BoltzmannMachine, v: Tensor) -> Tensor:
    """Return log P(v) of a two-layer machine, shape (batch,), in nats."""
    return machine.log_marginal([v, v]).double() - log_partition(machine)


def enumerable(machine: BoltzmannMachine) -> bool:
    """Say whether :func:`log_partition` can enumerate one side."""
    return min(_bits(machine, 0), _bits(machine, 1)) <= _LARGEST_BITS


def _values(machine: BoltzmannMachine, k: int) -> Tensor | None:
    """Return the values of one variable of layer ``k``, shape (values, group), or None if there are infinitely many."""
    layer = machine.layers[k]
    if not layer.units.finite:
        return None
    points, _ = layer.units.nodes(layer.bias.detach()[: layer.units.group])
    return points


def _bits(machine: BoltzmannMachine, side: int) -> float:
    total = 0.0
    for k in machine.sides[side]:
        values, layer = _values(machine, k), machine.layers[k]
        if values is None:
            return math.inf
        total += layer.size // layer.units.group * math.log2(len(values))
    return total


def _states(machine: BoltzmannMachine, side: int) -> Iterator[list[Tensor]]:
    """Yield all joint states of one side in chunks; the other side's entries hold biases and are never read."""
    tables = {k: values for k in machine.sides[side] if (values := _values(machine, k)) is not None}
    counts = [
        len(values) for k, values in tables.items() for _ in range(machine.layers[k].size // values.shape[1])
    ]
    for numbers in torch.arange(math.prod(counts)).split(_CHUNK):
        state = [layer.bias[None] for layer in machine.layers]
        for k, values in tables.items():
            digits = []
            for _ in range(machine.layers[k].size // values.shape[1]):
                # The state's index in mixed radix, one digit per variable.
                numbers, digit = numbers // len(values), numbers % len(values)
                digits.append(values[digit])
            state[k] = torch.cat(digits, 1)
        yield state
