"""Bounds on the likelihood of variational autoencoders against likelihoods that are known exactly."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.decomposition import PCA
from torch import nn

from tildex.evaluate import likelihood
from tildex.generator import Generator
from tildex.maps import MLP
from tildex.models import Conditional, LatentPair, importance_weighted_bound
from tildex.priors import MixturePrior, StandardPrior, VampPrior
from tildex.rules import ELBO, IWAE, DReG, GumbelSoftmax, StraightThrough
from tildex.units import (
    Bernoulli,
    Categorical,
    DiagonalGaussian,
    Gaussian,
    ReplicatedSoftmax,
)

X = torch.tensor(
    [[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 1], [0, 1, 0, 0.0]], dtype=torch.float64
)


def model_of(code, size, *, visible=None, prior=None, n_features=4, scale=1.0, seed=1):
    """Return a pair with a prior, its weights of a size that matters."""
    generator, visible = Generator(seed), (visible or Bernoulli()).sized(n_features)
    encoder = MLP([n_features, 5, code.arity * size], generator=generator, activation="tanh")
    decoder = MLP([size, visible.arity * n_features], generator=generator)
    sized = (prior or StandardPrior()).sized(
        code, size, visible=visible, n_features=n_features, generator=generator
    )
    # Away from the ends of the range, where a learned row has a kink.
    sized.begin_at(lambda n: 0.2 + 0.6 * generator.uniform(n, n_features))
    model = LatentPair(Conditional(encoder, code), Conditional(decoder, visible), sized).double()
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.copy_(scale * generator.normal_like(parameter))
    return model


class _Affine(nn.Module):
    """A linear map as it is, or one with constant outputs beside it."""

    def __init__(self, weight, bias, constant=None):
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)
        self.constant = None if constant is None else nn.Parameter(constant)

    def forward(self, x, generator=None):
        out = x @ self.weight.t() + self.bias
        return out if self.constant is None else torch.cat([out, self.constant.expand(len(x), -1)], 1)


def linear_gaussian(axes, center, precision, *, worse_by=0.0):
    """Return a linear-Gaussian model whose encoder is the exact posterior, moved away by ``worse_by``."""
    gamma = 1 + precision * (axes.t() @ axes).diagonal()
    up = precision * axes.t() / gamma[:, None]
    encoder = _Affine(up, worse_by - up @ center, worse_by - gamma.log())
    code, visible = DiagonalGaussian(), Gaussian(precision)
    prior = StandardPrior().sized(code, axes.shape[1], visible=visible, n_features=5, generator=Generator(0))
    decoder = _Affine(precision * axes, precision * center)
    return LatentPair(Conditional(encoder, code), Conditional(decoder, visible), prior).double()


def some_axes():
    generator = Generator(0)
    axes = torch.linalg.qr(generator.normal(5, 2, dtype=torch.float64)).Q
    return axes * torch.tensor([1.5, 0.6], dtype=torch.float64), torch.linspace(-1, 1, 5, dtype=torch.float64)


def gaussian_case(worse_by):
    """Return a model, rows drawn from it, and their exact log-likelihood."""
    axes, center = some_axes()
    covariance = axes @ axes.t() + torch.eye(5, dtype=torch.float64)
    noise = Generator(1).normal(40, 5, dtype=torch.float64)
    x = center + noise @ torch.linalg.cholesky(covariance).t()
    exact = torch.distributions.MultivariateNormal(center, covariance).log_prob(x)
    return linear_gaussian(axes, center, 1.0, worse_by=worse_by), x, exact


def test_bounds_are_tight_at_the_exact_posterior():
    model, x, exact = gaussian_case(0.0)
    bound = importance_weighted_bound(model, x, Generator(1).normal(3, 2, dtype=torch.float64))
    torch.testing.assert_close(bound, exact)
    elbo = torch.stack([-ELBO()(model, x[:1], Generator(seed)).total for seed in range(400)]).detach()
    assert abs(elbo.mean() - exact[0]) < 5 * elbo.std() / 20


def test_the_optimum_of_a_linear_model_is_probabilistic_pca():
    """Tipping & Bishop (1999): scikit-learn's PCA scores rows by that likelihood."""
    rows = np.random.default_rng(0).normal(size=(60, 5)) @ np.diag([3, 2, 1, 0.5, 0.4]) + 1
    pca = PCA(2).fit(rows)
    variance = pca.noise_variance_
    axes = torch.from_numpy(pca.components_.T * np.sqrt(pca.explained_variance_ - variance))
    model = linear_gaussian(axes, torch.from_numpy(pca.mean_), 1 / variance)
    x = torch.from_numpy(rows)
    found = likelihood(model, x, Generator(0), n_samples=3)
    assert found.value.value == pytest.approx(pca.score(rows), abs=1e-6)
    assert found.bound.value == pytest.approx(pca.score(rows), abs=1e-6)
    elbo = torch.stack([-ELBO()(model, x, Generator(seed)).total for seed in range(400)]).detach()
    assert abs(elbo.mean() - pca.score(rows)) < 5 * elbo.std() / 20


