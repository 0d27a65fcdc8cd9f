"""Samples of upper layers through a chain of restricted machines, each trained on samples of the one below."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models.boltzmann.machine import BoltzmannMachine

__all__ = ["sample_up"]


@torch.no_grad()
def sample_up(parts: Sequence[BoltzmannMachine], x: Tensor, generator: Generator) -> Tensor:
    """Return a sample of the layer above the last of the parts, given values of the lowest.

    Parameters
    ----------
    parts : sequence of BoltzmannMachine
        Two-layer machines, bottom up; with none, ``x`` is returned.
    x : Tensor of shape (batch, visible)
        Rows of the lowest layer; unknown rows, marked by NaN, stay unknown.
    generator : Generator
        Draws the samples.
    """
    if not parts:
        return x
    unknown = x.isnan().any(1, keepdim=True)
    x = x.masked_fill(unknown, 0.0)
    for part in parts:
        x = part.layers[1].units.sample(part.inputs(1, [x, x]), generator)
    return x.masked_fill(unknown, torch.nan)
