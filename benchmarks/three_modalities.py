"""Three modalities in one machine: images of digits, spoken digits, and words about them.

Any one or two are given and the rest is inferred. Each row is an MNIST image with a spoken digit of the same class and
true words about it, each included with probability 0.7. A fifth of the training rows lack one modality. Inferred values
are evaluated by their class: the most probable of the ten names; the prediction of an image classifier, trained on
MNIST's labels, for the inferred image; the digit of the training recording nearest to the inferred sound. The baseline
is one ridge regression per query, from the given modalities to the wanted one, trained on complete rows only.

Settings were chosen on held-out training images and recordings (``--validate``).

    python benchmarks/three_modalities.py --out runs/three --seeds 0 1 2
"""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from runner import Bench, read_out, row, run, spread
from tildex import MultimodalDBM, SoundFeatures
from tildex.plots.mosaic import as_images, compose, show, to_rgb

KINDS = ("image", "sound", "words")
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS: dict[str, tuple[int, ...]] = {
    **{name: (digit,) for digit, name in enumerate(NAMES)},
    "even": (0, 2, 4, 6, 8),
    "odd": (1, 3, 5, 7, 9),
    "prime": (2, 3, 5, 7),
    "square": (0, 1, 4, 9),
    "small": (0, 1, 2, 3, 4),
    "large": (5, 6, 7, 8, 9),
    "loop": (0, 6, 8, 9),
    "straight": (1, 4, 7),
}
SAID, MISSED = 0.7, 0.2
# Repetitions of each spoken digit for validation.
REPETITIONS = 5
TRUE = np.array([[digit in digits for digits in WORDS.values()] for digit in range(10)])

Rows = dict[str, np.ndarray]


def recordings(bench: Bench) -> tuple[Any, ...]:
    """Return standardised features and classes of spoken digits, for training and evaluation."""
    train, test = (bench.read("fsdd", split) for split in ("train", "test"))
    features = SoundFeatures(train.rate, n_mels=40, slices=6)
    X, y = features.fit_transform(train.X), train.y
    if bench.validate:
        held = np.zeros(len(y), dtype=bool)
        for speaker, digit in itertools.product(np.unique(train.groups), range(10)):
            held[np.flatnonzero((train.groups == speaker) & (y == digit))[:REPETITIONS]] = True
        parts = (X[~held], y[~held], X[held], y[held])
    else:
        parts = (X, y, features.transform(test.X), test.y)
    scaler = StandardScaler().fit(parts[0])
    return scaler.transform(parts[0]), parts[1], scaler.transform(parts[2]), parts[3]


def rows(images: np.ndarray, digits: np.ndarray, sounds: np.ndarray, spoken: np.ndarray, seed: int) -> Rows:
    """Return images, each with a recording and words of its digit."""
    draws = np.random.default_rng(seed)
    which = np.empty(len(digits), dtype=np.int64)
    for digit in range(10):
        which[digits == digit] = draws.choice(np.flatnonzero(spoken == digit), (digits == digit).sum())
    words = TRUE[digits] & (draws.random((len(digits), len(WORDS))) < SAID)
    return {"image": images, "sound": sounds[which].astype(np.float32), "words": words.astype(np.float32)}


def some_missing(data: Rows, seed: int) -> Rows:
    """Return rows, a fifth of which lack one modality."""
    draws = np.random.default_rng(seed)
    lacks = np.where(draws.random(len(data["image"])) < MISSED, draws.integers(0, 3, len(data["image"])), -1)
    return {
        kind: np.where((lacks == k)[:, None], np.float32(np.nan), data[kind]) for k, kind in enumerate(KINDS)
    }


