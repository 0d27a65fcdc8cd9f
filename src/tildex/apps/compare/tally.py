"""From the trials of all folds to the rows of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tildex.apps.compare.densities import NORMAL
from tildex.apps.compare.fold import Fold
from tildex.apps.compare.pooling import pooled, ratio
from tildex.apps.compare.question import INDEPENDENT, PRINCIPAL, Question
from tildex.apps.compare.questions import QUESTIONS
from tildex.apps.compare.row import Row
from tildex.apps.compare.trial import Trial
from tildex.evaluate import Estimate

__all__ = ["rows_of"]

# An error of PCA below this part of the variance is rounding: it keeps every column.
_NOTHING = 1e-9

Values = Mapping[str, np.ndarray]


def rows_of(
    folds: Sequence[Fold], models: Mapping[str, Any], trials: Mapping[str, Sequence[Trial]], *, rank: int
) -> list[Row]:
    """Return the rows: models in their order, then PCA and the other baselines.

    Parameters
    ----------
    folds : sequence of Fold
        All folds.
    models : mapping of str to estimator
        The models.
    trials : mapping of str to sequence of Trial
        Their trials, one per fold.
    rank : int
        The number of axes of the baseline PCA.
    """
    groups = {question.name: _groups(folds, question) for question in QUESTIONS}
    simple = {question.name: _baselines(folds, question, rank) for question in QUESTIONS}
    best = max(simple["likelihood"].values(), key=np.mean, default=None)
    rows = []
    for name, model in models.items():
        reference = (
            simple
            if model.n_components == rank
            else {**simple, "error": _baselines(folds, QUESTIONS[0], model.n_components)}
        )
        rows.append(_model(name, model, trials[name], reference, best, groups, folds))
    return [*rows, *_simple_rows(folds, simple, groups, rank)]


def _model(
    name: str,
    model: Any,
    trials: Sequence[Trial],
    simple: Mapping[str, Values],
    best: np.ndarray | None,
    groups: Mapping[str, np.ndarray | None],
    folds: Sequence[Fold],
) -> Row:
    about: dict[str, Any] = {
        "name": name,
        "model": type(model).__name__,
        "n_components": int(model.n_components),
    }
    if failures := [trial.failure for trial in trials if trial.failure]:
        return Row(**about, notes=(f"not compared: {failures[0]}",))
    values = {question.name: _together(trials, question.name) for question in QUESTIONS}
    error, probe, nats = values["error"], values["probe"], values["likelihood"]
    principal = simple["error"][PRINCIPAL]
    # A model has values wherever PCA has: both ask for the same labels.
    gain = None if probe is None else probe - simple["probe"][PRINCIPAL]
    return Row(
        **about,
        can_sample="sample" in model.can,
        error=_pooled(error, groups["error"]),
        ratio=ratio(error, principal, groups["error"])
        if error is not None and _varies(principal, folds)
        else None,
        probe=_pooled(probe, groups["probe"]),
        probe_gain=_pooled(gain, groups["probe"]),
        likelihood=_pooled(nats, groups["likelihood"]),
        likelihood_gain=None if nats is None or best is None else pooled(nats - best, groups["likelihood"]),
        likelihood_said=trials[0].answers["likelihood"].said if nats is not None else _why_not(trials),
        seconds=Estimate.of([trial.seconds for trial in trials]),
        stopped_early=sum(trial.cut for trial in trials),
        notes=tuple(dict.fromkeys(text for trial in trials for text in trial.warned)),
    )


def _why_not(trials: Sequence[Trial]) -> str:
    """Return why a model has no likelihood on one of the folds."""
    return next(
        said
        for trial in trials
        if (answer := trial.answers["likelihood"]).values is None and (said := answer.said)
    )


def _simple_rows(
    folds: Sequence[Fold], simple: Mapping[str, Values], groups: Mapping[str, np.ndarray | None], rank: int
) -> list[Row]:
    principal, nats = simple["error"][PRINCIPAL], simple["likelihood"]
    rows = [
        Row(
            name=PRINCIPAL,
            n_components=rank,
            error=pooled(principal, groups["error"]),
            ratio=Estimate(1.0) if _varies(principal, folds) else None,
            probe=_pooled(simple["probe"].get(PRINCIPAL), groups["probe"]),
            likelihood=_pooled(nats.get(PRINCIPAL), groups["likelihood"]),
            likelihood_said="exact, probabilistic PCA" if PRINCIPAL in nats else "",
            seconds=Estimate.of([fold.principal(rank).seconds for fold in folds]),
        )
    ]
    means = simple["error"][INDEPENDENT]
    rows.append(
        Row(
            name=INDEPENDENT,
            error=pooled(means, groups["error"]),
            ratio=ratio(means, principal, groups["error"]) if _varies(principal, folds) else None,
            probe=_pooled(simple["probe"].get(INDEPENDENT), groups["probe"]),
            likelihood=_pooled(nats.get(INDEPENDENT), groups["likelihood"]),
            likelihood_said="exact" if INDEPENDENT in nats else "",
        )
    )
    if NORMAL in nats:
        normal = pooled(nats[NORMAL], groups["likelihood"])
        rows.append(Row(name=NORMAL, likelihood=normal, likelihood_said="exact"))
    return rows


def _baselines(folds: Sequence[Fold], question: Question, rank: int) -> Values:
    """Return the values of each baseline that has some on every fold."""
    found = [question.baselines(fold, rank) for fold in folds]
    names = [name for name in found[0] if all(name in one for one in found)]
    return {name: np.concatenate([one[name] for one in found]) for name in names}


def _together(trials: Sequence[Trial], question: str) -> np.ndarray | None:
    answers = [trial.answers[question].values for trial in trials]
    known = [values for values in answers if values is not None]
    return np.concatenate(known) if len(known) == len(answers) else None


def _groups(folds: Sequence[Fold], question: Question) -> np.ndarray | None:
    found = [question.rows(fold).groups for fold in folds]
    return None if found[0] is None else np.concatenate([one for one in found if one is not None])


def _pooled(values: np.ndarray | None, groups: np.ndarray | None) -> Estimate | None:
    return None if values is None else pooled(values, groups)


def _varies(principal: np.ndarray, folds: Sequence[Fold]) -> bool:
    """Return whether PCA's error is more than rounding."""
    X = folds[0].in_units(folds[0].held_out.X)
    return bool(principal.mean() > _NOTHING * float(X.var(0).sum()))
