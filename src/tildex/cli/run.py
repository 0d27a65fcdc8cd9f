"""Commands on a saved run: evaluate, encode, reconstruct, sample, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tildex.cli.reading import AS_FOUND, Files, read_rows

__all__ = ["encode", "evaluate", "reconstruct", "report", "sample"]

Flag = Annotated[bool, Parameter(negative=())]


def evaluate(
    run: Path,
    data: str,
    /,
    *,
    split: str = "test",
    files: Files = AS_FOUND,
    data_dir: Path | None = None,
    device: str = "auto",
    json: Flag = False,
) -> None:
    """Measure a run on held-out data, with PCA of equal rank as the baseline.

    The baseline of a classifier is a linear model, that of a restorer the unrestored images.

    All values have standard errors over rows. Baselines are fitted on the run's training rows.

    Example: `tildex evaluate runs/dae digits --json`

    Parameters
    ----------
    run
        The run folder.
    data
        A known name, a file, or a folder or .zip of images or sounds.
    split
        Part of a known data set.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    json
        Print the values as JSON.
    """
    from tildex.apps.measure.judges import judge_of
    from tildex.apps.measure.measure import same_rows
    from tildex.cli.output import print_json, print_table, say
    from tildex.estimators import load
    from tildex.runs import read_provenance

    estimator = load(run, device=device)
    test = read_rows(data, split, data_dir=data_dir, files=files, like=estimator.reading_)
    trained_on = read_provenance(run, data_dir)
    train = trained_on[1] if trained_on else None
    measured = judge_of(estimator)(run.name, estimator, train, test)
    if train is not None and same_rows(train, test):
        say("these are the training rows: the values say how well the model memorised them")
    if json:
        print_json(measured.to_json())
        return
    rows = [{"figure": line.label, "value": line.text} for line in measured.lines()]
    part = "" if Path(data).exists() else f", {split}"
    print_table(f"{type(estimator).__name__} on {test.name}{part}, {len(test)} rows", rows)


def encode(
    run: Path,
    data: str,
    /,
    *,
    out: Path,
    split: str = "test",
    files: Files = AS_FOUND,
    data_dir: Path | None = None,
    device: str = "auto",
) -> None:
    """Write the codes of all rows, after the rows' names and before their labels, if there are any.

    Example: `tildex encode runs/dae digits --out codes.parquet`

    Parameters
    ----------
    run
        The run folder.
    data
        A known name, a file, or a folder or .zip of images or sounds.
    out
        A .parquet, .csv, .tsv or .npy file.
    split
        Part of a known data set.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    """
    from tildex.cli.output import save_array, say
    from tildex.estimators import load

    estimator = load(run, device=device)
    record = read_rows(data, split, data_dir=data_dir, files=files, like=estimator.reading_)
    codes = estimator.transform(record)
    save_array(out, codes, list(estimator.get_feature_names_out()), record=record)
    say(f"{codes.shape[0]} codes of {codes.shape[1]} numbers in {out}")


def reconstruct(
    run: Path,
    data: str,
    /,
    *,
    out: Path,
    n: Annotated[int, Parameter(name=["-n", "--n"])] = 16,
    split: str = "test",
    files: Files = AS_FOUND,
    data_dir: Path | None = None,
    device: str = "auto",
) -> None:
    """Reconstruct all rows, and write an array and a picture of some below their originals.

    The rows of a table are also written as a table with the names and types of the original.

    Example: `tildex reconstruct runs/dae digits --out runs/dae/reconstructions -n 20`

    Parameters
    ----------
    run
        The run folder.
    data
        A known name, a file, or a folder or .zip of images or sounds.
    out
        The output folder for reconstructions.npy, reconstructions.png and, of a table, reconstructions.csv or .parquet.
    n
        Rows in the picture: from each class in turn if there are labels, otherwise evenly spaced.
    split
        Part of a known data set.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    """
    from tildex.apps.abilities import require
    from tildex.apps.measure.some_rows import spread
    from tildex.cli.output import save_array, save_sheet, save_table, say
    from tildex.estimators import load
    from tildex.plots import reconstructions

    _require_count(n)
    estimator = load(run, device=device)
    require(estimator, "reconstruct")
    record = read_rows(data, split, data_dir=data_dir, files=files, like=estimator.reading_)
    restored = estimator.reconstruct(record)
    save_array(out / "reconstructions.npy", restored, [])
    if (schema := estimator.reading_.schema) is not None:
        ending = ".parquet" if data.endswith(".parquet") else ".csv"
        save_table(out / f"reconstructions{ending}", schema, restored, record)
    shown = spread(record, n)
    drawn = reconstructions(
        shown.X, estimator.reconstruct(shown.X), shown.shape, feature_names=shown.feature_names
    )
    save_sheet(out / "reconstructions.png", drawn)
    say(f"{len(restored)} reconstructions in {out}")


def sample(
    run: Path,
    /,
    *,
    out: Path,
    n: Annotated[int, Parameter(name=["-n", "--n"])] = 64,
    seed: int = 0,
    data_dir: Path | None = None,
    device: str = "auto",
) -> None:
    """Draw new rows from a model that has a distribution, and write an array and a picture; of a table, also a table.

    Example: `tildex sample runs/rbm -n 64 --out runs/rbm/samples`

    Parameters
    ----------
    run
        The run folder.
    out
        The output folder for samples.npy, samples.png and, of a table, samples.csv.
    n
        Rows to draw.
    seed
        The seed of the draws.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    """
    from tildex.apps.abilities import require
    from tildex.cli.output import save_array, save_sheet, save_table, say
    from tildex.estimators import load
    from tildex.plots import samples
    from tildex.runs import read_provenance

    _require_count(n)
    estimator = load(run, device=device)
    require(estimator, "sample")
    drawn = estimator.sample(n, random_state=seed)
    if isinstance(drawn, dict):
        drawn = estimator.join(drawn)
    save_array(out / "samples.npy", drawn, [])
    if (schema := estimator.reading_.schema) is not None:
        save_table(out / "samples.csv", schema, drawn)
    trained_on = read_provenance(run, data_dir)
    save_sheet(out / "samples.png", samples(drawn, trained_on[1].shape if trained_on else None))
    say(f"{n} samples in {out}")


def report(
    run: Path,
    /,
    *,
    data: str | None = None,
    split: str = "test",
    out: Path | None = None,
    files: Files = AS_FOUND,
    data_dir: Path | None = None,
    device: str = "auto",
) -> None:
    """Write a page with a run's measurements, learning curves, filters, reconstructions, samples and latent map.

    The page needs no network and no other file.

    Example: `tildex report runs/dae`

    Parameters
    ----------
    run
        The run folder.
    data
        Held-out rows; by default the other split of the training data set.
    split
        Part of a known data set.
    out
        The page to write; RUN/report.html when not given.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    """
    from tildex.apps.abilities import require
    from tildex.apps.report.page import build_report
    from tildex.cli.output import say
    from tildex.data import DataError
    from tildex.estimators import load
    from tildex.runs import read_provenance

    estimator = load(run, device=device)
    require(estimator, "report")
    trained_on = read_provenance(run, data_dir)
    if trained_on is None:
        raise DataError(f"the training data of {run} are missing: put them back in their place")
    source, train = trained_on
    test = read_rows(data or source, split, data_dir=data_dir, files=files, like=estimator.reading_)
    name = type(estimator).__name__
    page = build_report({name: estimator}, train=train, test=test, out=out or run / "report.html", title=name)
    say(f"open {page}")


def _require_count(n: int) -> None:
    if n < 1:
        raise ValueError(f"-n must be at least 1, got {n}")
