"""A map of MNIST in two numbers an image that holds for images never seen: neighbours in the loss, beside PCA.

Trustworthiness and continuity (12 neighbours) and the error of the nearest neighbour, trained images to test images,
all 10,000 of them. Settings were chosen on the last 10,000 training images (``--validate``). A trained run is kept, and
with the same command an interrupted training goes on.

    python benchmarks/latent_map.py --out runs/map --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tildex import Adam, Autoencoder, Cosine, Neighbours, load, read
from tildex.apps.projection import Projection
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
    parser.add_argument("--validate", action="store_true", help="judge on the last 10,000 training images")
    parser.add_argument("--precision", default="bfloat16", help="of products in training")
    parser.add_argument(
        "--data-dir", type=Path, help="the folder of known data sets; $TILDEX_DATA when not given"
    )
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train, test = (read("mnist", split=split, data_dir=options.data_dir) for split in ("train", "test"))
    X, y, held_out, labels = np.asarray(train.X), train.y, np.asarray(test.X), test.y
    if options.validate:
        X, y, held_out, labels = X[:-VALIDATION], y[:-VALIDATION], X[-VALIDATION:], y[-VALIDATION:]
    show("PCA", figures(Projection.of(X, 2), X, y, held_out, labels), 0.0)
    for seed in options.seeds:
        folder = options.out / f"{'validation-' if options.validate else ''}{seed}"
        began = time.perf_counter()
        if not (folder / "recipe.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            checkpoint = folder / "checkpoint.safetensors"
            model = Autoencoder(
                2, n_iter=options.epochs, precision=options.precision, random_state=seed, **RECIPE
            )
            model.fit(X, checkpoint=checkpoint, snapshots=SNAPSHOTS).save(folder)
            checkpoint.unlink()
        minutes = (time.perf_counter() - began) / 60
        found = figures(load(folder).transform, X, y, held_out, labels)
        write_json(folder / "figures.json", {**found, "minutes": minutes})
        show(f"seed {seed}", found, minutes)


if __name__ == "__main__":
    main()
