"""Three kinds of data on one machine: the image of a digit, the digit spoken, and words about it.

Any one or two are given and the rest is inferred. Rows are MNIST's images, each beside a spoken digit of the same kind
and words that are true of it, of which each is said with probability 0.7. Of the training rows a fifth miss one kind.
Whether what was inferred is right is judged as a person would: is the likeliest of the ten names the digit's; what does
a classifier of images, trained on MNIST's labels, see in the inferred image; of which digit is the training recording
nearest to the inferred sound. Beside it stands a ridge regression, one a query, from what is given to what is wanted,
which saw complete rows only.

Settings were chosen on images and recordings left out of training (``--validate``). A trained machine is kept, and with
the same command an interrupted training goes on.

    python benchmarks/three_modalities.py --out runs/three --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import itertools
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from tildex import Bernoulli, Gaussian, Modality, MultimodalDBM, SoundFeatures, load, read
from tildex.files import write_json
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
# The last images and the repetitions of each spoken digit that validation judges on.
IMAGES, REPETITIONS = 10_000, 5
TRUE = np.array([[digit in digits for digits in WORDS.values()] for digit in range(10)])

Rows = dict[str, np.ndarray]


def recordings(data_dir: Path | None, validate: bool) -> tuple[Any, ...]:
    """Return standardised features and digits of spoken digits, for training and judging."""
    train, test = (read("fsdd", split=split, data_dir=data_dir) for split in ("train", "test"))
    features = SoundFeatures(train.rate, n_mels=40, slices=6)
    X, y = features.fit_transform(train.X), train.y
    if validate:
        held = np.zeros(len(y), dtype=bool)
        for speaker, digit in itertools.product(np.unique(train.groups), range(10)):
            held[np.flatnonzero((train.groups == speaker) & (y == digit))[:REPETITIONS]] = True
        parts = (X[~held], y[~held], X[held], y[held])
    else:
        parts = (X, y, features.transform(test.X), test.y)
    scaler = StandardScaler().fit(parts[0])
    return scaler.transform(parts[0]), parts[1], scaler.transform(parts[2]), parts[3]


def rows(images: np.ndarray, digits: np.ndarray, sounds: np.ndarray, spoken: np.ndarray, seed: int) -> Rows:
    """Return images, each beside a recording and words of its digit."""
    draws = np.random.default_rng(seed)
    which = np.empty(len(digits), dtype=np.int64)
    for digit in range(10):
        which[digits == digit] = draws.choice(np.flatnonzero(spoken == digit), (digits == digit).sum())
    words = TRUE[digits] & (draws.random((len(digits), len(WORDS))) < SAID)
    return {"image": images, "sound": sounds[which].astype(np.float32), "words": words.astype(np.float32)}


def some_missing(data: Rows, seed: int) -> Rows:
    """Return rows of which a fifth miss one kind."""
    draws = np.random.default_rng(seed)
    lacks = np.where(draws.random(len(data["image"])) < MISSED, draws.integers(0, 3, len(data["image"])), -1)
    return {
        kind: np.where((lacks == k)[:, None], np.float32(np.nan), data[kind]) for k, kind in enumerate(KINDS)
    }


def machine(options: argparse.Namespace, seed: int) -> MultimodalDBM:
    """Return the machine to be trained."""
    return MultimodalDBM(
        options.units,
        modalities=[
            Modality("image", units=Bernoulli(), hidden_layer_sizes=(options.pathway,)),
            Modality("sound", units=Gaussian(), hidden_layer_sizes=(options.pathway,)),
            Modality("words", units=Bernoulli(), hidden_layer_sizes=()),
        ],
        n_iter_pretraining=options.epochs,
        n_iter=options.epochs,
        n_iter_prediction=options.prediction_epochs,
        batch_size=100,
        precision=options.precision,
        random_state=seed,
    )


class Judge:
    """Says of inferred images, sounds and words which digit they are of."""

    def __init__(
        self, images: np.ndarray, digits: np.ndarray, sounds: np.ndarray, spoken: np.ndarray
    ) -> None:
        with warnings.catch_warnings():
            # One that stops at its last iteration is judged as it is.
            warnings.filterwarnings("ignore", message=".*failed to converge")
            self.images = LogisticRegression(C=0.1, max_iter=100).fit(images, digits)
        self.sounds = KNeighborsClassifier(1).fit(sounds, spoken)

    def right(self, kind: str, inferred: np.ndarray, digits: np.ndarray) -> float:
        """Return the share of rows, in per cent, that are of the right digit."""
        if kind == "words":
            said = inferred[:, : len(NAMES)].argmax(1)
        else:
            said = (self.images if kind == "image" else self.sounds).predict(inferred)
        return 100 * float((said == digits).mean())


def queries() -> list[tuple[tuple[str, ...], str]]:
    """Return what may be given, and what is then wanted."""
    given = [*itertools.combinations(KINDS, 1), *itertools.combinations(KINDS, 2)]
    return [(known, wanted) for known in given for wanted in KINDS if wanted not in known]


def by_ridge(train: Rows, test: Rows, known: tuple[str, ...], wanted: str) -> np.ndarray:
    """Return what a linear regression says."""
    X, Y = (np.concatenate([part[kind] for kind in known], 1) for part in (train, test))
    return Ridge(alpha=100.0).fit(X, train[wanted]).predict(Y)


def draw(model: MultimodalDBM, data: Rows, digits: np.ndarray, path: Path) -> None:
    """Save an image of each digit and, below it, those inferred from the sound, the words, and both."""
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


def main() -> None:
    """Train, judge and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="the folder of machines, results and pictures"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--validate", action="store_true", help="leave the test images and recordings alone")
    parser.add_argument("--rows", type=int, default=20_000, help="of training")
    parser.add_argument("--units", type=int, default=256, help="of the joint layer")
    parser.add_argument(
        "--pathway", type=int, default=256, help="units between image or sound and joint layer"
    )
    parser.add_argument("--epochs", type=int, default=20, help="of likelihood, a stage")
    parser.add_argument("--prediction-epochs", type=int, default=20)
    parser.add_argument("--precision", default="bfloat16", help="of matrix products: float32 or bfloat16")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--data-dir", type=Path, help="the folder of known data sets; $TILDEX_DATA otherwise")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train, test = (read("mnist", split=split, data_dir=options.data_dir) for split in ("train", "test"))
    images, digits, held, labels = np.asarray(train.X), train.y, np.asarray(test.X), test.y
    if options.validate:
        images, digits, held, labels = (
            images[:-IMAGES], digits[:-IMAGES], images[-IMAGES:], digits[-IMAGES:],
        )  # fmt: skip
    sounds, spoken, held_sounds, held_spoken = recordings(options.data_dir, options.validate)
    images, digits = images[: options.rows], digits[: options.rows]
    complete = rows(images, digits, sounds, spoken, 0)
    asked = rows(held, labels, held_sounds, held_spoken, 1)
    judge = Judge(images, digits, sounds, spoken)
    judged = "validation" if options.validate else "test"
    found: dict[str, list[float]] = {}
    for seed in options.seeds:
        folder = options.out / f"{judged}-{seed}"
        began = time.perf_counter()
        if not (folder / "recipe.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            checkpoint = folder / "checkpoint.safetensors"
            machine(options, seed).fit(some_missing(complete, 2), checkpoint=checkpoint).save(folder)
            checkpoint.unlink()
        model = load(folder)
        print(f"seed {seed}: {(time.perf_counter() - began) / 60:.1f} min", flush=True)
        for known, wanted in queries():
            inferred = model.generate(wanted, given={kind: asked[kind] for kind in known})
            found.setdefault(f"{' and '.join(known)} -> {wanted}", []).append(
                judge.right(wanted, inferred, labels)
            )
        draw(model, asked, labels, folder / "images.png")
        write_json(folder / "figures.json", {name: figures[-1] for name, figures in found.items()})
    print(
        f"\n| given -> inferred, right on {judged}, % | ours: mean (range) | ridge | what the row itself gets |"
    )
    print("| --- | --- | --- | --- |")
    for known, wanted in queries():
        own = found[f"{' and '.join(known)} -> {wanted}"]
        linear = judge.right(wanted, by_ridge(complete, asked, known, wanted), labels)
        print(
            f"| {' and '.join(known)} -> {wanted} | **{np.mean(own):.1f}** ({min(own):.1f} to {max(own):.1f}) | "
            f"{linear:.1f} | {judge.right(wanted, asked[wanted], labels):.1f} |"
        )


if __name__ == "__main__":
    main()
