"""Restored photographs and digits are nearer to the truth than what a filter, grey or a mean colour makes of them."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_sample_image

from tildex import Adam, Cosine, Greyscale, Missing, Occlusion, Restorer, Turned, UNet, VaryingNoise, read
from tildex.apps.photographs.restore import in_gamut
from tildex.evaluate import psnr
from tildex.features.patches import random_patches
from tildex.generator import Generator
from tildex.images import luminance

SHORT_RESTORER = {"optimizer": Adam(3e-3, schedule=Cosine(warmup=0.05)), "n_iter": 12, "random_state": 0}


def ratio_of_best_blur(clean, damaged, known=None):
    """Return the ratio of a Gaussian filter of the width that is best on these very images, over known pixels."""
    known = np.ones_like(damaged) if known is None else known
    ratios = []
    for width in (0.3, 0.5, 0.7, 1.0):
        kernel = (0, width, width, 0)
        weight = gaussian_filter(known, kernel)
        blurred = gaussian_filter(damaged * known, kernel) / np.maximum(weight, 1e-6)
        ratios.append(
            psnr(clean, np.where(known == 1, damaged, blurred) if known.min() == 0 else blurred).value
        )
    return max(ratios)


def test_noise_is_removed_better_than_by_a_gaussian_filter():
    images, clean = (read("digits", split=split).X.reshape(-1, 8, 8, 1) for split in ("train", "test"))
    model = Restorer(
        network=UNet(16, 2), corruption=VaryingNoise(0.4), augmentation=Turned(rate=0), **SHORT_RESTORER
    ).fit(images)
    for scale in (0.1, 0.2, 0.35):
        noisy = clean + np.random.default_rng(0).normal(0, scale, clean.shape).astype(np.float32)
        ours = psnr(clean, model.transform(noisy)).value
        assert ours > psnr(clean, noisy).value + 0.5
        assert ours > ratio_of_best_blur(clean, noisy) + 0.5


@pytest.mark.parametrize("corruption", [Missing(0.5), Occlusion(3)], ids=repr)
def test_missing_pixels_are_filled_in_better_than_from_their_neighbours(corruption):
    images, clean = (read("digits", split=split).X.reshape(-1, 8, 8, 1) for split in ("train", "test"))
    model = Restorer(
        network=UNet(16, 2), corruption=corruption, augmentation=Turned(rate=0), **SHORT_RESTORER
    ).fit(images)
    damaged = model.corrupt(clean)
    known = np.isfinite(damaged).astype(np.float32)
    baseline = ratio_of_best_blur(clean, np.nan_to_num(damaged), known)
    assert psnr(clean, model.transform(damaged)).value > baseline + 1


def test_colours_are_nearer_than_grey_and_than_the_mean_colour():
    photo = torch.from_numpy(load_sample_image("flower.jpg")[None, :424, :, :] / 255).float()
    photo = photo.view(1, 106, 4, 160, 4, 3).mean((2, 4))
    patches = random_patches(photo[:, :, :100], 24, 300, generator=Generator(0)).view(-1, 24, 24, 3)
    model = Restorer(network=UNet(12, bias=True), corruption=Greyscale(), **SHORT_RESTORER).fit(patches)
    rest = photo[:, :, 100:]
    grey = luminance(rest)
    mean = (patches - luminance(patches)).mean((0, 1, 2))
    ours = psnr(rest, in_gamut(model.transform(grey.expand(-1, -1, -1, 3)), grey)).value
    assert ours > psnr(rest, grey.expand(-1, -1, -1, 3)).value + 1
    assert ours > psnr(rest, in_gamut(grey + mean, grey)).value + 1
