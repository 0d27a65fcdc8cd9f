"""The start at factor analysis, beside scikit-learn's, which finds it in another way."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine
from sklearn.decomposition import FactorAnalysis

from tildex import Adam, Bernoulli, Gaussian, LearnedGaussian, StandardPrior, VariationalAutoencoder, load
from tildex.maps import Around

# One pass that moves nothing: what is left is the start.
STILL = {"n_iter": 1, "optimizer": Adam(1e-12), "random_state": 0}


def density(X, n_factors):
    """Return the log-density of each row under factor analysis, its noise unbiased by the number of factors."""
    Z = (X - X.mean(0)) / X.std(0)
    model = FactorAnalysis(n_factors, max_iter=20_000, tol=1e-4, svd_method="lapack").fit(Z)
    noise = model.noise_variance_ * len(X) / (len(X) - n_factors)
    covariance = model.components_.T @ model.components_ + np.diag(noise)
    square = np.einsum("ni,ij,nj->n", Z, np.linalg.inv(covariance), Z)
    volume = np.linalg.slogdet(2 * np.pi * covariance)[1] / 2 + np.log(X.std(0)).sum()
    return -square / 2 - volume


@pytest.mark.parametrize("hidden", [(), (16,), (16, 8)])
@pytest.mark.parametrize("data", [load_wine, lambda: load_diabetes(scaled=False)])
def test_a_variational_autoencoder_starts_at_factor_analysis(data, hidden):
    X = data().data
    model = VariationalAutoencoder(2, hidden_layer_sizes=hidden, **STILL).fit(X)
    # The encoder is the exact posterior, so the bound is the likelihood of every row; both stop short of the limit.
    difference = model.score_samples(X) - density(X, 2)
    assert abs(difference.mean()) < 0.005
    assert np.abs(difference).max() < 0.05


def test_units_beyond_the_rank_start_unused():
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = VariationalAutoencoder(5, **STILL).fit(X)
    assert np.abs(model.transform(X)[:, 3:]).max() < 1e-6
    assert VariationalAutoencoder(5, **STILL).fit(X[:4]).module_.decoder.map.linear.weight.abs().max() < 1e-6


def test_a_constant_column_and_gaps_are_no_obstacle():
    X = load_wine().data.copy()
    X[:, 3] = 7
    X[::5, 1] = np.nan
    model = VariationalAutoencoder(3, random_state=0, n_iter=2).fit(X)
    assert np.isfinite(model.score(X))


@pytest.mark.parametrize(
    "changes",
    [
        {"shortcut": "none"},
        {"likelihood": Gaussian()},
        {"prior": StandardPrior()},
        {"likelihood": Bernoulli()},
    ],
    ids=str,
)
def test_others_start_at_random(changes):
    X = (load_wine().data > load_wine().data.mean(0)) * 1.0
    settings = {"likelihood": LearnedGaussian()} | changes
    model = VariationalAutoencoder(2, n_iter=1, random_state=0, **settings).fit(X)
    assert not isinstance(model.module_.decoder.map, Around)


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="shortcut must be one of"):
        VariationalAutoencoder(2, shortcut="pca").fit(np.eye(20))


def test_a_saved_run_keeps_its_form(tmp_path):
    X = load_wine().data
    model = VariationalAutoencoder(2, random_state=0, n_iter=2).fit(X)
    loaded = load(model.save(tmp_path / "run"))
    np.testing.assert_allclose(loaded.score_samples(X), model.score_samples(X), rtol=1e-5)
