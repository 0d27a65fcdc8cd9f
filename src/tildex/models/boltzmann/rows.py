"""Machines for rows that differ in more than their values: families bound to given rows, over the same weights."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from tildex.models.boltzmann.machine import BoltzmannMachine
from tildex.units import Units

__all__ = ["for_chains", "for_rows", "with_units"]


def for_rows(machine: BoltzmannMachine, x: Tensor) -> BoltzmannMachine:
    """Return the machine with visible families bound to the rows ``x``: itself, unless rows have their own lengths.

    Parameters
    ----------
    machine : BoltzmannMachine
        Any machine; the result shares its parameters.
    x : Tensor of shape (batch, visible)
        The columns of all visible layers. Later calls must use the same rows in the same order.
    """
    families = {}
    for k, rows in machine.split(x).items():
        units = machine.layers[k].units.for_rows(rows)
        if units is not machine.layers[k].units:
            families[k] = units
    return with_units(machine, families)


def for_chains(machine: BoltzmannMachine, x: Tensor, n: int, *, copies: int = 1) -> BoltzmannMachine:
    """Return the machine for ``n`` persistent chains with a batch: itself, unless rows have their own lengths.

    Chains then take the lengths of the batch's rows, shortest first, so that chains have as many words as the data
    and each chain keeps nearly the same length from batch to batch.

    Parameters
    ----------
    machine : BoltzmannMachine
        Any machine.
    x : Tensor of shape (batch, visible)
        The rows of data.
    n : int
        Number of chains.
    copies : int
        Number of consecutive copies, for example one per temperature.
    """
    if for_rows(machine, x[:1]) is machine:
        return machine
    shortest_first = x.sum(-1).argsort()
    evenly = (torch.arange(n, device=x.device) * len(x)) // n
    return for_rows(machine, x[shortest_first[evenly]].repeat(copies, 1))


def with_units(machine: BoltzmannMachine, families: Mapping[int, Units]) -> BoltzmannMachine:
    """Return the machine with other families in some layers, over the same weights and biases."""
    if not families:
        return machine
    layers = [
        _changed(layer, units=families[k]) if k in families else layer
        for k, layer in enumerate(machine.layers)
    ]
    return _changed(machine, layers=nn.ModuleList(layers))


def _changed(module: nn.Module, **modules: nn.Module) -> Any:
    changed = copy.copy(module)
    # A shallow copy of a torch module shares its dictionary of modules, which must not change in the original.
    changed._modules = {**module._modules, **modules}
    return changed
