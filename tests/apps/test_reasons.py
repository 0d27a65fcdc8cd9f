"""Which columns made a row unusual: in nats that add up, compared with the formula of normal densities."""

import numpy as np
import pytest

from tildex import RBM, Autoencoder, DeepBeliefNetwork, DeepBoltzmannMachine, VariationalAutoencoder
from tildex.apps.anomalies import reasons_of
from tildex.data import Record


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(200, 4)) * [1, 5, 0.1, 2] + [3, 0, 8, -1]).astype(np.float32)


def test_columns_of_an_autoencoder_are_those_of_normal_densities(rows):
    model = Autoencoder(2, n_iter=5, random_state=0).fit(rows)
    reasons = reasons_of(model, rows, Record(rows, feature_names=("a", "b", "c", "d")))
    scale = model.scaling_.scale.numpy()
    nats = -0.5 * ((rows - model.reconstruct(rows)) / scale) ** 2
    for k, name in enumerate("abcd"):
        np.testing.assert_allclose(reasons.columns[name], nats[:, k] - nats[:, k].mean(), atol=1e-3)
    np.testing.assert_allclose(reasons.rest, 0, atol=1e-3)
    np.testing.assert_allclose(reasons.nats, sum(reasons.columns.values()), atol=1e-3)


@pytest.mark.parametrize("cls", [VariationalAutoencoder, RBM, DeepBeliefNetwork, DeepBoltzmannMachine])
def test_columns_and_rest_add_up_and_average_zero_over_training(cls, rows):
    model = cls(2, random_state=0).set_params(n_iter=3).fit(rows)
    reasons = reasons_of(model, rows, Record(rows))
    scores = model.score_samples(rows)
    np.testing.assert_allclose(reasons.nats, scores - scores.mean(), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(sum(reasons.columns.values()) + reasons.rest, reasons.nats, atol=1e-6)
    for values in (*reasons.columns.values(), reasons.rest):
        assert abs(values.mean()) < 1e-4


def test_a_row_beyond_the_range_has_no_probability():
    X = (np.random.default_rng(0).random((50, 3)) > 0.5).astype(np.float32)
    model = Autoencoder(2, n_iter=2, random_state=0).fit(X)
    reasons = reasons_of(model, X, Record(np.array([[0.5, 0.5, 0.5], [0.5, -2, 7]], np.float32)))
    assert reasons.nats[1] == -np.inf and np.isfinite(reasons.nats[0]) and reasons.rest[1] == 0
    assert reasons.lowest(1) == ["column 2", "column 3"]
