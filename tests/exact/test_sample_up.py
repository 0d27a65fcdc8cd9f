"""Samples up a chain of restricted machines: as machine by machine, and rows that know nothing stay unknown."""

import torch

from tildex.generator import Generator
from tildex.models import sample_up
from tildex.products import autocast


def test_it_is_one_machine_after_the_other(graph):
    parts = [graph([5, 4], [(0, 1)]), graph([4, 3], [(0, 1)])]
    x, generator = Generator(0).bernoulli(torch.full((6, 5), 0.5, dtype=torch.float64)), Generator(1)
    expected = x
    for part in parts:
        expected = part.layers[1].units.sample(part.inputs(1, [expected, expected]), generator)
    assert torch.equal(sample_up(parts, x, Generator(1)), expected)
    assert sample_up([], x, Generator(1)) is x


def test_rows_that_know_nothing_stay_unknown(graph):
    parts, x = [graph([5, 4], [(0, 1)])], torch.zeros(3, 5, dtype=torch.float64)
    x[1] = torch.nan
    above = sample_up(parts, x, Generator(0))
    assert above.isnan().all(1).tolist() == [False, True, False]
    assert not above[[0, 2]].isnan().any()


def test_products_are_rounded_only_where_that_is_asked_for():
    a = torch.linspace(-1, 1, 12).view(3, 4)
    with autocast(a.device, torch.float32):
        assert (a @ a.t()).dtype is torch.float32
    with autocast(a.device, torch.bfloat16):
        assert (a @ a.t()).dtype is torch.bfloat16
