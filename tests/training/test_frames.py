"""Frames of any columns in and out of estimators: bound by name, with the names, types and index that they had."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from tildex import (
    RBM,
    AnomalyDetector,
    Autoencoder,
    Bernoulli,
    Categorical,
    Gaussian,
    StackedClassifier,
    VariationalAutoencoder,
    load,
    read,
)
from tildex.data import DataError
from tildex.estimators import Estimator

N = 120


def people(seed=0, n=N):
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], n)
    columns = {
        "sex": sex,
        "height": (rng.normal(165, 7, n) + 12 * (sex == "m")).round(1),
        "city": pd.Categorical(rng.choice(["Bonn", "Köln", "Ulm"], n)),
        "kids": rng.poisson(1.2, n),
        "income": np.exp(rng.normal(8, 1, n)).round(2),
        "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
        "member": rng.random(n) < 0.4,
    }
    return pd.DataFrame(columns, index=[f"row {k}" for k in range(n)])


def brief(cls):
    return cls(random_state=0).set_params(n_iter=2)


MODELS = [
    cls
    for cls in Estimator.table.values()
    if "reconstruct" in cls.can and not cls.counts and cls.slug not in ("replicated-softmax", "restoration")
]


@pytest.mark.filterwarnings("ignore:BernoulliRBM expects values")
@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.slug)
def test_every_estimator_takes_a_frame_and_gives_one_back(cls):
    frame = people()
    model = brief(cls).fit(frame)
    codes = model.transform(frame)
    shuffled = frame[frame.columns[::-1]]
    np.testing.assert_array_equal(model.transform(shuffled), codes)
    np.testing.assert_allclose(
        model.transform(model.reading_.schema.encode(frame)[0].astype("f4")), codes, rtol=1e-4, atol=1e-5
    )
    restored = model.reconstruct(shuffled[:7])
    assert list(restored.columns) == list(frame.columns) and list(restored.index) == list(frame.index[:7])
    assert (restored.dtypes == frame.dtypes).all()
    assert set(restored.sex) <= {"f", "m"} and set(restored.city) <= {"Bonn", "Köln", "Ulm"}
    assert isinstance(model.inverse_transform(codes[:2]), pd.DataFrame)
    assert np.isfinite(model.score_samples(frame)).all()
    if hasattr(model, "sample"):
        drawn = model.sample(3, random_state=0)
        assert list(drawn.columns) == list(frame.columns) and len(drawn) == 3


def test_a_frame_and_the_same_file_give_one_model(tmp_path):
    frame = people()
    frame.to_parquet(tmp_path / "people.parquet", index=False)
    record = read(tmp_path / "people.parquet")
    of_file = brief(VariationalAutoencoder).fit(record)
    of_frame = brief(VariationalAutoencoder).fit(frame)
    of_polars = brief(VariationalAutoencoder).fit(pl.from_pandas(frame))
    of_arrow = brief(VariationalAutoencoder).fit(pa.Table.from_pandas(frame))
    codes = of_frame.transform(frame)
    for model in (of_file, of_polars, of_arrow):
        np.testing.assert_array_equal(model.transform(frame), codes)
    assert isinstance(of_frame.reconstruct(pl.from_pandas(frame)), pl.DataFrame)
    assert isinstance(of_file.reconstruct(record), np.ndarray)
    assert isinstance(of_arrow.sample(2), pa.Table)


def test_the_units_are_those_of_the_columns():
    frame = people()
    units = brief(RBM).fit(frame).likelihood_
    assert [type(part).__name__ for part in units.parts] == [
        "Bernoulli",
        "Gaussian",
        "Categorical",
        "NegativeBinomial",
        "Gaussian",
        "Bernoulli",
    ]
    assert units.sizes == (1, 1, 3, 1, 2, 1) and units.parts[3].largest == 2 * frame.kids.max() + 10
    given = Autoencoder(2, likelihood=Gaussian(), n_iter=1).fit(frame)
    assert given.likelihood_ == Gaussian()
    plain = brief(Autoencoder).fit(frame[["height", "income"]])
    assert plain.reading_.schema is None and list(plain.feature_names_in_) == ["height", "income"]
    assert brief(Autoencoder).fit(frame[["sex", "member"]]).likelihood_ == Bernoulli()
    assert brief(Autoencoder).fit(frame[["city"]]).likelihood_ == Categorical(3)


def test_a_saved_model_binds_frames_by_name(tmp_path):
    frame = people()
    model = brief(VariationalAutoencoder).fit(frame)
    model.save(tmp_path / "run")
    again = load(tmp_path / "run")
    assert again.reading_ == model.reading_
    pd.testing.assert_frame_equal(again.reconstruct(frame[:5]), model.reconstruct(frame[:5]))


def test_missing_and_further_columns_are_named():
    frame = people()
    model = brief(Autoencoder).fit(frame)
    with pytest.raises(DataError, match="column 'city' of training is missing"):
        model.transform(frame.drop(columns="city"))
    with pytest.warns(UserWarning, match="1 column that training did not have is ignored: 'shoe'"):
        model.transform(frame.assign(shoe=40))
    model = brief(Autoencoder).fit(frame.assign(sex=[None, *frame.sex[1:]]))
    with pytest.warns(UserWarning, match=r"1 cell is of a level that training did not have \(d\)"):
        codes = model.transform(frame[:1].assign(sex="d"))
    np.testing.assert_array_equal(codes, model.transform(frame[:1].assign(sex=None)))


def test_what_is_left_out_of_a_frame_is_said():
    frame = people().assign(name=[f"person {k}" for k in range(N)])
    with pytest.warns(UserWarning, match=r"left out: 'name' \(identifier\)"):
        brief(Autoencoder).fit(frame)


def test_rows_that_were_read_otherwise_are_refused():
    frame = people()
    model = brief(Autoencoder).fit(read(frame))
    other = read(frame.assign(city="Rom").astype({"city": str}).assign(city=["Rom", "Bonn"] * (N // 2)))
    with pytest.raises(ValueError, match="read by another schema"):
        model.transform(other)
    later = read(frame[:9], like=model.reading_)
    np.testing.assert_array_equal(model.transform(later), model.transform(frame[:9]))


def test_partial_fit_binds_later_frames():
    frame = people()
    model = Autoencoder(2, random_state=0)
    model.partial_fit(frame[:60])
    model.partial_fit(frame[frame.columns[::-1]][60:])
    assert model.n_iter_ == 2 and list(model.reconstruct(frame[:1]).columns) == list(frame.columns)


@pytest.mark.parametrize("n_neighbors", [3, None])
def test_a_detector_of_frames(n_neighbors):
    frame = people()
    detector = AnomalyDetector(
        VariationalAutoencoder(2, n_iter=5), n_neighbors=n_neighbors, random_state=0
    ).fit(frame)
    assert "Mixed" in repr(detector.estimator_.likelihood_)
    odd = frame[:1].assign(kids=5000, height=900.0)
    assert detector.predict(odd).tolist() == [-1]


def test_a_classifier_of_frames():
    frame = people()
    model = StackedClassifier(hidden_layer_sizes=(8,), n_iter=200, random_state=0).fit(
        frame.drop(columns="sex"), frame.sex
    )
    shuffled = frame.drop(columns="sex")[["member", "income", "since", "kids", "city", "height"]]
    assert (model.predict(shuffled) == frame.sex).mean() > 0.7


def test_frames_of_numbers_stay_with_scikit_learn():
    frame = people()[["height", "income"]]
    model = make_pipeline(MinMaxScaler(), Autoencoder(2, n_iter=1)).set_output(transform="pandas").fit(frame)
    codes = model.transform(frame[:5])
    assert list(codes.index) == list(frame.index[:5])
    with pytest.raises(ValueError, match="feature names should match"):
        Autoencoder(2, n_iter=1).fit(frame).transform(frame[["income", "height"]])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_of_frames_of_any_columns(library):
    frame = people()
    model = Autoencoder(2, n_iter=1).set_output(transform=library).fit(frame)
    codes = model.transform(frame[:5])
    assert list(codes.columns) == ["autoencoder0", "autoencoder1"]
    if library == "pandas":
        assert list(codes.index) == list(frame.index[:5])


def test_the_values_under_a_mask_are_unknown():
    X = np.random.default_rng(0).random((50, 4))
    masked = np.ma.masked_array(np.where(X > 0.95, -999, X), X > 0.95)
    model = brief(Autoencoder).fit(masked)
    np.testing.assert_array_equal(model.transform(masked), model.transform(np.where(X > 0.95, np.nan, X)))
    np.testing.assert_array_equal(
        model.scaling_.offset, brief(Autoencoder).fit(masked.filled(np.nan)).scaling_.offset
    )


def test_feature_names_are_those_of_the_columns_that_are_learned(tmp_path):
    frame = people()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = brief(VariationalAutoencoder).fit(frame)
        model.transform(frame)
    assert list(model.feature_names_in_) == list(model.reading_.schema.names)
    assert model.n_features_in_ == len(model.feature_names_in_)
    model.save(tmp_path / "run")
    assert list(load(tmp_path / "run").feature_names_in_) == list(model.feature_names_in_)
    model.fit(frame[["height", "income"]].to_numpy())
    assert not hasattr(model, "feature_names_in_")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier = StackedClassifier(hidden_layer_sizes=(4,), n_iter=2).fit(frame, frame.member)
        classifier.predict(frame)
    assert len(classifier.feature_names_in_) == classifier.n_features_in_
