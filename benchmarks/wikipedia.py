"""Texts for an image and images for a text: the Wikipedia pairs of Rasiwasia et al. (2010), by joint codes.

An image is 128 shares of SIFT words, a text 10 weights of topics. The machine sees pairs and no classes; with
``--classes`` the class is a third modality in training, as semantic correlation matching knows it too, and is inferred
like anything else that is not given. A query is the joint code of one modality, all others inferred, ranked by the
cosine of standardised codes against those of the other modality alone. A hit is an item of the query's class; mean
average precision over all test items. Canonical correlation analysis, which sees no classes, is run on the same
features, plain and with a ridge, the square roots of shares as an option for both.

All choices, of either side, are made on 500 of the training pairs, fixed by a seed; then machines trained on all pairs
meet the 693 test pairs once for every seed: a result that is there already is kept. With ``--validate`` nothing touches
the test pairs.

    python benchmarks/wikipedia.py --out runs/wikipedia --seeds 0 1 2
    python benchmarks/wikipedia.py --out runs/wikipedia --seeds 0 1 2 --classes
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.io import loadmat

from tildex import Adam, Categorical, Gaussian, Linear, Modality, MultimodalDBM, Multinomial, MultiPrediction
from tildex.files import write_json

PUBLISHED = {"semantic correlation matching (knows the classes)": (0.277, 0.226)}
HELD, CLASSES = 500, 10
RIDGES, RANKS = (0.0, 0.1, 0.3, 1.0, 3.0), (4, 6, 9)
# Words of a text, joint units, passes over the data for prediction.
LENGTHS, UNITS, EPOCHS = (5, 10), (64, 256), (60, 150)

Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


def pairs_of(folder: Path) -> tuple[Pairs, Pairs]:
    """Return images, texts and classes of the training and the test pairs."""
    arrays = loadmat(folder / "raw_features.mat")
    parts = []
    for short, name in (("tr", "trainset_txt_img_cat.list"), ("te", "testset_txt_img_cat.list")):
        lines = (folder / name).read_text().split("\n")
        classes = np.array([int(line.split()[-1]) for line in lines if line.strip()])
        parts.append((arrays[f"I_{short}"], arrays[f"T_{short}"], classes))
    return parts[0], parts[1]


def average_precision(queries: np.ndarray, items: np.ndarray, classes: np.ndarray) -> float:
    """Return the mean average precision of ranking all items by cosine; a pair has one class."""
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
    """Return the precisions of canonical correlation analysis (Hotelling, 1936), whose covariances have a ridge."""
    views, others = (tuple(np.sqrt(X) if root else X for X in part[:2]) for part in (train, held))
    scaled = [(X - X.mean(0)) / X.std(0) for X in views]
    ours = [(Y - X.mean(0)) / X.std(0) for X, Y in zip(views, others, strict=True)]
    n = len(scaled[0])
    # Shares add up to one, so that without a little on the diagonal nothing can be inverted.
    halves = [np.linalg.cholesky(X.T @ X / n + (ridge + 1e-6) * np.eye(X.shape[1])) for X in scaled]
    between = np.linalg.solve(halves[0], scaled[0].T @ scaled[1] / n)
    U, _, V = np.linalg.svd(np.linalg.solve(halves[1], between.T).T, full_matrices=False)
    codes = [
        Y @ np.linalg.solve(half.T, axes[:, :rank])
        for Y, half, axes in zip(ours, halves, (U, V.T), strict=True)
    ]
    return both_ways(codes[0], codes[1], held[2])


def machine(train: Pairs, options: argparse.Namespace, seed: int, choice: tuple[int, int, int]) -> Any:
    """Return the trained machine."""
    length, units, epochs = choice
    known = {"image": np.sqrt(train[0]), "text": train[1]}
    modalities = [
        Modality("image", units=Gaussian(), hidden_layer_sizes=tuple(options.pathway)),
        Modality("text", units=Multinomial(10, length), hidden_layer_sizes=()),
    ]
    if options.classes:
        known["class"] = np.eye(CLASSES, dtype=np.float32)[train[2] - 1]
        modalities.append(Modality("class", units=Categorical(CLASSES), hidden_layer_sizes=()))
    model = MultimodalDBM(
        units,
        modalities=modalities,
        n_iter_pretraining=options.epochs,
        n_iter=options.epochs,
        prediction_rule=MultiPrediction(3, values=0.0),
        prediction_optimizer=Adam(options.rate, weight_decay=options.decay, schedule=Linear()),
        n_iter_prediction=epochs,
        batch_size=100,
        random_state=seed,
    )
    name = f"{name_of(options, choice)}-{seed}-{len(train[0])}"
    return model.fit(known, checkpoint=options.out / f"{name}.safetensors")


def name_of(options: argparse.Namespace, choice: tuple[int, int, int]) -> str:
    """Return what a result is of, in a file's name."""
    return "-".join(map(str, (*(("classes",) if options.classes else ()), *options.pathway, *choice)))


