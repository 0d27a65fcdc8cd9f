"""How a sparse code is used: against scikit-learn, against counting, and in the history of a training."""

import math

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import r2_score

from tildex import Adam, BatchTopK, SparseAutoencoder, TopK
from tildex.evaluate import Sparsity, guards, unexplained_variance
from tildex.generator import Generator
from tildex.maps import MLP
from tildex.models import Conditional, Pair
from tildex.rules import SparseReconstruction
from tildex.units import Bernoulli, Gaussian

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(500, 7)) * np.arange(1, 8) + 3


def test_unexplained_variance_is_one_less_the_score_of_scikit_learn():
    pca = PCA(3).fit(X)
    reconstruction = pca.inverse_transform(pca.transform(X))
    found = unexplained_variance(X, reconstruction)
    assert found.value == pytest.approx(1 - r2_score(X, reconstruction, multioutput="variance_weighted"))
    assert found.value == pytest.approx(1 - pca.explained_variance_ratio_.sum())
    assert unexplained_variance(X, np.broadcast_to(X.mean(0), X.shape)).value == pytest.approx(1)


def test_its_standard_error_is_that_of_the_bootstrap():
    reconstruction = X + RANDOM.normal(size=X.shape) * RANDOM.gamma(1.0, size=(500, 1))
    draws = [RANDOM.integers(0, 500, 500) for _ in range(2000)]
    spread = np.std([unexplained_variance(X[d], reconstruction[d]).value for d in draws])
    assert unexplained_variance(X, reconstruction).standard_error == pytest.approx(spread, rel=0.1)


def test_rows_that_do_not_vary_have_no_fraction():
    assert math.isnan(unexplained_variance(np.ones((3, 2)), np.zeros((3, 2))).value)


def test_units_are_counted():
    code = np.zeros((20_000, 5))
    code[:, 0] = 0.3
    code[::2, 1] = -1.0
    code[:2, 2] = 1.0
    code[0, 3] = 1.0
    found = Sparsity.of(code, code, code)
    assert found.l0.value == pytest.approx(1.5 + 3 / 20_000)
    # Unit 2 is in use on exactly one row in 10,000, unit 3 on fewer, unit 4 on none.
    assert (found.dead, found.rare) == (0.2, 0.4)


def pair(code):
    decoder = MLP([6, 4], generator=Generator(1))
    return Pair(
        Conditional(MLP([4, 6], generator=Generator(0)), code.sized(6)), Conditional(decoder, Gaussian())
    )


@torch.no_grad()
def test_the_rule_measures_what_evaluation_measures():
    model, x = pair(TopK(2)), Generator(2).normal(300, 4)
    model.encoder.units.silent[:2] = torch.tensor([9_999.0, 10_000.0])
    found = SparseReconstruction().diagnose(model, x, Generator(0))
    expected = Sparsity.of(model.encoder.mean(x).numpy(), x.numpy(), model.reconstruct(x).numpy())
    assert found["l0"] == pytest.approx(expected.l0.value)
    assert found["fvu"] == pytest.approx(expected.unexplained.value, rel=1e-5)
    assert found["dead"] == pytest.approx(1 / 6)
    assert model.encoder.units.silent[0] == 9_999


@torch.no_grad()
def test_codes_that_do_not_count_are_dead_where_the_rows_leave_them_zero():
    model = pair(Gaussian())
    model.encoder.map.layers[0].weight[0] = 0
    found = SparseReconstruction().diagnose(model, Generator(2).normal(50, 4), Generator(0))
    assert found["dead"] == pytest.approx(1 / 6) and found["l0"] == 5
    assert "fvu" not in SparseReconstruction().diagnose(model, torch.ones(5, 4), Generator(0))
    assert SparseReconstruction().diagnose(pair(Bernoulli()), torch.ones(5, 4), Generator(0))["l0"] == 6


@torch.no_grad()
def test_validation_learns_nothing_and_sees_rows_one_by_one():
    model, rule, x = pair(BatchTopK(2)), SparseReconstruction(), Generator(2).normal(300, 4)
    model.encoder.units.threshold.fill_(0.2)
    whole = rule.validate(model, x, Generator(0))
    torch.testing.assert_close(
        whole, -model.decoder.log_prob(x, model.encoder.mean(x)).mean(), rtol=1e-6, atol=1e-6
    )
    assert model.encoder.units.threshold == pytest.approx(0.2) and model.encoder.units.silent.sum() == 0


def test_history_and_guards_tell_of_dead_units():
    model = SparseAutoencoder(20, code=TopK(2), n_iter=3, optimizer=Adam(1e-2), random_state=0).fit(X)
    assert set(model.history_[-1]) >= {"l0", "fvu", "dead"}
    healthy, broken = guards([{"dead": 0.004}]) + guards([{"dead": 0.4}])
    assert healthy.ok and "0.4%" in healthy.sentence
    assert not broken.ok and "add penalty=Revive()" in broken.sentence
