"""Every corruption keeps shapes, leaves the data alone, and strikes as often as it says."""

import pytest
import torch

from tildex.corruptions import Dropout, GaussianNoise, Masking, SaltAndPepper
from tildex.generator import Generator

X = torch.rand(300, 64, generator=torch.Generator().manual_seed(0)) * 0.8 + 0.1


def strengths(corruption):
    return [name for name in corruption.get_params() if name.split("__")[-1] in ("rate", "scale")]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_shape_type_and_data(corruption, dtype):
    x = X.to(dtype)
    before = x.clone()
    corrupted = corruption(x, Generator(0))
    assert corrupted.shape == x.shape
    assert corrupted.dtype == dtype
    assert corrupted.isfinite().all()
    assert not torch.equal(corrupted, x)
    assert torch.equal(x, before)


def test_strength_zero_is_the_identity(corruption):
    assert strengths(corruption)
    gentle = corruption.set_params(**dict.fromkeys(strengths(corruption), 0.0))
    assert torch.equal(gentle(X, Generator(0)), X)


def test_negative_strength_is_refused(corruption):
    for name in (n for n in strengths(corruption) if "__" not in n):
        with pytest.raises(ValueError, match=f"{name} must .*got -0.1"):
            type(corruption)(**{name: -0.1})


def test_same_generator_same_result(corruption):
    first, again, other = (corruption(X, Generator(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_masking_rate(close, rate):
    corrupted = Masking(rate)(X, Generator(0))
    close((corrupted == 0).flatten().double(), torch.tensor(rate))
    assert torch.equal(corrupted[corrupted != 0], X[corrupted != 0])


def test_dropout_keeps_the_mean(close):
    corrupted = Dropout(0.4)(X, Generator(0))
    close((corrupted == 0).flatten().double(), torch.tensor(0.4))
    torch.testing.assert_close(corrupted[corrupted != 0], X[corrupted != 0] / 0.6)
    close((corrupted - X).flatten(), torch.tensor(0.0))


def test_gaussian_noise_scale(close):
    noise = (GaussianNoise(0.3)(X, Generator(0)) - X).flatten()
    close(noise, torch.tensor(0.0))
    close(noise.square(), torch.tensor(0.09))


def test_salt_and_pepper_rate(close):
    corrupted = SaltAndPepper(0.2, low=-1.0, high=2.0)(X, Generator(0)).flatten()
    close((corrupted == -1).double(), torch.tensor(0.1))
    close((corrupted == 2).double(), torch.tensor(0.1))
    struck = (corrupted == -1) | (corrupted == 2)
    assert torch.equal(corrupted[~struck], X.flatten()[~struck])


def test_then_applies_both_in_order():
    both = (Masking(0.3) >> GaussianNoise(0.1))(X, Generator(0))
    generator = Generator(0)
    assert torch.equal(both, GaussianNoise(0.1)(Masking(0.3)(X, generator), generator))
