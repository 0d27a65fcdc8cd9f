"""Every penalty is a weighted value a row, decided by model and step alone, whose gradient is right."""

import copy
import math

import pytest
import torch
from torch import distributions

from tildex.generator import Generator
from tildex.maps import MLP, Coupling, Down, Up
from tildex.models import Conditional, Pair
from tildex.models.stack import Chain
from tildex.penalties import (
    L0,
    L1,
    Contractive,
    JacobianChange,
    KLSparsity,
    Revive,
    VirtualAdversarial,
    WeightDecay,
    jacobian,
)
from tildex.rules import Reconstruction
from tildex.shapes import Step
from tildex.units import Bernoulli, Categorical, DiagonalGaussian, Gaussian, JumpReLU, Rectified, TopK

X = torch.rand(6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def mlp_pair(*sizes, code=None, activation="tanh", outputs=3):
    """Return a pair with a hidden code of logistic units, its biases no longer zero."""
    generator = Generator(1)
    encoder = MLP([5, *sizes, outputs], generator=generator, activation=activation)
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


def step_of(model, x=X, seed=0):
    inputs = model.encoder.inputs(x)
    # What the decoder said is given here: a penalty looks at the error that is there.
    return Step(x, x, inputs, model.encoder.units.mean(inputs), Generator(seed), torch.full_like(x, 0.3))


def slopes_by_differences(model, x=X, step=1e-6):
    """Return the Jacobian at each row from central differences."""
    moves = step * torch.eye(x.shape[1], dtype=x.dtype)
    mean = model.encoder.mean
    return torch.stack([(mean(x + m) - mean(x - m)) / (2 * step) for m in moves], -1).detach()


def opaque(model):
    """Return the same model with an encoder that does not show its layers."""
    encoder = Conditional(Chain([model.encoder]), model.encoder.units)
    return Pair(encoder, model.decoder)


# The codes that penalties are made for, where these are not all.
CODES = {L0: JumpReLU(threshold=0.1, bandwidth=5.0), Revive: Rectified()}


@pytest.fixture(params=[(), (4,)], ids=["one layer", "two layers"])
def model(request, penalty):
    pair = mlp_pair(*request.param, code=CODES.get(type(penalty)))
    if isinstance(penalty, Revive):
        pair.encoder.units.silent[1:] = penalty.after
    return pair


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
    if isinstance(penalty, VirtualAdversarial):
        # What it is held to, and where, counts as given; a test of its own takes the divergence from elsewhere.
        kept = model.reconstruct(X).detach()
        worst = penalty.worst(model, X, kept, Generator(0))
        again = model.decoder.log_prob(kept, model.encoder.mean(X)).detach()
        slope, _ = directional(lambda: penalty(model, step_of(model)).mean(), model.parameters())
        _, difference = directional(
            lambda: (again - model.decoder.log_prob(kept, model.encoder.mean(worst))).mean(),
            model.parameters(),
        )
    else:
        slope, difference = directional(lambda: penalty(model, step_of(model)).mean(), model.parameters())
    assert slope == pytest.approx(difference, rel=1e-6, abs=1e-9)
    assert abs(slope) > 1e-6


def test_sum_of_terms(penalty, model):
    step = step_of(model)
    total = sum(term(model, step) for term in penalty.terms())
    torch.testing.assert_close(penalty(model, step_of(model)), total)


@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_contractive_closed_form_is_the_jacobian_norm(elementwise_units, gain):
    for pair in (mlp_pair(code=elementwise_units), tied_pair(elementwise_units.sized(3), gain)):
        expected = jacobian(opaque(pair), X).square().sum((1, 2))
        torch.testing.assert_close(Contractive(1.0)(pair, step_of(pair)), expected)


@pytest.mark.parametrize("sizes", [(), (4,), (4, 6)], ids=str)
@pytest.mark.parametrize("activation", ["tanh", "logistic", "softplus", "silu", "identity"])
def test_jacobian_agrees_with_finite_differences(activation, sizes):
    pair = mlp_pair(*sizes, activation=activation)
    expected = slopes_by_differences(pair)
    for model in (pair, opaque(pair)):
        torch.testing.assert_close(jacobian(model, X), expected, atol=1e-8, rtol=1e-6)


# The third is wider than its input, so that a Gram matrix would not pay.
@pytest.mark.parametrize("sizes", [(4,), (4, 6), (9, 3)], ids=str)
@pytest.mark.parametrize("code", [Bernoulli(), Gaussian(2.0), Categorical(3), DiagonalGaussian()], ids=repr)
def test_exact_norms_of_deep_encoders_agree_with_finite_differences(sizes, code):
    pair = mlp_pair(*sizes, code=code, outputs=3 * code.arity)
    expected = slopes_by_differences(pair).square().sum((1, 2))
    exact = Contractive(1.0, n_probes=None)
    for model in (pair, opaque(pair)):
        torch.testing.assert_close(exact(model, step_of(model)), expected, atol=1e-8, rtol=1e-6)
    moved = X + 0.3 * Generator(0).normal_like(X)
    change = (slopes_by_differences(pair) - slopes_by_differences(pair, moved)).square().sum((1, 2))
    bend = JacobianChange(1.0, scale=0.3, n_probes=None)
    for model in (pair, opaque(pair)):
        torch.testing.assert_close(bend(model, step_of(model)), change, atol=1e-8, rtol=1e-5)


@pytest.mark.parametrize("shown", [True, False], ids=["layers", "opaque"])
@pytest.mark.parametrize("penalty", [Contractive(1.0), JacobianChange(1.0, scale=0.3)], ids=repr)
@pytest.mark.parametrize("n_probes", [1, 3])
def test_estimates_are_the_exact_norm_on_average(close, penalty, n_probes, shown):
    pair = mlp_pair(4, 6)
    model = pair if shown else opaque(pair)
    generator = Generator(0)
    many = X[:2].repeat_interleave(4000, 0)
    inputs = model.encoder.inputs(many)
    step = Step(many, many, inputs, model.encoder.units.mean(inputs), generator)
    with torch.no_grad():
        estimates = penalty.set_params(n_probes=n_probes)(model, step).view(2, 4000)
        exact = penalty.set_params(n_probes=None)(model, step).view(2, 4000)
    assert estimates.std(1).min() > 0
    # The change's exact norm is random too: through its noise.
    close(estimates.t(), exact.mean(1), estimates.var(1) + exact.var(1))


def test_the_change_of_one_layer_is_that_of_its_jacobian():
    pair = mlp_pair()
    moved = X + 0.2 * Generator(0).normal_like(X)
    change = slopes_by_differences(pair) - slopes_by_differences(pair, moved)
    found = JacobianChange(1.0, scale=0.2)(pair, step_of(pair))
    torch.testing.assert_close(found, change.square().sum((1, 2)), atol=1e-8, rtol=1e-5)


@pytest.mark.parametrize("sizes", [(), (4,)], ids=str)
def test_for_small_noise_the_change_is_the_norm_of_all_second_derivatives(close, sizes):
    pair, scale = mlp_pair(*sizes), 1e-3
    row = X[:1]
    bent = torch.func.jacrev(torch.func.jacrev(lambda x: pair.encoder.mean(x[None])[0]))
    second = bent(row[0]).square().sum().detach()
    penalty = JacobianChange(1 / scale**2, scale=scale, n_probes=None)
    with torch.no_grad():
        changes = penalty(pair, step_of(pair, row.expand(4000, -1)))
    close(changes, second, atol=1e-3 * float(second))


def test_draws_of_the_change_are_averaged():
    pair, step = mlp_pair(4), step_of(mlp_pair(4))
    generator = Generator(0)
    once = [JacobianChange(1.0)(pair, Step(X, X, step.inputs, step.hidden, generator)) for _ in range(3)]
    together = JacobianChange(1.0, n_draws=3)(pair, step)
    torch.testing.assert_close(together, torch.stack(once).mean(0))


@pytest.mark.parametrize("penalty", [Contractive(), JacobianChange()], ids=repr)
def test_estimates_need_a_generator(penalty):
    pair, step = mlp_pair(4), step_of(mlp_pair(4))
    with pytest.raises(ValueError, match="a step with a generator"):
        penalty(pair, Step(X, X, step.inputs, step.hidden))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Contractive(n_probes=0),
        lambda: JacobianChange(n_probes=0),
        lambda: JacobianChange(scale=0.0),
        lambda: JacobianChange(n_draws=0),
    ],
    ids=["probes", "probes of the change", "scale", "draws"],
)
def test_impossible_settings_are_refused(make):
    with pytest.raises(ValueError, match=r"must be .*, got 0"):
        make()


