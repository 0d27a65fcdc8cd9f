r"""Codes of k units that compete: each explains what the others leave.

.. math:: E(h) = \tfrac12 h^\top G h \text{ for } \|h\|_0 \le k, \qquad G_{ij} = d_i \cdot d_j,
          \qquad h_S(\eta) = G_{SS}^{-1} \eta_S

where :math:`d_j` is what unit j draws and S is found greedily, one unit at a time.
"""

from __future__ import annotations

import math
from typing import Self

import torch
from torch import Tensor, nn

from tildex.units.activation import Activation
from tildex.units.top_k import check_used

__all__ = ["Pursuit"]

# Two units that draw the same would leave their shares undecided.
_RIDGE = 1e-6


class Pursuit(Activation):
    """At most ``k`` units, positive or negative, chosen one by one for what those before them leave unexplained: the
    code of orthogonal matching pursuit (Pati, Rezaiifar & Krishnaprasad, 1993, "Orthogonal matching pursuit").

    :class:`TopK` units do not know of each other: two that draw nearly the same are both in use, where one of them and
    another would explain more. Here each new unit is the one that best matches what is left, and all values are then
    those of least squares. It takes k small products in place of one choice. A
    :class:`~tildex.SparseAutoencoder` makes its units compete in what its decoder draws, and learns it with this code;
    units that have no rivals, in other models, are the k largest inputs by size.

    Parameters
    ----------
    k : int
        Units in use of each row, at most.

    Example
    -------
    >>> import torch
    >>> Pursuit(2).mean(torch.tensor([[3.0, -1.0, 0.5, -2.0]]))
    tensor([[ 3.,  0.,  0., -2.]])

    The row (3, 1) and three directions, the first two nearly the same:

    >>> drawn = torch.tensor([[1.0, 0.8, 0.0], [0.0, 0.6, 1.0]])
    >>> units = Pursuit(2).sized(3).among(torch.nn.Parameter(drawn, requires_grad=False))
    >>> units.mean(torch.tensor([[3.0, 1.0]]) @ drawn).round(decimals=3)
    tensor([[3., 0., 1.]])
    """

    low = -math.inf
    competes = True
    drawn: nn.Parameter | None

    def __init__(self, k: int = 10) -> None:
        super().__init__()
        if k < 1:
            raise ValueError(f"k must be at least 1 unit, got {k}")
        self.k = k
        self.register_parameter("drawn", None)

    @property
    def group(self) -> int:  # type: ignore[override]
        """How many units decide a code together: one, or all that compete."""
        return 1 if self.drawn is None else self.drawn.shape[1]

    def sized(self, size: int) -> Self:
        """Return a copy for ``size`` units, without rivals.

        Raises
        ------
        ValueError
            If those are fewer than are to be in use.
        """
        check_used(self, self.k, size)
        return super().sized(size)

    def among(self, drawn: nn.Parameter) -> Self:
        """Let the units compete in what each of them draws, a column of ``drawn``, and return them."""
        self.drawn = drawn
        return self

    def energy(self, x: Tensor) -> Tensor:
        """Return half the squared length of what the code draws."""
        drawn = x if self.drawn is None else x @ self.drawn.t()
        return 0.5 * drawn.square().sum(-1).masked_fill((x != 0).sum(-1) > self.k, math.inf)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the code, zero but in ``k`` places."""
        support, values = self._pursue(inputs)
        return torch.zeros_like(inputs).scatter(-1, support, values)

    def variance(self, inputs: Tensor) -> Tensor:
        """Return the slope of each unit's value by its own input."""
        if self.drawn is None:
            return super().variance(inputs)
        support, _ = self._pursue(inputs)
        slopes = torch.linalg.inv(_among(self._gram(inputs), support)).diagonal(dim1=-2, dim2=-1)
        return torch.zeros_like(inputs).scatter(-1, support, slopes)

    def _gram(self, inputs: Tensor) -> Tensor:
        assert self.drawn is not None
        weight = self.drawn.to(inputs.dtype)
        return weight.t() @ weight + _RIDGE * torch.eye(weight.shape[1]).to(inputs)

    def _pursue(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return which units are in use and their values, both of shape (..., k)."""
        if self.drawn is None:
            support = inputs.abs().topk(self.k, dim=-1).indices
            return support, inputs.gather(-1, support)
        # Small differences of near units do not survive products in bfloat16.
        with torch.autocast(inputs.device.type, enabled=False):
            gram = self._gram(inputs)
            support = _chosen(gram.detach(), inputs.detach(), self.k)
            return support, _solved(gram, inputs, support)


@torch.no_grad()
def _chosen(gram: Tensor, inputs: Tensor, k: int) -> Tensor:
    """Return the units that explain most, one after the other, shape (..., k)."""
    lengths = gram.diagonal().sqrt()
    support = torch.empty(*inputs.shape[:-1], 0, dtype=torch.long, device=inputs.device)
    left = inputs
    for _ in range(k):
        match = (left.abs() / lengths).scatter_(-1, support, -1.0)
        support = torch.cat([support, match.argmax(-1, keepdim=True)], -1)
        values = torch.zeros_like(inputs).scatter_(-1, support, _solved(gram, inputs, support))
        left = inputs - values @ gram
    return support


def _solved(gram: Tensor, inputs: Tensor, support: Tensor) -> Tensor:
    """Return the values of least squares of the units in use, shape (..., in use)."""
    return torch.linalg.solve(_among(gram, support), inputs.gather(-1, support).unsqueeze(-1)).squeeze(-1)


def _among(gram: Tensor, support: Tensor) -> Tensor:
    return gram[support.unsqueeze(-1), support.unsqueeze(-2)]
