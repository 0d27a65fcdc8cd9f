"""Parameters that learn slower or later do so exactly, and no unit receives by longer weights than allowed."""

import pytest
import torch
from torch import nn

from tildex.data import rows
from tildex.generator import Generator
from tildex.optimizers import LBFGS, SGD, Adam, Linear
from tildex.rules import Rule
from tildex.shapes import Loss
from tildex.train import Plan, Trainer
from tildex.train.restraints import Pace, UnitNorm, limit_norms

DATA = torch.ones(8, 3)


class _Pull(Rule):
    """A loss whose gradient is one everywhere: each step moves each parameter by its rate."""

    def __call__(self, model, x, generator):
        total = model.low.sum() + model.high.sum() + model.bias.sum()
        return Loss.of(pull=total.expand(len(x)))


def trainer(optimizer, *, paces=None, **plan):
    model = nn.Module()
    model.low, model.high = nn.Parameter(torch.ones(2, 3)), nn.Parameter(torch.ones(4, 3))
    model.bias = nn.Parameter(torch.ones(2))
    made = Trainer(
        model,
        _Pull(),
        optimizer,
        Plan(batch_size=2, **plan),
        Generator(0),
        paces=paces(model) if paces else (),
    )
    made.fit(rows(DATA))
    return made


def test_a_factor_multiplies_the_rate():
    model = trainer(SGD(0.1), n_iter=1, paces=lambda m: [Pace([m.low], 0.25), Pace([m.bias], 0.0)]).model
    torch.testing.assert_close(model.high, torch.full((4, 3), 1 - 4 * 0.1))
    torch.testing.assert_close(model.low, torch.full((2, 3), 1 - 4 * 0.025))
    torch.testing.assert_close(model.bias, torch.ones(2))


def test_a_wait_is_a_share_of_training():
    made = trainer(SGD(0.1, schedule=Linear()), n_iter=4, paces=lambda m: [Pace([m.low], 1.0, wait=0.5)])
    steps = [0.1 * (1 - k / 16) for k in range(16)]
    torch.testing.assert_close(made.model.high, torch.full((4, 3), 1 - sum(steps)))
    torch.testing.assert_close(made.model.low, torch.full((2, 3), 1 - sum(steps[8:])))
    assert [record["learning_rate"] for record in made.history] == pytest.approx(steps[3::4])


def test_equal_paces_change_nothing():
    plain = trainer(Adam(0.01), n_iter=3).model
    paced = trainer(Adam(0.01), n_iter=3, paces=lambda m: [Pace([m.low, m.bias])]).model
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), paced.parameters(), strict=True))


def test_one_line_for_all_parameters_cannot_hold_some_back():
    with pytest.raises(ValueError, match="LBFGS moves all parameters by one step size"):
        trainer(LBFGS(), n_iter=1, paces=lambda m: [Pace([m.low], 0.5)])


@pytest.mark.parametrize(("factor", "wait"), [(-1.0, 0.0), (1.0, 1.5), (1.0, -0.1)])
def test_impossible_paces_are_refused(factor, wait):
    with pytest.raises(ValueError, match=r"must (not be negative|lie in)"):
        Pace((), factor, wait)


@pytest.mark.parametrize("optimizer", [SGD(0.5), Adam(0.5)], ids=repr)
def test_norms_stay_below_the_limit_after_every_step(optimizer):
    model = trainer(optimizer, n_iter=5, max_norm=1.2).model
    for weight in (model.low, model.high):
        assert weight.norm(dim=1).max() <= 1.2 + 1e-5
    assert model.bias.norm() > 1.2


def test_short_rows_are_left_and_long_ones_keep_their_direction():
    weight = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    kernel = weight.view(3, 2, 1, 1).clone()
    bias = torch.tensor([100.0])
    limit_norms([weight, kernel, bias], 1.0)
    torch.testing.assert_close(weight, torch.tensor([[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]]))
    assert torch.equal(kernel.flatten(1), weight)
    assert bias == 100


class _Fit(Rule):
    """Half the squared distance from a target: its gradient points along the weights too."""

    def __call__(self, model, x, generator):
        target = torch.arange(12.0).view(4, 3)
        return Loss.of(fit=(0.5 * (model.weight - target).square().sum()).expand(len(x)))


def fitted(optimizer, dim, **plan):
    model = nn.Module()
    model.weight = nn.Parameter(torch.ones(4, 3))
    restraints = [UnitNorm(model.weight, dim)]
    lengths = []
    made = Trainer(model, _Fit(), optimizer, Plan(batch_size=2, **plan), Generator(0), restraints=restraints)
    made.callbacks = [lambda trainer: lengths.append(model.weight.detach().norm(dim=dim))]
    made.fit(rows(DATA))
    return model.weight.detach(), torch.stack(lengths)


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("plan", [{}, {"averaging": 0.9}], ids=["plain", "averaged"])
@pytest.mark.parametrize("optimizer", [SGD(0.01, momentum=0.9), Adam(0.01)], ids=repr)
def test_lengths_stay_at_one_and_the_best_direction_is_found(optimizer, plan, dim):
    weight, lengths = fitted(optimizer, dim, n_iter=60, **plan)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))
    torch.testing.assert_close(weight.norm(dim=dim), torch.ones_like(lengths[0]))
    # On the sphere the nearest point to a target is its direction.
    target = torch.arange(12.0).view(4, 3)
    torch.testing.assert_close(weight, target / target.norm(dim=dim, keepdim=True), atol=0.02, rtol=0)


def test_the_gradient_has_nothing_left_along_the_weights():
    weight = nn.Parameter(torch.randn(4, 3))
    norm = UnitNorm(weight)
    norm.restore()
    weight.grad = torch.randn(4, 3)
    before = weight.grad.clone()
    norm.project()
    torch.testing.assert_close((weight * weight.grad).sum(0).detach(), torch.zeros(3), atol=1e-5, rtol=0)
    across = before - weight.grad
    torch.testing.assert_close(across, weight.detach() * (weight.detach() * before).sum(0), atol=1e-5, rtol=0)


def test_a_column_without_length_is_left_alone():
    weight = nn.Parameter(torch.zeros(4, 3))
    UnitNorm(weight).restore()
    assert (weight == 0).all()


def test_a_line_search_cannot_keep_lengths():
    with pytest.raises(ValueError, match=r"LBFGS searches along a line.*choose Adam or SGD"):
        fitted(LBFGS(), 0, n_iter=1)


def test_a_limit_is_positive():
    with pytest.raises(ValueError, match="max_norm must be positive"):
        Plan(max_norm=0.0)
