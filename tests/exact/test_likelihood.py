"""Likelihoods of rows against enumeration, and everything that a figure must carry."""

import importlib
import json
import math

import numpy as np
import pytest
import torch

from tildex import RBM, DenoisingAutoencoder
from tildex.apps.measure.likelihood import likelihood_of
from tildex.evaluate import Annealing, likelihood, log_likelihood, log_partition
from tildex.evaluate import exact as enumeration
from tildex.generator import Generator
from tildex.models import BeliefNetwork
from tildex.units import Bernoulli, Gaussian, ReplicatedSoftmax

FEW = Annealing(n_chains=200, n_betas=300, burn_in=50)


@pytest.fixture
def endless(monkeypatch):
    """Make every machine look too large to enumerate."""
    module = importlib.import_module("tildex.evaluate.likelihood")
    monkeypatch.setattr(module, "enumerable", lambda machine: False)


def binary_rows(n, columns, seed=0):
    return Generator(seed).bernoulli(torch.full((n, columns), 0.5, dtype=torch.float64))


def test_an_rbm_that_can_be_enumerated_is_exact(graph):
    machine, x = graph([5, 3], [(0, 1)]), binary_rows(40, 5)
    found, expected = likelihood(machine, x, Generator(0)), log_likelihood(machine, x)
    assert found.exact and found.ok and found.tightened is None and found.annealing is None
    assert found.value.value == pytest.approx(float(expected.mean()))
    assert found.value.standard_error == pytest.approx(float(expected.std()) / math.sqrt(40))
    assert found.error_over_rows == found.value.standard_error


def test_an_rbm_that_cannot_is_within_its_error(graph, endless):
    machine, x = graph([5, 3], [(0, 1)]), binary_rows(40, 5)
    found, expected = likelihood(machine, x, Generator(0), annealing=FEW), log_likelihood(machine, x)
    error = found.log_partition.standard_error
    assert 0 < error < 0.1
    assert abs(found.value.value - float(expected.mean())) < 4 * error
    assert found.value.standard_error == pytest.approx(math.hypot(error, found.error_over_rows))


@pytest.mark.parametrize(
    ("sizes", "edges"), [([4, 3, 3], [(0, 1), (1, 2)]), ([4, 3, 2, 3], [(0, 1), (1, 2), (2, 3)])]
)
def test_a_deep_machine_is_bounded_and_tightened(graph, joint, sizes, edges):
    machine, x = graph(sizes, edges), binary_rows(30, sizes[0])
    states, log_weight = joint(machine)
    same = (states[0][None] == x[:, None]).all(-1)
    rows = torch.where(same, log_weight, -torch.inf).logsumexp(1) - log_partition(machine)
    truth = float(rows.mean())
    found = likelihood(machine, x, Generator(0), n_samples=3000)
    assert found.bound.value < truth - 1e-5
    assert found.tightened.value == pytest.approx(truth, abs=5e-3)
    assert abs(found.tightened.value - truth) < 0.2 * (truth - found.bound.value)


def test_everything_is_carried_and_is_json(graph, endless):
    machine, x = graph([4, 3, 3], [(0, 1), (1, 2)]), binary_rows(30, 4)
    told = []
    found = likelihood(
        machine,
        x,
        Generator(0),
        start=binary_rows(20, 4, seed=1),
        n_samples=5,
        annealing=FEW,
        notes={"data": "made", "binarisation": "frozen, seed 0"},
        progress=lambda what, share: told.append(what),
    )
    record = json.loads(json.dumps(found.to_json()))
    assert record["data"] == "made" and record["binarisation"] == "frozen, seed 0"
    assert record["estimator"] == "variational bound" and record["samples_a_row"] == 5
    assert record["annealing"]["forward"]["chains"] == 200
    assert record["annealing"]["forward"]["temperatures"] == 300
    assert record["annealing"]["half_as_many_temperatures"]["temperatures"] == 150
    assert record["annealing"]["gap"] == found.annealing.gap
    assert record["ok"] is True
    labels = dict(found.lines())
    assert {"variational bound", "importance-weighted estimate", "gap between them", "verdict"} <= set(labels)
    assert labels["binarisation"] == "frozen, seed 0"
    assert "effective sample size" in labels["log Z, reverse"]
    assert {"forward", "reverse", "rows"} <= set(told)


