"""The columns of mixed parts taken together by family, so that equal families are computed at once."""

from __future__ import annotations

from collections.abc import Sequence

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
    """Mixed columns of which some values are known: only variables that some row does not know are computed.

    Parameters
    ----------
    families : sequence of Alike
        The families and their columns.
    values, known : Tensor of shape (rows, columns)
        The known values, and the mask of these.
    """

    def __init__(self, families: Sequence[Alike], values: Tensor, known: Tensor) -> None:
        self.shape, self.open = values.shape[-1], []
        closed = known.flatten(0, -2).all(0)
        for units, columns in families:
            columns = columns.to(known.device)
            grouped = columns.view(-1, units.group)
            if not learns(units):
                columns = grouped[~closed[grouped].all(-1)].flatten()
            if len(columns) and not closed[columns].all():
                self.open.append((units, columns, values[..., columns], known[..., columns]))

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the means, 0 in columns known of every row."""
        return self._scattered(inputs, [units.mean(eta) for units, eta in self._given(inputs)])

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw values, 0 in columns known of every row."""
        return self._scattered(inputs, [units.sample(eta, generator) for units, eta in self._given(inputs)])

    def _given(self, inputs: Tensor) -> list[tuple[Units, Tensor]]:
        return [
            units.given(inputs[..., columns], values, known) for units, columns, values, known in self.open
        ]

    def _scattered(self, inputs: Tensor, parts: Sequence[Tensor]) -> Tensor:
        result = torch.zeros_like(inputs)
        for (_, columns, _, _), part in zip(self.open, parts, strict=True):
            result[..., columns] = part
        return result
