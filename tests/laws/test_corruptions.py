"""Every corruption keeps shapes, leaves the data alone, and strikes as often as it says."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

from tildex.corruptions import (
    BernoulliNoise,
    Dropout,
    GaussianNoise,
    Greyscale,
    LogitNoise,
    Masking,
    Mirrored,
    Missing,
    Occlusion,
    SaltAndPepper,
    Shift,
    Turned,
    VaryingNoise,
)
from tildex.generator import Generator
from tildex.images import luminance
from tildex.part import Part

X = torch.rand(300, 144, generator=torch.Generator().manual_seed(0)) * 0.8 + 0.1


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


@pytest.mark.parametrize(
    "corruption",
    [Masking(0.3), Dropout(0.3), SaltAndPepper(0.3), Missing(0.3), Masking(0.3) >> GaussianNoise(0.0)],
    ids=repr,
)
def test_columns_of_one_variable_are_struck_together(corruption):
    """As often as its columns would be, each on its own."""
    variable = torch.tensor([0, 1, 1, 1, 2, 2])
    x = torch.full((20_000, 6), 0.5)
    _, struck = corruption.whole(variable).strike(x, Generator(0))
    assert torch.equal(struck, struck[:, [0, 1, 4]][:, variable])
    assert struck.float().mean(0) == pytest.approx(0.3, abs=5 * (0.21 / 20_000) ** 0.5)
    seen = corruption.whole(variable)(x, Generator(0))
    assert not torch.equal(seen, x)
    # A corruption of columns of their own is as it was, draw for draw.
    assert torch.equal(corruption.whole(None)(x, Generator(0)), corruption(x, Generator(0)))


def test_negative_strength_is_refused(corruption):
    for name in (n for n in strengths(corruption) if "__" not in n):
        with pytest.raises(ValueError, match=f"{name} must .*got -0.1"):
            type(corruption)(**{name: -0.1})


def test_same_generator_same_result(corruption):
    if isinstance(corruption, Greyscale):
        # At its default rate of one there is nothing to draw.
        corruption.set_params(rate=0.5)
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
    rates = [0.0, 0.2, 0.9] + [0.5] * 141
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
    with pytest.raises(ValueError, match=f"{name} has 3 values but the data have 144 columns: give one"):
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
    (BernoulliNoise()(x, Generator(0)) * torch.arange(144.0)).sum().backward()
    assert torch.equal(x.grad, torch.arange(144.0).expand(5, 144))


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


def test_what_is_hidden_is_struck_and_the_rest_is_as_the_plain_call_leaves_it(corruption):
    seen, lost = corruption.hide(X, Generator(3))
    _, struck = corruption.strike(X, Generator(3))
    assert lost.dtype == torch.bool and lost.shape == X.shape
    assert torch.equal(seen[~lost], corruption(X, Generator(3))[~lost])
    assert not (lost & ~struck).any()
    assert bool(lost.any()) == corruption.hides
    assert (seen[lost] == 0).all()


def test_what_undoes_a_corruption_is_all_that_it_has_changed(corruption):
    """The difference that a corruption makes is left whole by its own rule of what may change, and so is half of it."""
    seen, lost = corruption.hide(X, Generator(3))
    change, lost = ((t.unflatten(-1, (-1, 3))) for t in (X - seen, lost))
    torch.testing.assert_close(corruption.undoing(change, lost), change)
    once = corruption.undoing(torch.rand_like(change), lost)
    torch.testing.assert_close(corruption.undoing(once, lost), once)


def test_two_that_hide_hide_both_and_only_what_either_hides_may_change(close):
    both = Occlusion(6) >> Missing(0.5)
    _, lost = both.hide(X, Generator(0))
    assert both.hides
    close(lost.flatten().double(), torch.tensor(1 - 0.5 * (1 - 36 / 144)))
    assert torch.equal(both.undoing(X, lost), torch.where(lost, X, 0))
    mixed = Missing(0.5) >> GaussianNoise(0.1)
    assert mixed.hides
    assert torch.equal(mixed.undoing(X, lost), X)
    assert not (Masking(0.5) >> GaussianNoise(0.1)).hides


def test_varying_noise_has_every_strength_of_its_range(close):
    noise = VaryingNoise(0.3, lowest=0.1)(torch.zeros(4000, 400), Generator(0))
    deviations = noise.std(1)
    close(deviations, torch.tensor(0.2), torch.tensor(0.2**2 / 12 + 0.2**2 / 800))
    assert 0.09 < float(deviations.min()) < 0.11
    assert 0.28 < float(deviations.max()) < 0.34
    close(noise.flatten(), torch.tensor(0.0))
    for settings in ({"scale": -0.1}, {"lowest": -0.1}, {"scale": 0.1, "lowest": 0.2}):
        with pytest.raises(ValueError, match=r"scale|lowest"):
            VaryingNoise(**settings)


def test_missing_pixels_lose_all_channels_at_their_rate(close):
    lost = Missing(0.4, channels=3).hide(X, Generator(0))[1].unflatten(-1, (-1, 3))
    assert torch.equal(lost.any(-1), lost.all(-1))
    close(lost[..., 0].flatten().double(), torch.tensor(0.4))
    rates = Missing(0.8, lowest=0.2).hide(torch.ones(4000, 400), Generator(0))[1].double().mean(1)
    close(rates, torch.tensor(0.5), torch.tensor(0.6**2 / 12 + 0.25 / 400))
    assert rates.min() < 0.25 < 0.75 < rates.max()
    with pytest.raises(ValueError, match="144 columns cannot hold pixels of 5 channels"):
        Missing(0.5, channels=5)(X, Generator(0))
    for settings in ({"rate": 1.1}, {"lowest": 0.9}, {"channels": 0}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            Missing(**settings)


def test_a_block_is_square_inside_the_image_and_anywhere_in_it():
    images = torch.ones(3000, 5 * 7 * 2)
    lost = Occlusion(3, image_shape=(5, 7, 2)).hide(images, Generator(0))[1].view(-1, 5, 7, 2)
    assert torch.equal(lost.all(-1), lost.any(-1))
    assert (lost[..., 0].sum((1, 2)) == 9).all()
    assert (lost[..., 0].any(1).sum(1) == 3).all() and (lost[..., 0].any(2).sum(1) == 3).all()
    first = lost[..., 0].flatten(1).double().argmax(1).bincount(minlength=35).view(5, 7)
    assert (first[:3, :5] > 0).all() and first[:3, :5].sum() == 3000
    assert (first[:3, :5] / 3000 - 1 / 15).abs().max() < 5 * (14 / 225 / 3000) ** 0.5


def test_blocks_are_as_many_and_as_frequent_as_asked(close):
    struck = Occlusion(2, blocks=3, rate=0.5).hide(torch.ones(3000, 144), Generator(0))[1]
    close((~struck.any(1)).double(), torch.tensor(0.5**3))
    assert struck.sum(1).max() == 12
    # A block larger than the image is the image.
    assert Occlusion(9).hide(torch.ones(2, 16), Generator(0))[1].all()
    for settings in ({"size": 0}, {"blocks": 0}, {"rate": 2.0}, {"image_shape": (3,)}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            Occlusion(**settings)


def test_greyscale_keeps_the_luminance_and_nothing_else(close):
    pixels = X.unflatten(-1, (-1, 3))
    grey = Greyscale()(X, Generator(0)).unflatten(-1, (-1, 3))
    assert torch.equal(grey[..., 0], grey[..., 1]) and torch.equal(grey[..., 1], grey[..., 2])
    torch.testing.assert_close(luminance(grey), luminance(pixels))
    change = Greyscale().undoing(torch.rand(7, 3), torch.zeros(7, 1))
    assert luminance(change).abs().max() < 1e-6
    struck = Greyscale(0.3).strike(X, Generator(0))[1]
    assert torch.equal(struck.all(1), struck.any(1))
    close(struck[:, 0].double(), torch.tensor(0.3))
    with pytest.raises(ValueError, match="4 columns, not a multiple of 3"):
        Greyscale()(torch.ones(2, 4), Generator(0))


def test_turned_images_are_each_symmetry_as_often_as_another():
    square = torch.arange(9.0).repeat(8000, 1)
    forms, counts = Turned()(square, Generator(0)).unique(dim=0, return_counts=True)
    known = [
        torch.rot90(base, k) for base in (square[0].view(3, 3), square[0].view(3, 3).t()) for k in range(4)
    ]
    assert {tuple(form.tolist()) for form in forms} == {tuple(form.flatten().tolist()) for form in known}
    assert (counts / 8000 - 1 / 8).abs().max() < 5 * (7 / 64 / 8000) ** 0.5
    oblong = Turned((2, 3, 2))(torch.arange(12.0).repeat(800, 1), Generator(0))
    assert len(oblong.unique(dim=0)) == 4
    assert torch.equal(oblong.view(-1, 6, 2)[..., 1] - oblong.view(-1, 6, 2)[..., 0], torch.ones(800, 6))
    turned = Turned(rate=0.5)(square, Generator(0)).ne(square).any(1).double().mean()
    assert abs(float(turned) - 0.5 * 7 / 8) < 5 * (0.25 / 8000) ** 0.5


def test_mirrored_images_are_exact_mirror_images_at_their_rate(close):
    images = torch.rand(3000, 4, 5, 3)
    mirrored = Mirrored((4, 5, 3), rate=0.3)(images.flatten(1), Generator(0)).view_as(images)
    turned = (mirrored != images).flatten(1).any(1)
    close(turned.double(), torch.tensor(0.3))
    assert torch.equal(mirrored[turned], images[turned].flip(2))


def test_noise_on_what_is_lost_does_not_show():
    seen, lost = (Missing(0.5) >> GaussianNoise(1.0)).hide(torch.ones(20, 10), Generator(0))
    assert lost.any() and (seen[lost] == 0).all()
    assert (seen[~lost] != 1).all()
