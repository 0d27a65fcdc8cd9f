"""Maps give back exactly the sizes they promise, normalise as torch does, and treat each row alone outside training."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tildex.corruptions import Dropout
from tildex.generator import Generator
from tildex.maps import (
    MLP,
    BatchNorm,
    Composed,
    Convolutional,
    Dense,
    Downward,
    Grid,
    LayerNorm,
)

X = torch.rand(11, 12, generator=torch.Generator().manual_seed(0))
SIZES = [12, 7, 5, 3]


def maps_of(architecture, norm=None, noise=None, sizes=SIZES):
    if isinstance(architecture, Convolutional):
        architecture.set_params(image_shape=(3, 2, 2), channels=(4, 3))
    layers = {"generator": Generator(0), "activation": "tanh", "norm": norm, "noise": noise}
    up = architecture.encoder(sizes, **layers)
    return up, architecture.decoder(sizes[::-1], input_noise=noise, **layers)


@given(
    height=st.integers(1, 19),
    width=st.integers(1, 19),
    channels=st.integers(1, 3),
    convolutions=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    kernel=st.sampled_from([1, 3, 5]),
    stride=st.integers(1, 3),
)
@settings(max_examples=120, deadline=None)
def test_images_of_any_size_come_back_in_their_size(height, width, channels, convolutions, kernel, stride):
    architecture = Convolutional((height, width, channels), convolutions, kernel, stride)
    n = height * width * channels
    up = architecture.encoder([n, 4], generator=Generator(0))
    down = architecture.decoder([4, n], generator=Generator(0))
    images = torch.rand(2, n)
    assert up(images).shape == (2, 4)
    assert down(up(images)).shape == (2, n)
    grid = up.maps[0].grid
    assert [layer.stride for layer in up.maps[0].layers] == [(stride, stride)] * len(convolutions)
    for (high, wide), (below, beside) in zip(grid.sizes()[1:], grid.sizes(), strict=False):
        assert (high, wide) == (math.ceil(below / stride), math.ceil(beside / stride))
    assert up.maps[0](images).shape == (2, grid.n_features())


def test_a_convolution_sees_the_pixels_beside_each_other():
    """Against torch's convolution of the images, laid out by hand."""
    images = torch.rand(4, 5, 6, 2)
    down = Downward(Grid((5, 6, 2), (3,), 3, 2), generator=Generator(0), activation="identity")
    layer = down.layers[0]
    padded = torch.zeros(4, 7, 8, 2)
    padded[:, 1:6, 1:7] = images
    expected = torch.zeros(4, 3, 3, 3)
    for i in range(3):
        for j in range(3):
            window = padded[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
            expected[:, :, i, j] = torch.einsum("bijc,ocij->bo", window, layer.weight) + layer.bias
    torch.testing.assert_close(down(images.flatten(1)), expected.flatten(1))


def test_a_bright_pixel_is_answered_around_its_place():
    architecture = Convolutional((9, 7), channels=(2,), stride=1)
    images = architecture.decoder([3, 63], generator=Generator(0)).maps[1]
    features = torch.zeros(1, 2, 9, 7)
    dark = images(features.flatten(1))
    features[0, :, 4, 3] = 5.0
    changed = (images(features.flatten(1)) - dark).view(9, 7).abs() > 1e-6
    assert changed[3:6, 2:5].any()
    changed[3:6, 2:5] = False
    assert not changed.any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image_shape": (4,)}, r"height, width and perhaps channels, got \(4,\)"),
        ({"image_shape": (4, 0)}, "height, width"),
        ({"channels": ()}, "channels must be numbers of at least 1"),
        ({"kernel": 4}, "kernel must be odd"),
        ({"stride": 0}, "stride must be at least 1"),
    ],
)
def test_impossible_convolutions_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Convolutional(**settings)


def test_rows_that_are_no_such_images_are_refused():
    for architecture in (Convolutional((5, 5)), Convolutional()):
        with pytest.raises(ValueError, match="have 25 values, and rows have 26 columns: set image_shape"):
            architecture.encoder([26, 3], generator=Generator(0))
        with pytest.raises(ValueError, match="have 25 values, and rows have 26 columns: set image_shape"):
            architecture.decoder([3, 26], generator=Generator(0))


