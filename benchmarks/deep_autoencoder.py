"""Deep autoencoders of MNIST, 784-1000-500-250-30 and back: squared error per test image, summed over pixels in [0, 1].

The code is linear and the output logistic, trained with cross-entropy. Settings were chosen on the last 10,000 training
images (``--validate``). Without that option, training uses all 60,000, and the test set is used once per seed and
variant.

    python benchmarks/deep_autoencoder.py modern --out runs/deep --seeds 0 1 2
    python benchmarks/deep_autoencoder.py plain --out runs/deep --seeds 0
    python benchmarks/deep_autoencoder.py logistic --out runs/deep --seeds 0 1 2

``modern`` has SiLU hidden layers and is trained on images shifted by up to one pixel in each direction (augmentation),
then on unshifted images for a tenth as many epochs; ``plain`` uses no augmentation. ``logistic`` has logistic hidden
layers, augmentation after pretraining, and three starts with equal budgets: random weights, RBMs and denoising
autoencoders. One epoch of layer-wise pretraining costs as many products as one epoch of the whole network, so the
random start gets as many extra epochs.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from runner import Bench, minutes, row, run, spread
from tildex import Cosine
from tildex.evaluate import squared_error
from tildex.recipes import recipe

# Variant: published value (second-hand) and target.
WANTED = {
    "modern, moved images": (2.28, 2.5),
    "modern, no augmentation": (2.28, 2.5),
    "logistic, random start": ("", ""),
    "logistic, machines": (3.00, 2.8),
    "logistic, denoising": (3.00, 2.8),
}
VARIANTS = {
    "modern": ("modern, moved images",),
    "plain": ("modern, no augmentation",),
    "logistic": ("logistic, random start", "logistic, machines", "logistic, denoising"),
}


def moved(bench: Bench, seed: int, X: Any) -> tuple[Any, float]:
    """Return SiLU layers trained on shifted images, then on unshifted ones at a fifth of the rate."""
    model = bench.train(f"moved-{seed}", bench.model("deep-mnist", seed), X)
    spent = minutes(model)
    slower = {"learning_rate": 0.2 * model.optimizer.learning_rate, "schedule": Cosine()}
    model.set_params(optimizer=model.optimizer.copy().set_params(**slower), augmentation=None)
    model.set_params(warm_start=True, n_iter=max(1, model.n_iter // 10))
    model = bench.train(f"moved-clean-{seed}", model, X)
    return model, spent + minutes(model)


def plain(bench: Bench, seed: int, X: Any) -> tuple[Any, float]:
    """Return SiLU layers trained without augmentation."""
    model = bench.train(f"plain-{seed}", bench.model("deep-mnist", seed).set_params(augmentation=None), X)
    return model, minutes(model)


def logistic(bench: Bench, seed: int, X: Any, *, start: str, pretraining: int | None) -> tuple[Any, float]:
    """Return logistic layers trained from random weights, RBMs or denoising autoencoders."""
    model = bench.model("deep-machines-mnist", seed, n_iter_pretraining=pretraining)
    if start == "random":
        model.set_params(pretrain="none", n_iter=model.n_iter + model.n_iter_pretraining)
    elif start == "denoising":
        model.set_params(pretrain=recipe("stack-denoising-mnist").settings["pretrain"])
    model = bench.train(f"logistic-{start}-{seed}", model, X)
    return model, minutes(model)


def deep_autoencoder(
    what: Literal["modern", "plain", "logistic"],
    /,
    bench: Bench,
    *,
    pretraining_epochs: int | None = None,
    rows: int | None = None,
) -> None:
    """Train, evaluate and print.

    Parameters
    ----------
    pretraining_epochs
        Epochs per layer, instead of the recipe's.
    rows
        Number of training images, for a trial run.
    """
    X, _, held, _ = bench.parts("mnist")
    X = X[:rows]
    start = partial(logistic, pretraining=pretraining_epochs)
    train = {
        "modern, moved images": moved,
        "modern, no augmentation": plain,
        "logistic, random start": partial(start, start="random"),
        "logistic, machines": partial(start, start="machines"),
        "logistic, denoising": partial(start, start="denoising"),
    }

    def measured(variant: str, seed: int) -> dict[str, float]:
        model, spent = train[variant](bench, seed, X)
        error, own = (squared_error(x, model.reconstruct(x)) for x in (held, X[:10_000]))
        figures = {"error": error.value, "standard_error": error.standard_error}
        return {**figures, "error of images trained on": own.value, "minutes": spent}

    lines: dict[str, list[Any]] = {}
    for variant, seed in bench.each(VARIANTS[what]):
        settings = {"rows": rows, "pretraining_epochs": pretraining_epochs}
        line = bench.result(partial(measured, variant, seed), variant=variant, seed=seed, **settings)
        lines.setdefault(variant, []).append(line)
    row(f"what, judged on {bench.judged}", "published", "wanted", "ours", "minutes")
    for variant, found in lines.items():
        spent = spread((line["minutes"] for line in found), ".0f")
        row(variant, *WANTED[variant], spread(line["error"] for line in found), spent)


if __name__ == "__main__":
    run(deep_autoencoder)
