"""Optimisers and learning-rate schedules as parts."""

from tildex.optimizers.base import Constant, Cosine, Linear, Optimizer, Schedule
from tildex.optimizers.descent import LBFGS, SGD, Adam
from tildex.optimizers.muon import Muon

__all__ = ["LBFGS", "SGD", "Adam", "Constant", "Cosine", "Linear", "Muon", "Optimizer", "Schedule"]
