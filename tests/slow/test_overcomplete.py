"""Codes larger than the data: the plain autoencoder learns the identity, and the regularised ones do not."""

import pytest
import torch
from sklearn.datasets import load_digits

from tildex import (
    L1,
    Adam,
    Autoencoder,
    Contractive,
    ContractiveAutoencoder,
    Cosine,
    DenoisingAutoencoder,
    Dropout,
    DropoutAutoencoder,
    Gaussian,
    GaussianNoise,
    Masking,
    SparseAutoencoder,
    TopK,
    VariationalAutoencoder,
)
from tildex.generator import Generator

DIGITS = (load_digits().data / 16).astype("float32")
DIGITS = DIGITS[:, DIGITS[:1400].std(0) > 0]
TRAIN, TEST = DIGITS[:1400], torch.from_numpy(DIGITS[1400:])
FEATURES, UNITS = TRAIN.shape[1], 128

SETTINGS = {
    "likelihood": Gaussian(),
    "n_iter": 100,
    "optimizer": Adam(3e-3, schedule=Cosine(warmup=0.05)),
    "random_state": 0,
}


def losses(model):
    """Return the share of the variance lost on held-out digits, and on noise of the digits' means and variances."""
    model.fit(TRAIN)
    digits = model.scaling_(TEST)
    noise = Generator(0).normal_like(digits) * digits.std(0) + digits.mean(0)
    lost = [
        (model.scaling_(model.reconstruct(model.scaling_.inverse(rows))) - rows).square().sum()
        / (rows - rows.mean(0)).square().sum()
        for rows in (digits, noise)
    ]
    return [float(share) for share in lost]


def test_the_plain_autoencoder_can_learn_the_identity():
    assert UNITS > 2 * FEATURES
    on_digits, on_noise = losses(Autoencoder(UNITS, **SETTINGS))
    assert on_digits < 0.01
    assert on_noise < 0.01


@pytest.mark.parametrize(
    "model",
    [
        SparseAutoencoder(UNITS, penalty=L1(0.5), **SETTINGS),
        SparseAutoencoder(UNITS, code=TopK(8), **SETTINGS),
        DenoisingAutoencoder(UNITS, corruption=Masking(0.5), init="random", **SETTINGS),
        DenoisingAutoencoder(
            UNITS, corruption=GaussianNoise(1.0), code=Gaussian(), init="random", **SETTINGS
        ),
        ContractiveAutoencoder(UNITS, penalty=Contractive(1.0), init="random", **SETTINGS),
        DropoutAutoencoder(UNITS, noise=Dropout(0.5), init="random", **SETTINGS),
        VariationalAutoencoder(UNITS, **SETTINGS),
    ],
    ids=lambda model: model.slug,
)
def test_regularised_ones_keep_what_digits_have_and_noise_has_not(model):
    on_digits, on_noise = losses(model)
    assert on_digits < 0.5
    assert on_noise > 0.2
    assert on_noise > 2 * on_digits
