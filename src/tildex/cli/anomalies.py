"""``tildex anomalies``: the rows least like a run's training rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tildex.cli.reading import AS_FOUND, Files, read_rows

__all__ = ["anomalies"]

Flag = Annotated[bool, Parameter(negative=())]


def anomalies(
    run: Path,
    data: str,
    /,
    *,
    out: Path | None = None,
    n: Annotated[int, Parameter(name=["-n", "--n"])] = 10,
    neighbors: int = 5,
    contamination: float = 0.01,
    split: str = "test",
    files: Files = AS_FOUND,
    data_dir: Path | None = None,
    device: str = "auto",
    json: Flag = False,
) -> None:
    """List the rows least like a run's training rows; the threshold comes from the training rows.

    Example: `tildex anomalies runs/dae digits -n 5 --out scores.csv`

    Parameters
    ----------
    run
        The run folder.
    data
        A known name, a file, or a folder or .zip of images or sounds.
    out
        A .csv, .parquet or .npy file for the scores of all rows (lower is more unusual), with -1 for anomalies and +1
        for all others.
    n
        Number of rows to list.
    neighbors
        Number of nearest training rows in a row's mean distance; 0 uses the model's own score instead.
    contamination
        The share of training rows below the threshold.
    split
        Part of a known data set.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    json
        Print the list as JSON.
    """
    import numpy as np

    from tildex.apps.anomalies import find_anomalies
    from tildex.cli.output import print_json, print_table, save_array, say
    from tildex.data import DataError
    from tildex.estimators import load
    from tildex.runs import read_provenance

    if n < 1:
        raise ValueError(f"-n must be at least 1, got {n}")
    model, trained_on = load(run, device=device), read_provenance(run, data_dir)
    if trained_on is None:
        raise DataError(f"the training data of {run} are missing: put them back in their place")
    record = read_rows(data, split, data_dir=data_dir, files=files, like=model.reading_)
    found = find_anomalies(
        model, trained_on[1].X, record.X, n_neighbors=neighbors or None, contamination=contamination
    )
    if out is not None:
        save_array(out, np.column_stack([found.scores, found.labels]), ["score", "prediction"], record.y)
    rows = [
        {
            "row": int(k) + 1,
            **({"file": record.files[k]} if record.files else {}),
            "score": round(float(found.scores[k]), 4),
            "anomaly": "yes" if found.labels[k] < 0 else "no",
        }
        for k in found.lowest(n)
    ]
    if json:
        print_json({"anomalies": found.count, "rows": len(record), "lowest": rows})
        return
    print_table(f"Rows of {record.name} least like the training rows", rows)
    say(f"{found.count} of {len(record)} rows are anomalies")
