"""How well a code preserves neighbourhoods, against the same number of principal components."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tildex.apps.measure.kinds import Line, Measure
from tildex.apps.measure.projection import Projection
from tildex.apps.measure.subject import Subject
from tildex.apps.pages.numbers import counted, measured, percent
from tildex.evaluate import Estimate, continuity, neighbour_error, trustworthiness

__all__ = ["NEAR", "NEIGHBOURS", "Neighbourhood", "Neighbourhoods", "neighbourhoods"]

NEIGHBOURS = 12
"""Number of neighbours, k."""

# More rows than neighbours are needed, so that some rows are not neighbours.
_FEWEST_ROWS = 4 * NEIGHBOURS


@dataclass(frozen=True)
class Neighbourhood:
    """How well a code preserves neighbourhoods.

    Attributes
    ----------
    trustworthiness, continuity : Estimate
        At 12 neighbours.
    error : Estimate, optional
        Error of the nearest-neighbour classifier, where there are labels.
    """

    trustworthiness: Estimate
    continuity: Estimate
    error: Estimate | None


@dataclass(frozen=True)
class Neighbourhoods:
    """The values of the code and of PCA, fitted on the same training rows, on ``rows`` held-out rows."""

    code: Neighbourhood
    pca: Neighbourhood | None
    rows: int


def neighbourhoods(
    encode: Callable[[Any], Any], X: np.ndarray, y: Any, known: tuple[np.ndarray, Any] | None, rank: int
) -> Neighbourhoods | None:
    """Return how well codes of held-out rows preserve neighbourhoods, or None for too few rows.

    Parameters
    ----------
    encode : callable
        Maps rows to codes.
    X, y : arrays of shape (rows, features) and (rows,)
        Held-out rows and their classes; ``y`` may be None.
    known : tuple of arrays, optional
        Training rows and their classes or None; without them there is no PCA and no error.
    rank : int
        Number of code units.
    """
    if len(X) < _FEWEST_ROWS:
        return None
    # Distances need all values: an unknown one is put at its column's mean, as for PCA.
    filled = np.where(np.isnan(X), np.nan_to_num(np.nanmean(X, axis=0)), X)

    def judged(code: Callable[[Any], Any]) -> Neighbourhood:
        Z, error = code(X), None
        if known is not None and known[1] is not None and y is not None:
            error = neighbour_error(code(known[0]), known[1], Z, y)
        return Neighbourhood(
            trustworthiness(filled, Z, k=NEIGHBOURS), continuity(filled, Z, k=NEIGHBOURS), error
        )

    pca = None if known is None else judged(Projection.of(known[0], rank))
    return Neighbourhoods(judged(encode), pca, len(X))


def _find(subject: Subject) -> Neighbourhoods | None:
    known = None if subject.known is None else (subject.known.X, subject.labels)
    estimator, near = subject.estimator, subject.near
    return neighbourhoods(estimator.transform, near.X, near.y, known, estimator.n_components)


def _lines(neighbours: Neighbourhoods) -> list[Line]:
    lines = []
    rows = f"{counted(neighbours.rows)} rows, k = {NEIGHBOURS}"
    for of, found in (("the code", neighbours.code), ("PCA", neighbours.pca)):
        if found is not None:
            lines.append(Line(f"trustworthiness of {of} ({rows})", measured(found.trustworthiness)))
            lines.append(Line(f"continuity of {of}", measured(found.continuity)))
            if found.error is not None:
                lines.append(Line(f"nearest-neighbour error in {of}", percent(found.error)))
    return lines


NEAR = Measure("neighbours", _find, _lines)
