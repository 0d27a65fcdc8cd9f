"""Codes and priors: draws are those of the family, divergences are what enumeration and torch say, mixtures add up."""

import itertools

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import logsumexp
from torch import distributions

from tildex.generator import Generator
from tildex.priors import Mixture, MixturePrior, Prior, StandardPrior, VampPrior
from tildex.rules import GumbelSoftmax, StraightThrough
from tildex.units import Bernoulli, Categorical, DiagonalGaussian, Gaussian, Latent, Units

CODES = [DiagonalGaussian(), Bernoulli(), Categorical(3)]

THEIRS = {
    "DiagonalGaussian": lambda eta: distributions.Normal(eta[..., :6], (0.5 * eta[..., 6:]).exp()),
    "Bernoulli": lambda eta: distributions.Bernoulli(logits=eta),
    "Categorical": lambda eta: distributions.Categorical(logits=eta.unflatten(-1, (-1, 3))),
}


def some_inputs(units, *shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, 6 * units.arity, generator=generator, dtype=torch.float64)


def test_every_code_is_tested_here():
    assert {type(units) for units in CODES} == {
        cls for cls in Units.table.values() if issubclass(cls, Latent)
    }


@pytest.mark.parametrize("units", CODES, ids=repr)
def test_divergence_agrees_with_torch(units):
    first, second = some_inputs(units, 5), some_inputs(units, 5, seed=1)
    theirs = THEIRS[type(units).__name__]
    expected = distributions.kl_divergence(theirs(first), theirs(second))
    torch.testing.assert_close(units.divergence(first, second), expected)
    torch.testing.assert_close(units.divergence(first, second[0])[:1], expected[:1])
    assert units.divergence(second, second).abs().max() < 1e-12


@pytest.mark.parametrize("units", CODES, ids=repr)
def test_draws_from_noise_are_the_familys(units, close):
    inputs = some_inputs(units)
    draws = units.drawn(inputs, units.noise(40_000, 6, generator=Generator(1), dtype=torch.float64))
    assert units.outside(draws) is None
    close(draws, units.mean(inputs), atol=1e-5)
    others = units.sample(inputs.expand(40_000, -1), Generator(2))
    pairs = [(x[:, :, None] * x[:, None, :]).flatten(1) for x in (draws, others)]
    spread = sum(x.var(0) for x in pairs)
    close(pairs[0], pairs[1].mean(0), spread, atol=1e-5)


@pytest.mark.parametrize("units", CODES, ids=repr)
def test_relaxed_draws_become_exact(units):
    inputs, noise = some_inputs(units, 50), units.noise(50, 6, generator=Generator(1), dtype=torch.float64)
    torch.testing.assert_close(units.relaxed(inputs, noise, 1e-6), units.drawn(inputs, noise))
    inputs.requires_grad_()
    assert units.relaxed(inputs, noise, 0.5).square().sum().backward() is None
    assert inputs.grad.abs().sum() > 0


def test_straight_through_gives_exact_draws_and_relaxed_gradients():
    units, inputs = Categorical(3), some_inputs(Categorical(3), 4).requires_grad_()
    noise = units.noise(4, 6, generator=Generator(1), dtype=torch.float64)
    weights = some_inputs(units, 4, seed=2)
    through = StraightThrough(1.0, 0.25)(units, inputs, noise, 0.5)
    torch.testing.assert_close(through, units.drawn(inputs, noise))
    relaxed = GumbelSoftmax(1.0, 0.25)(units, inputs, noise, 0.5)
    torch.testing.assert_close(relaxed, units.relaxed(inputs, noise, 0.5))
    slopes = [torch.autograd.grad((weights * x).sum(), inputs)[0] for x in (through, relaxed)]
    torch.testing.assert_close(*slopes)


def test_tables_of_log_probabilities_are_of_each_row_under_each_input(units, repeated):
    size = repeated(units, 2) * units.group
    inputs = torch.randn(4, units.arity * size, dtype=torch.float64)
    x = units.sample(torch.randn(5, units.arity * size, dtype=torch.float64), Generator(0))
    expected = units.log_prob(x[:, None], inputs[None].expand(5, -1, -1))
    torch.testing.assert_close(units.log_prob_table(x, inputs), expected)


