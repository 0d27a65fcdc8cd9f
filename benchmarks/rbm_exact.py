"""A restricted Boltzmann machine with 16 hidden units on MNIST made binary at one half, by exact log-likelihood.

The partition function is summed over all 65,536 hidden states. The same recipe learns the images and their inverse:
the centred gradient does not care which way round they are, and the plain one does.

    python benchmarks/rbm_exact.py --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import torch

from tildex import PCD, RBM, SGD, Linear, read
from tildex.evaluate import log_likelihood

PUBLISHED = {"normal": -142.56, "inverted": -142.09}


def main() -> None:
    """Train on both, and print ours beside the published values."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--steps", type=int, default=1, help="Gibbs steps an update")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--gradient", choices=("centred", "plain"), default="centred")
    parser.add_argument(
        "--validation",
        action="store_true",
        help="judge by the last 10,000 training images instead of the test set",
    )
    options = parser.parse_args()
    train, test = (np.asarray(read("mnist", split=split).X) > 0.5 for split in ("train", "test"))
    if options.validation:
        train, test = train[:50_000], train[50_000:]
    centring = 0.01 if options.gradient == "centred" else None
    for name, published in PUBLISHED.items():
        values = []
        for seed in options.seeds:
            began = time.perf_counter()
            X, held_out = ((x ^ (name == "inverted")).astype(np.float32) for x in (train, test))
            rbm = RBM(
                16,
                rule=PCD(options.steps, n_chains=options.batch, centring=centring),
                optimizer=SGD(options.rate, schedule=Linear()),
                batch_size=options.batch,
                n_iter=options.epochs,
                averaging=0.999,
                random_state=seed,
            ).fit(X)
            values.append(float(log_likelihood(rbm.module_, torch.from_numpy(held_out)).mean()))
            print(f"{name}, seed {seed}: {values[-1]:.2f} ({time.perf_counter() - began:.0f} s)", flush=True)
        spread = statistics.stdev(values) if len(values) > 1 else float("nan")
        print(
            f"{name}, {options.gradient} gradient: {statistics.mean(values):.2f} ± {spread:.2f} over "
            f"{len(values)} seeds; published, centred: {published}"
        )


if __name__ == "__main__":
    main()
