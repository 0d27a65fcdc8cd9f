"""Unknown values: exact marginals and conditionals of small machines by enumeration, and of the normal density."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from tildex.generator import Generator
from tildex.maps import MLP, Coupling
from tildex.models import BoltzmannMachine, Conditional, JointNormal, Layer, Pair, draw_unknown, log_each
from tildex.models.boltzmann.missing import infer
from tildex.rules import Reconstruction
from tildex.units import Bernoulli, Categorical, Gaussian, Mixed, Units

N = 4000


def machine(
    visible: Units, size: int, hidden: tuple[int, ...] = (3,), scale: float = 0.8
) -> BoltzmannMachine:
    generator = Generator(3)
    layers = [Layer(visible, size), *(Layer(Bernoulli(), n) for n in hidden)]
    edges = {
        (k, k + 1): Coupling(layers[k].size, layers[k + 1].size, generator=generator)
        for k in range(len(hidden))
    }
    found = BoltzmannMachine(layers, edges).double()
    with torch.no_grad():
        for coupling in found.couplings:
            coupling.weight.copy_(scale * generator.normal(*coupling.weight.shape, dtype=torch.float64))
        for layer in found.layers:
            layer.bias.copy_(0.5 * generator.normal(layer.size, dtype=torch.float64))
    return found


def one_hot_rows(kinds: list[int]) -> torch.Tensor:
    """Every row of binary variables (1) and categories of several columns."""
    each = [[[0.0], [1.0]] if k == 1 else np.eye(k).tolist() for k in kinds]
    rows = [list(itertools.chain(*parts)) for parts in itertools.product(*each)]
    return torch.tensor(rows, dtype=torch.float64)


def log_unnormalised(found: BoltzmannMachine, v: torch.Tensor) -> torch.Tensor:
    """Sum out all hidden layers by enumeration."""
    sizes = [found.layers[k].size for k in found.hidden]
    states = one_hot_rows([1] * sum(sizes))
    total = []
    for row in v:
        parts = states.split(sizes, 1)
        total.append(-found.energy([row.expand(len(states), -1), *parts]))
    return torch.stack(total).logsumexp(1)


CASES = {
    "binary": (Bernoulli(), [1] * 4, (3,), [0, 2]),
    "a category": (Mixed([Bernoulli(), Categorical(3)], [2, 3]), [1, 1, 3], (3,), [0, 2, 3, 4]),
    "deep": (Bernoulli(), [1] * 4, (3, 2), [1, 2]),
}


@pytest.fixture(params=CASES)
def case(request):
    units, kinds, hidden, unknown = CASES[request.param]
    found = machine(units, sum(kinds), hidden)
    rows = one_hot_rows(kinds)
    x = rows[-2].clone()
    known = torch.ones(len(x), dtype=torch.bool)
    known[unknown] = False
    like = rows[(rows[:, known] == x[known]).all(1)]
    x[unknown] = torch.nan
    return found, x, like, log_unnormalised(found, like)


@torch.no_grad()
def test_draws_follow_the_conditional(case):
    found, x, like, log_p = case
    drawn = draw_unknown(found, x.expand(N, -1), Generator(0), n_steps=50)
    means = log_p.softmax(0) @ like
    errors = (log_p.softmax(0) @ like.square() - means.square()).clamp_min(1e-12).sqrt() / math.sqrt(N)
    assert ((drawn.mean(0) - means).abs() <= 5 * errors + 1e-9).all()
    assert (drawn[:, ~x.isnan()] == x[~x.isnan()]).all()


@torch.no_grad()
def test_the_gradient_is_that_of_the_marginal_likelihood(case):
    found, x, like, _ = case
    with torch.enable_grad():
        log_unnormalised(found, like).logsumexp(0).backward()
    wanted = found.couplings[0].weight.grad
    rows = draw_unknown(found, x.expand(N, -1), Generator(1), n_steps=50)
    means = infer(found, rows[:1])[1:]
    if len(means) == 1:
        h = found.layers[1].units.mean(found.inputs(1, [rows, rows]))
        each = h[:, :, None] * rows[:, None, :]
        error = each.std(0) / math.sqrt(N)
        assert ((each.mean(0) - wanted).abs() <= 5 * error + 1e-9).all()


@torch.no_grad()
def test_bounds_and_weights(case):
    found, x, _, log_p = case
    truth = float(log_p.logsumexp(0))
    posterior = found.posterior(x[None])
    assert not posterior.exact
    assert float(posterior.bound()) <= truth + 1e-9
    assert float(posterior.bound()) > truth - 1.5
    posterior = found.posterior(x.expand(N, -1))
    weights = (posterior.log_weight(Generator(2)) - truth).exp()
    assert abs(float(weights.mean()) - 1) < 5 * float(weights.std()) / math.sqrt(N)


def test_a_bound_of_complete_rows_is_as_before():
    found = machine(Bernoulli(), 4)
    x = one_hot_rows([1] * 4)
    torch.testing.assert_close(found.bound(x), log_unnormalised(found, x))


def test_the_likelihood_of_known_variables():
    generator = Generator(0)
    units = Mixed([Gaussian(), Categorical(3)], [2, 3])
    inputs = generator.normal(4, 5, dtype=torch.float64)
    x = torch.tensor([[0.3, -1.0, 0.0, 1.0, 0.0]], dtype=torch.float64).expand(4, -1).clone()
    whole = units.log_probs(x, inputs)
    x[0, 1], x[1, 2:] = torch.nan, torch.nan
    each = log_each(units, x, inputs)
    assert each[0, 1] == 0 and each[1, 2] == 0
    rest = torch.ones_like(whole, dtype=torch.bool)
    rest[0, 1] = rest[1, 2] = False
    torch.testing.assert_close(each[rest], whole[rest])


def test_an_unknown_value_has_no_part_in_the_loss_and_an_encoder_sees_that_it_is_unknown():
    generator = Generator(0)
    pair = Pair(
        Conditional(MLP([3, 2], generator=generator), Gaussian()),
        Conditional(MLP([2, 3], generator=generator), Gaussian()),
    )
    pair.expect_unknown(torch.tensor([0.5, -0.5, 1.0]))
    x = torch.tensor([[torch.nan, 0.2, 0.1]])
    Reconstruction()(pair, x, generator).backward()
    assert (pair.decoder.map.layers[0].weight.grad[0] == 0).all()
    assert (pair.unknown.shift.grad[0] != 0).any() and (pair.unknown.shift.grad[1:] == 0).all()
    with torch.no_grad():
        plain = pair.encoder.mean(torch.tensor([[0.5, 0.2, 0.1]]))
        torch.testing.assert_close(pair.encoder.mean(pair.shown(x)), plain)
        pair.unknown.shift.normal_()
        assert not torch.allclose(pair.encoder.mean(pair.shown(x)), plain)


def test_the_normal_density_conditions_exactly():
    generator = Generator(0)
    root = generator.normal(4, 4, dtype=torch.float64)
    covariance, mean = root @ root.t() + torch.eye(4), generator.normal(4, dtype=torch.float64)
    x = generator.normal(1, 4, dtype=torch.float64)
    u, k = [1, 3], [0, 2]
    s = covariance.numpy()
    gain = s[np.ix_(u, k)] @ np.linalg.inv(s[np.ix_(k, k)])
    wanted = mean.numpy()[u] + gain @ (x[0].numpy()[k] - mean.numpy()[k])
    spread = np.sqrt(np.diag(s[np.ix_(u, u)] - gain @ s[np.ix_(k, u)]))
    x[0, u] = torch.nan
    normal = JointNormal(mean, covariance)
    np.testing.assert_allclose(normal.expected(x)[0, u], wanted, rtol=1e-4)
    np.testing.assert_allclose(normal.spread(x)[0, u], spread, rtol=1e-4)
    drawn = normal.draw(x.expand(N, -1), Generator(1))[:, u]
    assert np.abs(drawn.mean(0).numpy() - wanted).max() < 5 * spread.max() / math.sqrt(N)
    between = s[np.ix_(u, u)] - gain @ s[np.ix_(k, u)]
    np.testing.assert_allclose(np.cov(drawn.numpy().T), between, atol=0.15 * between.max())


def test_the_normal_density_is_learned_from_incomplete_rows():
    generator = Generator(0)
    root = torch.tensor([[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [0.5, 0.5, 0.7]], dtype=torch.float64)
    x = generator.normal(5000, 3, dtype=torch.float64) @ root.t()
    x[generator.uniform(5000, 3) < 0.3] = torch.nan
    normal = JointNormal.of(x, shrinkage=0.0)
    torch.testing.assert_close(normal.covariance, root @ root.t(), atol=0.08, rtol=0)


def test_the_normal_density_treats_every_pattern_of_gaps_as_if_it_were_alone():
    generator = Generator(0)
    x = generator.normal(40, 6, dtype=torch.float64) @ generator.normal(6, 6, dtype=torch.float64)
    normal = JointNormal.of(x)
    x[generator.uniform(40, 6) < 0.4] = torch.nan
    x[0], x[1], x[2:4, :3] = torch.nan, 0.5, torch.nan
    together = normal.expected(x), normal.spread(x)
    for i in range(len(x)):
        u, k = x[i].isnan(), ~x[i].isnan()
        s = normal.covariance
        gain = s[u][:, k] @ torch.linalg.inv(s[k][:, k])
        wanted = normal.mean[u] + gain @ (x[i, k] - normal.mean[k])
        torch.testing.assert_close(together[0][i, u], wanted, rtol=1e-3, atol=1e-3)
        left = (s[u][:, u] - gain @ s[k][:, u]).diagonal().sqrt()
        torch.testing.assert_close(together[1][i, u], left, rtol=1e-3, atol=1e-3)
        assert torch.equal(together[0][i, k], x[i, k]) and not together[1][i, k].any()
