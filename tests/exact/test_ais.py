"""Annealed importance sampling against enumeration, within four of its own standard errors, in both directions."""

import pytest
import torch

from tildex.evaluate import (
    Annealer,
    log_partition,
    log_partition_ais,
    log_partition_reverse_ais,
    temperatures,
    two_sided,
)
from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer
from tildex.units import Bernoulli, Categorical, Gaussian

CHAIN2, CHAIN3 = [(0, 1), (1, 2)], [(0, 1), (1, 2), (2, 3)]


def check(result, machine):
    estimate, exact = result.log_partition, log_partition(machine)
    assert abs(estimate.value - exact) < 4 * estimate.standard_error + 1e-4
    assert 0 < estimate.standard_error < 0.2
    assert 40 < result.effective_sample_size <= 400
    assert abs(float(machine.base_log_partition().detach()) - exact) > 4 * estimate.standard_error


@pytest.fixture
def deep():
    """Make a chain of layers of any units."""

    def make(layers, scale=0.8, seed=0):
        generator = Generator(seed)
        layers = [Layer(units, size) for units, size in layers]
        joined = {
            (k, k + 1): Coupling(layers[k].size, layers[k + 1].size, generator=generator)
            for k in range(len(layers) - 1)
        }
        machine = BoltzmannMachine(layers, joined).double()
        with torch.no_grad():
            for tensor in (*machine.parameters(), *(layer.base for layer in machine.layers)):
                tensor.copy_(scale * generator.normal_like(tensor))
        return machine

    return make


def test_forward_of_pairs(rbm, unit_pair):
    machine = rbm(unit_pair)
    check(log_partition_ais(machine, Generator(0), n_chains=400, n_betas=150), machine)


def test_reverse_of_pairs(rbm, unit_pair, exact_draws):
    machine = rbm(unit_pair)
    start = exact_draws(machine, 400, Generator(1))
    result = log_partition_reverse_ais(
        machine, Generator(0), start=start, burn_in=0, n_chains=400, n_betas=150
    )
    check(result, machine)


@pytest.mark.parametrize(
    ("sizes", "edges"),
    [([5, 4, 3], CHAIN2), ([4, 3, 3, 3], CHAIN3), ([3, 4, 2, 3], [(0, 1), (1, 2), (1, 3)])],
    ids=["two hidden", "three hidden", "branches"],
)
def test_both_ways_of_graphs(graph, exact_draws, sizes, edges):
    machine = graph(sizes, edges)
    check(log_partition_ais(machine, Generator(0), n_chains=400, n_betas=150), machine)
    start = exact_draws(machine, 400, Generator(1))
    settings = {"start": start, "burn_in": 0, "n_chains": 400, "n_betas": 150}
    check(log_partition_reverse_ais(machine, Generator(0), **settings), machine)


B = Bernoulli()
DEEP = {
    "two hidden": [(B, 6), (B, 4), (B, 5)],
    "three hidden": [(B, 5), (B, 4), (B, 3), (B, 4)],
    "real data": [(Gaussian(2.0), 4), (B, 4), (B, 3)],
    "real data, three hidden": [(Gaussian(), 3), (B, 3), (B, 3), (B, 3)],
    "classes": [(Categorical(3), 6), (B, 4), (Categorical(2), 4)],
}


@pytest.mark.parametrize("layers", DEEP.values(), ids=DEEP.keys())
def test_two_sided_from_rows(deep, layers):
    machine = deep(layers)
    rows = machine.layers[0].units.sample(machine.layers[0].bias.detach().expand(50, -1), Generator(2))
    both = two_sided(machine, Generator(0), start=rows, burn_in=20, n_chains=400, n_betas=100)
    check(both.forward, machine)
    check(both.reverse, machine)
    check(both.halved, machine)
    assert both.ok and both.verdict == "ok"
    joined = both.log_partition
    assert abs(joined.value - log_partition(machine)) < 4 * joined.standard_error + 1e-4
    errors = [result.log_partition.standard_error for result in (both.forward, both.reverse)]
    assert joined.standard_error < 1.05 * min(errors), "two directions know more than one"


def test_the_gap_closes_with_more_temperatures(graph, exact_draws):
    machine = graph([8, 6], [(0, 1)], scale=2.5)
    start, exact = exact_draws(machine, 1000, Generator(1)), log_partition(machine)
    gaps = []
    for n_betas in (3, 30, 300):
        settings = {"n_chains": 1000, "n_betas": n_betas}
        forward = log_partition_ais(machine, Generator(0), **settings)
        reverse = log_partition_reverse_ais(machine, Generator(1), start=start, burn_in=0, **settings)
        # Jensen's inequality holds for the mean log weight of each direction, which is far less noisy.
        base = float(machine.base_log_partition().detach())
        low = base + float(forward.log_weights.mean())
        high = base - float(reverse.log_weights.mean())
        assert low < exact < high
        gaps.append(high - low)
    assert gaps[0] > 3 * gaps[1] > 9 * gaps[2]


