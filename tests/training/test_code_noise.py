"""Noise on the code: counted in training, absent in use, and apart from the noise of hidden layers."""

import numpy as np
import pytest
import torch

from tildex import (
    SGD,
    Autoencoder,
    Bernoulli,
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    Dropout,
    DropoutAutoencoder,
    Masking,
    SemanticHashing,
)
from tildex.corruptions import Corruption
from tildex.generator import Generator

X = np.random.default_rng(0).random((40, 6))
HIDDEN, CODE = 5, 3
STILL = SGD(1e-12)
KINDS = [Autoencoder, ContractiveAutoencoder, DenoisingAutoencoder, DropoutAutoencoder, SemanticHashing]


class _Seen(Corruption):
    """Keeps what it was given, and gives back something else."""

    calls = ()

    def __call__(self, x, generator):
        type(self).calls = (*self.calls, x.detach())
        return x + 1


class _OnHidden(_Seen):
    calls = ()


@pytest.fixture(autouse=True)
def forget():
    _Seen.calls = _OnHidden.calls = ()


def build(cls, **settings):
    own = {
        "hidden_layer_sizes": HIDDEN,
        "likelihood": Bernoulli(),
        "n_iter": 3,
        "batch_size": 10,
        "shuffle": False,
        "optimizer": STILL,
        "random_state": 0,
    }
    return cls(CODE, **own | settings)


@pytest.mark.parametrize("cls", KINDS)
def test_every_batch_of_training_meets_it_once_and_no_use_does(cls):
    quiet = Dropout(0)
    model = build(cls, corruption=quiet, noise=quiet, code_noise=_Seen()).fit(X)
    assert [tuple(seen.shape) for seen in _Seen.calls] == [(10, CODE)] * 12
    # It acts on the code itself, which training hardly moved.
    with torch.no_grad():
        code = model.module_.encoder.mean(torch.from_numpy(X)).split(10)
    for seen, expected in zip(_Seen.calls, code * 3, strict=True):
        torch.testing.assert_close(seen, expected, atol=1e-6, rtol=0)
    (
        model.transform(X),
        model.reconstruct(X),
        model.score_samples(X),
        model.inverse_transform(np.zeros((2, CODE))),
    )
    assert len(_Seen.calls) == 12


def test_hidden_layers_have_their_own():
    build(Autoencoder, noise=_OnHidden(), code_noise=_Seen()).fit(X)
    assert {tuple(seen.shape) for seen in _Seen.calls} == {(10, CODE)}
    assert {tuple(seen.shape) for seen in _OnHidden.calls} == {(10, HIDDEN)}
    # One hidden layer below the code and one above.
    assert len(_OnHidden.calls) == 2 * len(_Seen.calls) == 24


def test_the_code_has_the_noise_of_hidden_layers_unless_it_is_given():
    build(Autoencoder, noise=_OnHidden()).fit(X)
    assert [seen.shape[1] for seen in _OnHidden.calls] == [HIDDEN, CODE, HIDDEN] * 12


def first_loss(**settings):
    return (
        build(Autoencoder, hidden_layer_sizes=(), init="random", n_iter=1, **settings)
        .fit(X)
        .history_[0]["loss"]
    )


def test_a_code_that_is_lost_leaves_the_columns_means():
    """A decoder that is told nothing says each column's mean: the loss is a cross-entropy with those."""
    means = X.mean(0)
    entropy = -(means * np.log(means) + (1 - means) * np.log(1 - means)).sum()
    assert first_loss(code_noise=Masking(1.0)) == pytest.approx(entropy, rel=1e-6)
    assert first_loss(noise=Masking(1.0)) == pytest.approx(entropy, rel=1e-6)
    # Without hidden layers nothing else is there to be lost.
    whole = -build(Autoencoder, hidden_layer_sizes=(), n_iter=1, init="random").fit(X).score(X)
    assert first_loss(noise=Masking(1.0), code_noise=Dropout(0)) == pytest.approx(whole, rel=1e-6)
    assert abs(whole - entropy) > 0.01


def test_the_share_of_the_code_that_is_lost_is_the_rate():
    model = build(Autoencoder, hidden_layer_sizes=(), code_noise=Dropout(0.3)).fit(X)
    decoder, n = model.module_.decoder.map, 40_000
    with torch.no_grad():
        torch.nn.init.eye_(decoder.layers[0].weight)
        decoder.layers[0].bias.zero_()
        z = torch.ones(n, CODE, dtype=torch.float64)
        heard = decoder(z, Generator(0))[:, :CODE]
        told = decoder(z)[:, :CODE]
    assert torch.equal(told, z)
    lost = (heard == 0).double().mean(0)
    torch.testing.assert_close(lost, torch.full_like(lost, 0.3), atol=5 * (0.21 / n) ** 0.5, rtol=0)
    # What is left is enlarged, so that the decoder hears as much on average as it will in use.
    torch.testing.assert_close(heard.max(), torch.tensor(1 / 0.7).double())
