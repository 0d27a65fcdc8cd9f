"""The left and the right half of an MNIST digit as two modalities, judged by a linear read-out of joint codes.

The set-up of Sohn, Shang & Lee (2014), "Improved multimodal deep learning with variation of information": both halves
meet in one joint layer, trained by contrastive divergence (``--likelihood``: by persistent chains) and then for
prediction of either half from the other through unrolled mean field. At test time both halves are given, or one of them
and the other is inferred. No label is seen until the codes are there.

Two read-outs are reported. ``own``: a logistic regression on the codes of training rows that know what the test rows
know. ``both``: one regression for all, on the codes of training rows that know both halves. How strongly they are held
back (C) is chosen on the last 10,000 training images; then regressions on all 60,000 meet the test set once for every
seed: a result that is there already is kept. With ``--validate`` nothing touches the test set, and the machine sees
50,000 images. An interrupted command goes on from its checkpoints.

    python benchmarks/mnist_halves.py --out runs/halves --seeds 0 1 2
    python benchmarks/mnist_halves.py --out runs/halves --validate --rows 10000 --epochs 10
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from finetune import CLASSIC
from tildex import SGD, Adam, Cosine, Linear, Modality, MultimodalDBM, MultiPrediction, Variational, read
from tildex.files import write_json

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


def machine(options: argparse.Namespace, seed: int, X: np.ndarray, folder: Path) -> MultimodalDBM:
    """Return the trained machine."""
    sizes = tuple(options.pathway)
    if options.likelihood:
        rule = Variational(1, n_chains=options.batch_size, n_mean_field=5)
        optimizer = SGD(options.rate, schedule=Linear())
    else:
        # It makes units that are rarely active; a regression reads their codes better.
        rule = Variational(1, n_mean_field=5, persistent=False, centring=None)
        optimizer = CLASSIC["optimizer"].copy().set_params(learning_rate=options.rate)
    model = MultimodalDBM(
        options.units,
        modalities=[
            Modality(name, hidden_layer_sizes=sizes, binarisation="none") for name in ("left", "right")
        ],
        n_iter_pretraining=options.pretraining_epochs,
        rule=rule,
        optimizer=optimizer,
        n_iter=options.epochs,
        prediction_rule=MultiPrediction(options.steps, values=options.values),
        prediction_optimizer=Adam(options.prediction_rate, schedule=Cosine(warmup=0.05)),
        n_iter_prediction=options.prediction_epochs,
        batch_size=options.batch_size,
        averaging=0.999,
        precision=options.precision,
        verbose=options.verbose,
        random_state=seed,
    )
    folder.mkdir(parents=True, exist_ok=True)
    return model.fit(halves(X), checkpoint=folder / f"{name_of(options)}-seed{seed}-{len(X)}.safetensors")


def name_of(options: argparse.Namespace) -> str:
    """Return what a result is of, in a file's name."""
    sizes = "-".join(map(str, [*options.pathway, options.units]))
    rule = "likelihood-" if options.likelihood else ""
    passes = f"{options.epochs}+{options.prediction_epochs}-steps{options.steps}"
    rates = f"rates{options.rate:g}+{options.prediction_rate:g}"
    return f"{rule}{sizes}-{passes}-values{options.values:g}-{rates}"


def codes(model: MultimodalDBM, X: np.ndarray) -> dict[str, np.ndarray]:
    """Return joint codes by what is given."""
    parts = halves(X)
    return {given: model.transform({name: parts[name] for name in names}) for given, names in GIVEN.items()}


