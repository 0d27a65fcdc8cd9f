"""Linear classification of CIFAR-10 on features of 6 x 6 patches: a Gaussian RBM, k-means and random patches.

All features share the pipeline of Coates, Ng & Lee (2011), "An analysis of single-layer networks in unsupervised
feature learning": patches with normalised brightness and contrast, whitened (epsilon 0.1); codes of the patches at 27 x
27 positions; sums over four quadrants; standardised columns; a one-against-rest linear classifier with the squared
hinge loss. Its weight decay is chosen on one training image in five; then it is trained on all training images and
evaluated once on the test images.

Codes: ``means`` of the RBM's hidden units; ``triangle``, the mean distance to all centroids minus the distance to this
one, if positive; ``threshold``, the product with a unit-norm filter minus a threshold, if positive (Coates & Ng, 2011,
"The importance of encoding versus training with sparse coding and vector quantization").

    python benchmarks/cifar_patches.py --data-dir DATA
    python benchmarks/cifar_patches.py --units 200 --images 4000 --codes rbm-means --validate    # a look in a minute
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache, partial
from typing import Annotated, Any, Literal, get_args

import torch
from cyclopts import Parameter
from torch import Tensor

from runner import Bench, row, run, spread
from tildex.features.code_maps import image_features
from tildex.features.patches import PatchScaling, random_patches
from tildex.generator import Generator

SIZE = 6
STRENGTHS = (0.3, 0.1, 0.03, 0.01, 0.003)


Encoder = Callable[[Tensor], Tensor]


def rbm(bench: Bench, patches: Tensor, units: int, seed: int, n_iter: int | None) -> tuple[Tensor, Encoder]:
    """Return the filters of a Gaussian RBM with sparse hidden units, shape (units, pixels), and its encoder."""
    model = bench.model("gaussian-rbm-cifar10", seed, n_components=units, n_iter=n_iter).fit(patches)
    return torch.as_tensor(model.components_), model.transform


def kmeans(
    bench: Bench, patches: Tensor, units: int, seed: int, n_iter: int | None
) -> tuple[Tensor, Encoder]:
    """Return k-means centroids (Lloyd's algorithm, from random patches) and their triangle encoder."""
    centroids = patches[torch.from_numpy(Generator(seed).permutation(len(patches))[:units])].clone()
    for _ in range(15 if n_iter is None else n_iter):
        sums, counts = torch.zeros_like(centroids), torch.zeros(units)
        half_squares = 0.5 * centroids.square().sum(1)
        for part in patches.split(4096):
            nearest = (part @ centroids.t() - half_squares).argmax(1)
            sums.index_add_(0, nearest, part)
            counts.index_add_(0, nearest, torch.ones(len(part)))
        centroids = torch.where(counts[:, None] > 0, sums / counts[:, None].clamp_min(1), centroids)
    return centroids, triangle(centroids)


def random(
    bench: Bench, patches: Tensor, units: int, seed: int, n_iter: int | None
) -> tuple[Tensor, Encoder]:
    """Return random patches and their triangle encoder, without training."""
    return kmeans(bench, patches, units, seed, 0)


LEARNERS = {"rbm": rbm, "kmeans": kmeans, "random": random}
Code = Literal[
    "rbm-means", "rbm-threshold", "kmeans-triangle", "kmeans-threshold", "random-triangle", "random-threshold"
]
CODES: tuple[Code, ...] = get_args(Code)


def threshold(filters: Tensor, level: float) -> Encoder:
    """Return the encoder max(0, product with the unit-norm filter - level)."""
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
    """Return weights that minimise the squared hinge loss plus strength * |W|^2, with the bias in the last row."""
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
    """Return the accuracy: the share of rows whose class has the largest margin."""
    return float((torch.addmm(weights[-1], F, weights[:-1]).argmax(1) == y).float().mean())


def choose(F: Tensor, y: Tensor) -> tuple[float, float]:
    """Return the strength with the best accuracy on every fifth row, trained on the others, and that accuracy."""
    held = torch.arange(len(F)) % 5 == 0
    rest, rest_y, best, weights = F[~held], y[~held], (0.0, 0.0), None
    for strength in STRENGTHS:
        weights = classifier(rest, rest_y, strength, weights)
        best = max(best, (accuracy(weights, F[held], y[held]), strength))
    return best[1], best[0]


def images(bench: Bench, split: str, count: int | None) -> tuple[Tensor, Tensor]:
    """Return images, shape (n, 32, 32, 3), and their classes."""
    record = bench.read("cifar10", split)
    return torch.from_numpy(record.X[:count]).view(-1, 32, 32, 3), torch.from_numpy(record.y[:count])


def cifar_patches(
    bench: Bench,
    *,
    codes: tuple[Code, ...] = CODES,
    threshold_: Annotated[float, Parameter(name="--threshold")] = 0.25,
    units: int = 1600,
    images_: Annotated[int | None, Parameter(name="--images")] = None,
    patches: int = 200_000,
    passes: int | None = None,
) -> None:
    """Measure and print.

    Parameters
    ----------
    threshold_
        Threshold of the threshold codes.
    images_
        Number of training images; all available when not given.
    passes
        Epochs over the patches; 10 for the RBM, 15 for k-means.
    """
    X, y = images(bench, "train", images_)

    @cache
    def scaled(seed: int) -> tuple[PatchScaling, Tensor]:
        pixels = random_patches(X, SIZE, patches, generator=Generator(seed))
        scaling = PatchScaling.of(pixels)
        return scaling, scaling(pixels)

    @cache
    def learned(learner: str, seed: int) -> tuple[Tensor, Encoder]:
        return LEARNERS[learner](bench, scaled(seed)[1], units, seed, passes)

    def measured(code: str, seed: int) -> dict[str, Any]:
        began = time.process_time()
        learner, kind = code.split("-")
        filters, own = learned(learner, seed)
        encode = threshold(filters, threshold_) if kind == "threshold" else own
        trained = time.process_time() - began
        F = image_features(X, SIZE, scaled(seed)[0], encode, batch_size=2)
        std, mean = torch.std_mean(F, 0)
        std += 1e-6
        F.sub_(mean).div_(std)
        strength, validation = choose(F, y)
        found = {"validation": 100 * validation, "strength": strength, "training processor seconds": trained}
        if not bench.validate:
            weights = classifier(F, y, strength)
            del F
            X_test, y_test = images(bench, "test", None)
            F = image_features(X_test, SIZE, scaled(seed)[0], encode, batch_size=2).sub_(mean).div_(std)
            found["test"] = 100 * accuracy(weights, F, y_test)
        return found

    lines: dict[str, list[float]] = {}
    settings = {
        "units": units,
        "images": len(X),
        "patches": patches,
        "passes": passes,
        "threshold": threshold_,
    }
    for code, seed in bench.each(codes):
        line = bench.result(partial(measured, code, seed), code=code, seed=seed, **settings)
        lines.setdefault(code, []).append(line[bench.judged])
    row("features", f"right on {bench.judged}, wanted 66 %")
    for code, values in lines.items():
        row(code, spread(values, unit=" %"))


if __name__ == "__main__":
    run(cifar_patches, threads=1)
