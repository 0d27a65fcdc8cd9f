"""``tildex anomalies``: the rows least like a run's training rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
    """List the rows least like a run's training rows, and the columns that made them so.

    The threshold comes from the training rows. Nats say how much less likely the model finds a row than the average
    training row; those of the columns, given the row's code, and a rest add up to the row's.

    Example: `tildex anomalies runs/dae digits -n 5 --out scores.csv`

    Parameters
    ----------
    run
        The run folder.
    data
        A known name, a file, or a folder or .zip of images or sounds.
    out
        A .csv, .tsv, .parquet or .npy file for the scores of all rows (lower is more unusual), with -1 for anomalies
        and +1 for all others, and, of a table, the nats of every column.
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
    from tildex.apps.anomalies import find_anomalies, reasons_of
    from tildex.cli.output import print_json, print_table, say
    from tildex.data import DataError
    from tildex.estimators import load
    from tildex.runs import read_provenance

    if n < 1:
        raise ValueError(f"-n must be at least 1, got {n}")
    model, trained_on = load(run, device=device), read_provenance(run, data_dir)
    if trained_on is None:
        raise DataError(f"the training data of {run} are missing: put them back in their place")
    record = read_rows(data, split, data_dir=data_dir, files=files, like=model.reading_)
    train = trained_on[1]
    found = find_anomalies(model, train, record, n_neighbors=neighbors or None, contamination=contamination)
    reasons = reasons_of(model, train, record) if "columns" in model.can else None
    if out is not None:
        _save(out, record, found, reasons)
    lowest = found.lowest(n)
    if json:
        listed = [_facts(record, found, reasons, int(k)) for k in lowest]
        print_json({"anomalies": found.count, "rows": len(record), "lowest": listed})
        return
    rows = [_line(record, found, reasons, int(k)) for k in lowest]
    print_table(f"Rows of {record.name} least like the training rows", rows)
    say(f"{found.count} of {len(record)} rows are anomalies")


def _facts(record: Any, found: Any, reasons: Any, k: int) -> dict[str, Any]:
    """Return what is known of a row, for JSON."""
    from tildex.cli.output import row_names

    facts: dict[str, Any] = {"row": k + 1}
    facts |= {name: values[k] for name, values in row_names(record).items()}
    facts |= {"score": float(found.scores[k]), "anomaly": bool(found.labels[k] < 0)}
    if reasons is not None:
        columns = {name: float(values[k]) for name, values in reasons.columns.items()}
        facts |= {"nats": float(reasons.nats[k]), "columns": columns, "rest": float(reasons.rest[k])}
        facts["impossible"] = [name for name, wrong in reasons.impossible.items() if wrong[k]]
    return facts


def _line(record: Any, found: Any, reasons: Any, k: int) -> dict[str, Any]:
    """Return a row of the printed table."""
    from tildex.cli.output import row_names

    line: dict[str, Any] = {"row": k + 1}
    line |= {name: values[k] for name, values in row_names(record).items()}
    line |= {"score": f"{found.scores[k]:.4g}", "anomaly": "yes" if found.labels[k] < 0 else "no"}
    if reasons is not None:
        line["nats"] = f"{reasons.nats[k]:.4g}"
        line["because of"] = ", ".join(_reason(record, reasons, name, k) for name in reasons.lowest(k))
    return line


def _reason(record: Any, reasons: Any, name: str, k: int) -> str:
    """Return a column's name, the cell, and what it costs."""
    from tildex.data.tables import shortened

    schema = record.reading.schema
    if reasons.impossible[name][k]:
        return f"{name} (impossible)"
    if schema is None:
        cell = f"{float(record.X[k, list(reasons.columns).index(name)]):.4g}"
    else:
        (cell,) = schema.decode(record.X[k : k + 1])[name].tolist()
        cell = f"{cell:.6g}" if isinstance(cell, float) else shortened([cell])
    return f"{name} {cell} ({reasons.columns[name][k]:.2g})"


def _save(out: Path, record: Any, found: Any, reasons: Any) -> None:
    """Write the scores of all rows, and what each column adds to them."""
    import numpy as np

    from tildex.cli.output import save_array

    columns = {"score": found.scores, "prediction": found.labels}
    if reasons is not None and record.reading.schema is not None:
        columns |= {"nats": reasons.nats, "rest": reasons.rest}
        columns |= {f"nats of {name}": values for name, values in reasons.columns.items()}
    save_array(out, np.column_stack(list(columns.values())), list(columns), record=record)
