"""Every optimiser goes down, and every schedule is a bounded factor on its rate."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from tildex.data import rows
from tildex.generator import Generator
from tildex.optimizers import SGD, Constant, Cosine, Linear
from tildex.rules import Rule
from tildex.shapes import Loss
from tildex.train import Plan, Trainer

TARGET = torch.tensor([[0.3, -0.2, 0.1]])


class _Distance(Rule):
    """Half the squared distance to the data: convex."""

    def __call__(self, model, x, generator):
        return Loss.of(distance=0.5 * (x - model.weight).square().sum(1))


def trained(optimizer, n_iter=200):
    model = nn.Module()
    model.weight = nn.Parameter(torch.zeros(3))
    trainer = Trainer(model, _Distance(), optimizer, Plan(n_iter=n_iter), Generator(0))
    trainer.fit(rows(TARGET.expand(4, -1).clone()))
    return trainer


def test_optimizer_lowers_a_convex_loss(optimizer):
    trainer = trained(optimizer)
    losses = [record["loss"] for record in trainer.history]
    assert losses[0] == pytest.approx(0.07, rel=0.05)
    assert losses[-1] < losses[0] / 2


def test_optimizer_follows_its_schedule(optimizer):
    for schedule in (Linear(end=0.5), Cosine(warmup=0.25)):
        trainer = trained(optimizer.set_params(schedule=schedule), n_iter=8)
        rates = [record["learning_rate"] for record in trainer.history]
        assert rates == pytest.approx([optimizer.rate_at(t / 8) for t in range(8)])
        assert optimizer.rate_at(0.5) == pytest.approx(optimizer.learning_rate * schedule(0.5))


def test_learning_rate_must_be_positive(optimizer):
    with pytest.raises(ValueError, match="learning_rate must be positive, got 0"):
        type(optimizer)(learning_rate=0.0)


def test_schedule_is_bounded(schedule):
    factors = [schedule(step / 100) for step in range(101)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert max(factors) == pytest.approx(1)


def test_schedules_end_where_they_say():
    assert Constant()(1.0) == 1
    assert Linear(end=0.2)(1.0) == pytest.approx(0.2)
    assert Cosine(warmup=0.1, end=0.2)(1.0) == pytest.approx(0.2)
    assert Cosine(warmup=0.5)(0.25) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="warmup must be a fraction"):
        Cosine(warmup=1.0)


def test_momentum_remembers():
    plain, heavy = (trained(SGD(0.01, momentum=m), n_iter=20) for m in (0.0, 0.9))
    assert heavy.history[-1]["loss"] < plain.history[-1]["loss"] / 2


def test_what_is_saved_goes_on_as_if_it_had_not_been(optimizer):
    """A matrix and a vector, which some optimisers treat apart; the state of one run makes another its equal."""
    made = []
    for _ in range(2):
        parameters = [nn.Parameter(torch.ones(3, 2)), nn.Parameter(torch.ones(3))]
        made.append((parameters, optimizer.build(parameters)))
    (ours, run), (theirs, again) = made

    def step(parameters, torch_optimizer, rate):
        def closure():
            torch_optimizer.zero_grad()
            loss = sum((p - 0.1 * torch.arange(p.numel()).view_as(p)).square().sum() for p in parameters)
            loss.backward()
            return loss

        for group in torch_optimizer.param_groups:
            group["lr"] = rate
        torch_optimizer.step(closure)

    for rate in (0.1, 0.05):
        step(ours, run, rate)
    with torch.no_grad():
        for copy, parameter in zip(theirs, ours, strict=True):
            copy.copy_(parameter)
    again.load_state_dict(deepcopy(run.state_dict()))
    assert [group["lr"] for group in again.param_groups] == [0.05] * len(run.param_groups)
    for parameters, torch_optimizer in made:
        step(parameters, torch_optimizer, 0.02)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
