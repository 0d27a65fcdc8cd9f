"""Energies, free energies, partition functions and gradients against sums over every joint state."""

import pytest
import torch

from tildex.evaluate import enumerable, log_likelihood, log_partition
from tildex.generator import Generator
from tildex.maps import Coupling, Down, Up
from tildex.models import BoltzmannMachine, Conditional, Layer, Pair
from tildex.units import Bernoulli, DiagonalGaussian, Gaussian

GRAPHS = [
    ([4, 3, 2], [(0, 1), (1, 2)]),
    ([2, 3, 2, 2], [(0, 1), (1, 2), (1, 3)]),
    ([2, 2, 3, 2], [(0, 2), (1, 2), (1, 3)]),
]


def by_hand(machine, state, beta):
    """Return the energy written out: couplings count beta-fold, biases lie between base and bias."""
    total = 0.0
    for layer, x in zip(machine.layers, state, strict=True):
        total = total + layer.units.energy(x) - x @ (beta * layer.bias + (1 - beta) * layer.base)
    for (low, high), coupling in zip(machine.edges, machine.couplings, strict=True):
        total = total - beta * torch.einsum("bh,hv,bv->b", state[high], coupling.weight, state[low])
    return total


@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_energy_of_a_pair(rbm, joint, unit_pair, beta):
    machine = rbm(unit_pair)
    states, _ = joint(machine)
    torch.testing.assert_close(machine.energy(states, beta), by_hand(machine, states, beta))


@pytest.mark.parametrize("beta", [1.0, 0.3])
@pytest.mark.parametrize(("sizes", "edges"), GRAPHS)
def test_energy_of_a_graph(graph, joint, sizes, edges, beta):
    machine = graph(sizes, edges)
    states, _ = joint(machine)
    torch.testing.assert_close(machine.energy(states, beta), by_hand(machine, states, beta))


