r"""A linear way around a map: hidden layers only add what no linear map can do.

.. math:: f(x) = W x + b + g(x)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.maps.base import Map

__all__ = ["Around"]


class Around(Map):
    """A linear layer beside another map with the same inputs and outputs; it starts at zero.

    Parameters
    ----------
    inner : Map
        The map that the layer leads around.
    n_in, n_out : int
        Numbers of inputs and outputs.
    input_noise : callable, optional
        A corruption of the condition of both, applied when a call passes a generator.

    Example
    -------
    >>> from tildex.maps import MLP
    >>> inner = MLP([5, 8, 2], generator=Generator(0))
    >>> around, x = Around(inner, 5, 2), torch.ones(3, 5)
    >>> bool((around(x) == inner(x)).all())
    True
    """

    def __init__(
        self,
        inner: Map,
        n_in: int,
        n_out: int,
        *,
        input_noise: Callable[[Tensor, Generator], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.inner = inner
        self.linear = nn.utils.skip_init(nn.Linear, n_in, n_out)
        self.input_noise = input_noise
        with torch.no_grad():
            self.linear.weight.zero_()
            self.linear.bias.zero_()

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the sum of both, in the type of ``x``."""
        if self.input_noise is not None and generator is not None:
            x = self.input_noise(x, generator)
        return self.inner(x, generator) + self.linear(x).to(x.dtype)

    def input_weight(self) -> Tensor | None:
        """Return the inner map's."""
        return self.inner.input_weight()

    @property
    def conditionals(self) -> Sequence[Any]:
        """The conditionals inside the map that this one leads around."""
        return self.inner.within()
