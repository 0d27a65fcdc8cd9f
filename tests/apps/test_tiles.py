"""Large images worked on in tiles come out as if worked on whole, wherever the tiles lie."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tildex.apps.photographs.tiles import RAMP, in_tiles
from tildex.corruptions import GaussianNoise, Missing
from tildex.generator import Generator
from tildex.maps import DnCNN, UNet
from tildex.models import Restoration
from tildex.units import Gaussian


def seen_sizes(function):
    """Return a function that also notes the sizes of the images it is given, and the notes."""
    sizes = []

    def noting(image):
        sizes.append(tuple(image.shape[1:3]))
        return function(image)

    return noting, sizes


@given(
    height=st.integers(1, 130), width=st.integers(1, 130), tile=st.integers(32, 60), margin=st.integers(0, 9)
)
@settings(max_examples=60, deadline=None)
def test_weights_add_up_to_one(height, width, tile, margin):
    image = torch.rand(height, width, 2)
    torch.testing.assert_close(in_tiles(torch.clone, image, tile=tile, margin=margin, multiple=4), image)


@pytest.mark.parametrize("network", [DnCNN(4, 3), UNet(4, 2), UNet(4, 3)], ids=repr)
@pytest.mark.parametrize("size", [(150, 130), (33, 201), (40, 40)], ids=str)
def test_tiles_make_what_the_whole_image_makes(network, size):
    model = Restoration(network, GaussianNoise(0.1), Gaussian(), (8, 8, 1), generator=Generator(0)).double()
    for parameter in model.parameters():
        # Far from the identity: a missing part of the surroundings would show.
        parameter.data.mul_(2)
    image = torch.rand(*size, 1, dtype=torch.float64)
    function, sizes = seen_sizes(model.restore)
    with torch.no_grad():
        whole = model.restore(image[None])[0]
        tiled = in_tiles(function, image, tile=40, margin=model.radius, multiple=model.multiple)
    torch.testing.assert_close(tiled, whole, rtol=1e-10, atol=1e-12)
    assert (len(sizes) > 1) == (max(size) > 40)
    assert max(max(size) for size in sizes) <= 40 + 2 * model.radius + RAMP + model.multiple


def test_a_margin_too_narrow_would_be_noticed():
    model = Restoration(DnCNN(4, 6), Missing(0.5), Gaussian(), (8, 8, 1), generator=Generator(0)).double()
    for parameter in model.parameters():
        parameter.data.mul_(3)
    lost = torch.ones(1, 120, 120, 1, dtype=torch.bool)
    image = torch.cat([torch.rand(120, 120, 1), torch.zeros(120, 120, 1)], -1).double()

    def step(x):
        return model.restore(x[..., :1], torch.ones_like(x[..., 1:], dtype=torch.bool))

    with torch.no_grad():
        whole = model.restore(image[None, ..., :1], lost)[0]
        wide, narrow = (in_tiles(step, image, tile=40, margin=m) for m in (model.radius, -RAMP // 2))
    torch.testing.assert_close(wide, whole, rtol=1e-10, atol=1e-12)
    assert not torch.allclose(narrow, whole, rtol=1e-6)


def test_a_tile_holds_two_ramps():
    with pytest.raises(ValueError, match="tile must be at least 32 pixels, got 31"):
        in_tiles(torch.clone, torch.zeros(5, 5, 1), tile=31, margin=0)
