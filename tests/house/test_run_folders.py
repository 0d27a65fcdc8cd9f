"""What is saved is loaded alike; what is not a run, or was tampered with, is refused and never executed."""

import hashlib
import json
import pickle

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.base import clone

from tildex import L1, DenoisingAutoencoder, RunError, load

X = np.random.default_rng(0).random((60, 8))


def short(estimator_class, **settings):
    names = estimator_class().get_params()
    passes = {name: 2 for name in names if name.startswith("n_iter") and name != "n_iter_no_change"}
    return estimator_class(n_components=3, random_state=0).set_params(**{**passes, **settings})


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
    # Not codes, which for bits may well stay.
    before = model.reconstruct(X)
    assert not np.allclose(model.partial_fit(X**2).reconstruct(X), before)


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
            "a run of 'Autoencodr'; this version has only",
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


def test_a_training_that_stopped_early_says_so_after_loading(tmp_path):
    stopped = DenoisingAutoencoder(
        2, n_iter=9, early_stopping=True, n_iter_no_change=1, tol=1e9, random_state=0
    )
    assert stopped.fit(X).n_iter_ < 9
    assert load(stopped.save(tmp_path / "run")).n_iter_ == stopped.n_iter_
