"""Photographs of every mode come as numbers and go back as they were; what cannot be read is named."""

import numpy as np
import pytest
from PIL import Image

from tildex.data import DataError, Photograph, photographs_in, read_patches
from tildex.images import LUMINANCE

RANDOM = np.random.default_rng(0)
COLOURS = RANDOM.integers(0, 256, (7, 9, 3), dtype=np.uint8)
GREYS = RANDOM.integers(0, 256, (7, 9), dtype=np.uint8)
ALPHA = RANDOM.integers(0, 256, (7, 9), dtype=np.uint8)


def image_of(mode):
    images = {
        "L": Image.fromarray(GREYS),
        "LA": Image.merge("LA", (Image.fromarray(GREYS), Image.fromarray(ALPHA))),
        "RGB": Image.fromarray(COLOURS),
        "RGBA": Image.fromarray(np.dstack([COLOURS, ALPHA])),
        "1": Image.fromarray(GREYS > 127),
        "P": Image.fromarray(COLOURS).quantize(40),
        "CMYK": Image.fromarray(COLOURS).convert("CMYK"),
        "I;16": Image.fromarray(GREYS.astype(np.uint16) * 257),
    }
    return images[mode]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
def test_pixels_alpha_and_depth_survive_a_round_trip(mode, tmp_path):
    image_of(mode).save(tmp_path / "in.png")
    photograph = Photograph.read(tmp_path / "in.png")
    photograph.with_pixels(photograph.pixels).write(tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as again:
        assert again.mode == mode
        assert np.array_equal(np.asarray(again), np.asarray(image_of(mode)))


@pytest.mark.parametrize(("mode", "channels"), [("1", 1), ("P", 3), ("CMYK", 3)])
def test_other_modes_become_plain_ones(mode, channels, tmp_path):
    image_of(mode).save(tmp_path / "in.tif")
    photograph = Photograph.read(tmp_path / "in.tif")
    assert photograph.pixels.shape == (7, 9, channels)
    expected = np.asarray(image_of(mode).convert("L" if channels == 1 else "RGB")).reshape(7, 9, channels)
    assert np.array_equal(np.rint(photograph.pixels * 255), expected)


def test_a_palette_with_a_transparent_colour_keeps_it(tmp_path):
    image_of("P").save(tmp_path / "in.png", transparency=3)
    photograph = Photograph.read(tmp_path / "in.png")
    assert photograph.alpha is not None
    assert set(np.unique(photograph.alpha)) <= {0, 255}


def test_a_photograph_stands_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    image_of("RGB").save(tmp_path / "in.png", exif=exif)
    assert np.array_equal(np.rint(Photograph.read(tmp_path / "in.png").pixels * 255), np.rot90(COLOURS, -1))


def test_what_a_kind_of_file_cannot_hold_is_said(tmp_path):
    image_of("RGBA").save(tmp_path / "a.png")
    image_of("I;16").save(tmp_path / "deep.png")
    with pytest.raises(DataError, match=r"a\.jpg cannot hold the photograph's transparency: write \.png"):
        Photograph.read(tmp_path / "a.png").write(tmp_path / "a.jpg")
    with pytest.raises(DataError, match=r"deep\.jpg cannot hold 16 bits of grey: write \.png"):
        Photograph.read(tmp_path / "deep.png").write(tmp_path / "deep.jpg")
    with pytest.raises(DataError, match=r"cannot write .*a\.doc: expected a name ending in \.png"):
        Photograph.read(tmp_path / "a.png").write(tmp_path / "a.doc")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "deep.png"]


