"""Axis names, and the records that rules, penalties and the loop hand each other.

Axes, in the order in which they appear: ``batch`` (rows of data), ``chains`` (rows of model samples), ``visible``
and ``hidden`` (units of a layer), ``features`` (columns of the data).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Loss", "Step", "Update"]


@dataclass
class Step:
    """What one training step has computed, for a penalty to look at.

    Attributes
    ----------
    x : Tensor of shape (batch, visible)
        The data.
    corrupted : Tensor of shape (batch, visible)
        What the encoder saw; ``x`` itself when nothing corrupts.
    inputs : Tensor of shape (batch, hidden)
        The natural parameters of the code.
    hidden : Tensor of shape (batch, hidden)
        The mean of the code.
    generator : Generator, optional
        The step's source of randomness, for what is estimated.
    outputs : Tensor of shape (batch, visible), optional
        The natural parameters of the data, as the decoder makes them of the code.
    progress : float
        The share of training that is done.
    """

    x: Tensor
    corrupted: Tensor
    inputs: Tensor
    hidden: Tensor
    generator: Any = None
    outputs: Tensor | None = None
    progress: float = 1.0


@dataclass
class Loss:
    """A scalar to descend, and the parts it is the sum of.

    Sums run over features and means over rows, everywhere.

    Attributes
    ----------
    total : Tensor
        The scalar.
    parts : dict of str to Tensor
        Detached scalars by name.
    gradients : list of (Parameter, Tensor)
        What a rule knows in closed form, in place of or beside what the tape of ``total`` gives.
    """

    total: Tensor
    parts: dict[str, Tensor] = field(default_factory=dict)
    gradients: list[tuple[nn.Parameter, Tensor]] = field(default_factory=list)

    @classmethod
    def of(cls, **parts: Tensor) -> Loss:
        """Return the loss that is the sum of the means of ``parts``, one value a row each."""
        means = {name: values.mean() for name, values in parts.items()}
        return cls(torch.stack(list(means.values())).sum(), {name: m.detach() for name, m in means.items()})

    def __add__(self, other: Loss) -> Loss:
        """Return the sum of two losses of one batch."""
        return Loss(self.total + other.total, self.parts | other.parts, self.gradients + other.gradients)

    def backward(self) -> None:
        """Add the gradient to every parameter's."""
        if self.total.requires_grad:
            self.total.backward()
        for parameter, gradient in self.gradients:
            parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)


Update = Callable[[Any, Tensor], Tensor]
"""How a sweep renews a layer from its units and inputs: a draw (Gibbs) or the mean (mean field)."""
