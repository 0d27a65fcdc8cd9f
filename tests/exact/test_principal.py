"""Principal axes in the smaller of rows and columns, against a singular value decomposition."""

import numpy as np
import pytest
import torch

from tildex import Autoencoder, Bernoulli
from tildex.data import rows
from tildex.estimators.base import principal

DRAWS = np.random.default_rng(0)


def reader(X):
    return rows(X, device=torch.device("cpu"), dtype=torch.float64)


@pytest.mark.parametrize("shape", [(200, 12), (12, 200), (150, 150)])
@pytest.mark.parametrize("largest", [2000, 10])
def test_axes_are_those_of_the_decomposition(shape, largest, monkeypatch):
    monkeypatch.setattr(principal, "_EXACT", largest)
    X = DRAWS.normal(size=shape) * np.geomspace(1, 1e-3, shape[1])
    values, axes = principal.principal_axes(reader(X), 4)
    _, singular, theirs = np.linalg.svd(X, full_matrices=False)
    np.testing.assert_allclose(values.numpy(), (singular**2 / len(X))[:4], rtol=1e-5)
    np.testing.assert_allclose(np.abs((axes.numpy() * theirs[:4]).sum(1)), 1, atol=1e-5)
    np.testing.assert_allclose(axes.numpy() @ axes.numpy().T, np.eye(4), atol=1e-9)


def test_few_rows_have_few_axes():
    values, axes = principal.principal_axes(reader(DRAWS.normal(size=(3, 50))), 10)
    assert values.shape == (3,)
    assert axes.shape == (3, 50)


@pytest.mark.parametrize("code", [None, Bernoulli()])
def test_a_start_at_pca_has_the_error_of_pca(code):
    """A logistic code is nearly linear over the range of its inputs, and the decoder is fitted to what it does."""
    X = DRAWS.normal(size=(400, 3)) @ DRAWS.normal(size=(3, 9)) + 0.2 * DRAWS.normal(size=(400, 9))
    X = (X - X.mean(0)) / X.std(0)
    *_, axes = np.linalg.svd(X, full_matrices=False)
    baseline = ((X - X @ axes[:3].T @ axes[:3]) ** 2).sum(1).mean()
    start = Autoencoder(3, code=code, n_iter=1, random_state=0).fit(X, snapshots=[0])
    again = Autoencoder(3, code=code, init="random", n_iter=1, random_state=0).fit(X)
    ours, random = (((X - model.reconstruct(X)) ** 2).sum(1).mean() for model in (start, again))
    assert ours < baseline * (1.02 if code is None else 1.6)
    assert random > 2 * ours


def test_an_unknown_start_is_refused():
    X = DRAWS.normal(size=(20, 4))
    with pytest.raises(ValueError, match="did you mean 'pca'"):
        Autoencoder(2, init="pcs").fit(X)
    with pytest.raises(ValueError, match="needs a code of one layer"):
        Autoencoder(2, hidden_layer_sizes=3, init="pca").fit(X)
