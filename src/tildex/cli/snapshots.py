"""``tildex animate``: a run's latent map during training, as an animation."""

from __future__ import annotations

from pathlib import Path

__all__ = ["animate"]


def animate(
    run: Path,
    /,
    *,
    out: Path | None = None,
    steps: int = 8,
    data_dir: Path | None = None,
    device: str = "auto",
) -> None:
    """Write an animated GIF of a run's latent map during training, from codes saved with --snapshots.

    Example: `tildex animate runs/map --out map.gif`

    Parameters
    ----------
    run
        The folder of a run trained with `tildex fit ... --snapshots 0 3 9 12`.
    out
        The .gif file to write; RUN/map.gif when not given.
    steps
        Frames from one saved epoch to the next.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    """
    from tildex.apps.film import animate as draw
    from tildex.cli.output import say
    from tildex.data import DataError
    from tildex.estimators import load
    from tildex.runs import read_provenance

    target = out or run / "map.gif"
    if target.suffix.lower() != ".gif":
        raise DataError(f"cannot write {target}: expected a name ending in .gif")
    estimator = load(run, device=device)
    trained_on = read_provenance(run, data_dir)
    draw(type(estimator).__name__, estimator, trained_on[1] if trained_on else None, target, steps=steps)
    say(f"open {target}")
