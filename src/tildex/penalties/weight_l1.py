r"""Few large weights.

.. math:: \Omega = \sum_{W} \sum_{ij} |W_{ij}|
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tildex.penalties.base import Penalty
from tildex.shapes import Step

__all__ = ["WeightL1"]


class WeightL1(Penalty):
    """The sum of absolute weights, which drives most of them to zero; biases and precisions are not penalised.

    Example
    -------
    >>> WeightL1()
    WeightL1(weight=0.0001)
    """

    def __init__(self, weight: float = 1e-4) -> None:
        super().__init__(weight)

    def value(self, model: Any, step: Step) -> Tensor:
        """Return the model's penalty, the same for each row."""
        sizes = [w.abs().sum() for w in model.parameters() if w.ndim > 1]
        return torch.stack(sizes).sum().expand(len(step.x))
