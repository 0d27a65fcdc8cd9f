"""Code written for scikit-learn's BernoulliRBM runs unchanged on ours: every test runs the same on both."""

import numpy as np
import pytest
from scipy import sparse
from sklearn import neural_network

from tildex import BernoulliRBM

X = np.random.default_rng(0).random((60, 8))

BINARY = (np.random.default_rng(1).random((50, 12)) < 0.3).astype(float)
BOTH = pytest.mark.parametrize(
    "rbm_class", [neural_network.BernoulliRBM, BernoulliRBM], ids=["theirs", "ours"]
)


@BOTH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_drop_in_fit(rbm_class, dtype):
    x = BINARY.astype(dtype)
    rbm = rbm_class(5, learning_rate=0.05, batch_size=7, n_iter=3, random_state=np.random.RandomState(0))
    assert rbm.fit(x) is rbm
    assert rbm.components_.shape == (5, 12)
    assert rbm.intercept_hidden_.shape == (5,)
    assert rbm.intercept_visible_.shape == (12,)
    assert rbm.h_samples_.shape == (7, 5)
    assert set(np.unique(rbm.h_samples_)) <= {0, 1}
    code = rbm.transform(x)
    assert rbm.components_.dtype == code.dtype == dtype
    logits = x @ rbm.components_.T + rbm.intercept_hidden_
    np.testing.assert_allclose(code, 1 / (1 + np.exp(-logits)), rtol=1e-5)
    assert rbm.n_features_in_ == 12
    assert list(rbm.get_feature_names_out())[-1] == "bernoullirbm4"


@BOTH
def test_drop_in_partial_fit(rbm_class):
    rbm = rbm_class(n_components=4, random_state=0)
    for start in range(0, 50, 10):
        rbm.partial_fit(BINARY[start : start + 10])
    assert rbm.components_.shape == (4, 12)
    before = rbm.components_.copy()
    rbm.partial_fit(BINARY[:10])
    assert not np.array_equal(rbm.components_, before)


@BOTH
def test_drop_in_gibbs_and_scores(rbm_class):
    rbm = rbm_class(n_components=4, n_iter=2, random_state=0).fit(BINARY)
    moved = rbm.gibbs(BINARY)
    assert moved.shape == BINARY.shape
    assert set(np.unique(moved)) <= {0, 1}
    assert not np.array_equal(moved, BINARY)
    scores = rbm.score_samples(BINARY)
    assert scores.shape == (50,)
    assert (scores < 0).all()


@BOTH
def test_drop_in_sparse_and_lists(rbm_class):
    rbm = rbm_class(n_components=4, n_iter=2, random_state=0).fit(sparse.csr_matrix(BINARY))
    np.testing.assert_allclose(rbm.transform(sparse.csr_matrix(BINARY)), rbm.transform(BINARY), rtol=1e-6)
    assert rbm.score_samples(sparse.csr_matrix(BINARY)).shape == (50,)
    assert rbm_class(n_components=2, n_iter=1).fit(BINARY.tolist()).transform(BINARY.tolist()).shape == (
        50,
        2,
    )


@BOTH
def test_drop_in_verbose_prints_every_iteration(rbm_class, capsys):
    rbm_class(n_components=2, n_iter=3, verbose=1, random_state=0).fit(BINARY)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"[BernoulliRBM] Iteration {k}" for k in (1, 2, 3)]


def test_drop_in_takes_every_parameter_with_its_default():
    theirs, ours = neural_network.BernoulliRBM().get_params(), BernoulliRBM().get_params()
    assert theirs == {name: ours[name] for name in theirs}


def test_scores_are_the_expectation_of_scikit_learns():
    ours = BernoulliRBM(n_components=6, n_iter=20, random_state=0).fit(BINARY)
    theirs = neural_network.BernoulliRBM(n_components=6, n_iter=1, random_state=0).fit(BINARY)
    for name in ("components_", "intercept_hidden_", "intercept_visible_"):
        setattr(theirs, name, getattr(ours, name))
    theirs.random_state = np.random.RandomState(0)
    draws = np.stack([theirs.score_samples(BINARY) for _ in range(1500)])
    error = draws.std(0) / len(draws) ** 0.5
    assert (np.abs(draws.mean(0) - ours.score_samples(BINARY)) < 5 * error).all()


def test_data_outside_the_range_are_rescaled_with_a_warning():
    with pytest.warns(UserWarning, match="values from 0 to 1, got -2 to 3: rescaled"):
        rbm = BernoulliRBM(2, n_iter=1, random_state=0).fit(BINARY * 5 - 2)
    np.testing.assert_allclose(
        rbm.transform(BINARY * 5 - 2), BernoulliRBM(2, n_iter=1, random_state=0).fit(BINARY).transform(BINARY)
    )


def test_sampling_keeps_what_is_given():
    rbm = BernoulliRBM(4, n_iter=2, random_state=0).fit(BINARY)
    given = np.where(np.arange(12) < 5, BINARY[0], np.nan)
    rows = rbm.sample(7, n_steps=3, given=given, random_state=0)
    assert rows.shape == (7, 12)
    assert (rows[:, :5] == BINARY[0, :5]).all()
    assert ((rows[:, 5:] > 0) & (rows[:, 5:] < 1)).all()
    masked = rbm.sample(7, n_steps=3, given=BINARY[0], mask=np.arange(12) < 5, random_state=0)
    assert np.array_equal(masked, rows)
    assert np.array_equal(rbm.sample(7, n_steps=3, given=given, random_state=0), rows)
