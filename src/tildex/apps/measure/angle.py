"""The angle between the subspace of a linear model and that of PCA."""

from __future__ import annotations

from tildex.apps.measure.kinds import Line, Measure
from tildex.apps.measure.likelihood import scaled_rows
from tildex.apps.measure.subject import Subject
from tildex.evaluate import principal_angles, principal_axes

__all__ = ["LARGEST_ANGLE"]


def _find(subject: Subject) -> float | None:
    """Return the largest principal angle, in radians."""
    estimator = subject.estimator
    axes = estimator.module_.linear_axes()
    if axes is None or subject.X_train is None:
        return None
    scaled = scaled_rows(estimator, subject.X_train).cpu()
    # The best linear code of rows with gaps is not PCA.
    if scaled.isnan().any():
        return None
    # PCA of the columns as the model scales them, whose error it minimises.
    wanted = principal_axes(scaled, estimator.n_components)[1]
    return float(principal_angles(axes.t(), wanted).max())


def _lines(angle: float) -> list[Line]:
    return [Line("largest angle to the PCA subspace", f"{angle:.2g} rad")]


LARGEST_ANGLE = Measure("largest_angle", _find, _lines, float)
