"""Networks of images take any size, see no farther than they say, and without biases know no scale."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tildex.corruptions import GaussianNoise, Greyscale, Missing
from tildex.generator import Generator
from tildex.images import luminance
from tildex.maps import DnCNN, UNet
from tildex.models import Restoration
from tildex.units import Gaussian

SMALL = [UNet(4, 1), UNet(4, 2), UNet(4, 3), UNet(4, 2, 2), DnCNN(4, 3)]


def built(network, channels=1, seed=0):
    return network.layers(channels, generator=Generator(seed)).double()


def test_features_have_the_images_size_and_the_networks_width(network):
    layers = network.set_params(width=4).layers(3, generator=Generator(0))
    for height, width in ((1, 1), (5, 13), (16, 8)):
        assert layers(torch.rand(2, 3, height, width)).shape == (2, 4, height, width)


@given(height=st.integers(1, 21), width=st.integers(1, 21), levels=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_images_of_any_size_come_back_in_their_size(height, width, levels):
    model = Restoration(UNet(2, levels), GaussianNoise(0.1), Gaussian(), (4, 4, 1), generator=Generator(0))
    assert model.restore(torch.rand(1, height, width, 1)).shape == (1, height, width, 1)


@pytest.mark.parametrize("network", SMALL, ids=repr)
def test_nothing_beyond_the_radius_counts_and_something_at_it_does(network):
    """Changed one pixel at a time, exactly: no path leads farther, and the farthest is there."""
    layers, edge = built(network), 2 * network.radius + 2 * network.multiple + 3
    edge += -edge % network.multiple
    # Weights that are all positive leave no path without effect.
    for parameter in layers.parameters():
        parameter.data.abs_()
    reached = 0
    with torch.no_grad():
        plain = layers(torch.ones(1, 1, edge, edge, dtype=torch.float64))
        for place in range(edge // 2, edge // 2 + network.multiple):
            image = torch.ones(1, 1, edge, edge, dtype=torch.float64)
            image[..., place, place] += 1
            changed = (layers(image) - plain).abs().sum((0, 1, 3)).nonzero().flatten()
            reached = max(reached, int((changed - place).abs().max()))
    assert reached == network.radius


@pytest.mark.parametrize("network", SMALL, ids=repr)
def test_without_biases_it_is_homogeneous(network):
    layers, images = built(network), torch.rand(2, 1, 9, 12, dtype=torch.float64)
    torch.testing.assert_close(layers(3.7 * images), 3.7 * layers(images))
    with_biases = built(network.set_params(bias=True))
    for parameter in with_biases.parameters():
        parameter.data.add_(0.1)
    assert not torch.allclose(with_biases(3.7 * images), 3.7 * with_biases(images))


def test_gradients_reach_every_parameter(network):
    layers = built(network.set_params(width=4, bias=True))
    layers(torch.rand(4, 1, 12, 12, dtype=torch.float64)).square().sum().backward()
    for name, parameter in layers.named_parameters():
        assert parameter.grad.abs().sum() > 0, name


def test_it_is_the_same_everywhere_in_the_image():
    """Moved by a multiple of its raster, an image gives moved features, away from the edges."""
    network = UNet(4, 2)
    layers, image = built(network), torch.rand(1, 1, 60, 60, dtype=torch.float64)
    moved = layers(image.roll((4, 2), (2, 3)))
    inner = slice(network.radius + 6, -network.radius - 6)
    torch.testing.assert_close(
        moved[..., inner, inner], layers(image).roll((4, 2), (2, 3))[..., inner, inner]
    )


@pytest.mark.parametrize("corruption", [GaussianNoise(0.1), Missing(0.5, channels=3), Greyscale()], ids=repr)
def test_rows_and_images_are_the_same_thing(corruption):
    model = Restoration(UNet(4, 2), corruption, Gaussian(), (6, 5, 3), generator=Generator(0)).double()
    x = torch.rand(4, 90, dtype=torch.float64)
    seen, lost = corruption.hide(x, Generator(1))
    lost = lost if corruption.hides else None
    as_images = None if lost is None else lost.view(4, 6, 5, 3)
    from_images = model.restore(seen.view(4, 6, 5, 3), as_images)
    torch.testing.assert_close(model.restore(seen, lost), from_images.flatten(1))
    alone = model.restore(seen[1:2], None if lost is None else lost[1:2])
    torch.testing.assert_close(alone, model.restore(seen, lost)[1:2])


def test_only_what_was_lost_changes():
    corruption = Missing(0.5, channels=3)
    model = Restoration(UNet(4, 2), corruption, Gaussian(), (6, 5, 3), generator=Generator(0))
    seen, lost = corruption.hide(torch.rand(4, 90), Generator(1))
    restored = model.restore(seen, lost)
    assert torch.equal(restored[~lost], seen[~lost])
    assert (restored[lost] != seen[lost]).all()
    # What stands where a pixel is lost is of no account.
    assert torch.equal(model.restore(torch.where(lost, 7.0, seen), lost), restored)


def test_colours_leave_the_luminance_as_it_is():
    model = Restoration(UNet(4, 2), Greyscale(), Gaussian(), (6, 5, 3), generator=Generator(0)).double()
    grey = torch.rand(2, 6, 5, 1, dtype=torch.float64).expand(-1, -1, -1, 3)
    coloured = model.restore(grey)
    torch.testing.assert_close(luminance(coloured), luminance(grey), rtol=0, atol=1e-12)
    assert (coloured - grey).abs().max() > 1e-4


def test_a_model_that_hides_nothing_cannot_be_told_what_is_missing():
    model = Restoration(UNet(4, 1), GaussianNoise(0.1), Gaussian(), (3, 3, 1), generator=Generator(0))
    with pytest.raises(ValueError, match=r"undoes GaussianNoise.*train one with Missing"):
        model.restore(torch.rand(1, 9), torch.zeros(1, 9, dtype=torch.bool))


@pytest.mark.parametrize(
    "make", [lambda: UNet(0), lambda: UNet(levels=0), lambda: UNet(blocks=0), lambda: DnCNN(depth=0)]
)
def test_sizes_are_at_least_one(make):
    with pytest.raises(ValueError, match="must be at least 1, got 0"):
        make()


@pytest.mark.parametrize("corruption", [GaussianNoise(0.1), Missing(0.5, channels=3), Greyscale()], ids=repr)
@pytest.mark.parametrize("views", [2, 4, 8])
def test_an_average_of_views_turns_with_the_image(corruption, views):
    model = Restoration(UNet(4, 2), corruption, Gaussian(), (6, 5, 3), generator=Generator(0)).double()
    seen, lost = corruption.hide(torch.rand(2, 90, dtype=torch.float64), Generator(1))
    seen = seen.view(2, 6, 5, 3)
    lost = lost.view(2, 6, 5, 3) if corruption.hides else None

    def turned(turn):
        return turn(model.restore(turn(seen), None if lost is None else turn(lost), views=views))

    whole = model.restore(seen, lost, views=views)
    assert (whole - model.restore(seen, lost)).abs().max() > 1e-6
    torch.testing.assert_close(turned(lambda x: x.flip(2)), whole)
    if views > 2:
        torch.testing.assert_close(turned(lambda x: x.flip(1)), whole)
    if views > 4:
        torch.testing.assert_close(turned(lambda x: x.transpose(1, 2)), whole)
    rows = model.restore(seen.flatten(1), None if lost is None else lost.flatten(1), views=views)
    torch.testing.assert_close(rows, whole.flatten(1))
    if lost is not None:
        torch.testing.assert_close(whole[~lost], seen[~lost])


def test_other_numbers_of_views_are_refused():
    model = Restoration(UNet(4, 1), GaussianNoise(0.1), Gaussian(), (3, 3, 1), generator=Generator(0))
    with pytest.raises(ValueError, match=r"views must be one of \(1, 2, 4, 8\), got 3"):
        model.restore(torch.rand(1, 9), views=3)