@torch.no_grad()
def test_bounds_stay_below_and_rise_with_samples():
    model, x, exact = gaussian_case(0.5)
    generator = Generator(1)

    def bound(samples, repeats):
        draws = [generator.normal(samples, 2, dtype=torch.float64) for _ in range(repeats)]
        return float(torch.stack([importance_weighted_bound(model, x, noise) for noise in draws]).mean())

    elbo = -float(ELBO(n_samples=2000)(model, x, generator).total)
    one, ten, thousand = bound(1, 2000), bound(10, 200), bound(1000, 4)
    assert one == pytest.approx(elbo, abs=0.05)
    assert elbo + 0.2 < ten
    assert ten + 0.02 < thousand
    assert thousand == pytest.approx(float(exact.mean()), abs=0.02)


def every_code(classes, variables):
    codes = list(itertools.product(torch.eye(classes).tolist(), repeat=variables))
    return torch.tensor(codes, dtype=torch.float64).flatten(1)


@torch.no_grad()
def enumerated(model, x, codes):
    """Return log P(x) and the evidence lower bound of each row, all codes added up."""
    inputs = model.encoder.inputs(x)
    log_q = torch.stack([model.code.log_prob(h, inputs) for h in codes])
    joint = torch.stack(
        [
            model.decoder.units.log_prob(x, model.decoder.inputs(h[None])) + model.mixture().log_prob(h)
            for h in codes
        ]
    )
    return joint.logsumexp(0), (log_q.exp() * (joint - log_q)).sum(0)


RULES = {"elbo": ELBO(), "iwae": IWAE(5)}


@pytest.mark.parametrize("prior", [StandardPrior(), MixturePrior(1), MixturePrior(3), VampPrior(3)], ids=repr)
@pytest.mark.parametrize(
    ("code", "size", "codes"),
    [(Categorical(3), 6, every_code(3, 2)), (Bernoulli(), 3, every_code(2, 3)[:, ::2])],
    ids=["categorical", "binary"],
)
@torch.no_grad()
def test_bounds_of_an_enumerable_code_rise_to_the_likelihood(prior, code, size, codes, close):
    model = model_of(code, size, prior=prior, scale=1.5)
    exact, elbo = enumerated(model, X, codes)
    assert (elbo < exact - 0.01).all()
    generator = Generator(3)
    rows = model.rows(X)
    weights = rows.log_weights(rows.noise(40_000, generator))
    bounds = {k: weights.unflatten(0, (-1, k)).logsumexp(1) - math.log(k) for k in (1, 5, 50, 2000)}
    close(bounds[1], elbo)
    for fewer, more in itertools.pairwise(bounds.values()):
        assert (fewer.mean(0) < more.mean(0)).all()
    error = {k: (bound.var(0) / len(bound)).sqrt() for k, bound in bounds.items()}
    assert (bounds[50].mean(0) < exact + 5 * error[50]).all()
    close(bounds[2000], exact, atol=0.01)
    drawn = {k: torch.stack([-rule.exact(rows, generator) for _ in range(200)]) for k, rule in RULES.items()}
    close(drawn["elbo"], elbo)
    close(drawn["iwae"], bounds[5].mean(0), drawn["iwae"].var(0) + bounds[5].var(0) / 40)
    found = likelihood(model, X, generator, n_samples=2000, notes={"binarisation": "none"})
    spread = float(bounds[2000].var(0).sum().sqrt() / len(X))
    assert found.value.value == pytest.approx(float(exact.mean()), abs=5 * spread + 0.01)
    assert found.bound.value == pytest.approx(float(elbo.mean()), abs=25 * float(error[1].mean()))


