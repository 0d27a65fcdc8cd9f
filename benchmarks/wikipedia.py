"""Cross-modal retrieval, text for image and image for text, on the Wikipedia pairs of Rasiwasia et al. (2010).

An image is 128 shares of SIFT words, a text 10 topic weights. The machine is trained on pairs without classes; with
``--classes``, the class is a third modality in training (semantic correlation matching uses it too) and is inferred in
use. A query is the joint code of one modality, with all others inferred; items of the other modality alone are ranked
by the cosine of standardised codes. A hit is an item of the query's class; the value is the mean average precision over
all test items. The baseline is canonical correlation analysis without classes on the same features, plain and with a
ridge, both optionally on square roots of shares.

All settings, of the machine and the baseline, are chosen on 500 training pairs, fixed by a seed; then machines trained
on all pairs are evaluated on the 693 test pairs once per seed. With ``--validate`` the test pairs are not used.

    python benchmarks/wikipedia.py --out runs/wikipedia --seeds 0 1 2
    python benchmarks/wikipedia.py --out runs/wikipedia --seeds 0 1 2 --classes
"""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat

from runner import Bench, row, run, spread
from tildex import Modality
from tildex.data.sets.published import data_root

PUBLISHED = {"semantic correlation matching (knows the classes)": (0.277, 0.226)}
HELD, CLASSES = 500, 10
RIDGES, RANKS = (0.0, 0.1, 0.3, 1.0, 3.0), (4, 6, 9)
# Words of a text, joint units, passes over the data for prediction.
LENGTHS, UNITS, EPOCHS = (5, 10), (64, 256), (60, 150)

Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


def pairs_of(folder: Path) -> tuple[Pairs, Pairs]:
    """Return images, texts and classes of the training and test pairs."""
    arrays = loadmat(folder / "raw_features.mat")
    parts = []
    for short, name in (("tr", "trainset_txt_img_cat.list"), ("te", "testset_txt_img_cat.list")):
        lines = (folder / name).read_text().split("\n")
        classes = np.array([int(line.split()[-1]) for line in lines if line.strip()])
        parts.append((arrays[f"I_{short}"], arrays[f"T_{short}"], classes))
    return parts[0], parts[1]


def average_precision(queries: np.ndarray, items: np.ndarray, classes: np.ndarray) -> float:
    """Return the mean average precision of ranking all items by cosine; pairs share their class."""
    queries, items = (Z / np.linalg.norm(Z, axis=1, keepdims=True) for Z in (queries, items))
    found = []
    for scores, wanted in zip(queries @ items.T, classes, strict=True):
        hits = classes[np.argsort(-scores, kind="stable")] == wanted
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        found.append(precision[hits].mean())
    return float(np.mean(found))


def both_ways(images: np.ndarray, texts: np.ndarray, classes: np.ndarray) -> tuple[float, float]:
    """Return the precision of texts for images and of images for texts."""
    return average_precision(images, texts, classes), average_precision(texts, images, classes)


def correlated(train: Pairs, held: Pairs, *, root: bool, ridge: float, rank: int) -> tuple[float, float]:
    """Return the precisions of canonical correlation analysis (Hotelling, 1936) with ridge-regularised covariances."""
    views, others = (tuple(np.sqrt(X) if root else X for X in part[:2]) for part in (train, held))
    scaled = [(X - X.mean(0)) / X.std(0) for X in views]
    ours = [(Y - X.mean(0)) / X.std(0) for X, Y in zip(views, others, strict=True)]
    n = len(scaled[0])
    # Shares sum to one, so the covariance is singular without a small diagonal term.
    halves = [np.linalg.cholesky(X.T @ X / n + (ridge + 1e-6) * np.eye(X.shape[1])) for X in scaled]
    between = np.linalg.solve(halves[0], scaled[0].T @ scaled[1] / n)
    U, _, V = np.linalg.svd(np.linalg.solve(halves[1], between.T).T, full_matrices=False)
    codes = [
        Y @ np.linalg.solve(half.T, axes[:, :rank])
        for Y, half, axes in zip(ours, halves, (U, V.T), strict=True)
    ]
    return both_ways(codes[0], codes[1], held[2])


