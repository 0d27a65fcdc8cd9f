"""Linear classification of CIFAR-10 on features of 6 x 6 patches: a Gaussian RBM, k-means and random patches.

The pipeline is that of Coates, Ng & Lee (2011), "An analysis of single-layer networks in unsupervised feature
learning", the same for all: patches of equal brightness and contrast, whitened (epsilon 0.1); the code of the patch at
each of 27 x 27 places; sums over four quadrants; standardised columns; a linear classifier under the squared hinge
loss, one class against all others. How strongly its weights are held small is chosen on one training image in five;
then it is trained on all training images and meets the test images once.

Codes: ``means`` of the RBM's hidden units; ``triangle``, how much nearer than on average a patch is to a centroid;
``threshold``, by how much the product with a filter of length one exceeds a threshold (Coates & Ng, 2011, "The
importance of encoding versus training with sparse coding and vector quantization").

    python benchmarks/cifar_patches.py --data-dir DATA
    python benchmarks/cifar_patches.py --units 200 --images 4000 --codes rbm-means --no-test    # a look in a minute
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from tildex import CD, SGD, GaussianRBM, KLSparsity, Linear, read
from tildex.features.code_maps import image_features
from tildex.features.patches import PatchScaling, random_patches
from tildex.generator import Generator

SIZE = 6
STRENGTHS = (0.3, 0.1, 0.03, 0.01, 0.003)


Encoder = Callable[[Tensor], Tensor]


def rbm(patches: Tensor, units: int, seed: int, n_iter: int) -> tuple[Tensor, Encoder]:
    """Return the filters of a Gaussian RBM with sparse hidden units, shape (units, pixels), and its own code."""
    model = GaussianRBM(
        units,
        rule=CD(1, penalty=KLSparsity(1.0, target=0.03)),
        optimizer=SGD(0.01, momentum=0.9, schedule=Linear()),
        n_iter=n_iter,
        batch_size=100,
        random_state=seed,
    ).fit(patches)
    return torch.as_tensor(model.components_), model.transform


def kmeans(patches: Tensor, units: int, seed: int, n_iter: int) -> tuple[Tensor, Encoder]:
    """Return Lloyd's centroids, which start at random patches, and their triangle code."""
    centroids = patches[torch.from_numpy(Generator(seed).permutation(len(patches))[:units])].clone()
    for _ in range(n_iter):
        sums, counts = torch.zeros_like(centroids), torch.zeros(units)
        half_squares = 0.5 * centroids.square().sum(1)
        for part in patches.split(4096):
            nearest = (part @ centroids.t() - half_squares).argmax(1)
            sums.index_add_(0, nearest, part)
            counts.index_add_(0, nearest, torch.ones(len(part)))
        centroids = torch.where(counts[:, None] > 0, sums / counts[:, None].clamp_min(1), centroids)
    return centroids, triangle(centroids)


def random(patches: Tensor, units: int, seed: int, n_iter: int) -> tuple[Tensor, Encoder]:
    """Return random patches and their triangle code: nothing is learned."""
    return kmeans(patches, units, seed, 0)


LEARNERS = {"rbm": rbm, "kmeans": kmeans, "random": random}
PASSES = {"rbm": 10, "kmeans": 15, "random": 0}
CODES = (
    "rbm-means",
    "rbm-threshold",
    "kmeans-triangle",
    "kmeans-threshold",
    "random-triangle",
    "random-threshold",
)


def threshold(filters: Tensor, level: float) -> Encoder:
    """Return the encoder max(0, product with the filter made of length one - level)."""
    unit = torch.nn.functional.normalize(filters, dim=1).t().contiguous()
    return lambda x: (x @ unit).sub_(level).clamp_min_(0)


def triangle(centroids: Tensor) -> Encoder:
    """Return the encoder max(0, mean distance to all centroids - distance to this one)."""
    squares = centroids.square().sum(1)

    def encode(x: Tensor) -> Tensor:
        own = x.square().sum(1, keepdim=True)
        distances = torch.addmm(squares, x, centroids.t(), alpha=-2).add_(own).clamp_min_(0).sqrt_()
        return distances.mean(1, keepdim=True).sub(distances).clamp_min_(0)

    return encode