def test_a_mixture_of_normals_is_scipys():
    units = DiagonalGaussian()
    prior = MixturePrior(4).sized(units, 3, visible=Gaussian(), n_features=2, generator=Generator(0)).double()
    with torch.no_grad():
        prior.inputs.normal_(generator=torch.Generator().manual_seed(1))
        prior.logits.normal_(generator=torch.Generator().manual_seed(2))
    mixture = Mixture(units, *prior.components(None))
    x = torch.randn(6, 3, dtype=torch.float64)
    weights = prior.logits.detach().softmax(0).numpy()
    means, variances = (t.detach().numpy() for t in (prior.inputs[:, :3], prior.inputs[:, 3:].exp()))
    each = [
        stats.multivariate_normal.logpdf(x.numpy(), m, np.diag(v))
        for m, v in zip(means, variances, strict=True)
    ]
    expected = logsumexp(np.stack(each) + np.log(weights)[:, None], axis=0)
    np.testing.assert_allclose(mixture.log_prob(x).detach().numpy(), expected)
    assert mixture.log_prob(x[None].expand(2, -1, -1)).shape == (2, 6)


def test_a_mixture_of_classes_adds_up_to_one():
    units = Categorical(3)
    prior = MixturePrior(4).sized(units, 6, visible=Gaussian(), n_features=2, generator=Generator(0)).double()
    mixture = Mixture(units, *prior.components(None))
    every = torch.tensor(
        list(itertools.product(torch.eye(3).tolist(), repeat=2)), dtype=torch.float64
    ).flatten(1)
    assert float(mixture.log_prob(every).logsumexp(0).detach()) == pytest.approx(0, abs=1e-9)


def test_draws_of_a_mixture_have_its_moments(close):
    units = DiagonalGaussian()
    prior = MixturePrior(3).sized(units, 2, visible=Gaussian(), n_features=2, generator=Generator(0)).double()
    with torch.no_grad():
        prior.inputs.copy_(torch.tensor([[-3, 0, 0, 0], [2, 1, -1, 0], [0, 5, 0, 1.0]]))
        prior.logits.copy_(torch.tensor([0.0, 1.0, -1.0]))
        draws = Mixture(units, *prior.components(None)).sample(50_000, Generator(3))
        shares = prior.logits.softmax(0)
        mean = shares @ prior.inputs[:, :2]
        square = shares @ (prior.inputs[:, :2].square() + prior.inputs[:, 2:].exp())
    close(draws, mean)
    close(draws.square(), square)


def test_a_vamp_prior_is_the_mean_of_what_the_encoder_says_of_its_rows():
    units, visible = DiagonalGaussian(), Bernoulli()
    prior = VampPrior(5).sized(units, 2, visible=visible, n_features=3, generator=Generator(0)).double()
    data = torch.rand(4, 3, dtype=torch.float64)
    prior.begin_at(lambda n: data[:n])
    torch.testing.assert_close(prior.rows.detach(), torch.cat([data, data[:1]]))
    with torch.no_grad():
        prior.rows[0] = 7.0
    weight = torch.randn(3, 4, dtype=torch.float64)
    mixture = Mixture(units, *prior.components(lambda rows: rows @ weight))
    x = torch.randn(6, 2, dtype=torch.float64)
    each = torch.stack([units.log_prob(x, u.clamp(0, 1) @ weight) for u in prior.rows])
    torch.testing.assert_close(mixture.log_prob(x), each.logsumexp(0) - np.log(5))


@torch.no_grad()
@pytest.mark.parametrize("units", CODES, ids=repr)
def test_every_prior_begins_finite_for_every_code(prior, units):
    sized = prior.sized(units, 6, visible=Bernoulli(), n_features=4, generator=Generator(0))
    weights, inputs = sized.components(lambda rows: rows.sum(1, keepdim=True).expand(-1, 6 * units.arity))
    mixture = Mixture(units, weights, inputs)
    draws = mixture.sample(9, Generator(1))
    assert draws.shape == (9, 6)
    assert units.outside(draws) is None
    assert mixture.log_prob(draws).isfinite().all()
    assert prior == prior.copy() and not list(prior.parameters())


def test_standard_priors_are_what_units_are_without_inputs():
    for units, expected in ((DiagonalGaussian(), distributions.Normal(0.0, 1.0)), (Bernoulli(), None)):
        prior = StandardPrior().sized(units, 4, visible=Gaussian(), n_features=2, generator=Generator(0))
        x = Mixture(units, *prior.components(None)).sample(3, Generator(0))
        found = Mixture(units, *prior.components(None)).log_prob(x)
        wanted = torch.full((3,), 4 * np.log(0.5)) if expected is None else expected.log_prob(x).sum(-1)
        torch.testing.assert_close(found, wanted.to(found))


@pytest.mark.parametrize("cls", [cls for cls in Prior.table.values() if cls is not StandardPrior])
@pytest.mark.parametrize("n", [0, 1.5, True])
def test_a_prior_without_components_is_refused(cls, n):
    with pytest.raises(ValueError, match="n_components must be a whole number of at least 1, got"):
        cls(n)
