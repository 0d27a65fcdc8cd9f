r"""The scaling between data and model: a fixed shift and scale of every column.

.. math:: x' = (x - \text{offset}) / \text{scale}
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["CommonLength", "Scaling"]


class Scaling(nn.Module):
    """Converts columns to the model's units and back; saved with the weights.

    Parameters
    ----------
    offset, scale : Tensor of shape (features,)
        What is subtracted from each column, and the positive number it is then divided by.
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
        """Say whether the scaling changes nothing, so that a hot loop can skip it."""
        return not bool(self.offset.any()) and bool((self.scale == 1).all())

    def log_volume(self, x: Tensor | None = None) -> Tensor:
        """Return the term to add to a log-density in the model's units to get that of the data, in nats.

        For rows ``x`` with unknown values, NaN, there is one term for each, shape (batch,).
        """
        logs = -torch.log(self.scale)
        if x is None or not bool((unknown := x.isnan()).any()):
            return logs.sum()
        return torch.where(unknown, 0.0, logs).sum(-1)


class CommonLength(Scaling):
    """A scaling that gives all documents among the columns one length; a document without words becomes unknown, NaN.

    Parameters
    ----------
    offset, scale : Tensor of shape (features,)
        As in :class:`Scaling`, for the other columns.
    documents : sequence of (int, int, int)
        First column, one past the last column, and the total to which the counts in between are scaled.

    Example
    -------
    >>> scaling = CommonLength(torch.zeros(3), torch.ones(3), [(1, 3, 10)])
    >>> scaling(torch.tensor([[0.5, 1.0, 1.0], [0.5, 0.0, 0.0]]))
    tensor([[0.5000, 5.0000, 5.0000],
            [0.5000,    nan,    nan]])
    """

    def __init__(self, offset: Tensor, scale: Tensor, documents: Sequence[tuple[int, int, int]]) -> None:
        super().__init__(offset, scale)
        self.documents = tuple(documents)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` in the model's units."""
        x = super().forward(x)
        for start, stop, length in self.documents:
            words = x[:, start:stop]
            x[:, start:stop] = words * (length / words.sum(-1, keepdim=True))
        return x

    def is_identity(self) -> bool:
        """Say whether the scaling changes nothing."""
        return not self.documents and super().is_identity()
