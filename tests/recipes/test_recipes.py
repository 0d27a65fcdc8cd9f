"""Every recipe says what it is, builds its estimator and takes a step on data of its kind; damaged ones are refused."""

import math

import numpy as np
import pytest

import tildex
from tildex.estimators import Estimator
from tildex.part import Part
from tildex.recipes import recipe, recipes
from tildex.recipes.reading import read_recipe
from tildex.recipes.written import parse_value
from tildex.units import Gaussian

ALL = recipes()
ROWS = 24

named = pytest.mark.parametrize("known", ALL, ids=lambda known: known.name)

# What is as long as the data are made shorter, and passes fewer.
SHORT = ("n_iter", "n_iter_pretraining", "n_iter_up_down", "n_iter_prediction")


def data(known):
    """Return a few rows of the recipe's kind of data, and labels."""
    draws, kind, settings = np.random.default_rng(0), known.data.kind, known.settings
    labels = np.arange(ROWS) % 10
    if kind == "modalities":
        return {m.name: _modality(m, draws) for m in settings["modalities"]}, labels
    if kind == "words":
        return draws.poisson(0.5, (ROWS, 30)).astype(np.float32) + np.eye(ROWS, 30, dtype=np.float32), labels
    width = math.prod(settings["image_shape"]) if "image_shape" in settings else 36
    X = draws.random((ROWS, width), dtype=np.float32)
    return (X if kind not in ("patches", "sounds", "rows") else (X - 0.5) * 4), labels


def _modality(modality, draws):
    width = getattr(modality.units, "n_words", getattr(modality.units, "n_classes", 12))
    if isinstance(modality.units, Gaussian):
        return draws.standard_normal((ROWS, 12), dtype=np.float32)
    return np.eye(width, dtype=np.float32)[np.arange(ROWS) % width]


def small(known):
    """Return the estimator for one short training."""
    names = Estimator.table[known.model]._get_param_names()
    changes = {name: min(1, known.settings.get(name, 1)) for name in SHORT if name in names}
    return known.estimator(**changes, random_state=0, device="cpu")


@named
def test_a_recipe_says_what_it_is(known):
    assert recipe(known.name).name == known.name
    assert known.sentence.endswith(".") and len(known.sentence) > 20
    assert known.source.author and known.source.title and 1900 < known.source.year < 2100
    assert math.isfinite(known.measured.value) and known.measured.seeds >= 1 and known.measured.meaning
    assert known.start is None or recipe(known.start).start is None


@named
def test_its_number_is_in_the_benchmarks(known, request):
    page = (
        (request.config.rootpath / "benchmarks" / "README.md").read_text(encoding="utf-8").replace("**", "")
    )
    assert str(abs(known.measured.value)).lstrip("0") in page


@named
def test_its_settings_build_its_estimator(known):
    model = known.estimator(random_state=0)
    assert model.slug == known.model
    for name, value in known.settings.items():
        kept = getattr(model, name)
        assert kept == value or isinstance(value, (Estimator, tuple))
        assert not isinstance(value, Part) or kept is not value, "a change of one would be a change of all"
        assert not (isinstance(value, str) and "(" in value), f"{name} was not understood: {value}"


@named
def test_it_trains(known):
    model, (X, y) = small(known), data(known)
    if known.start is not None and known.model != "classifier":
        first = recipe(known.start)
        sizes = known.settings["hidden_layer_sizes"]
        model.set_params(start=first.estimator(n_components=sizes[0], n_iter=1, random_state=0).fit(X))
    elif known.start is not None:
        model.set_params(hidden_layer_sizes=(8,), start_rate=1.0)
    model.fit(X, y)
    last = model.history_[-1] if model.history_ else {}
    assert all(math.isfinite(value) for value in last.values())


def test_changes_override_and_parts_are_reached_into():
    changed = recipe("rbm-mnist").estimator(n_components=3, rule__centring=None, random_state=1)
    assert (changed.n_components, changed.rule.centring, changed.random_state) == (3, None, 1)
    assert recipe("rbm-mnist").estimator().rule.centring == 0.01
    with pytest.raises(ValueError, match="no setting 'n_component'; did you mean 'n_components'"):
        recipe("rbm-mnist").estimator(n_component=3)


def test_the_recipe_of_a_run_is_what_it_was_trained_with(tmp_path):
    model = recipe("rbm-mnist").estimator(n_components=4, n_iter=1, random_state=7, averaging=None)
    folder = model.fit(tildex.read("digits").X[:100]).save(tmp_path / "run")
    again = recipe(folder).estimator()
    assert again.random_state is None and again.averaging is None
    assert again.set_params(random_state=7, device=model.device).get_params(deep=False) == model.get_params(
        deep=False
    )


def test_sums_of_penalties_and_words_are_understood():
    assert parse_value("L1(0.1) + WeightDecay(0.2)").second.weight == 0.2
    assert recipe("rbm-codes-mnist").estimator().binarisation == "none"
    assert recipe("rbm-codes-mnist").estimator().averaging is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('model = "rbm"', 'model = "rmb"', "no model is called 'rmb'"),
        ("n_iter = 750", "n_itre = 750", "no setting 'n_itre'; did you mean 'n_iter'"),
        ("PCD(1,", "PDC(1,", "no part is called 'PDC'; did you mean 'PCD'"),
        ("PCD(1,", "PCD(chain=1,", "does not fit PCD"),
        ('name = "rbm-mnist"', 'name = "rbm"', "the name must be that of the file"),
        ("[measured]", "[measure]", "expected an entry named measured"),
        ("seeds = 1", "seed = 1", "expected an entry of .measured. named seeds"),
        ("year = 2008", "year = 2008\npage = 1", "'page' is no entry of .source."),
        ("[settings]", "[settings", "rbm-mnist.toml is not a recipe"),
    ],
)
def test_a_file_that_is_not_understood_is_refused(old, new, said, tmp_path):
    text = (read_recipe.__globals__["_FILES"] / "rbm-mnist.toml").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "rbm-mnist.toml"
    file.write_text(text, encoding="utf-8")
    assert recipe(file).settings == recipe("rbm-mnist").settings
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        recipe(file)


def test_estimators_of_one_recipe_share_no_parts():
    found = recipe("rbm-mnist")
    one, other = found.estimator(), found.estimator()
    before = other.optimizer.learning_rate
    one.optimizer.learning_rate = 2 * before
    assert other.optimizer.learning_rate == found.estimator().optimizer.learning_rate == before


def test_the_recipe_of_a_run_says_nothing_of_where_and_by_which_seed(tmp_path):
    run = tildex.RBM(2, n_iter=1, device="cpu", random_state=3).fit(np.eye(4)).save(tmp_path / "run")
    assert not {"device", "random_state", "verbose", "warm_start"} & set(recipe(run).settings)
