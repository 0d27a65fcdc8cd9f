"""Training: the one loop, its stages, and callbacks after an epoch."""

from tildex.train.budget import Budget
from tildex.train.loop import Callback, Plan, Rows, Trainer

__all__ = ["Budget", "Callback", "Plan", "Rows", "Trainer"]
