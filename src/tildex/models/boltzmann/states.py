"""All joint states of one side of a machine, where there are finitely many."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from tildex.models.boltzmann.graph import Graph

__all__ = ["joint_states", "log2_states", "log_partition_of"]

_CHUNK = 1 << 14


def joint_states(machine: Graph, side: int) -> Iterator[list[Tensor]]:
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


def log_partition_of(machine: Graph) -> Tensor:
    """Return log Z, differentiable, from the states of the side that has fewer."""
    side = min((0, 1), key=lambda s: log2_states(machine, s))
    parts = [machine.log_marginal(state, side).logsumexp(0) for state in joint_states(machine, side)]
    return torch.stack(parts).logsumexp(0)


def log2_states(machine: Graph, side: int) -> float:
    """Return the base-2 logarithm of the number of joint states of one side; infinite if a layer's is."""
    total = 0.0
    for k in machine.sides[side]:
        tables = _tables(machine, k)
        if tables is None:
            return math.inf
        total += sum(math.log2(len(table)) for table in tables)
    return total


def _tables(machine: Graph, k: int) -> list[Tensor] | None:
    """Return the values of each variable of layer ``k``, (values, columns) each; None if they are endless."""
    layer = machine.layers[k]
    if not layer.units.finite:
        return None
    return [table.to(layer.bias.detach()) for table in layer.units.tables(layer.size)]
