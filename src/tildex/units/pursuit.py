r"""Codes of k competing units: each explains the residual of the others.

.. math:: E(h) = \tfrac12 h^\top G h \text{ for } \|h\|_0 \le k, \qquad G_{ij} = d_i \cdot d_j,
          \qquad h_S(\eta) = G_{SS}^{-1} \eta_S

where :math:`d_j` is the decoder column of unit j and S is found greedily, one unit at a time.
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
    """At most ``k`` units, positive or negative, each chosen to explain the residual of the units before it: the code
    of orthogonal matching pursuit (Pati, Rezaiifar & Krishnaprasad, 1993, "Orthogonal matching pursuit").

    :class:`TopK` units are chosen independently: two with nearly the same decoder column may both be active, where
    one of them and a different unit would explain more. Here each new unit is the one that best matches the residual,
    and least squares then gives all values. This takes k small products instead of one selection. A
    :class:`~tildex.SparseAutoencoder` makes its units compete through the columns of its decoder, and learns the
    decoder with this code; in other models, units do not compete, and the code keeps the k inputs largest in
    magnitude.

    Parameters
    ----------
    k : int
        Maximum number of active units per row.

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
        """How many units determine the code jointly: one, or all that compete."""
        return 1 if self.drawn is None else self.drawn.shape[1]

    def sized(self, size: int) -> Self:
        """Return a copy for ``size`` units that do not compete.

        Raises
        ------
        ValueError
            If ``size`` is smaller than the number of active units.
        """
        check_used(self, self.k, size)
        return super().sized(size)

    def among(self, drawn: nn.Parameter) -> Self:
        """Let the units compete, each with its column of ``drawn`` as its dictionary atom, and return them."""
        self.drawn = drawn
        return self

    def energy(self, x: Tensor) -> Tensor:
        """Return half the squared norm of the code's reconstruction."""
        drawn = x if self.drawn is None else x @ self.drawn.t()
        return 0.5 * drawn.square().sum(-1).masked_fill((x != 0).sum(-1) > self.k, math.inf)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the code, zero except in ``k`` places."""
        support, values = self._pursue(inputs)
        return torch.zeros_like(inputs).scatter(-1, support, values)

    def variance(self, inputs: Tensor) -> Tensor:
        """Return the derivative of each unit's value with respect to its own input."""
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
        """Return the indices of the active units and their values, both of shape (..., k)."""
        if self.drawn is None:
            support = inputs.abs().topk(self.k, dim=-1).indices
            return support, inputs.gather(-1, support)
        # Products in bfloat16 would lose the small differences between similar units.
        with torch.autocast(inputs.device.type, enabled=False):
            gram = self._gram(inputs)
            support = _chosen(gram.detach(), inputs.detach(), self.k)
            return support, _solved(gram, inputs, support)


@torch.no_grad()
def _chosen(gram: Tensor, inputs: Tensor, k: int) -> Tensor:
    """Return the greedily chosen units, in order, shape (..., k)."""
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
    """Return the least-squares values of the active units, shape (..., active)."""
    return torch.linalg.solve(_among(gram, support), inputs.gather(-1, support).unsqueeze(-1)).squeeze(-1)


def _among(gram: Tensor, support: Tensor) -> Tensor:
    return gram[support.unsqueeze(-1), support.unsqueeze(-2)]