def classifier(F: Tensor, y: Tensor, strength: float, start: Tensor | None = None) -> Tensor:
    """Return weights, the bias in the last row, that minimise the squared hinge loss plus strength * |W|^2."""
    signs = torch.full((len(F), 10), -1.0).scatter_(1, y[:, None], 1.0)
    weights = torch.zeros(F.shape[1] + 1, 10) if start is None else start.clone()
    weights.requires_grad_()
    lbfgs = torch.optim.LBFGS([weights], max_iter=100, history_size=10, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        lbfgs.zero_grad()
        margins = signs * torch.addmm(weights[-1], F, weights[:-1])
        total = (1 - margins).clamp_min(0).square().sum(1).mean() + strength * weights[:-1].square().sum()
        total.backward()
        return total

    lbfgs.step(loss)
    return weights.detach()


def accuracy(weights: Tensor, F: Tensor, y: Tensor) -> float:
    """Return the share of rows whose class has the largest margin."""
    return float((torch.addmm(weights[-1], F, weights[:-1]).argmax(1) == y).float().mean())


def choose(F: Tensor, y: Tensor) -> tuple[float, float]:
    """Return the strength that is best on every fifth row, trained on the others, and its accuracy there."""
    held = torch.arange(len(F)) % 5 == 0
    rest, rest_y, best, weights = F[~held], y[~held], (0.0, 0.0), None
    for strength in STRENGTHS:
        weights = classifier(rest, rest_y, strength, weights)
        best = max(best, (accuracy(weights, F[held], y[held]), strength))
    return best[1], best[0]


def images(split: str, folder: Path | None, count: int | None) -> tuple[Tensor, Tensor]:
    """Return images, shape (n, 32, 32, 3), and their classes."""
    with warnings.catch_warnings():
        # The number of rows is printed below.
        warnings.simplefilter("ignore")
        record = read("cifar10", split=split, data_dir=folder)
    assert record.y is not None
    return torch.from_numpy(record.X[:count]).view(-1, 32, 32, 3), torch.from_numpy(record.y[:count])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--codes", nargs="+", choices=CODES, default=list(CODES))
    parser.add_argument("--threshold", type=float, default=0.25, help="of the threshold codes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--units", type=int, default=1600)
    parser.add_argument("--images", type=int, help="training images; all at hand when not given")
    parser.add_argument("--patches", type=int, default=200_000)
    parser.add_argument("--passes", type=int, help="over the patches; 10 for the RBM, 15 for k-means")
    parser.add_argument("--no-test", action="store_true", help="stop at the validation images")
    parser.add_argument("--data-dir", type=Path, help="the folder of known data sets; $TILDEX_DATA otherwise")
    options = parser.parse_args()
    torch.set_num_threads(1)
    X, y = images("train", options.data_dir, options.images)
    for seed in options.seeds:
        pixels = random_patches(X, SIZE, options.patches, generator=Generator(seed))
        scaling = PatchScaling.of(pixels)
        patches = scaling(pixels)
        learned: dict[str, tuple[Tensor, Encoder]] = {}
        for code in options.codes:
            began = time.process_time()
            learner, kind = code.split("-")
            if learner not in learned:
                passes = PASSES[learner] if options.passes is None else options.passes
                learned[learner] = LEARNERS[learner](patches, options.units, seed, passes)
            filters, own = learned[learner]
            encode = threshold(filters, options.threshold) if kind == "threshold" else own
            trained = time.process_time() - began
            F = image_features(X, SIZE, scaling, encode, batch_size=2)
            std, mean = torch.std_mean(F, 0)
            std += 1e-6
            F.sub_(mean).div_(std)
            encoded = time.process_time() - began - trained
            strength, validation = choose(F, y)
            line = (
                f"{code}, {options.units} units, {len(X)} training images, seed {seed}: "
                f"validation {validation:.2%} at strength {strength:g}"
            )
            if not options.no_test:
                weights = classifier(F, y, strength)
                del F
                X_test, y_test = images("test", options.data_dir, None)
                F = image_features(X_test, SIZE, scaling, encode, batch_size=2).sub_(mean).div_(std)
                line += f", TEST {accuracy(weights, F, y_test):.2%} of {len(y_test)} (wanted 66 %)"
            total = time.process_time() - began
            print(
                f"{line}; processor seconds: {trained:.0f} training, {encoded:.0f} encoding, {total:.0f} in all"
            )


if __name__ == "__main__":
    main()
