"""The pull of mean-field learning towards rare activity: a cross-entropy of hidden means, by their biases alone."""

import itertools

import pytest
import torch

from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer, mean_field
from tildex.rules import Variational
from tildex.units import Bernoulli

X = torch.tensor([[1, 0, 1, 1], [0, 0, 1, 0], [1, 1, 0, 1]], dtype=torch.float64)
SETTINGS = {"n_mean_field": 200, "tol": 0.0, "centring": None}


def machine(sizes, scale=0.7):
    generator = Generator(3)
    edges = {
        (k, k + 1): Coupling(low, high, generator=generator)
        for k, (low, high) in enumerate(itertools.pairwise(sizes))
    }
    built = BoltzmannMachine([Layer(Bernoulli(), size) for size in sizes], edges).double()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.copy_(scale * generator.normal_like(parameter))
    return built


def gradients(model, rule, progress=0.0):
    rule.progress = progress
    model.zero_grad()
    rule(model, X, Generator(0)).backward()
    return [parameter.grad.clone() for parameter in model.parameters()]


@pytest.mark.parametrize("sizes", [(4, 3), (4, 3, 2)])
def test_the_pull_is_the_gradient_of_a_cross_entropy(sizes):
    """Of -t log m - (1 - t) log(1 - m), t the target, with what other layers say held as mean field left it."""
    model, weight, target = machine(sizes), 0.4, 0.15
    sparse = Variational(**SETTINGS, sparsity=weight, target=target)
    pull = [
        a - b
        for a, b in zip(gradients(model, sparse), gradients(model, Variational(**SETTINGS)), strict=True)
    ]
    with torch.no_grad():
        state = mean_field(model, {0: X}, n_steps=200, tol=0.0)
    biases = [model.layers[k].bias for k in model.hidden]
    logits = torch.cat([model.inputs(k, state) for k in model.hidden], 1)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, torch.full_like(logits, target), reduction="none"
    )
    by_bias = torch.autograd.grad(weight * entropy.sum(1).mean(), biases)
    expected = {id(bias): gradient for bias, gradient in zip(biases, by_bias, strict=True)}
    for parameter, found in zip(model.parameters(), pull, strict=True):
        torch.testing.assert_close(found, expected.get(id(parameter), torch.zeros_like(found)))


def test_units_become_as_rare_as_the_target_says():
    model = machine((4, 3), scale=0.1)
    rule = Variational(**SETTINGS, sparsity=5.0, target=0.1)
    for _ in range(300):
        model.zero_grad()
        rule(model, X, Generator(0)).backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.05 * parameter.grad
    rates = mean_field(model, {0: X}, n_steps=200, tol=0.0)[1].mean(0)
    torch.testing.assert_close(rates, torch.full_like(rates, 0.1), atol=0.03, rtol=0)


def test_the_pull_ends_when_it_is_to_end():
    model, plain = machine((4, 3)), Variational(**SETTINGS)
    rule = Variational(**SETTINGS, sparsity=1.0, sparse_until=0.5)
    for progress, pulls in ((0.0, True), (0.5, True), (0.51, False)):
        pairs = zip(
            gradients(model, rule.copy(), progress), gradients(model, plain.copy(), progress), strict=True
        )
        assert all(torch.equal(a, b) for a, b in pairs) is not pulls
