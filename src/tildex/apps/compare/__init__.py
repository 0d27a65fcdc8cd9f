"""Comparisons of models on one data set."""

from tildex.apps.compare.comparing import compare
from tildex.apps.compare.comparison import Comparison
from tildex.apps.compare.row import Row

__all__ = ["Comparison", "Row", "compare"]
