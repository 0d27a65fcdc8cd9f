"""Missing pixels filled in: half of them at random, and a block in the middle, of the CIFAR-10 test photographs.

Two networks, one for each task, trained on the CIFAR-10 training photographs at hand, the last 2,000 held out. Telea's
and the Navier-Stokes method of OpenCV fill in the same pixels of the same photographs; the radius they look around is
chosen on the held-out ones. The ratio is of missing pixels alone, all three channels, peak 1, averaged over
photographs; that of the whole photograph, whose known pixels are the same for all methods, is beside it.

    pip install --group benchmarks
    python benchmarks/inpaint_cifar.py --out runs/inpaint --seeds 0
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from common_images import Training, cifar, finished, trained
from tildex import Missing, Occlusion, Restorer
from tildex.corruptions import Corruption
from tildex.evaluate import psnr
from tildex.files import write_json

HELD_OUT = 2000
BLOCK = 8
WANTED = {"pixels": "3 dB above the better", "block": "2 dB above the better"}
RADII = (1, 2, 3, 5)


def corruption(task: str, size: int) -> Corruption:
    """Return what training hides: pixels at any rate around a half, or a block anywhere."""
    return Missing(0.7, lowest=0.3) if task == "pixels" else Occlusion(size)


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
    for name, value in found.items():
        print(f"{task}: {name}: missing {value['missing']:.2f} dB, whole {value['whole']:.2f} dB", flush=True)
    best = max(found["Telea"]["missing"], found["Navier-Stokes"]["missing"])
    gain = found["ours"]["missing"] - best
    print(f"{task}: ours is {gain:+.2f} dB from the better of the two (wanted {WANTED[task]})", flush=True)
    return found


def main() -> None:
    """Train, judge and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    Training.options(parser, epochs=30, width=48, blocks=1, batch=64)
    parser.add_argument("--tasks", nargs="+", choices=list(WANTED), default=list(WANTED))
    parser.add_argument("--block", type=int, default=BLOCK, help="edge of the block in the middle")
    parser.add_argument("--rows", type=int, help="train on so many photographs only, for a trial")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    X = cifar(options.data_dir, "train")
    X, tuning = X[:-HELD_OUT][: options.rows], X[-HELD_OUT:]
    for seed in options.seeds:
        for task in options.tasks:
            folder: Path = options.out / f"{task}-{seed}"
            if finished(folder, options):
                continue
            settings = Training.settings(options, seed)
            model = Restorer(
                image_shape=(32, 32, 3),
                corruption=corruption(task, options.block),
                **settings,
            )
            model = trained(folder, options, model, X, tuning[:500])
            seconds = sum(record["seconds"] for record in model.history_)
            print(f"{task}, seed {seed}: {len(X)} photographs, trained in {seconds:.0f} s", flush=True)
            images = tuning if options.validate else cifar(options.data_dir, "test")
            result = judge(task, model, images, tuning[:500], options.block)
            write_json(
                folder / ("validation.json" if options.validate else "results.json"),
                {**result, "seconds": seconds},
            )


if __name__ == "__main__":
    main()
