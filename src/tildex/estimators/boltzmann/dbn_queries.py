"""Queries of a trained belief network: bounds on log P(x), log Z of the top machine, completion of missing values."""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.evaluate import log_partition, log_partition_ais
from tildex.generator import Generator
from tildex.models import BeliefNetwork, BoltzmannMachine, Clamp, draw_unknown
from tildex.units import Units

__all__ = ["bounds_of", "completed", "drawn_unknown", "log_partition_of"]

# With this many draws, the mean bound over a thousand images is within a few hundredths of a nat.
_BOUND_SAMPLES = 32
_ROWS_AT_ONCE = 4096
# Up to this many units on a side, enumeration is faster than annealing.
_ENUMERATED = 12


def bounds_of(network: BeliefNetwork, x: Tensor) -> Tensor:
    """Return the mean log weight of each row; the noise is the same for every row, whatever the other rows."""
    return torch.cat([_bound(network, part) for part in x.split(_ROWS_AT_ONCE // _BOUND_SAMPLES)])


def log_partition_of(top: BoltzmannMachine) -> float:
    """Return log Z: enumerated if the machine is small, and estimated by AIS with a fixed seed otherwise."""
    units = [sum(top.layers[k].size for k in side) for side in top.sides]
    small = [top.layers[k].units.finite for k in top.sides[units.index(min(units))]]
    if min(units) <= _ENUMERATED and all(small):
        return log_partition(top)
    return log_partition_ais(top, Generator(0, top.layers[0].bias.device)).log_partition.value


def completed(
    network: BeliefNetwork,
    values: Tensor,
    given: Tensor,
    n_steps: int,
    generator: Generator,
    clamp: Clamp | None,
) -> Tensor:
    """Return scaled rows with unknown values replaced by the final means of chains with the known values clamped."""

    def draw(units: Units, inputs: Tensor) -> Tensor:
        return units.sample(inputs, generator)

    state = network.chains(len(values), 1, generator, clamp=clamp)
    for _ in range(n_steps):
        rows = torch.where(given, values, network.down(state[0], generator)[0])
        state[0] = network.up(rows, generator)[-1]
        state = network.top.sweep(state, draw, clamp=clamp)
    return torch.where(given, values, network.visible_means(state, generator))


@torch.no_grad()
def drawn_unknown(network: BeliefNetwork, x: Tensor, generator: Generator, *, n_steps: int = 5) -> Tensor:
    """Return rows of data with unknown values, NaN, drawn by the same chains from inferred values."""
    known = ~x.isnan()
    if bool(known.all()):
        return x
    if not network.pairs:
        return draw_unknown(network.top, x, generator)

    def draw(units: Units, inputs: Tensor) -> Tensor:
        return units.sample(inputs, generator)

    rows = network.shown(x)
    for _ in range(n_steps):
        state = [network.up(rows, generator)[-1]] * len(network.top.layers)
        state = network.top.sweep(state, draw, order=(1, 0))
        rows = torch.where(known, x, network.down(state[0], generator)[0])
    return rows


def _bound(network: BeliefNetwork, x: Tensor) -> Tensor:
    if not network.pairs and bool(x.isnan().any()):
        return network.top.bound(x)
    depth = 0

    def draw(units: Units, inputs: Tensor) -> Tensor:
        nonlocal depth
        depth += 1
        rows = inputs.split(_BOUND_SAMPLES)
        return torch.cat([units.sample(row, Generator(depth, x.device)) for row in rows])

    weights = network.weigh(x.repeat_interleave(_BOUND_SAMPLES, 0), draw)
    return weights.view(-1, _BOUND_SAMPLES).mean(1)
