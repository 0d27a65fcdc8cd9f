"""The denoising and contractive estimators: what their settings reach, chains, fields, and a decoder turned round."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn.functional import sigmoid

import tildex
from tildex import (
    Adam,
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    Gaussian,
    GaussianNoise,
    LearnedGaussian,
    Masking,
    SaltAndPepper,
)
from tildex.generator import Generator
from tildex.maps import MLP, Map, tie
from tildex.train.callbacks import EpochPrinter

RANDOM = np.random.default_rng(0)
X = RANDOM.random((80, 6), dtype=np.float32)
REAL = RANDOM.normal(size=(80, 6)) * [1, 10, 0.1, 1, 1, 1] + 3


def denoising(**settings):
    return DenoisingAutoencoder(4, n_iter=2, random_state=0, **settings)


def test_emphasis_and_walkback_change_what_is_learned():
    plain, *others = (
        denoising(**settings).fit(X).transform(X)
        for settings in ({}, {"on_intact": 0.0}, {"walkback": 3}, {"on_corrupted": 3.0})
    )
    assert all(not np.array_equal(plain, other) for other in others)


@pytest.mark.parametrize(
    "settings",
    [
        {"on_intact": 0.0, "corruption": SaltAndPepper(0.25)},
        {"walkback": 3},
        {"tied": True, "hidden_layer_sizes": (5,)},
    ],
    ids=str,
)
def test_an_interrupted_training_goes_on_bit_for_bit(tmp_path, monkeypatch, settings):
    def model():
        return DenoisingAutoencoder(4, n_iter=4, verbose=1, random_state=0, **settings)

    whole, path, calls = model().fit(X), tmp_path / "state", itertools.count(1)
    with monkeypatch.context() as patched:
        patched.setattr(EpochPrinter, "__call__", lambda *_: stop() if next(calls) == 3 else None)
        with pytest.raises(KeyboardInterrupt):
            model().fit(X, checkpoint=path)
    assert path.exists()
    again = model().fit(X, checkpoint=path)
    assert np.array_equal(again.transform(X), whole.transform(X))


def stop():
    raise KeyboardInterrupt


def test_settings_are_refused_at_fit_in_words():
    for settings, message in (
        ({"corruption": Masking([0.1, 0.2])}, "rate has 2 values but the data have 6 columns"),
        ({"on_intact": -1.0}, "must not be negative"),
        ({"walkback": 0}, "walkback must be at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            denoising(**settings).fit(X)


def test_columns_may_be_struck_at_different_rates(tmp_path):
    """A column that is always lost is filled in from the others, and is no use to them."""
    rates = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    data = np.column_stack([X[:, :5], X[:, 0]])
    model = DenoisingAutoencoder(
        16, corruption=Masking(rates), n_iter=200, optimizer=Adam(1e-2), random_state=0
    ).fit(data)
    lost = data.copy()
    lost[:, 5] = 0
    error = np.mean((model.reconstruct(lost)[:, 5] - data[:, 5]) ** 2)
    assert error < 0.2 * data[:, 5].var()
    loaded = tildex.load(model.save(tmp_path / "run"))
    assert loaded.get_params()["corruption__rate"] == rates


def test_real_values_have_a_learned_spread_by_default():
    assert isinstance(denoising().fit(REAL).likelihood_, LearnedGaussian)
    assert denoising(likelihood=Gaussian()).fit(REAL).likelihood_ == Gaussian()
    assert denoising().fit(X.round()).likelihood_ == tildex.Bernoulli()


def test_samples_are_rows_in_the_datas_units_and_repeat():
    model = denoising().fit(REAL)
    rows = model.sample(50, n_steps=20, random_state=1)
    assert rows.shape == (50, 6)
    assert np.abs(rows.mean(0) - 3)[1] < 10
    assert np.array_equal(rows, model.sample(50, n_steps=20, random_state=1))
    assert not np.array_equal(rows, model.sample(50, n_steps=20, random_state=2))


def test_known_values_stay_and_others_are_drawn():
    model = denoising().fit(REAL)
    given = np.full(6, np.nan)
    given[1] = 20.0
    rows = model.sample(9, n_steps=5, given=given, random_state=0)
    np.testing.assert_allclose(rows[:, 1], 20.0, rtol=1e-6)
    masked = model.sample(9, n_steps=5, given=np.nan_to_num(given), mask=~np.isnan(given), random_state=0)
    assert np.array_equal(rows, masked)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n": 0}, "at least 1 sample"),
        ({"n_steps": 0}, "n_steps must be at least 1"),
        ({"mask": np.ones(6, bool)}, "pass given too"),
        ({"given": np.full(6, np.inf)}, "known values that are not finite"),
    ],
    ids=["n", "n_steps", "mask", "given"],
)
def test_impossible_samples_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        denoising().fit(X).sample(**settings)


def test_a_loaded_model_samples_alike(tmp_path):
    model = denoising(tied=True, hidden_layer_sizes=(5,)).fit(REAL)
    loaded = tildex.load(model.save(tmp_path / "run"))
    assert np.array_equal(model.transform(REAL), loaded.transform(REAL))
    drawn, again = (one.sample(4, n_steps=3, random_state=0) for one in (model, loaded))
    assert np.array_equal(drawn, again)


def test_the_score_field_is_in_the_datas_units():
    model = denoising(corruption=GaussianNoise(0.5)).fit(REAL)
    noise = 0.5 * REAL.std(0)
    expected = (model.reconstruct(REAL) - REAL) / noise**2
    np.testing.assert_allclose(model.score_field(REAL), expected, rtol=1e-8)
    assert isinstance(model.score_field(torch.from_numpy(REAL)), torch.Tensor)


@pytest.mark.parametrize(
    ("corruption", "message"),
    [(Masking(0.3), "trained with GaussianNoise"), (GaussianNoise(0.0), "positive scale")],
    ids=repr,
)
def test_other_noise_has_no_score_field(corruption, message):
    with pytest.raises(ValueError, match=message):
        denoising(corruption=corruption).fit(REAL).score_field(REAL)


def test_a_tied_decoder_is_the_encoder_turned_round():
    x = torch.rand(7, 6)
    model = ContractiveAutoencoder(
        3, tied=True, hidden_layer_sizes=(5,), likelihood=tildex.Bernoulli(), n_iter=3, random_state=0
    ).fit(X)
    up, down = (half.map.layers for half in (model.module_.encoder, model.module_.decoder))
    hidden = torch.relu(x @ up[0].weight.t() + up[0].bias)
    code = sigmoid(hidden @ up[1].weight.t() + up[1].bias)
    back = torch.relu(code @ up[1].weight + down[0].bias)
    expected = sigmoid(back @ up[0].weight + down[1].bias)
    torch.testing.assert_close(torch.from_numpy(model.reconstruct(x.numpy())), expected.detach())
    names = [name for name, _ in model.module_.named_parameters()]
    assert len(names) == 6
    free = ContractiveAutoencoder(3, hidden_layer_sizes=(5,), n_iter=3, random_state=0).fit(X)
    assert len(list(free.module_.parameters())) == 8


def test_a_tied_weight_learns_from_both_of_its_places(directional):
    generator = Generator(0)
    up, down = (MLP(sizes, generator=generator, activation="tanh") for sizes in ([4, 3, 2], [2, 3, 4]))
    tie(up, down)
    up, down, x = up.double(), down.double(), torch.rand(5, 4, dtype=torch.float64)
    parameters = list(dict.fromkeys([*up.parameters(), *down.parameters()]))
    assert len(parameters) == 6
    slope, difference = directional(lambda: (down(up(x)) - x).square().sum(), parameters)
    assert slope == pytest.approx(difference, rel=1e-6)


def test_only_mirrors_can_be_tied():
    up, down = (MLP(sizes, generator=Generator(0)) for sizes in ([4, 3, 2], [2, 5, 4]))
    with pytest.raises(ValueError, match="expected a decoder that mirrors"):
        tie(up, down)
    with pytest.raises(ValueError, match=r"only the layers of two .*got MLP and Map"):
        tie(up, Map())
