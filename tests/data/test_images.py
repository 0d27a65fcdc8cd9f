"""Folders of images."""

import re
import sys

import numpy as np
import pytest
from PIL import Image

from tildex.data import DataError, read


def draw(path, array, mode=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path)


GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
COLOUR = np.arange(36, dtype=np.uint8).reshape(3, 4, 3) * 7


def test_grey_images_keep_one_channel(tmp_path):
    draw(tmp_path / "b.png", GREY)
    draw(tmp_path / "a.bmp", GREY[::-1].copy())
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden.png").write_text("not an image")
    record = read(tmp_path)
    assert record.shape == (3, 4) and record.X.dtype == np.float32 and record.y is None
    np.testing.assert_allclose(record.X[1].reshape(3, 4), GREY / 255, rtol=1e-6)
    np.testing.assert_allclose(record.X[0].reshape(3, 4), GREY[::-1] / 255, rtol=1e-6)


@pytest.mark.parametrize("ending", ["png", "jpg", "JPEG", "bmp", "webp", "gif", "tif"])
def test_every_ending(ending, tmp_path):
    draw(tmp_path / f"a.{ending}", COLOUR)
    record = read(str(tmp_path))
    assert record.shape == (3, 4, 3) and record.X.max() <= 1


@pytest.mark.parametrize("mode", ["1", "LA"])
def test_modes_that_are_grey(mode, tmp_path):
    draw(tmp_path / "a.png", GREY, mode)
    assert read(tmp_path).shape == (3, 4)


@pytest.mark.parametrize("mode", ["P", "RGBA"])
def test_modes_that_are_colour(mode, tmp_path):
    draw(tmp_path / "a.png", COLOUR, mode)
    assert read(tmp_path).shape == (3, 4, 3)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    draw(tmp_path / "a.png", np.array([[0, 32768, 65535]], dtype=np.uint16))
    np.testing.assert_allclose(read(tmp_path).X, [[0, 0.5, 1]], atol=1 / 255)


def test_one_colour_image_makes_all_colour(tmp_path):
    draw(tmp_path / "a.png", GREY)
    draw(tmp_path / "b.png", COLOUR)
    record = read(tmp_path)
    assert record.shape == (3, 4, 3)
    np.testing.assert_allclose(record.X[0].reshape(3, 4, 3)[..., 1], GREY / 255, rtol=1e-6)


def test_sub_folders_are_classes(tmp_path):
    for k, name in enumerate(["dog/1.png", "cat/2.png", "cat/1.png"]):
        draw(tmp_path / name, np.full((2, 2), k, np.uint8))
    (tmp_path / "empty").mkdir()
    record = read(tmp_path)
    assert record.target_names == ("cat", "dog") and record.y.tolist() == [0, 0, 1]
    np.testing.assert_allclose(record.X[:, 0] * 255, [2, 1, 0], atol=1e-6)


def test_corrupt_images_are_named_and_the_rest_is_read(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (50, 50), dtype=np.uint8)
    draw(tmp_path / "a.png", noise)
    draw(tmp_path / "b.png", noise)
    whole = (tmp_path / "b.png").read_bytes()
    for damaged in (b"", b"text", whole[:10], whole[:500], whole[:300] + bytes(200) + whole[500:]):
        (tmp_path / "b.png").write_bytes(damaged)
        record = read(tmp_path)
        assert record.files == ("a.png",) and record.note == f"skipped 1 file: {record.skipped[0]}"
        assert re.match(r"b\.png is not a whole image .*; replace or remove it", record.skipped[0])
    (tmp_path / "a.png").unlink()
    with pytest.raises(DataError, match=r"skipped 1 file: b\.png is not a whole image"):
        read(tmp_path)


def test_classes_stay_with_their_images_when_some_are_skipped(tmp_path):
    for k, name in enumerate(["ant/1.png", "bee/1.png", "bee/2.png"]):
        draw(tmp_path / name, np.full((2, 2), k, np.uint8))
    (tmp_path / "ant" / "0.png").write_bytes(b"")
    assert read(tmp_path).y.tolist() == [0, 1, 1]


def test_huge_images_are_refused_unseen(tmp_path, monkeypatch):
    monkeypatch.setattr("tildex.data.pictures.opening._MOST_PIXELS", 1_000_000)
    draw(tmp_path / "a.png", GREY)
    Image.new("1", (2000, 1000)).save(tmp_path / "b.png")
    record = read(tmp_path)
    assert record.files == ("a.png",) and record.skipped == (
        "b.png has more than 1 million pixels; make it smaller",
    )


def test_folders_without_images(tmp_path):
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(
        DataError, match=r"holds no images and no sounds: expected .* notes\.txt ends in \.txt"
    ):
        read(tmp_path)


def test_without_pillow(tmp_path, monkeypatch):
    draw(tmp_path / "a.png", GREY)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(DataError, match=r"need Pillow: .* pip install -c constraints.txt '\.\[app\]'"):
        read(tmp_path)
