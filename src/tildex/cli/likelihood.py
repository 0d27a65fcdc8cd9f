"""``tildex likelihood``: the log-likelihood of a model that has one, with all that a figure needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

__all__ = ["likelihood"]

Flag = Annotated[bool, Parameter(negative=())]


def likelihood(
    run: Path,
    data: str | None = None,
    /,
    *,
    split: str = "test",
    binarise: Literal["auto", "frozen", "threshold", "none"] = "auto",
    seed: int = 0,
    chains: int = 100,
    betas: int = 10_000,
    burn_in: int = 1000,
    samples: int = 100,
    precision: Literal["float32", "bfloat16"] = "float32",
    data_dir: Path | None = None,
    device: str = "auto",
    json: Flag = False,
) -> None:
    """Measure the log-likelihood that a Boltzmann machine, a belief network or a variational autoencoder gives to rows.

    log Z is enumerated where it can be, and estimated from both sides elsewhere: when the two differ by more than half
    a nat, the figure is no result and says so. Deep models and variational autoencoders get a variational bound, and
    importance weights that tighten it. All figures are in nats a row.

    Example: `tildex likelihood runs/rbm --chains 500 --betas 20000 --json`

    Parameters
    ----------
    run
        The run folder.
    data
        A known name or a file; what the run was trained on when not given.
    split
        Part of a known data set.
    binarise
        How grey values become binary: frozen is one draw, threshold is above a half, none takes them as they are;
        auto is frozen for models of binary data. Figures of different ways are not comparable.
    seed
        Names the frozen draw and decides everything else random.
    chains
        Of annealed importance sampling, in either direction.
    betas
        Its temperatures.
    burn_in
        Gibbs steps from training rows before reverse chains begin.
    samples
        Importance weights a row, for deep models and variational autoencoders.
    precision
        Of the matrix products of chains, and of a variational autoencoder: float32 or bfloat16.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    json
        Print as JSON.
    """
    import torch

    from tildex.apps.measure.likelihood import likelihood_of
    from tildex.cli.output import advancing, print_json, print_table, say
    from tildex.data import DataError, read
    from tildex.estimators import load
    from tildex.evaluate import Annealing
    from tildex.runs import read_provenance

    estimator = load(run, device=device)
    trained_on = read_provenance(run, data_dir)
    if data is None:
        if trained_on is None:
            raise DataError(f"what {run} was trained on is no longer to be had: name the data after the run")
        data = trained_on[0]
    record = read(data, split=split, data_dir=data_dir)
    annealing = Annealing(
        n_chains=chains, n_betas=betas, burn_in=burn_in, precision=getattr(torch, precision)
    )
    part = {} if Path(data).exists() else {"split": split}
    with advancing() as progress:
        found = likelihood_of(
            estimator,
            record.X,
            start=None if trained_on is None else trained_on[1].X,
            binarisation=binarise,
            seed=seed,
            n_samples=samples,
            annealing=annealing,
            notes={"data": record.name, **part},
            progress=progress,
        )
    if json:
        print_json({"run": str(run), **found.to_json()})
        return
    print_table(
        f"Log-likelihood of {run.name}", [{"what": what, "value": text} for what, text in found.lines()]
    )
    if found.annealing is not None and not found.ok:
        say(found.annealing.verdict)