def test_contractive_looks_at_what_the_encoder_saw():
    pair = mlp_pair()
    clean, seen = step_of(pair), step_of(pair, 1 - X)
    mixed = Step(X, 1 - X, seen.inputs, seen.hidden, Generator(0))
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


def test_l1_makes_the_loss_minus_the_log_of_the_joint_probability():
    """Maximum a posteriori: the code that the loss asks for is the likeliest one, given the row, under the prior."""
    pair, weight = mlp_pair(code=Gaussian()), 0.7
    prior = distributions.Laplace(torch.tensor(0.0, dtype=torch.float64), 1 / weight)
    for x in (X, 1 - X):
        hidden = pair.encoder.mean(x)
        joint = pair.decoder.log_prob(x, hidden) + prior.log_prob(hidden).sum(-1)
        constant = 3 * math.log(weight / 2)
        loss = Reconstruction(penalty=L1(weight))(pair, x, Generator(0)).total
        torch.testing.assert_close(loss, (constant - joint).mean())


def test_l1_of_codes_that_are_not_negative_is_minus_the_log_of_an_exponential_prior():
    hidden = torch.rand(6, 3, dtype=torch.float64)
    prior = distributions.Exponential(torch.tensor(0.7, dtype=torch.float64))
    difference = L1(0.7)(None, Step(X, X, hidden, hidden)) + prior.log_prob(hidden).sum(-1)
    torch.testing.assert_close(difference, torch.full((6,), 3 * math.log(0.7), dtype=torch.float64))


