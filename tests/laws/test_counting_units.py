"""Counting, rectified and spin units against other libraries, in the tails and at lengths of their own."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import distributions

from tildex.generator import Generator
from tildex.units import Bernoulli, Binomial, Categorical, NegativeBinomial, ReLU, ReplicatedSoftmax, Spin

ETA = [-1e5, -1e3, -80.0, -10.0, -4.001, -3.999, -1.0, 0.0, 1.0, 4.0, 30.0, 1e3]


def rectified(eta):
    """Return scipy's normal distribution above zero, in the tail as the exponential that it is next to."""
    return stats.truncnorm(-eta, np.inf, loc=eta)


@pytest.mark.parametrize("eta", [eta for eta in ETA if -30 < eta < 1e3])
def test_rectified_units_are_cut_off_normal_ones(eta):
    inputs, theirs = torch.tensor([eta], dtype=torch.float64), rectified(eta)
    assert float(ReLU().mean(inputs)) == pytest.approx(theirs.mean(), rel=1e-7)
    assert float(ReLU().variance(inputs)) == pytest.approx(theirs.var(), rel=1e-5)
    x = torch.tensor([0.3], dtype=torch.float64)
    assert float(ReLU().log_prob(x, inputs)) == pytest.approx(theirs.logpdf(0.3), rel=1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("t", [50.0, 1e3, 1e5])
def test_far_below_zero_rectified_units_are_exponential(t, dtype):
    inputs, units = torch.tensor([-t], dtype=dtype), ReLU()
    # The leading terms of the ratio of Mills: what is left out is smaller than the tolerance.
    assert float(units.mean(inputs)) == pytest.approx(1 / t - 2 / t**3 + 10 / t**5, rel=1e-6)
    assert float(units.variance(inputs)) == pytest.approx(1 / t**2 - 6 / t**4, rel=1e-4)
    expected = -math.log(t) - 1 / t**2 - 0.5 * math.log(2 * math.pi)
    assert float(units.cgf(inputs)) == pytest.approx(expected, rel=1e-5)
    draws = units.sample(inputs.expand(200_000, 1), Generator(0)).double().squeeze(1) * t
    assert float(draws.mean()) == pytest.approx(1, abs=0.015)


@pytest.mark.parametrize("eta", [-12.0, -4.5, -3.5, 0.0, 2.0, 40.0])
def test_rectified_draws_have_the_right_distribution(eta):
    inputs = torch.full((20_000, 1), eta, dtype=torch.float64)
    draws = ReLU().sample(inputs, Generator(0)).squeeze(1).numpy()
    assert stats.kstest(draws, rectified(eta).cdf).pvalue > 1e-3


def test_rectified_units_have_no_step_where_the_formula_changes():
    inputs = torch.tensor([[-4 - 1e-9], [-4 + 1e-9]], dtype=torch.float64)
    for values in (ReLU().cgf(inputs), ReLU().mean(inputs), ReLU().variance(inputs)):
        assert float((values[0] - values[1]).abs().max()) < 1e-8


def test_rectified_gradients_are_finite_and_right_everywhere():
    inputs = torch.tensor(ETA, dtype=torch.float32)[:, None].requires_grad_()
    (slope,) = torch.autograd.grad(ReLU().cgf(inputs).sum(), inputs)
    torch.testing.assert_close(slope, ReLU().mean(inputs.detach()), rtol=2e-4, atol=0)
    (slope,) = torch.autograd.grad(ReLU().mean(inputs).sum(), inputs)
    assert slope.isfinite().all()


@pytest.mark.parametrize("mean", [0.005, 0.02, 0.8, 3.0, 500.0])
def test_inputs_of_a_rectified_mean(mean):
    wanted = torch.tensor([mean], dtype=torch.float64)
    torch.testing.assert_close(ReLU().mean(ReLU().inputs_for(wanted)), wanted)


@pytest.mark.parametrize("scale", [1.0, 7.0])
@pytest.mark.parametrize("mean", [0.02, 3.0, 40.0])
def test_negative_binomial_counts_are_scipys_where_none_is_cut_off(mean, scale):
    units = NegativeBinomial(0.5, largest=4000, scale=scale)
    inputs = units.inputs_for(torch.tensor([mean / scale], dtype=torch.float64))
    theirs = stats.nbinom(2, 2 / (2 + mean))
    counts = torch.arange(100, dtype=torch.float64)[:, None]
    found = units.log_prob(counts / scale, inputs.expand(100, 1))
    np.testing.assert_allclose(found, theirs.logpmf(counts[:, 0]), atol=1e-8)
    assert float(units.mean(inputs)) * scale == pytest.approx(mean)
    assert float(units.variance(inputs)) * scale**2 == pytest.approx(mean + 0.5 * mean**2)


def test_negative_binomial_counts_in_one_pass_or_many():
    units, inputs = NegativeBinomial(0.5, largest=2000), torch.linspace(-1, 1, 5000)[:, None]
    halves = [units.cgf(half) for half in inputs.split(100)]
    torch.testing.assert_close(units.cgf(inputs), torch.cat(halves))
    draws = units.sample(inputs, Generator(0))
    assert units.outside(draws) is None
    assert float(draws[-1]) > 1900


def test_a_negative_binomial_fitted_to_counts_has_their_moments():
    counts = torch.from_numpy(stats.nbinom(2, 0.1).rvs(20_000, random_state=0)).double()
    counts[::7] = math.nan
    units = NegativeBinomial.fitting(counts)
    assert units.dispersion == pytest.approx(0.5, rel=0.1)
    assert units.scale == round(float(counts[~counts.isnan()].std()))
    assert units.largest >= 2 * int(counts.nan_to_num().max())
    few = NegativeBinomial.fitting(torch.tensor([0.0, 1.0, 0.0, 1.0]))
    assert (few.dispersion, few.scale) == (0.01, 1.0)


@pytest.mark.parametrize(
    "settings", [{"dispersion": 0.0}, {"largest": 0}, {"largest": 10**6}, {"scale": -1.0}]
)
def test_impossible_negative_binomials_are_refused(settings):
    with pytest.raises(ValueError, match=r"must be .*, got"):
        NegativeBinomial(**settings)


def test_binomial_agrees_with_torch():
    inputs = torch.randn(50, 3, dtype=torch.float64)
    theirs, units = distributions.Binomial(7, logits=inputs), Binomial(7)
    x = units.sample(inputs, Generator(0))
    torch.testing.assert_close(units.log_prob(x, inputs), theirs.log_prob(x).sum(-1))
    torch.testing.assert_close(units.mean(inputs), theirs.mean)
    torch.testing.assert_close(units.variance(inputs), theirs.variance)
    assert units.outside(torch.tensor([[8.0]])) == "values from 0 to 7, got 8 to 8"


def test_one_trial_is_a_bernoulli_unit():
    inputs, x = torch.randn(9, 4), torch.bernoulli(torch.full((9, 4), 0.5))
    torch.testing.assert_close(Binomial(1).log_prob(x, inputs), Bernoulli().log_prob(x, inputs))


def test_spins_are_binary_units_of_twice_the_inputs():
    inputs, x = torch.randn(9, 4), torch.bernoulli(torch.full((9, 4), 0.5))
    torch.testing.assert_close(Spin().log_prob(2 * x - 1, inputs), Bernoulli().log_prob(x, 2 * inputs))


def test_documents_agree_with_torch():
    inputs = torch.randn(4, 6, dtype=torch.float64)
    units = ReplicatedSoftmax(6, length=9)
    x = units.sample(inputs, Generator(0))
    for k in range(4):
        theirs = distributions.Multinomial(9, logits=inputs[k])
        torch.testing.assert_close(units.log_prob(x, inputs)[k], theirs.log_prob(x[k]))
        torch.testing.assert_close(units.mean(inputs)[k], theirs.mean)


def test_one_word_is_a_categorical_unit():
    inputs = torch.randn(9, 4)
    x = Categorical(4).sample(inputs, Generator(0))
    torch.testing.assert_close(ReplicatedSoftmax(4).log_prob(x, inputs), Categorical(4).log_prob(x, inputs))


def test_rows_keep_their_lengths():
    x = torch.tensor([[2.0, 0, 1], [0, 0, 0], [700.0, 50, 0], [0.4, 0.3, 0.0]])
    units = ReplicatedSoftmax(3).for_rows(x)
    inputs = torch.randn(4, 3)
    for values in (units.sample(inputs, Generator(0)), units.mean(inputs), units.mode(inputs)):
        torch.testing.assert_close(values.sum(1), torch.tensor([3.0, 0, 750, 1]))
    assert units.cgf(inputs)[1] == 0
    assert ReplicatedSoftmax(3).lengths is None


def test_long_documents_have_the_right_moments(close):
    inputs = torch.randn(5, dtype=torch.float64)
    units, p = ReplicatedSoftmax(5, length=300), inputs.softmax(0)
    draws = units.sample(inputs.expand(5000, -1), Generator(0))
    close(draws, 300 * p)
    close((draws - 300 * p).square(), 300 * p * (1 - p))


def test_words_of_no_probability_are_never_drawn():
    inputs = torch.zeros(1000, 4)
    inputs[:, [0, 2]] = -torch.inf
    assert ReplicatedSoftmax(4, length=20).sample(inputs, Generator(0))[:, [0, 2]].sum() == 0


def test_known_counts_leave_the_rest_of_the_words():
    units, inputs = ReplicatedSoftmax(4, length=10), torch.zeros(2, 4)
    known = torch.tensor([[True, False, True, False], [True, True, True, True]])
    values = torch.tensor([[3.0, 9.0, 0.0, 9.0], [4.0, 3.0, 2.0, 1.0]])
    rest, received = units.given(inputs, values, known)
    drawn = rest.sample(received, Generator(0))
    assert drawn[0, known[0]].tolist() == [0, 0] and drawn[0].sum() == 7 and drawn[1].sum() == 0


@pytest.mark.parametrize(("words", "length", "vectors"), [(1, 4, 1), (3, 0, 1), (3, 2, 6), (2, 5, 6)])
def test_all_count_vectors_are_listed_once(words, length, vectors):
    units = ReplicatedSoftmax(words, length)
    points, weights = units.nodes(torch.zeros(words))
    assert points.shape == (vectors, words) and weights.tolist() == [1] * vectors
    assert len({tuple(row) for row in points.tolist()}) == vectors
    assert (points.sum(1) == length).all() and points.min() >= 0


def test_too_many_count_vectors_are_not_listed():
    units = ReplicatedSoftmax(1000, length=50)
    assert not units.finite
    with pytest.raises(ValueError, match="too many count vectors to enumerate"):
        units.nodes(torch.zeros(1000))


@pytest.mark.parametrize(
    "make",
    [lambda: Binomial(0), lambda: ReplicatedSoftmax(0), lambda: ReplicatedSoftmax(3, length=-1)],
    ids=["n", "n_words", "length"],
)
def test_impossible_settings_are_refused(make):
    with pytest.raises(ValueError, match=r"must .*, got"):
        make()
