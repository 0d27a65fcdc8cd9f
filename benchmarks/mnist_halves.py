"""The left and right halves of MNIST digits as two modalities, evaluated by a linear probe of joint codes.

The set-up follows Sohn, Shang & Lee (2014), "Improved multimodal deep learning with variation of information": one
joint layer over both halves is trained with contrastive divergence (``--likelihood``: with persistent chains), and then
to predict either half from the other through unrolled mean field. At test time both halves are given, or one is given
and the other inferred. Labels are used only for the probe.

Two probes are reported. ``own``: a logistic regression on codes of training rows with the same given halves as the test
rows. ``both``: one regression for all cases, on codes of training rows with both halves. Their regularisation (C) is
chosen on the last 10,000 training images; then regressions on all 60,000 are evaluated on the test set once per seed.
With ``--validate`` the test set is not used, and the machine is trained on 50,000 images.

    python benchmarks/mnist_halves.py --out runs/halves --seeds 0 1 2
    python benchmarks/mnist_halves.py --out runs/halves --validate --rows 10000 --epochs 10
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from runner import Bench, read_out, row, run, spread
from tildex import SGD, Linear, Modality, MultimodalDBM, Variational

VALIDATION = 10_000
GIVEN = {"both": ("left", "right"), "left": ("left",), "right": ("right",)}
PUBLISHED = {
    "likelihood": {"both": 1.57, "left": 14.98, "right": 18.88},
    "multi-prediction": {"both": 1.73, "left": 6.58, "right": 7.27},
    "best of any": {"both": 1.71, "left": 6.58, "right": 7.27},
    "wanted": {"both": 1.6, "left": 6.5, "right": 7.2},
}
STRENGTHS = (0.3, 1.0)


def halves(X: np.ndarray) -> dict[str, np.ndarray]:
    """Return images of 28 x 28 as their left and right halves."""
    images = X.reshape(-1, 28, 28)
    return {
        "left": images[:, :, :14].reshape(len(X), -1).copy(),
        "right": images[:, :, 14:].reshape(len(X), -1).copy(),
    }


def codes(model: MultimodalDBM, X: np.ndarray) -> dict[str, np.ndarray]:
    """Return joint codes for each choice of given halves."""
    parts = halves(X)
    return {given: model.transform({name: parts[name] for name in names}) for given, names in GIVEN.items()}


def error(model: Any, Z: np.ndarray, y: np.ndarray) -> float:
    """Return the error in per cent."""
    return 100 * float((model.predict(Z) != y).mean())


def chosen(Z: np.ndarray, y: np.ndarray, Z_held: np.ndarray, y_held: np.ndarray) -> tuple[float, float]:
    """Return the best C of a regression and its held-out error."""
    by_strength = {C: error(read_out(Z, y, C=C), Z_held, y_held) for C in STRENGTHS}
    best = min(by_strength, key=lambda C: by_strength[C])
    return best, by_strength[best]


def mnist_halves(
    bench: Bench, *, rows: int | None = None, pathway: tuple[int, ...] = (), likelihood: bool = False
) -> None:
    """Measure and print.

    Parameters
    ----------
    rows
        Number of training rows; only with --validate.
    pathway
        Sizes of the layers below the joint one, for each half.
    likelihood
        Use persistent chains in the first training.
    """
    if rows and not bench.validate:
        raise SystemExit("--rows is for trials: give --validate with it")
    data = bench.read("mnist")
    X, y = data.X, data.y
    rest, held = slice(0, rows or -VALIDATION), slice(-VALIDATION, None)
    settings = {"rows": rows, "pathway": list(pathway), "likelihood": likelihood}

    def machine(seed: int) -> MultimodalDBM:
        model = bench.model("halves-mnist", seed)
        halved = [
            Modality(name, hidden_layer_sizes=pathway, binarisation="none") for name in ("left", "right")
        ]
        model.set_params(modalities=halved)
        if likelihood:
            rule = Variational(1, n_chains=model.batch_size, n_mean_field=5)
            model.set_params(rule=rule, optimizer=SGD(model.optimizer.learning_rate, schedule=Linear()))
        known = "-".join(f"{name}{value}" for name, value in settings.items() if value)
        return bench.train(f"{known or 'machine'}-{seed}", model, halves(X[rest] if bench.validate else X))

    def measured(seed: int) -> dict[str, Any]:
        model, strengths, found = machine(seed), {}, {}
        Z, Z_held = codes(model, X[rest]), codes(model, X[held])
        for given in GIVEN:
            strengths[given], found[f"validation, {given}, own"] = chosen(
                Z[given], y[rest], Z_held[given], y[held]
            )
        shared = read_out(Z["both"], y[rest], C=strengths["both"])
        found |= {f"validation, {given}, both": error(shared, Z_held[given], y[held]) for given in GIVEN}
        if not bench.validate:
            test = bench.read("mnist", "test")
            Z, Z_test = codes(model, X), codes(model, test.X)
            final = {given: read_out(Z[given], y, C=strengths[given]) for given in GIVEN}
            for given in GIVEN:
                found[f"test, {given}, own"] = error(final[given], Z_test[given], test.y)
                found[f"test, {given}, both"] = error(final["both"], Z_test[given], test.y)
        return {**found, "C": strengths}

    lines = [bench.result(partial(measured, seed), seed=seed, **settings) for seed in bench.each()]
    row("given", *PUBLISHED, "ours", "ours, one regression for all, trained on both halves")
    for given in GIVEN:
        ours = (spread(line[f"{bench.judged}, {given}, {how}"] for line in lines) for how in ("own", "both"))
        row(given, *(f"{figures[given]:.2f}" for figures in PUBLISHED.values()), *ours)


if __name__ == "__main__":
    run(mnist_halves)
