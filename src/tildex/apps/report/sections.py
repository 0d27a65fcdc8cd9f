"""All optional sections, in order: a new one is a file, its template and a name here."""

from __future__ import annotations

from tildex.apps.report.health import HEALTH
from tildex.apps.report.likelihoods import LIKELIHOODS
from tildex.apps.report.neighbours import NEIGHBOURHOODS
from tildex.apps.report.section import Section
from tildex.apps.report.sparse_codes import SPARSE_CODES

__all__ = ["SECTIONS"]

SECTIONS: tuple[Section, ...] = (LIKELIHOODS, SPARSE_CODES, NEIGHBOURHOODS, HEALTH)
