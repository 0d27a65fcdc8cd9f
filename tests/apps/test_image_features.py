"""Patches and features of images against slow and simple ways to get them."""

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view

from tildex import GaussianRBM
from tildex.features.code_maps import code_map, image_features, pooled
from tildex.features.patches import PatchScaling, all_patches, equalised, random_patches
from tildex.generator import Generator

IMAGES = np.random.default_rng(0).random((5, 9, 8, 3), dtype=np.float32)


def windows(images, size):
    slid = sliding_window_view(images, (size, size), axis=(1, 2))
    return np.moveaxis(slid, 3, 5).reshape(*slid.shape[:3], -1)


@pytest.mark.parametrize("size", [1, 3, 6, 8])
def test_all_patches_are_the_sliding_windows(size):
    np.testing.assert_array_equal(all_patches(IMAGES, size), windows(IMAGES, size))


def test_random_patches_are_windows_from_everywhere():
    wanted = {row.tobytes() for row in np.ascontiguousarray(windows(IMAGES, 6)).reshape(-1, 108)}
    drawn = random_patches(IMAGES, 6, 2000, generator=Generator(0)).numpy()
    assert {row.tobytes() for row in drawn} == wanted


def test_patches_are_equally_bright_and_contrasty():
    patches = torch.from_numpy(IMAGES).flatten(1)
    variance, mean = torch.var_mean(equalised(patches, floor=0.0), 1)
    torch.testing.assert_close(mean, torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(variance, torch.ones(5))
    assert (equalised(torch.full((2, 12), 0.3)) == 0).all()


def fitted():
    patches = random_patches(IMAGES, 3, 1000, generator=Generator(0))
    scaling = PatchScaling.of(patches, epsilon=0.1)
    return scaling, GaussianRBM(5, n_iter=2, random_state=0).fit(scaling(patches))


def test_a_code_map_is_each_patch_through_the_estimator():
    scaling, rbm = fitted()
    codes = code_map(IMAGES, 3, scaling, rbm.transform)
    assert codes.shape == (5, 7, 6, 5)
    for image, row, column in [(0, 0, 0), (4, 6, 5), (2, 3, 1)]:
        patch = torch.from_numpy(IMAGES[image, row : row + 3, column : column + 3].reshape(1, -1))
        torch.testing.assert_close(codes[image, row, column], rbm.transform(scaling(patch))[0])


def test_features_are_sums_over_quadrants_whatever_the_batch():
    scaling, rbm = fitted()
    codes = code_map(IMAGES, 3, scaling, rbm.transform)
    top, bottom = codes[:, :4], codes[:, 4:]
    quadrants = [part.sum((1, 2)) for row in (top, bottom) for part in (row[:, :, :3], row[:, :, 3:])]
    for batch_size in (1, 2, 8):
        features = image_features(IMAGES, 3, scaling, rbm.transform, batch_size=batch_size)
        torch.testing.assert_close(features, torch.cat(quadrants, 1))
    torch.testing.assert_close(pooled(codes, 1), codes.sum((1, 2)))


def test_filters_in_pixels_undo_the_whitening():
    patches = random_patches(IMAGES, 3, 1000, generator=Generator(0))
    scaling = PatchScaling.of(patches)
    whitened = scaling(patches[:4])
    expected = equalised(patches[:4]) - scaling.whitening.offset
    np.testing.assert_allclose(scaling.filters(whitened), expected, atol=1e-4)


@pytest.mark.parametrize("images", [IMAGES[0], IMAGES[:, :2]], ids=["one image", "too low"])
def test_other_shapes_are_refused(images):
    with pytest.raises(
        ValueError, match=r"expected images of shape \(n, height, width, channels\), at least 3"
    ):
        all_patches(images, 3)


def test_a_batch_of_no_images_is_refused():
    with pytest.raises(ValueError, match="at least 1 image"):
        image_features(IMAGES, 3, fitted()[0], lambda x: x, batch_size=0)
