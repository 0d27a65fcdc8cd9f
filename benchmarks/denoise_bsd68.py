"""Removal of Gaussian noise from the 68 grey photographs of BSD68, against non-local means on the same noisy images.

One network for standard deviations from 0 to 55 grey values, evaluated at 15, 25 and 50. It is trained only on patches
of the Kodak photographs, at three scales: no image of BSD68 or Set12, and none of Corel, the source of BSD. Noise is
added to grey values from 0 to 255 without clipping; restored images are clipped, and the ratio has peak 255. Two Kodak
photographs are held out: ``--validate`` prints their ratio and does not use the test images, and the smoothing of
non-local means is chosen on them. ``--resume`` continues an interrupted training.

    pip install --group benchmarks
    python benchmarks/denoise_bsd68.py --out runs/bsd68 --seeds 0
    python benchmarks/denoise_bsd68.py --out runs/look --epochs 2 --patches 2000 --validate    # a look
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from runner import Bench, minutes, row, run, spread
from tildex import Restorer
from tildex.data import Photograph, photographs_in, read_patches
from tildex.data.sets.published import data_root
from tildex.evaluate import psnr
from tildex.images import luminance

HELD_OUT = ("kodim16.png", "kodim23.png")
LEVELS = (15, 25, 50)
PUBLISHED = {
    15: "BM3D 31.07, DnCNN 31.72",
    25: "BM3D 28.57, DnCNN 29.22, wanted 28.6",
    50: "BM3D 25.62, DnCNN 26.23",
}
SMOOTHING = (0.6, 0.8, 1.0, 1.2)
"""Smoothing strengths of non-local means, in standard deviations of the noise."""


def noisy(images: list[np.ndarray], level: int) -> list[np.ndarray]:
    """Return images, shape (height, width, 1), with fixed noise of the given standard deviation in grey values."""
    random = np.random.default_rng(level)
    return [x + random.normal(0, level / 255, x.shape).astype(np.float32) for x in images]


def mean_ratio(images: list[np.ndarray], restored: list[np.ndarray]) -> float:
    """Return the mean over images of the peak signal-to-noise ratio in decibels."""
    ratios = [psnr(x[None], np.asarray(y)[None]).value for x, y in zip(images, restored, strict=True)]
    return float(np.mean(ratios))


def non_local_means(images: list[np.ndarray], level: int, smoothing: float) -> list[np.ndarray]:
    """Return scikit-image's non-local means with the known noise level, patches of 5 pixels and windows of 21."""
    from skimage.restoration import denoise_nl_means

    sigma = level / 255
    settings = {"patch_size": 5, "patch_distance": 10, "fast_mode": True, "sigma": sigma}
    return [denoise_nl_means(x[..., 0], h=smoothing * sigma, **settings)[..., None] for x in images]


def judge(model: Restorer, images: list[np.ndarray], tuning: list[np.ndarray]) -> dict[str, dict[str, float]]:
    """Return the ratio of each method at each level, baselines with their best settings on the tuning images."""
    found = {}
    for level in LEVELS:
        seen, trial = noisy(images, level), noisy(tuning, level)
        smoothing = max(SMOOTHING, key=lambda s: mean_ratio(tuning, non_local_means(trial, level, s)))
        width = max(
            (0.5, 0.7, 1.0, 1.4, 2.0),
            key=lambda w: mean_ratio(tuning, [gaussian_filter(x, (w, w, 0)) for x in trial]),
        )
        found[str(level)] = {
            "noisy, clipped": mean_ratio(images, seen),
            "Gaussian filter": mean_ratio(images, [gaussian_filter(x, (width, width, 0)) for x in seen]),
            "non-local means": mean_ratio(images, non_local_means(seen, level, smoothing)),
            "ours": mean_ratio(images, [model.transform(x[None])[0] for x in seen]),
        }
    return found


def photographs(root: Path, name: str) -> dict[str, np.ndarray]:
    """Return the luminance of a folder's photographs by file, shape (height, width, 1) each."""
    found = {}
    for path in photographs_in(root / "photos" / name):
        pixels = Photograph.read(path).pixels
        found[path.name] = pixels if pixels.shape[2] == 1 else luminance(torch.from_numpy(pixels)).numpy()
    return found


def denoise(bench: Bench, *, patches: int = 16_000, size: int = 64, scale: float = 55.0) -> None:
    """Train, evaluate and print.

    Parameters
    ----------
    size
        Edge of a patch, in pixels.
    scale
        The largest noise in training, in grey values.
    """
    root = data_root(bench.data_dir)
    kodak, test = (photographs(root, name) for name in ("Kodak24", "BSD68"))
    tuning = [kodak[name] for name in HELD_OUT]
    images = tuning if bench.validate else list(test.values())
    shape, scales = (size, size, 1), (1.0, 0.75, 0.5)

    def measured(seed: int) -> dict[str, Any]:
        folder = root / "photos" / "Kodak24"
        X = read_patches(folder, shape, patches, seed=seed, scales=scales, leave_out=HELD_OUT).X
        held = np.concatenate([cut(x, size) for x in tuning])
        model = bench.model("denoise-kodak", seed, image_shape=shape, corruption__scale=scale / 255)
        model = bench.train(f"{seed}", model, X, X_val=held)
        return {**judge(model, images, [middle(x) for x in tuning]), "training seconds": 60 * minutes(model)}

    settings = {"patches": patches, "size": size, "scale": scale}
    lines = [bench.result(partial(measured, seed), seed=seed, **settings) for seed in bench.each()]
    methods = ("ours", "non-local means", "Gaussian filter", "noisy, clipped")
    row("noise, grey values", "published of BSD68", *(f"{method}, dB" for method in methods))
    for level, published in PUBLISHED.items():
        row(level, published, *(spread(line[str(level)][method] for line in lines) for method in methods))


def middle(image: np.ndarray, size: int = 256) -> np.ndarray:
    """Return the middle of an image, on which baseline settings are chosen."""
    top, left = ((edge - size) // 2 for edge in image.shape[:2])
    return image[top : top + size, left : left + size]


def cut(image: np.ndarray, size: int) -> np.ndarray:
    """Return non-overlapping patches of an image, as rows."""
    height, width = (edge // size for edge in image.shape[:2])
    whole = image[: height * size, : width * size].reshape(height, size, width, size)
    return whole.swapaxes(1, 2).reshape(height * width, size * size)


if __name__ == "__main__":
    run(denoise)
