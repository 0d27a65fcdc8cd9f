"""Every activation is the most probable value of the energy it names, and says that it is no distribution."""

import itertools

import pytest
import torch

from tildex import RBM, Autoencoder, BernoulliRBM
from tildex.generator import Generator
from tildex.maps import MLP
from tildex.models import Conditional, Layer, Pair
from tildex.penalties import Contractive, jacobian
from tildex.rules import Reconstruction
from tildex.shapes import Step
from tildex.units import Activation, BatchTopK, Bernoulli, Gaussian, JumpReLU, Pursuit, TopK

SIZE = 6


def some_inputs(*shape, seed=0, scale=1.5):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(*shape, SIZE, generator=generator, dtype=torch.float64)


def ready(activation):
    """Return one for six units that has learned something from a batch."""
    if isinstance(activation, TopK | BatchTopK | Pursuit):
        activation.k = min(activation.k, 2)
    units = activation.sized(SIZE).double()
    units.in_training(some_inputs(50, seed=9), 1.0)
    return units


def value(units, h, inputs):
    """Return what a code makes as large as it can be."""
    return (inputs * h).sum(-1) - units.energy(h)


def test_the_code_is_the_most_probable_value(activation):
    units, inputs = ready(activation), some_inputs(20)
    best = value(units, units.mean(inputs), inputs)
    assert best.isfinite().all()
    supports = torch.tensor(list(itertools.product([0.0, 1.0], repeat=SIZE)), dtype=torch.float64)
    others = inputs.clamp_min(0)[:, None] * supports
    assert (value(units, others, inputs[:, None]) <= best[:, None] + 1e-12).all()
    shaken = units.mean(inputs) * (1 + 0.1 * some_inputs(20, seed=3))
    assert (value(units, shaken.clamp_min(0), inputs) <= best + 1e-12).all()
    assert (value(units, -torch.ones(20, SIZE, dtype=torch.float64), inputs) == -torch.inf).all()


def test_the_code_is_the_gradient_of_the_largest_value(activation):
    """As a family's mean is that of its log-partition, which at temperature zero is this largest value."""
    units, inputs, step = ready(activation), some_inputs(20), 1e-6
    slopes = torch.stack(
        [
            value(units, units.mean(inputs + move), inputs + move)
            - value(units, units.mean(inputs - move), inputs - move)
            for move in step * torch.eye(SIZE, dtype=torch.float64)
        ],
        -1,
    ) / (2 * step)
    torch.testing.assert_close(slopes, units.mean(inputs), atol=1e-6, rtol=1e-6)


def test_variance_is_the_slope_of_the_code(activation):
    units, inputs = ready(activation), some_inputs(1)
    slope = torch.autograd.functional.jacobian(lambda eta: units.mean(eta)[0], inputs)[:, 0]
    torch.testing.assert_close(slope, units.variance(inputs)[0].diag())


def test_contractive_closed_form_is_the_jacobian_norm(activation):
    encoder = MLP([5, SIZE], generator=Generator(1))
    pair = Pair(
        Conditional(encoder, ready(activation)),
        Conditional(MLP([SIZE, 5], generator=Generator(2)), Gaussian()),
    ).double()
    x = some_inputs(7)[:, :5]
    inputs = pair.encoder.inputs(x)
    found = Contractive(1.0)(pair, Step(x, x, inputs, pair.encoder.units.mean(inputs)))
    torch.testing.assert_close(found, jacobian(pair, x).square().sum((1, 2)))


def test_a_row_is_encoded_by_itself(activation):
    units, inputs = ready(activation), some_inputs(30)
    alone = torch.cat([units.mean(row[None]) for row in inputs])
    assert torch.equal(units.mean(inputs), alone)
    assert torch.equal(units.mean(inputs.flip(0)).flip(0), alone)


def test_nothing_is_drawn(activation):
    units, inputs = ready(activation), some_inputs(30)
    code = units.mean(inputs)
    assert torch.equal(units.sample(inputs, Generator(0)), code)
    assert torch.equal(units.mode(inputs), code)
    assert (code == 0).any() and (code >= units.low).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_shape_and_type(activation, dtype):
    units, inputs = ready(activation).to(dtype), some_inputs(4, 3).to(dtype)
    for values in (units.mean(inputs), units.variance(inputs)):
        assert values.shape == (4, 3, SIZE) and values.dtype == dtype
    assert units.energy(units.mean(inputs)).shape == (4, 3)
    learning = units.in_training(inputs[0], 0.5)
    assert learning.shape == (3, SIZE) and learning.dtype == dtype


def test_silence_is_counted_in_rows_of_training(activation):
    units = ready(activation)
    inputs = torch.full((10, SIZE), 5.0, dtype=torch.float64)
    inputs[:, 0] = 0
    units.in_training(inputs, 1.0)
    before = units.silent.clone()
    hidden = units.in_training(inputs, 1.0)
    used = (hidden != 0).any(0)
    assert not used[0] and used.any()
    torch.testing.assert_close(units.silent, torch.where(used, 0.0, before + 10))
    units.mean(inputs)
    torch.testing.assert_close(units.silent, torch.where(used, 0.0, before + 10))


