"""Variational autoencoders through their estimator: codes, priors and rules, what is recorded, what is warned of."""

import json

import numpy as np
import pytest
import torch

from tildex import (
    ELBO,
    IWAE,
    Adam,
    Bernoulli,
    Categorical,
    DReG,
    Gaussian,
    LearnedGaussian,
    MixturePrior,
    Poisson,
    ReplicatedSoftmax,
    VampPrior,
    VariationalAutoencoder,
    load,
)
from tildex.apps.measure.likelihood import likelihood_of
from tildex.apps.measure.measure import measure
from tildex.data import Record, binarise
from tildex.evaluate import Annealing, guards, likelihood
from tildex.generator import Generator
from tildex.units import DiagonalGaussian

X = np.random.default_rng(0).random((80, 8), dtype="float32") ** 3
SHORT = {"hidden_layer_sizes": (12,), "n_iter": 4, "batch_size": 20, "random_state": 0}

CASES = {
    "mixture": {"prior": MixturePrior(5)},
    "vamp": {"prior": VampPrior(5)},
    "more components than rows": {"prior": VampPrior(100)},
    "importance": {"rule": IWAE(3, warmup=0.5)},
    "double": {"rule": DReG(3), "prior": VampPrior(3)},
    "classes": {"code": Categorical(3)},
    "classes, learned prior": {"code": Categorical(2), "prior": MixturePrior(1), "rule": ELBO(free_nats=0.1)},
    "classes, vamp": {"code": Categorical(3), "prior": VampPrior(4), "rule": IWAE(2)},
    "bits": {"code": Bernoulli(), "prior": MixturePrior(3)},
}


@pytest.mark.parametrize("case", CASES)
def test_every_part_trains_encodes_draws_and_is_saved(case, tmp_path):
    model = VariationalAutoencoder(6, **SHORT, **CASES[case]).fit(X, X_val=X[:9])
    codes, drawn = model.transform(X), model.sample(7, random_state=0)
    assert codes.shape == (80, 6) and drawn.shape == (7, 8)
    assert ((drawn >= 0) & (drawn <= 1)).all()
    if isinstance(model.code, Categorical):
        groups = codes.reshape(80, -1, model.code.n_classes)
        np.testing.assert_allclose(groups.sum(-1), 1, rtol=1e-5)
    again = load(model.save(tmp_path / "run"))
    assert np.array_equal(again.transform(X), codes)
    assert np.array_equal(again.score_samples(X), model.score_samples(X))
    assert np.array_equal(again.sample(7, random_state=0), drawn)
    assert np.isfinite([record["held_out"] for record in model.history_]).all()


def test_a_code_that_is_no_whole_number_of_variables_is_refused():
    with pytest.raises(ValueError, match=r"Categorical\(n_classes=4\) needs a multiple of 4 columns, got 6"):
        VariationalAutoencoder(6, code=Categorical(4), **SHORT).fit(X)
    with pytest.raises(ValueError, match=r"units such as DiagonalGaussian\(\)"):
        VariationalAutoencoder(6, code=Gaussian(), **SHORT).fit(X)


COUNTS = np.random.default_rng(0).poisson(3 * X).astype("float32") + 1

LIKELIHOODS = {
    "learned": (LearnedGaussian(), X),
    "of its own variance": (DiagonalGaussian(), X),
    "counts": (Poisson(), COUNTS),
    "documents": (ReplicatedSoftmax(8), COUNTS),
    "classes": (Categorical(2), np.stack([X > 0.5, X <= 0.5], 2).reshape(80, 16).astype("float32")),
}


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_any_likelihood_is_learned_and_measured(name):
    units, rows = LIKELIHOODS[name]
    settings = {**SHORT, "n_iter": 30, "optimizer": Adam(1e-2)}
    model = VariationalAutoencoder(3, likelihood=units, **settings).fit(rows)
    losses = [record["loss"] for record in model.history_]
    assert np.isfinite(model.score(rows)) and np.mean(losses[-5:]) < losses[0]
    found = likelihood_of(model, rows, n_samples=64)
    assert found.notes["binarisation"] == "none"
    assert found.value.value == pytest.approx(model.score(rows), abs=0.3)
    assert found.value.value > found.bound.value


