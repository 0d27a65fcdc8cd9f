"""Small models on scikit-learn's digits, trained once for the room."""

import numpy as np
import pytest

import tildex
from tildex.data import Record


@pytest.fixture(scope="session")
def digits():
    """A part of the training rows, and of the held-out ones."""
    train, test = tildex.read("digits"), tildex.read("digits", split="test")
    return head(train, 600), head(test, 200)


@pytest.fixture(scope="session")
def table():
    """Rows without image shape, whose names try to break the page."""
    random = np.random.default_rng(0)
    y = np.arange(90) % 3
    X = (random.normal(size=(90, 5)) + y[:, None]).astype(np.float32)
    names = ("plain", "$x^", "<b>", "_low", 'a "quoted" name & more')
    kinds = ("<script>alert(1)</script>", "$y$", "_z")
    whole = Record(X, y, None, names, kinds, "<img src=x onerror=alert(2)>")
    return take(whole, slice(0, 60)), take(whole, slice(60, 90))


@pytest.fixture(scope="session")
def models(digits):
    """One model of each kind that the report treats in its own way."""
    X = digits[0].X
    return {
        "linear": tildex.LinearAutoencoder(8, random_state=0).fit(X),
        "denoising": tildex.DenoisingAutoencoder(64, n_iter=5, random_state=0).fit(X),
        "deep": tildex.Autoencoder(2, hidden_layer_sizes=(16,), n_iter=5, random_state=0).fit(X),
        "vae": tildex.VariationalAutoencoder(4, n_iter=5, random_state=0).fit(X),
        "sparse": tildex.SparseAutoencoder(20, code=tildex.TopK(4), n_iter=5, random_state=0).fit(X),
        "rbm": tildex.BernoulliRBM(32, n_iter=5, random_state=0).fit(X),
    }


def head(record, n):
    return take(record, slice(0, n))


def take(record, index):
    return Record(
        record.X[index], record.y[index], record.shape, record.feature_names, record.target_names, record.name
    )
