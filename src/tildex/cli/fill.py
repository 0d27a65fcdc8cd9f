"""``tildex fill``: every gap of a table filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tildex.cli.table_options import TableOptions, Tables

__all__ = ["fill"]

_OUT = (".csv", ".tsv", ".parquet")


def fill(
    table: Path,
    /,
    *,
    out: Path,
    draws: int = 0,
    level: float | None = None,
    run: Path | None = None,
    tables: Tables = TableOptions(),  # noqa: B008
    seed: int = 0,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Fill every gap of a table, and write it with names, types and all other cells as they were.

    A model is trained on the table's own known cells: a joint normal density of all columns, refined by denoising.
    Text, identifiers and other columns that give no numbers stay as they are.

    Example: `tildex fill patients.csv --out filled.csv --draws 10 --level 0.9`

    Parameters
    ----------
    table
        A .csv, .tsv, .txt, .parquet or .xlsx table; empty cells are gaps.
    out
        The filled table: .csv, .tsv or .parquet. Of each gap it has the mean, or the most likely category.
    draws
        Number of copies with drawn cells instead, for multiple imputation, written beside it as NAME-draws, with a
        column `draw`.
    level
        Share of cells that intervals hold, such as 0.9: the filled cells of numbers with their limits, written beside
        it as NAME-intervals.
    run
        The run of a model of such tables, which fills instead.
    seed
        The seed of all random numbers.
    json
        Print the numbers of filled cells as JSON.
    """
    from tildex.apps.filling import fill as filled_of
    from tildex.cli.output import print_json, print_table, save_columns, say
    from tildex.data import DataError
    from tildex.data.formats.tables import TABLES
    from tildex.estimators import load

    if draws < 0:
        raise ValueError(f"--draws must not be negative, got {draws}")
    if out.suffix.lower() not in _OUT:
        raise DataError(f"cannot write {out}: expected a name ending in {', '.join(_OUT)}")
    if table.suffix.lower() not in TABLES:
        raise DataError(f"{table} is not a table: expected a file ending in {', '.join(TABLES)}")
    if not table.is_file():
        raise DataError(f"there is no file {table}")
    model = None if run is None else load(run, device="cpu")
    given = tables.given()
    options = {**given, "label": given.get("label", False)} if model is None else {}
    found = filled_of(
        TABLES[table.suffix.lower()](table),
        model=model,
        draws=draws,
        level=level,
        random_state=seed,
        **options,
    )
    save_columns(out, found.columns, found.dtypes)
    if found.draws:
        save_columns(_beside(out, "draws"), _stacked(found.draws), found.dtypes)
    if level is not None:
        save_columns(_beside(out, "intervals"), found.cells)
    if json:
        print_json({"filled": found.gaps, "left": found.left})
    elif found.gaps:
        print_table(str(out), [{"column": name, "filled": n} for name, n in found.gaps.items()])
    else:
        say(f"{table} has no gaps to fill")
    for name, n in found.left.items():
        say(
            f"column {name!r} keeps {n} empty cells: it gives no numbers; --as {name}=category says otherwise"
        )


def _beside(out: Path, what: str) -> Path:
    return out.with_name(f"{out.stem}-{what}{out.suffix}")


def _stacked(draws: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return all draws below each other, numbered from 1."""
    import numpy as np

    numbers = np.repeat(np.arange(1, len(draws) + 1), len(next(iter(draws[0].values()))))
    return {"draw": numbers, **{name: np.concatenate([one[name] for one in draws]) for name in draws[0]}}
