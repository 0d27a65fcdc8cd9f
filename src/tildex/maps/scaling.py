r"""Where the data meets the model: a fixed shift and stretch of every column.

.. math:: x' = (x - \text{offset}) / \text{scale}
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Scaling"]


class Scaling(nn.Module):
    """Columns brought to the model's units and back; saved with the weights.

    Parameters
    ----------
    offset, scale : Tensor of shape (features,)
        What is taken off each column, and what it is then divided by (positive).
    """

    offset: Tensor
    scale: Tensor

    def __init__(self, offset: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("offset", offset)
        self.register_buffer("scale", scale)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` in the model's units."""
        return (x - self.offset) / self.scale

    def inverse(self, x: Tensor) -> Tensor:
        """Return ``x`` in the data's units."""
        return x * self.scale + self.offset

    def is_identity(self) -> bool:
        """Say whether nothing is changed, so that a hot loop need not try."""
        return not bool(self.offset.any()) and bool((self.scale == 1).all())

    def log_volume(self) -> Tensor:
        """Return what a log-density of the data adds to one of the model's units, in nats."""
        return -torch.log(self.scale).sum()
