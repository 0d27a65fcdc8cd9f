"""Every estimator keeps scikit-learn's contract to the letter, and BernoulliRBM replaces scikit-learn's."""

import hashlib
import io
import json
import pickle
import warnings

import joblib
import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from scipy import sparse
from sklearn import neural_network
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

import tildex
from tildex import L1, BernoulliRBM, DenoisingAutoencoder, KLSparsity, Masking, RunError, load
from tildex.estimators import Estimator

X = np.random.default_rng(0).random((60, 8))
RESCALED = "ignore:BernoulliRBM expects values from 0 to 1:UserWarning"


def short(estimator_class, **settings):
    return estimator_class(n_components=3, random_state=0).set_params(**{"n_iter": 2, **settings})


@pytest.mark.filterwarnings(RESCALED)
@parametrize_with_checks([cls().set_params(n_iter=2) for cls in Estimator.table.values()])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


def skipped(estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, on_skip=None, on_fail=None)
    return {result["check_name"] for result in results if result["status"] != "passed"}


def test_no_more_checks_are_skipped_than_for_pca(estimator_class):
    assert skipped(estimator_class().set_params(n_iter=1)) <= skipped(PCA())


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
    assert model.n_iter_ == len(model.history_) == 2
    assert model.n_features_in_ == 8


def test_pipeline_and_column_names(estimator_class):
    pipeline = make_pipeline(short(estimator_class), LogisticRegression()).fit(X, X[:, 0] > 0.5)
    assert pipeline.predict(X).shape == (60,)
    framed = short(estimator_class).set_output(transform="pandas").fit_transform(X)
    assert list(framed.columns) == [f"{estimator_class.__name__.lower()}{k}" for k in range(3)]


def test_grid_search_reaches_into_parts():
    search = GridSearchCV(
        DenoisingAutoencoder(3, n_iter=2, corruption=Masking(), random_state=0),
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
    torch.testing.assert_close(from_tensor.inverse_transform(z), from_tensor.reconstruct(x))


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
    data, plain = FORMS[form](tmp_path), short(estimator_class).fit(X)
    model = short(estimator_class).fit(data)
    # Lists come as float32, and products add up in the order that memory suggests.
    np.testing.assert_allclose(model.transform(data), plain.transform(X), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(plain.transform(data), plain.transform(X), rtol=1e-4, atol=1e-6)


def test_scores_are_of_each_row_alone_and_repeat(estimator_class):
    model = short(estimator_class).fit(X)
    scores = model.score_samples(X)
    assert scores.shape == (60,)
    assert np.array_equal(scores, model.score_samples(X))
    np.testing.assert_allclose(model.score_samples(X[7:9]), scores[7:9], rtol=1e-6)
    assert model.score(X) == pytest.approx(scores.mean())


# Drop-in for scikit-learn's BernoulliRBM: every test runs the same code on both.

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


# Run folders.


@pytest.fixture
def run(tmp_path):
    return DenoisingAutoencoder(3, n_iter=2, random_state=0, penalty=L1(0.1)).fit(X).save(tmp_path / "run")


def test_saved_models_transform_alike(estimator_class, tmp_path):
    model = short(estimator_class).fit(X)
    again = load(model.save(tmp_path / "run"))
    assert type(again) is estimator_class
    for method in ("transform", "reconstruct", "score_samples"):
        assert np.array_equal(getattr(again, method)(X), getattr(model, method)(X))
    assert again.history_ == model.history_
    assert repr(clone(again)) == repr(clone(model))
    files = {path.name for path in (tmp_path / "run").iterdir()}
    assert files == {"recipe.json", "weights.safetensors", "history.jsonl"}


def test_saved_models_go_on_training(estimator_class, tmp_path):
    model = load(short(estimator_class).fit(X).save(tmp_path / "run"))
    before = model.transform(X)
    assert not np.allclose(model.partial_fit(X**2).transform(X), before)


def test_column_names_are_saved(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=[f"column {k}" for k in range(8)])
    model = load(DenoisingAutoencoder(3, n_iter=1, random_state=0).fit(frame).save(tmp_path / "run"))
    assert list(model.feature_names_in_) == list(frame.columns)
    assert model.transform(frame).shape == (60, 3)


def recipe_with(run, change):
    file = run / "recipe.json"
    recipe = json.loads(file.read_text())
    change(recipe)
    file.write_text(json.dumps(recipe))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.update(format=99), "format 99, newer than 1: update the library"),
        (lambda r: r.pop("format"), "names no format"),
        (
            lambda r: r.update(estimator="Autoencodr"),
            "a run of 'Autoencodr', which this version does not have",
        ),
        (
            lambda r: r["params"]["penalty"].update(penalty="L1x"),
            "no penalty is called 'L1x'; did you mean 'L1'",
        ),
        (
            lambda r: r["params"]["penalty"].update(wait=1),
            "L1 has no parameter 'wait'; did you mean 'weight'",
        ),
        (lambda r: r["params"].update(penalty={"os": "system"}), "as the first key of a part, got 'os'"),
        (lambda r: r["params"].update(n_component=1), "n_component"),
        (lambda r: r["params"].update(n_components=4), "expected .* of shape"),
        (lambda r: r.pop("fitted"), "fitted"),
    ],
    ids=["newer", "no format", "estimator", "part", "parameter", "kind", "argument", "size", "not fitted"],
)
def test_recipes_that_do_not_fit_are_refused(run, change, message):
    recipe_with(run, change)
    with pytest.raises(RunError, match=message):
        load(run)


def test_folders_that_are_no_runs_are_refused(tmp_path):
    for folder in (tmp_path / "missing", tmp_path):
        with pytest.raises(RunError, match=r"expected a run folder with a recipe\.json"):
            load(folder)
    (tmp_path / "recipe.json").write_text("no json")
    with pytest.raises(RunError, match="cannot be read as JSON"):
        load(tmp_path)


def test_tampered_weights_are_refused(run):
    weights = load_file(run / "weights.safetensors")
    save_file({name: array + 1 for name, array in weights.items()}, run / "weights.safetensors")
    with pytest.raises(RunError, match="its checksum differs"):
        load(run)
    (run / "weights.safetensors").unlink()
    with pytest.raises(RunError, match=r"no weights\.safetensors"):
        load(run)


class Bomb:
    """Unpickled, it would write a file."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return open, (str(self.target), "w")


@pytest.mark.parametrize("trusted", [False, True], ids=["as it is", "with its checksum in the recipe"])
def test_a_pickle_in_place_of_the_weights_is_not_executed(run, tmp_path, trusted):
    pickled = pickle.dumps(Bomb(tmp_path / "exploded"))
    (run / "weights.safetensors").write_bytes(pickled)
    if trusted:
        recipe_with(run, lambda r: r.update(weights_sha256=hashlib.sha256(pickled).hexdigest()))
    with pytest.raises(RunError, match=r"checksum differs|is damaged"):
        load(run)
    assert not (tmp_path / "exploded").exists()


def test_saving_never_overwrites_what_is_not_a_run(tmp_path):
    model = DenoisingAutoencoder(3, n_iter=1, random_state=0).fit(X)
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match="holds files that are not a run"):
        model.save(tmp_path)
    with pytest.raises(RunError, match="is a file: choose another name"):
        model.save(tmp_path / "thesis.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    model.save(tmp_path / "run")
    assert np.array_equal(load(model.save(tmp_path / "run")).transform(X), model.transform(X))


def test_every_estimator_is_public(estimator_class):
    assert getattr(tildex, estimator_class.__name__) is estimator_class
