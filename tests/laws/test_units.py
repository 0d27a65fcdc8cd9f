"""Every family of units is the exponential family that its energy and log-partition say."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import distributions

from tildex.generator import Generator
from tildex.units import (
    Bernoulli,
    Categorical,
    DiagonalGaussian,
    Gaussian,
    LearnedGaussian,
    ReplicatedSoftmax,
    Units,
)


def some_inputs(units, *shape, scale=1.0, dtype=torch.float64, seed=0):
    """Return inputs of one variable, shape (*shape, arity * group)."""
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(*shape, units.arity * units.group, generator=generator, dtype=dtype)


def side_by_side(inputs, arity):
    """Return several variables' inputs as one layer's: (variables, arity * group) to (arity * variables * group)."""
    return inputs.unflatten(-1, (arity, -1)).transpose(0, 1).flatten()


@pytest.mark.parametrize("seed", range(4))
def test_probabilities_sum_to_one(units, seed):
    inputs = some_inputs(units, scale=2.0, seed=seed)
    points, weights = units.nodes(inputs)
    total = (weights.log() + units.log_prob(points, inputs.expand(len(points), -1))).logsumexp(0)
    assert abs(float(total)) < 1e-8


@pytest.mark.parametrize("seed", range(4))
def test_mean_is_the_expectation(units, seed):
    inputs = some_inputs(units, scale=2.0, seed=seed)
    points, weights = units.nodes(inputs)
    p = weights * units.log_prob(points, inputs.expand(len(points), -1)).exp()
    torch.testing.assert_close(units.mean(inputs), p @ points, atol=1e-7, rtol=1e-7)


def test_mean_is_the_gradient_of_cgf(single_units):
    inputs = some_inputs(single_units, 7, scale=3.0)
    torch.testing.assert_close(single_units.mean(inputs), Units.mean(single_units, inputs))


def test_variance_is_the_derivative_of_mean(elementwise_units):
    inputs = some_inputs(elementwise_units, 7, scale=2.0)
    points, weights = elementwise_units.nodes(inputs[0])
    p = weights * elementwise_units.log_prob(points, inputs[0].expand(len(points), -1)).exp()
    variance = elementwise_units.variance(inputs)
    torch.testing.assert_close(variance, Units.variance(elementwise_units, inputs))
    spread = p @ (points - elementwise_units.mean(inputs[0])).square()
    torch.testing.assert_close(variance[0], spread, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_samples_have_the_right_moments(units, close, seed):
    inputs = some_inputs(units, seed=seed)
    points, weights = units.nodes(inputs)
    p = weights * units.log_prob(points, inputs.expand(len(points), -1)).exp()
    draws = units.sample(inputs.float().expand(40_000, -1), Generator(seed)).double()
    close(draws, p @ points, atol=1e-5)
    close(draws.square(), p @ points.square(), atol=1e-4)


def test_layers_are_independent_variables(units, repeated):
    inputs = some_inputs(units, repeated(units, 3))
    x = units.sample(inputs, Generator(0))
    layer = side_by_side(inputs, units.arity)
    torch.testing.assert_close(units.log_prob(x.flatten(), layer), units.log_prob(x, inputs).sum())
    torch.testing.assert_close(units.energy(x.flatten()), units.energy(x).sum())
    torch.testing.assert_close(units.cgf(layer), units.cgf(inputs).sum())
    torch.testing.assert_close(units.mean(layer), units.mean(inputs).flatten())
    torch.testing.assert_close(units.mode(layer), units.mode(inputs).flatten())


@pytest.mark.parametrize("size", [50.0, 80.0])
@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_finite_at_extreme_inputs(units, size, signs, repeated):
    each = torch.tensor(signs[: repeated(units, 2)])[:, None].expand(-1, units.arity * units.group) * size
    layer = side_by_side(each, units.arity)
    layer.requires_grad_()
    x = units.sample(layer, Generator(0)).detach()
    log_prob = units.log_prob(x, layer)
    log_prob.backward()
    for value in (x, log_prob, layer.grad, units.cgf(layer), units.mean(layer), units.mode(layer)):
        assert value.isfinite().all()
    assert units.inputs_for(x).isfinite().all()


def test_inputs_for_inverts_mean(units):
    mean = units.mean(some_inputs(units, 20))
    torch.testing.assert_close(units.mean(units.inputs_for(mean)), mean)


def test_mode_is_the_most_likely_value(units):
    inputs = some_inputs(units, scale=2.0)
    points, _ = units.nodes(inputs)
    best = units.log_prob(points, inputs.expand(len(points), -1)).max()
    assert units.log_prob(units.mode(inputs), inputs) >= best - 1e-9


def test_values_stay_inside_the_range(units):
    inputs = some_inputs(units, 500, scale=4.0, dtype=torch.float32)
    x = units.sample(inputs, Generator(0))
    for values in (x, units.mode(inputs), units.mean(inputs)):
        assert units.outside(values) is None
    if units.finite:
        points, _ = units.nodes(inputs[0])
        assert (x[:, None] == points).all(-1).any(1).all()


def test_refuses_values_outside(units):
    beyond = [end + step for end, step in ((units.low, -0.5), (units.high, 0.5)) if math.isfinite(end)]
    for value in beyond:
        message = units.outside(torch.full((2, units.group), value))
        assert message is not None
        assert f"got {value:g}" in message


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_shape_and_type(units, dtype):
    inputs = some_inputs(units, 5, 2, dtype=dtype)
    x = units.sample(inputs, Generator(0))
    for values in (x, units.mean(inputs), units.mode(inputs)):
        assert values.shape == (5, 2, units.group)
        assert values.dtype == dtype
    for sums in (units.energy(x), units.cgf(inputs), units.log_prob(x, inputs)):
        assert sums.shape == (5, 2)
        assert sums.dtype == dtype


def test_same_generator_same_draw(units):
    inputs = some_inputs(units, 200)
    first, again, other = (units.sample(inputs, Generator(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_log_prob_gradients(units):
    inputs = some_inputs(units, 3).requires_grad_()
    x = units.mean(some_inputs(units, 3, seed=1)).detach().requires_grad_()
    assert torch.autograd.gradcheck(units.log_prob, (x, inputs))


def test_sized_copies_are_separate(units, repeated):
    sized = units.sized(repeated(units, 2) * units.group)
    assert sized is not units
    assert type(sized) is type(units)
    if units.group > 1:
        with pytest.raises(ValueError, match=f"{units.group} columns, got {units.group + 1}"):
            units.sized(units.group + 1)


def test_bernoulli_log_prob_is_the_cross_entropy():
    logits, target = torch.randn(6, 4), torch.rand(6, 4)
    expected = F.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(-1)
    torch.testing.assert_close(-Bernoulli().log_prob(target, logits), expected)


def test_gaussian_log_prob_is_half_the_squared_error():
    mean, x = torch.randn(6, 4), torch.randn(6, 4)
    expected = 0.5 * (x - mean).square().sum(-1) + 2 * math.log(2 * math.pi)
    torch.testing.assert_close(-Gaussian().log_prob(x, mean), expected)


@pytest.mark.parametrize(
    ("units", "reference"),
    [
        (Bernoulli(), lambda inputs: distributions.Bernoulli(logits=inputs)),
        (Gaussian(), lambda inputs: distributions.Normal(inputs, 1.0)),
        (Gaussian(4.0), lambda inputs: distributions.Normal(inputs / 4, 0.5)),
        (LearnedGaussian(2.0), lambda inputs: distributions.Normal(inputs / 2, 2**-0.5)),
        (
            DiagonalGaussian(),
            lambda inputs: distributions.Normal(inputs[..., :6], (0.5 * inputs[..., 6:]).exp()),
        ),
        (
            Categorical(3),
            lambda inputs: distributions.OneHotCategorical(logits=inputs.unflatten(-1, (-1, 3))),
        ),
    ],
    ids=[
        "Bernoulli",
        "Gaussian",
        "Gaussian of precision 4",
        "LearnedGaussian",
        "DiagonalGaussian",
        "Categorical",
    ],
)
def test_agrees_with_torch_distributions(units, reference):
    inputs = torch.randn(50, 6 * units.arity, dtype=torch.float64)
    theirs = reference(inputs)
    x = units.sample(inputs, Generator(0))
    expected = theirs.log_prob(x.unflatten(-1, (-1, units.group)) if units.group > 1 else x).sum(-1)
    torch.testing.assert_close(units.log_prob(x, inputs), expected)
    torch.testing.assert_close(units.mean(inputs), theirs.mean.reshape(50, 6))


def test_categorical_refuses_columns_that_do_not_add_up():
    assert "add up to 1" in Categorical(3).outside(torch.tensor([[1.0, 1.0, 0.0]]))


def test_diagonal_gaussian_energy_and_cgf_make_its_log_prob():
    units, inputs = DiagonalGaussian(), torch.randn(5, 6, dtype=torch.float64)
    x, (mean, log_variance) = torch.randn(5, 3, dtype=torch.float64), units.split(inputs)
    precision = torch.exp(-log_variance)
    linear = (mean * precision * x - 0.5 * precision * x.square()).sum(-1)
    torch.testing.assert_close(units.log_prob(x, inputs), linear - units.energy(x) - units.cgf(inputs))


def test_learned_precisions_are_of_each_unit_and_capped():
    units = LearnedGaussian(2.0, largest=10.0).sized(3).double()
    with torch.no_grad():
        units.log_precision.copy_(torch.tensor([math.log(0.5), math.log(4.0), 20.0]))
    torch.testing.assert_close(
        units.variance(torch.zeros(3, dtype=torch.float64)), torch.tensor([2.0, 0.25, 0.1]).double()
    )
    x, inputs = torch.randn(3, dtype=torch.float64), torch.randn(3, dtype=torch.float64)

    def log_prob(log_precision):
        return torch.func.functional_call(units, {"log_precision": log_precision}, (x, inputs))

    units.forward = units.log_prob
    units.log_precision.data[2] = math.log(9.0)
    assert torch.autograd.gradcheck(log_prob, (units.log_precision,))


@pytest.mark.parametrize(("end", "inward"), [(5.0, 1.0), (-5.0, -1.0)])
def test_a_learned_precision_at_an_end_of_its_range_can_only_go_back(end, inward):
    units = LearnedGaussian(largest=10.0, smallest=0.1).sized(1)
    with torch.no_grad():
        units.log_precision.fill_(end)
    for direction in (1.0, -1.0):
        (gradient,) = torch.autograd.grad(
            direction * units.gamma(torch.zeros(1)).log().sum(), units.log_precision
        )
        # Descent moves against the gradient.
        assert float(gradient) == (direction if direction == inward else 0.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Gaussian(0.0),
        lambda: LearnedGaussian(2.0, largest=1.0),
        lambda: LearnedGaussian(2.0, smallest=3.0),
        lambda: Categorical(1),
    ],
    ids=["precision", "largest", "smallest", "n_classes"],
)
def test_impossible_settings_are_refused(make):
    with pytest.raises(ValueError, match=r"must .*, got"):
        make()


def test_log_probs_of_variables_add_up(units, repeated):
    """Also for families that learn something a unit, and whatever a variable's columns are."""
    size = repeated(units, 6) * units.group
    family, generator = units.sized(size).double(), Generator(0)
    for parameter in family.parameters():
        parameter.data += 0.3 * generator.normal_like(parameter)
    inputs = generator.normal(7, units.arity * size, dtype=torch.float64)
    x = family.sample(inputs, generator).detach()
    each = family.log_probs(x, inputs)
    assert each.shape == (7, units.n_variables(size))
    torch.testing.assert_close(each.sum(-1), family.log_prob(x, inputs))
    own = (family.variable_of(size) == 0).nonzero()[:, 0]
    other = x.clone()
    other[:, own] = family.sample(inputs, generator).detach()[:, own]
    torch.testing.assert_close(family.log_probs(other, inputs)[:, 1:], each[:, 1:])


