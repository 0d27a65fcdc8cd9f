"""Machines small enough to enumerate, and their joint distribution added up without help from the library."""

import itertools

import pytest
import torch

from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer
from tildex.units import Bernoulli


@pytest.fixture
def rbm():
    """Make a machine of two layers: some variables where a family is finite, and one where it is not."""

    def make(pair, *, scale=0.8, variables=(4, 3), seed=0):
        sizes = [n * u.group if u.finite else u.group for u, n in zip(pair, variables, strict=True)]
        return randomised([Layer(u, n) for u, n in zip(pair, sizes, strict=True)], [(0, 1)], scale, seed)

    return make


@pytest.fixture
def graph():
    """Make a machine of several binary layers from its sizes and edges."""

    def make(sizes, edges, *, scale=0.8, seed=0):
        return randomised([Layer(Bernoulli(), size) for size in sizes], edges, scale, seed)

    return make


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
def joint():
    """Return every joint state of a machine, a list of layers' values, and the log of each one's weight.

    The weight is the exponential of minus the energy, times the width of the grid for units of a continuum.
    """

    @torch.no_grad()
    def enumerate_states(machine, beta=1.0):
        endless = [k for k, layer in enumerate(machine.layers) if not layer.units.finite]
        tables = [finite_states(layer) for k, layer in enumerate(machine.layers) if k not in endless]
        index = itertools.product(*(range(len(table)) for table in tables))
        columns = torch.tensor(list(index)).unbind(1)
        states = [table[column] for table, column in zip(tables, columns, strict=True)]
        if not endless:
            return states, -machine.energy(states, beta)
        (k,) = endless
        return with_grid(machine, k, states[0], beta)

    return enumerate_states


def finite_states(layer):
    units = layer.units
    values, _ = units.nodes(torch.zeros(units.group, dtype=torch.float64))
    digits = list(itertools.product(range(len(values)), repeat=layer.size // units.group))
    return values[torch.tensor(digits)].flatten(1)


def with_grid(machine, k, others, beta):
    """Join every state of the finite layer with a grid over the one variable of the other layer."""
    states, weights = [[], []], []
    for other in others:
        given = [other[None], other[None]]
        points, width = machine.layers[k].units.nodes(machine.inputs(k, given, beta)[0])
        state = [other.expand(len(points), -1)] * 2
        state[k] = points
        for layer, values in zip(states, state, strict=True):
            layer.append(values)
        weights.append(width.log() - machine.energy(state, beta))
    return [torch.cat(layer) for layer in states], torch.cat(weights)


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
