"""Codes of sounds, learned without labels, against PCA of equal size on the same log-mel features.

Accuracy of the five nearest neighbours in a 2-number map and a 32-number code, on ESC-10, cross-validated over its
folds 1 to 4, and on spoken digits, with the first five recordings per speaker and digit for testing. Features are
standardised on the training rows for both. Settings for the digits were chosen on the next five recordings
(``--validate``); with ``--cross``, each further five, on which nothing was chosen, are held out in turn, and the test
recordings are not used. ESC-10 has no rows outside its folds: the settings of its two recipes, the best of six tried on
these folds, are not independent of its results.

    python benchmarks/sounds.py --out runs/sounds --seeds 0 1 2
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from runner import Bench, row, run, spread
from tildex import SoundFeatures
from tildex.apps.measure.projection import Projection

NEIGHBOURS = 5
SLICES = {"esc10": 1, "fsdd": 6}
KINDS = {2: "map", 32: "code"}

Part = tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def accuracy(encode: Callable[[Any], Any], X: Any, y: Any, held_out: Any, labels: Any) -> float:
    """Return the accuracy of held-out sounds by their nearest training sounds in the code."""
    search = KNeighborsClassifier(NEIGHBOURS).fit(encode(X), y)
    return 100 * float(search.score(encode(held_out), labels))


def parts(bench: Bench, name: str, cross: bool) -> Iterator[Part]:
    """Yield training and held-out features with their labels: once, or once per fold."""
    train, test = (bench.read(name, split) for split in ("train", "test"))
    features = SoundFeatures(train.rate, n_mels=40, slices=SLICES[name])
    X, Y = features.fit_transform(train.X), features.transform(test.X)
    if name == "esc10":
        X, y = np.concatenate([X, Y]), np.concatenate([train.y, test.y])
        folds = np.concatenate([train.groups, test.groups])
        for fold in np.unique(folds):
            yield (
                f"fold-{fold}",
                *scaled(X[folds != fold], X[folds == fold], y[folds != fold], y[folds == fold]),
            )
    elif bench.validate or cross:
        fives = np.array([int(Path(file).stem.split("_")[2]) // 5 for file in train.files])
        for five in np.unique(fives[fives > 1]) if cross else [1]:
            held = fives == five
            yield (f"validation-{five}", *scaled(X[~held], X[held], train.y[~held], train.y[held]))
    else:
        yield ("test", *scaled(X, Y, train.y, test.y))


def scaled(X: Any, held_out: Any, y: Any, labels: Any) -> tuple[Any, Any, Any, Any]:
    """Return features standardised on the training rows, as (X, y, held_out, labels)."""
    mean, spread = X.mean(0), X.std(0) + 1e-6
    return (X - mean) / spread, y, (held_out - mean) / spread, labels


def sounds(
    bench: Bench,
    *,
    data: tuple[Literal["esc10", "fsdd"], ...] = ("esc10", "fsdd"),
    sizes: tuple[int, ...] = tuple(KINDS),
    cross: bool = False,
) -> None:
    """Measure and print.

    Parameters
    ----------
    sizes
        Code sizes: 2, 32 or both.
    cross
        Evaluate digits on each further five recordings.
    """
    judged = {name: list(parts(bench, name, cross)) for name in data}

    def linear(name: str, size: int) -> dict[str, Any]:
        found = [
            accuracy(Projection.of(X, size), X, y, held, labels) for _, X, y, held, labels in judged[name]
        ]
        return {"percent": np.mean(found), "parts": found}

    def measured(name: str, size: int, seed: int) -> dict[str, Any]:
        found = []
        for part, X, y, held, labels in judged[name]:
            model = bench.model(f"{name}-{KINDS[size]}", seed)
            model.set_params(batch_size=min(model.batch_size, len(X)))
            model = bench.train(f"{name}-{size}-{part}-{seed}", model, X)
            found.append(accuracy(model.transform, X, y, held, labels))
        return {"percent": np.mean(found), "parts": found}

    ours: dict[tuple[str, int], list[float]] = {}
    for name, size, seed in bench.each(data, sizes):
        what = {"data": name, "numbers": size, "cross": cross}
        line = bench.result(partial(measured, name, size, seed), seed=seed, **what)
        ours.setdefault((name, size), []).append(line["percent"])
    row("sounds, numbers", "wanted", "ours", "PCA")
    for (name, size), values in ours.items():
        pca = linear(name, size)["percent"]
        row(f"{name}, {size}", "clearly above PCA", spread(values, ".1f", " %"), f"{pca:.1f} %")


if __name__ == "__main__":
    run(sounds, seeds=(0, 1, 2), threads=1)
