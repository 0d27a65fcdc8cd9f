"""The classifier and the regressor: any labels, any start, clones, files, checkpoints, and refusals that help."""

import io
import json

import joblib
import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import check_estimator

import tildex
from tildex import (
    SGD,
    Adam,
    Autoencoder,
    BernoulliRBM,
    Cosine,
    DeepBeliefNetwork,
    DeepBoltzmannMachine,
    Dropout,
    LinearAutoencoder,
    RunError,
    StackedClassifier,
    StackedRegressor,
    VariationalAutoencoder,
    load,
)
from tildex.apps.measure.predictions import measure_predictions
from tildex.cli import main
from tildex.data import Record, rows
from tildex.estimators.base.labels import hold_out_by_class
from tildex.generator import Generator
from tildex.runs import read_run
from tildex.train import Trainer

X = np.random.default_rng(0).random((60, 8))
Y = (X[:, 0] + X[:, 1] > 1).astype(int) + (X[:, 2] > 0.7)
SHORT = {"n_iter": 2, "random_state": 0}
STARTS = {
    "nothing": lambda: None,
    "autoencoder": lambda: Autoencoder(3, hidden_layer_sizes=5, **SHORT),
    "real-valued": lambda: Autoencoder(3, likelihood=tildex.Gaussian(), **SHORT),
    "linear": lambda: LinearAutoencoder(3, **SHORT),
    "variational": lambda: VariationalAutoencoder(3, hidden_layer_sizes=5, **SHORT),
    "rbm": lambda: BernoulliRBM(3, **SHORT),
    "dbn": lambda: DeepBeliefNetwork(3, hidden_layer_sizes=(5, 4), n_iter_up_down=1, **SHORT),
    "dbm": lambda: DeepBoltzmannMachine(3, hidden_layer_sizes=5, n_iter_pretraining=1, **SHORT),
    "three layers": lambda: DeepBoltzmannMachine(3, hidden_layer_sizes=(5, 4), n_iter_pretraining=1, **SHORT),
}


def started(name):
    start = STARTS[name]()
    return start if start is None else start.fit(X)


@pytest.fixture(scope="module")
def rbm():
    return started("rbm")


def test_no_check_is_skipped_but_that_of_other_array_libraries(predictor_class):
    def skipped(estimator):
        results = check_estimator(estimator, on_skip=None, on_fail=None)
        return {result["check_name"] for result in results if result["status"] == "skipped"}

    ours = predictor_class(hidden_layer_sizes=4, n_iter=1)
    assert skipped(ours) <= {"check_array_api_input"}


def test_every_predictor_is_public(predictor_class):
    assert getattr(tildex, predictor_class.__name__) is predictor_class


