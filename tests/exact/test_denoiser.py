"""The chain of a model whose P(x | corrupted x) is exact comes to rest at the data's distribution, and nowhere else."""

import pytest
import torch
from torch import nn

from tildex.corruptions import Corruption, GaussianNoise
from tildex.evaluate import GaussianMixture, relative_error, score_field
from tildex.generator import Generator
from tildex.maps import Affine
from tildex.models import Conditional, Denoiser
from tildex.units import Bernoulli, Categorical, Gaussian, LearnedGaussian

P = torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)


class _Replaced(Corruption):
    """Puts, with probability ``rate``, a class drawn evenly in the place of a row's own: that of a test."""

    def __init__(self, rate=0.6):
        self.rate = rate

    def __call__(self, x, generator):
        other = torch.from_numpy(generator.integers(x.shape[1], len(x)))
        drawn = nn.functional.one_hot(other, x.shape[1]).to(x.dtype)
        struck = generator.bernoulli(x.new_full((len(x), 1), self.rate))
        return torch.where(struck.bool(), drawn, x)


def identity(size):
    layer = Affine.fresh(size, size, generator=Generator(0))
    with torch.no_grad():
        layer.layer.weight.copy_(torch.eye(size))
    return layer.double()


def of_classes(p=P, rate=0.6):
    """Return the exact Bayesian denoiser of one variable of some classes: log P(k | seen) is affine in what is seen."""
    up, down = identity(len(p)), identity(len(p))
    stays, any_other = 1 - rate + rate / len(p), rate / len(p)
    with torch.no_grad():
        down.layer.weight.mul_(torch.log(torch.tensor(stays / any_other)))
        down.layer.bias.copy_(p.log())
    start = torch.full((len(p),), 1 / len(p), dtype=torch.float64)
    return Denoiser(
        Conditional(up, Gaussian()), Conditional(down, Categorical(len(p))), _Replaced(rate), start
    )


def drawn(denoiser, n, n_steps, generator, **known):
    """Return draws at the end of chains, in place of their means."""
    means = denoiser.walk(n, n_steps, generator, **known)
    return denoiser.decoder.units.sample(means.clamp_min(1e-30).log(), generator)


@torch.no_grad()
@pytest.mark.parametrize("rate", [0.3, 0.9])
def test_chains_come_to_rest_at_the_datas_distribution(close, rate):
    close(drawn(of_classes(rate=rate), 20_000, 40, Generator(0)), P)


@torch.no_grad()
def test_one_step_is_the_exact_kernel(close):
    denoiser, generator = of_classes(), Generator(0)
    denoiser.start = torch.eye(4, dtype=torch.float64)[3]
    units = denoiser.decoder.units
    seen = 0.6 / 4 + 0.4 * torch.eye(4, dtype=torch.float64)
    back = units.mean(denoiser.decoder.inputs(denoiser.encoder.mean(torch.eye(4, dtype=torch.float64))))
    begin = units.mean(units.inputs_for(denoiser.start))
    close(denoiser.walk(20_000, 1, generator), begin @ seen @ back)


@torch.no_grad()
def test_known_values_are_put_back_at_every_step(close):
    """Two variables that do not depend on each other: the unknown one keeps its own distribution."""
    generator = Generator(0)
    up, down = identity(2), identity(2)
    with torch.no_grad():
        down.layer.weight.zero_()
        down.layer.bias.copy_(torch.tensor([1.0, -1.0]))
    denoiser = Denoiser(
        Conditional(up, Gaussian()), Conditional(down, Bernoulli()), GaussianNoise(0.1), torch.full((2,), 0.5)
    ).double()
    values = torch.tensor([0.25, 0.0], dtype=torch.float64).expand(50, -1)
    known = torch.tensor([True, False]).expand(50, -1)
    found = denoiser.walk(50, 3, generator, values=values, known=known)
    assert (found[:, 0] == 0.25).all()
    torch.testing.assert_close(found[:, 1], torch.sigmoid(torch.tensor(-1.0)).double().expand(50))