def test_likelihoods_say_what_they_stand_on():
    model = model_of(DiagonalGaussian(), 2, prior=MixturePrior(3))
    found = likelihood(
        model, X, Generator(0), n_samples=20, notes={"binarisation": "frozen, seed 0", "split": "test"}
    )
    lines = dict(found.lines())
    assert "20 samples per row" in lines["importance-weighted estimate"]
    assert lines["binarisation"] == "frozen, seed 0" and lines["split"] == "test"
    assert lines["log Z"].startswith("none")
    assert found.ok and not found.exact
    assert found.bound.value < found.value.value
    record = found.to_json()
    assert record["log_partition"] is None and record["enumerated"] is False
    assert record["importance_weighted"]["standard_error"] > 0


def gradient(rule, model, seed=0, repeats=1):
    model.zero_grad()
    rule(model, X.repeat(repeats, 1), Generator(seed)).backward()
    return {name: p.grad.clone() for name, p in model.named_parameters()}


@pytest.mark.parametrize("prior", [StandardPrior(), MixturePrior(1), MixturePrior(3), VampPrior(3)], ids=repr)
@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (ELBO(n_samples=2), DiagonalGaussian()),
        (IWAE(4), DiagonalGaussian()),
        (ELBO(0.5, relaxation=GumbelSoftmax(0.7)), Categorical(2)),
        (IWAE(3, relaxation=GumbelSoftmax(0.7)), Categorical(2)),
        (ELBO(relaxation=GumbelSoftmax(0.7)), Bernoulli()),
    ],
    ids=repr,
)
def test_gradients_agree_with_finite_differences(rule, code, prior, directional):
    model = model_of(code, 4, prior=prior)
    slope, difference = directional(lambda: rule(model, X, Generator(5)).total, model.parameters())
    assert slope == pytest.approx(difference, rel=1e-5)


@pytest.mark.parametrize("prior", [StandardPrior(), MixturePrior(3), VampPrior(3)], ids=repr)
def test_doubly_reparameterised_gradients_are_the_naive_ones_on_average(prior, close):
    model = model_of(DiagonalGaussian(), 2, prior=prior)
    naive, double = (
        [gradient(rule, model, seed, repeats=100) for seed in range(60)] for rule in (IWAE(4), DReG(4))
    )
    for name in naive[0]:
        first, second = (torch.stack([g[name] for g in gradients]) for gradients in (naive, double))
        if name.startswith("decoder"):
            torch.testing.assert_close(first, second)
        close(second, first.mean(0), first.var(0) + second.var(0))
    first, second = (IWAE(4)(model, X, Generator(1)).total, DReG(4)(model, X, Generator(1)).total)
    torch.testing.assert_close(first, second)


def test_doubly_reparameterised_gradients_vanish_at_the_exact_posterior():
    model, x, _ = gaussian_case(0.0)
    DReG(5)(model, x, Generator(0)).backward()
    assert all(p.grad.abs().max() < 1e-12 for p in model.encoder.parameters())
    model.zero_grad()
    IWAE(5)(model, x, Generator(0)).backward()
    assert max(p.grad.abs().max() for p in model.encoder.parameters()) > 0.01


def test_doubly_reparameterised_gradients_need_smooth_codes():
    with pytest.raises(ValueError, match=r"whose draws pass gradients.*Categorical\(n_classes=2\): use IWAE"):
        DReG()(model_of(Categorical(2), 4), X, Generator(0))


def test_the_importance_weighted_bound_of_one_sample_is_the_elbo():
    model = model_of(DiagonalGaussian(), 2, prior=MixturePrior(3))
    one, other = (rule(model, X, Generator(0)).total for rule in (IWAE(1), ELBO()))
    torch.testing.assert_close(one, other)


@torch.no_grad()
def test_a_learned_factorised_prior_has_the_divergence_that_draws_have(close):
    model = model_of(DiagonalGaussian(), 2, prior=MixturePrior(1))
    rows = model.rows(X)
    draws = rows.divergence(rows.drawn(rows.noise(20_000, Generator(0))))
    close(draws, rows.divergences().sum(-1))


def test_beta_weighs_the_divergence_and_warms_up():
    model = model_of(DiagonalGaussian(), 2)
    one, four, late = (rule(model, X, Generator(0)).parts for rule in (ELBO(), ELBO(4.0), ELBO(warmup=0.5)))
    torch.testing.assert_close(four["kl"], 4 * one["kl"])
    assert torch.equal(four["reconstruction"], one["reconstruction"])
    assert late["kl"] == 0
    rule = ELBO(2.0, warmup=0.5)
    for progress, weight in ((0.0, 0.0), (0.25, 1.0), (0.5, 2.0), (1.0, 2.0)):
        rule.progress = progress
        assert rule.weight() == weight
    rule.progress = 0.1
    early = rule.validate(model, X, Generator(0))
    rule.progress = 1.0
    assert torch.equal(early, rule.validate(model, X, Generator(0)))


