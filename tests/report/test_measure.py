"""Measurements: right numbers, said on how many rows, with and without training rows and labels."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA

import tildex
from tildex import evaluate
from tildex.apps.measure import measure as room
from tildex.apps.measure.measure import measure
from tildex.apps.measure.measures import MEASURES
from tildex.apps.measure.projection import Projection
from tildex.apps.measure.some_rows import at_most, spread
from tildex.data import Record, binarise
from tildex.generator import Generator
from tildex.units import Poisson


def test_a_linear_autoencoder_is_level_with_pca(models, digits):
    measured = measure("linear", models["linear"], *digits)
    assert measured.against_pca == "level"
    assert measured.squared_error.value == pytest.approx(measured.pca.value, rel=1e-3)
    assert measured.probe.code.value == pytest.approx(measured.probe.pca.value, abs=0.02)
    assert measured.pca_rank == 8 and measured.n_parameters == 8 * 64


def test_a_linear_model_says_its_largest_angle(models, digits):
    measured = measure("linear", models["linear"], *digits)
    assert 0 <= measured.largest_angle < 1e-3
    assert "rad" in next(line.text for line in measured.lines() if "largest angle" in line.label)
    assert measure("vae", models["vae"], *digits).largest_angle is None
    plain = tildex.Autoencoder(4, likelihood=tildex.Gaussian(), n_iter=2).fit(digits[0].X)
    assert 0 < measure("plain", plain, *digits).largest_angle <= np.pi / 2


def test_neighbours_are_judged_beside_those_of_pca(models, digits):
    train, test = digits
    found = measure("linear", models["linear"], train, test).neighbours
    assert found.code.trustworthiness.value == pytest.approx(found.pca.trustworthiness.value, abs=1e-3)
    Z = models["linear"].transform(test.X)
    assert found.code.continuity.value == evaluate.continuity(test.X, Z).value
    assert 0 < found.code.error.value < 0.3
    alone = measure("linear", models["linear"], None, test).neighbours
    assert alone.pca is None and alone.code.error is None and alone.rows == len(test)
    few = dataclasses.replace(test, X=test.X[:20], y=test.y[:20])
    assert measure("linear", models["linear"], train, few).neighbours is None


def test_a_code_as_long_as_the_row_has_no_contest(models, digits):
    measured = measure("denoising", models["denoising"], *digits)
    assert measured.against_pca == "no contest"
    assert measured.pca.value == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", ["linear", "denoising", "deep", "vae", "sparse", "rbm"])
def test_json_holds_every_figure(name, models, digits):
    measured = measure(name, models[name], *digits)
    values = json.loads(json.dumps(measured.to_json(), allow_nan=False))
    of_every = {field.name for field in dataclasses.fields(measured)} - {"found"}
    assert set(values) > of_every | {one.name for one in MEASURES}
    assert values["score"]["value"] == pytest.approx(models[name].score(digits[1].X), rel=1e-5)
    assert values["seconds"] > 0
    assert all(line.label and line.text for line in measured.lines())


def test_the_score_says_what_it_is(models, digits):
    meanings = {name: measure(name, model, None, digits[1]).score_meaning for name, model in models.items()}
    assert meanings == {
        "linear": "log P(x | code)",
        "denoising": "log P(x | code)",
        "deep": "log P(x | code)",
        "sparse": "log P(x | code)",
        "vae": "bound on log P(x)",
        "rbm": "log pseudo-likelihood",
    }


def test_without_training_rows_there_are_no_baselines(models, digits):
    measured = measure("rbm", models["rbm"], None, digits[1])
    assert measured.pca is measured.pca_rank is measured.against_pca is measured.probe is None
    assert measured.likelihood.independent is None and np.isfinite(measured.likelihood.found.value.value)


def test_one_row_has_no_standard_error_and_breaks_nothing(models, digits):
    train, test = digits
    one = Record(test.X[:1], test.y[:1], test.shape, None, test.target_names)
    values = measure("rbm", models["rbm"], train, one).to_json()
    assert values["squared_error"]["standard_error"] is None
    json.dumps(values, allow_nan=False)


def test_a_sparse_code_is_counted(models, digits):
    measured = measure("sparse", models["sparse"], *digits)
    found, code = measured.sparsity, models["sparse"].transform(digits[1].X)
    assert found.l0.value == pytest.approx((code != 0).sum(1).mean()) and found.l0.value <= 4
    assert found.dead == pytest.approx((code == 0).all(0).mean())
    spread = ((digits[1].X - digits[1].X.mean(0)) ** 2).sum(1).mean()
    assert found.unexplained.value == pytest.approx(measured.squared_error.value / spread, rel=1e-5)
    labels = [line.label for line in measured.lines()]
    assert {"active units per row (L0)", "variance unexplained", "dead units"} <= set(labels)
    assert measured.to_json()["sparsity"]["l0"]["value"] == found.l0.value
    assert measure("linear", models["linear"], *digits).sparsity is None


def test_labels_that_mean_something_else_are_not_probed(models, digits):
    train, test = digits
    other = dataclasses.replace(test, target_names=tuple("9876543210"))
    assert measure("linear", models["linear"], train, other).probe is None
    same = dataclasses.replace(train, y=np.zeros(len(train), dtype=np.int64))
    assert measure("linear", models["linear"], same, test).probe is None


def test_large_sets_are_measured_on_rows_that_are_counted(models, digits, monkeypatch):
    for name, rows in {"_HELD_OUT_ROWS": 150, "_SCORE_ROWS": 50, "_PROBE_ROWS": 300}.items():
        monkeypatch.setattr(room, name, rows)
    measured = measure("rbm", models["rbm"], *digits)
    assert (measured.rows, measured.score_rows, measured.likelihood.found.rows) == (150, 50, 50)
    assert measured.probe.train_rows == 300
    assert measured == measure("rbm", models["rbm"], *digits)


def test_sparse_rows_measure_as_dense_ones(models, digits):
    train, test = digits
    thin = [dataclasses.replace(record, X=sparse.csr_array(record.X)) for record in digits]
    dense, measured = (measure("rbm", models["rbm"], *pair).to_json() for pair in ((train, test), thin))
    assert measured["squared_error"]["value"] == pytest.approx(dense["squared_error"]["value"], rel=1e-5)
    assert measured["probe"] == dense["probe"]


def test_a_small_machine_has_an_exact_likelihood(digits):
    binary = [dataclasses.replace(record, X=(record.X > 0.5).astype(np.float32)) for record in digits]
    rbm = tildex.BernoulliRBM(8, n_iter=10, random_state=0).fit(binary[0].X)
    likelihood = measure("rbm", rbm, *binary).likelihood
    expected = evaluate.log_likelihood(rbm.module_, torch.from_numpy(binary[1].X)).mean()
    assert likelihood.found.value.value == pytest.approx(float(expected), rel=1e-6)
    assert likelihood.found.annealing is None and "enumerated" in likelihood.method
    assert likelihood.found.value.value > likelihood.independent.value


def test_a_larger_machine_has_a_likelihood_from_both_sides(models, digits):
    likelihood = measure("rbm", models["rbm"], *digits).likelihood
    assert likelihood.found.annealing.ok
    assert "100 chains x 1,000 temperatures" in likelihood.method and "frozen, seed 0" in likelihood.method
    assert likelihood.found.value.standard_error > likelihood.found.log_partition.standard_error > 0


def test_grey_rows_stand_for_one_frozen_draw(digits):
    rbm = tildex.BernoulliRBM(8, n_iter=20, random_state=0).fit(digits[0].X)
    frozen = binarise(torch.from_numpy(digits[1].X), "frozen", Generator(0))
    found = measure("rbm", rbm, *digits).likelihood.found
    assert found.value.value == pytest.approx(
        float(evaluate.log_likelihood(rbm.module_, frozen).mean()), rel=1e-5
    )


@pytest.mark.parametrize(
    ("model", "meaning"),
    [
        (tildex.DeepBoltzmannMachine(3, hidden_layer_sizes=4, n_iter=1, n_iter_pretraining=1), "+ log Z"),
        (tildex.DeepBeliefNetwork(3, hidden_layer_sizes=4, n_iter=1, n_iter_up_down=1), "bound on log P(x)"),
        (tildex.GaussianRBM(3, n_iter=1), "log pseudo-likelihood"),
        (tildex.RBM(3, likelihood=Poisson(), n_iter=1), "minus free energy"),
    ],
    ids=["dbm", "dbn", "gaussian", "counts"],
)
def test_scores_and_likelihoods_are_named_for_what_they_are(digits, model, meaning):
    counts = [dataclasses.replace(record, X=np.round(4 * record.X)) for record in digits]
    data = counts if isinstance(getattr(model, "likelihood", None), Poisson) else digits
    measured = measure("m", clone(model).fit(data[0].X), *data)
    assert measured.score_meaning.endswith(meaning)
    assert np.isfinite(measured.likelihood.found.value.value)
    json.dumps(measured.to_json(), allow_nan=False)


@pytest.mark.parametrize("shape", [(50, 6), (4, 6), (50, 1)])
def test_a_projection_is_that_of_pca(shape):
    X = np.random.default_rng(0).normal(size=shape) * np.arange(1, shape[1] + 1)
    rank = min(2, *shape)
    pca, projection = PCA(rank).fit(X), Projection.of(X, rank)
    assert np.abs(projection(X)) == pytest.approx(np.abs(pca.transform(X)), abs=1e-8)
    assert projection.shares == pytest.approx(pca.explained_variance_ratio_)


def test_choosing_rows_is_fair_and_repeatable():
    record = Record(np.arange(100, dtype=np.float32)[:, None], np.repeat([0, 1], [90, 10]))
    assert len(at_most(record, 1000)) == 100
    assert np.array_equal(at_most(record, 20).X, at_most(record, 20).X)
    assert spread(record, 6).y.tolist() == [0, 1] * 3
    assert len(spread(record, 1000)) == 100


def test_measuring_needs_no_plotting_library():
    code = "import sys, tildex.apps.measure.measure; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
