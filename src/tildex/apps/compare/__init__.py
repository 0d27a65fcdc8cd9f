"""Comparisons of models on one data set."""

from tildex.apps.compare.comparing import compare
from tildex.apps.compare.comparison import Comparison
from tildex.apps.compare.row import Row
from tildex.apps.compare.saved import save_comparison

__all__ = ["Comparison", "Row", "compare", "save_comparison"]
