r"""Weight decay.

.. math:: \Omega = \tfrac12 \sum_{W} \|W\|_F^2
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tildex.penalties.base import Penalty
from tildex.shapes import Step

__all__ = ["WeightDecay"]


class WeightDecay(Penalty):
    """Half the sum of squares of all weight matrices; biases and precisions are not penalised."""

    def __init__(self, weight: float = 1e-4) -> None:
        super().__init__(weight)

    def value(self, model: Any, step: Step) -> Tensor:
        """Return the model's penalty, the same for each row."""
        squares = [w.square().sum() for w in model.parameters() if w.ndim > 1]
        return 0.5 * torch.stack(squares).sum().expand(len(step.x))
