"""Binary rows from grey values: means are kept, a frozen draw is the same everywhere, and nothing is guessed."""

import numpy as np
import pytest
import torch

from tildex.data import BINARISATIONS, DataError, FrozenRows, binarise, rows
from tildex.generator import Generator

GREY = torch.linspace(0, 1, 7).expand(9000, 7).contiguous()


@pytest.mark.parametrize("how", ["dynamic", "frozen"])
def test_draws_are_binary_and_keep_the_means(how, close):
    drawn = binarise(GREY, how, Generator(0))
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert drawn.dtype == GREY.dtype
    close(drawn, GREY[0], GREY[0] * (1 - GREY[0]))


def test_dynamic_is_fresh_and_frozen_is_not():
    generator = Generator(3)
    assert not torch.equal(binarise(GREY, "dynamic", generator), binarise(GREY, "dynamic", generator))
    frozen = binarise(GREY, "frozen", generator)
    assert torch.equal(frozen, binarise(GREY, "frozen", generator))
    assert torch.equal(frozen, binarise(GREY, "frozen", Generator(3)))
    assert not torch.equal(frozen, binarise(GREY, "frozen", Generator(4)))


def test_threshold_and_none():
    assert torch.equal(binarise(GREY, "threshold", Generator(0))[0], torch.tensor([0.0, 0, 0, 0, 1, 1, 1]))
    assert binarise(GREY, "none", Generator(0)) is GREY


@pytest.mark.parametrize("how", BINARISATIONS)
def test_binary_rows_stay(how):
    x = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    assert torch.equal(binarise(x, how, Generator(0)), x)


def test_frozen_rows_are_the_frozen_draw_in_any_order():
    frozen = binarise(GREY, "frozen", Generator(5))
    reader = FrozenRows(rows(GREY), 5)
    assert (len(reader), reader.n_features) == GREY.shape
    index = np.array([8999, 3, 4100, 3])
    assert torch.equal(reader.take(index), frozen[index])
    assert torch.equal(reader.take(slice(4090, 4100)), frozen[4090:4100])
    assert reader.take(index).dtype == torch.float32


@pytest.mark.parametrize("how", ["frozen", "threshold"])
def test_unknown_values_stay_unknown(how):
    unknown = torch.rand(GREY.shape, generator=torch.Generator().manual_seed(0)) < 0.2
    x = torch.as_tensor(GREY)
    found = binarise(torch.where(unknown, torch.nan, x), how, Generator(3))
    assert torch.equal(found.isnan(), unknown)
    if how == "threshold":
        assert torch.equal(found[~unknown], binarise(x, how, Generator(3))[~unknown])
    else:
        assert set(found[~unknown].unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("how", ["frozen", "threshold"])
def test_values_that_are_no_probabilities_are_refused(how):
    with pytest.raises(DataError, match="values from 0 to 1 to make binary, got 0 to 255"):
        binarise(255 * GREY, how, Generator(0))


def test_an_unknown_way_is_refused():
    with pytest.raises(DataError, match="no binarisation is called 'froze'; did you mean 'frozen'"):
        binarise(GREY, "froze", Generator(0))
