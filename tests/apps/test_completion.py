"""Completion by clamping: known values stay, the others are draws of the conditional distribution."""

import itertools

import numpy as np
import pytest
import torch

from tildex import RBM, Autoencoder, DenoisingAutoencoder, read
from tildex.apps.completion import PARTS, complete, known_part
from tildex.plots import completions

DIGITS = read("digits")


@pytest.fixture(scope="module")
def rbm():
    return RBM(16, n_iter=3, random_state=0).fit(DIGITS.X[:300])


def test_known_values_stay_and_draws_differ(rbm):
    X, known = DIGITS.X[:6], known_part("top", (8, 8))
    drawn = complete(rbm, X, known, draws=3, n_steps=20, random_state=0)
    assert drawn.shape == (3, 6, 64) and drawn.dtype == np.float32
    assert all((one[:, known] == X[:, known]).all() for one in drawn)
    assert not np.allclose(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn, complete(rbm, X, known, draws=3, n_steps=20, random_state=0))


def test_what_is_unknown_is_not_looked_at(rbm):
    X, known = DIGITS.X[:4].copy(), known_part("left", (8, 8))
    expected = complete(rbm, X, known, n_steps=10, random_state=0)
    X[:, ~known] = np.nan
    np.testing.assert_array_equal(
        complete(rbm, X, known, n_steps=10, random_state=0)[0, :, ~known], expected[0, :, ~known]
    )


def test_the_mean_of_many_draws_is_the_exact_conditional_mean():
    """A machine of six visible units, whose conditional is summed up over all states of the unknown three."""
    rows = np.random.default_rng(0).integers(0, 2, (200, 3)).repeat(2, 1).astype(np.float64)
    model = RBM(4, n_iter=60, binarisation="none", random_state=0).fit(rows)
    known = np.array([True, False, True, False, True, False])
    given = np.array([[1.0, 0, 0, 0, 1, 0]])
    states = np.array(list(itertools.product([0.0, 1.0], repeat=3)))
    whole = np.tile(given, (8, 1))
    whole[:, ~known] = states
    W, b, c = model.components_, model.intercept_visible_, model.intercept_hidden_
    log_p = whole @ b + np.logaddexp(0, whole @ W.T + c).sum(1)
    weights = np.exp(log_p - log_p.max())
    exact = weights @ states / weights.sum()
    drawn = complete(model, given, known, draws=4000, n_steps=60, random_state=0)[:, 0, ~known]
    error = drawn.std(0) / np.sqrt(len(drawn))
    assert (np.abs(drawn.mean(0) - exact) < 5 * error + 1e-3).all()


def test_each_row_may_have_its_own_known_part(rbm):
    X = DIGITS.X[:4]
    known = np.random.default_rng(0).random(X.shape) < 0.5
    drawn = complete(rbm, X, known, n_steps=5, random_state=0)[0]
    np.testing.assert_array_equal(drawn[known], X[known])


def test_a_denoising_autoencoder_completes_by_its_own_chain():
    model = DenoisingAutoencoder(16, n_iter=3, random_state=0).fit(DIGITS.X[:300])
    known = known_part("frame", (8, 8))
    drawn = complete(model, DIGITS.X[:3], known, n_steps=5, random_state=0)[0]
    np.testing.assert_array_equal(drawn[:, known], DIGITS.X[:3, known])


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("shape", [(8, 8), (7, 5), (4, 6, 3)])
def test_parts_of_images(part, shape):
    known = known_part(part, shape)
    assert known.shape == (np.prod(shape),) and 0.3 <= known.mean() <= 0.8
    image = known.reshape(*shape[:2], -1)
    assert (image == image[..., :1]).all()


def test_refusals(rbm):
    X, known = DIGITS.X[:3], known_part("left", (8, 8))
    with pytest.raises(ValueError, match="Autoencoder cannot complete rows: use a Boltzmann machine"):
        complete(Autoencoder(3, n_iter=1).fit(X), X, known)
    with pytest.raises(ValueError, match="expected at least one known value in every row"):
        complete(rbm, X, np.zeros(64, dtype=bool))
    with pytest.raises(ValueError, match="no part is called 'lift'; did you mean 'left'"):
        known_part("lift", (8, 8))
    with pytest.raises(ValueError, match="parts are defined for images only"):
        known_part("left", None)
    with pytest.raises(ValueError, match="at least one draw"):
        complete(rbm, X, known, draws=0)
    with pytest.raises(ValueError, match="expected images of"):
        completions(X, known, X, (8, 8))


def test_draws_of_several_rows_follow_each_its_own():
    """Columns in pairs, each held together by a hidden unit: of two, both or neither are far the likeliest."""
    rows = np.random.default_rng(0).integers(0, 2, (20, 3)).repeat(2, 1).astype(np.float32)
    model = RBM(3, n_iter=1, binarisation="none", random_state=0).fit(rows)
    visible, hidden = model.module_.layers
    with torch.no_grad():
        model.module_.couplings[0].weight.copy_(8 * torch.eye(3).repeat_interleave(2, 1))
        visible.bias.fill_(-4.0)
        hidden.bias.fill_(-8.0)
    known = np.array([True, False, True, False, True, False])
    drawn = complete(model, rows, known, draws=50, n_steps=30, random_state=0).mean(0)
    assert np.array_equal(drawn[:, ~known] > 0.5, rows[:, known] == 1)