class Judge:
    """Classifies inferred images, sounds and words as digits."""

    def __init__(
        self, images: np.ndarray, digits: np.ndarray, sounds: np.ndarray, spoken: np.ndarray
    ) -> None:
        self.images = read_out(images, digits, C=0.1, max_iter=100, tol=1e-4)
        self.sounds = KNeighborsClassifier(1).fit(sounds, spoken)

    def right(self, kind: str, inferred: np.ndarray, digits: np.ndarray) -> float:
        """Return the share of rows with the right digit, in per cent."""
        if kind == "words":
            said = inferred[:, : len(NAMES)].argmax(1)
        else:
            said = (self.images if kind == "image" else self.sounds).predict(inferred)
        return 100 * float((said == digits).mean())


def queries() -> list[tuple[tuple[str, ...], str]]:
    """Return the choices of given modalities, and the wanted ones."""
    given = [*itertools.combinations(KINDS, 1), *itertools.combinations(KINDS, 2)]
    return [(known, wanted) for known in given for wanted in KINDS if wanted not in known]


def by_ridge(train: Rows, test: Rows, known: tuple[str, ...], wanted: str) -> np.ndarray:
    """Return the predictions of a linear regression."""
    X, Y = (np.concatenate([part[kind] for kind in known], 1) for part in (train, test))
    return Ridge(alpha=100.0).fit(X, train[wanted]).predict(Y)


def draw(model: MultimodalDBM, data: Rows, digits: np.ndarray, path: Path) -> None:
    """Save an image of each digit and, below it, the images inferred from the sound, the words, and both."""
    first = [np.flatnonzero(digits == digit)[0] for digit in range(10)]
    some = {kind: values[first] for kind, values in data.items()}
    lines = {"given": some["image"]}
    for label, known in (("sound", ["sound"]), ("words", ["words"]), ("both", ["sound", "words"])):
        given = {kind: some[kind] for kind in known}
        lines[f"from {label}"] = model.generate("image", given=given)
    tiles = as_images(np.concatenate(list(lines.values())), (28, 28))
    assert tiles is not None
    sheet = compose(to_rgb(1 - tiles, (0.0, 1.0)), 10)
    height = len(sheet) / len(lines)
    labels = {(k + 0.5) * height: line for k, line in enumerate(lines)}
    show(sheet, 10, "Digits imagined from what was said", labels).savefig(path, dpi=100)


def three_modalities(bench: Bench, *, rows_: Annotated[int, Parameter(name="--rows")] = 20_000) -> None:
    """Train, evaluate and print.

    Parameters
    ----------
    rows_
        Number of training rows.
    """
    images, digits, held, labels = bench.parts("mnist")
    sounds, spoken, held_sounds, held_spoken = recordings(bench)
    images, digits = images[:rows_], digits[:rows_]
    complete = rows(images, digits, sounds, spoken, 0)
    asked = rows(held, labels, held_sounds, held_spoken, 1)
    judge = Judge(images, digits, sounds, spoken)

    def measured(seed: int) -> dict[str, float]:
        name = f"rows{rows_}-{seed}"
        model = bench.train(name, bench.model("three-kinds", seed), some_missing(complete, 2))
        draw(model, asked, labels, bench.out / f"{bench.named(name)}.png")
        found = {}
        for known, wanted in queries():
            inferred = model.generate(wanted, given={kind: asked[kind] for kind in known})
            found[f"{' and '.join(known)}, {wanted}"] = judge.right(wanted, inferred, labels)
        return found

    lines = [bench.result(partial(measured, seed), seed=seed, rows=rows_) for seed in bench.each()]
    row(
        f"given, inferred: right of 100 on {bench.judged}",
        "ours",
        "ridge regression",
        "what the row itself gets",
    )
    for known, wanted in queries():
        name = f"{' and '.join(known)}, {wanted}"
        linear = judge.right(wanted, by_ridge(complete, asked, known, wanted), labels)
        itself = judge.right(wanted, asked[wanted], labels)
        row(name, spread((line[name] for line in lines), ".1f"), f"{linear:.1f}", f"{itself:.1f}")


if __name__ == "__main__":
    run(three_modalities, seeds=(0, 1, 2))
