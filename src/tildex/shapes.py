"""Axis names, and the records passed between rules, penalties and the loop.

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
    """The results of one training step, for penalties.

    Attributes
    ----------
    x : Tensor of shape (batch, visible)
        The data.
    corrupted : Tensor of shape (batch, visible)
        The encoder's input; ``x`` itself without corruption.
    inputs : Tensor of shape (batch, hidden)
        The natural parameters of the code.
    hidden : Tensor of shape (batch, hidden)
        The mean of the code.
    generator : Generator, optional
        The step's source of randomness, for estimates.
    outputs : Tensor of shape (batch, visible), optional
        The natural parameters of the data, from the decoder.
    progress : float
        The fraction of training done.
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
    """A scalar to minimise, and the parts that it sums.

    Sums run over features and means over rows, everywhere.

    Attributes
    ----------
    total : Tensor
        The scalar.
    parts : dict of str to Tensor
        Detached scalars by name.
    gradients : list of (Parameter, Tensor)
        Gradients that a rule has in closed form, instead of or in addition to autograd's through ``total``.
    """

    total: Tensor
    parts: dict[str, Tensor] = field(default_factory=dict)
    gradients: list[tuple[nn.Parameter, Tensor]] = field(default_factory=list)

    @classmethod
    def of(cls, **parts: Tensor) -> Loss:
        """Return the sum of the means of ``parts``, which have one value per row."""
        means = {name: values.mean() for name, values in parts.items()}
        return cls(torch.stack(list(means.values())).sum(), {name: m.detach() for name, m in means.items()})

    def __add__(self, other: Loss) -> Loss:
        """Return the sum of two losses of one batch."""
        return Loss(self.total + other.total, self.parts | other.parts, self.gradients + other.gradients)

    def backward(self) -> None:
        """Add the loss's gradient to that of every parameter."""
        if self.total.requires_grad:
            self.total.backward()
        for parameter, gradient in self.gradients:
            parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)


Update = Callable[[Any, Tensor], Tensor]
"""How a sweep updates a layer from its units and inputs: a draw (Gibbs) or the mean (mean field)."""
