"""Samplers of the model leave its exact distribution as it is, and tempered ones cross where plain ones are stuck."""

import itertools

import pytest
import torch

from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer
from tildex.rules import PCD, FastPCD, ParallelTempering, TrajectoryTempering
from tildex.rules.boltzmann.trajectory import _Snapshot
from tildex.units import Bernoulli

VISIBLE, HIDDEN, CHAINS = 5, 3, 20_000


def machine(seed, scale=1.0):
    generator = Generator(seed)
    layers = [Layer(Bernoulli(), n) for n in (VISIBLE, HIDDEN)]
    built = BoltzmannMachine(layers, {(0, 1): Coupling(VISIBLE, HIDDEN, generator=generator)}).double()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.copy_(scale * generator.normal_like(parameter))
    return built


def exact(model):
    """Return all hidden states and their probabilities."""
    h = torch.tensor(list(itertools.product([0.0, 1.0], repeat=HIDDEN)), dtype=torch.float64)
    return h, model.log_marginal([h, h], 1).softmax(0).detach()


def draws(model, n, seed):
    h, p = exact(model)
    uniform = Generator(seed).uniform(n, dtype=torch.float64)
    return h[torch.searchsorted(p.cumsum(0), uniform).clamp(max=len(p) - 1)]


def assert_distributed(chains, model):
    h, p = exact(model)
    counts = torch.stack([(chains == state).all(1).double().mean() for state in h])
    error = (p * (1 - p) / len(chains)).sqrt()
    assert ((counts - p).abs() < 5 * error).all()


def run(rule, model, steps, generator):
    x = torch.zeros(2, VISIBLE, dtype=torch.float64)
    for _ in range(steps):
        rule(model, x, generator)


def test_tempering_does_not_drift():
    model, rule = machine(0), ParallelTempering(n_chains=CHAINS, n_betas=4)
    run(rule, model, 1, Generator(0))
    started = []
    for beta in (0, 1 / 3, 2 / 3, 1):
        tempered = machine(0)
        with torch.no_grad():
            for parameter in tempered.parameters():
                parameter.mul_(beta)
        started.append((draws(tempered, CHAINS, seed=7), tempered))
    rule.chains = torch.cat([chains for chains, _ in started])
    run(rule, model, 5, Generator(1))
    for chains, (_, tempered) in zip(rule.chains.split(CHAINS), started, strict=True):
        assert_distributed(chains, tempered)
    assert (rule.accepted > 0).all()


def test_trajectory_does_not_drift():
    earlier, model = machine(1, 0.5), machine(1)
    rule = TrajectoryTempering(n_chains=CHAINS, every=1)
    weight, low, high = earlier.couplings[0].weight, earlier.layers[0].bias, earlier.layers[1].bias
    rule.snapshots = [
        _Snapshot(
            weight.detach(),
            low.detach(),
            high.detach(),
            draws(earlier, CHAINS, 3),
            torch.ones((), dtype=torch.float64),
        )
    ]
    rule.chains = draws(model, CHAINS, 4)
    run(rule, model, 5, Generator(1))
    assert_distributed(rule.chains, model)
    assert_distributed(rule.snapshots[0].chains, earlier)


def two_modes():
    """Return a machine of two equal modes, all units on and all off, with hardly a way between them."""
    layers = [Layer(Bernoulli(), n) for n in (VISIBLE, HIDDEN)]
    model = BoltzmannMachine(layers, {(0, 1): Coupling(VISIBLE, HIDDEN, generator=Generator(0))}).double()
    with torch.no_grad():
        model.couplings[0].weight.fill_(6.0)
        layers[0].bias.fill_(-3.0 * HIDDEN)
        layers[1].bias.fill_(-3.0 * VISIBLE)
    return model


@pytest.mark.parametrize(
    ("rule", "crosses"),
    [
        (PCD(n_chains=200), False),
        (ParallelTempering(n_chains=200, n_betas=12), True),
    ],
    ids=["plain", "tempered"],
)
def test_only_tempered_chains_cross_between_modes(rule, crosses):
    model = two_modes()
    n = 200 * getattr(rule, "n_betas", 1)
    run(rule, model, 1, Generator(0))
    rule.chains = torch.zeros(n, HIDDEN, dtype=torch.float64)
    run(rule, model, 400, Generator(1))
    share = float(rule.chains[-200:].mean())
    assert (0.3 < share < 0.7) == crosses


def test_trajectory_keeps_snapshots_where_swaps_fail():
    model = machine(2, 0.1)
    rule = TrajectoryTempering(n_chains=100, every=1, n_models=3)
    generator = Generator(0)
    run(rule, model, 5, generator)
    assert len(rule.snapshots) == 1
    for _ in range(40):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(1.3)
        run(rule, model, 3, generator)
    assert 1 < len(rule.snapshots) <= 3
    assert rule.snapshots[0].weight.abs().max() < 1


def test_fast_weights_push_chains_away_and_fade():
    model, x = machine(3), torch.ones(50, VISIBLE, dtype=torch.float64)
    rule = FastPCD(n_chains=50, fast_rate=0.1, decay=0.5)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    rule(model, x, Generator(0))
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    first = rule.get_state()["fast_0"].clone()
    # The loss of the next batch adds to half of what was there.
    loss = rule(model, x, Generator(1))
    torch.testing.assert_close(rule.get_state()["fast_0"], 0.5 * first - 0.1 * loss.gradients[0][1])


def test_training_is_watched_on_the_chains_at_full_strength():
    model, rule = machine(4), ParallelTempering(n_chains=CHAINS, n_betas=3)
    run(rule, model, 60, Generator(0))
    assert_distributed(rule._left()[0], model)
