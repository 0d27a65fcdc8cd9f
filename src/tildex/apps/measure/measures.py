"""All measures of models of rows, in display order: a new one is a file and a name here."""

from __future__ import annotations

from tildex.apps.measure.angle import LARGEST_ANGLE
from tildex.apps.measure.compared import LIKELIHOOD
from tildex.apps.measure.kinds import Measure
from tildex.apps.measure.neighbourhoods import NEAR
from tildex.apps.measure.probe import PROBE
from tildex.apps.measure.sparse_use import SPARSITY

__all__ = ["MEASURES"]

MEASURES: tuple[Measure, ...] = (LARGEST_ANGLE, SPARSITY, LIKELIHOOD, PROBE, NEAR)