def test_densities_count_in_the_datas_own_units(rbm):
    machine = rbm((Gaussian(), Bernoulli()), variables=(1, 3))
    x = torch.linspace(-4, 4, 2001, dtype=torch.float64)[:, None]
    found = likelihood(machine, x, Generator(0), log_volume=math.log(10))
    plain = likelihood(machine, x, Generator(0))
    assert found.value.value == pytest.approx(plain.value.value + math.log(10))
    wide = torch.linspace(-40, 40, 20001, dtype=torch.float64)[:, None]
    density = (machine.bound(wide).detach() - enumeration.log_partition(machine)).exp()
    assert float(density.sum()) * 80 / 20000 == pytest.approx(1, abs=1e-6)


@pytest.fixture(scope="module")
def grey():
    return np.random.default_rng(0).random((60, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def trained(grey):
    return RBM(3, n_iter=2, random_state=0).fit(grey)


def test_frozen_is_the_default_and_its_seed_counts(trained, grey):
    first, again = likelihood_of(trained, grey), likelihood_of(trained, grey, binarisation="frozen")
    assert first.value == again.value
    assert first.notes["binarisation"] == "frozen, seed 0"
    assert likelihood_of(trained, grey, seed=1).value != first.value
    assert likelihood_of(trained, grey, binarisation="none").value != first.value
    x = torch.from_numpy((grey > 0.5).astype(np.float32))
    expected = float(log_likelihood(trained.module_, x).mean())
    assert likelihood_of(trained, grey, binarisation="threshold").value.value == pytest.approx(expected)


def test_real_data_are_not_binarised():
    X = (5 + 3 * np.random.default_rng(0).normal(size=(80, 3))).astype(np.float32)
    model = RBM(2, n_iter=2, random_state=0).fit(X)
    found = likelihood_of(model, X)
    assert found.notes["binarisation"] == "none"
    # Close to three independent normal columns of standard deviation 3, whose entropy is known.
    assert found.value.value == pytest.approx(
        -3 * (0.5 * math.log(2 * math.pi * math.e) + math.log(3)), abs=1
    )
    with pytest.raises(ValueError, match="makes rows binary, but the model has Gaussian"):
        likelihood_of(model, X, binarisation="frozen")


def test_what_has_no_likelihood_is_refused(trained, grey):
    with pytest.raises(ValueError, match="DenoisingAutoencoder has no log-likelihood"):
        likelihood_of(DenoisingAutoencoder(2, n_iter=1).fit(grey), grey)
    with pytest.raises(ValueError, match="trained on 6 features, but the data have 5"):
        likelihood_of(trained, grey[:, :5])
    with pytest.raises(ValueError, match="binarise must be one of auto, frozen, threshold, none"):
        likelihood_of(trained, grey, binarisation="dynamic")


@pytest.mark.parametrize("annealed", ["enumerated", "annealed"])
@torch.no_grad()
def test_a_belief_network_is_bounded_and_tightened(graph, support, annealed, request):
    if annealed == "annealed":
        request.getfixturevalue("endless")
    network = BeliefNetwork.of([graph([5, 3], [(0, 1)]), graph([3, 4], [(0, 1)], seed=1)])
    x = binary_rows(200, 5)
    points, _ = support(network.top, 0, None)
    prior = network.top.log_marginal([points, points]) - log_partition(network.top)
    given = torch.stack([network.pairs[0].decoder.log_prob(x, h.expand(len(x), -1)) for h in points], 1)
    truth = float((given + prior).logsumexp(1).mean())
    found = likelihood(network, x, Generator(0), n_samples=1000, annealing=FEW)
    error = found.log_partition.standard_error
    assert found.bound.value < truth
    assert abs(found.tightened.value - truth) < 4 * error + 5e-3
    assert found.ok and not found.exact


def test_rows_with_lengths_of_their_own_are_refused():
    X = np.random.default_rng(0).poisson(1.0, (30, 5)).astype(np.float32) + 1
    model = RBM(2, likelihood=ReplicatedSoftmax(5), n_iter=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match="depends on the length of each row: measure a perplexity"):
        likelihood_of(model, X)
