r"""Where the data meets the model: a fixed shift and stretch of every column.

.. math:: x' = (x - \text{offset}) / \text{scale}
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["CommonLength", "Scaling"]


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


class CommonLength(Scaling):
    """A scaling after which all documents among the columns have one length; one without words becomes unknown, NaN.

    Parameters
    ----------
    offset, scale : Tensor of shape (features,)
        As in :class:`Scaling`, for the other columns.
    documents : sequence of (int, int, int)
        First column, last column but one, and the words that the counts between shall add up to.

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
        """Say whether nothing is changed."""
        return not self.documents and super().is_identity()
