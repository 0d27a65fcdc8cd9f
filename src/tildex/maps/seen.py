r"""Counts as an encoder sees them: standardised logarithms, so that one large count does not drown all others.

.. math:: x' = \frac{\log(1 + x) - \text{offset}}{\text{scale}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.maps.base import Map

__all__ = ["Seen", "View", "seen", "with_views"]

# Standardised logarithms further out than this say no more.
_FURTHEST = 8.0

# A column whose counts hardly vary is not stretched beyond this: a count struck to zero would lie too far out.
_LEAST_SPREAD = 0.1


class View(nn.Module):
    """Standardised logarithms of some columns; the others pass unchanged. The numbers are saved with the weights.

    Parameters
    ----------
    counts : Tensor of shape (features,)
        Which columns hold counts.

    Example
    -------
    >>> view = View(torch.tensor([True, False]))
    >>> view.look(torch.tensor([[0.0, 5.0], [10.0, 6.0]]))
    >>> view(torch.tensor([[10.0, 6.0]]))
    tensor([[1., 6.]])
    """

    counts: Tensor
    offset: Tensor
    scale: Tensor

    def __init__(self, counts: Tensor) -> None:
        super().__init__()
        self.register_buffer("counts", counts)
        self.register_buffer("offset", torch.zeros(len(counts)))
        self.register_buffer("scale", torch.ones(len(counts)))

    def forward(self, x: Tensor) -> Tensor:
        """Return the rows as the encoder sees them."""
        logs = (torch.where(self.counts, x, 0.0).clamp_min(0).log1p() - self.offset) / self.scale
        return torch.where(self.counts, logs.clamp(-_FURTHEST, _FURTHEST), x)

    @torch.no_grad()
    def look(self, rows: Tensor) -> None:
        """Take offset and scale from some rows; unknown values, NaN, count as zero."""
        logs = torch.where(self.counts, rows, 0.0).nan_to_num(0.0).log1p()
        self.offset.copy_(logs.mean(0))
        self.scale.copy_(torch.where(self.counts, logs.std(0, correction=0).clamp_min(_LEAST_SPREAD), 1.0))


class Seen(Map):
    """A map behind a view: it receives what the view makes of the rows.

    Parameters
    ----------
    view : View
        What is seen of the rows.
    inner : Map
        The map of what is seen.
    """

    def __init__(self, view: View, inner: Map) -> None:
        super().__init__()
        self.view = view
        self.inner = inner

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the inner map's output at what is seen."""
        return self.inner(self.view(x), generator)

    def look(self, rows: Callable[[], Tensor]) -> None:
        """Let the view look at some rows."""
        self.view.look(rows())

    def opened(self) -> tuple[View, Map]:
        """Return the view and the map behind it."""
        return self.view, self.inner

    def input_weight(self) -> Tensor | None:
        """Return the matrix that multiplies what is seen."""
        return self.inner.input_weight()

    @property
    def output_bias(self) -> Tensor | None:
        """The inner map's."""
        return self.inner.output_bias

    @property
    def layers(self) -> Any:
        """The inner map's."""
        return self.inner.layers

    def steps(self) -> list[Map]:
        """Return the inner map's steps, the first behind the view."""
        first, *rest = self.inner.steps()
        return [Seen(self.view, first), *rest]


def seen(counts: Tensor, map: Map) -> Map:
    """Return ``map`` behind a view of the columns that are ``counts``; the map itself if there are none."""
    return Seen(View(counts), map) if bool(counts.any()) else map


def with_views(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return saved weights under the names of ``wanted``; maps saved before there were views see counts as they are."""
    found = dict(weights)
    for key in wanted:
        before, last, _ = key.rpartition("view.counts")
        if last and key not in weights:
            inner = [old for old in found if old.startswith(before)]
            found |= {f"{before}inner.{old.removeprefix(before)}": found.pop(old) for old in inner}
            nothing = View(torch.zeros_like(wanted[key])).state_dict()
            found |= {f"{before}view.{name}": value for name, value in nothing.items()}
    return found