def test_files_that_are_no_single_whole_picture_are_named(tmp_path, monkeypatch):
    (tmp_path / "text.png").write_text("no picture")
    image_of("RGB").save(tmp_path / "whole.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "whole.png").read_bytes()[:120])
    Image.new("L", (4, 4)).save(
        tmp_path / "moving.gif", save_all=True, append_images=[Image.new("L", (4, 4), 255)]
    )
    for name, message in {
        "text.png": "is not a whole image",
        "half.png": "is not a whole image",
        "moving.gif": "holds 2 pictures",
        "absent.png": "there is no file",
    }.items():
        with pytest.raises(DataError, match=message) as caught:
            Photograph.read(tmp_path / name)
        assert name in str(caught.value)
    monkeypatch.setattr("tildex.data.pictures.opening._MOST_PIXELS", 60)
    with pytest.raises(DataError, match=r"whole\.png has more than 0 million pixels; make it smaller"):
        Photograph.read(tmp_path / "whole.png")


def test_pictures_of_a_folder_and_its_sub_folders_are_found(tmp_path):
    for name in ("b.png", "a/c.jpg", ".hidden.png", ".git/d.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.relative_to(tmp_path).as_posix() for path in photographs_in(tmp_path)] == [
        "a/c.jpg",
        "b.png",
    ]
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        photographs_in(tmp_path / "none")
    with pytest.raises(DataError, match="there is no folder or archive"):
        photographs_in(tmp_path / "nowhere")


def test_patches_are_cut_from_pictures_of_any_size(tmp_path):
    large, small = RANDOM.integers(0, 256, (40, 30, 3), dtype=np.uint8), COLOURS
    Image.fromarray(large).save(tmp_path / "large.png")
    Image.fromarray(small).save(tmp_path / "small.png")
    (tmp_path / "text.png").write_text("no picture")
    record = read_patches(tmp_path, (8, 8, 3), 200, seed=1)
    assert record.shape == (8, 8, 3) and record.X.shape == (200, 192)
    assert "skipped 2 files" in record.note and "text.png" in record.note
    assert "small.png is smaller than a patch of 8 x 8" in record.note
    windows = np.lib.stride_tricks.sliding_window_view(large, (8, 8, 3)).reshape(-1, 192)
    known = {bytes(window) for window in windows}
    assert all(bytes(row) in known for row in np.rint(record.X * 255).astype(np.uint8))
    assert np.array_equal(record.X, read_patches(tmp_path, (8, 8, 3), 200, seed=1).X)
    assert not np.array_equal(record.X, read_patches(tmp_path, (8, 8, 3), 200, seed=2).X)


def test_patches_may_be_grey_shrunk_and_of_some_files_alone(tmp_path):
    plain = np.zeros((40, 40, 3), dtype=np.uint8)
    plain[..., 1] = 255
    Image.fromarray(plain).save(tmp_path / "green.png")
    Image.fromarray(plain * 0).save(tmp_path / "black.png")
    record = read_patches(tmp_path, (8, 8, 1), 20, scales=(0.5,), leave_out=["black.png"])
    np.testing.assert_allclose(record.X, LUMINANCE[1], atol=1e-6)
    with pytest.raises(DataError, match="holds no picture to cut patches from"):
        read_patches(tmp_path, (30, 30, 1), 20, scales=(0.5,))
    with pytest.raises(DataError, match="1 channel or 3"):
        read_patches(tmp_path, (8, 8, 2), 20)


def test_larger_pictures_give_more_patches(tmp_path):
    """Of an area nine times as large come nine patches in ten, within five standard errors of a count."""
    Image.fromarray(np.zeros((10, 10, 3), dtype=np.uint8)).save(tmp_path / "small.png")
    Image.fromarray(np.full((30, 30, 3), 255, dtype=np.uint8)).save(tmp_path / "large.png")
    white = read_patches(tmp_path, (8, 8, 3), 1000, seed=0).X.mean()
    assert abs(white - 0.9) < 5 * (0.9 * 0.1 / 1000) ** 0.5


def test_patches_come_from_all_places_of_a_picture(tmp_path):
    pixels = RANDOM.integers(0, 256, (9, 10, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = np.rint(read_patches(tmp_path, (8, 8, 3), 200, seed=0).X * 255).astype(np.uint8)
    assert len({bytes(row) for row in found}) == 2 * 3
