"""Every corruption keeps shapes, leaves the data alone, and strikes as often as it says."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

from tildex.corruptions import (
    BernoulliNoise,
    Dropout,
    GaussianNoise,
    LogitNoise,
    Masking,
    SaltAndPepper,
    Shift,
)
from tildex.generator import Generator
from tildex.part import Part

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


@pytest.mark.parametrize("make", [Masking, SaltAndPepper, Dropout, GaussianNoise])
def test_strengths_may_differ_between_columns(close, make):
    rates = [0.0, 0.2, 0.9] + [0.5] * 61
    corruption = make(rates)
    corrupted, struck = corruption.strike(X, Generator(0))
    assert torch.equal(corrupted[:, 0], X[:, 0])
    if make is GaussianNoise:
        close((corrupted - X).square(), torch.tensor(rates).square())
    else:
        close(struck.double(), torch.tensor(rates))
    assert Part.from_json(corruption.to_json()) == make(tuple(rates))
    assert clone(corruption, safe=True) == corruption


def test_what_was_struck_is_said(corruption):
    """The same draws as the plain call, and what was not struck is as it was, but for what rescales it."""
    corrupted, struck = corruption.strike(X, Generator(3))
    assert torch.equal(corrupted, corruption(X, Generator(3)))
    assert struck.shape == X.shape
    assert struck.dtype == torch.bool
    if not isinstance(corruption, Dropout):
        assert torch.equal(corrupted[~struck], X[~struck])


@pytest.mark.parametrize("corruption", [Masking(0.3), SaltAndPepper(0.3), Dropout(0.3)], ids=repr)
def test_a_value_may_be_struck_and_not_change(close, corruption):
    corrupted, struck = corruption.strike(torch.zeros(300, 64), Generator(0))
    close(struck.flatten().double(), torch.tensor(0.3))
    assert (corrupted == 0).all() or isinstance(corruption, SaltAndPepper)


@pytest.mark.parametrize("make", [Masking, SaltAndPepper, Dropout, GaussianNoise])
def test_wrong_strengths_are_refused(make):
    name = make().parameter_names()[0]
    with pytest.raises(ValueError, match=f"{name} has 3 values where the data have 64 columns: give one"):
        make([0.1, 0.2, 0.3])(X, Generator(0))
    with pytest.raises(ValueError, match=f"{name} must .*got -0.1 for column 1"):
        make([0.1, -0.1])
    with pytest.raises(ValueError, match=f"{name} must be a number, or a list .*got ndarray: .*tolist"):
        make(np.full(64, 0.1))
    with pytest.raises(ValueError, match="must be a number"):
        make("0.1")


def test_then_applies_both_in_order():
    both = (Masking(0.3) >> GaussianNoise(0.1))(X, Generator(0))
    generator = Generator(0)
    assert torch.equal(both, GaussianNoise(0.1)(Masking(0.3)(X, generator), generator))


def test_both_of_two_strike(close):
    struck = (Masking(0.3) >> SaltAndPepper(0.5)).strike(X, Generator(0))[1]
    close(struck.flatten().double(), torch.tensor(1 - 0.7 * 0.5))


def test_a_shift_moves_whole_images_every_way():
    images = torch.zeros(2000, 5, 4, 3)
    images[:, 2, 1] = torch.tensor([1.0, 2.0, 3.0])
    moved = Shift(1, (5, 4, 3))(images.flatten(1), Generator(0)).view_as(images)
    assert torch.equal(moved.sum((1, 2)), images.sum((1, 2)))
    places = moved[..., 0].mean(0)
    assert torch.equal(
        places.nonzero(), (torch.ones(5, 4).cumsum(0) > 0)[1:4, 0:3].nonzero() + torch.tensor([1, 0])
    )
    assert (places[1:4, 0:3] - 1 / 9).abs().max() < 5 * (8 / 81 / 2000) ** 0.5


def test_a_shift_lets_nothing_in_from_the_other_side():
    ones = torch.ones(300, 9)
    moved = Shift(2)(ones, Generator(0)).view(-1, 3, 3)
    kept = moved.sum((1, 2))
    assert set(kept.tolist()) == {a * b for a in (1.0, 2.0, 3.0) for b in (1.0, 2.0, 3.0)}
    lost = (Shift(2, rate=0.5)(ones, Generator(0)) == 0).float().mean() / (moved == 0).float().mean()
    assert 0.4 < lost < 0.6
    for settings in ({"pixels": -1}, {"image_shape": (3,)}, {"rate": 1.5}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            Shift(**settings)
    with pytest.raises(ValueError, match="set image_shape"):
        Shift(1, (2, 2))(ones, Generator(0))


def test_straight_through_draws_bits_with_their_probabilities(close):
    draws = torch.stack([BernoulliNoise()(X, Generator(seed)) for seed in range(200)])
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    close(draws, X, X * (1 - X))


def test_straight_through_passes_gradients_as_if_nothing_was_drawn():
    x = X[:5].clone().requires_grad_()
    (BernoulliNoise()(x, Generator(0)) * torch.arange(64.0)).sum().backward()
    assert torch.equal(x.grad, torch.arange(64.0).expand(5, 64))


def test_straight_through_draws_a_share():
    drawn = BernoulliNoise(0.25)(X, Generator(0))
    assert float((drawn != X).double().mean()) == pytest.approx(0.25, abs=0.02)


def test_logit_noise_is_normal_before_the_logistic_function(close):
    noise = torch.logit(LogitNoise(2.0)(X.double(), Generator(0))) - torch.logit(X.double())
    close(noise.flatten(), torch.tensor(0.0))
    close(noise.flatten().square(), torch.tensor(4.0))


def test_logit_noise_leaves_what_is_at_an_end_there():
    ends = torch.tensor([[0.0, 1.0]]).repeat(100, 1).requires_grad_()
    moved = LogitNoise(1.0)(ends, Generator(0))
    assert (moved.detach().round() == ends.detach()).all()
    moved.sum().backward()
    assert ends.grad.isfinite().all()
