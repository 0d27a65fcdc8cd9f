"""The estimator of deep belief networks: its stages, its labels, its scores and what it completes."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits

from tildex import CD, RBM, SGD, DeepBeliefNetwork, Gaussian, Linear, StackedClassifier, UpDown, load
from tildex.estimators.boltzmann.dbn_plan import one_by_one, present_at
from tildex.evaluate import log_partition
from tildex.generator import Generator

DIGITS = load_digits()
X, Y = (DIGITS.data[:300] / 16).astype("float32"), DIGITS.target[:300]
SHORT = {"hidden_layer_sizes": (6, 5), "n_iter": 2, "n_iter_up_down": 2, "random_state": 0}


@pytest.fixture(scope="module")
def plain():
    return DeepBeliefNetwork(4, **SHORT).fit(X)


@pytest.fixture(scope="module")
def labelled():
    words = np.array(["even", "odd"])[Y % 2]
    longer = {"n_iter": 40, "batch_size": 20, "averaging": 0.99, "optimizer": SGD(0.2, schedule=Linear())}
    settings = {**SHORT, "hidden_layer_sizes": 20, **longer}
    return DeepBeliefNetwork(20, label_layer=True, **settings).fit(X, words), words


def test_stages_are_machines_then_all_together(plain):
    assert [record["stage"] for record in plain.history_] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert "recognition" in plain.history_[-1]
    assert "recognition" not in plain.history_[0]
    assert all(record["chain_moves"] > 0 for record in plain.history_[1::2])


def test_without_up_down_pairs_are_the_machines():
    model = DeepBeliefNetwork(4, **{**SHORT, "n_iter_up_down": 0}).fit(X)
    for pair in model.module_.pairs:
        assert torch.equal(pair.encoder.map.coupling.weight, pair.decoder.map.coupling.weight)
        assert pair.encoder.map.coupling.weight is not pair.decoder.map.coupling.weight


def test_up_down_parts_recognition_from_generation(plain):
    for pair in plain.module_.pairs:
        assert not torch.equal(pair.encoder.map.coupling.weight, pair.decoder.map.coupling.weight)


def test_upper_machines_see_fresh_samples(plain):
    present = present_at(plain, 2, False)
    x, generator = torch.from_numpy(X), Generator(0)
    first, again = (present(x, generator) for _ in range(2))
    assert first.shape == (300, 5)
    assert set(first.unique().tolist()) == {0.0, 1.0}
    assert not torch.equal(first, again)


def test_a_layer_starts_at_the_mean_of_what_it_sees(plain):
    code = plain.module_.up(torch.from_numpy(X))[2].mean(0)
    base = plain.module_.top.layers[0].base
    # Up-down has moved the recognition weights since.
    assert (torch.sigmoid(base) - code.clamp(0.005, 0.995)).abs().max() < 0.05


def test_none_between_is_a_restricted_machine():
    model = DeepBeliefNetwork(4, **{**SHORT, "hidden_layer_sizes": ()}).fit(X)
    assert not model.module_.pairs
    assert model.transform(X).shape == (300, 4)
    binary = np.round(X[:5])
    rows = torch.from_numpy(binary)
    exact = model.module_.top.log_marginal([rows, rows]).detach() - log_partition(model.module_.top)
    np.testing.assert_allclose(model.score_samples(binary), exact, rtol=1e-4)


def test_scores_are_the_bound_less_the_partition(plain):
    rows = torch.from_numpy(np.round(X))
    bound = plain.module_.bound(rows, Generator(7), n_samples=200).detach()
    expected = float(bound.mean()) - log_partition(plain.module_.top)
    assert plain.score(np.round(X)) == pytest.approx(expected, abs=0.05)


def test_the_codes_are_those_of_the_unrolled_autoencoder(plain):
    deep = plain.module_.unroll()
    np.testing.assert_allclose(plain.transform(X), deep.encoder.mean(torch.from_numpy(X)).detach(), rtol=1e-5)


def test_what_is_given_stays(plain):
    given = np.where(np.arange(64) < 20, X[0], np.nan)
    rows = plain.sample(3, n_steps=4, given=given, random_state=0)
    assert (rows[:, :20] == X[0, :20]).all()
    assert ((rows[:, 20:] > 0) & (rows[:, 20:] < 1)).all()
    assert np.array_equal(
        rows, plain.sample(3, n_steps=4, given=X[0], mask=np.arange(64) < 20, random_state=0)
    )


def test_a_warm_start_goes_on_together():
    model = DeepBeliefNetwork(4, warm_start=True, **SHORT).fit(X)
    before = model.transform(X)
    assert [record["stage"] for record in model.fit(X).history_] == [1, 1]
    assert 0 < np.abs(model.transform(X) - before).max() < 0.2


def test_labels_are_told_and_drawn(labelled):
    model, words = labelled
    assert model.classes_.tolist() == ["even", "odd"]
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(1), 1, rtol=1e-5)
    assert np.mean(model.predict(X) == words) > 0.75
    drawn = model.sample(40, n_steps=300, label="odd", random_state=0)
    assert np.mean(model.predict(drawn) == "odd") > 0.65
    each = model.sample(4, n_steps=5, label=["odd", "even", "odd", "even"], random_state=0)
    assert each.shape == (4, 64)
    assert model.score_samples(X).shape == (300,)


def test_labels_are_saved(labelled, tmp_path):
    model, _ = labelled
    again = load(model.save(tmp_path / "run"))
    assert np.array_equal(again.predict(X), model.predict(X))
    assert np.array_equal(again.sample(2, n_steps=3, label="odd", random_state=0)[0].shape, (64,))
    assert again.partial_fit(X, np.array(["even", "odd"])[Y % 2]) is again


def test_labels_are_held_out_with_their_rows():
    model = DeepBeliefNetwork(4, label_layer=True, early_stopping=True, **SHORT).fit(X, Y)
    assert all(np.isfinite(record["held_out"]) for record in model.history_)
    unlabelled = DeepBeliefNetwork(4, label_layer=True, **SHORT).fit(X, Y, X_val=X[:50])
    assert all(np.isfinite(record["held_out"]) for record in unlabelled.history_)


def test_labels_that_do_not_fit_are_refused(labelled, plain):
    model, _ = labelled
    with pytest.raises(ValueError, match="needs the rows' labels as y, got none"):
        DeepBeliefNetwork(4, label_layer=True, **SHORT).fit(X)
    with pytest.raises(ValueError, match="at least 2 classes"):
        DeepBeliefNetwork(4, label_layer=True, **SHORT).fit(X, np.zeros(300))
    with pytest.raises(ValueError, match="a label for each of 300 rows, got 299"):
        DeepBeliefNetwork(4, label_layer=True, **SHORT).fit(X, Y[1:])
    with pytest.raises(ValueError, match=r"label must be one of \['even', 'odd'\], got .*'prime'"):
        model.sample(2, label="prime")
    with pytest.raises(ValueError, match="has no label layer"):
        plain.sample(2, label=1)
    assert not hasattr(plain, "predict")


def test_growing_from_a_trained_machine_starts_as_likely(tmp_path):
    rbm = RBM(20, n_iter=40, batch_size=20, optimizer=SGD(0.2), averaging=0.9, random_state=0).fit(X)
    settings = {**SHORT, "hidden_layer_sizes": 20, "n_iter_up_down": 0}
    still = {"optimizer": SGD(1e-12), "n_iter": 1, "averaging": None}
    model = DeepBeliefNetwork(80, start=rbm, **{**settings, **still}).fit(X)
    assert [record["stage"] for record in model.history_] == [1]
    assert torch.equal(model.module_.pairs[0].encoder.map.coupling.weight, rbm.module_.couplings[0].weight)
    rows = torch.from_numpy(np.round(X))
    exact = model.module_.log_weight(rows, Generator(0)) - model._log_partition()
    ours, theirs = (float(x.detach().mean()) for x in (exact, rbm.module_.log_marginal([rows, rows])))
    assert ours == pytest.approx(theirs - log_partition(rbm.module_), abs=0.5)
    random = DeepBeliefNetwork(80, start=rbm, upper="random", **{**settings, **still}).fit(X)
    assert random.score(np.round(X)) < ours - 1
    assert clone(model).start is rbm
    again = load(model.save(tmp_path / "run"))
    assert np.array_equal(again.transform(X), model.transform(X))


def test_starts_that_do_not_fit_are_refused():
    rbm = RBM(7, n_iter=1, random_state=0).fit(X)
    with pytest.raises(
        ValueError, match=r"start must be a fitted RBM of 64 features and 6 Bernoulli\(\) hidden"
    ):
        DeepBeliefNetwork(4, start=rbm, **SHORT).fit(X)
    with pytest.raises(ValueError, match="upper must be one of flipped, random, got 'up'"):
        DeepBeliefNetwork(4, upper="up", **SHORT).fit(X)


@pytest.mark.parametrize("value", [-1, 1.5, True])
def test_passes_together_are_a_whole_number(value):
    with pytest.raises(ValueError, match="n_iter_up_down must be a whole number of at least 0"):
        DeepBeliefNetwork(4, **{**SHORT, "n_iter_up_down": value}).fit(X)


def test_a_classifier_starts_from_its_layers(plain):
    classifier = StackedClassifier(plain, n_iter=1, random_state=0).fit(X, Y)
    assert classifier.transform(X).shape == (300, 4)
    # Before it learns, its hidden values are the network's code.
    fresh = StackedClassifier(plain, n_iter=1, start_rate=0.0, random_state=0).fit(X, Y)
    np.testing.assert_allclose(fresh.transform(X), plain.transform(X), rtol=1e-5)


def test_real_rows_and_other_rules():
    rows = np.random.default_rng(0).normal(size=(80, 6)) @ np.diag([1, 10, 100, 1, 1, 1]) + 5
    model = DeepBeliefNetwork(4, rule=CD(1), up_down=UpDown(n_chains=0), precision="float32", **SHORT)
    model.fit(rows)
    assert isinstance(model.likelihood_, Gaussian)
    assert np.isfinite(model.score(rows))
    assert np.isfinite(model.sample(5, n_steps=5)).all()


def test_products_may_be_in_bfloat16():
    model = DeepBeliefNetwork(4, precision="bfloat16", **SHORT).fit(X)
    assert model.transform(X).dtype == np.float32
    assert np.isfinite(model.score(X))


def test_a_machine_turned_round_starts_its_offsets_and_chains_at_the_data():
    model = DeepBeliefNetwork(64, **{**SHORT, "hidden_layer_sizes": 6}).fit(X)
    data = model._read(X)
    trainer = one_by_one(model, data, None).stages[1].begin(Generator(0))
    seen, state = trainer.present(data.take(slice(None)), Generator(1)), trainer.rule.get_state()
    error = (seen.std(0) / len(state["chains"]) ** 0.5).clamp_min(0.01)
    assert ((state["offset_0"] - seen.mean(0)).abs() < 5 * error).all()
    assert ((state["offset_1"] - state["chains"].mean(0)).abs() < 5 * 0.5 / len(state["chains"]) ** 0.5).all()


def test_all_together_have_passes_of_their_own():
    model = DeepBeliefNetwork(4, **{**SHORT, "n_iter": 1, "n_iter_up_down": 3}).fit(X)
    assert [record["stage"] for record in model.history_] == [1, 2, 3, 4, 4, 4]
