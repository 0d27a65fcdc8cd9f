"""Every estimator keeps scikit-learn's contract to the letter."""

import io
import warnings
from collections import Counter
from functools import cache
from unittest import SkipTest

import joblib
import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

import tildex
from tildex import L1, Bernoulli, DenoisingAutoencoder, KLSparsity, Masking
from tildex.estimators import Estimator
from tildex.estimators.stacked.network import Stacked

X = np.random.default_rng(0).random((60, 8))
RESCALED = "ignore:BernoulliRBM expects values from 0 to 1:UserWarning"


def passes(cls):
    """Return as many passes as the checks need: a predictor must have learned something."""
    return 30 if issubclass(cls, Stacked) else 2


def brief(estimator_class, passes=2):
    """Return the settings of a short training: as many passes in every stage."""
    names = estimator_class().get_params()
    return {name: passes for name in names if name.startswith("n_iter") and name != "n_iter_no_change"}


def short(estimator_class, **settings):
    return estimator_class(n_components=3, random_state=0).set_params(
        **{**brief(estimator_class), **settings}
    )


@pytest.mark.filterwarnings(RESCALED)
@parametrize_with_checks([cls().set_params(**brief(cls, passes(cls))) for cls in Estimator.table.values()])
def test_scikit_learn_contract(estimator, check):
    try:
        check(estimator)
    except SkipTest as reason:
        assert check.func.__name__ in skipped_for_pca(), f"no check is skipped that PCA passes: {reason}"
        raise


@cache
def skipped_for_pca():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(PCA(), on_skip=None, on_fail=None)
    return {result["check_name"] for result in results if result["status"] != "passed"}


def test_clone_keeps_parameters_and_drops_the_rest(estimator_class):
    fitted = short(estimator_class).fit(X)
    copied = clone(fitted)
    assert not hasattr(copied, "module_")
    assert repr(copied) == repr(fitted)


def test_same_seed_same_model(estimator_class):
    first, again = (short(estimator_class).fit_transform(X) for _ in range(2))
    other = short(estimator_class, random_state=1).fit_transform(X)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_fit_returns_self_and_learned_things_end_in_an_underscore(estimator_class):
    model = short(estimator_class)
    before = set(vars(model))
    assert model.fit(X) is model
    assert all(name.endswith("_") or name.startswith("_") for name in set(vars(model)) - before)
    assert model.n_iter_ == len(model.history_)
    assert set(Counter(record.get("stage") for record in model.history_).values()) == {2}
    assert model.n_features_in_ == 8


def test_pipeline_and_column_names(estimator_class):
    pipeline = make_pipeline(short(estimator_class), LogisticRegression()).fit(X, X[:, 0] > 0.5)
    assert pipeline.predict(X).shape == (60,)
    framed = short(estimator_class).set_output(transform="pandas").fit_transform(X)
    assert list(framed.columns) == [f"{estimator_class.__name__.lower()}{k}" for k in range(3)]


def test_grid_search_reaches_into_parts():
    search = GridSearchCV(
        DenoisingAutoencoder(3, n_iter=2, code=Bernoulli(), corruption=Masking(), random_state=0),
        {"corruption__rate": [0.1, 0.9], "penalty": [None, L1(0.1), KLSparsity(0.1)]},
        cv=2,
    ).fit(X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(set(search.cv_results_["mean_test_score"])) == 6
    assert search.best_estimator_.corruption.rate == search.best_params_["corruption__rate"]


def test_pickles_transform_alike(estimator_class):
    model, file = short(estimator_class).fit(X), io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    again = joblib.load(file)
    assert np.array_equal(again.transform(X), model.transform(X))
    assert np.array_equal(again.partial_fit(X).transform(X), again.transform(X))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_in_tensors_out(estimator_class, dtype):
    x = torch.from_numpy(X).to(dtype)
    from_tensor, from_array = short(estimator_class).fit(x), short(estimator_class).fit(x.numpy())
    for method in ("transform", "reconstruct", "score_samples"):
        out = getattr(from_tensor, method)(x)
        assert isinstance(out, torch.Tensor)
        assert out.dtype == dtype
        assert not out.requires_grad
        assert np.array_equal(out.numpy(), getattr(from_array, method)(x.numpy()))
    z = from_tensor.transform(x)
    decoded, reconstructed = from_tensor.inverse_transform(z), from_tensor.reconstruct(x)
    if estimator_class.counts:
        # A code does not tell how long its document was.
        decoded, reconstructed = (rows / rows.sum(1, keepdim=True) for rows in (decoded, reconstructed))
    torch.testing.assert_close(decoded, reconstructed)


def memory_map(tmp_path):
    np.save(tmp_path / "x.npy", X)
    return np.load(tmp_path / "x.npy", mmap_mode="r")


FORMS = {
    "memory map": memory_map,
    "Fortran order": lambda _: np.asfortranarray(X),
    "reversed": lambda _: X[::-1].copy()[::-1],
    "csr": lambda _: sparse.csr_array(X),
    "csc matrix": lambda _: sparse.csc_matrix(X),
    "list": lambda _: X.tolist(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_input_gives_the_same_codes(estimator_class, tmp_path, form):
    # At PCA gradients are rounding errors, which Adam makes steps of.
    own = {"init": "random"} if "init" in estimator_class().get_params() else {}
    own |= {"shortcut": "none"} if "shortcut" in estimator_class().get_params() else {}
    data, plain = FORMS[form](tmp_path), short(estimator_class, **own).fit(X)
    model = short(estimator_class, **own).fit(data)
    # Lists come as float32, and products add up in the order that memory suggests.
    np.testing.assert_allclose(model.transform(data), plain.transform(X), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(plain.transform(data), plain.transform(X), rtol=1e-4, atol=1e-5)


def test_scores_are_of_each_row_alone_and_repeat(estimator_class):
    model = short(estimator_class).fit(X)
    scores = model.score_samples(X)
    assert scores.shape == (60,)
    assert np.array_equal(scores, model.score_samples(X))
    np.testing.assert_allclose(model.score_samples(X[7:9]), scores[7:9], rtol=1e-6)
    assert model.score(X) == pytest.approx(scores.mean())


def test_every_estimator_is_public(estimator_class):
    assert getattr(tildex, estimator_class.__name__) is estimator_class


def test_columns_without_a_range_are_standardised_unless_their_units_say_otherwise():
    X = np.random.default_rng(0).normal([5, -3, 0], [10, 0.1, 1], (60, 3)).astype(np.float32)
    kept = tildex.Autoencoder(
        2, likelihood=tildex.Gaussian(standardised=False), n_iter=1, random_state=0
    ).fit(X)
    assert kept.scaling_.offset.tolist() == [0, 0, 0] and kept.scaling_.scale.tolist() == [1, 1, 1]
    shares = tildex.SparseAutoencoder(4, likelihood=tildex.Gaussian(standardised=False), n_iter=1)
    assert shares.fit(np.abs(np.sin(X))).scaling_.scale.tolist() == [1, 1, 1]
    place = tildex.Modality("place", units=tildex.Gaussian(standardised=False), hidden_layer_sizes=())
    machine = tildex.MultimodalDBM(2, modalities=[place], n_iter=1, n_iter_pretraining=1, random_state=0)
    assert machine.fit({"place": X}).scaling_.scale.tolist() == [1, 1, 1]
    usual = tildex.Autoencoder(2, n_iter=1, random_state=0).fit(X)
    np.testing.assert_allclose(usual.scaling_.offset, X.mean(0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(usual.scaling_.scale, X.std(0), rtol=1e-4)
