"""Photographs restored, filled in and coloured: sizes and modes stay, and so does what must not change."""

import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tildex.apps.photographs.restore import colourise, each_photograph, in_gamut, missing_pixels, restore
from tildex.corruptions import GaussianNoise, Greyscale, Missing
from tildex.data import DataError, Photograph
from tildex.generator import Generator
from tildex.images import luminance
from tildex.maps import UNet
from tildex.models import Restoration
from tildex.units import Gaussian

RANDOM = np.random.default_rng(0)


def model(corruption, channels=3, strength=3.0):
    """Return an untrained model that changes a good deal."""
    made = Restoration(UNet(4, 2), corruption, Gaussian(), (8, 8, channels), generator=Generator(0))
    for parameter in made.parameters():
        parameter.data.mul_(strength)
    return made


def photograph(channels=3, height=41, width=30, alpha=None):
    return Photograph(RANDOM.random((height, width, channels), dtype=np.float32), alpha)


def exact(corruption, channels=3, strength=3.0):
    """Return such a model in float64, of which only the result is rounded to float32.

    In float32 it enlarges what convolutions of other sizes add up in another order, by how much each processor says.
    """
    return model(corruption, channels, strength).double()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("of_model", [1, 3])
def test_size_channels_and_transparency_stay(channels, of_model):
    alpha = RANDOM.integers(0, 256, (41, 30), dtype=np.uint8)
    seen = photograph(channels, alpha=alpha)
    done = restore(model(GaussianNoise(0.1), of_model), seen)
    assert done.pixels.shape == seen.pixels.shape
    assert done.alpha is alpha
    assert done.pixels.min() >= 0 and done.pixels.max() <= 1
    assert np.abs(done.pixels - seen.pixels).max() > 1e-3


def test_a_model_of_grey_images_takes_each_channel_by_itself():
    grey, seen = exact(GaussianNoise(0.1), 1), photograph(3)
    done = restore(grey, seen).pixels
    for c in range(3):
        alone = restore(grey, Photograph(seen.pixels[..., c : c + 1])).pixels
        np.testing.assert_allclose(done[..., c : c + 1], alone, rtol=0, atol=1e-6)


def test_tiles_change_nothing():
    for made, work in ((exact(GaussianNoise(0.1)), restore), (exact(Greyscale(), strength=1.5), colourise)):
        seen = photograph(3, 130, 90)
        np.testing.assert_allclose(
            work(made, seen, tile=40).pixels, work(made, seen).pixels, rtol=0, atol=1e-6
        )


@pytest.mark.parametrize(
    "corruption", [Missing(channels=3), Missing(channels=3) >> GaussianNoise(0.1)], ids=repr
)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_mask_is_filled_in_and_nothing_else_changes(corruption, channels):
    seen = photograph(channels, 70, 50)
    missing = RANDOM.random((70, 50)) < 0.3
    done = restore(model(corruption), seen, missing, tile=32)
    assert np.array_equal(done.pixels[~missing], seen.pixels[~missing])
    assert (done.pixels[missing] != seen.pixels[missing]).any()
    seen.pixels[missing] = 0.123
    again = restore(model(corruption), seen, missing, tile=32)
    np.testing.assert_allclose(again.pixels[missing], done.pixels[missing], atol=1e-6)


def test_views_turn_with_the_photograph():
    for made, work in ((exact(GaussianNoise(0.1)), restore), (exact(Greyscale(), strength=1.5), colourise)):
        seen = photograph(3, 20, 14)
        upside = Photograph(seen.pixels[::-1].copy())
        done = work(made, seen, views=8).pixels
        np.testing.assert_allclose(work(made, upside, views=8).pixels[::-1], done, rtol=0, atol=1e-6)
        assert np.abs(work(made, upside).pixels[::-1] - done).max() > 1e-4


def test_the_bright_pixels_of_a_mask_are_missing():
    mask = Photograph(np.array([[[0.0], [0.4], [0.6], [1.0]]], dtype=np.float32))
    assert missing_pixels(mask).tolist() == [[False, False, True, True]]
    painted = Photograph(np.ones((1, 2, 1), dtype=np.float32), alpha=np.array([[0, 255]], dtype=np.uint8))
    assert missing_pixels(painted).tolist() == [[False, True]]


