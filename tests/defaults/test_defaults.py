"""Every default beside what a user would compare it with, on data from scikit-learn and generated ones."""

import warnings
from functools import cache

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tildex import (
    SGD,
    Autoencoder,
    ContractiveAutoencoder,
    DeepAutoencoder,
    DenoisingAutoencoder,
    DropoutAutoencoder,
    LinearAutoencoder,
    LosesToBaseline,
    VariationalAutoencoder,
    load,
)
from tildex.train import Budget

TABLES = {"breast cancer": load_breast_cancer, "wine": load_wine, "diabetes": load_diabetes}


@cache
def split(name):
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return train_test_split((X / 16).astype("float32"), y, test_size=0.3, random_state=0)
    X, y = TABLES[name](return_X_y=True)
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0)
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test), y_train, y_test


def ratio(model, name):
    """Return the squared error of held-out rows over that of PCA of equal rank."""
    train, test, *_ = split(name)
    pca = PCA(min(model.n_components, *train.shape), svd_solver="full").fit(train)
    baseline = ((test - pca.inverse_transform(pca.transform(test))) ** 2).sum(1).mean()
    return float(((test - model.fit(train).reconstruct(test)) ** 2).sum(1).mean() / baseline)


@pytest.mark.parametrize("units", [2, 8])
@pytest.mark.parametrize("name", ["breast cancer", "wine", "diabetes"])
def test_an_autoencoder_of_real_columns_is_no_worse_than_pca(name, units):
    assert ratio(Autoencoder(units, random_state=0), name) < 1.01


def test_an_autoencoder_of_grey_values_beats_pca():
    assert ratio(Autoencoder(8, random_state=0), "digits") < 0.95


@pytest.mark.parametrize(("name", "units"), [("diabetes", 8), ("wine", 2)])
def test_a_deep_autoencoder_is_no_worse_than_pca(name, units):
    assert ratio(DeepAutoencoder(units, random_state=0), name) < 1.02


@pytest.mark.parametrize("cls", [DenoisingAutoencoder, ContractiveAutoencoder, DropoutAutoencoder])
def test_a_code_says_as_much_of_the_class_as_that_of_pca(cls):
    train, test, y_train, y_test = split("wine")
    right = []
    for model in (cls(8, random_state=0), PCA(8)):
        probe = make_pipeline(StandardScaler(), LogisticRegression())
        right.append(
            probe.fit(model.fit(train).transform(train), y_train).predict(model.transform(test)) == y_test
        )
    difference = right[0].astype(float) - right[1]
    assert difference.mean() >= -difference.std() / len(test) ** 0.5 - 1e-9


def normal_nats(train, test, *, full):
    """Return the held-out nats of one normal density, of full covariance or of independent columns."""
    covariance = np.cov(train.T, bias=True)
    covariance = covariance if full else np.diag(covariance.diagonal())
    z = test - train.mean(0)
    square = np.einsum("ni,ij,nj->n", z, np.linalg.inv(covariance), z).mean()
    return -(square + np.linalg.slogdet(2 * np.pi * covariance)[1]) / 2


@pytest.mark.parametrize(("name", "margin"), [("wine", 0.1), ("diabetes", 0.2)])
def test_a_variational_autoencoder_is_above_normal_densities(name, margin):
    train, test, *_ = split(name)
    with warnings.catch_warnings():
        # No collapse: that would be a warning.
        warnings.simplefilter("error")
        found = VariationalAutoencoder(8, random_state=0).fit(train).score(test)
    assert found > normal_nats(train, test, full=True) + margin
    assert found > normal_nats(train, test, full=False) + 2


def test_a_variational_autoencoder_of_few_rows_does_not_learn_them_by_heart():
    train, test, *_ = split("wine")
    found = VariationalAutoencoder(random_state=0).fit(train[:40]).score(test)
    assert found > normal_nats(train[:40], test, full=True)
    assert found > normal_nats(train[:40], test, full=False) + 1


def test_columns_of_any_scale_and_origin_are_learned():
    train, test, *_ = split("wine")
    scale = np.geomspace(1e-6, 1e9, train.shape[1])
    model = Autoencoder(4, random_state=0).fit(train * scale + 1e3 * scale)
    found = model.reconstruct(test * scale + 1e3 * scale) / scale - 1e3
    pca = PCA(4).fit(train)
    baseline = ((test - pca.inverse_transform(pca.transform(test))) ** 2).sum()
    assert ((test - found) ** 2).sum() < 1.01 * baseline


def test_fit_says_where_the_model_stands(tmp_path):
    train, *_ = split("wine")
    model = Autoencoder(4, random_state=0).fit(train)
    assert model.standing_.rows == "held-out"
    assert not model.standing_.loses
    assert "PCA of equal rank" in model.standing_.sentence
    assert load(model.save(tmp_path / "run")).n_iter_ == model.n_iter_
    # A length of one's own is one's own comparison.
    assert not hasattr(Autoencoder(4, n_iter=2).fit(train), "standing_")


def test_a_loss_to_pca_is_a_warning_with_its_cure():
    train, *_ = split("wine")
    stuck = Autoencoder(4, init="random", optimizer=SGD(1e-9), random_state=0)
    with pytest.warns(LosesToBaseline, match=r"loses to PCA: .*closed-form"):
        stuck.fit(train)
    wide = np.random.default_rng(0).normal(size=(500, 5)) * [1e5, 1, 0.5, 0.2, 0.1]
    with pytest.warns(LosesToBaseline, match="closed-form"):
        LinearAutoencoder(2, random_state=0).fit(wide)


def test_a_code_that_can_copy_is_said():
    train, *_ = split("wine")
    with pytest.warns(UserWarning, match="n_components=20 of 13 columns: the code can copy the rows"):
        Autoencoder(20, random_state=0).fit(train[:40])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DenoisingAutoencoder(20, random_state=0).fit(train[:40])


@pytest.mark.parametrize("n_rows", [1, 7, 50, 400, 1438, 60_000, 10_000_000])
def test_steps_follow_from_the_rows(n_rows):
    budget = Budget()
    size = budget.batch_size(n_rows)
    passes = budget.n_iter(n_rows, size)
    per_pass = -(-n_rows // size)
    assert passes * per_pass >= budget.steps or passes == 1
    assert passes == 1 or passes * per_pass <= max(budget.most_steps, budget.steps + per_pass)
    assert budget.least_rows <= size <= budget.most_rows


def test_what_is_given_is_kept():
    train, *_ = split("wine")
    model = Autoencoder(4, n_iter=3, batch_size=None, random_state=0).fit(train)
    assert (model.n_iter_, model.batch_size_) == (3, len(train))
    assert Autoencoder(4, batch_size=31, random_state=0).fit(train[:40]).batch_size_ == 31


def test_an_open_end_keeps_the_rate():
    train, *_ = split("wine")
    model = Autoencoder(4, random_state=0)
    for _ in range(60):
        model.partial_fit(train)
    assert {record["learning_rate"] for record in model.history_} == {3e-3}
