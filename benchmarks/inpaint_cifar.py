"""Inpainting of the CIFAR-10 test photographs: a random half of the pixels, and a block in the middle.

Two networks, one per task, are trained on the available CIFAR-10 training photographs, with the last 2,000 held out.
OpenCV's Telea and Navier-Stokes methods fill in the same pixels of the same photographs, with radii chosen on the
held-out ones. The ratio is over missing pixels only, all three channels, peak 1, averaged over photographs. The ratio
of the whole photograph, whose known pixels are the same for all methods, is also given.

    pip install --group benchmarks
    python benchmarks/inpaint_cifar.py --out runs/inpaint --seeds 0
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import numpy as np

from runner import Bench, minutes, row, run, spread
from tildex import Restorer
from tildex.evaluate import psnr

HELD_OUT = 2000
BLOCK = 8
WANTED = {"pixels": "3 dB above the better", "block": "2 dB above the better"}
RADII = (1, 2, 3, 5)


def missing(task: str, n: int, size: int) -> np.ndarray:
    """Return which pixels are missing in evaluation, shape (n, 32, 32), always the same."""
    if task == "pixels":
        return np.random.default_rng(0).random((n, 32, 32)) < 0.5
    lost, low = np.zeros((n, 32, 32), dtype=bool), 16 - size // 2
    lost[:, low : low + size, low : low + size] = True
    return lost


def opencv(images: np.ndarray, lost: np.ndarray, method: str, radius: int) -> np.ndarray:
    """Return photographs filled in by a method of OpenCV, which needs 8 bits."""
    import cv2

    flag = {"Telea": cv2.INPAINT_TELEA, "Navier-Stokes": cv2.INPAINT_NS}[method]
    pixels = np.rint(images * 255).astype(np.uint8)
    filled = [cv2.inpaint(x, m.astype(np.uint8), radius, flag) for x, m in zip(pixels, lost, strict=True)]
    return np.stack(filled).astype(np.float32) / 255


def channel_means(images: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Return photographs with missing pixels replaced by the mean of the known ones."""
    known = ~lost[..., None]
    means = (images * known).sum((1, 2)) / known.sum((1, 2))
    return np.where(known, images, means[:, None, None])


def ratio(images: np.ndarray, filled: np.ndarray, lost: np.ndarray) -> dict[str, float]:
    """Return the mean ratio over missing pixels, and over whole photographs."""
    shown = filled.clip(0, 1)
    errors = np.where(lost[..., None], (images - shown) ** 2, 0).sum((1, 2, 3)) / (3 * lost.sum((1, 2)))
    inside = float(np.mean(-10 * np.log10(np.maximum(errors, 1e-10))))
    return {"missing": inside, "whole": psnr(images, shown).value}


def judge(
    task: str, model: Restorer, images: np.ndarray, tuning: np.ndarray, size: int
) -> dict[str, dict[str, float]]:
    """Return the ratios of all methods."""
    lost, trial = missing(task, len(images), size), missing(task, len(tuning), size)
    found = {"mean of the known": ratio(images, channel_means(images, lost), lost)}
    for method in ("Telea", "Navier-Stokes"):

        def chosen(radius: int, method: str = method) -> float:
            return ratio(tuning, opencv(tuning, trial, method, radius), trial)["missing"]

        radius = max(RADII, key=chosen)
        found[method] = ratio(images, opencv(images, lost, method, radius), lost)
    seen = np.where(lost[..., None], np.nan, images).astype(np.float32)
    restored = model.transform(seen.reshape(len(seen), -1)).reshape(images.shape)
    found["ours"] = ratio(images, restored, lost)
    return found


def inpaint(
    bench: Bench,
    *,
    tasks: tuple[Literal["pixels", "block"], ...] = ("pixels", "block"),
    block: int = BLOCK,
    rows: int | None = None,
) -> None:
    """Train, evaluate and print.

    Parameters
    ----------
    block
        Edge of the block in the middle.
    rows
        Number of training photographs, for a trial run.
    """
    X = bench.read("cifar10").X.reshape(-1, 32, 32, 3)
    X, tuning = X[:-HELD_OUT][:rows], X[-HELD_OUT:]
    images = tuning if bench.validate else bench.read("cifar10", "test").X.reshape(-1, 32, 32, 3)

    def measured(task: str, seed: int) -> dict[str, Any]:
        model = bench.model(f"inpaint-{task}-cifar10", seed)
        if task == "block":
            model.set_params(corruption__size=block)
        model = bench.train(f"{task}-{seed}", model, X, X_val=tuning[:500])
        return {**judge(task, model, images, tuning[:500], block), "training seconds": 60 * minutes(model)}

    lines: dict[str, list[Any]] = {}
    for task, seed in bench.each(tasks):
        line = bench.result(partial(measured, task, seed), task=task, seed=seed, rows=len(X), block=block)
        lines.setdefault(task, []).append(line)
    row("missing pixels, dB", "wanted", "ours", "Telea", "Navier-Stokes", "mean of the known")
    for task, found in lines.items():
        methods = ("ours", "Telea", "Navier-Stokes", "mean of the known")
        row(task, WANTED[task], *(spread(line[method]["missing"] for line in found) for method in methods))


if __name__ == "__main__":
    run(inpaint)
