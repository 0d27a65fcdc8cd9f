"""A deep Boltzmann machine on MNIST, by the variational bound on the log-likelihood.

The machine grows from a finished run of rbm_mnist.py (``--start``), or its layers are pretrained separately with the
halving trick (``--set pretraining=halving``). Then all layers are trained jointly: mean field for the data, persistent
chains for the model, the centred gradient, averaged weights. The grey values are binarised by a new Bernoulli draw at
every presentation.

    python benchmarks/dbm_mnist.py --start runs/rbm500/seed-0 --out runs/dbm2
    tildex likelihood runs/dbm2/seed-0 mnist --chains 500 --betas 20000
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from runner import Bench, minutes, run
from tildex import load


def dbm(bench: Bench, *, layers: int = 2, start: Path | None = None) -> None:
    """Train and save the runs.

    Parameters
    ----------
    layers
        Number of hidden layers, 2 or 3.
    start
        The run from which the machine grows.
    """
    X = bench.read("mnist").X
    name = {2: "dbm-mnist", 3: "dbm-mnist-three"}[layers]

    def trained(seed: int) -> dict[str, Any]:
        begun = None if start is None else load(start)
        model = bench.train(f"seed-{seed}", bench.model(name, seed, start=begun), X)
        return {"minutes": minutes(model), "sizes": [layer.size for layer in model.module_.layers]}

    for seed in bench.each():
        bench.result(partial(trained, seed), seed=seed, layers=layers, start=start)


if __name__ == "__main__":
    run(dbm)
