"""The score field of a denoising autoencoder against the exact one, on two mixtures with known density.

The model is trained to remove Gaussian noise from samples of a mixture. Its displacement of a row over the noise
variance is compared with the gradient of the log-density of noisy samples (Tweedie's identity, exact at any noise
level), on new noisy samples where that density is above 1 % of its maximum. ``--validate`` uses other samples than the
final evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import torch

from runner import Bench, row, run, spread
from tildex import DenoisingAutoencoder, GaussianNoise
from tildex.evaluate import Estimate, GaussianMixture, relative_error
from tildex.generator import Generator

WANTED = 0.05


@dataclass(frozen=True)
class Case:
    """A mixture, the noise level, and the number of training samples."""

    mixture: GaussianMixture
    noise: float
    rows: int


def plane() -> GaussianMixture:
    """Return three isotropic Gaussians in the plane, with different weights and sizes."""
    return GaussianMixture.of([0.5, 0.3, 0.2], [[-2.0, 0.0], [1.5, 1.5], [1.0, -2.0]], [0.5, 0.25, 0.1])


def ten() -> GaussianMixture:
    """Return eight Gaussians in ten dimensions, each wide in two directions of its own and narrow in the others."""
    generator = Generator(0)
    means = 1.5 * generator.normal(8, 10, dtype=torch.float64)
    ways = torch.linalg.qr(generator.normal(8, 10, 2, dtype=torch.float64)).Q
    flat = 0.05 * torch.eye(10, dtype=torch.float64)
    return GaussianMixture(
        torch.full((8,), 1 / 8, dtype=torch.float64), means, flat + ways @ ways.transpose(1, 2)
    )


CASES = {
    "plane": Case(plane(), 0.5, rows=200_000),
    "ten": Case(ten(), 0.5, rows=300_000),
}


def judge(case: Case, model: DenoisingAutoencoder, seed: int) -> tuple[Estimate, float]:
    """Return the relative error of a trained field on new rows, and the share of rows used."""
    noisy = case.mixture.smoothed(case.noise)
    x = noisy.sample(20_000, Generator(seed))
    density = noisy.log_prob(x)
    # A smooth mixture has its maximum near a centre or near one of many samples.
    highest = torch.maximum(density.max(), noisy.log_prob(noisy.means).max())
    kept = density > highest + np.log(0.01)
    exact = noisy.score(x[kept])
    return relative_error(model.score_field(x[kept].float().numpy()), exact.numpy()), float(
        kept.double().mean()
    )


def score_field(
    what: tuple[Literal["plane", "ten"], ...] = ("plane", "ten"), /, *, bench: Bench, rows: int | None = None
) -> None:
    """Train with isotropic noise, evaluate and print.

    Parameters
    ----------
    rows
        Number of training samples, instead of the mixture's.
    """

    def measured(name: str, seed: int) -> dict[str, Any]:
        case = CASES[name]
        X = case.mixture.sample(rows or case.rows, Generator(seed)).float().numpy()
        # The noise is in units of the scaled data, and each column has its own scale.
        noise = GaussianNoise(tuple((case.noise / X.astype(float).std(0)).tolist()))
        model = bench.model(f"score-field-{name}", seed, corruption=noise).fit(X)
        error, share = judge(case, model, 1000 if bench.validate else 2000)
        return {
            "percent": 100 * error.value,
            "standard_error": 100 * error.standard_error,
            "rows judged": share,
        }

    found: dict[str, list[float]] = {}
    for name, seed in bench.each(what):
        line = bench.result(partial(measured, name, seed), mixture=name, seed=seed, rows=rows)
        found.setdefault(name, []).append(line["percent"])
    row("mixture", "wanted", "relative error")
    for name, values in found.items():
        row(name, f"below {100 * WANTED:.0f} %", spread(values, unit=" %"))


if __name__ == "__main__":
    run(score_field, seeds=(0, 1, 2))