@torch.no_grad()
@pytest.mark.parametrize("beta", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("side", [0, 1])
def test_log_marginal_sums_the_other_side_out(rbm, support, unit_pair, side, beta):
    machine = rbm(unit_pair)
    units, other = machine.layers[side].units, 1 - side
    draws = units.sample(machine.layers[side].base.expand(9, -1), Generator(0))
    expected = []
    for x in draws:
        points, log_widths = support(machine, other, [x[None], x[None]], beta)
        state = [x.expand(len(points), -1)] * 2
        state[other] = points
        expected.append((log_widths - machine.energy(state, beta)).logsumexp(0))
    torch.testing.assert_close(machine.log_marginal([draws, draws], side, beta=beta), torch.stack(expected))


def test_log_partition_of_a_pair(rbm, joint, unit_pair):
    machine = rbm(unit_pair)
    assert log_partition(machine) == pytest.approx(float(joint(machine)[1].logsumexp(0)), abs=1e-6)


@pytest.mark.parametrize(("sizes", "edges"), GRAPHS)
def test_log_partition_of_a_graph(graph, joint, sizes, edges):
    machine = graph(sizes, edges)
    assert log_partition(machine) == pytest.approx(float(joint(machine)[1].logsumexp(0)), abs=1e-9)


@torch.no_grad()
def test_both_sides_enumerate_alike(rbm, support, unit_pair):
    machine = rbm(unit_pair)
    for side in (0, 1):
        if machine.layers[side].units.finite:
            points, _ = support(machine, side, None)
            total = machine.log_marginal([points, points], side).logsumexp(0)
            assert log_partition(machine) == pytest.approx(float(total), abs=1e-9)


def test_base_log_partition(rbm, joint, unit_pair):
    machine = rbm(unit_pair)
    exact = float(joint(machine, beta=0.0)[1].logsumexp(0))
    assert float(machine.base_log_partition().detach()) == pytest.approx(exact, abs=1e-6)


def test_probabilities_of_rows_sum_to_one(rbm, support, unit_pair):
    machine = rbm(unit_pair)
    if machine.layers[0].units.finite:
        points, _ = support(machine, 0, None)
        assert float(log_likelihood(machine, points).exp().sum()) == pytest.approx(1)


def test_gradient_of_the_likelihood(rbm, support, unit_pair, directional):
    machine = rbm(unit_pair)
    side = 0 if unit_pair[0].finite else 1
    points, _ = support(machine, side, None)
    x = machine.layers[0].units.sample(machine.layers[0].base.expand(6, -1), Generator(0)).detach()

    def mean_log_likelihood():
        return machine.log_marginal([x, x]).mean() - machine.log_marginal([points, points], side).logsumexp(0)

    slope, difference = directional(mean_log_likelihood, machine.parameters())
    assert slope == pytest.approx(difference, rel=1e-5, abs=1e-8)
    assert float(mean_log_likelihood().detach()) == pytest.approx(float(log_likelihood(machine, x).mean()))


def test_large_machines_are_refused():
    machine = BoltzmannMachine(
        [Layer(Bernoulli(), 30), Layer(Bernoulli(), 26)], {(0, 1): Coupling(30, 26, generator=Generator(0))}
    )
    assert not enumerable(machine)
    with pytest.raises(
        ValueError, match=r"at most 2\^25 joint states, the smaller one has 2\^26.*importance"
    ):
        log_partition(machine)


def test_both_conditionals_are_those_of_the_joint(rbm, joint, unit_pair):
    machine = rbm(unit_pair)
    v, h = (layer.units.sample(layer.base.expand(9, -1), Generator(0)) for layer in machine.layers)
    pair, energy = machine.pair(), machine.energy([v, h])
    given_v = machine.log_marginal([v, h], 0) + pair.encoder.log_prob(h, v)
    given_h = machine.log_marginal([v, h], 1) + pair.decoder.log_prob(v, h)
    torch.testing.assert_close(given_v, -energy)
    torch.testing.assert_close(given_h, -energy)


def test_a_tied_autoencoder_holds_the_same_two_conditionals(rbm, unit_pair):
    machine = rbm(unit_pair)
    (visible, hidden), (coupling,) = machine.layers, machine.couplings
    tied = Pair(
        Conditional(Up(coupling, hidden.bias), hidden.units),
        Conditional(Down(coupling, visible.bias), visible.units),
    )
    x = visible.units.sample(visible.base.expand(9, -1), Generator(0))
    up, both = (
        machine.sweep([x, x], lambda units, inputs: units.mean(inputs), order=order)
        for order in ((1,), (1, 0))
    )
    for pair in (tied, machine.pair()):
        torch.testing.assert_close(pair.encoder.mean(x), up[1])
        torch.testing.assert_close(pair.reconstruct(x), both[0])
        assert pair.encoder.map.coupling is pair.decoder.map.coupling is coupling


def layers(*units):
    return [Layer(u, 2 * u.group) for u in units]


def coupling(low=2, high=2):
    return Coupling(low, high, generator=Generator(0))


def test_odd_cycles_are_refused():
    edges = {edge: coupling() for edge in ((0, 1), (1, 2), (0, 2))}
    with pytest.raises(ValueError, match="odd cycle"):
        BoltzmannMachine(layers(Bernoulli(), Bernoulli(), Bernoulli()), edges)


def test_edges_between_unbounded_layers_are_refused(units, repeated):
    if units.arity == 1 and not units.bounded:
        with pytest.raises(ValueError, match="both unbounded"):
            pair = [Layer(Gaussian(), 2), Layer(units, repeated(units, 2) * units.group)]
            BoltzmannMachine(pair, {(0, 1): coupling(2, pair[1].size)})


def test_units_of_two_inputs_are_refused():
    with pytest.raises(
        ValueError, match=r"DiagonalGaussian\(\) units take 2 inputs each and a coupling gives one"
    ):
        Layer(DiagonalGaussian(), 3)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"weights of shape \(2, 2\), got \(3, 2\)"):
        BoltzmannMachine(layers(Bernoulli(), Bernoulli()), {(0, 1): coupling(2, 3)})


def test_unequal_gains_have_no_energy():
    joined = coupling()
    machine = BoltzmannMachine(layers(Bernoulli(), Bernoulli()), {(0, 1): joined})
    joined.up_gain = 2.0
    with pytest.raises(ValueError, match="gains 2 up and 1 down have no joint distribution"):
        machine.energy([torch.zeros(1, 2)] * 2)
    x = torch.ones(1, 2)
    torch.testing.assert_close(machine.inputs(1, [x, x]), 2 * x @ joined.weight.t())
    torch.testing.assert_close(machine.inputs(0, [x, x]), x @ joined.weight)


def test_deep_machines_are_no_pair(graph):
    with pytest.raises(ValueError, match="two layers joined once"):
        graph([2, 2, 2], [(0, 1), (1, 2)]).pair()


def test_layers_start_at_the_means_of_the_data(single_units, repeated):
    size = repeated(single_units, 3) * single_units.group
    inputs = torch.randn(size, generator=torch.Generator().manual_seed(0))
    mean = single_units.mean(inputs)
    layer = Layer(single_units, size, mean=mean)
    torch.testing.assert_close(layer.units.mean(layer.bias), mean)
    assert torch.equal(layer.base, layer.bias)
