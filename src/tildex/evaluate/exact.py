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


def _tables(machine: BoltzmannMachine, k: int) -> list[Tensor] | None:
    """Return the values of each variable of layer ``k``, (values, columns) each; None if they are endless."""
    layer = machine.layers[k]
    if not layer.units.finite:
        return None
    return [table.to(layer.bias.detach()) for table in layer.units.tables(layer.size)]


def _bits(machine: BoltzmannMachine, side: int) -> float:
    total = 0.0
    for k in machine.sides[side]:
        tables = _tables(machine, k)
        if tables is None:
            return math.inf
        total += sum(math.log2(len(table)) for table in tables)
    return total


def _states(machine: BoltzmannMachine, side: int) -> Iterator[list[Tensor]]:
    """Yield all joint states of one side in chunks; the other side's entries hold biases and are never read."""
    layers = {k: tables for k in machine.sides[side] if (tables := _tables(machine, k)) is not None}
    counts = [len(table) for tables in layers.values() for table in tables]
    for numbers in torch.arange(math.prod(counts)).split(_CHUNK):
        state = [layer.bias[None] for layer in machine.layers]
        for k, tables in layers.items():
            digits = []
            for table in tables:
                # The state's index in mixed radix, one digit per variable.
                numbers, digit = numbers // len(table), numbers % len(table)
                digits.append(table[digit])
            state[k] = torch.cat(digits, 1)
        yield state
