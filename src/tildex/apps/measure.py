"""What a trained model is worth on rows it has not seen, beside what must be beaten."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tildex.apps.formatting import counted, measured, percent
from tildex.apps.likelihood import Likelihood, measure_likelihood
from tildex.apps.pick import at_most
from tildex.apps.projection import Projection
from tildex.data import Record
from tildex.evaluate import Estimate, pca_squared_error, probe_accuracy, squared_error
from tildex.models import BoltzmannMachine
from tildex.units import DiagonalGaussian

__all__ = ["Line", "Measurement", "Probe", "measure"]

# What keeps a measurement to seconds; every number that stands on fewer rows says so.
_HELD_OUT_ROWS = 10_000
_BASELINE_ROWS = 60_000
_SCORE_ROWS = 1_000
_PROBE_ROWS = 5_000


@dataclass(frozen=True)
class Line:
    """A figure in words: what it is and its value."""

    label: str
    text: str


@dataclass(frozen=True)
class Probe:
    """The accuracy of a logistic regression on codes, and on principal components of the same number.

    ``train_rows`` is how many rows it was trained on, at most 5,000 of those given.
    """

    code: Estimate
    pca: Estimate
    train_rows: int


@dataclass(frozen=True)
class Measurement:
    """What was measured of one model.

    Attributes
    ----------
    name, model : str
        What the user calls it, and its class.
    n_components, n_features, n_parameters : int
        Sizes of the code, of a row, and how many weights are learned.
    rows, score_rows : int
        Held-out rows, and those the score stands on.
    seconds : float, optional
        Of training, from the history.
    squared_error : Estimate
        Summed over features, in the data's units, a row.
    pca : Estimate, optional
        The same of PCA with ``pca_rank`` axes, fitted on the training rows.
    score : Estimate
        In nats a row; ``score_meaning`` says of what.
    likelihood : Likelihood, optional
        Of a Boltzmann machine.
    probe : Probe, optional
        Where there are labels.
    """

    name: str
    model: str
    n_components: int
    n_features: int
    n_parameters: int
    rows: int
    seconds: float | None
    squared_error: Estimate
    pca: Estimate | None
    pca_rank: int | None
    score: Estimate
    score_rows: int
    score_meaning: str
    likelihood: Likelihood | None
    probe: Probe | None

    @property
    def against_pca(self) -> str | None:
        """Whether the squared error is "better", "level" or "worse": level within two standard errors."""
        if self.pca is None:
            return None
        difference = self.squared_error.value - self.pca.value
        margin = 2 * math.hypot(self.squared_error.standard_error, self.pca.standard_error)
        if not abs(difference) > margin:
            return "level"
        return "better" if difference < 0 else "worse"

    def lines(self) -> list[Line]:
        """Return the figures in words, in reading order."""
        lines = [
            Line("code", f"{self.n_components} units for {self.n_features} features"),
            Line("parameters", counted(self.n_parameters)),
            Line(f"squared error ({counted(self.rows)} rows)", measured(self.squared_error)),
        ]
        if self.pca is not None:
            lines.append(Line(f"of PCA, rank {self.pca_rank}", f"{measured(self.pca)} ({self.against_pca})"))
        lines.append(Line(f"{self.score_meaning} ({counted(self.score_rows)} rows)", measured(self.score)))
        if self.likelihood is not None:
            lines.append(Line(f"log-likelihood ({self.likelihood.method})", measured(self.likelihood.value)))
            if self.likelihood.independent is not None:
                lines.append(Line("of independent units", measured(self.likelihood.independent)))
        if self.probe is not None:
            lines.append(
                Line(f"probe of the code ({counted(self.probe.train_rows)} rows)", percent(self.probe.code))
            )
            lines.append(Line("probe of PCA", percent(self.probe.pca)))
        if self.seconds is not None:
            lines.append(Line("training", f"{self.seconds:.3g} s"))
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return everything as what JSON can hold; a number that is not finite is None."""
        values = {**asdict(self), "against_pca": self.against_pca}
        if self.likelihood is not None:
            values["likelihood"]["method"] = self.likelihood.method
        return _finite(values)


def measure(name: str, estimator: Any, train: Record | None, test: Record) -> Measurement:
    """Measure a fitted estimator on held-out rows.

    Parameters
    ----------
    name : str
        What to call it.
    estimator : fitted estimator
        Any of this library.
    train : Record, optional
        What it was trained on; without it there are no baselines and no probe.
    test : Record
        Held-out rows; a fixed 10,000 of more, and 1,000 for the score.

    Returns
    -------
    Measurement

    Raises
    ------
    ValueError
        If the rows are not such as the estimator was fitted on.
    """
    held_out = at_most(test, _HELD_OUT_ROWS)
    scored = at_most(test, _SCORE_ROWS)
    X_train = None if train is None else at_most(train, _BASELINE_ROWS).X
    rank = None if X_train is None else min(estimator.n_components, *X_train.shape)
    seconds = [record["seconds"] for record in estimator.history_ if "seconds" in record]
    return Measurement(
        name=name,
        model=type(estimator).__name__,
        n_components=int(estimator.n_components),
        n_features=held_out.X.shape[1],
        n_parameters=sum(weights.numel() for weights in estimator.module_.parameters()),
        rows=len(held_out),
        seconds=float(sum(seconds)) if seconds else None,
        squared_error=squared_error(held_out.X, estimator.reconstruct(held_out.X)),
        pca=None if rank is None else pca_squared_error(X_train, held_out.X, rank),
        pca_rank=rank,
        score=Estimate.of(estimator.score_samples(scored.X)),
        score_rows=len(scored),
        score_meaning=_score_meaning(estimator),
        likelihood=measure_likelihood(estimator, X_train, scored.X),
        probe=_probe(estimator, train, held_out),
    )


def _score_meaning(estimator: Any) -> str:
    if isinstance(estimator.module_, BoltzmannMachine):
        return "log pseudo-likelihood"
    if isinstance(estimator.module_.encoder.units, DiagonalGaussian):
        return "bound on log P(x)"
    return "log P(x | code)"


def _probe(estimator: Any, train: Record | None, held_out: Record) -> Probe | None:
    if train is None or train.y is None or held_out.y is None or train.target_names != held_out.target_names:
        return None
    known = at_most(train, _PROBE_ROWS)
    if len(np.unique(known.y)) < 2:
        return None
    project = Projection.of(known.X, estimator.n_components)
    accuracies = []
    for encode in (estimator.transform, project):
        with warnings.catch_warnings():
            # A regression stopped at its last iteration is a probe all the same.
            warnings.simplefilter("ignore")
            accuracies.append(probe_accuracy(encode(known.X), known.y, encode(held_out.X), held_out.y))
    return Probe(accuracies[0], accuracies[1], len(known))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
