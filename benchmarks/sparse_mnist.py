"""A k-sparse autoencoder on MNIST, evaluated by a logistic regression on its frozen code.

The set-up follows Makhzani & Frey (2014), "k-sparse autoencoders": 1,000 units, the k largest of each row in training,
alpha * k afterwards, no labels until the code is frozen. Grey values are centred and divided by one number. The encoder
starts as the decoder's transpose; k falls from 4 k; dead units are revived. A quarter of the pixels is masked in
training; without masking, the validation error is 0.4 percentage points higher. ``--channels`` makes the encoder a
convolutional network, and ``--shift`` shifts training images by up to this many pixels.

The regularisation (C) of the regression is chosen on the last 10,000 training images, with a regression on the codes of
the others; then one with that C on all 60,000 is evaluated on the test set once per seed. With ``--validate`` the test
set is not used, and the autoencoder is trained on 50,000 images.

``--dropout`` evaluates a dropout autoencoder with the same regression: rectified units, of which that share is dropped
for each row in training, without other sparsity.

    python benchmarks/sparse_mnist.py --out runs/sparse --seeds 0 1 2
    python benchmarks/sparse_mnist.py --out runs/sparse --seeds 0 1 2 --dropout 0.5 --mask 0
    python benchmarks/sparse_mnist.py --out runs/sparse --validate --k 15 25 40 --alpha 1 2 3
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from runner import Bench, read_out, row, run, spread
from tildex import Autoencoder, Convolutional, Dropout, Masking, Shift, TopK

VALIDATION = 10_000
PUBLISHED = {"k-sparse": (1.35, "1.30 %"), "dropout": (1.80, "no more")}
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)

regression = partial(read_out, max_iter=300, tol=1e-4)


def errors(Z: np.ndarray, y: np.ndarray, Z_held: np.ndarray, y_held: np.ndarray) -> dict[float, float]:
    """Return the held-out error, in per cent, for each C of the regression."""
    found = {}
    for C in STRENGTHS:
        found[C] = 100 * float((regression(Z, y, C=C).predict(Z_held) != y_held).mean())
    return found


def codes(model: Autoencoder, X: np.ndarray, size: float | None = None) -> tuple[np.ndarray, float]:
    """Return codes divided by the root mean square of the training codes, and that number."""
    Z = model.transform(X)
    size = float(np.sqrt((Z**2).mean())) if size is None else size
    return Z / size, size


def sparse_mnist(
    bench: Bench,
    *,
    k: tuple[int, ...] = (25,),
    alpha: tuple[float, ...] = (6.0,),
    dropout: float = 0.0,
    mask: float = 0.25,
    channels: tuple[int, ...] = (),
    shift: int = 0,
) -> None:
    """Measure and print.

    Parameters
    ----------
    dropout
        Share of rectified units to drop, instead of k-sparse units.
    mask
        Share of pixels masked in training.
    channels
        Channels of a convolutional encoder.
    shift
        Maximum shift of training images, in pixels.
    """
    data = bench.read("mnist")
    X, y = data.X, data.y
    rest, held = slice(0, -VALIDATION), slice(-VALIDATION, None)
    settings = {"dropout": dropout, "mask": mask, "channels": list(channels), "shift": shift}

    def autoencoder(k: int, seed: int) -> Autoencoder:
        model = bench.model("dropout-codes-mnist" if dropout else "k-sparse-mnist", seed)
        model.set_params(corruption=Masking(mask), augmentation=Shift(shift) if shift else None)
        if channels:
            model.set_params(architecture=Convolutional((28, 28), channels=channels, kernel=5))
        model.set_params(**{"noise": Dropout(dropout)} if dropout else {"code": TopK(k)})
        name = "-".join(f"{name}{value}" for name, value in {"k": k, **settings}.items() if value)
        return bench.train(f"{name}-{seed}", model, X[rest] if bench.validate else X)

    def measured(k: int, alpha: float, seed: int) -> dict[str, Any]:
        model = autoencoder(k, seed)
        if not dropout:
            model.module_.encoder.units.alpha = alpha
        Z, size = codes(model, X[rest])
        by_strength = errors(Z, y[rest], codes(model, X[held], size)[0], y[held])
        best = min(by_strength, key=lambda C: by_strength[C])
        last = model.history_[-1]
        found = {"validation": by_strength[best], "C": best, "by C": by_strength}
        found |= {name: last[name] for name in ("l0", "fvu", "dead") if name in last}
        if not bench.validate:
            test = bench.read("mnist", "test")
            Z, size = codes(model, X)
            final = regression(Z, y, C=best)
            found["test"] = 100 * float((final.predict(codes(model, test.X, size)[0]) != test.y).mean())
        return found

    lines: dict[str, list[float]] = {}
    for units, use, seed in bench.each([0] if dropout else k, [1.0] if dropout else alpha):
        what = {"k": units, "alpha": use, **settings}
        line = bench.result(partial(measured, units, use, seed), seed=seed, **what)
        name = f"dropout {dropout:g}" if dropout else f"k {units}, alpha {use:g}"
        lines.setdefault(name, []).append(line[bench.judged])
    published, wanted = PUBLISHED["dropout" if dropout else "k-sparse"]
    row("code", "published", "wanted", f"error on {bench.judged}")
    for name, values in lines.items():
        row(name, f"{published:.2f} %", wanted, spread(values, unit=" %"))


if __name__ == "__main__":
    run(sparse_mnist, threads=1)
