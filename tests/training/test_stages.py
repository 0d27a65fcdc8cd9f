"""Stages: each begins where the one before ended, one history counts on, and one checkpoint resumes any of them."""

import pytest
import torch
from torch import nn

from tildex.data import rows
from tildex.generator import Generator
from tildex.optimizers import SGD, Linear
from tildex.rules import Rule
from tildex.shapes import Loss
from tildex.train import Plan, Trainer
from tildex.train.callbacks import EarlyStopping
from tildex.train.stages import Stage, Stages, run_stages

DATA = rows(torch.randn(23, 3, generator=torch.Generator().manual_seed(0)))


class KilledError(Exception):
    """What ends a run half-way."""


class _Noisy(Rule):
    """Half the squared distance to data under noise; ``evaluations`` counts down to a kill."""

    evaluations = -1

    def __call__(self, model, x, generator):
        type(self).evaluations -= 1
        if type(self).evaluations == 0:
            raise KilledError
        noisy = x + generator.normal_like(x)
        return Loss.of(distance=0.5 * (noisy - model.weight).square().sum(1))


def leaf(start):
    module = nn.Module()
    module.weight = nn.Parameter(torch.full((3,), float(start)))
    return module


def module_and_stages(averaging=0.9, held_out=None):
    module = nn.Module()
    module.low, module.high = leaf(1), leaf(2)

    def trainer(part, generator):
        plan = Plan(n_iter=4, batch_size=5, averaging=averaging)
        return Trainer(part, _Noisy(), SGD(0.1, momentum=0.5, schedule=Linear()), plan, generator)

    def begin_high(generator):
        with torch.no_grad():
            module.high.weight.copy_(module.low.weight + generator.normal(3))
        return trainer(module.high, generator)

    def end_high(trained):
        module.low.weight += module.high.weight

    return module, [
        Stage("low", lambda generator: trainer(module.low, generator), DATA, held_out),
        Stage("high", begin_high, DATA, held_out, end_high),
        Stage("low again", lambda generator: trainer(module.low, generator), DATA, held_out),
    ]


def run(path=None, **settings):
    module, stages = module_and_stages(**settings)
    checkpoint = None if path is None else (path, {"run": "ours"})
    history, _ = run_stages(Stages(stages, module), Generator(0), title="Test", checkpoint=checkpoint)
    for record in history:
        del record["seconds"]
    return module.state_dict(), history


def test_history_counts_on():
    _, history = run()
    assert [record["epoch"] for record in history] == list(range(1, 13))
    assert [record["stage"] for record in history] == [1] * 4 + [2] * 4 + [3] * 4
    rates = [record["learning_rate"] for record in history]
    assert rates[:4] == rates[4:8] == rates[8:]


# Five batches an epoch: the first step ever, within an epoch, at a stage's first step, and in each later stage.
@pytest.mark.parametrize("evaluation", [1, 8, 21, 23, 27, 40, 41, 59])
@pytest.mark.parametrize("averaging", [None, 0.9], ids=["plain", "averaged"])
def test_a_killed_run_ends_as_an_uninterrupted_one(tmp_path, evaluation, averaging):
    whole, whole_history = run(averaging=averaging)
    path = tmp_path / "checkpoint"
    _Noisy.evaluations = evaluation
    with pytest.raises(KilledError):
        run(path, averaging=averaging)
    resumed, history = run(path, averaging=averaging)
    assert history == whole_history
    for name, tensor in whole.items():
        assert torch.equal(resumed[name], tensor), name
    again, history = run(path, averaging=averaging)
    assert history == whole_history
    assert all(torch.equal(again[name], tensor) for name, tensor in whole.items())


def test_stages_draw_apart_from_each_other():
    module, stages = module_and_stages()
    shorter = [stages[1], stages[2]]
    seen = []
    for chosen in (stages, shorter):
        seeds = []
        watched = [
            Stage(s.name, lambda g, s=s, seeds=seeds: (seeds.append(g.seed), s.begin(g))[1], DATA)
            for s in chosen
        ]
        run_stages(Stages(watched, module), Generator(0), title="Test")
        seen.append(seeds)
    assert len(set(seen[0])) == 3
    assert seen[1] == seen[0][:2]


def test_early_stopping_is_each_stages_own(capsys):
    module, stages = module_and_stages(held_out=DATA.take(slice(5)))
    plan, stopping = Stages(stages, module), lambda: EarlyStopping(1, tol=1e9)
    history, _ = run_stages(plan, Generator(0), title="Test", verbose=1, stopping=stopping)
    assert [record["stage"] for record in history] == [1, 1, 2, 2, 3, 3]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("]")[0] for line in lines] == [
        f"[Test, {name}" for name in ("low", "low", "high", "high", "low again", "low again")
    ]


def test_stopping_leaves_the_weights_of_the_best_epoch():
    module, seen = leaf(1), []

    def begin(generator):
        return Trainer(module, _Noisy(), SGD(0.1), Plan(n_iter=4, batch_size=5), generator)

    run_stages(
        Stages([Stage("only", begin, DATA, DATA.take(slice(5)))], module),
        Generator(0),
        title="Test",
        stopping=lambda: EarlyStopping(1, tol=1e9),
        callbacks=[lambda trainer: seen.append(module.weight.detach().clone())],
    )
    _, best, last = seen
    assert torch.equal(module.weight, best) and not torch.equal(best, last)
