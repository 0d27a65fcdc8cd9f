"""Deep autoencoders of MNIST, 784-1000-500-250-30 and back: squared error a test image, pixels in [0, 1], summed.

The code is linear and the output logistic, trained by cross-entropy. Settings were chosen on the last 10,000 training
images (``--validate``); without that option all 60,000 are trained on and the test set is touched once for every seed
and variant.

    python benchmarks/deep_autoencoder.py modern --out runs/deep --seeds 0 1 2
    python benchmarks/deep_autoencoder.py plain --out runs/deep --seeds 0
    python benchmarks/deep_autoencoder.py logistic --out runs/deep --seeds 0 1 2

``modern`` has SiLU hidden layers and sees every image moved by up to a pixel each way, which is an augmentation, then,
for a tenth as many passes, the images as they are; ``plain`` never moves an image. ``logistic`` has logistic hidden
layers, moved images after the start, and three starts on an equal budget: random weights, restricted machines and
denoising autoencoders. A pass over every layer alone has as many products as one over the whole network, so that the
random start gets as many more passes.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from runner import Bench, minutes, row, run, spread
from tildex import Cosine
from tildex.evaluate import squared_error
from tildex.recipes import recipe

# Variant: what was published, second-hand, and what is wanted.
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
    """Return SiLU layers trained on moved images and then, at a fifth of the rate, on those as they are."""
    model = bench.train(f"moved-{seed}", bench.model("deep-mnist", seed), X)
    spent = minutes(model)
    slower = {"learning_rate": 0.2 * model.optimizer.learning_rate, "schedule": Cosine()}
    model.set_params(optimizer=model.optimizer.copy().set_params(**slower), augmentation=None)
    model.set_params(warm_start=True, n_iter=max(1, model.n_iter // 10))
    model = bench.train(f"moved-clean-{seed}", model, X)
    return model, spent + minutes(model)


def plain(bench: Bench, seed: int, X: Any) -> tuple[Any, float]:
    """Return SiLU layers trained on the images as they are."""
    model = bench.train(f"plain-{seed}", bench.model("deep-mnist", seed).set_params(augmentation=None), X)
    return model, minutes(model)


def logistic(bench: Bench, seed: int, X: Any, *, start: str, pretraining: int | None) -> tuple[Any, float]:
    """Return logistic layers trained from random weights, machines or denoising autoencoders."""
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
    """Train, judge and print.

    Parameters
    ----------
    pretraining_epochs
        A layer, other than the recipe's.
    rows
        Train on so many images only, for a trial.
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
