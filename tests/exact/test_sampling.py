"""No drift: chains that start exactly at a machine's distribution stay there, whatever sweeps them."""

import pytest
import torch

from tildex.generator import Generator

CHAINS, SWEEPS = 20_000, 4


def gibbs(generator):
    return lambda units, inputs: units.sample(inputs, generator)


def expected(joint, moments, machine, keep=None, beta=1.0):
    """Return the exact mean and variance of every moment."""
    states, log_weight = joint(machine, beta)
    if keep is not None:
        log_weight = torch.where(keep(states), log_weight, -torch.inf)
    p, values = log_weight.softmax(0), moments(states)
    mean = p @ values
    return mean, p @ (values - mean).square()


@torch.no_grad()
def test_pairs_do_not_drift(rbm, joint, exact_draws, moments, close, unit_pair):
    machine, generator = rbm(unit_pair), Generator(0)
    start, exact = exact_draws(machine, CHAINS, generator), expected(joint, moments, machine)
    # What takes the time is to enumerate: all orders begin at the same draws.
    for order in [(1, 0), (0, 1), (0,), (1,)]:
        state = start
        for _ in range(SWEEPS):
            state = machine.sweep(state, gibbs(generator), order=order)
        close(moments(state), *exact, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize(
    ("sizes", "edges"),
    [([3, 2, 2], [(0, 1), (1, 2)]), ([2, 2, 2, 2], [(0, 1), (1, 2), (1, 3)])],
    ids=["chain", "branches"],
)
def test_graphs_do_not_drift(graph, joint, exact_draws, moments, close, sizes, edges):
    machine, generator = graph(sizes, edges, scale=1.5), Generator(0)
    state = exact_draws(machine, CHAINS, generator)
    for _ in range(SWEEPS):
        state = machine.sweep(state, gibbs(generator))
    close(moments(state), *expected(joint, moments, machine))


@torch.no_grad()
def test_strong_couplings_do_not_drift(rbm, joint, exact_draws, moments, close, finite_units):
    machine, generator = rbm((finite_units, finite_units), scale=2.5), Generator(0)
    state = exact_draws(machine, CHAINS, generator)
    for _ in range(SWEEPS):
        state = machine.sweep(state, gibbs(generator))
    close(moments(state), *expected(joint, moments, machine))


@torch.no_grad()
def test_chains_reach_the_distribution_from_anywhere(rbm, joint, moments, close, finite_units):
    machine, generator = rbm((finite_units, finite_units), scale=0.5), Generator(0)
    # One and the same value for all: the most likely one without inputs, which has a length where rows have lengths.
    nothing = torch.zeros(CHAINS, machine.layers[0].size, dtype=torch.float64)
    state = [layer.units.mode(nothing[:, : layer.size]) for layer in machine.layers]
    for _ in range(60):
        state = machine.sweep(state, gibbs(generator))
    close(moments(state), *expected(joint, moments, machine))


@torch.no_grad()
def test_the_temperature_reaches_the_sweep(rbm, joint, moments, close, finite_units):
    machine, generator = rbm((finite_units, finite_units), scale=1.5), Generator(0)
    # One and the same value for all: the most likely one without inputs, which has a length where rows have lengths.
    nothing = torch.zeros(CHAINS, machine.layers[0].size, dtype=torch.float64)
    state = [layer.units.mode(nothing[:, : layer.size]) for layer in machine.layers]
    for _ in range(60):
        state = machine.sweep(state, gibbs(generator), beta=0.3)
    close(moments(state), *expected(joint, moments, machine, beta=0.3))


@torch.no_grad()
def test_clamped_sweeps_sample_the_conditional(rbm, joint, exact_draws, moments, close, finite_units):
    machine, generator = rbm((finite_units, finite_units), scale=1.0), Generator(0)
    group, size = finite_units.group, machine.layers[0].size
    known = torch.arange(size) < 2 * group
    values = finite_units.mode(torch.randn(size, generator=torch.Generator().manual_seed(1)).double())

    def keep(states):
        return (states[0][:, known] == values[known]).all(1)

    clamp = {0: (values.expand(CHAINS, -1), known.expand(CHAINS, -1))}
    state = exact_draws(machine, CHAINS, generator, keep)
    for _ in range(SWEEPS):
        state = machine.sweep(state, gibbs(generator), clamp=clamp)
        assert keep(state).all()
    close(moments(state), *expected(joint, moments, machine, keep))


@torch.no_grad()
def test_a_layer_known_whole_is_put_back(rbm, finite_units):
    machine = rbm((finite_units, finite_units))
    values = finite_units.sample(machine.layers[0].base.expand(7, -1), Generator(0))
    clamp = {0: (values, torch.ones_like(values, dtype=torch.bool))}
    state = machine.sweep([torch.zeros_like(values)] * 2, gibbs(Generator(0)), order=(0, 1), clamp=clamp)
    assert torch.equal(state[0], values)
    assert torch.equal(state[1], machine.layers[1].units.sample(machine.inputs(1, state), Generator(0)))
