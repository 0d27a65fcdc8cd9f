"""``tildex demo``: from data to report in about a minute."""

from __future__ import annotations

from pathlib import Path

__all__ = ["demo"]


def demo(*, out: Path = Path("runs/demo"), seed: int = 0) -> None:
    """Train four models on scikit-learn's handwritten digits, measure them on held-out rows and write a report.

    The models are a linear autoencoder that equals PCA, a denoising autoencoder, a variational autoencoder and a
    restricted Boltzmann machine. Nothing is downloaded. A second run replaces the first.

    Example: `tildex demo --out runs/demo`

    Parameters
    ----------
    out
        The folder for the runs and report.html.
    seed
        The seed of all random numbers.
    """
    from rich.console import Console

    from tildex.apps.demo import report_demo, train_demo
    from tildex.cli.output import say

    models = train_demo(out, random_state=seed)
    with Console(stderr=True).status("measuring and plotting"):
        page = report_demo(models, out)
    say(f"report: {page.resolve()}")