def test_an_architecture_maps_rows_to_codes_and_back(architecture):
    up, down = maps_of(architecture)
    assert up(X).shape == (11, 3)
    assert down(up(X)).shape == X.shape
    assert up(X).isfinite().all()


def test_steps_do_what_the_map_does(architecture, norm):
    for part, x in zip(maps_of(architecture, norm), (X, torch.rand(4, 3)), strict=True):
        y = x
        for step in part.steps():
            y = step(y)
        torch.testing.assert_close(y, part(x))


def test_rows_are_treated_alone_without_a_generator_and_in_validation(architecture, norm):
    """In training mode too, where no generator says that this is training."""
    up, _ = maps_of(architecture, norm)
    up(X, Generator(0))
    before = [s.clone() for s in up.buffers()]
    torch.testing.assert_close(up(X[4:5]), up(X)[4:5])
    up.eval()
    torch.testing.assert_close(up(X[4:5], Generator(0)), up(X, Generator(1))[4:5])
    assert all(torch.equal(a, b) for a, b in zip(before, up.buffers(), strict=True))


def test_noise_acts_on_hidden_layers_in_training_alone(architecture):
    up, down = maps_of(architecture, noise=Dropout(0.5))
    for part, x in ((up, X), (down, torch.rand(11, 3))):
        assert torch.equal(part(x), part(x))
        assert torch.equal(part(x, Generator(3)), part(x, Generator(3)))
        assert not torch.allclose(part(x, Generator(3)), part(x))


def test_norms_are_torchs():
    x = torch.randn(40, 6) * 3 + 1
    theirs, ours = nn.BatchNorm1d(6, momentum=0.3), BatchNorm(0.3).layer(6)
    for _ in range(3):
        x = x + 0.5
        torch.testing.assert_close(ours(x, Generator(0)), theirs(x))
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_variance, theirs.running_var)
    torch.testing.assert_close(ours.eval()(x, Generator(0)), theirs.eval()(x))
    torch.testing.assert_close(LayerNorm().layer(6)(x), nn.LayerNorm(6)(x))
    images = torch.randn(5, 6, 3, 4)
    torch.testing.assert_close(BatchNorm().layer(6)(images, Generator(0)), nn.BatchNorm2d(6)(images))
    torch.testing.assert_close(LayerNorm().layer(6)(images), nn.LayerNorm([6, 3, 4])(images))


def test_a_normalised_mlp_is_torchs_sequence(norm):
    mlp = MLP([12, 7, 5, 3], generator=Generator(0), activation="elu", norm=norm)
    first, second, last = mlp.layers
    by_hand = [first, mlp.norms[0], nn.ELU(), second, mlp.norms[1], nn.ELU(), last]
    torch.testing.assert_close(mlp.eval()(X), nn.Sequential(*by_hand).eval()(X))


def test_a_single_row_does_not_break_batch_normalisation():
    layer = BatchNorm().layer(3)
    assert layer(torch.rand(1, 3), Generator(0)).isfinite().all()
    assert (layer.running_mean == 0).all()
    with pytest.raises(ValueError, match=r"momentum must lie in \(0, 1\], got 0"):
        BatchNorm(0.0)


def test_a_composed_map_starts_at_its_last_bias(architecture):
    _, down = maps_of(architecture)
    assert down.output_bias.shape == (12,)
    with torch.no_grad():
        before = down(torch.zeros(2, 3))
        down.output_bias.add_(1.5)
        torch.testing.assert_close(down(torch.zeros(2, 3)), before + 1.5)
    assert isinstance(down, Composed) is not isinstance(architecture, Dense)


def test_gradients_agree_with_differences(architecture, norm, directional):
    up, down = (part.double() for part in maps_of(architecture, norm))
    x = X.double()

    def loss():
        return (down(up(x)) - x).square().sum()

    slope, difference = directional(loss, [*up.parameters(), *down.parameters()])
    assert slope == pytest.approx(difference, rel=1e-5)
