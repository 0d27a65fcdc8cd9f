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


def log_partition_of(machine: Graph) -> Tensor:
    """Return log Z, differentiable, from the states of the side that has fewer."""
    side = min((0, 1), key=lambda s: log2_states(machine, s))
    parts = [machine.log_marginal(state, side).logsumexp(0) for state in joint_states(machine, side)]
    return torch.stack(parts).logsumexp(0)


def log2_states(machine: Graph, side: int) -> float:
    """Return the base-2 logarithm of the number of joint states of one side; infinite if a layer's is."""
    total = 0.0
    for k in machine.sides[side]:
        values, layer = _values(machine, k), machine.layers[k]
        if values is None:
            return math.inf
        total += layer.size // layer.units.group * math.log2(len(values))
    return total


def _values(machine: Graph, k: int) -> Tensor | None:
    """Return the values of one variable of layer ``k``, shape (values, group), or None if there are infinitely many."""
    layer = machine.layers[k]
    if not layer.units.finite:
        return None
    points, _ = layer.units.nodes(layer.bias.detach()[: layer.units.group])
    return points
