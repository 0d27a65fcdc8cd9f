"""A deep belief network 784-500-2000 on MNIST, by the bound on the log-likelihood and its importance-weighted estimate.

The first RBM is that of a finished run of rbm_mnist.py, or is trained first. The second starts as the transpose of the
first, so that the bound starts at the first one's likelihood, and is trained on new samples of the hidden layer; then
up-down trains all weights jointly. The grey values are binarised by a new Bernoulli draw at every presentation.

    python benchmarks/rbm_mnist.py --out runs/rbm500
    python benchmarks/dbn_mnist.py --start runs/rbm500/seed-0 --out runs/dbn
    tildex likelihood runs/dbn/seed-0 mnist --chains 500 --betas 20000 --samples 100
"""

from __future__ import annotations

from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from runner import Bench, run
from tildex import load


def dbn(bench: Bench, *, start: Path | None = None) -> None:
    """Train and save the runs.

    Parameters
    ----------
    start
        The run of the first RBM.
    """
    X = bench.read("mnist").X

    def trained(seed: int) -> dict[str, Any]:
        begun = None if start is None else load(start, device=bench.device)
        model = bench.train(f"seed-{seed}", bench.model("dbn-mnist", seed, start=begun), X)
        stages = groupby(model.history_, lambda record: record["stage"])
        return {
            f"stage {stage:.0f}, minutes": sum(record["seconds"] for record in records) / 60
            for stage, records in stages
        }

    for seed in bench.each():
        bench.result(partial(trained, seed), seed=seed, start=start)


if __name__ == "__main__":
    run(dbn)
