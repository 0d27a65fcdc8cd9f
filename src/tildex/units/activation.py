r"""Activations: codes that their inputs decide. They are what a family of units does at temperature zero.

.. math:: h(\eta) = \arg\max_h \big(\eta \cdot h - E(h)\big)
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar, NoReturn, Self

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.part import Part

__all__ = ["Activation"]

# Beyond this many rows, a float32 no longer counts single ones.
_LONGEST = 2.0**23


class Activation(nn.Module, Part, ABC, kind="activation"):
    """What an encoder may end in that is no distribution: a code only.

    A family of units has a log-partition, the logarithm of a *sum* over all values. With the *largest* term in place
    of the sum, one value is left: the most probable one. That is enough to encode, to reconstruct and to fine-tune.
    There are no probabilities, so a decoder, which must say how likely data are, and a layer of a Boltzmann machine,
    which must be drawn, refuse activations by name.

    Values and inputs have shape (..., units); a row's code does not depend on other rows, but in training it may.

    Attributes
    ----------
    competes : bool
        Whether units choose among what the decoder draws, so that its one layer encodes too.
    silent : Tensor of shape (units,)
        Rows of training since a unit was last in use; none are counted before :meth:`sized`.
    """

    arity: ClassVar[int] = 1
    bounded: ClassVar[bool] = False
    finite: bool = False
    binary: ClassVar[bool] = False
    real: ClassVar[bool] = False
    counts_words: ClassVar[bool] = False
    own_lengths: ClassVar[bool] = False
    competes: ClassVar[bool] = False
    has_likelihood: ClassVar[bool] = False
    latent: ClassVar[bool] = False
    sparse: ClassVar[bool] = True
    countable: ClassVar[bool] = False
    group: int = 1
    low: float = 0.0
    high: float = math.inf
    silent: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("silent", torch.zeros(0))

    @abstractmethod
    def energy(self, x: Tensor) -> Tensor:
        """Return E(x), shape (...): infinite where no code can be."""

    @abstractmethod
    def mean(self, inputs: Tensor) -> Tensor:
        """Return the code, the value that makes ``inputs @ x - energy(x)`` largest."""

    def mode(self, inputs: Tensor) -> Tensor:
        """Return the code."""
        return self.mean(inputs)

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Return the code: there is nothing to draw."""
        return self.mean(inputs)

    def variance(self, inputs: Tensor) -> Tensor:
        """Return the slope of :meth:`mean`, as for a family of units: 1 where a unit is in use and 0 elsewhere."""
        return (self.mean(inputs) != 0).to(inputs.dtype)

    def in_training(self, inputs: Tensor, progress: float) -> Tensor:
        """Return the code of a batch to learn from, after a share ``progress`` of training, and count who is silent.

        Parameters
        ----------
        inputs : Tensor of shape (batch, units)
            Of a batch.
        progress : float
            From 0 to 1.
        """
        hidden = self.learning(inputs, progress)
        if len(self.silent):
            with torch.no_grad():
                used = (hidden != 0).any(0)
                self.silent.add_(len(inputs)).clamp_max_(_LONGEST).masked_fill_(used, 0.0)
        return hidden

    def learning(self, inputs: Tensor, progress: float) -> Tensor:
        """Return the code of a batch to learn from; the same as otherwise, where a subclass has no other."""
        return self.mean(inputs)

    def sized(self, size: int) -> Self:
        """Return a fresh copy for ``size`` units, none of which has been silent yet."""
        fresh = self.copy()
        fresh.silent = torch.zeros(size)
        return fresh

    def probable(self, role: str) -> NoReturn:
        """Refuse a ``role`` that needs probabilities."""
        raise self.refuse(role)

    def misplaced(self, setting: str) -> ValueError:
        """Say that the setting needs probabilities."""
        return self.refuse(f"given as {setting}")

    def refuse(self, role: str) -> ValueError:
        """Return the error to raise where this was given as a ``role`` that needs probabilities."""
        return ValueError(
            f"{self!r} is a code only and cannot be {role}: it has no probabilities. "
            "There, use units such as Bernoulli(), Gaussian() or ReLU()"
        )

    # nn.Module and Part both define these; an activation reads as the part it is.
    __repr__ = Part.__repr__
    __eq__ = Part.__eq__
    __hash__ = nn.Module.__hash__
