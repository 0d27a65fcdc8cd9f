"""Mixed columns: equal families are computed at once, and of partly known rows only what is unknown."""

import copy
import pickle

import torch

from tildex.generator import Generator
from tildex.units import Bernoulli, Categorical, Gaussian, LearnedGaussian, Mixed, NegativeBinomial

COUNTS = NegativeBinomial(0.5, largest=20)
PARTS = [Bernoulli(), Categorical(3), COUNTS, Bernoulli(), LearnedGaussian(), Categorical(3), Gaussian()]
SIZES = [1, 3, 1, 2, 2, 3, 1]
UNITS = Mixed(PARTS, SIZES).sized(sum(SIZES))


def inputs(rows):
    return 0.5 * torch.randn(rows, sum(SIZES), generator=torch.Generator().manual_seed(0)) - 0.5


def test_columns_keep_the_order_of_the_parts():
    eta = inputs(4)
    for name in ("mean", "variance", "mode"):
        alone = [
            getattr(units, name)(part) for units, part in zip(UNITS.parts, eta.split(SIZES, -1), strict=True)
        ]
        torch.testing.assert_close(getattr(UNITS, name)(eta), torch.cat(alone, -1))


def test_draws_of_unknown_values_have_their_means_and_known_ones_are_left_out():
    rows = 20_000
    eta = inputs(1).expand(rows, -1)
    known = torch.rand(eta.shape, generator=torch.Generator().manual_seed(1)) < 0.5
    known = UNITS.on_columns(UNITS.any_column(known).to(eta.dtype)).bool()
    given, same = UNITS.given(eta, torch.zeros_like(eta), known)
    unknown = (~known).to(eta.dtype)
    mean = UNITS.mean(eta)
    torch.testing.assert_close(given.mean(same) * unknown, mean * unknown)
    drawn = (given.sample(same, Generator(0)) * unknown).sum(0) / unknown.sum(0)
    # Five standard errors of the column with the largest variance.
    error = (UNITS.variance(eta[:1])[0] / unknown.sum(0)).sqrt()
    assert ((drawn - mean[0]).abs() < 5 * error).all()
    full = torch.ones_like(known)
    assert not UNITS.given(eta, eta, full)[0].mean(eta)[:, :7].any()


def test_what_saves_time_is_not_copied():
    eta = inputs(3)
    UNITS.given(eta, eta, torch.zeros_like(eta).bool())
    for other in (copy.deepcopy(UNITS), pickle.loads(pickle.dumps(UNITS))):
        assert other._last is None
        torch.testing.assert_close(other.mean(eta), UNITS.mean(eta))
