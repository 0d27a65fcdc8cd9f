"""A variational autoencoder with one stochastic layer on MNIST, by the importance-weighted bound.

Training binarises the grey values by a new Bernoulli draw at every presentation; evaluation uses one frozen draw. The
recipe: wide SiLU layers, a learned prior, weight decay, KL warm-up over a tenth of training, Adam with a cosine
schedule, averaged weights. ``--k 1`` trains on the ELBO, a larger k on the importance-weighted bound. With
``--validate`` the last 10,000 training images are held out for evaluation; without it, training uses all images, and
the test set is used once.

    python benchmarks/vae_mnist.py --out runs/vae --k 1 --seeds 0
    python benchmarks/vae_mnist.py --out runs/iwae --k 5 --epochs 400 --seeds 0
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from runner import Bench, minutes, row, run
from tildex.apps.measure.likelihood import likelihood_of
from tildex.evaluate import Annealing

# Minus log-likelihood in nats, one stochastic layer, dynamic binarisation: published (Burda et al., 2016), and target.
WANTED = {"vae": (86.76, 84.0), "iwae": (84.78, 82.9)}


def vae(
    bench: Bench,
    *,
    k: int = 1,
    samples: int = 5000,
    rows: int | None = None,
    rows_trained: int | None = None,
    precision_judged: str = "float32",
) -> None:
    """Train unless a run exists, evaluate, and print with the published values.

    Parameters
    ----------
    k
        Samples per row in training.
    samples
        Importance samples per image in evaluation.
    rows
        Number of evaluation images, from the first.
    rows_trained
        Number of training images, from the first.
    precision_judged
        Precision of products in evaluation.
    """
    train, _, judged, _ = bench.parts("mnist")
    kind = "vae" if k == 1 else "iwae"
    held_out = judged[:2000] if bench.validate else None

    def measured(seed: int) -> dict[str, Any]:
        model = bench.model(f"{kind}-mnist", seed)
        if k > 1:
            model.set_params(rule__n_samples=k)
        model = bench.train(f"seed-{seed}", model, train[:rows_trained], X_val=held_out)
        found = likelihood_of(
            model,
            judged[:rows],
            n_samples=samples,
            annealing=Annealing(precision=getattr(torch, precision_judged)),
            notes={"data": "mnist", "split": bench.judged},
        )
        last = model.history_[-1]
        guards = {name: last[name] for name in ("active_units", "code_nats")}
        return {**found.to_json(), **guards, "training minutes": minutes(model)}

    lines = [
        bench.result(
            partial(measured, seed), k=k, seed=seed, samples=samples, rows=rows, rows_trained=rows_trained
        )
        for seed in bench.each()
    ]
    row(
        f"{kind}, {bench.judged}", "published", "wanted", f"minus bound, {samples} samples", "ELBO", "minutes"
    )
    for line in lines:
        bound = line["importance_weighted"]
        ours = f"{-bound['value']:.2f} ± {bound['standard_error']:.2f}"
        spent = f"{line['training minutes']:.1f}"
        row(f"seed {line['seed']}", *WANTED[kind], ours, f"{-line['bound']['value']:.2f}", spent)


if __name__ == "__main__":
    run(vae)
