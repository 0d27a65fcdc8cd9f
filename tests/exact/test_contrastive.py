"""Chains that begin at the data: contrastive divergence with two layers, one exact sweep in a deep machine."""

import itertools

import pytest
import torch

from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer, infer
from tildex.rules import CD, Variational
from tildex.units import Bernoulli

X = torch.tensor([[1, 0, 1, 1], [0, 0, 1, 0]], dtype=torch.float64)


def machine(edges, sizes, visible=(0,)):
    generator = Generator(3)
    layers = [Layer(Bernoulli(), size) for size in sizes]
    couplings = {(low, high): Coupling(sizes[low], sizes[high], generator=generator) for low, high in edges}
    built = BoltzmannMachine(layers, couplings, visible).double()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.copy_(generator.normal_like(parameter))
    return built


def gradients(rule, model, x, seed=0):
    found = {id(parameter): gradient for parameter, gradient in rule(model, x, Generator(seed)).gradients}
    return [found[id(parameter)] for parameter in model.parameters()]


def test_a_machine_of_two_layers_learns_by_contrastive_divergence():
    model = machine([(0, 1)], (4, 3))
    rule, rows = Variational(2, centring=None, persistent=False), X.repeat(50, 1)
    torch.testing.assert_close(gradients(rule, model, rows), gradients(CD(2), model, rows))
    assert rule.get_state() == {}


def test_the_visible_layer_may_be_in_parts():
    whole, halves = machine([(0, 1)], (4, 3)), machine([(0, 2), (1, 2)], (2, 2, 3), visible=(0, 1))
    with torch.no_grad():
        for k, part in enumerate((slice(0, 2), slice(2, 4))):
            halves.couplings[k].weight.copy_(whole.couplings[0].weight[:, part])
            halves.layers[k].bias.copy_(whole.layers[0].bias[part])
        halves.layers[2].bias.copy_(whole.layers[1].bias)
    rule = Variational(1, centring=None, persistent=False)
    rows = X.repeat(40_000, 1)
    of_halves = {id(p): g for p, g in rule(halves, rows, Generator(0)).gradients}
    of_whole = {id(p): g for p, g in CD(1)(whole, rows, Generator(1)).gradients}
    joined = torch.cat([of_halves[id(coupling.weight)] for coupling in halves.couplings], 1)
    torch.testing.assert_close(joined, of_whole[id(whole.couplings[0].weight)], atol=0.01, rtol=0)


def test_a_deep_machine_moves_one_sweep_from_its_mean_field():
    """Every state of the first hidden layer, as likely as its mean field says, and all that one sweep makes of it."""
    model, row = machine([(0, 1), (1, 2)], (4, 3, 2)), X[:1]
    data = infer(model, row, n_steps=10, tol=0.0)
    h = torch.tensor(list(itertools.product([0.0, 1.0], repeat=3)), dtype=torch.float64)
    q = torch.distributions.Bernoulli(logits=model.inputs(1, data)).log_prob(h).sum(1).exp()
    expected = torch.zeros(3, 4, dtype=torch.float64)
    for state, weight in zip(h, q, strict=True):
        v = torch.tensor(list(itertools.product([0.0, 1.0], repeat=4)), dtype=torch.float64)
        top = torch.tensor(list(itertools.product([0.0, 1.0], repeat=2)), dtype=torch.float64)
        at = [torch.zeros(1, 4).double(), state[None], torch.zeros(1, 2).double()]
        p_v = torch.distributions.Bernoulli(logits=model.inputs(0, at)).log_prob(v).sum(1).exp()
        p_top = torch.distributions.Bernoulli(logits=model.inputs(2, at)).log_prob(top).sum(1).exp()
        for (one, p), (other, r) in itertools.product(zip(v, p_v, strict=True), zip(top, p_top, strict=True)):
            means = model.inputs(1, [one[None], state[None], other[None]]).sigmoid()[0]
            expected += weight * p * r * torch.outer(means, one)
    rule = Variational(1, tol=0.0, centring=None, persistent=False)
    found = gradients(rule, model, row.repeat(100_000, 1))
    place = [id(parameter) for parameter in model.parameters()].index(id(model.couplings[0].weight))
    wanted = (expected - torch.outer(data[1][0], row[0])).detach()
    torch.testing.assert_close(found[place], wanted, atol=0.01, rtol=0)


def test_a_number_of_chains_is_of_those_that_persist():
    with pytest.raises(ValueError, match="n_chains needs persistent=True"):
        Variational(n_chains=10, persistent=False)
