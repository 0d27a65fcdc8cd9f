"""Every penalty is a weighted value a row, decided by model and step alone, whose gradient is right."""

import copy
import math

import pytest
import torch
from torch import distributions

from tildex.generator import Generator
from tildex.maps import MLP, Coupling, Down, Up
from tildex.models import Conditional, Pair
from tildex.penalties import L1, Contractive, KLSparsity, WeightDecay
from tildex.penalties.contractive import jacobian
from tildex.shapes import Step
from tildex.units import Bernoulli, Gaussian

X = torch.rand(6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def mlp_pair(*sizes, code=None, activation="tanh"):
    """Return a pair with a hidden code of logistic units, its biases no longer zero."""
    generator = Generator(1)
    encoder = MLP([5, *sizes, 3], generator=generator, activation=activation)
    decoder = MLP([3, *sizes[::-1], 5], generator=generator, activation=activation)
    pair = Pair(
        Conditional(encoder, (code or Bernoulli()).sized(3)), Conditional(decoder, Gaussian())
    ).double()
    with torch.no_grad():
        for parameter in pair.parameters():
            parameter.add_(0.3 * generator.normal_like(parameter))
    return pair


def tied_pair(code, gain=1.0):
    coupling = Coupling(5, 3, generator=Generator(1), scale=0.7)
    coupling.up_gain = gain
    bias = torch.nn.Parameter(torch.tensor([0.1, -0.4, 0.3]))
    return Pair(Conditional(Up(coupling, bias), code), Conditional(Down(coupling), Gaussian())).double()


def step_of(model, x=X):
    inputs = model.encoder.inputs(x)
    return Step(x, x, inputs, model.encoder.units.mean(inputs))


@pytest.fixture(params=[(), (4,)], ids=["one layer", "two layers"])
def model(request):
    return mlp_pair(*request.param)


def test_one_finite_value_a_row(penalty, model):
    values = penalty(model, step_of(model))
    assert values.shape == (6,)
    assert values.isfinite().all()
    assert (values >= 0).all()
    assert values.sum() > 0


def test_weight_multiplies(penalty, model):
    weights = [name for name in penalty.get_params() if name.split("__")[-1] == "weight"]
    once = penalty(model, step_of(model))
    twice = penalty.copy().set_params(**{name: 2 * penalty.get_params()[name] for name in weights})
    never = penalty.copy().set_params(**dict.fromkeys(weights, 0.0))
    torch.testing.assert_close(twice(model, step_of(model)), 2 * once)
    assert (never(model, step_of(model)) == 0).all()


def test_negative_weight_is_refused(penalty):
    for term in penalty.terms():
        with pytest.raises(ValueError, match="weight must not be negative, got -1"):
            type(term)(weight=-1)


def test_decided_by_model_and_step_alone(penalty, model):
    values = penalty(model, step_of(model))
    assert torch.equal(values, penalty(model, step_of(model)))
    assert torch.equal(values, penalty.copy()(copy.deepcopy(model), step_of(model)))


def test_gradient_agrees_with_finite_differences(penalty, model, directional):
    slope, difference = directional(lambda: penalty(model, step_of(model)).mean(), model.parameters())
    assert slope == pytest.approx(difference, rel=1e-6, abs=1e-9)
    assert abs(slope) > 1e-6


def test_sum_of_terms(penalty, model):
    step = step_of(model)
    total = sum(term(model, step) for term in penalty.terms())
    torch.testing.assert_close(penalty(model, step), total)


@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_contractive_closed_form_is_the_jacobian_norm(elementwise_units, gain):
    for pair in (mlp_pair(code=elementwise_units), tied_pair(elementwise_units.sized(3), gain)):
        expected = jacobian(pair, X).square().sum((1, 2))
        torch.testing.assert_close(Contractive(1.0)(pair, step_of(pair)), expected)


@pytest.mark.parametrize("activation", ["tanh", "logistic", "softplus", "silu"])
def test_jacobian_of_a_deep_encoder_agrees_with_finite_differences(activation):
    pair, step = mlp_pair(4, 6, activation=activation), 1e-6
    moves = step * torch.eye(5, dtype=torch.float64)
    columns = [(pair.encoder.mean(X + m) - pair.encoder.mean(X - m)) / (2 * step) for m in moves]
    torch.testing.assert_close(jacobian(pair, X), torch.stack(columns, -1), atol=1e-8, rtol=1e-6)


def test_contractive_looks_at_what_the_encoder_saw():
    pair = mlp_pair()
    clean, seen = step_of(pair), step_of(pair, 1 - X)
    mixed = Step(X, 1 - X, seen.inputs, seen.hidden)
    torch.testing.assert_close(Contractive()(pair, mixed), Contractive()(pair, seen))
    assert not torch.allclose(Contractive()(pair, mixed), Contractive()(pair, clean))


def test_l1_is_minus_the_log_of_a_laplace_prior():
    hidden = torch.randn(6, 3, dtype=torch.float64)
    prior = distributions.Laplace(torch.tensor(0.0, dtype=torch.float64), 1 / 0.7)
    difference = L1(0.7)(None, Step(X, X, hidden, hidden)) + prior.log_prob(hidden).sum(-1)
    torch.testing.assert_close(difference, torch.full((6,), 3 * math.log(0.35), dtype=torch.float64))


def test_kl_sparsity_is_the_divergence_of_the_mean_activation():
    hidden = torch.rand(6, 3, dtype=torch.float64)
    target = distributions.Bernoulli(torch.tensor(0.05, dtype=torch.float64))
    expected = distributions.kl_divergence(target, distributions.Bernoulli(hidden.mean(0))).sum()
    torch.testing.assert_close(KLSparsity(1.0)(None, Step(X, X, hidden, hidden)), expected.expand(6))


def test_kl_sparsity_refuses_codes_that_are_no_rates():
    hidden = torch.tensor([[1.5, 0.0]])
    with pytest.raises(ValueError, match=r"codes between 0 and 1.*use code=Bernoulli"):
        KLSparsity()(None, Step(X, X, hidden, hidden))


def test_weight_decay_leaves_biases_alone():
    pair = mlp_pair()
    before = WeightDecay()(pair, step_of(pair))
    with torch.no_grad():
        pair.encoder.map.layers[0].bias.add_(1)
    assert torch.equal(WeightDecay()(pair, step_of(pair)), before)
    expected = sum(
        layer.weight.square().sum() for half in (pair.encoder, pair.decoder) for layer in half.map.layers
    )
    torch.testing.assert_close(WeightDecay(2.0)(pair, step_of(pair))[0], expected)