def test_columns_and_variables_agree(units, repeated):
    size = repeated(units, 3) * units.group
    family = units.sized(size)
    variable, n = family.variable_of(size), family.n_variables(size)
    assert torch.equal(variable.unique(), torch.arange(n))
    values = torch.randn(4, n)
    assert torch.equal(family.on_columns(values), values[:, variable])
    mask = torch.rand(4, size) < 0.3
    expected = torch.stack([mask[:, variable == k].any(1) for k in range(n)], 1)
    assert torch.equal(family.any_column(mask), expected)
    assert family.elementwise == (n == size * units.arity)
    low, high = family.limits(torch.zeros(1, size))
    drawn = family.sample(torch.zeros(50, units.arity * size), Generator(0))
    assert bool(((drawn >= low) & (drawn <= high)).all())
    if units.finite:
        assert [table.shape[1] for table in family.tables(size)] == variable.bincount().tolist()


def test_log_probs_of_documents_of_different_lengths():
    units, generator = ReplicatedSoftmax(3), Generator(0)
    x = torch.tensor([[3.0, 0, 1, 0, 2, 0], [1, 1, 1, 5, 0, 0]], dtype=torch.float64)
    bound, inputs = units.for_rows(x), generator.normal(2, 6, dtype=torch.float64)
    torch.testing.assert_close(bound.log_probs(x, inputs).sum(-1), bound.log_prob(x, inputs))


def test_a_family_that_refuses_rows_says_so(units):
    """Estimators only look at rows of constrained families, so an ``outside`` without the mark would never be asked."""
    assert units.constrained == (type(units).outside is not Units.outside)
