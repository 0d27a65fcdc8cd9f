"""A restricted Boltzmann machine with 500 hidden units on MNIST, by log-likelihood.

Training sees a fresh Bernoulli draw of the grey values at every presentation; the test set is one frozen draw. The
recipe: the centred gradient, PCD-1 with 500 chains, batches of 500, a rate falling on a line to zero, averaged weights.
Training goes on from its checkpoint when the same command is given again.

    python benchmarks/rbm_mnist.py --epochs 750 --out runs/rbm500
    tildex likelihood runs/rbm500 mnist --chains 500 --betas 20000
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from tildex import PCD, RBM, SGD, Linear, read


def main() -> None:
    """Train, and save the run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the run folder")
    parser.add_argument("--hidden", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=750, help="passes of 120 updates")
    parser.add_argument("--rate", type=float, default=0.2)
    parser.add_argument("--averaging", type=float, default=0.9995)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", default="bfloat16", help="of matrix products: float32 or bfloat16")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    X = read("mnist", split="train").X
    rbm = RBM(
        options.hidden,
        rule=PCD(1, n_chains=500, centring=0.01),
        optimizer=SGD(options.rate, schedule=Linear()),
        batch_size=500,
        n_iter=options.epochs,
        averaging=options.averaging,
        binarisation="dynamic",
        precision=options.precision,
        device=options.device,
        random_state=options.seed,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    wall, processor = time.perf_counter(), time.process_time()
    rbm.fit(X, checkpoint=options.out / "checkpoint.safetensors")
    spent = sum(record["seconds"] for record in rbm.history_)
    rbm.save(options.out)
    print(
        f"{options.epochs} epochs, seed {options.seed}, {options.precision}, {options.threads} thread(s): "
        f"{spent / 60:.1f} min in all, this run {(time.perf_counter() - wall) / 60:.1f} min wall and "
        f"{(time.process_time() - processor) / 60:.1f} min of processor"
    )


if __name__ == "__main__":
    main()
