"""Machines whose rows differ in more than their values: families bound to the rows at hand, over the same weights."""

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
    """Return the machine with visible families that know the rows ``x``: itself, unless rows have their own lengths.

    Parameters
    ----------
    machine : BoltzmannMachine
        Any; what is returned shares its parameters.
    x : Tensor of shape (batch, visible)
        The columns of all visible layers. The rows, in number and order, of whatever the result is then asked for.
    """
    families = {}
    for k, rows in machine.split(x).items():
        units = machine.layers[k].units.for_rows(rows)
        if units is not machine.layers[k].units:
            families[k] = units
    return with_units(machine, families)


def for_chains(machine: BoltzmannMachine, x: Tensor, n: int, *, copies: int = 1) -> BoltzmannMachine:
    """Return the machine for ``n`` persistent chains beside a batch: itself, unless rows have their own lengths.

    Chains then take the lengths of the batch's rows, the first chain the shortest: as many words as the data have, and
    from batch to batch nearly the same length for each chain.

    Parameters
    ----------
    machine : BoltzmannMachine
        Any.
    x : Tensor of shape (batch, visible)
        The rows of data.
    n : int
        Chains.
    copies : int
        How many times over, one after the other, say for temperatures.
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
    # A copy of a torch module shares the dictionary of its modules, which must not change in the original.
    changed._modules = {**module._modules, **modules}
    return changed
