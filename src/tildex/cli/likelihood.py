"""``tildex likelihood``: the log-likelihood of a model, and how it was computed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tildex.cli.reading import AS_FOUND, Files, read_rows

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
    files: Files = AS_FOUND,
    data_dir: Path | None = None,
    device: str = "auto",
    json: Flag = False,
) -> None:
    """Measure the log-likelihood of rows under a Boltzmann machine, belief network or variational autoencoder.

    log Z is enumerated if possible, and otherwise estimated from both sides; if the two estimates differ by more than
    half a nat, the verdict rejects the value. Deep models and variational autoencoders get a variational bound, which
    importance weights tighten. All values are in nats per row.

    Example: `tildex likelihood runs/rbm --chains 500 --betas 20000 --json`

    Parameters
    ----------
    run
        The run folder.
    data
        A known name or a file; the run's training data set when not given.
    split
        Part of a known data set.
    binarise
        How grey values are made binary: frozen draws once, threshold cuts at one half, none leaves them unchanged;
        auto is frozen for models of binary data. Values with different binarisations are not comparable.
    seed
        The seed of the frozen draw and of all other random numbers.
    chains
        Chains of annealed importance sampling, in each direction.
    betas
        Temperatures of annealed importance sampling.
    burn_in
        Gibbs steps from training rows before reverse chains begin.
    samples
        Importance samples per row, for deep models and variational autoencoders.
    precision
        Precision of matrix products in chains and variational autoencoders: float32 or bfloat16.
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
    from tildex.data import DataError
    from tildex.estimators import load
    from tildex.evaluate import Annealing
    from tildex.runs import read_provenance

    estimator = load(run, device=device)
    trained_on = read_provenance(run, data_dir)
    if data is None:
        if trained_on is None:
            raise DataError(f"the training data of {run} are missing: name the data after the run")
        data = trained_on[0]
    record = read_rows(data, split, data_dir=data_dir, files=files, like=estimator.reading_)
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
