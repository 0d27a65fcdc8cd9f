"""How sparse a code is."""

from __future__ import annotations

import numpy as np

from tildex.apps.measure.kinds import Line, Measure
from tildex.apps.measure.subject import Subject
from tildex.apps.pages.numbers import measured, percent
from tildex.evaluate import Sparsity

__all__ = ["SPARSITY"]


def _find(subject: Subject) -> Sparsity | None:
    if not subject.estimator.module_.sparse_code:
        return None
    X, yardstick = subject.held_out.X, subject.yardstick
    # Unknown cells are at the mean in both, where they add no error.
    reconstruction = np.where(np.isnan(X), np.nan, subject.reconstruction)
    return Sparsity.of(subject.estimator.transform(X), yardstick(X), yardstick(reconstruction))


def _lines(sparsity: Sparsity) -> list[Line]:
    return [
        Line("active units per row (L0)", measured(sparsity.l0)),
        Line("variance unexplained", percent(sparsity.unexplained)),
        Line("dead units", f"{sparsity.dead:.1%}"),
        Line("units active on < 1 row in 10,000", f"{sparsity.rare:.1%}"),
    ]


SPARSITY = Measure("sparsity", _find, _lines)
