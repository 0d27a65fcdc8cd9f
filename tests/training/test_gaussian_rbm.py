"""A Gaussian machine trains as it comes, on real columns as they are, and none of its columns collapses."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from tildex import Bernoulli, Gaussian, GaussianRBM, LearnedGaussian
from tildex.evaluate import independent_gaussian, log_likelihood, squared_error


def skewed(n=1200):
    """Return columns of very different units: incomes, ages, ratios, places; some close to functions of others."""
    random = np.random.default_rng(0)
    z, kind = random.normal(size=(n, 3)), random.integers(0, 3, n)
    columns = [
        1e5 * np.exp(0.5 * z[:, 0] + 0.3 * kind),
        30 + 12 * z[:, 1] - 5 * kind,
        5e-6 * np.exp(0.4 * z[:, 0] + 0.2 * z[:, 2]),
        1 + 0.05 * z[:, 2] + 0.02 * random.normal(size=n),
        1400 * np.exp(0.7 * random.normal(size=n)),
        -120 - 2.2 * kind + 0.1 * random.normal(size=n),
    ]
    return np.stack(columns, 1)


DATA = {
    "wine": lambda: load_wine().data,
    "diabetes": lambda: load_diabetes(scaled=False).data,
    "iris": lambda: load_iris().data,
    "cancer": lambda: load_breast_cancer().data,
    "skewed": skewed,
}


def split(X):
    order = np.random.default_rng(1).permutation(len(X))
    return X[order[len(X) // 4 :]], X[order[: len(X) // 4]]


def exact(model, X):
    """Return the exact log-likelihood of rows in the data's own units, in nats a row."""
    scaled = model.scaling_(torch.from_numpy(X))
    return float(log_likelihood(model.module_, scaled).mean() + model.scaling_.log_volume())


@pytest.mark.parametrize("name", DATA)
def test_defaults_beat_independent_columns_on_raw_data(name):
    train, test = split(DATA[name]())
    model = GaussianRBM(8, random_state=0).fit(train)
    baseline = independent_gaussian(train, test)
    assert exact(model, test) > baseline.value + 0.5
    assert (model.noise_scale_ > 0).all()


@pytest.mark.parametrize("name", DATA)
def test_columns_that_are_independent_given_the_code_are_explained_by_it(name):
    train, test = split(DATA[name]())
    model = GaussianRBM(8, likelihood=LearnedGaussian(largest=100.0), n_iter=100, random_state=0).fit(train)
    baseline = independent_gaussian(train, test)
    assert exact(model, test) > baseline.value + 0.5
    spread = train.std(0)
    reconstructed, mean = model.reconstruct(test), np.broadcast_to(train.mean(0), test.shape)
    assert squared_error(test / spread, reconstructed / spread).value < (
        0.8 * squared_error(test / spread, mean / spread).value
    )
    assert (model.noise_scale_ >= 0.0999 * spread).all()


def test_columns_that_invite_a_collapse_do_not_collapse():
    """Repeated columns, constants and labels have infinite density somewhere; outliers pull weights away."""
    random = np.random.default_rng(0)
    x = random.normal(size=(300, 2))
    label = (x[:, :1] > 0).astype(float)
    X = np.concatenate([x, 1000 * x, label, np.full((300, 1), 7.0), random.standard_cauchy((300, 1))], 1)
    model = GaussianRBM(16, n_iter=300, random_state=0).fit(X)
    assert np.isfinite(model.score_samples(X)).all()
    assert (model.noise_scale_ >= 0.0999 * np.where(X.std(0) > 0, X.std(0), 1.0)).all()
    drawn = model.sample(200, n_steps=100, random_state=0)
    assert np.isfinite(drawn).all()
    assert (drawn[:, :2].std(0) < 3).all()


def test_a_large_learning_rate_does_no_more_than_train_badly():
    X = DATA["wine"]()
    model = GaussianRBM(100, n_iter=50, random_state=0)
    model.set_params(optimizer__learning_rate=0.3).fit(X)
    assert np.isfinite(model.score(X))
    assert np.isfinite(model.sample(20, n_steps=50, random_state=0)).all()


def test_the_score_is_a_density_of_the_data_in_their_own_units():
    X = DATA["iris"]()
    model = GaussianRBM(4, n_iter=20, random_state=0).fit(X)
    scaled = GaussianRBM(4, n_iter=20, random_state=0).fit(X * [1, 16, 128, 1024])
    shift = model.score_samples(X) - scaled.score_samples(X * [1, 16, 128, 1024])
    np.testing.assert_allclose(shift, np.log(2**21), rtol=1e-3)


def test_missing_values_are_filled_in_from_the_others():
    train, test = split(DATA["iris"]())
    model = GaussianRBM(16, random_state=0).fit(train)
    given = test.copy()
    given[:, 3] = np.nan
    drawn = np.mean([model.sample(len(test), n_steps=50, given=given, random_state=k) for k in range(20)], 0)
    np.testing.assert_allclose(drawn[:, :3], test[:, :3])
    mean = np.full(len(test), train[:, 3].mean())
    assert np.square(drawn[:, 3] - test[:, 3]).mean() < 0.3 * np.square(mean - test[:, 3]).mean()


def test_a_fixed_precision_stays():
    X = DATA["iris"]()
    model = GaussianRBM(4, likelihood=Gaussian(4.0), n_iter=5, random_state=0).fit(X)
    np.testing.assert_allclose(model.noise_scale_, 0.5 * X.std(0), rtol=1e-5)
    learned = GaussianRBM(4, likelihood=LearnedGaussian(4.0), n_iter=5, random_state=0).fit(X)
    assert not np.allclose(learned.noise_scale_, 0.5 * X.std(0), rtol=1e-3)


def test_other_units_are_refused():
    with pytest.raises(ValueError, match=r"expects real units.*got Bernoulli\(\): RBM takes"):
        GaussianRBM(4, likelihood=Bernoulli()).fit(DATA["iris"]())


def test_a_machine_starts_on_rows_with_gaps():
    random = np.random.default_rng(4)
    X = random.normal(size=(400, 2)) @ random.normal(size=(2, 5)) + 0.3 * random.normal(size=(400, 5))
    train, test = X[:300], X[300:]
    train[random.random(train.shape) < 0.1] = np.nan
    model = GaussianRBM(4, n_iter=5, random_state=0).fit(train)
    scaled = model.scaling_(torch.as_tensor(test))
    ours = float(log_likelihood(model.module_, scaled).mean() + model.scaling_.log_volume())
    known = train[~np.isnan(train).any(1)]
    assert ours > independent_gaussian(known, test).value + 0.5
