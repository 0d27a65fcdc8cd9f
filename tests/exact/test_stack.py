"""Growing trains each layer on the code below; unrolling composes, over the same parameters."""

import torch

from tildex.generator import Generator
from tildex.maps import MLP, Coupling, Down, Up
from tildex.models import Conditional, Pair, grow, unroll
from tildex.penalties import Contractive, jacobian
from tildex.shapes import Step
from tildex.units import Bernoulli, Gaussian

X = torch.rand(9, 8, generator=torch.Generator().manual_seed(0))


def mlp(visible, hidden):
    def train(x):
        train.seen = x
        generator = Generator(hidden)
        encoder = MLP([visible, hidden], generator=generator)
        return Pair(
            Conditional(encoder, Bernoulli()),
            Conditional(MLP([hidden, visible], generator=generator), Gaussian()),
        )

    return train


def tied(visible, hidden):
    def train(x):
        train.seen = x
        coupling = Coupling(visible, hidden, generator=Generator(hidden), scale=0.5)
        return Pair(Conditional(Up(coupling), Bernoulli()), Conditional(Down(coupling), Bernoulli()))

    return train


def test_each_layer_sees_the_mean_code_of_the_one_below():
    layers = [mlp(8, 5), tied(5, 4), mlp(4, 2)]
    pairs = grow(layers, X)
    assert torch.equal(layers[0].seen, X)
    assert torch.equal(layers[1].seen, pairs[0].encoder.mean(X))
    assert torch.equal(layers[2].seen, pairs[1].encoder.mean(pairs[0].encoder.mean(X)))
    assert not layers[2].seen.requires_grad


def test_unrolled_is_composed_by_hand():
    first, second, third = pairs = grow([mlp(8, 5), tied(5, 4), mlp(4, 2)], X)
    deep = unroll(pairs)
    code = third.encoder.mean(second.encoder.mean(first.encoder.mean(X)))
    torch.testing.assert_close(deep.encoder.mean(X), code)
    by_hand = first.decoder.mean(second.decoder.mean(third.decoder.mean(code)))
    torch.testing.assert_close(deep.reconstruct(X), by_hand)
    assert deep.decoder.units is first.decoder.units
    assert deep.encoder.units is third.encoder.units


def test_unrolled_shares_its_parameters():
    pairs = grow([mlp(8, 5), tied(5, 4)], X)
    deep = unroll(pairs)
    assert {id(p) for p in deep.parameters()} == {id(p) for pair in pairs for p in pair.parameters()}


def test_contraction_of_a_stack_is_that_of_its_jacobian():
    for layers in ([tied(8, 5)], [tied(8, 5), mlp(5, 3)]):
        deep = unroll(grow(layers, X))
        inputs = deep.encoder.inputs(X)
        step = Step(X, X, inputs, deep.encoder.units.mean(inputs))
        torch.testing.assert_close(
            Contractive(1.0, n_probes=None)(deep, step), jacobian(deep, X).square().sum((1, 2))
        )