def regression(Z: np.ndarray, y: np.ndarray, C: float) -> LogisticRegression:
    """Return a logistic regression on codes, trained to its end: one that stops early reads them worse."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*failed to converge")
        return LogisticRegression(C=C, max_iter=1000, tol=1e-5).fit(Z, y)


def error(model: LogisticRegression, Z: np.ndarray, y: np.ndarray) -> float:
    """Return the error in per cent."""
    return 100 * float((model.predict(Z) != y).mean())


def chosen(Z: np.ndarray, y: np.ndarray, Z_held: np.ndarray, y_held: np.ndarray) -> tuple[float, float]:
    """Return the best strength of a regression and its held-out error."""
    by_strength = {C: error(regression(Z, y, C), Z_held, y_held) for C in STRENGTHS}
    best = min(by_strength, key=lambda C: by_strength[C])
    return best, by_strength[best]


def measure(options: argparse.Namespace, seed: int, data: Any) -> dict[str, Any]:
    """Return the figures of one seed."""
    X, y, X_test, y_test = data
    began = time.process_time()
    rest, held = slice(0, -VALIDATION), slice(-VALIDATION, None)
    if options.rows:
        rest = slice(0, options.rows)
    model = machine(options, seed, X[rest] if options.validate else X, options.out)
    trained = time.process_time() - began
    Z, Z_held = codes(model, X[rest]), codes(model, X[held])
    strengths, found = {}, {"seed": seed}
    for given in GIVEN:
        strengths[given], found[f"validation, {given}, own"] = chosen(
            Z[given], y[rest], Z_held[given], y[held]
        )
    shared = regression(Z["both"], y[rest], strengths["both"])
    found |= {f"validation, {given}, both": error(shared, Z_held[given], y[held]) for given in GIVEN}
    if not options.validate:
        Z, Z_test = codes(model, X), codes(model, X_test)
        final = {given: regression(Z[given], y, strengths[given]) for given in GIVEN}
        for given in GIVEN:
            found[f"test, {given}, own"] = error(final[given], Z_test[given], y_test)
            found[f"test, {given}, both"] = error(final["both"], Z_test[given], y_test)
    return {
        **found,
        "C": strengths,
        "training processor seconds": trained,
        "processor seconds": time.process_time() - began,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder of checkpoints and results")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--validate", action="store_true", help="leave the test set alone")
    parser.add_argument("--rows", type=int, default=0, help="train on so many rows only; with --validate")
    parser.add_argument("--units", type=int, default=1024, help="of the joint layer")
    parser.add_argument("--pathway", type=int, nargs="*", default=[], help="layers below it, for each half")
    parser.add_argument("--pretraining-epochs", type=int, default=20, help="of the layers of pathways")
    parser.add_argument("--epochs", type=int, default=60, help="of the first training")
    parser.add_argument("--likelihood", action="store_true", help="persistent chains in the first training")
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--prediction-epochs", type=int, default=1)
    parser.add_argument("--prediction-rate", type=float, default=1e-4)
    parser.add_argument("--steps", type=int, default=5, help="passes of mean field that are unrolled")
    parser.add_argument("--values", type=float, default=0.7, help="share of rows with values left out")
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--precision", default="bfloat16", help="of matrix products: float32 or bfloat16")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--verbose", type=int, default=0)
    parser.add_argument("--data-dir", type=Path, help="the folder of known data sets; $TILDEX_DATA otherwise")
    options = parser.parse_args()
    if options.rows and not options.validate:
        parser.error("--rows is for trials: give --validate with it")
    torch.set_num_threads(options.threads)
    train, test = (read("mnist", split=split, data_dir=options.data_dir) for split in ("train", "test"))
    part = "validation" if options.validate else "test"
    results = []
    for seed in options.seeds:
        path = options.out / f"{part}-{name_of(options)}-seed{seed}-{options.rows}.json"
        if not path.exists():
            write_json(path, measure(options, seed, (train.X, train.y, test.X, test.y)))
        results.append(json.loads(path.read_text()))
        print(results[-1], flush=True)
    for read_out in ("own", "both"):
        for given in GIVEN:
            errors = [result[f"{part}, {given}, {read_out}"] for result in results]
            beside = ", ".join(f"{name} {row[given]:.2f}" for name, row in PUBLISHED.items())
            print(
                f"{part} error, {given} given, read-out {read_out}: {np.mean(errors):.2f} % "
                f"({min(errors):.2f} to {max(errors):.2f}); {beside}"
            )


if __name__ == "__main__":
    main()