@pytest.mark.parametrize("channels", [1, 3])
def test_colours_keep_the_luminance_to_rounding(channels, tmp_path):
    seen = photograph(channels)
    # Black and white have no colour to take.
    seen.pixels[0], seen.pixels[1] = 0, 1
    done = colourise(model(Greyscale()), seen)
    before = seen.pixels if channels == 1 else luminance(torch.from_numpy(seen.pixels)).numpy()
    after = luminance(torch.from_numpy(done.pixels)).numpy()
    np.testing.assert_allclose(after, before, atol=5e-6)
    assert done.pixels.min() >= 0 and done.pixels.max() <= 1
    assert np.abs(done.pixels - before).max() > 0.01
    done.write(tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as image:
        rounded = np.asarray(image, dtype=np.float64) / 255
    assert np.abs(rounded @ [0.299, 0.587, 0.114] - before[..., 0]).max() <= 0.5 / 255 + 5e-6


@given(colour=st.lists(st.floats(-3, 3, width=32), min_size=3, max_size=3), grey=st.floats(0, 1, width=32))
@settings(max_examples=200, deadline=None)
def test_a_colour_is_brought_into_range_along_its_own_luminance(colour, grey):
    change = torch.tensor(colour)
    change = change - luminance(change)
    shown = in_gamut(grey + change, torch.tensor([grey]))
    assert shown.min() >= -1e-6 and shown.max() <= 1 + 1e-6
    assert abs(float(luminance(shown)) - grey) < 1e-5
    if bool(((grey + change >= 0) & (grey + change <= 1)).all()):
        torch.testing.assert_close(shown, grey + change)
    elif float(change.abs().max()) > 1e-4:
        # No nearer to grey than must be: one channel is at an end.
        assert min(float(shown.min()), 1 - float(shown.max())) < 1e-4


def test_the_wrong_model_and_the_wrong_mask_are_refused():
    seen = photograph(3, 5, 7)
    with pytest.raises(ValueError, match=r"Greyscale.*it colourises and does not restore"):
        restore(model(Greyscale()), seen)
    with pytest.raises(ValueError, match=r"GaussianNoise.*does not colourise"):
        colourise(model(GaussianNoise(0.1)), seen)
    with pytest.raises(ValueError, match=r"give a mask of the missing"):
        restore(model(Missing(channels=3)), seen)
    with pytest.raises(ValueError, match="train one with Missing"):
        restore(model(GaussianNoise(0.1)), seen, np.ones((5, 7), dtype=bool))
    with pytest.raises(ValueError, match="the mask has 6 x 5 pixels and the photograph 7 x 5"):
        restore(model(Missing(channels=3)), seen, np.ones((5, 6), dtype=bool))
    with pytest.raises(ValueError, match="marks no pixel"):
        restore(model(Missing(channels=3)), seen, np.zeros((5, 7), dtype=bool))
    with pytest.raises(ValueError, match="of 2 channels"):
        restore(model(GaussianNoise(0.1), 2), seen)


def test_a_folder_is_worked_on_and_what_is_skipped_is_listed(tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    for name in ("a.png", "sub/b.jpg", "c.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RANDOM.integers(0, 256, (9, 8, 3), dtype=np.uint8)).save(folder / name)
    (folder / "broken.png").write_bytes((folder / "a.png").read_bytes()[:80])
    found = each_photograph(lambda p: p, folder, out)
    assert [path.relative_to(out).as_posix() for path in found.written] == ["a.png", "c.jpg", "sub/b.jpg"]
    assert all(path.is_file() for path in found.written)
    assert len(found.skipped) == 1 and "broken.png" in found.skipped[0]
    assert not [path for path in out.rglob("*") if path.name.startswith(".")]
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.write(folder / "a.png", "../evil.png")
        archive.write(folder / "c.jpg", "sub/c.jpg")
        archive.writestr("notes.txt", "words")
    found = each_photograph(lambda p: p, tmp_path / "in.zip", tmp_path / "unpacked")
    assert found.written == [tmp_path / "unpacked" / "sub" / "c.jpg"] and not (tmp_path / "evil.png").exists()
    assert found.skipped[0].startswith("notes.txt") and "would be written outside" in found.skipped[1]
    for name in ("a.png", "sub/b.jpg", "c.jpg"):
        (folder / name).unlink()
    with pytest.raises(DataError, match=r"no picture in .* could be processed: .*broken\.png"):
        each_photograph(lambda p: p, folder, out)
