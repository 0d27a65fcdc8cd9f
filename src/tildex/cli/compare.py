"""``tildex compare``: which model suits the data, and its run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tildex.cli.reading import AS_FOUND, Files, read_rows
from tildex.cli.table_options import TableOptions, Tables

__all__ = ["compare"]


def compare(
    data: str,
    /,
    *,
    out: Path,
    minutes: float = 5.0,
    models: Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=True)] = (),
    components: Annotated[int | None, Parameter(name=["--components", "-k"])] = None,
    folds: int | None = None,
    set_: Annotated[
        tuple[str, ...], Parameter(name=["--set", "-s"], negative=(), consume_multiple=True)
    ] = (),
    seed: int = 0,
    tables: Tables = TableOptions(),  # noqa: B008
    files: Files = AS_FOUND,
    split: str = "train",
    data_dir: Path | None = None,
    device: str = "auto",
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Compare models and PCA on the same held-out rows, advise one, and save its run.

    All are asked for their squared error, for a linear probe of their code where there are labels, for their
    log-likelihood where it can be compared, and for their time. OUT gets a page, a picture, the numbers as JSON, and in
    OUT/winner the run of the advised model, trained on all rows.

    Example: `tildex compare digits --out runs/compare --minutes 2`, then `tildex report runs/compare/winner`

    Parameters
    ----------
    data
        A name from `tildex data`, a table (.csv, .tsv, .txt, .parquet, .xlsx), a .npy or .npz file, or a folder of
        images.
    out
        The new folder to write.
    minutes
        Time for everything, shared equally; a training that would take longer than its share is shortened.
    models
        Names from `tildex models`, such as linear, deep and vae; the whole family that suits the data when not given.
    components
        Units of every code; a quarter of the columns when not given, from 2 to 32.
    folds
        Folds; 1 holds out a fifth once. When not given: 5 up to 500 rows, 3 up to 10,000, then 1.
    set_
        Settings as NAME=VALUE for every model that has them, or MODEL.NAME=VALUE for one: `n_iter=50`, `vae.n_iter=90`.
    seed
        The seed of folds and models.
    split
        The split of a known data set.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        auto, cpu, cuda, cuda:1, ...
    json
        Print the result as JSON.
    """
    from tildex.apps.compare import compare as compared
    from tildex.apps.compare.saved import WINNER, require_new, save_comparison
    from tildex.apps.compare.table import heading, table_of
    from tildex.cli.output import advancing, print_json, print_table, say

    require_new(out)
    record = read_rows(data, split, data_dir=data_dir, files=files, **tables.given())
    names = [name for text in models for name in text.split(",") if name]
    with advancing() as progress:
        found = compared(
            record,
            models=names or None,
            n_components=components,
            minutes=minutes,
            folds=folds,
            settings=set_,
            random_state=seed,
            device=device,
            progress=progress,
        )
    save_comparison(replace(found, source=(data, split)), out)
    if json:
        print_json({"run": str(out / WINNER), **found.to_json()})
        return
    table = table_of(found)
    # What is to be said of the rows was said as they were read.
    notes = [note for note in found.notes if note != record.note]
    print_table(heading(found), table.rows)
    print("\n".join([*table.footnotes, "", *notes, found.advice]))
    say(f"open {out / 'comparison.html'}; {found.best}, trained on all rows, is the run {out / WINNER}")
