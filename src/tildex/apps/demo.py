"""The demo, from data to report: four models of handwritten digits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tildex.apps.report.page import build_report
from tildex.data import read
from tildex.estimators import BernoulliRBM, DenoisingAutoencoder, LinearAutoencoder, VariationalAutoencoder
from tildex.optimizers import Adam, Cosine, Linear
from tildex.runs import provenance

__all__ = ["demo_models", "report_demo", "train_demo"]


def demo_models(random_state: Any = 0) -> dict[str, Any]:
    """Return the four untrained models by name.

    Example
    -------
    >>> sorted(demo_models())
    ['denoising', 'linear', 'rbm', 'vae']
    """
    cosine = Adam(3e-3, schedule=Cosine(warmup=0.05))
    return {
        "linear": LinearAutoencoder(16, random_state=random_state),
        "denoising": DenoisingAutoencoder(64, optimizer=cosine, n_iter=200, random_state=random_state),
        "vae": VariationalAutoencoder(2, optimizer=cosine, n_iter=200, random_state=random_state),
        "rbm": BernoulliRBM(
            64,
            learning_rate=0.1,
            batch_size=50,
            n_iter=200,
            schedule=Linear(),
            averaging=0.99,
            random_state=random_state,
        ),
    }


def train_demo(out: str | Path, *, random_state: Any = 0) -> dict[str, Any]:
    """Train the four models on scikit-learn's digits, save each as a run in a folder, and return them by name.

    Parameters
    ----------
    out : path
        The folder; existing runs of the same names are replaced.
    random_state : int, RandomState or None
        The seed.
    """
    out, train, models = Path(out), read("digits"), demo_models(random_state)
    for name, model in models.items():
        model.fit(train.X).save(out / name)
        provenance(out / name, "digits", "train", train)
    return models


def report_demo(models: Mapping[str, Any], out: str | Path) -> Path:
    """Measure the models on held-out digits, write ``report.html`` into a folder, and return it.

    Parameters
    ----------
    models : mapping of str to fitted estimator
        From :func:`train_demo`.
    out : path
        The folder.
    """
    train, test = read("digits"), read("digits", split="test")
    title = "Four autoencoders on handwritten digits"
    return build_report(models, train=train, test=test, out=Path(out) / "report.html", title=title)
