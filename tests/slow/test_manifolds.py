"""Denoising and contractive models on data whose density or surface is known, and what their chains draw."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

from tildex import (
    Adam,
    Autoencoder,
    Bernoulli,
    Categorical,
    Contractive,
    ContractiveAutoencoder,
    Cosine,
    DenoisingAutoencoder,
    Gaussian,
    GaussianNoise,
    Masking,
)
from tildex.evaluate import GaussianMixture, jacobian_spectrum, relative_error, squared_error, tangent_share
from tildex.generator import Generator

FAST = Adam(5e-3, schedule=Cosine(warmup=0.02))
CLOUDS = GaussianMixture.of([0.5, 0.3, 0.2], [[-2.0, 0.0], [1.5, 1.5], [1.0, -2.0]], [0.5, 0.25, 0.1])


def on_clouds(rows, noise, **settings):
    X = CLOUDS.sample(rows, Generator(0)).float().numpy()
    # The same noise in all directions, though columns are scaled each by its own.
    corruption = GaussianNoise(tuple((noise / X.astype(float).std(0)).tolist()))
    model = DenoisingAutoencoder(
        64,
        hidden_layer_sizes=(64, 64),
        code=Gaussian(),
        corruption=corruption,
        optimizer=FAST,
        n_iter=15,
        batch_size=500,
        averaging=0.99,
        random_state=0,
        **settings,
    )
    return model.fit(X), X


@pytest.mark.parametrize("noise", [0.5, 1.0])
def test_the_score_field_is_that_of_the_noisy_density(noise):
    """Within 5 % wherever that density is above 1 % of its maximum."""
    model, _ = on_clouds(60_000, noise, likelihood=Gaussian())
    axis = torch.linspace(-6, 6, 121, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    noisy = CLOUDS.smoothed(noise)
    density = noisy.log_prob(grid)
    kept = density > density.max() + np.log(0.01)
    assert kept.sum() > 500
    exact, weights = noisy.score(grid[kept]), density[kept].exp().sqrt()[:, None]
    found = model.score_field(grid[kept])
    # Weighed by the density, as a mean over draws would be.
    assert relative_error(weights * found, weights * exact).value < 0.05


def test_walkback_keeps_chains_of_small_steps_where_data_are():
    shares = []
    for walkback in (1, 4):
        model, X = on_clouds(20_000, 0.3, walkback=walkback)
        density = CLOUDS.log_prob(torch.from_numpy(model.sample(4000, n_steps=300, random_state=0)))
        rare = CLOUDS.log_prob(torch.from_numpy(X)).quantile(0.01)
        shares.append(float((density < rare).double().mean()))
    assert shares[1] < 0.75 * shares[0]


def test_a_chain_of_classes_has_the_datas_frequencies():
    """Two variables of three classes that always agree: nine pairs, of which three occur."""
    p = np.array([0.6, 0.3, 0.1])
    classes = np.random.default_rng(0).choice(3, 4000, p=p)
    X = np.concatenate([np.eye(3, dtype="float32")[classes]] * 2, 1)
    model = DenoisingAutoencoder(
        16, likelihood=Categorical(3), corruption=Masking(0.5), optimizer=FAST, n_iter=30, random_state=0
    ).fit(X)
    means = model.sample(4000, n_steps=100, random_state=0)
    first, second = means[:, :3], means[:, 3:]
    # Where the code leaves doubt, the two drift apart for a step: seldom.
    assert (first.argmax(1) == second.argmax(1)).mean() > 0.9
    np.testing.assert_allclose(first.mean(0), p, atol=0.08)


def test_digits_drawn_by_the_chain_are_hard_to_tell_from_real_ones():
    digits = (load_digits().data > 8).astype("float32")
    train, test = digits[:1400], digits[1400:]
    model = DenoisingAutoencoder(
        128,
        hidden_layer_sizes=(256,),
        corruption=Masking(0.3),
        optimizer=FAST,
        n_iter=60,
        batch_size=50,
        random_state=0,
    ).fit(train)
    random = np.random.default_rng(0)
    means = model.sample(len(test), n_steps=300, random_state=0)
    drawn, independent = (random.random(test.shape) < p for p in (means, train.mean(0)))
    told = [_told_apart(test, rows.astype("float32")) for rows in (drawn, independent)]
    assert told[0] < 0.72 < 0.85 < told[1]
    given = test[:100].copy()
    given[:, 32:] = np.nan
    completed = np.mean([model.sample(100, n_steps=50, given=given, random_state=k) for k in range(10)], 0)
    assert np.array_equal(completed[:, :32], test[:100, :32])
    mean = np.broadcast_to(train.mean(0), completed.shape)
    ours, theirs = (squared_error(test[:100, 32:], rows[:, 32:]).value for rows in (completed, mean))
    assert ours < 0.9 * theirs


def _told_apart(real, drawn):
    """Return how often a forest says rightly which rows are real: one half where nothing can be told."""
    rows, answers = np.concatenate([real, drawn]), np.repeat([1, 0], [len(real), len(drawn)])
    return cross_val_score(RandomForestClassifier(200, random_state=0), rows, answers, cv=5).mean()


def curve(n, generator, axes):
    """Return points of a closed curve in 20 dimensions, and its tangents."""
    t = 2 * torch.pi * generator.uniform(n)
    points = torch.stack([t.cos(), t.sin(), (2 * t).cos(), (2 * t).sin()], 1)
    tangents = torch.stack([-t.sin(), t.cos(), -2 * (2 * t).sin(), 2 * (2 * t).cos()], 1)
    return points @ axes.t(), tangents @ axes.t()


def test_a_contractive_code_follows_tangents_and_a_plain_one_everything():
    generator = Generator(0)
    axes = torch.linalg.qr(generator.normal(20, 4)).Q
    train, _ = curve(2000, generator, axes)
    train = train + 0.05 * generator.normal_like(train)
    test, tangents = curve(200, generator, axes)
    settings = {"likelihood": Gaussian(), "n_iter": 60, "optimizer": Adam(1e-2, schedule=Cosine(warmup=0.05))}
    shares, errors, eleventh = [], [], []
    for model in (
        Autoencoder(64, code=Bernoulli(), random_state=0, **settings),
        ContractiveAutoencoder(64, penalty=Contractive(1.0), random_state=0, **settings),
        ContractiveAutoencoder(
            64, hidden_layer_sizes=(64,), penalty=Contractive(3.0), random_state=0, **settings
        ),
    ):
        x = model.fit(train.numpy()).scaling_(test)
        along = (tangents / model.scaling_.scale)[:, None]
        shares.append(tangent_share(model.module_, x, along).value)
        errors.append(squared_error(test.numpy(), model.reconstruct(test.numpy())).value)
        values = jacobian_spectrum(model.module_, x).values.mean(0)
        eleventh.append(float(values[10] / values[0]))
    # A twentieth is what a code has that follows all directions alike.
    assert shares[0] < 0.06
    assert min(shares[1:]) > 0.15
    assert max(errors) < 0.02 * float(test.square().sum(1).mean())
    assert max(eleventh[1:]) < 0.5 * eleventh[0]