def test_gradients_reach_inputs_in_use_and_what_is_learned(activation):
    units = ready(activation)
    inputs = some_inputs(200).requires_grad_()
    hidden = units.in_training(inputs, 1.0)
    hidden.sum().backward()
    assert torch.equal(inputs.grad != 0, hidden != 0)
    for parameter in units.parameters():
        assert parameter.grad.abs().sum() > 0


def test_sized_copies_are_separate(activation):
    activation = ready(activation).copy()
    first, second = activation.sized(SIZE), activation.sized(SIZE)
    first.in_training(some_inputs(5).float(), 1.0)
    assert second.silent.sum() == 0 and len(second.silent) == SIZE
    assert first == second == activation


def test_what_needs_probabilities_refuses_it_by_name(activation):
    words = "is a code only and cannot be"
    with pytest.raises(
        ValueError, match=f"{type(activation).__name__}.* {words} a layer of a Boltzmann machine"
    ):
        Layer(activation, SIZE)
    decoder = Conditional(MLP([SIZE, 5], generator=Generator(0)), activation)
    pair = Pair(Conditional(MLP([5, SIZE], generator=Generator(0)), Bernoulli()), decoder)
    for use in (
        lambda: decoder.log_prob(torch.ones(2, 5), torch.ones(2, SIZE)),
        lambda: Reconstruction()(pair, torch.ones(2, 5), Generator(0)),
    ):
        with pytest.raises(
            ValueError, match=f"{words} a likelihood: it has no probabilities.*use units such as"
        ):
            use()
    X = some_inputs(8).numpy()
    with pytest.raises(ValueError, match=f"{words} given as likelihood"):
        Autoencoder(3, likelihood=activation).fit(X)
    for machine in (RBM(3, hidden=activation), RBM(3, likelihood=activation)):
        with pytest.raises(ValueError, match=f"{words} given as"):
            machine.fit(X)
    assert "hidden" not in BernoulliRBM().get_params()


def test_no_activation_is_a_family_and_none_has_the_name_of_one(activation):
    assert not isinstance(activation, Bernoulli.__mro__[1])
    assert type(activation).__name__ not in Bernoulli.table
    assert type(activation) in Activation.table.values()


def test_top_k_uses_k_units_and_more_before_and_after():
    units, inputs = TopK(2, alpha=1.5, start=2.0, anneal=0.5).sized(SIZE), some_inputs(40).float().abs()
    assert units.used == 3
    assert ((units.mean(inputs) != 0).sum(1) == 3).all()
    for progress, k in ((0.0, 4), (0.25, 3), (0.5, 2), (1.0, 2)):
        hidden = units.in_training(inputs, progress)
        assert ((hidden != 0).sum(1) == k).all()
        assert torch.equal(hidden.max(1).values, inputs.max(1).values)


def test_batch_top_k_shares_units_among_rows_and_its_threshold_keeps_the_rate():
    units = BatchTopK(2, anneal=0.0).sized(SIZE)
    generator = Generator(0)

    def rows(n):
        # Some rows are harder than others.
        return generator.normal(n, SIZE) * (0.2 + 2 * generator.uniform(n, 1))

    for _ in range(200):
        hidden = units.in_training(rows(64), 1.0)
        assert (hidden != 0).sum() == 128
    counts = (units.mean(rows(20_000)) != 0).sum(1).double()
    assert counts.mean() == pytest.approx(2, abs=0.05)
    assert counts.std() > 1


def test_a_threshold_learns_the_slope_of_the_mean_code():
    """Of normal inputs: d/dt of E[x; x > t] is -t p(t), and that of P(x > t) is -p(t)."""
    units = JumpReLU(0.7, bandwidth=0.05).sized(1).double()
    inputs = Generator(0).normal(2_000_000, 1, dtype=torch.float64)
    density = torch.distributions.Normal(0.0, 1.0).log_prob(torch.tensor(0.7)).exp()
    for function, slope in ((lambda x: units.learning(x, 1.0), -0.7 * density), (units.count, -density)):
        (gradient,) = torch.autograd.grad(function(inputs).sum() / len(inputs), units.log_threshold)
        # What learns is the logarithm: the slope by it is that by the threshold, times the threshold.
        assert float(gradient) == pytest.approx(0.7 * float(slope), rel=0.01)
    shares = units.count(inputs).mean().detach(), (units.mean(inputs) != 0).double().mean()
    assert float(shares[0]) == pytest.approx(float(shares[1]), abs=1e-3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TopK(0), "k must be a whole number"),
        (lambda: TopK(2.5), "k must be a whole number"),
        (lambda: TopK(2, alpha=0.1), "alpha must leave at least one of 2 units"),
        (lambda: TopK(2, start=0.5), "start must be at least 1 times k"),
        (lambda: BatchTopK(2, anneal=1.5), "anneal must be a fraction of training"),
        (lambda: JumpReLU(0.0), "threshold must be positive"),
        (lambda: JumpReLU(bandwidth=-1.0), "bandwidth must be positive"),
        (lambda: TopK(7).sized(SIZE), "uses 7 units, and the code has 6: lower k or alpha"),
        (lambda: TopK(4, alpha=2.0).sized(SIZE), "uses 8 units, and the code has 6"),
        (lambda: Pursuit(0), "k must be at least 1 unit, got 0"),
        (lambda: Pursuit(7).sized(SIZE), "uses 7 units, and the code has 6"),
        (lambda: BatchTopK(7).sized(SIZE), "uses 7 units, and the code has 6"),
    ],
)
def test_impossible_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
