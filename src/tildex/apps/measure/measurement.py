"""A measurement: the figures of one model, in words and in JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tildex.apps.measure.likelihood import Compared
from tildex.apps.measure.neighbourhoods import NEIGHBOURS, Neighbourhoods
from tildex.apps.pages.numbers import counted, measured, percent
from tildex.evaluate import Estimate, Sparsity

__all__ = ["Line", "Measurement", "Probe"]


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
    likelihood : Compared, optional
        Of a Boltzmann machine, a belief network or a variational autoencoder.
    probe : Probe, optional
        Where there are labels.
    sparsity : Sparsity, optional
        Of a code whose units can be exactly zero.
    neighbours : Neighbourhoods, optional
        Whether neighbours stay neighbours in the code, where there are rows enough.
    largest_angle : float, optional
        Of a linear model, the largest principal angle to the subspace of PCA, in radians.
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
    likelihood: Compared | None
    probe: Probe | None
    sparsity: Sparsity | None
    neighbours: Neighbourhoods | None
    largest_angle: float | None

    @property
    def against_pca(self) -> str | None:
        """Whether the squared error is "better", "level" (within two standard errors) or "worse" than that of PCA.

        "no contest" where PCA of equal rank keeps every feature, and loses nothing; None without a baseline.
        """
        if self.pca is None:
            return None
        if self.pca_rank == self.n_features:
            return "no contest"
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
        if self.largest_angle is not None:
            lines.append(Line("largest angle to the subspace of PCA", f"{self.largest_angle:.2g} rad"))
        lines += _sparsity_lines(self.sparsity) + _likelihood_lines(self.likelihood)
        lines += _probe_lines(self.probe) + _neighbour_lines(self.neighbours)
        if self.seconds is not None:
            lines.append(Line("training", f"{self.seconds:.3g} s"))
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return everything as what JSON can hold; a number that is not finite is None."""
        values = {**asdict(self), "against_pca": self.against_pca}
        if self.likelihood is not None:
            values["likelihood"] = self.likelihood.to_json()
        return _finite(values)


def _sparsity_lines(sparsity: Sparsity | None) -> list[Line]:
    if sparsity is None:
        return []
    return [
        Line("units in use of a row (L0)", measured(sparsity.l0)),
        Line("variance unexplained", percent(sparsity.unexplained)),
        Line("units never in use", f"{sparsity.dead:.1%}"),
        Line("in use on < 1 row in 10,000", f"{sparsity.rare:.1%}"),
    ]


def _likelihood_lines(likelihood: Compared | None) -> list[Line]:
    if likelihood is None:
        return []
    lines = [
        Line(f"log P(x), {likelihood.kind}", f"{measured(likelihood.found.value)} ({likelihood.method})")
    ]
    if likelihood.independent is not None:
        lines.append(Line("of independent units", measured(likelihood.independent)))
    return lines


def _probe_lines(probe: Probe | None) -> list[Line]:
    if probe is None:
        return []
    return [
        Line(f"probe of the code ({counted(probe.train_rows)} rows)", percent(probe.code)),
        Line("probe of PCA", percent(probe.pca)),
    ]


def _neighbour_lines(neighbours: Neighbourhoods | None) -> list[Line]:
    if neighbours is None:
        return []
    lines = []
    rows = f"{counted(neighbours.rows)} rows, k = {NEIGHBOURS}"
    for of, found in (("the code", neighbours.code), ("PCA", neighbours.pca)):
        if found is not None:
            lines.append(Line(f"trustworthiness of {of} ({rows})", measured(found.trustworthiness)))
            lines.append(Line(f"continuity of {of}", measured(found.continuity)))
            if found.error is not None:
                lines.append(Line(f"error of the nearest neighbour in {of}", percent(found.error)))
    return lines


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
