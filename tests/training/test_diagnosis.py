"""Watching a training costs little and changes nothing in it."""

import itertools

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tildex import CD, PCD, SGD, BernoulliRBM
from tildex.data import rows
from tildex.evaluate import GUARD_COLUMNS
from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BeliefNetwork, BoltzmannMachine, Layer
from tildex.rules import ParallelTempering, Rule, UpDown, Variational, watch_due, watched
from tildex.train import Plan, Trainer
from tildex.units import Bernoulli

# What is measured of Boltzmann machines; the rest is of sparse codes and of codes that have a prior.
MEASURED = set(GUARD_COLUMNS) - {"dead", "active_units", "code_nats"}

X = np.random.default_rng(0).integers(0, 2, (300, 12)).astype(np.float32)


def deep(*sizes):
    generator = Generator(0)
    edges = {
        (k, k + 1): Coupling(a, b, generator=generator) for k, (a, b) in enumerate(itertools.pairwise(sizes))
    }
    return BoltzmannMachine([Layer(Bernoulli(), size) for size in sizes], edges)


def trained(rule, sizes=(12, 8), present=None):
    trainer = Trainer(
        deep(*sizes), rule, SGD(0.1), Plan(n_iter=3, batch_size=50), Generator(1), present=present
    )
    trainer.fit(rows(X), torch.from_numpy(X[:40]))
    return trainer


def flip(x, generator):
    return (x - generator.bernoulli(torch.full_like(x, 0.1))).abs()


@pytest.mark.parametrize("present", [None, flip], ids=["as it is", "presented"])
@pytest.mark.parametrize(
    ("rule", "sizes"),
    [
        (CD(1), (12, 8)),
        (PCD(2), (12, 8)),
        (ParallelTempering(n_betas=3), (12, 8)),
        (Variational(), (12, 8, 6)),
    ],
    ids=["cd", "pcd", "tempering", "variational"],
)
def test_a_watched_training_is_the_same_training(rule, sizes, present, monkeypatch):
    watching = trained(rule.copy(), sizes, present)
    monkeypatch.setattr(Trainer, "diagnose", lambda *_: None)
    alone = trained(rule.copy(), sizes, present)
    assert set(watching.history[-1]) - set(alone.history[-1]) == MEASURED
    for ours, theirs in zip(watching.parameters, alone.parameters, strict=True):
        assert torch.equal(ours, theirs)
    kept = watching.rule.get_state()
    assert all(torch.equal(tensor, kept[name]) for name, tensor in alone.rule.get_state().items())
    assert watching.noise.get_state() == alone.noise.get_state()
    assert watching.order.get_state() == alone.order.get_state()


@pytest.mark.parametrize(("rule", "share"), [(PCD(1), 0.02), (CD(1), 0.03)], ids=["pcd", "cd"])
def test_the_cost_is_a_fiftieth(rule, share):
    """Products counted, an epoch of 60,000 rows: chains that begin at the data take ten sweeps more."""
    data = rows(np.zeros((60_000, 12), dtype=np.float32))
    trainer = Trainer(deep(12, 8), rule, SGD(0.1), Plan(n_iter=1, batch_size=2000), Generator(1))
    with FlopCounterMode(display=False) as epoch:
        trainer.run_epoch(data)
    with FlopCounterMode(display=False) as watching:
        trainer.diagnose(data, torch.zeros(10_000, 12))
    assert 0 < watching.get_total_flops() < share * epoch.get_total_flops()


@pytest.mark.parametrize("trained_rows", [1, 100, 1438, 20_000, 60_000, 10**7])
def test_rows_watched_are_few_and_the_last_epoch_is_among_those_watched(trained_rows):
    index = watched(trained_rows, trained_rows)
    assert len(np.unique(index)) == len(index) <= min(trained_rows, 1000)
    due = [epoch for epoch in range(1, 101) if watch_due(epoch, 100, trained_rows)]
    assert due[-1] == 100
    assert len(due) * len(index) <= 100 * trained_rows / 100 + len(index)


def test_a_rule_of_ones_own_may_measure_what_it_likes(monkeypatch):
    monkeypatch.setattr(Rule, "table", dict(Rule.table))

    class Counting(CD):
        def diagnose(self, model, x, generator, held_out=None):
            return {"rows_seen": float(len(x))}

    assert trained(Counting()).history[-1]["rows_seen"] == 200


def test_only_fit_watches():
    """A pass of ``partial_fit`` may be one step long."""
    rbm = BernoulliRBM(4, random_state=0).partial_fit(X)
    assert not MEASURED & set(rbm.history_[-1])
    assert set(rbm.set_params(n_iter=1).fit(X, X_val=X[:9]).history_[-1]) >= MEASURED


def test_a_belief_network_is_watched_at_its_top():
    machine = deep(8, 6)
    network = BeliefNetwork([deep(12, 8).pair()], machine)
    trainer = Trainer(network, UpDown(n_chains=20), SGD(0.05), Plan(n_iter=1, batch_size=50), Generator(1))
    trainer.fit(rows(X))
    assert set(trainer.history[-1]) >= MEASURED - {"held_out_gap"}
