"""The film of a map: what moves between epochs is no more than must, and the file plays."""

import numpy as np
import pytest
from PIL import Image

from tildex import Autoencoder, read
from tildex.apps.film import animate, frames_between

Z = np.random.default_rng(0).normal(size=(50, 2))


def turned(Z, degrees):
    angle = np.deg2rad(degrees)
    return Z @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def test_a_map_that_is_only_moved_turned_mirrored_and_scaled_stands_still():
    maps = {0: 30 * turned(Z, 70) + 5, 3: Z * [1, -1] - 2, 9: Z}
    frames = frames_between(maps, steps=4)
    assert [epoch for epoch, _ in frames] == [0, 0.75, 1.5, 2.25, 3, 4.5, 6, 7.5, 9]
    for _, frame in frames:
        np.testing.assert_allclose(frame, Z - Z.mean(0), atol=1e-9)


def test_kept_maps_are_passed_exactly_and_steps_are_small():
    other = np.random.default_rng(1).normal(size=(50, 2))
    frames = dict(frames_between({0: other, 4: Z}, steps=8))
    np.testing.assert_allclose(frames[4.0], Z - Z.mean(0), atol=1e-12)

    # The first map keeps its form: all ratios of distances.
    def distances(points):
        return np.linalg.norm(points[:, None] - points, axis=2)

    ratio = distances(frames[0.0])[0, 1:] / distances(other)[0, 1:]
    np.testing.assert_allclose(ratio, ratio[0])
    moves = [np.abs(frames[k / 2 + 0.5] - frames[k / 2]).max() for k in range(8)]
    assert max(moves) < 0.25 * np.abs(frames[4.0] - frames[0.0]).max()


def test_a_point_for_all_rows_does_no_harm():
    frames = frames_between({0: np.zeros((50, 2)), 1: Z}, steps=2)
    assert all(np.isfinite(frame).all() for _, frame in frames)


def test_the_file_plays(tmp_path):
    digits = read("digits")
    model = Autoencoder(2, n_iter=3, random_state=0).fit(digits.X[:200], snapshots=(0, 1, 3))
    film = animate("maps", model, digits, tmp_path / "map.gif", steps=2)
    with Image.open(film) as image:
        assert image.format == "GIF" and image.n_frames == 5 and image.info["loop"] == 0
        first = np.asarray(image.convert("RGB"))
        image.seek(4)
        last = np.asarray(image.convert("RGB"))
        assert image.info["duration"] > 1000
    assert first.shape == last.shape and (first != last).any()
    assert sorted(tmp_path.iterdir()) == [film]


def test_refusals(tmp_path):
    digits = read("digits")
    model = Autoencoder(2, n_iter=1, random_state=0).fit(digits.X[:100])
    with pytest.raises(ValueError, match="has fewer than two snapshots: train it with snapshots"):
        animate("maps", model, digits, tmp_path / "map.gif")
    model.fit(digits.X[:100], snapshots=(0, 1))
    with pytest.raises(ValueError, match="steps must be at least 1"):
        animate("maps", model, digits, tmp_path / "map.gif", steps=0)
