r"""The surroundings of a visible unit in a two-layer machine: the hidden units that its value affects.

.. math:: \log P(x_i \mid x_{-i}) = b_i x_i - E_i(x_i) + A_h\big(\eta + W_i (x_i' - x_i)\big) - \log Z_i
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from torch import Tensor

__all__ = ["Surroundings"]


@dataclass(frozen=True)
class Surroundings:
    """All that determines one visible variable given the others, with the hidden units summed out.

    Attributes
    ----------
    bias : Tensor of shape (visible,)
        Biases of the visible units.
    weight : Tensor of shape (visible, hidden)
        Weights from visible units to hidden inputs.
    inputs : Tensor of shape (batch, hidden)
        Hidden inputs at the observed rows.
    hidden : Units
        The family of the hidden units.
    """

    bias: Tensor
    weight: Tensor
    inputs: Tensor
    hidden: Any

    def of(self, columns: slice, rows: Tensor | None = None) -> Self:
        """Return the surroundings of some columns, in all rows or those given by index."""
        inputs = self.inputs if rows is None else self.inputs[rows]
        return replace(self, bias=self.bias[columns], weight=self.weight[columns], inputs=inputs)
