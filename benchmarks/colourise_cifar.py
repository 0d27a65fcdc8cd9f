"""Colourisation of the CIFAR-10 test photographs from their luminance, by peak signal-to-noise ratio.

The network is trained on the available CIFAR-10 training photographs, with the last 2,000 held out. Baselines on the
same photographs: the grey copy, and the mean colour of training pixels at each of 64 luminance levels; both keep the
luminance, as ours does. The ratio is over all three channels, peak 1, computed twice: averaged over photographs, where
nearly grey ones count most, and from the squared error of all photographs together.
A picture of the first test photographs, grey, coloured and true, is written with the result.

    python benchmarks/colourise_cifar.py --out runs/colours --seeds 0
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from runner import Bench, minutes, row, run, spread
from tildex import Restorer
from tildex.apps.photographs.restore import in_gamut
from tildex.evaluate import psnr
from tildex.files import write_whole
from tildex.images import luminance

HELD_OUT = 2000
STEPS = 64
WANTED = "2 dB above the grey copy"


def grey(images: np.ndarray) -> np.ndarray:
    """Return the luminance of photographs, shape (n, height, width, 1)."""
    return luminance(torch.from_numpy(images)).numpy()


def mean_colours(images: np.ndarray) -> np.ndarray:
    """Return the mean difference of colour and luminance at each luminance level, shape (levels, 3)."""
    luminances = grey(images)
    step = np.minimum((luminances[..., 0] * STEPS).astype(int), STEPS - 1).ravel()
    change = (images - luminances).reshape(-1, 3)
    counts = np.bincount(step, minlength=STEPS).clip(1)
    sums = [np.bincount(step, change[:, c], minlength=STEPS) for c in range(3)]
    return (np.stack(sums, 1) / counts[:, None]).astype(np.float32)


def coloured(images: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Return photographs coloured with the mean colour of their luminance."""
    luminances = grey(images)
    step = np.minimum((luminances[..., 0] * STEPS).astype(int), STEPS - 1)
    return shown(luminances + colours[step], luminances)


def shown(images: np.ndarray, luminances: np.ndarray) -> np.ndarray:
    """Return colours moved into the gamut, with unchanged luminance."""
    return in_gamut(torch.from_numpy(images), torch.from_numpy(luminances)).numpy()


def judge(
    model: Restorer, images: np.ndarray, colours: np.ndarray
) -> tuple[dict[str, dict[str, float]], np.ndarray]:
    """Return the ratio of each method, and our photographs."""
    luminances = grey(images)
    copies = np.repeat(luminances, 3, -1)
    ours = model.transform(copies.reshape(len(copies), -1)).reshape(images.shape)
    ours = shown(ours, luminances)
    pictures = {"grey copy": copies, "mean colour by luminance": coloured(images, colours), "ours": ours}
    found = {
        name: {"mean": psnr(images, x).value, "together": together(images, x)} for name, x in pictures.items()
    }
    return found, ours


def together(images: np.ndarray, coloured: np.ndarray) -> float:
    """Return the ratio computed from the squared error of all photographs together."""
    return float(-10 * np.log10(np.square(images - coloured.clip(0, 1)).mean()))


def sheet(path: Path, images: np.ndarray, ours: np.ndarray) -> None:
    """Write the first photographs in three rows: grey, coloured, true."""
    rows = [np.repeat(grey(images), 3, -1), ours, images]
    picture = np.concatenate([np.concatenate(list(row[:24]), 1) for row in rows], 0)
    whole = Image.fromarray(np.rint(picture.clip(0, 1) * 255).astype(np.uint8))
    whole = whole.resize((whole.width * 2, whole.height * 2), Image.Resampling.NEAREST)
    write_whole(path, lambda target: whole.save(target, format="png"))


def colourise(bench: Bench, *, rows: int | None = None) -> None:
    """Train, evaluate and print.

    Parameters
    ----------
    rows
        Number of training photographs, for a trial run.
    """
    X = bench.read("cifar10").X.reshape(-1, 32, 32, 3)
    X, tuning = X[:-HELD_OUT][:rows], X[-HELD_OUT:]
    images = tuning if bench.validate else bench.read("cifar10", "test").X.reshape(-1, 32, 32, 3)

    def measured(seed: int) -> dict[str, Any]:
        model = bench.train(f"{seed}", bench.model("colourise-cifar10", seed), X, X_val=tuning[:500])
        found, ours = judge(model, images, mean_colours(X))
        sheet(bench.out / f"{bench.named(str(seed))}.png", images, ours)
        return {**found, "training seconds": 60 * minutes(model)}

    lines = [bench.result(partial(measured, seed), seed=seed, rows=len(X)) for seed in bench.each()]
    row("dB", "mean of photographs", f"all together, wanted {WANTED}")
    for name in ("grey copy", "mean colour by luminance", "ours"):
        row(name, *(spread(line[name][kind] for line in lines) for kind in ("mean", "together")))


if __name__ == "__main__":
    run(colourise)