@torch.no_grad()
def test_a_linear_denoiser_of_normal_data_draws_normal_data(close):
    """x ~ N(0, s), noise t: P(x | seen) = N(seen s / (s + t), s t / (s + t)), and the chain's variance is s."""
    s, t = 2.0, 0.5
    up, down = identity(1), identity(1)
    precision = (s + t) / (s * t)
    with torch.no_grad():
        down.layer.weight.mul_(s / (s + t) * precision)
    units = LearnedGaussian(precision).sized(1).double()
    denoiser = Denoiser(
        Conditional(up, Gaussian()), Conditional(down, units), GaussianNoise(t**0.5), torch.zeros(1)
    ).double()
    rows = denoiser.walk(20_000, 60, Generator(0))
    # What is left of s once the last draw is replaced by its mean.
    close(rows, torch.zeros(1))
    close(rows.square(), torch.tensor([s - s * t / (s + t)]))


def mixture():
    return GaussianMixture(
        torch.tensor([0.3, 0.7], dtype=torch.float64),
        torch.tensor([[0.0, 1.0, -1.0], [1.0, 0.0, 2.0]], dtype=torch.float64),
        torch.stack([torch.diag(torch.tensor([0.5, 1.0, 0.2])), torch.eye(3) + 0.5]).double(),
    )


def test_a_mixtures_score_is_the_gradient_of_its_log_density():
    for one in (mixture(), mixture().smoothed(0.7), mixture().smoothed(torch.tensor([0.1, 0.5, 2.0]))):
        x = Generator(0).normal(6, 3, dtype=torch.float64).requires_grad_()
        (gradient,) = torch.autograd.grad(one.log_prob(x).sum(), x)
        torch.testing.assert_close(one.score(x), gradient)


def test_draws_of_a_mixture_have_its_moments_and_smoothing_is_noise(close):
    generator, one = Generator(0), mixture()
    x = one.sample(50_000, generator)
    close(x, one.weights @ one.means)
    seconds = one.covariances + one.means[:, :, None] * one.means[:, None]
    close((x[:, :, None] * x[:, None]).flatten(1), (one.weights @ seconds.flatten(1)))
    spread = one.smoothed(0.5).covariances - one.covariances
    torch.testing.assert_close(spread, (0.25 * torch.eye(3, dtype=torch.float64)).expand(2, 3, 3))


def test_the_best_denoiser_gives_the_exact_score_at_any_noise():
    """Tweedie's identity: the mean of clean data given noisy, found by quadrature, minus the noisy ones."""
    grid = torch.linspace(-12, 12, 4001, dtype=torch.float64)[:, None]
    one = GaussianMixture.of([0.4, 0.6], [[-2.0], [1.5]], [0.3, 1.0])
    x = torch.linspace(-4, 4, 9, dtype=torch.float64)[:, None]
    for scale in (0.2, 1.0, 3.0):
        weights = (one.log_prob(grid) - (x - grid.t()).square() / (2 * scale**2)).softmax(1)

        class Best:
            @staticmethod
            def reconstruct(x, weights=weights):
                return weights @ grid

        torch.testing.assert_close(score_field(Best(), x, scale), one.smoothed(scale).score(x))


def test_relative_errors_have_a_standard_error(close):
    generator = Generator(0)
    exact = generator.normal(400, 200, 2, dtype=torch.float64)
    found = exact + 0.1 * generator.normal_like(exact)
    estimates = [relative_error(a, b) for a, b in zip(found, exact, strict=True)]
    values = torch.tensor([e.value for e in estimates])
    assert values.mean() == pytest.approx(0.1, rel=0.01)
    assert float(values.std()) == pytest.approx(sum(e.standard_error for e in estimates) / 400, rel=0.1)


def test_noise_of_scale_zero_has_no_score():
    with pytest.raises(ValueError, match="positive scale in every column, got zero"):
        score_field(None, torch.zeros(1, 2), torch.tensor([0.0, 1.0]))
