"""Missing pixels filled in: half of them at random, and a block in the middle, of the CIFAR-10 test photographs.

Two networks, one for each task, trained on the CIFAR-10 training photographs at hand, the last 2,000 held out. Telea's
and the Navier-Stokes method of OpenCV fill in the same pixels of the same photographs; the radius they look around is
chosen on the held-out ones. The ratio is of missing pixels alone, all three channels, peak 1, averaged over
photographs; that of the whole photograph, whose known pixels are the same for all methods, is beside it.

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
    """Return which pixels are missing in judging, shape (n, 32, 32), always the same."""
    if task == "pixels":
        return np.random.default_rng(0).random((n, 32, 32)) < 0.5
    lost, low = np.zeros((n, 32, 32), dtype=bool), 16 - size // 2
    lost[:, low : low + size, low : low + size] = True
    return lost


def opencv(images: np.ndarray, lost: np.ndarray, method: str, radius: int) -> np.ndarray:
    """Return photographs filled in by a method of OpenCV, in 8 bits as it wants them."""
    import cv2

    flag = {"Telea": cv2.INPAINT_TELEA, "Navier-Stokes": cv2.INPAINT_NS}[method]
    pixels = np.rint(images * 255).astype(np.uint8)
    filled = [cv2.inpaint(x, m.astype(np.uint8), radius, flag) for x, m in zip(pixels, lost, strict=True)]
    return np.stack(filled).astype(np.float32) / 255


def channel_means(images: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Return photographs with the mean of their known pixels in place of the missing."""
    known = ~lost[..., None]
    means = (images * known).sum((1, 2)) / known.sum((1, 2))
    return np.where(known, images, means[:, None, None])


def ratio(images: np.ndarray, filled: np.ndarray, lost: np.ndarray) -> dict[str, float]:
    """Return the mean ratio of missing pixels, and of whole photographs."""
    shown = filled.clip(0, 1)
    errors = np.where(lost[..., None], (images - shown) ** 2, 0).sum((1, 2, 3)) / (3 * lost.sum((1, 2)))
    inside = float(np.mean(-10 * np.log10(np.maximum(errors, 1e-10))))
    return {"missing": inside, "whole": psnr(images, shown).value}


def judge(
    task: str, model: Restorer, images: np.ndarray, tuning: np.ndarray, size: int
) -> dict[str, dict[str, float]]:
    """Return the ratios of every method."""
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
    """Train, judge and print.

    Parameters
    ----------
    block
        Edge of the block in the middle.
    rows
        Train on so many photographs only, for a trial.
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
