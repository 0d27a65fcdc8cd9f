"""A map of MNIST in two numbers an image that holds for images never seen: neighbours in the loss, beside PCA.

Trustworthiness and continuity (12 neighbours) and the error of the nearest neighbour, trained images to test images,
all 10,000 of them. Settings were chosen on the last 10,000 training images (``--validate``). A trained run is kept, and
with the same command an interrupted training goes on.

With ``--codes``, one run of ``deep_autoencoder.py`` a seed, an image is its pixels and beside them its deep code,
either with half of the squared distances: of the nearest in pixels among a batch every eleventh is another digit, of
the nearest in such codes every twentieth. What is near is judged in pixels all the same. The deep runs have seen all
training images, without labels, those that ``--validate`` judges on too.

    python benchmarks/latent_map.py --out runs/map --seeds 0 1 2
    python benchmarks/deep_autoencoder.py modern --out runs/deep --seeds 0
    python benchmarks/latent_map.py --out runs/map-codes --seeds 0 --codes runs/deep/moved-test-0
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tildex import Adam, Autoencoder, Cosine, Gaussian, Neighbours, load, read
from tildex.apps.measure.projection import Projection
from tildex.evaluate import continuity, neighbour_error, trustworthiness
from tildex.files import write_json

VALIDATION = 10_000
SNAPSHOTS = (0, 3, 9, 12)

RECIPE: dict[str, Any] = {
    "hidden_layer_sizes": (500, 500, 1000),
    "activation": "silu",
    "penalty": Neighbours(3000.0, perplexity=3),
    "optimizer": Adam(8e-3, schedule=Cosine(warmup=0.05)),
    "batch_size": 3000,
}

CODES: dict[str, Any] = {
    "penalty": Neighbours(3000.0, perplexity=5),
    "likelihood": Gaussian(standardised=False),
}
"""What is otherwise where deep codes stand beside the pixels."""


def joined(codes: Path, X: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return what puts deep codes beside pixels: the variance of ``X``, half of it in either."""
    deep = load(codes)
    Z = deep.transform(X)
    middle, between = X.mean(0), Z.mean(0)
    share = np.sqrt(0.5), np.sqrt(0.5 * X.var(0).sum() / Z.var(0).sum())

    def features(images: np.ndarray) -> np.ndarray:
        parts = [(images - middle) * share[0], (deep.transform(images) - between) * share[1]]
        return np.concatenate(parts, 1).astype(np.float32)

    return features


def encoder(
    model: Autoencoder, features: Callable[[np.ndarray], np.ndarray]
) -> Callable[[np.ndarray], np.ndarray]:
    """Return what takes images to their place on the map."""
    return lambda images: np.asarray(model.transform(features(images)))


def figures(
    encode: Any, X: np.ndarray, y: np.ndarray, held_out: np.ndarray, labels: np.ndarray
) -> dict[str, float]:
    """Return trustworthiness, continuity and the error of the nearest neighbour, with the errors of the first."""
    Z = encode(held_out)
    trust, cont = trustworthiness(held_out, Z), continuity(held_out, Z)
    error = neighbour_error(encode(X), y, Z, labels)
    return {"trustworthiness": trust.value, "continuity": cont.value, "error": 100 * error.value}


def show(what: str, found: dict[str, float], minutes: float) -> None:
    """Print a line of the table."""
    print(
        f"{what}: trustworthiness {found['trustworthiness']:.4f} (published 0.926, wanted 0.95), "
        f"continuity {found['continuity']:.4f}, error of the nearest neighbour {found['error']:.2f} % "
        f"(published 9.9 %, wanted 6 %), {minutes:.1f} min",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder for runs and checkpoints")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=80)
    parser.add_argument(
        "--codes",
        type=Path,
        nargs="+",
        help="deep autoencoders, one a seed, whose codes stand beside the pixels",
    )
    parser.add_argument("--validate", action="store_true", help="judge on the last 10,000 training images")
    parser.add_argument("--precision", default="bfloat16", help="of products in training")
    parser.add_argument(
        "--data-dir", type=Path, help="the folder of known data sets; $TILDEX_DATA when not given"
    )
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.codes and len(options.codes) != len(options.seeds):
        parser.error(
            f"--codes must name one run a seed: {len(options.seeds)} seeds, {len(options.codes)} runs"
        )
    torch.set_num_threads(options.threads)
    train, test = (read("mnist", split=split, data_dir=options.data_dir) for split in ("train", "test"))
    X, y, held_out, labels = np.asarray(train.X), train.y, np.asarray(test.X), test.y
    if options.validate:
        X, y, held_out, labels = X[:-VALIDATION], y[:-VALIDATION], X[-VALIDATION:], y[-VALIDATION:]
    show("PCA", figures(Projection.of(X, 2), X, y, held_out, labels), 0.0)
    for place, seed in enumerate(options.seeds):
        folder = options.out / f"{'validation-' if options.validate else ''}{seed}"
        features = joined(options.codes[place], X) if options.codes else np.asarray
        recipe = {**RECIPE, **(CODES if options.codes else {})}
        began = time.perf_counter()
        if not (folder / "recipe.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            checkpoint = folder / "checkpoint.safetensors"
            model = Autoencoder(
                2, n_iter=options.epochs, precision=options.precision, random_state=seed, **recipe
            )
            model.fit(features(X), checkpoint=checkpoint, snapshots=SNAPSHOTS).save(folder)
            checkpoint.unlink()
        minutes = (time.perf_counter() - began) / 60
        found = figures(encoder(load(folder), features), X, y, held_out, labels)
        write_json(folder / "figures.json", {**found, "minutes": minutes})
        show(f"seed {seed}", found, minutes)


if __name__ == "__main__":
    main()
