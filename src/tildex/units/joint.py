"""The columns of mixed parts taken together by family, so that equal families are computed at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.units.base import Units

__all__ = ["Alike", "Open", "alike"]

Alike = tuple[Units, Tensor]
"""A family and the indices of its columns, those of several equal parts."""


def alike(parts: Sequence[tuple[Units, slice]]) -> list[Alike]:
    """Return each family once, with its columns; families that learn parameters stay apart."""
    found: list[tuple[Units, list[int]]] = []
    for units, own in parts:
        same = [columns for other, columns in found if not learns(units) and other == units]
        if same:
            same[0].extend(range(own.start, own.stop))
        else:
            found.append((units, list(range(own.start, own.stop))))
    return [(units, torch.tensor(columns)) for units, columns in found]


def learns(units: Units) -> bool:
    """Say whether a family has parameters of its own columns."""
    return next(units.parameters(), None) is not None


class Open:
    """Mixed columns of which some values are known: only unknown variables are computed, row by row.

    Families that learn parameters, whose columns differ or depend on each other, are computed whole.

    Parameters
    ----------
    families : sequence of Alike
        The families and their columns.
    values, known : Tensor of shape (rows, columns)
        The known values, and the mask of these.
    """

    def __init__(self, families: Sequence[Alike], values: Tensor, known: Tensor) -> None:
        self.values, self.known = values, known
        self.open: list[tuple[Units, tuple[Tensor, Tensor]]] = []
        for units, columns in families:
            variables = columns.to(known.device).view(-1, units.group)
            unknown = ~known[:, variables].all(-1)
            if not bool(unknown.any()):
                continue
            if learns(units):
                rows = torch.arange(len(known), device=known.device)
                self.open.append((units, (rows[:, None], columns.to(known.device))))
            else:
                rows, which = unknown.nonzero(as_tuple=True)
                self.open.append((units, (rows[:, None], variables[which])))

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the means of unknown values, and anything for known ones."""
        return self._each(inputs, lambda units, eta: units.mean(eta))

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw unknown values, and anything for known ones."""
        return self._each(inputs, lambda units, eta: units.sample(eta, generator))

    def _each(self, inputs: Tensor, function: Callable[[Units, Tensor], Tensor]) -> Tensor:
        inputs = inputs.expand(self.known.shape)
        result = torch.zeros_like(inputs)
        for units, cells in self.open:
            given, eta = units.given(inputs[cells], self.values[cells], self.known[cells])
            result[cells] = function(given, eta)
        return result