def by_codes(model: Any, train: Pairs, held: Pairs) -> tuple[float, float]:
    """Return the precisions of joint codes, standardised by training rows with the same given modality."""
    codes = []
    for k, name in enumerate(("image", "text")):
        views = [np.sqrt(part[0]) if k == 0 else part[1] for part in (train, held)]
        known, ours = (model.transform({name: X}) for X in views)
        codes.append((ours - known.mean(0)) / (known.std(0) + 1e-3))
    return both_ways(codes[0], codes[1], held[2])


def wikipedia(bench: Bench, *, classes: bool = False, pathway: tuple[int, ...] = ()) -> None:
    """Choose settings on held-out training pairs, measure on the test pairs, and print.

    Parameters
    ----------
    classes
        Use the class as a third modality in training.
    pathway
        Sizes of the layers above the images.
    """
    train, test = pairs_of(data_root(bench.data_dir) / "wikipedia")
    order = np.random.default_rng(0).permutation(len(train[0]))
    fitted, held = (tuple(X[rows] for X in train) for rows in (np.sort(order[HELD:]), np.sort(order[:HELD])))
    ways = [
        {"root": root, "ridge": ridge, "rank": rank}
        for root, ridge, rank in itertools.product((False, True), RIDGES, RANKS)
    ]
    plain, best = (
        max(some, key=lambda way: np.mean(correlated(fitted, held, **way)))
        for some in ([way for way in ways if not way["ridge"]], ways)
    )

    def machine(pairs: Pairs, choice: tuple[int, int, int], seed: int) -> Any:
        length, units, epochs = choice
        model = bench.model(
            "wikipedia-classes" if classes else "wikipedia", seed, n_iter_pretraining=bench.epochs
        )
        image, text, *more = model.modalities
        image = image.copy().set_params(hidden_layer_sizes=pathway)
        text = Modality("text", units=text.units.copy().set_params(length=length), hidden_layer_sizes=())
        model.set_params(n_components=units, n_iter_prediction=epochs, modalities=(image, text, *more))
        known = {"image": np.sqrt(pairs[0]), "text": pairs[1]}
        if classes:
            known["class"] = np.eye(CLASSES, dtype=np.float32)[pairs[2] - 1]
        what = "-".join(map(str, ("classes" if classes else "pairs", *pathway, *choice, seed, len(pairs[0]))))
        return bench.train(what, model, known)

    def measured(choice: tuple[int, int, int], seed: int, pairs: Pairs, judged: Pairs) -> dict[str, Any]:
        return {"precision": by_codes(machine(pairs, choice, seed), pairs, judged)}

    def precision(choice: tuple[int, int, int], seed: int, part: str, *data: Pairs) -> tuple[float, ...]:
        what = {"choice": choice, "seed": seed, "part": part, "classes": classes, "pathway": pathway}
        return tuple(bench.result(partial(measured, choice, seed, *data), **what)["precision"])

    def told(name: str, found: tuple[float, ...]) -> None:
        row(name, *(f"{value:.4f}" for value in (*found, np.mean(found))))

    row("method", "text for an image", "image for a text", "mean")
    told(f"validation, correlation, {plain}", correlated(fitted, held, **plain))
    told(f"validation, correlation, {best}", correlated(fitted, held, **best))
    tried = {}
    for choice in itertools.product(LENGTHS, UNITS, EPOCHS):
        tried[choice] = precision(choice, bench.seeds[0], "validation", fitted, held)
        told(f"validation, joint codes, length, units, epochs {choice}", tried[choice])
    if bench.validate:
        return
    choice = max(tried, key=lambda one: np.mean(tried[one]))
    told("test, correlation, plain", correlated(train, test, **plain))
    told("test, correlation, with a ridge", correlated(train, test, **best))
    results = [precision(choice, seed, "test", train, test) for seed in bench.each()]
    told("test, joint codes, mean of seeds", tuple(np.mean(results, 0)))
    row("test, joint codes, mean of both ways", spread(np.mean(results, 1), ".4f"))
    for name, figures in PUBLISHED.items():
        told(f"published, {name}", figures)


if __name__ == "__main__":
    run(wikipedia, seeds=(0, 1, 2))
