"""``tildex demo``: the main job, from data to a report, in about a minute."""

from __future__ import annotations

from pathlib import Path

__all__ = ["demo"]


def demo(*, out: Path = Path("runs/demo"), seed: int = 0) -> None:
    """Train four models on scikit-learn's handwritten digits, measure them on held-out rows and write a report.

    A linear autoencoder that equals PCA, a denoising autoencoder, a variational autoencoder and a restricted
    Boltzmann machine. Nothing is downloaded. Run again, it replaces what it made.

    Example: `tildex demo --out runs/demo`

    Parameters
    ----------
    out
        The folder for the runs and report.html.
    seed
        Decides everything random.
    """
    from rich.console import Console

    from tildex import estimators
    from tildex.apps.report.page import build_report
    from tildex.cli.output import say
    from tildex.data import read
    from tildex.optimizers import Adam, Cosine, Linear
    from tildex.runs import provenance

    train, test = read("digits", split="train"), read("digits", split="test")
    cosine = Adam(3e-3, schedule=Cosine(warmup=0.05))
    models = {
        "linear": estimators.LinearAutoencoder(16, random_state=seed),
        "denoising": estimators.DenoisingAutoencoder(64, optimizer=cosine, n_iter=200, random_state=seed),
        "vae": estimators.VariationalAutoencoder(2, optimizer=cosine, n_iter=200, random_state=seed),
        "rbm": estimators.BernoulliRBM(
            64,
            learning_rate=0.1,
            batch_size=50,
            n_iter=200,
            schedule=Linear(),
            averaging=0.99,
            random_state=seed,
        ),
    }
    for name, model in models.items():
        model.fit(train.X)
        model.save(out / name)
        provenance(out / name, "digits", "train", train)
    title = "Four autoencoders on handwritten digits"
    with Console(stderr=True).status("measuring and drawing"):
        page = build_report(models, train=train, test=test, out=out / "report.html", title=title)
    say(f"report: {page.resolve()}")
