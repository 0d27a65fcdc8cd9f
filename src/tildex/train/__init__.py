"""Training: the one loop, its stages, and callbacks after an epoch."""

from tildex.train.loop import Callback, Plan, Rows, Trainer

__all__ = ["Callback", "Plan", "Rows", "Trainer"]
