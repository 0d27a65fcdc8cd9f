"""How near the score field of a denoising autoencoder comes to the exact one, on two mixtures whose density is known.

The model sees draws of a mixture with Gaussian noise added and learns to undo it. What it moves a row by, over the
noise's variance, is held against the gradient of the log-density of noisy draws (Tweedie's identity, exact for noise of
any size), on fresh noisy draws where that density is above 1 % of its maximum. ``--validate`` judges on draws other
than those of the last run.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
import torch

from tildex import Adam, Cosine, DenoisingAutoencoder, Gaussian, GaussianNoise
from tildex.evaluate import Estimate, GaussianMixture, relative_error
from tildex.generator import Generator

WANTED = 0.05


@dataclass(frozen=True)
class Case:
    """A mixture, the noise, and how to train on it."""

    mixture: GaussianMixture
    noise: float
    rows: int
    units: int
    epochs: int


def plane() -> GaussianMixture:
    """Return three round clouds in the plane, of different weights and sizes."""
    return GaussianMixture.of([0.5, 0.3, 0.2], [[-2.0, 0.0], [1.5, 1.5], [1.0, -2.0]], [0.5, 0.25, 0.1])


def ten() -> GaussianMixture:
    """Return eight clouds in ten dimensions, each long in two directions of its own and flat in the others."""
    generator = Generator(0)
    means = 1.5 * generator.normal(8, 10, dtype=torch.float64)
    ways = torch.linalg.qr(generator.normal(8, 10, 2, dtype=torch.float64)).Q
    flat = 0.05 * torch.eye(10, dtype=torch.float64)
    return GaussianMixture(
        torch.full((8,), 1 / 8, dtype=torch.float64), means, flat + ways @ ways.transpose(1, 2)
    )


CASES = {
    "plane": Case(plane(), 0.5, rows=200_000, units=128, epochs=15),
    "ten": Case(ten(), 0.5, rows=300_000, units=256, epochs=20),
}


def judge(case: Case, model: DenoisingAutoencoder, seed: int) -> tuple[Estimate, float]:
    """Return the relative error of a trained field on fresh rows, and the share of rows it was judged on."""
    noisy = case.mixture.smoothed(case.noise)
    x = noisy.sample(20_000, Generator(seed))
    density = noisy.log_prob(x)
    # Of a smooth mixture the maximum lies near a centre or among many draws.
    highest = torch.maximum(density.max(), noisy.log_prob(noisy.means).max())
    kept = density > highest + np.log(0.01)
    exact = noisy.score(x[kept])
    return relative_error(model.score_field(x[kept].float().numpy()), exact.numpy()), float(
        kept.double().mean()
    )


def train(case: Case, seed: int, options: argparse.Namespace) -> DenoisingAutoencoder:
    """Return a model trained to undo noise of one size in all directions."""
    X = case.mixture.sample(options.rows or case.rows, Generator(seed)).float().numpy()
    units = options.units or case.units
    model = DenoisingAutoencoder(
        units,
        hidden_layer_sizes=(units, units),
        code=Gaussian(),
        likelihood=Gaussian(),
        # The noise is in units of the scaled data, and columns are scaled one by one.
        corruption=GaussianNoise(tuple((case.noise / X.astype(float).std(0)).tolist())),
        optimizer=Adam(options.rate, schedule=Cosine(warmup=0.02)),
        n_iter=options.epochs or case.epochs,
        batch_size=options.batch_size,
        averaging=options.averaging,
        device=options.device,
        random_state=seed,
    )
    return model.fit(X)


def main() -> None:
    """Train, judge and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", choices=[*CASES, []], help="both by default")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--validate", action="store_true", help="judge on draws that are not those of the result"
    )
    parser.add_argument("--rows", type=int)
    parser.add_argument("--units", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--rate", type=float, default=5e-3)
    parser.add_argument("--averaging", type=float, default=0.999)
    parser.add_argument("--batch-size", type=int, default=500)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name in options.what or CASES:
        found = []
        for seed in options.seeds:
            began = time.perf_counter()
            model = train(CASES[name], seed, options)
            error, share = judge(CASES[name], model, 1000 if options.validate else 2000)
            found.append(error.value)
            minutes = (time.perf_counter() - began) / 60
            print(
                f"{name}, seed {seed}: relative error {100 * error.value:.2f} ± {100 * error.standard_error:.2f} % "
                f"on {100 * share:.0f} % of rows, {minutes:.1f} min",
                flush=True,
            )
        low, high = (100 * value for value in (min(found), max(found)))
        print(
            f"{name}: {100 * np.mean(found):.2f} % ({low:.2f} to {high:.2f}), wanted below {100 * WANTED:.0f} %"
        )


if __name__ == "__main__":
    main()
