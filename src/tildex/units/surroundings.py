r"""What visible units of a machine of two layers stand in: the hidden units that their values move.

.. math:: \log P(x_i \mid x_{-i}) = b_i x_i - E_i(x_i) + A_h\big(\eta + W_i (x_i' - x_i)\big) - \log Z_i
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

__all__ = ["Surroundings"]


@dataclass(frozen=True)
class Surroundings:
    """All that decides on one visible variable once the others are known, the hidden units summed out.

    Attributes
    ----------
    bias : Tensor of shape (visible,)
        Of the visible units.
    weight : Tensor of shape (visible, hidden)
        What each visible unit adds to the hidden inputs.
    inputs : Tensor of shape (batch, hidden)
        What the hidden units receive from the rows as they are.
    hidden : Units
        The family of the hidden units.
    """

    bias: Tensor
    weight: Tensor
    inputs: Tensor
    hidden: Any