def test_either_side_may_be_kept(graph):
    machine = graph([5, 3], [(0, 1)])
    exact = log_partition(machine)
    for side in (0, 1):
        annealer = Annealer(machine, Generator(0), side=side)
        log_weights = annealer.anneal(annealer.independent(2000), temperatures(100))
        ratio = (log_weights + machine.base_log_partition().detach() - exact).exp()
        assert abs(float(ratio.mean()) - 1) < 5 * float(ratio.std()) / 2000**0.5


def test_bfloat16_products_lose_little(deep):
    machine = deep(DEEP["two hidden"]).float()
    settings = {"n_chains": 1000, "n_betas": 200}
    exact = log_partition(machine)
    low = log_partition_ais(machine, Generator(0), precision=torch.bfloat16, **settings)
    assert abs(low.log_partition.value - exact) < 0.02
    assert machine.couplings[0].weight.dtype is torch.float32


@pytest.mark.parametrize(
    ("sizes", "edges"), [([5, 3], [(0, 1)]), ([5, 4, 3], CHAIN2)], ids=["one hidden", "two hidden"]
)
def test_two_products_a_temperature_and_coupling(graph, monkeypatch, sizes, edges):
    machine, counted = graph(sizes, edges), []

    def counting(function):
        def wrapped(*args, **kwargs):
            counted.append(function)
            return function(*args, **kwargs)

        return wrapped

    annealer = Annealer(machine, Generator(0))
    for name in ("mm", "addmm"):
        monkeypatch.setattr(torch, name, counting(getattr(torch, name)))
    annealer.anneal(annealer.independent(10), temperatures(50))
    assert 0 < len(counted) <= 2 * 50 * len(edges)


def test_temperatures_rise_and_close_up():
    betas = torch.tensor(temperatures(1000), dtype=torch.float64)
    steps = betas.diff()
    assert betas[0] == 0 and betas[-1] == 1
    assert (steps > 0).all() and (steps[2:] < steps[1:-1] + 1e-12).all()
    assert temperatures(2) == [0.0, 1.0]


def test_progress_is_told(graph):
    told = {}
    machine = graph([3, 2], [(0, 1)])
    settings = {"start": torch.zeros(4, 3).double(), "n_betas": 300, "burn_in": 10, "n_chains": 3}
    two_sided(
        machine,
        Generator(0),
        progress=lambda what, share: told.setdefault(what, []).append(share),
        **settings,
    )
    assert set(told) == {"forward", "forward, half the temperatures", "reverse", "burn-in"}
    for shares in told.values():
        assert shares == sorted(shares) and shares[-1] == 1 and len(shares) <= 201


def test_a_poor_run_says_what_is_wrong(graph):
    machine = graph([12, 10], [(0, 1)], scale=4.0)
    both = two_sided(machine, Generator(0), start=torch.zeros(5, 12).double(), burn_in=0, n_betas=3)
    assert not both.ok
    assert both.verdict.startswith("not a result: forward and reverse differ by")
    assert both.to_json()["verdict"] == both.verdict


def test_without_couplings_it_is_exact(graph):
    machine = graph([3, 2], [(0, 1)])
    with torch.no_grad():
        machine.couplings[0].weight.zero_()
        for layer in machine.layers:
            layer.base.copy_(layer.bias)
    estimate = log_partition_ais(machine, Generator(0), n_chains=2, n_betas=2).log_partition
    assert estimate.value == pytest.approx(log_partition(machine))
    assert estimate.standard_error < 1e-12


@pytest.mark.parametrize(("chains", "betas"), [(1, 10), (10, 1)])
def test_too_few_are_refused(graph, chains, betas):
    machine, settings = graph([2, 2], [(0, 1)]), {"n_chains": chains, "n_betas": betas}
    with pytest.raises(ValueError, match=f"at least 2 chains and 2 temperatures, got {chains} and {betas}"):
        log_partition_ais(machine, Generator(0), **settings)
    with pytest.raises(ValueError, match=f"at least 2 chains and 2 temperatures, got {chains} and {betas}"):
        log_partition_reverse_ais(machine, Generator(0), start=torch.zeros(3, 2).double(), **settings)


def test_what_cannot_start_is_refused(graph):
    machine = graph([2, 2], [(0, 1)])
    with pytest.raises(ValueError, match=r"fill visible layers of sizes \[2\], got 3 columns"):
        log_partition_reverse_ais(machine, Generator(0), start=torch.zeros(3, 3).double())
    with pytest.raises(ValueError, match="burn_in must be at least 0 Gibbs steps, got -1"):
        log_partition_reverse_ais(machine, Generator(0), start=torch.zeros(3, 2).double(), burn_in=-1)
    machine.couplings[0].up_gain = 2.0
    with pytest.raises(ValueError, match="have no joint distribution"):
        log_partition_ais(machine, Generator(0))
