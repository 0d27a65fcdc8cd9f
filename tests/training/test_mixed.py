"""A table of real, count, category and binary columns: every model of mixed columns beats columns on their own."""

import math

import numpy as np
import pytest
import torch

import tildex
from tildex import Adam, Mixed
from tildex.evaluate import log_likelihood, log_partition
from tildex.units import Bernoulli, Categorical, LearnedGaussian, NegativeBinomial

ROWS = 600
COUNTS = NegativeBinomial(0.5, largest=60, scale=4.0)
FAMILY = Mixed([LearnedGaussian(), COUNTS, Categorical(3), Bernoulli()], [2, 1, 3, 2])


def table(seed=0):
    """Return rows of three kinds, each with its own numbers, counts, category and answers."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(3, size=ROWS)
    real = np.array([[-20.0, 1000.0], [0.0, 2000.0], [20.0, 1000.0]])[kind] + rng.normal(size=(ROWS, 2)) * [
        5,
        100,
    ]
    rate = np.array([1.0, 5.0, 15.0])[kind] * rng.gamma(4.0, 0.25, ROWS)
    counts = np.minimum(rng.poisson(rate), 60) / COUNTS.scale
    category = np.where(rng.random(ROWS) < 0.85, kind, rng.integers(3, size=ROWS))
    answers = rng.random((ROWS, 2)) < np.array([[0.9, 0.1], [0.9, 0.9], [0.1, 0.5]])[kind]
    return np.column_stack([real, counts, np.eye(3)[category], answers]).astype("float32")


X, X_TEST = table(0), table(1)


def independent():
    """Return the nats a test row has if every column has its own distribution, of any kind for the counts."""
    total = 0.0
    for column in range(2):
        mean, std = X[:, column].mean(), X[:, column].std()
        total += np.mean(-0.5 * ((X_TEST[:, column] - mean) / std) ** 2) - math.log(
            std * math.sqrt(2 * math.pi)
        )
    counts, tested = ((rows[:, 2] * COUNTS.scale).round().astype(int) for rows in (X, X_TEST))
    shares = np.bincount(counts, minlength=61) + 0.1
    total += np.log(shares / shares.sum())[tested].mean()
    total += (np.log(X[:, 3:6].mean(0)) * X_TEST[:, 3:6]).sum(1).mean()
    p = X[:, 6:].mean(0)
    return total + (np.log(p) * X_TEST[:, 6:] + np.log(1 - p) * (1 - X_TEST[:, 6:])).sum(1).mean()


SETTINGS = {"likelihood": FAMILY, "n_iter": 60, "optimizer": Adam(1e-2), "random_state": 0}


@pytest.mark.parametrize(
    "model",
    [
        tildex.Autoencoder(2, **SETTINGS),
        tildex.DenoisingAutoencoder(2, **SETTINGS),
        tildex.DeepAutoencoder(2, hidden_layer_sizes=(8,), **SETTINGS),
        tildex.VariationalAutoencoder(2, hidden_layer_sizes=(16,), **SETTINGS),
    ],
    ids=lambda model: type(model).__name__,
)
def test_autoencoders_beat_independent_columns(model):
    score = model.fit(X).score(X_TEST)
    assert score > independent() + 0.5
    means = model.reconstruct(X_TEST)
    np.testing.assert_allclose(means[:, 3:6].sum(1), 1, atol=1e-5)
    assert np.corrcoef(means[:, 1], X_TEST[:, 1])[0, 1] > 0.5, "the values are in the units of the data"


def nats(model, rows):
    scaled = model.scaling_(torch.from_numpy(rows))
    return float(log_likelihood(model.module_, scaled).mean() + model.scaling_.log_volume())


def test_a_machine_of_two_layers_beats_independent_columns():
    model = tildex.RBM(8, **SETTINGS).fit(X)
    assert nats(model, X_TEST) > independent() + 0.5
    drawn = model.sample(50, random_state=0)
    assert drawn.shape == (50, 8)


def test_a_deep_machine_beats_independent_columns():
    model = tildex.DeepBoltzmannMachine(6, hidden_layer_sizes=(8,), **SETTINGS).fit(X)
    scaled = model.scaling_(torch.from_numpy(X_TEST))
    bound = model.module_.bound(scaled).double().mean() - log_partition(model.module_)
    assert float(bound.detach() + model.scaling_.log_volume()) > independent() + 0.5


def test_a_mixed_model_is_saved_and_loaded(tmp_path):
    model = tildex.RBM(4, **{**SETTINGS, "n_iter": 2}).fit(X)
    loaded = tildex.load(model.save(tmp_path / "run"))
    assert loaded.likelihood_ == FAMILY
    np.testing.assert_allclose(loaded.score_samples(X[:20]), model.score_samples(X[:20]), rtol=1e-5)


def test_a_machine_of_real_columns_refuses_mixed_ones():
    with pytest.raises(ValueError, match="GaussianRBM expects real units"):
        tildex.GaussianRBM(4, likelihood=FAMILY).fit(X)


def test_only_real_columns_are_standardised():
    model = tildex.Autoencoder(2, **{**SETTINGS, "n_iter": 1}).fit(X)
    assert model.scaling_.offset[2:].eq(0).all()
    assert model.scaling_.scale[2:].eq(1).all()
    np.testing.assert_allclose(model.scaling_.scale[:2].numpy(), X[:, :2].std(0), rtol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:, :7], "cover 8 columns, got 7"),
        (lambda x: np.where(np.arange(8) == 7, 2.0, x), "from 0 to 1, but column 7 has 2 to 2"),
        (lambda x: np.where(np.arange(8) == 4, 1.0, x), "in columns 3 to 5, of Categorical"),
    ],
)
def test_columns_that_do_not_fit_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        tildex.RBM(2, **SETTINGS).fit(change(X))


@pytest.mark.parametrize(
    ("parts", "sizes", "message"),
    [
        ([], [], "of one length, at least 1"),
        ([Bernoulli()], [1, 2], "of one length"),
        ([Categorical(3)], [4], "a multiple of 3, got 4"),
        ([tildex.DiagonalGaussian()], [2], "one input per column"),
        ([tildex.ReplicatedSoftmax(3)], [3], "not a document"),
        ([tildex.Rectified()], [3], "Rectified"),
    ],
)
def test_impossible_parts_are_refused(parts, sizes, message):
    with pytest.raises(ValueError, match=message):
        Mixed(parts, sizes)
