"""All questions, in the order of the table: a new one is a file and a name here."""

from __future__ import annotations

from tildex.apps.compare.error import ERROR
from tildex.apps.compare.likelihood import LIKELIHOOD
from tildex.apps.compare.probe import PROBE
from tildex.apps.compare.question import Question

__all__ = ["QUESTIONS"]

QUESTIONS: tuple[Question, ...] = (ERROR, PROBE, LIKELIHOOD)