def test_free_nats_cost_nothing():
    model = model_of(DiagonalGaussian(), 2)
    apart = model.rows(X).divergences().mean(0).detach()
    spared = float(apart.max()) - 0.01
    kl = ELBO(free_nats=spared)(model, X, Generator(0)).parts["kl"]
    assert float(kl) == pytest.approx(sum(max(float(nats), spared) for nats in apart))
    gradients = gradient(ELBO(free_nats=10.0), model)
    plain = gradient(ELBO(beta=0.0), model)
    for name in gradients:
        torch.testing.assert_close(gradients[name], plain[name])
    with pytest.raises(ValueError, match="the prior has 3 components that join them: use warmup"):
        ELBO(free_nats=0.1)(model_of(DiagonalGaussian(), 2, prior=MixturePrior(3)), X, Generator(0))


def test_any_family_can_be_the_likelihood(units, repeated):
    size = repeated(units, 2) * units.group
    model = model_of(DiagonalGaussian(), 2, visible=units, n_features=size, scale=0.3)
    x = units.sample(torch.zeros(6, units.arity * size, dtype=torch.float64), Generator(0)).detach()
    for rule in (ELBO(n_samples=2), IWAE(2), DReG(2)):
        model.zero_grad()
        loss = rule(model, x, Generator(1))
        loss.backward()
        assert loss.total.isfinite()
        assert all(p.grad.isfinite().all() and p.grad.abs().sum() > 0 for p in model.decoder.map.parameters())
    codes = torch.zeros(1, 6, 2, dtype=torch.float64)
    expected = units.for_rows(x).log_prob(x, model.decoder.inputs(codes[0]))
    torch.testing.assert_close(model.log_likelihood(x, codes)[0], expected)


def test_documents_have_the_probability_that_scipy_gives_them():
    model = model_of(DiagonalGaussian(), 2, visible=ReplicatedSoftmax(4))
    counts = torch.tensor([[3.0, 0, 1, 2], [0, 0, 0, 1]], dtype=torch.float64)
    codes = torch.randn(2, 2, 2, dtype=torch.float64)
    found = model.log_likelihood(counts, codes).detach().numpy()
    for k, row in itertools.product(range(2), range(2)):
        p = model.decoder.inputs(codes[k, row][None])[0].softmax(-1).detach().numpy()
        n = int(counts[row].sum())
        assert found[k, row] == pytest.approx(stats.multinomial.logpmf(counts[row].numpy(), n, p))


@torch.no_grad()
def test_active_units_are_those_whose_mean_follows_the_row():
    model = model_of(DiagonalGaussian(), 3)
    last = model.encoder.map.layers[-1]
    with torch.no_grad():
        last.weight.zero_()
        last.bias.zero_()
        last.weight[0] = 1.0
    found = ELBO().diagnose(model, X, Generator(0))
    assert found["active_units"] == 1.0
    means = model.encoder.mean(X)[:, 0].detach()
    assert found["code_nats"] == pytest.approx(float(0.5 * means.square().mean()))
    variance = means.var(correction=0)
    torch.testing.assert_close(model.activity(X), torch.stack([variance, 0 * variance, 0 * variance]))


def test_a_code_without_draws_from_noise_is_refused():
    with pytest.raises(
        ValueError, match=r"units such as DiagonalGaussian\(\), Categorical\(10\).*got Gaussian"
    ):
        LatentPair(Conditional(MLP([4, 2], generator=Generator(0)), Gaussian()), None, StandardPrior())


@pytest.mark.parametrize("relaxation", [GumbelSoftmax(0.5, 0.5), StraightThrough(0.5, 0.5)], ids=repr)
def test_descending_a_relaxed_loss_raises_the_enumerated_bound(relaxation):
    model, codes = model_of(Categorical(3), 3), every_code(3, 1)
    before = float(enumerated(model, X, codes)[1].mean())
    optimizer, rule, generator = (
        torch.optim.Adam(model.parameters(), 0.02),
        ELBO(relaxation=relaxation),
        Generator(0),
    )
    for _ in range(300):
        optimizer.zero_grad()
        rule(model, X, generator).backward()
        optimizer.step()
    exact, after = (float(value.mean()) for value in enumerated(model, X, codes))
    assert after > before + 0.3
    assert after <= exact
    assert exact > math.log(1 / 16)
