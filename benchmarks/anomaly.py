"""Anomalies: a class that was held out is to be told from the nine that were trained on.

Every class of MNIST and Fashion-MNIST in turn: a detector is trained on 12,000 training images of the other nine, and
all test images are scored; the area under the ROC curve says how often an image of the class left out has a lower score
than one of the others. Beside ours, on the same rows: the reconstruction error of PCA with as many axes as our code has
units, and scikit-learn's isolation forest with its defaults. Settings were chosen on the last 10,000 training images
(``--validate``). A trained run is kept, and with the same command an interrupted training goes on.

    python benchmarks/anomaly.py --out runs/anomaly --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score

from tildex import Adam, AnomalyDetector, Cosine, VariationalAutoencoder, load, read
from tildex.apps.measure.projection import Projection
from tildex.files import write_json

VALIDATION = 10_000
ROWS = 12_000
UNITS = 16

RECIPE: dict[str, Any] = {
    "hidden_layer_sizes": 512,
    "activation": "silu",
    "optimizer": Adam(1e-3, schedule=Cosine()),
    "batch_size": 200,
}


def area(unusual: np.ndarray, odd: np.ndarray) -> float:
    """Return the area under the ROC curve, in per cent."""
    return 100 * float(roc_auc_score(odd, unusual))


def pca_error(X: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Return the squared error of held-out rows under PCA of the training rows."""
    pca = Projection.of(X, UNITS)
    return np.square(held_out - pca.mean).sum(1) - np.square(pca(held_out)).sum(1)


def trained(folder: Path, X: np.ndarray, epochs: int, seed: int, precision: str) -> Any:
    """Return the model of a folder, trained first if it is not there."""
    if not (folder / "recipe.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        checkpoint = folder / "checkpoint.safetensors"
        model = VariationalAutoencoder(UNITS, n_iter=epochs, precision=precision, random_state=seed, **RECIPE)
        model.fit(X, checkpoint=checkpoint).save(folder)
        checkpoint.unlink()
    return load(folder)


def measured(
    folder: Path, X: np.ndarray, held_out: np.ndarray, odd: np.ndarray, options: Any, seed: int
) -> Any:
    """Return the areas of one class left out, from a file if they are there."""
    kept = folder / "figures.json"
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    began = time.perf_counter()
    model = trained(folder, X, options.epochs, seed, options.precision)
    detector = AnomalyDetector(FrozenEstimator(model)).fit(X)
    found = {
        "ours": area(-detector.score_samples(held_out), odd),
        "minutes": (time.perf_counter() - began) / 60,
        "likelihood": area(-model.score_samples(held_out), odd),
        "pca": area(pca_error(X, held_out), odd),
        "forest": area(-IsolationForest(random_state=seed).fit(X).score_samples(held_out), odd),
    }
    write_json(kept, found)
    return found


def show(what: str, found: Any) -> None:
    """Print a line of the table."""
    print(
        f"{what}: AUROC {found['ours']:.1f} % by distance in the code, {found['likelihood']:.1f} % by the model's own "
        f"score; PCA {found['pca']:.1f} %, isolation forest {found['forest']:.1f} % (wanted: above both on average), "
        f"{found['minutes']:.2f} min",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder for runs and checkpoints")
    parser.add_argument("--data", nargs="+", default=["mnist", "fashion-mnist"])
    parser.add_argument("--classes", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--validate", action="store_true", help="judge on the last 10,000 training images")
    parser.add_argument("--precision", default="bfloat16", help="of products in training")
    parser.add_argument(
        "--data-dir", type=Path, help="the folder of known data sets; $TILDEX_DATA when not given"
    )
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name in options.data:
        train, test = (read(name, split=split, data_dir=options.data_dir) for split in ("train", "test"))
        X, y, held_out, labels = np.asarray(train.X), train.y, np.asarray(test.X), test.y
        if options.validate:
            X, y, held_out, labels = X[:-VALIDATION], y[:-VALIDATION], X[-VALIDATION:], y[-VALIDATION:]
        for seed in options.seeds:
            lines = []
            for left_out in options.classes:
                which = f"{'validation-' if options.validate else ''}{name}-{left_out}-{seed}"
                rows = X[y != left_out][:ROWS]
                lines.append(measured(options.out / which, rows, held_out, labels == left_out, options, seed))
                show(f"{name} without {left_out}, seed {seed}", lines[-1])
            show(
                f"{name}, mean, seed {seed}",
                {key: float(np.mean([x[key] for x in lines])) for key in lines[0]},
            )


if __name__ == "__main__":
    main()
