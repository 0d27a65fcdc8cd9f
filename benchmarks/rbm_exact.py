"""A restricted Boltzmann machine with 16 hidden units on MNIST binarised at one half, by exact log-likelihood.

The partition function is summed over all 65,536 hidden states. The same recipe learns the images and their inverse: the
centred gradient is invariant to inversion, the plain one is not.

    python benchmarks/rbm_exact.py --seeds 0 1 2
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np
import torch

from runner import Bench, row, run, spread
from tildex.evaluate import log_likelihood

PUBLISHED = {"normal": -142.56, "inverted": -142.09}


def rbm_exact(bench: Bench, *, gradient: Literal["centred", "plain"] = "centred") -> None:
    """Train on both, and print our values with the published ones."""
    train, _, test, _ = bench.parts("mnist")

    def measured(images: str, seed: int) -> dict[str, float]:
        X, held = (((x > 0.5) ^ (images == "inverted")).astype(np.float32) for x in (train, test))
        model = bench.model("rbm-mnist-binary", seed)
        if gradient == "plain":
            model.set_params(rule__centring=None)
        model.fit(X)
        return {"log-likelihood": float(log_likelihood(model.module_, torch.from_numpy(held)).mean())}

    found: dict[str, list[float]] = {}
    for images, seed in bench.each(PUBLISHED):
        line = bench.result(partial(measured, images, seed), images=images, seed=seed, gradient=gradient)
        found.setdefault(images, []).append(line["log-likelihood"])
    row("images", "published, centred", f"{gradient} gradient, nats an image", "standard deviation")
    for images, values in found.items():
        row(images, PUBLISHED[images], spread(values), f"{np.std(values, ddof=min(1, len(values) - 1)):.2f}")


if __name__ == "__main__":
    run(rbm_exact, seeds=(0, 1, 2))
