"""Feature transformers and the anomaly detector keep scikit-learn's contract, and the detector does what it says."""

import io

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

import tildex
from tildex import RBM, AnomalyDetector, Autoencoder, PictureFeatures, SoundFeatures, read

X = np.random.default_rng(0).normal(size=(300, 6))
SHORT = Autoencoder(3, n_iter=2, random_state=0)
ALL = [
    SoundFeatures(),
    PictureFeatures(),
    AnomalyDetector(SHORT),
    AnomalyDetector(SHORT, n_neighbors=None),
]


@parametrize_with_checks(ALL)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ALL, ids=lambda e: type(e).__name__)
def test_no_check_is_skipped_but_that_of_other_array_libraries(estimator):
    results = check_estimator(estimator, on_skip=None, on_fail=None)
    assert {r["check_name"] for r in results if r["status"] == "skipped"} <= {"check_array_api_input"}
    assert getattr(tildex, type(estimator).__name__) is type(estimator)


def test_scores_are_distances_to_the_nearest_other_rows():
    """scikit-learn's neighbours, on codes of a model that is there already."""
    pca = PCA(4).fit(X)
    detector = AnomalyDetector(FrozenEstimator(pca), n_neighbors=3).fit(X)
    search = NearestNeighbors(n_neighbors=3).fit(pca.transform(X))
    # Without an argument scikit-learn leaves each training row itself out.
    np.testing.assert_allclose(-detector.score_samples(X), search.kneighbors()[0].mean(1), rtol=1e-6)
    new = X + 0.1
    np.testing.assert_allclose(
        -detector.score_samples(new), search.kneighbors(pca.transform(new))[0].mean(1), rtol=1e-6
    )


def test_without_neighbours_the_model_scores():
    detector = AnomalyDetector(SHORT, n_neighbors=None).fit(X)
    np.testing.assert_array_equal(detector.score_samples(X), detector.estimator_.score_samples(X))
    assert not hasattr(detector, "codes_")


@pytest.mark.parametrize("contamination", [0.01, 0.1, 0.5])
def test_the_threshold_calls_that_share_of_training_rows_anomalies(contamination):
    detector = AnomalyDetector(SHORT, contamination=contamination).fit(X)
    assert (detector.predict(X) == -1).sum() == pytest.approx(300 * contamination, abs=1)
    np.testing.assert_array_equal(detector.predict(X) == -1, detector.decision_function(X) < 0)


def test_of_many_rows_some_decide_on_the_threshold(monkeypatch):
    monkeypatch.setattr("tildex.estimators.anomaly._JUDGED", 100)
    detector = AnomalyDetector(SHORT, contamination=0.1).fit(X)
    assert 0.03 < (detector.predict(X) == -1).mean() < 0.2


def test_a_repeated_row_is_no_anomaly():
    rows = np.concatenate([X, np.full((100, 6), 5.0)])
    scores = AnomalyDetector(FrozenEstimator(PCA(4).fit(rows)), n_neighbors=3).fit(rows).score_samples(rows)
    assert scores[300:].min() > scores[:300].max()


def test_any_model_and_any_pipeline():
    digits = read("digits")
    normal, odd = digits.X[digits.y != 7][:300], digits.X[digits.y == 7][:40]
    for model in (
        RBM(32, n_iter=20, batch_size=100),
        make_pipeline(PictureFeatures((8, 8), gradient_grid=3), PCA(20)),
    ):
        detector = AnomalyDetector(model, random_state=0).fit(normal)
        held_out = digits.X[digits.y != 7][300:600]
        scores = detector.score_samples(np.concatenate([held_out, odd]))
        assert roc_auc_score(np.repeat([0, 1], [300, 40]), -scores) > 0.7


def test_clones_copies_and_tensors():
    detector = AnomalyDetector(SHORT, random_state=3).fit(X)
    assert detector.estimator_.random_state == 3 and SHORT.random_state == 0
    assert not hasattr(clone(detector), "estimator_")
    file = io.BytesIO()
    joblib.dump(detector, file)
    file.seek(0)
    np.testing.assert_array_equal(joblib.load(file).score_samples(X), detector.score_samples(X))
    from_tensor = AnomalyDetector(SHORT, random_state=3).fit(torch.from_numpy(X))
    np.testing.assert_allclose(
        from_tensor.score_samples(torch.from_numpy(X)), detector.score_samples(X), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"contamination": 0.0}, "contamination must be above 0 and at most 0.5, got 0.0"),
        ({"contamination": 0.7}, "contamination must be above 0"),
        ({"n_neighbors": 0}, "n_neighbors must be a whole number of at least 1, or None, got 0"),
        (
            {"n_neighbors": None, "estimator": SoundFeatures()},
            "has no score_samples: give another estimator, or a",
        ),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        AnomalyDetector(**{"estimator": SHORT, **settings}).fit(X)