LABELS = {
    "words": np.array(["zero", "one", "many"]),
    "objects": np.array(["zero", "one", "many"], dtype=object),
    "booleans": np.array([False, True, True]),
    "floats": np.array([-1.0, 0.0, 1e3]),
    "negative": np.array([-7, 3, 0]),
    "unsigned": np.array([200, 3, 100], dtype=np.uint8),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_type(kind, tmp_path):
    labels = LABELS[kind][Y]
    model = StackedClassifier(hidden_layer_sizes=16, n_iter=200, optimizer=Adam(1e-2), random_state=0)
    predicted = model.fit(X, labels).predict(X)
    assert np.array_equal(model.classes_, np.unique(labels))
    assert predicted.dtype == labels.dtype
    assert (predicted == labels).mean() > 0.9
    again = load(model.save(tmp_path / "run"))
    assert np.array_equal(again.predict(X), predicted)
    assert again.classes_.dtype == model.classes_.dtype


@pytest.mark.parametrize("start", STARTS)
def test_every_start_predicts_saves_and_pickles_alike(start, predictor_class, tmp_path):
    model = predictor_class(started(start), **SHORT).fit(X, Y)
    again = load(model.save(tmp_path / "run"))
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    for other in (again, joblib.load(file)):
        for method in ("predict", "transform"):
            assert np.array_equal(getattr(other, method)(X), getattr(model, method)(X))
    assert model.transform(X).shape == (60, 256 if start == "nothing" else 3)
    assert len(model.get_feature_names_out()) == model.transform(X).shape[1]
    assert repr(clone(again)) == repr(clone(model))
    # What was learned before is in the folder too: training again ends the same.
    assert np.array_equal(again.fit(X, Y).transform(X), model.fit(X, Y).transform(X))


@pytest.mark.parametrize(
    "start", ["autoencoder", "real-valued", "linear", "rbm", "dbn", "dbm", "three layers"]
)
def test_frozen_starts_keep_their_code(start):
    fitted = started(start)
    model = StackedClassifier(fitted, start_rate=0.0, noise=Dropout(0.5), **SHORT).fit(X, Y)
    np.testing.assert_allclose(model.transform(X), fitted.transform(X), rtol=1e-3, atol=1e-5)


def test_the_start_is_never_changed(rbm):
    before = rbm.components_.copy()
    model = StackedClassifier(rbm, start_rate=1.0, max_norm=0.1, **SHORT).fit(X, Y)
    assert np.array_equal(rbm.components_, before)
    assert not np.allclose(model.transform(X), rbm.transform(X))


def test_clones_keep_a_trained_start(rbm):
    model = StackedClassifier(rbm, **SHORT).fit(X, Y)
    assert clone(model).start is rbm
    assert not hasattr(clone(model), "module_")
    assert cross_val_score(model, X, Y, cv=2).shape == (2,)


def test_grid_search_over_settings_and_starts(rbm):
    grid = {"noise": [None, Dropout(0.3)], "start": [None, FrozenEstimator(rbm)]}
    search = GridSearchCV(StackedClassifier(hidden_layer_sizes=4, **SHORT), grid, cv=2).fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    parts = GridSearchCV(StackedClassifier(rbm, noise=Dropout(), **SHORT), {"noise__rate": [0.1, 0.5]}, cv=2)
    assert parts.fit(X, Y).best_params_["noise__rate"] in (0.1, 0.5)


def test_frozen_starts_are_saved(rbm, tmp_path):
    model = StackedClassifier(FrozenEstimator(rbm), **SHORT).fit(X, Y)
    assert np.array_equal(load(model.save(tmp_path / "run")).predict_proba(X), model.predict_proba(X))


def test_a_pipeline_predicts(predictor_class):
    pipeline = make_pipeline(MinMaxScaler(), predictor_class(hidden_layer_sizes=4, **SHORT)).fit(5 * X, Y)
    assert pipeline.predict(5 * X).shape == (60,)


@pytest.mark.parametrize("start", ["nothing", "rbm", "dbm"])
def test_probabilities_are_of_each_row_alone(start):
    model = StackedClassifier(started(start), **SHORT).fit(X, Y)
    probability = model.predict_proba(X)
    assert probability.shape == (60, 3)
    np.testing.assert_allclose(probability.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.log(probability), model.predict_log_proba(X), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(X[7:9]), probability[7:9], rtol=1e-3)
    assert np.array_equal(model.predict(X), model.classes_[probability.argmax(1)])


def test_rare_classes_keep_finite_log_probabilities():
    model = StackedClassifier(hidden_layer_sizes=4, **SHORT).fit(X, Y)
    with torch.no_grad():
        model.module_.decoder.map.layers[0].bias[0] = -1e4
    assert np.isfinite(model.predict_log_proba(X)).all()
    assert (model.predict_proba(X)[:, 0] == 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_in_tensors_out(predictor_class, dtype):
    x, y = torch.from_numpy(X).to(dtype), torch.from_numpy(Y)
    model = predictor_class(hidden_layer_sizes=4, **SHORT).fit(x, y)
    twin = predictor_class(hidden_layer_sizes=4, **SHORT).fit(x.numpy(), Y)
    hidden = model.transform(x)
    assert isinstance(hidden, torch.Tensor)
    assert hidden.dtype == dtype
    assert np.array_equal(hidden.numpy(), twin.transform(x.numpy()))
    assert np.array_equal(np.asarray(model.predict(x)), twin.predict(x.numpy()))


@pytest.mark.parametrize("form", [sparse.csr_array, np.asfortranarray, lambda x: x.tolist()])
def test_forms_of_input(predictor_class, form):
    plain = predictor_class(hidden_layer_sizes=4, **SHORT).fit(X, Y)
    model = predictor_class(hidden_layer_sizes=4, **SHORT).fit(form(X), Y)
    np.testing.assert_allclose(model.transform(form(X)), plain.transform(X), rtol=1e-4, atol=1e-6)


def test_several_targets_come_back_in_their_units():
    targets = np.column_stack([100 + 50 * X[:, 0], X[:, 1] - X[:, 2], np.full(60, 7.0)])
    model = StackedRegressor(
        hidden_layer_sizes=32, n_iter=200, optimizer=Adam(1e-2, schedule=Cosine()), random_state=0
    )
    predicted = model.fit(X, targets).predict(X)
    assert predicted.shape == (60, 3)
    np.testing.assert_allclose(predicted[:, 2], 7.0, atol=0.1)
    error = ((predicted - targets) ** 2).sum(0) / ((targets - targets.mean(0)) ** 2).sum(0).clip(1e-9)
    assert (error[:2] < 0.05).all()
    with pytest.raises(ValueError, match="expected 3 targets per row, got 1"):
        model.fit(X, targets, X_val=X, y_val=Y)


@pytest.fixture
def held_out(monkeypatch):
    """Return the rows that training validates on."""
    seen = []
    fit = Trainer.fit
    monkeypatch.setattr(
        Trainer, "fit", lambda self, rows, held: (seen.append((rows, held)), fit(self, rows, held))
    )
    return seen


def test_the_same_share_of_every_class_is_held_out(held_out):
    labels = np.repeat([0, 1, 2], [30, 20, 10])
    StackedClassifier(hidden_layer_sizes=4, early_stopping=True, validation_fraction=0.2, **SHORT).fit(
        X, labels
    )
    rows, held = held_out[0]
    assert held[:, 8:].sum(0).tolist() == [6, 4, 2]
    assert rows.take(slice(None))[:, 8:].sum(0).tolist() == [24, 16, 8]
    together = torch.cat([held, rows.take(slice(None))])[:, :8].numpy()
    assert np.allclose(np.sort(together[:, 0]), np.sort(X[:, 0]))


def test_held_out_rows_may_be_given(held_out, predictor_class):
    model = predictor_class(hidden_layer_sizes=4, **SHORT).fit(X, Y, X_val=X[:7], y_val=Y[:7])
    assert held_out[0][1].shape == (7, 8 + (3 if predictor_class is StackedClassifier else 1))
    assert all("held_out" in record for record in model.history_)


def test_a_deep_start_is_read_with_what_it_infers(held_out):
    StackedClassifier(started("three layers"), **SHORT).fit(X, Y)
    assert held_out[-1][0].take(slice(0, 2)).shape == (2, 8 + 4 + 3 + 3)


def cases(rbm):
    return {
        "dropout": StackedClassifier(
            rbm,
            corruption=Dropout(0.2),
            noise=Dropout(0.5),
            smoothing=0.1,
            max_norm=2.0,
            head_first=0.3,
            optimizer=Adam(3e-3, schedule=Cosine(warmup=0.1)),
            averaging=0.9,
            early_stopping=True,
            batch_size=16,
            n_iter=6,
            random_state=0,
        ),
        "deep": StackedClassifier(
            started("dbm"),
            start_rate=(0.5, 0.1),
            optimizer=SGD(0.1, momentum=0.5),
            batch_size=16,
            n_iter=6,
            random_state=0,
        ),
        "regressor": StackedRegressor(rbm, n_iter=6, random_state=0),
    }


@pytest.mark.parametrize("name", ["dropout", "deep", "regressor"])
def test_an_interrupted_training_ends_as_a_whole_one(rbm, name, tmp_path, monkeypatch):
    checkpoint = tmp_path / "checkpoint"
    whole = cases(rbm)[name].fit(X, Y)
    run = Trainer.run_epoch

    def interrupted(self, *arguments, **named):
        if self.epoch == 3:
            raise KeyboardInterrupt
        return run(self, *arguments, **named)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Trainer, "run_epoch", interrupted)
        cases(rbm)[name].fit(X, Y, checkpoint=checkpoint)
    resumed = cases(rbm)[name].fit(X, Y, checkpoint=checkpoint)
    assert np.array_equal(resumed.transform(X), whole.transform(X))
    assert resumed.n_iter_ == whole.n_iter_


def test_a_checkpoint_of_other_labels_or_another_start_is_refused(rbm, tmp_path):
    checkpoint = tmp_path / "checkpoint"
    StackedClassifier(rbm, **SHORT).fit(X, Y, checkpoint=checkpoint)
    with pytest.raises(RunError, match=r"other settings \(data\)"):
        StackedClassifier(rbm, **SHORT).fit(X, np.roll(Y, 1), checkpoint=checkpoint)
    other = BernoulliRBM(3, **SHORT).fit(X**2)
    with pytest.raises(RunError, match=r"other settings \(data\)"):
        StackedClassifier(other, **SHORT).fit(X, Y, checkpoint=checkpoint)


def test_more_training_from_where_it_was():
    model = StackedClassifier(hidden_layer_sizes=4, warm_start=True, **SHORT).fit(X, Y)
    before = model.transform(X)
    assert not np.allclose(model.fit(X, Y).transform(X), before)
    with pytest.raises(ValueError, match=r"expected labels among \[0, 1, 2\], got \[3\]"):
        model.fit(X, Y + 1)


def test_the_head_may_go_first(rbm):
    waiting = StackedClassifier(rbm, head_first=1.0, start_rate=1.0, **SHORT).fit(X, Y)
    np.testing.assert_allclose(waiting.transform(X), rbm.transform(X), rtol=1e-5)
    steady = StackedClassifier(rbm, head_first=1.0, optimizer=Adam(1e-3), **SHORT).fit(X, Y)
    assert steady.history_[-1]["learning_rate"] == 1e-3


def test_norms_stay_within_their_limit(rbm):
    model = StackedClassifier(rbm, max_norm=0.5, start_rate=1.0, optimizer=Adam(0.1), **SHORT).fit(X, Y)
    weights = [p for p in model.module_.parameters() if p.ndim > 1]
    assert len(weights) == 2
    assert all(w.norm(dim=1).max() <= 0.5 + 1e-6 for w in weights)


REFUSED = {
    "no labels": (lambda: StackedClassifier(**SHORT).fit(X, None), "requires y to be passed"),
    "one class": (
        lambda: StackedClassifier(**SHORT).fit(X, np.zeros(60)),
        r"at least 2 classes, got 1 class: 0\.0",
    ),
    "real labels": (lambda: StackedClassifier(**SHORT).fit(X, X[:, 0]), "Unknown label type"),
    "fewer labels": (lambda: StackedClassifier(**SHORT).fit(X, Y[:5]), "inconsistent numbers of samples"),
    "fewer labels than rows of a tensor": (
        lambda: StackedClassifier(**SHORT).fit(torch.from_numpy(X), Y[:5]),
        "inconsistent numbers of samples",
    ),
    "unknown class held out": (
        lambda: StackedClassifier(**SHORT).fit(X, Y, X_val=X, y_val=Y + 5),
        r"expected labels among \[0, 1, 2\], got \[5, 6, 7\]",
    ),
    "an untrained start": (
        lambda: StackedClassifier(BernoulliRBM(3)).fit(X, Y),
        "is not fitted: fit it first",
    ),
    "another thing as start": (
        lambda: StackedClassifier(MLPClassifier()).fit(X, Y),
        "start must be a fitted estimator",
    ),
    "a start of other features": (
        lambda: StackedClassifier(started("rbm")).fit(X[:, :5], Y),
        "start was trained on 8 features, and X has 5",
    ),
    "no layers": (
        lambda: StackedClassifier(hidden_layer_sizes=()).fit(X, Y),
        "at least one size in hidden_layer_sizes, or a start",
    ),
    "too many rates": (
        lambda: StackedClassifier(started("rbm"), start_rate=(0.1, 0.2), **SHORT).fit(X, Y),
        "a start_rate for each of 1 trained layers",
    ),
    "values outside the start's range": (
        lambda: StackedClassifier(Autoencoder(3, likelihood=tildex.Bernoulli(), **SHORT).fit(X), **SHORT).fit(
            5 * X, Y
        ),
        "expect values from 0 to 1",
    ),
    "an unknown activation": (
        lambda: StackedClassifier(activation="rellu").fit(X, Y),
        "unknown activation 'rellu'; did you mean 'relu'",
    ),
    "a class that is all held out": (
        lambda: StackedClassifier(early_stopping=True, validation_fraction=0.9, **SHORT).fit(
            X, np.repeat([0, 1], [59, 1])
        ),
        "in 2 classes holds out",
    ),
    "text as targets": (
        lambda: StackedRegressor(**SHORT).fit(X, LABELS["words"][Y]),
        "could not convert string",
    ),
    "an infinite limit": (
        lambda: StackedClassifier(max_norm=-1.0, **SHORT).fit(X, Y),
        "max_norm must be positive",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_say_what_was_expected(case):
    fit, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        fit()


def test_labels_that_are_no_words_or_numbers_cannot_be_saved(tmp_path):
    model = StackedClassifier(hidden_layer_sizes=4, **SHORT).fit(X, Y)
    model.classes_ = np.array([(1,), (2,), None], dtype=object)
    with pytest.raises(ValueError, match="only labels that are words or numbers can be saved"):
        model.save(tmp_path / "run")


def test_the_command_line_fits_from_a_run(tmp_path, capsys):
    rbm, out = tmp_path / "rbm", tmp_path / "classifier"
    assert main(["fit", "rbm", "digits", "--out", str(rbm), "--epochs", "2", "--set", "n_components=16"]) == 0
    fit = ["fit", "classifier", "digits", "--out", str(out), "--epochs", "3", "--start", str(rbm)]
    assert main([*fit, "--set", "noise=Dropout(0.2)", "max_norm=3.0"]) == 0
    assert read_run(out).recipe["params"]["start"]["estimator"] == "RBM"
    assert set(load(out).classes_) == set(range(10))
    assert main(["encode", str(out), "digits", "--out", str(tmp_path / "codes.npy")]) == 0
    assert np.load(tmp_path / "codes.npy").shape == (359, 16)
    capsys.readouterr()
    assert main(["evaluate", str(out), "digits", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert 0 < figures["accuracy"]["value"] < 1 < figures["log_loss"]["value"] < 3
    assert figures["linear"]["value"] > 0.9
    assert main(["evaluate", str(out), "digits"]) == 0
    assert "accuracy" in capsys.readouterr().out
    for tokens in (["reconstruct", str(out), "digits", "--out", str(tmp_path / "r")], ["report", str(out)]):
        assert main(tokens) == 1
        assert "see `tildex evaluate`" in " ".join(capsys.readouterr().err.split())
    assert main(["fit", "rbm", "digits", "--out", str(tmp_path / "x"), "--start", str(rbm)]) == 1
    assert "--start is for the classifier" in " ".join(capsys.readouterr().err.split())


def test_a_regressor_is_measured_beside_a_linear_one():
    y = (10 * X[:, 0] + 5 * X[:, 1]).round().astype(np.int64)
    record = Record(X.astype("float32"), y, name="sums")
    model = StackedRegressor(
        hidden_layer_sizes=32, n_iter=300, optimizer=Adam(1e-2, schedule=Cosine()), random_state=0
    ).fit(record.X, y)
    measured = measure_predictions("sums", model, record, record)
    assert measured.accuracy is None
    assert measured.squared_error.value == pytest.approx(((model.predict(record.X) - y) ** 2).mean())
    assert measured.squared_error.value < measured.linear.value
    assert measured.simplest.value == pytest.approx(y.var())
    assert [line.label for line in measured.lines()][1:3] == [
        "linear model (60 training rows)",
        "mean of the targets",
    ]
    with pytest.raises(ValueError, match="has no labels to compare with"):
        measure_predictions("sums", model, None, Record(record.X, name="sums"))


def test_labels_never_seen_are_named():
    record = Record(X.astype("float32"), Y.astype(np.int64), name="three")
    model = StackedClassifier(hidden_layer_sizes=4, **SHORT).fit(record.X, record.y)
    with pytest.raises(ValueError, match=r"expected labels among \[0, 1, 2\], got \[3\]"):
        measure_predictions("three", model, None, Record(record.X, record.y + 1, name="four"))


def test_a_classifier_is_measured_as_scikit_learn_measures_it():
    record = Record(X.astype("float32"), Y.astype(np.int64), name="three")
    model = StackedClassifier(hidden_layer_sizes=4, **SHORT).fit(record.X, record.y)
    measured, P = measure_predictions("three", model, None, record), model.predict_proba(record.X)
    assert measured.log_loss.value == pytest.approx(log_loss(record.y, P), rel=1e-5)
    assert measured.accuracy.value == pytest.approx(accuracy_score(record.y, P.argmax(1)))
    beside = measure_predictions("three", model, record, record)
    assert beside.simplest.value == np.bincount(record.y).max() / len(record)


def test_what_is_left_over_is_held_out_of_the_class_that_lacks_most():
    """Of 19 and 11 rows a tenth is 1.9 and 1.1 rows, of which three in all are two and one."""
    places = np.repeat([0, 1], [19, 11])
    _, held = hold_out_by_class(rows(places[:, None]), places, 0.1, Generator(0))
    assert np.bincount(held[:, 0].int().numpy()).tolist() == [2, 1]
