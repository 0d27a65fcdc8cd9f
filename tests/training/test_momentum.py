"""Momentum that rises: the value of every step against Hinton's straight line, and the steps that come of it."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from tildex import SGD
from tildex.data import rows
from tildex.generator import Generator
from tildex.rules import Rule
from tildex.shapes import Loss
from tildex.train import Plan, Trainer

RATE = 0.01
DATA = torch.ones(6, 2)


class _Slope(Rule):
    """A loss whose gradient is one: a step is the rate times what momentum has gathered."""

    def __call__(self, model, x, generator):
        return Loss.of(slope=model.weight.sum().expand(len(x)))


def lengths(sgd, n_iter, batch_size=None):
    """Train, and return the momentum and the length, in rates, of every step."""
    model = nn.Module()
    model.weight = nn.Parameter(torch.zeros(1, 1, dtype=torch.float64))
    trainer = Trainer(model, _Slope(), sgd, Plan(n_iter=n_iter, batch_size=batch_size), Generator(0))
    set_to, places = [], [0.0]

    def note(optimizer, args, kwargs):
        set_to.append(optimizer.param_groups[0]["momentum"])

    def look(optimizer, args, kwargs):
        places.append(float(model.weight.detach()))

    trainer.torch_optimizer.register_step_pre_hook(note)
    trainer.torch_optimizer.register_step_post_hook(look)
    trainer.fit(rows(DATA))
    return set_to, [(before - after) / RATE for before, after in pairwise(places)]


def gathered(momenta):
    """Return the lengths of steps down a slope of one: what is left of the last step, and one."""
    found, step = [], 0.0
    for momentum in momenta:
        step = momentum * step + 1
        found.append(step)
    return found


@pytest.mark.parametrize(
    ("rise", "momenta"),
    [
        (0.5, [0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9]),
        (1.0, [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85]),
        (0.125, [0.5, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]),
    ],
)
def test_momentum_rises_on_a_line_and_stays(rise, momenta):
    sgd = SGD(RATE, momentum=0.9, initial_momentum=0.5, momentum_rise=rise)
    set_to, steps = lengths(sgd, 8)
    assert set_to == pytest.approx(momenta)
    assert steps == pytest.approx(gathered(momenta))


def test_the_rise_counts_steps_and_not_epochs():
    sgd = SGD(RATE, momentum=0.8, initial_momentum=0.2, momentum_rise=0.75)
    set_to, steps = lengths(sgd, 2, batch_size=3)
    assert set_to == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert steps == pytest.approx(gathered(set_to))


def test_momentum_may_fall_too():
    set_to, _ = lengths(SGD(RATE, momentum=0.1, initial_momentum=0.9, momentum_rise=0.5), 4)
    assert set_to == pytest.approx([0.9, 0.5, 0.1, 0.1])


def test_without_a_start_momentum_stays():
    set_to, steps = lengths(SGD(RATE, momentum=0.9), 5)
    assert set_to == [0.9] * 5
    assert steps == pytest.approx([(1 - 0.9**k) / 0.1 for k in range(1, 6)])


@pytest.mark.parametrize(
    ("setting", "value"),
    [("initial_momentum", 1.0), ("initial_momentum", -0.1), ("momentum_rise", 0.0), ("momentum_rise", 1.1)],
)
def test_impossible_settings_are_refused(setting, value):
    with pytest.raises(ValueError, match=rf"{setting} must .* got {value}"):
        SGD(RATE, momentum=0.9, **{setting: value})
