"""A restricted Boltzmann machine with 500 hidden units on MNIST, by log-likelihood.

Training binarises the grey values by a new Bernoulli draw at every presentation; the test set is one frozen draw. The
recipe: the centred gradient, PCD-1 with 500 chains, batches of 500, a learning rate that falls linearly to zero,
averaged weights.

    python benchmarks/rbm_mnist.py --out runs/rbm500
    tildex likelihood runs/rbm500/seed-0 mnist --chains 500 --betas 20000
"""

from __future__ import annotations

from functools import partial
from typing import Any

from runner import Bench, minutes, run


def rbm(bench: Bench) -> None:
    """Train and save the runs."""
    X = bench.read("mnist").X

    def trained(seed: int) -> dict[str, Any]:
        return {"minutes": minutes(bench.train(f"seed-{seed}", bench.model("rbm-mnist", seed), X))}

    for seed in bench.each():
        bench.result(partial(trained, seed), seed=seed)


if __name__ == "__main__":
    run(rbm)
