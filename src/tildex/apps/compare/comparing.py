"""Compare models on the same folds under one budget of time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from tildex.apps.compare.advice import advise
from tildex.apps.compare.budget import Budget
from tildex.apps.compare.choice import chosen, default_components
from tildex.apps.compare.comparison import Comparison
from tildex.apps.compare.fold import Fold
from tildex.apps.compare.folds import default_folds, folds_of
from tildex.apps.compare.given import record_of
from tildex.apps.compare.nature import nature_of
from tildex.apps.compare.probe import target_of
from tildex.apps.compare.tally import rows_of
from tildex.apps.compare.trial import EXAMPLES, Trial, attempt, noting
from tildex.apps.measure.some_rows import at_most, spread, take
from tildex.apps.pages.numbers import counted
from tildex.data import DataError, Record
from tildex.data import rows as reader
from tildex.estimators.base.columns import Columns
from tildex.generator import Generator
from tildex.train.deadline import Deadline

__all__ = ["compare"]

# Rows compared on: beyond these, more rows hardly change the ranks and only cost time.
_MOST_ROWS = 25_000
_MOST_VALUES = 20_000_000
_FEWEST_OF_WIDE = 1_000

Progress = Callable[[str, float], None]


def compare(
    data: Any,
    *,
    y: Any = None,
    models: Sequence[Any] | Mapping[str, Any] | None = None,
    n_components: int | None = None,
    minutes: float = 5.0,
    folds: int | None = None,
    settings: Mapping[str, Any] | Sequence[str] = (),
    split: str = "train",
    data_dir: Path | str | None = None,
    random_state: Any = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> Comparison:
    """Compare the family and PCA of equal rank on the same held-out rows, within a budget of time.

    Every model is trained with its defaults on every fold, and asked for its squared error, for the accuracy of a
    linear probe of its code where there are labels, for its log-likelihood where it has one that can be compared, and
    for the time to train. The model that the advice names is then trained on all rows. Trainings share the time
    equally, and what one leaves the others may use; a training that would not end in time is shortened, and
    ``stopped_early`` counts it.

    Parameters
    ----------
    data : str, path, Record, array or sparse matrix of shape (rows, features)
        What :func:`tildex.read` reads, or rows.
    y : array of shape (rows,), optional
        Labels of an array: classes or, if they are not whole numbers, a real target.
    models : sequence of str or estimator, mapping of str to estimator, optional
        Names from ``tildex models``, or estimators, whose own settings are kept. By default the linear, plain, sparse,
        denoising, contractive, dropout, deep and variational autoencoders, and the Boltzmann machine for such rows.
    n_components : int, optional
        Units of every code; a quarter of the columns by default, from 2 to 32.
    minutes : float
        Wall time for everything. Each training lasts at least one epoch per stage.
    folds : int, optional
        Folds, 1 for a single split that holds out a fifth. By default 5 up to 500 rows, 3 up to 10,000, then 1.
    settings : mapping or sequence of str
        Settings by name, given to each model that has them, such as ``{"n_iter": 20, "vae": {"n_iter": 40}}``; or the
        same as text, ``["n_iter=20", "vae.n_iter=40"]``.
    split, data_dir
        As in :func:`tildex.read`.
    random_state : int, RandomState or None
        Seed of the folds and of every model.
    device : str
        Where to train.
    progress : callable, optional
        Called with the name of a model and the part of its folds that is done.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If the rows or settings do not fit, or no model can be trained on these rows.

    Example
    -------
    >>> from sklearn.datasets import load_iris
    >>> found = compare(load_iris().data, y=load_iris().target, models=["linear"], n_components=2)
    >>> found.advice
    'PCA is as good as anything here: use linear.'
    >>> found.winner.transform(load_iris().data).shape
    (150, 2)
    """
    began = time.perf_counter()
    if not minutes > 0:
        raise ValueError(f"minutes must be above 0, got {minutes!r}")
    progress = progress or _silent
    record, source = record_of(data, y, split=split, data_dir=data_dir)
    some, seed = _some(record), _seed(random_state)
    _require_no_gaps(some)
    nature = nature_of(np.asarray(some.X), in_unit_interval=Columns.of(reader(record.X)).in_unit_interval)
    rank = default_components(some.X.shape[1]) if n_components is None else n_components
    estimators = chosen(
        models, nature, n_components=rank, settings=settings, random_state=seed, device=device
    )
    n_folds = default_folds(len(some)) if folds is None else folds
    parts = [
        Fold(take(some, train), take(some, held_out), nature)
        for train, held_out in folds_of(some, n_folds, Generator(seed))
    ]
    budget = Budget(minutes, trainings=len(estimators) * n_folds + 1)
    trials = _trials(estimators, parts, budget, progress)
    rows = rows_of(parts, estimators, trials, rank=rank)
    advice = advise(rows)
    progress("the winner", 0.0)
    winner = _trained(estimators[advice.best], record, budget.share())
    progress("the winner", 1.0)
    return Comparison(
        name=record.name,
        rows=tuple(rows),
        best=advice.best,
        advice=advice.sentence,
        winner=winner,
        n_rows=len(some),
        n_features=some.X.shape[1],
        n_components=rank,
        n_folds=n_folds,
        minutes=minutes,
        seconds=time.perf_counter() - began,
        unit=nature.unit,
        of=nature.rows,
        target=target_of(some) or "",
        notes=tuple(_notes(record, some, rows)),
        record=record,
        source=source,
        examples=_examples(parts[0], trials),
    )


def _require_no_gaps(record: Record) -> None:
    X = record.X if isinstance(record.X, np.ndarray) else record.X.data
    if np.isnan(X).any():
        raise DataError(
            f"{record.name} has empty cells, which PCA and half of the models do not take: fill them first, "
            "with `tildex fill DATA --out FILLED` or tildex.Imputer, and compare the filled rows"
        )


def _seed(random_state: Any) -> int:
    """Return one seed for the folds and all models."""
    if isinstance(random_state, int):
        return random_state
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _trained(estimator: Any, record: Record, seconds: float) -> Any:
    """Return a new estimator with the same settings, trained on all rows."""
    winner = clone(estimator)
    with noting():
        winner.fit(record, callbacks=[Deadline(seconds)])
    return winner


def _trials(
    estimators: Mapping[str, Any], folds: Sequence[Fold], budget: Budget, progress: Progress
) -> dict[str, list[Trial]]:
    """Train every model on every fold: fold by fold, so that early and late shares of the time fall on every model."""
    trials: dict[str, list[Trial]] = {name: [] for name in estimators}
    for name in estimators:
        progress(name, 0.0)
    for done, fold in enumerate(folds, 1):
        for name, estimator in estimators.items():

            def watch(part: float, name: str = name, done: int = done) -> None:
                progress(name, (done - 1 + part) / len(folds))

            trials[name].append(attempt(clone(estimator), fold, seconds=budget.share(), watch=watch))
            progress(name, done / len(folds))
    failures = [next((trial.failure for trial in tried if trial.failure), "") for tried in trials.values()]
    if all(failures):
        raise ValueError(f"no model can be trained on these rows: {failures[0]}")
    return trials


def _some(record: Record) -> Record:
    """Return the rows to compare on, dense: all, or a fixed sample of a large set."""
    affordable = max(_FEWEST_OF_WIDE, _MOST_VALUES // record.X.shape[1])
    return at_most(record, min(_MOST_ROWS, affordable))


def _notes(record: Record, some: Record, rows: Sequence[Any]) -> list[str]:
    """Return remarks on the comparison as a whole."""
    notes = [record.note] if record.note else []
    if len(some) < len(record):
        notes.append(
            f"compared on {counted(len(some))} of {counted(len(record))} rows; the winner was trained on all of them"
        )
    if cut := [row.name for row in rows if row.stopped_early]:
        notes.append(f"the time was too short for {', '.join(cut)}: with more minutes they may do better")
    return notes


def _examples(fold: Fold, trials: Mapping[str, Sequence[Trial]]) -> dict[str, np.ndarray]:
    """Return a few held-out rows of the first fold, and their reconstructions by model."""
    shown = {"original": np.asarray(spread(fold.held_out, EXAMPLES).X)}
    found = {name: one[0].examples for name, one in trials.items()}
    return shown | {name: rows for name, rows in found.items() if rows is not None}


def _silent(name: str, share: float) -> None:
    """Show no progress."""
