"""Several kinds of data in and out: dictionaries and tables, what is missing, what is asked, what is refused."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from scipy import sparse

from tildex import (
    RBM,
    Adam,
    Gaussian,
    Linear,
    Modality,
    MultimodalDBM,
    Multinomial,
    MultiPrediction,
    ReplicatedSoftmax,
    load,
)
from tildex.apps.measure.likelihood import likelihood_of
from tildex.estimators.multimodal.plan import pathway_by_pathway
from tildex.evaluate import Annealing
from tildex.generator import Generator
from tildex.models import knowing, mean_field

SHORT = {
    "hidden_layer_sizes": 4,
    "n_iter": 2,
    "n_iter_pretraining": 2,
    "n_iter_prediction": 2,
    "batch_size": 16,
    "random_state": 0,
}


def kinds(n=60):
    """Return rows of three kinds of data about one hidden class of three."""
    draws = np.random.default_rng(0)
    kind = np.arange(n) % 3
    return {
        "image": np.clip(np.eye(3)[kind].repeat(4, 1) * 0.8 + 0.1, 0, 1),
        "sound": 3 * np.eye(3)[kind] + draws.normal(size=(n, 3)),
        "tags": 1.0 * draws.poisson(0.2 + 2 * np.eye(3)[kind].repeat(2, 1)),
    }


DATA = kinds()


@pytest.fixture(scope="module")
def model():
    return MultimodalDBM(3, **SHORT).fit(DATA)


def test_units_are_chosen_by_the_data(model):
    image, sound, tags = model.modalities_
    assert [one.name for one in model.modalities_] == ["image", "sound", "tags"]
    assert (image.binarisation, sound.binarisation) == ("dynamic", "none")
    assert sound.units == Gaussian()
    lengths = DATA["tags"].sum(1)
    assert tags.units == Multinomial(6, round(lengths[lengths > 0].mean()))
    assert model.module_.visible == (0, 1, 2)
    assert sorted({record["stage"] for record in model.history_}) == [1, 2, 3, 4, 5, 6]
    assert {"energy_gap", "prediction"} <= set().union(*model.history_)


def test_a_machine_as_it_comes_learns_from_long_documents():
    """Of 40 words, by which it would be driven apart: a layer between words and joint layer then knows nothing."""
    draws = np.random.default_rng(0)
    kind = draws.integers(0, 3, 600)
    odds = np.array([0.3, 4.0])[np.eye(3, dtype=int)[kind].repeat(4, 1)]
    counts = np.stack([draws.multinomial(40, row / row.sum()) for row in odds]).astype(float)
    data = {"sound": 2 * np.eye(3)[kind] + draws.normal(size=(600, 3)), "words": counts}
    model = MultimodalDBM(16, hidden_layer_sizes=32, random_state=0).fit(data)
    assert model.modalities_[1].units.length == 10
    said = model.generate("words", given={"sound": data["sound"]}).argmax(1) // 4
    ceiling = (data["sound"].argmax(1) == kind).mean()
    assert (said == kind).mean() > ceiling - 0.05


def test_documents_have_one_length_whatever_their_own(model):
    longer = {**DATA, "tags": 7 * DATA["tags"]}
    np.testing.assert_allclose(model.transform(longer), model.transform(DATA), atol=1e-6)
    length = model.modalities_[2].units.length
    drawn = model.sample(5, n_steps=3, random_state=0)["tags"]
    np.testing.assert_allclose(drawn.sum(1), length, rtol=1e-5)


def test_nan_absent_and_documents_without_words_are_all_unknown(model):
    absent = {name: DATA[name][:9] for name in ("image", "sound")}
    nan = {**absent, "tags": np.full((9, 6), np.nan)}
    empty = {**absent, "tags": np.zeros((9, 6))}
    codes = model.transform(absent)
    for other in (nan, empty):
        assert np.array_equal(model.transform(other), codes)
        assert np.array_equal(model.score_samples(other), model.score_samples(absent))
    assert not np.allclose(model.transform({name: DATA[name][:9] for name in DATA}), codes)


def test_inference_keeps_what_is_given_and_fills_in_the_rest(model):
    given = {"image": DATA["image"].copy(), "tags": DATA["tags"]}
    given["image"][3] = np.nan
    found = model.infer(given)
    assert list(found) == ["image", "sound", "tags"]
    assert np.array_equal(found["image"][:3], DATA["image"][:3])
    worded = DATA["tags"].sum(1) > 0
    assert np.array_equal(found["tags"][worded], DATA["tags"][worded])
    assert all(np.isfinite(values).all() for values in found.values())
    assert found["image"][3].min() >= 0 and found["image"][3].max() <= 1
    assert np.array_equal(model.generate("sound", given=given), found["sound"])
    assert np.array_equal(model.generate("sound", given={**given, "sound": DATA["sound"]}), found["sound"])
    drawn = model.generate("sound", given={"image": DATA["image"]}, n_steps=3, random_state=0)
    assert drawn.shape == (60, 3)


def test_any_of_three_tells_the_others():
    data = kinds(240)
    model = MultimodalDBM(
        16,
        hidden_layer_sizes=(),
        n_iter=10,
        prediction_rule=MultiPrediction(3, values=0.0),
        prediction_optimizer=Adam(0.02, schedule=Linear()),
        n_iter_prediction=40,
        batch_size=40,
        averaging=None,
        random_state=0,
    ).fit(data)
    image, sound, tags = 0.8 * np.eye(3).repeat(4, 1) + 0.1, 3 * np.eye(3), np.eye(3).repeat(2, 1)
    for given in ({"image": image}, {"sound": sound}, {"tags": tags}, {"sound": sound, "tags": tags}):
        found = model.infer(given)
        for name, width in (("image", 4), ("sound", 1), ("tags", 2)):
            per_kind = found[name].reshape(3, 3, width).mean(2)
            assert np.array_equal(per_kind.argmax(1), [0, 1, 2]), (list(given), name)


def test_use_goes_as_far_as_the_training_for_prediction_did(model):
    given = {"image": DATA["image"], "sound": DATA["sound"]}
    scaled = model.scaling_(torch.from_numpy(model.join(given)).to(model.scaling_.offset))
    known = model.module_.split(scaled)
    one = knowing(model.module_, (0, 1))
    unrolled = mean_field(one, {k: known[k] for k in (0, 1)}, n_steps=MultiPrediction().n_steps, tol=0.0)
    np.testing.assert_allclose(model.generate("tags", given=given), unrolled[2].detach(), rtol=1e-5)
    plain = MultimodalDBM(3, **{**SHORT, "n_iter_prediction": 0}).fit(DATA)
    one = knowing(plain.module_, (0, 1))
    settled = mean_field(one, {k: known[k] for k in (0, 1)}, n_steps=500, tol=0.0)
    np.testing.assert_allclose(plain.generate("tags", given=given), settled[2].detach(), rtol=1e-3)


def test_chains_keep_what_is_given_and_are_watched_on_the_way(model):
    given = {"image": DATA["image"][0], "tags": DATA["tags"][0]}
    drawn = model.sample(4, n_steps=6, given=given, random_state=0)
    assert {name: values.shape for name, values in drawn.items()} == {
        "image": (4, 12),
        "sound": (4, 3),
        "tags": (4, 6),
    }
    np.testing.assert_allclose(drawn["image"], np.tile(DATA["image"][0], (4, 1)), rtol=1e-6)
    seen = model.trace(4, steps=(2, 6), given=given, random_state=0)
    assert list(seen) == [2, 6]
    for name, values in drawn.items():
        assert np.array_equal(seen[6][name], values)
    assert not np.array_equal(seen[2]["sound"], seen[6]["sound"])
    free = model.trace(2, random_state=0)
    assert list(free) == [50, 100, 150, 200, 250]
    half = np.full(12, np.nan)
    half[:6] = DATA["image"][0, :6]
    partly = model.sample(2, n_steps=2, given={"image": half}, random_state=0)["image"]
    np.testing.assert_allclose(partly[:, :6], np.tile(half[:6], (2, 1)), rtol=1e-6)


def test_codes_and_rows_come_as_the_data_came(model):
    rows = model.inverse_transform(model.transform(DATA))
    restored = model.reconstruct(DATA)
    for name, values in DATA.items():
        assert rows[name].shape == values.shape
        np.testing.assert_allclose(rows[name], restored[name], atol=1e-5)
    joined = model.join({"sound": DATA["sound"][:2]})
    assert np.isnan(joined[:, :12]).all() and not np.isnan(joined[:, 12:15]).any()
    assert np.array_equal(model.split(joined)["sound"], DATA["sound"][:2])


TABLE = np.concatenate(list(DATA.values()), 1)
DECLARED = (
    Modality("image", 12),
    Modality("sound", 3, units=Gaussian()),
    Modality("tags", units=ReplicatedSoftmax(6, 4), hidden_layer_sizes=()),
)


@pytest.mark.parametrize("form", ["array", "frame", "sparse"])
def test_a_table_whose_columns_are_shared_out_is_the_same_data(form):
    settings = {**SHORT, "modalities": DECLARED}
    from_dict = MultimodalDBM(3, **settings).fit(DATA)
    X = TABLE
    if form == "sparse":
        X = sparse.csr_array(TABLE)
    if form == "frame":
        pandas = pytest.importorskip("pandas")
        names = [f"{name} {k}" for name, values in DATA.items() for k in range(values.shape[1])]
        X = pandas.DataFrame(TABLE, columns=names)
        prefixes = [Modality("image", "image"), Modality("sound", "sound", units=Gaussian()), DECLARED[2]]
        settings["modalities"] = prefixes
    from_table = MultimodalDBM(3, **settings).fit(X)
    np.testing.assert_allclose(from_table.transform(X), from_dict.transform(DATA), rtol=1e-5)
    assert from_table.modalities_[2].units == Multinomial(6, 4)
    drawn = from_table.sample(2, n_steps=1, given={"sound": DATA["sound"][0]})
    assert drawn.shape == (2, 21)
    assert list(from_table.split(drawn)) == ["image", "sound", "tags"]
    np.testing.assert_allclose(drawn[:, 12:15], np.tile(DATA["sound"][0], (2, 1)), rtol=1e-5)


def test_tables_may_miss_modalities_and_one_kind_may_not():
    X = TABLE.copy()
    X[:20, 12:15] = np.nan
    model = MultimodalDBM(3, modalities=DECLARED, **SHORT).fit(X)
    assert np.isfinite(model.transform(X)).all()
    assert model.__sklearn_tags__().input_tags.allow_nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        MultimodalDBM(3, **SHORT).fit(X)


def test_what_is_saved_answers_alike(tmp_path):
    pandas = pytest.importorskip("pandas")
    named = {**DATA, "tags": pandas.DataFrame(DATA["tags"], columns=list("abcdef"))}
    model = MultimodalDBM(3, **SHORT).fit(named)
    again = load(model.save(tmp_path / "run"))
    assert again.modalities_ == model.modalities_
    assert again.column_names_ == {"tags": list("abcdef")}
    given = {"sound": DATA["sound"]}
    for name, values in model.infer(given).items():
        assert np.array_equal(again.infer(given)[name], values)
    assert np.array_equal(again.score_samples(given), model.score_samples(given))
    before = again.transform(DATA)
    assert not np.allclose(again.partial_fit(DATA).transform(DATA), before)


def test_held_out_rows_and_snapshots(model):
    fitted = MultimodalDBM(3, early_stopping=True, **{**SHORT, "n_iter_pretraining": 1}).fit(
        DATA, X_val={name: values[:12] for name, values in DATA.items()}
    )
    held = [record["held_out"] for record in fitted.history_ if "held_out" in record]
    assert len(held) == 4 and np.isfinite(held).all()
    with pytest.raises(ValueError, match="trained in stages"):
        MultimodalDBM(3, **SHORT).fit(DATA, snapshots=[0])


def test_warm_starts_go_on_with_the_whole():
    model = MultimodalDBM(3, warm_start=True, **SHORT).fit(DATA)
    before = model.transform(DATA)
    model.fit(DATA)
    assert sorted({record["stage"] for record in model.history_}) == [1, 2]
    assert not np.allclose(model.transform(DATA), before)


def test_the_likelihood_of_rows_that_miss_modalities():
    """What is missing is summed out: rows that know less are likelier, and log Z is the same number for all."""
    draws = np.random.default_rng(0)
    data = {"a": 1.0 * (draws.random((40, 3)) < 0.3), "b": draws.poisson(1.0, (40, 2)) + np.eye(2)[0]}
    modalities = (Modality("a", 3), Modality("b", 2, units=Multinomial(2, 3)))
    model = MultimodalDBM(2, modalities=modalities, **{**SHORT, "hidden_layer_sizes": ()}).fit(data)
    X = model.join(data)
    less = X.copy()
    less[::2, :3] = np.nan
    whole, partly = (likelihood_of(model, rows, n_samples=50) for rows in (X, less))
    assert whole.exact and not partly.exact
    wide = MultimodalDBM(30, modalities=modalities, **{**SHORT, "hidden_layer_sizes": 24}).fit(data)
    brief = Annealing(n_chains=5, n_betas=20, burn_in=5)
    found = likelihood_of(wide, less, start=less, n_samples=2, annealing=brief)
    assert np.isfinite(found.annealing.reverse.log_partition.value)
    assert whole.log_partition.value == partly.log_partition.value
    assert partly.bound.value > whole.bound.value
    assert partly.tightened.value >= partly.bound.value - 1e-6


def one(**settings):
    return MultimodalDBM(3, **{**SHORT, **settings})


@pytest.mark.parametrize(
    ("settings", "data", "said"),
    [
        ({"modalities": [3]}, DATA, "modalities must be a sequence of Modality"),
        ({"modalities": [Modality("a"), Modality("a")]}, DATA, "names must be unique"),
        (
            {"modalities": [Modality("image"), Modality("sond")]},
            DATA,
            "there is no modality 'sound'; did you mean 'sond'",
        ),
        ({"modalities": [*DECLARED, Modality("x")]}, DATA, "there is none of x"),
        ({"modalities": [Modality("image", 5), *DECLARED[1:]]}, DATA, "image: expected 5 columns, got 12"),
        (
            {},
            {"a": np.ones((3, 2)), "b": np.ones((4, 2))},
            r"same number of rows in every modality, got \{'a': 3, 'b': 4\}",
        ),
        ({}, {**DATA, "sound": np.full((60, 3), np.nan)}, "sound is known in no row"),
        (
            {},
            {**DATA, "sound": np.where(np.eye(60, 3) > 0, np.nan, 1.5)},
            "row 0 has NaN in some columns of sound",
        ),
        ({"modalities": (Modality("a", 2), Modality("b", 3))}, TABLE, "expected a table with columns"),
        ({"modalities": (Modality("a"), Modality("b"))}, TABLE, "only one modality of a table"),
        ({"modalities": (Modality("a", "a"), Modality("b"))}, TABLE, "the data have no names"),
        (
            {"modalities": (*DECLARED[:2], Modality("tags", units=Multinomial(5, 2)))},
            TABLE,
            "has 5 words, and the data have 6",
        ),
        (
            {"modalities": (*DECLARED[:1], Modality("r", units=Multinomial(9, 2)))},
            TABLE,
            "expected counts of words",
        ),
        ({"modalities": (*DECLARED[:1], Modality("r", binarisation="dynamic"))}, TABLE, "makes rows binary"),
        ({"n_iter_prediction": -1}, DATA, "n_iter_prediction must be a whole number of at least 0"),
    ],
)
def test_bad_data_are_refused_in_words(settings, data, said):
    with pytest.raises(ValueError, match=said):
        one(**settings).fit(data)


def test_bad_questions_are_refused_in_words(model):
    with pytest.raises(ValueError, match="no modality 'tag'; did you mean 'tags'"):
        model.generate("tag", given={"image": DATA["image"]})
    with pytest.raises(ValueError, match="there is no modality 'picture'"):
        model.transform({"picture": DATA["image"]})
    with pytest.raises(ValueError, match="expected arrays of image, sound, tags"):
        model.transform({})
    with pytest.raises(ValueError, match="nothing is known of row 1"):
        model.transform({"image": np.where(np.arange(3)[:, None] == 1, np.nan, DATA["image"][:3])})
    with pytest.raises(ValueError, match="must be known as a whole or not at all"):
        model.sample(1, given={"tags": [1, np.nan, 0, 0, 0, 0]})
    with pytest.raises(ValueError, match="mask goes with an array"):
        model.sample(1, given={"tags": DATA["tags"][0]}, mask=[True])
    with pytest.raises(ValueError, match="steps must name"):
        model.trace(steps=())
    nothing = {name: values.copy() for name, values in DATA.items()}
    for values in nothing.values():
        values[7] = np.nan
    with pytest.raises(ValueError, match="nothing is known of row 7"):
        one().fit(nothing)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"name": ""}, "name must be"),
        ({"columns": 0}, "columns must be at least 1"),
        ({"units": "gaussian"}, "units must be a unit family"),
        ({"binarisation": "frozen"}, "binarisation must be one of auto, dynamic, threshold, none"),
    ],
)
def test_bad_modalities_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        Modality(**settings)


def test_bad_predictions_are_refused():
    with pytest.raises(ValueError, match="n_steps must be at least 1"):
        MultiPrediction(0)
    with pytest.raises(ValueError, match="values must be a share"):
        MultiPrediction(values=1.5)
    with pytest.raises(ValueError, match="expected a Boltzmann machine"):
        MultiPrediction()(torch.nn.Linear(2, 2), torch.zeros(1, 2), None)
    with pytest.raises(ValueError, match="length must be at least 1 word"):
        Multinomial(3, 0)
    assert Multinomial(2, 4).outside(torch.tensor([[1.0, 2.0]])).startswith("counts that add up to 4")


def test_stages_see_binary_columns_and_learn_real_ones_slowly(model):
    """Grey columns are drawn for every stage, and what real columns touch moves at a fifth of the rate."""
    model = deepcopy(model)
    data, slow = model._read(model._checked(DATA, reset=False)), {}
    for stage in pathway_by_pathway(model, data, None).stages:
        trainer = stage.begin(Generator(0))
        seen = trainer.present(stage.rows.take(slice(0, 30)), Generator(1))
        slow[stage.name] = {pace.factor for pace in trainer.paces}
        if stage.name in ("image, coupling 1", "joint", "prediction"):
            assert set(seen[:, :12].unique().tolist()) == {0.0, 1.0}, stage.name
    assert slow["sound, coupling 1"] == slow["joint"] == {0.2}
    assert slow["image, coupling 1"] == set()


def test_what_is_unknown_is_never_drawn(model):
    x = model._read(model._checked(DATA, reset=False)).take(slice(0, 6)).clone()
    x[:3, :12] = torch.nan
    seen = model._present()(x, Generator(0))
    assert seen[:3, :12].isnan().all()
    assert set(seen[3:, :12].unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(seen[:, 12:], x[:, 12:], rtol=0, atol=0, equal_nan=True)


def test_documents_without_words_do_not_shorten_the_others():
    tags = np.zeros((60, 6))
    tags[::2] = [3, 2, 1, 0, 0, 0]
    model = MultimodalDBM(3, **{**SHORT, "n_iter_pretraining": 0}).fit({**DATA, "tags": tags})
    assert model.modalities_[2].units == Multinomial(6, 6)


def test_the_likelihood_of_binary_rows_with_gaps():
    """No value is out of range because it is unknown, and rows that know less are likelier."""
    X = 1.0 * (np.random.default_rng(0).random((40, 6)) < 0.3)
    less = X.copy()
    less[::2, :2] = np.nan
    model = RBM(3, n_iter=2, random_state=0).fit(less)
    assert likelihood_of(model, less).bound.value > likelihood_of(model, X).bound.value
