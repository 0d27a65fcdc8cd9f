"""The neighbour penalty is the divergence of scikit-learn's t-SNE, for any scale, number of rows and freedom."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import squareform
from sklearn.manifold import _t_sne as t_sne
from sklearn.manifold._utils import _binary_search_perplexity

from tildex.penalties import Neighbours
from tildex.penalties.neighbours import (
    affinities,
    conditional_affinities,
    log_similarities,
    squared_distances,
)
from tildex.shapes import Step


def clustered(rows=90, seed=0):
    """Return rows of three clusters of unlike width."""
    draws = np.random.default_rng(seed)
    centres, widths = draws.normal(size=(3, 10)) * 4, np.array([0.1, 1.0, 3.0])
    kind = np.arange(rows) % 3
    return torch.from_numpy(centres[kind] + widths[kind, None] * draws.normal(size=(rows, 10)))


@pytest.mark.parametrize("perplexity", [2.0, 10.0, 29.0])
def test_affinities_are_those_of_scikit_learns_t_sne(perplexity):
    square = squared_distances(clustered())
    ours = conditional_affinities(square, perplexity)
    theirs = _binary_search_perplexity(square.numpy().astype(np.float32), perplexity, 0)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    joint = t_sne._joint_probabilities(square.numpy(), perplexity, 0)
    np.testing.assert_allclose(affinities(clustered(), perplexity), squareform(joint), atol=1e-6)


def test_affinities_have_the_perplexity_they_say():
    p = conditional_affinities(squared_distances(clustered()), 15.0)
    torch.testing.assert_close(p.sum(1), torch.ones(90, dtype=torch.float64))
    entropy = -torch.xlogy(p, p).sum(1)
    torch.testing.assert_close(entropy.exp(), torch.full_like(entropy, 15.0), rtol=1e-4, atol=0)
    assert (p.diagonal() == 0).all()


def test_affinities_of_large_batches_are_those_of_the_nearest_rows():
    square = squared_distances(clustered(600))
    p = conditional_affinities(square, 10.0)
    assert ((p > 0).sum(1) <= 128).all()
    torch.testing.assert_close(
        (-torch.xlogy(p, p).sum(1)).exp(), torch.full_like(p[0], 10.0), rtol=1e-4, atol=0
    )
    theirs = _binary_search_perplexity(square.numpy().astype(np.float32), 10.0, 0)
    # What far rows would have had goes to near ones: little on average, more where neighbours are evenly far.
    moved = np.abs(p.numpy() - theirs).sum(1)
    assert moved.mean() < 0.01 and moved.max() < 0.1


@pytest.mark.parametrize(("perplexity", "count"), [(10.0, 128), (60.0, 180)])
def test_as_many_rows_are_near_as_scikit_learns_t_sne_looks_at(perplexity, count):
    square = squared_distances(clustered(600))
    near, where = square.fill_diagonal_(torch.inf).sort(1)
    theirs = _binary_search_perplexity(near[:, :count].numpy().astype(np.float32), perplexity, 0)
    p = conditional_affinities(square, perplexity)
    np.testing.assert_allclose(p.gather(1, where[:, :count]), theirs, atol=1e-4)
    torch.testing.assert_close(p.sum(1), torch.ones(600, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_affinities_do_not_depend_on_the_unit_of_length(dtype, scale):
    x = clustered().to(dtype)
    torch.testing.assert_close(affinities(scale * x, 10.0), affinities(x, 10.0), rtol=1e-2, atol=1e-5)


def test_rows_that_are_all_alike_are_neighbours_of_each_other():
    x = clustered().float()
    x[:60] = x[0]
    for rows in (x, x[:60]):
        p = affinities(rows, 5.0)
        assert p.isfinite().all()
        torch.testing.assert_close(p.sum(), torch.tensor(1.0))


@pytest.mark.parametrize(("units", "degrees"), [(2, None), (2, 3.0), (5, None)])
def test_neighbours_is_the_divergence_of_scikit_learns_t_sne(units, degrees):
    x, h = clustered(), torch.from_numpy(np.random.default_rng(1).normal(size=(90, units)))
    h.requires_grad_()
    value = Neighbours(1.0, perplexity=10, degrees=degrees)(None, Step(x, x, h, h)).mean()
    joint = t_sne._joint_probabilities(squared_distances(x).numpy(), 10.0, 0)
    freedom = max(units - 1, 1) if degrees is None else degrees
    expected, gradient = t_sne._kl_divergence(h.detach().numpy().ravel(), joint, freedom, 90, units)
    assert float(value.detach()) == pytest.approx(expected, rel=1e-4)
    if freedom == 1:
        # For more degrees of freedom scikit-learn's gradient is not that of its divergence.
        (slope,) = torch.autograd.grad(value, h)
        np.testing.assert_allclose(slope.numpy(), gradient.reshape(90, units), atol=1e-6)


@pytest.mark.parametrize(("units", "degrees"), [(2, None), (2, 3.0), (5, None)])
def test_the_slope_of_neighbours_is_that_of_finite_differences(units, degrees):
    x = clustered(20)
    share = Neighbours(1.0, perplexity=4, degrees=degrees)
    h = torch.from_numpy(np.random.default_rng(1).normal(size=(20, units))).requires_grad_()
    torch.autograd.gradcheck(lambda h: share(None, Step(x, x, h, h)), h)


def test_similarities_are_a_distribution_over_pairs():
    q = log_similarities(clustered(), 1.0).exp()
    torch.testing.assert_close(q.sum(), torch.tensor(1.0, dtype=torch.float64))
    torch.testing.assert_close(q, q.t())


@pytest.mark.parametrize("rows", [1, 2])
def test_neighbours_says_nothing_of_too_few_rows(rows):
    h = torch.randn(rows, 2, requires_grad=True)
    value = Neighbours()(None, Step(torch.randn(rows, 5), torch.randn(rows, 5), h, h))
    assert (value == 0).all() and value.requires_grad


@pytest.mark.parametrize(("setting", "value"), [("perplexity", 0.5), ("degrees", 0.0)])
def test_neighbours_refuses_what_has_no_meaning(setting, value):
    with pytest.raises(ValueError, match=f"{setting} must be .*got {value}"):
        Neighbours(**{setting: value})