def by_codes(model: Any, train: Pairs, held: Pairs) -> tuple[float, float]:
    """Return the precisions of joint codes, standardised by those of training rows that know as much."""
    codes = []
    for k, name in enumerate(("image", "text")):
        views = [np.sqrt(part[0]) if k == 0 else part[1] for part in (train, held)]
        known, ours = (model.transform({name: X}) for X in views)
        codes.append((ours - known.mean(0)) / (known.std(0) + 1e-3))
    return both_ways(codes[0], codes[1], held[2])


def told(name: str, found: tuple[float, float]) -> str:
    """Return a line of the table."""
    return f"{name:58} {found[0]:.4f} {found[1]:.4f} mean {np.mean(found):.4f}"


def main() -> None:
    """Choose on held-out training pairs, measure on the test pairs, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder of checkpoints and results")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--validate", action="store_true", help="leave the test pairs alone")
    parser.add_argument("--classes", action="store_true", help="the class as a third modality in training")
    parser.add_argument("--epochs", type=int, default=30, help="of likelihood, a stage")
    parser.add_argument("--rate", type=float, default=3e-3, help="of the training for prediction")
    parser.add_argument("--decay", type=float, default=1e-3, help="of its weights")
    parser.add_argument("--pathway", type=int, nargs="*", default=[], help="layers above the images")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--data-dir", type=Path, help="the folder of known data sets; $TILDEX_DATA otherwise")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    train, test = pairs_of(Path(options.data_dir or os.environ["TILDEX_DATA"]) / "wikipedia")
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
    print(told(f"validation, correlation, {plain}", correlated(fitted, held, **plain)))
    print(told(f"validation, correlation, {best}", correlated(fitted, held, **best)), flush=True)
    tried = {}
    for choice in itertools.product(LENGTHS, UNITS, EPOCHS):
        path = options.out / f"validation-{name_of(options, choice)}.json"
        if not path.exists():
            model = machine(fitted, options, options.seeds[0], choice)
            write_json(path, {"precision": by_codes(model, fitted, held)})
        tried[choice] = tuple(json.loads(path.read_text())["precision"])
        print(told(f"validation, joint codes, length, units, epochs {choice}", tried[choice]), flush=True)
    if options.validate:
        return
    choice = max(tried, key=lambda one: np.mean(tried[one]))
    print(told("test, correlation, plain", correlated(train, test, **plain)))
    print(told("test, correlation, with a ridge", correlated(train, test, **best)))
    results = []
    for seed in options.seeds:
        path = options.out / f"test-{name_of(options, choice)}-seed{seed}.json"
        if not path.exists():
            write_json(path, {"precision": by_codes(machine(train, options, seed, choice), train, test)})
        results.append(tuple(json.loads(path.read_text())["precision"]))
        print(told(f"test, joint codes, seed {seed}", results[-1]), flush=True)
    means = np.mean(results, 0)
    print(told("test, joint codes, mean of seeds", (means[0], means[1])))
    for name, figures in PUBLISHED.items():
        print(told(f"published, {name}", figures))


if __name__ == "__main__":
    main()
