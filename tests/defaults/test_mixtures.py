"""A Gaussian machine at its defaults finds the modes of its data: within 0.3 nats of the best mixture of normals."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from tildex import GaussianRBM
from tildex.evaluate import log_likelihood

RING = 5 * np.stack([f(np.arange(8) * np.pi / 4) for f in (np.cos, np.sin)], 1)
TILTED = np.array([[1.0, 0.8], [0.8, 1.0]])

# Weights, means, covariances, and the units of the columns.
MIXTURES = {
    "two widths": ([4, 6], [[100], [160]], [[[25]], [[64]]], [1]),
    "corners": ([1] * 4, [[5, 5], [5, -5], [-5, 5], [-5, -5]], [0.64 * np.eye(2)] * 4, [1, 1]),
    "two correlated": ([1, 1], [[0, 0], [6, -2]], [TILTED] * 2, [1, 1]),
    "tiny": ([3, 3, 4], [[0], [1], [3]], [[[0.01]], [[0.01]], [[0.02]]], [1e-6]),
    "huge and tiny": ([1] * 8, RING, [0.25 * np.eye(2)] * 8, [1e6, 1e-3]),
    "far apart": ([1, 1], [[0], [1000]], [np.eye(1)] * 2, [1]),
}


def draw(name, seed, n):
    weights, means, covariances, units = MIXTURES[name]
    random = np.random.default_rng(seed)
    chosen = random.choice(len(weights), n, p=np.array(weights) / sum(weights))
    rows = [random.multivariate_normal(means[k], covariances[k]) for k in chosen]
    return np.stack(rows) * units


def best_mixture(train, test):
    """Return the highest held-out log-likelihood of mixtures of up to eight normals, and that of one normal."""
    mean, scale = train.mean(0), train.std(0)
    scores = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for kind in ("full", "tied", "diag"):
            for k in (1, 2, 3, 4, 8):
                mixture = GaussianMixture(k, covariance_type=kind, n_init=2, random_state=0)
                scores.append(mixture.fit((train - mean) / scale).score((test - mean) / scale))
    return max(scores) - np.log(scale).sum(), scores[0] - np.log(scale).sum()


def nats(model, X):
    """Return the exact log-likelihood of rows, in nats a row and the data's own units."""
    scaled = model.scaling_(torch.from_numpy(X))
    return float(log_likelihood(model.module_, scaled).mean() + model.scaling_.log_volume())


@pytest.mark.parametrize("name", MIXTURES)
def test_as_it_comes_within_a_third_of_a_nat_of_the_best_mixture(name):
    train, test = draw(name, 0, 1000), draw(name, 1, 1000)
    best, one = best_mixture(train, test)
    ours = nats(GaussianRBM(random_state=0).fit(train), test)
    assert ours > best - 0.3
    # Each of these has modes, which one normal density lacks.
    assert ours > one + 0.5


def test_more_units_than_can_be_summed_over_keep_the_shares_of_distant_modes():
    """Chains cannot cross between these modes; the density of one column is summed on a grid instead."""
    train, test = draw("two widths", 0, 1000), draw("two widths", 1, 1000)
    model = GaussianRBM(40, random_state=0).fit(train)
    grid = torch.linspace(-6, 6, 20_001, dtype=torch.float64)[:, None]
    scaled = model.scaling_(torch.from_numpy(test))
    at_rows, at_grid = (model.module_.log_marginal([x, x]).detach() for x in (scaled, grid))
    log_z = at_grid.logsumexp(0) + np.log(12 / 20_000)
    ours = float((at_rows - log_z).mean() + model.scaling_.log_volume())
    assert ours > best_mixture(train, test)[0] - 0.3


def test_one_normal_density_is_not_taken_for_several():
    random = np.random.default_rng(0)
    train, test = random.multivariate_normal([0, 3], [[4, 1.9], [1.9, 1]], (2, 1000))
    assert nats(GaussianRBM(random_state=0).fit(train), test) > best_mixture(train, test)[1] - 0.02


def test_repeated_values_have_no_infinite_density():
    """Columns that are copies, constants and labels."""
    random = np.random.default_rng(0)
    x = random.normal(size=(300, 1))
    X = np.concatenate([x, 1000 * x, x > 0, np.full((300, 1), 7.0), x.round(1)], 1)
    model = GaussianRBM(random_state=0).fit(X)
    assert np.isfinite(model.score_samples(X)).all()
    assert np.isfinite(model.sample(20, n_steps=50, random_state=0)).all()