def test_the_likeliest_code_of_a_gaussian_row_is_a_soft_threshold():
    """One unit of unit length: the code that the loss makes best is the inner product, less lambda, or zero."""
    w, weight = torch.tensor([0.6, 0.8], dtype=torch.float64), 0.5
    grid = torch.linspace(-4, 4, 80_001, dtype=torch.float64)[:, None]
    for x in torch.randn(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64):
        step = Step(x.expand(len(grid), 2), x, grid, grid)
        loss = -Gaussian().log_prob(step.x, grid * w) + L1(weight)(None, step)
        found, inner = float(grid[loss.argmin()]), float(w @ x)
        assert found == pytest.approx(math.copysign(max(abs(inner) - weight, 0.0), inner), abs=1e-4)


def test_l0_counts_units_far_from_their_thresholds_and_its_price_rises():
    pair = mlp_pair(code=JumpReLU(threshold=1.0, bandwidth=0.1))
    inputs = torch.tensor([[2.0, 0.5, -1.0], [3.0, 4.0, 5.0]], dtype=torch.float64)
    steps = [Step(X, X, inputs, inputs, progress=progress) for progress in (0.0, 0.1, 0.2, 1.0)]
    for step, risen in zip(steps, (0.0, 0.5, 1.0, 1.0), strict=True):
        expected = risen * torch.tensor([1.0, 3.0], dtype=torch.float64)
        torch.testing.assert_close(L0(1.0, warmup=0.2)(pair, step), expected)
    torch.testing.assert_close(
        L0(1.0, warmup=0.0)(pair, steps[0]), torch.tensor([1.0, 3.0], dtype=torch.float64)
    )


@pytest.mark.parametrize("sizes", [(), (4,)], ids=["one layer", "two layers"])
def test_revive_lets_silent_units_alone_explain_what_is_left(sizes):
    pair = mlp_pair(*sizes, code=TopK(1))
    pair.encoder.units.silent[1:] = 500
    step = step_of(pair)
    residual = X - 0.3
    silent = torch.tensor([1, 2])
    alive = step.hidden.index_fill(1, silent, 0.0)
    added = pair.decoder.inputs(alive.index_copy(1, silent, step.inputs[:, 1:])) - pair.decoder.inputs(alive)
    expected = 0.5 * (residual - added).square().sum(-1)
    torch.testing.assert_close(Revive(1.0, after=500, n_units=2)(pair, step), expected)
    assert (Revive(1.0, after=501, n_units=2)(pair, step) == 0).all()
    Revive(1.0, after=500, n_units=2)(pair, step).sum().backward()
    moved = pair.encoder.map.layers[-1].weight.grad.abs().sum(1)
    assert sizes or moved[0] == 0
    assert (moved[1:] > 0).all()