def test_grey_values_are_drawn_afresh_and_that_is_recorded():
    model = VariationalAutoencoder(2, **SHORT).fit(X)
    assert model.binarisation_ == "dynamic"
    grey = VariationalAutoencoder(2, binarisation="none", **SHORT).fit(X)
    assert grey.binarisation_ == "none"
    assert not np.array_equal(model.transform(X), grey.transform(X))
    assert VariationalAutoencoder(2, binarisation="frozen", **SHORT).fit(X).binarisation_ == "frozen"
    with pytest.raises(ValueError, match="makes rows binary and the data have Gaussian"):
        VariationalAutoencoder(2, likelihood=Gaussian(), binarisation="dynamic", **SHORT).fit(X)


def test_a_vamp_prior_begins_at_training_rows():
    model = VariationalAutoencoder(2, prior=VampPrior(5), **{**SHORT, "optimizer": Adam(1e-12)}).fit(X)
    rows = model.module_.prior.rows.detach().numpy()
    assert all(np.abs(X - row).max(1).min() < 1e-6 for row in rows)
    scaled = VariationalAutoencoder(
        2, prior=VampPrior(5), likelihood=Gaussian(), **{**SHORT, "optimizer": Adam(1e-12)}
    ).fit(X)
    rows = scaled.scaling_.inverse(scaled.module_.prior.rows.detach()).numpy()
    assert all(np.abs(X - row).max(1).min() < 1e-5 for row in rows)


def test_warm_start_keeps_the_learned_prior():
    model = VariationalAutoencoder(2, prior=VampPrior(5), warm_start=True, **SHORT).fit(X)
    before = model.module_.prior.rows.detach().clone()
    model.fit(X)
    assert 0 < (model.module_.prior.rows.detach() - before).abs().max() < 0.1


def test_collapse_is_warned_of_in_plain_words():
    model = VariationalAutoencoder(2, rule=ELBO(beta=1000.0), optimizer=Adam(1e-2), **{**SHORT, "n_iter": 60})
    with pytest.warns(UserWarning, match=r"posterior collapse.*warmup=0\.2") as caught:
        model.fit(X)
    assert len(caught) == 1
    assert {guard.name for guard in guards(model.history_) if not guard.ok}
    assert model.history_[-1]["active_units"] <= 2 and model.history_[-1]["code_nats"] < 0.1


def test_a_code_in_use_is_said_to_be():
    rows = np.tile(np.kron(np.eye(4, dtype="float32"), np.ones((1, 4), dtype="float32")), (20, 1))
    model = VariationalAutoencoder(3, optimizer=Adam(1e-2), **{**SHORT, "n_iter": 100}).fit(rows)
    verdicts = {guard.name: guard for guard in guards(model.history_)}
    assert verdicts["posterior collapse"].ok and verdicts["empty codes"].ok
    # Four kinds of rows, told apart: log 4 nats at least.
    assert model.history_[-1]["code_nats"] > 0.9 * np.log(4)


def test_bfloat16_draws_measure_alike():
    model = VariationalAutoencoder(3, prior=MixturePrior(4), **SHORT).fit(X)
    x = binarise(torch.from_numpy(X), "frozen", Generator(0))
    exact, rounded = (
        likelihood(
            model.module_, x, Generator(0), n_samples=50, annealing=Annealing(precision=precision)
        ).value
        for precision in (torch.float32, torch.bfloat16)
    )
    assert rounded.value == pytest.approx(exact.value, abs=0.05)
    assert rounded.value != exact.value


def test_evaluate_shows_both_bounds_beside_independent_units():
    record = Record(X, None, name="rows")
    model = VariationalAutoencoder(2, **SHORT).fit(X)
    found = measure("vae", model, record, record)
    assert found.score_meaning == "bound on log P(x)"
    compared = found.likelihood
    assert compared.kind == "bound of 20 importance samples"
    assert "lower bound of one sample" in compared.method and "frozen, seed 0" in compared.method
    assert compared.found.bound.value < compared.found.value.value and np.isfinite(compared.independent.value)
    values = json.loads(json.dumps(found.to_json(), allow_nan=False))["likelihood"]
    assert values["log_partition"] is None and values["samples_a_row"] == 20
