"""Machines small enough to enumerate, and their joint distribution added up without help from the library."""

import itertools
import math

import pytest
import torch

from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer
from tildex.units import Bernoulli


@pytest.fixture
def rbm(repeated):
    """Make a machine of two layers: some variables where a family is finite, and one where it is not."""

    def make(pair, *, scale=0.8, variables=(4, 3), seed=0):
        sizes = [
            repeated(u, min(n, most(u))) * u.group if u.finite else u.group
            for u, n in zip(pair, variables, strict=True)
        ]
        return randomised([Layer(u, n) for u, n in zip(pair, sizes, strict=True)], [(0, 1)], scale, seed)

    return make


@pytest.fixture
def graph():
    """Make a machine of several binary layers from its sizes and edges."""

    def make(sizes, edges, *, scale=0.8, seed=0):
        return randomised([Layer(Bernoulli(), size) for size in sizes], edges, scale, seed)

    return make


def most(units):
    """Return of how many variables a layer has at most some hundred joint states."""
    values, _ = units.nodes(torch.zeros(units.group))
    return max(1, int(math.log(128) / math.log(len(values))))


def randomised(layers, edges, scale, seed):
    generator = Generator(seed)
    joined = {
        (low, high): Coupling(layers[low].size, layers[high].size, generator=generator) for low, high in edges
    }
    machine = BoltzmannMachine(layers, joined).double()
    with torch.no_grad():
        for tensor in (*machine.parameters(), *(layer.base for layer in machine.layers)):
            tensor.copy_(scale * generator.normal_like(tensor))
    return machine


@pytest.fixture
def support():
    """Return the values of a layer given its neighbours', and the log of the width that each stands for."""
    return support_of


def support_of(machine, k, state, beta=1.0):
    layer = machine.layers[k]
    units = layer.units
    if not units.finite:
        points, widths = units.nodes(machine.inputs(k, state, beta)[0].detach())
        return points, widths.log()
    values, _ = units.nodes(torch.zeros(units.group, dtype=torch.float64))
    digits = list(itertools.product(range(len(values)), repeat=layer.size // units.group))
    points = values[torch.tensor(digits)].flatten(1)
    return points, torch.zeros(len(points), dtype=torch.float64)


@pytest.fixture
def joint():
    """Return every joint state of a machine, a list of layers' values, and the log of each one's weight."""

    @torch.no_grad()
    def enumerate_states(machine, beta=1.0):
        # The one endless layer comes last: its grid lies where the others' values put it.
        order = sorted(range(len(machine.layers)), key=lambda k: not machine.layers[k].units.finite)
        rows = [([layer.bias[None] for layer in machine.layers], torch.zeros(1, dtype=torch.float64))]
        for k in order:
            rows = [_extended(machine, k, *row, beta) for row in _split(rows, machine.layers[k])]
        states = [torch.cat(layer) for layer in zip(*(state for state, _ in rows), strict=True)]
        return states, torch.cat([width for _, width in rows]) - machine.energy(states, beta)

    return enumerate_states


def _split(rows, layer):
    """Take rows one at a time where a layer's grid depends on them."""
    for state, width in rows:
        if layer.units.finite:
            yield state, width
        else:
            yield from (([x[i : i + 1] for x in state], width[i : i + 1]) for i in range(len(width)))


def _extended(machine, k, state, width, beta):
    points, log_widths = support_of(machine, k, state, beta)
    state = [x.repeat_interleave(len(points), 0) for x in state]
    state[k] = points.repeat(len(width), 1)
    return state, width.repeat_interleave(len(points)) + log_widths.repeat(len(width))


@pytest.fixture
def exact_draws(joint):
    """Draw states of a machine of which at least one side is finite, exactly from its distribution."""

    @torch.no_grad()
    def draw(machine, n, generator, keep=None):
        states, log_weight = joint(machine)
        if keep is not None:
            log_weight = torch.where(keep(states), log_weight, -torch.inf)
        cumulative = log_weight.softmax(0).cumsum(0)
        chosen = torch.searchsorted(cumulative, generator.uniform(n, dtype=torch.float64))
        chosen.clamp_(max=len(cumulative) - 1)
        drawn = [layer[chosen] for layer in states]
        for k, layer in enumerate(machine.layers):
            if not layer.units.finite:
                drawn[k] = layer.units.sample(machine.inputs(k, drawn), generator)
        return drawn

    return draw


@pytest.fixture
def moments():
    """Return every unit and every product of two units, shape (rows, moments)."""

    def of(states):
        units = torch.cat(list(states), 1)
        i, j = torch.triu_indices(units.shape[1], units.shape[1])
        return torch.cat([units, units[:, i] * units[:, j]], 1)

    return of