@pytest.mark.parametrize("sizes", [(), (4,)], ids=["one layer", "two layers"])
def test_revive_gives_a_row_to_the_silent_unit_that_matches_its_residual_best(sizes):
    pair = mlp_pair(*sizes, code=Rectified())
    pair.encoder.units.silent.fill_(1e5)
    step = step_of(pair)
    Revive(1.0)(pair, step)[0].backward()
    moved = pair.encoder.map.layers[-1].bias.grad
    # To first order, by how much each unit's share of what the decoder says agrees with the residual.
    slopes = torch.autograd.functional.jacobian(pair.decoder.inputs, step.hidden.detach()[:1])[0, :, 0]
    match = (X[0] - 0.3) @ slopes
    assert (moved != 0).tolist() == (match == match.max()).tolist()


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        (L0(), "L0 counts.*use code=JumpReLU"),
        (Revive(), "Revive needs a code that counts silent units"),
    ],
    ids=["L0", "Revive"],
)
def test_penalties_of_activations_refuse_codes_that_cannot_tell(penalty, message):
    pair = mlp_pair(code=Bernoulli())
    with pytest.raises(ValueError, match=message):
        penalty(pair, step_of(pair))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L0(warmup=1.5), "warmup must be a fraction of training"),
        (lambda: Revive(after=0), "after must be at least 1"),
        (lambda: Revive(n_units=0), "n_units must be at least 1"),
    ],
)
def test_impossible_settings_of_sparse_penalties_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


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


HEADS = {
    "classes": (Categorical(5), lambda inputs: distributions.Categorical(logits=inputs)),
    "bits": (
        Bernoulli(),
        lambda inputs: distributions.Independent(distributions.Bernoulli(logits=inputs), 1),
    ),
    "reals": (Gaussian(), lambda inputs: distributions.Independent(distributions.Normal(inputs, 1.0), 1)),
}


@pytest.mark.parametrize("head", HEADS)
def test_virtual_adversarial_is_the_divergence_at_a_change_of_its_length(head):
    units, distribution = HEADS[head]
    model = mlp_pair()
    model.decoder.units = units.sized(5)
    penalty = VirtualAdversarial(1.0, epsilon=0.3)
    worst = penalty.worst(model, X, model.reconstruct(X).detach(), Generator(0))
    torch.testing.assert_close((worst - X).norm(dim=1), torch.full((6,), 0.3, dtype=X.dtype))

    def divergence(x):
        before, after = (distribution(model.decoder.inputs(model.encoder.mean(row))) for row in (X, x))
        return distributions.kl_divergence(before, after)

    torch.testing.assert_close(penalty(model, step_of(model)), divergence(worst))
    draws = torch.randn(300, 6, 5, generator=torch.Generator().manual_seed(1), dtype=X.dtype)
    others = torch.stack([divergence(X + 0.3 * draw / draw.norm(dim=1, keepdim=True)) for draw in draws])
    # One step of the power method need not find the very worst, but few random directions are worse.
    assert (others > divergence(worst)).double().mean() < 0.15


def test_virtual_adversarial_of_one_real_unit_is_known():
    # y = w x moves by epsilon |w| at most, whatever the row.
    up, down = MLP([5, 1], generator=Generator(0)), MLP([1, 1], generator=Generator(1))
    model = Pair(Conditional(up, Gaussian().sized(1)), Conditional(down, Gaussian().sized(1))).double()
    w = down.layers[0].weight @ up.layers[0].weight
    expected = 0.5 * 0.7**2 * w.square().sum().detach()
    step = Step(X, X, model.encoder.inputs(X), model.encoder.mean(X), Generator(0))
    torch.testing.assert_close(VirtualAdversarial(1.0, epsilon=0.7)(model, step), expected.expand(6))


def test_virtual_adversarial_refuses_what_has_no_meaning():
    with pytest.raises(ValueError, match="epsilon must be positive, got 0"):
        VirtualAdversarial(epsilon=0)
    model = mlp_pair()
    step = step_of(model)
    step.generator = None
    with pytest.raises(ValueError, match="needs a step with a generator"):
        VirtualAdversarial()(model, step)
