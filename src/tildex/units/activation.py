r"""Activations: deterministic codes, the zero-temperature limit of a unit family.

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
    """A deterministic encoder output: a code without a distribution.

    A unit family has a log-partition, the logarithm of a *sum* over all values. Replacing the sum with its *largest*
    term leaves only the most probable value. That is enough to encode, to reconstruct and to fine-tune. An activation
    has no probabilities, so it cannot be a decoder output, which needs a likelihood, or a layer of a Boltzmann
    machine, which must be sampled; both refuse it by name.

    Values and inputs have shape (..., units). A row's code may depend on other rows in training, but not afterwards.

    Attributes
    ----------
    competes : bool
        Whether units compete to explain the input through the decoder's weights, so that its one layer encodes too.
    silent : Tensor of shape (units,)
        Training rows since each unit was last active; counted only after :meth:`sized`.
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
        """Return E(x), shape (...); infinite for values that are not valid codes."""

    @abstractmethod
    def mean(self, inputs: Tensor) -> Tensor:
        """Return the code, the value that maximises ``inputs @ x - energy(x)``."""

    @property
    def elementwise(self) -> bool:
        """Whether each column is a variable of its own with one input, as of unit families."""
        return self.group == self.arity == 1

    def mode(self, inputs: Tensor) -> Tensor:
        """Return the code."""
        return self.mean(inputs)

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Return the code, which is deterministic."""
        return self.mean(inputs)

    def variance(self, inputs: Tensor) -> Tensor:
        """Return the derivative of :meth:`mean`, as for a unit family: 1 where a unit is active and 0 elsewhere."""
        return (self.mean(inputs) != 0).to(inputs.dtype)

    def in_training(self, inputs: Tensor, progress: float) -> Tensor:
        """Return a training batch's code after a fraction ``progress`` of training, and count the silent units.

        Parameters
        ----------
        inputs : Tensor of shape (batch, units)
            Inputs of a batch.
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
        """Return the training code of a batch; by default the same as :meth:`mean`."""
        return self.mean(inputs)

    def sized(self, size: int) -> Self:
        """Return a new copy for ``size`` units, with all silence counts at zero."""
        fresh = self.copy()
        fresh.silent = torch.zeros(size)
        return fresh

    def probable(self, role: str) -> NoReturn:
        """Refuse a ``role`` that needs probabilities."""
        raise self.refuse(role)

    def misplaced(self, setting: str) -> ValueError:
        """Return an error that ``setting`` needs probabilities."""
        return self.refuse(f"given as {setting}")

    def refuse(self, role: str) -> ValueError:
        """Return the error to raise where this was given as a ``role`` that needs probabilities."""
        return ValueError(
            f"{self!r} is a code only and cannot be {role}: it has no probabilities. "
            "Instead, use units such as Bernoulli(), Gaussian() or ReLU()"
        )

    # nn.Module and Part both define these; an activation uses Part's.
    __repr__ = Part.__repr__
    __eq__ = Part.__eq__
    __hash__ = nn.Module.__hash__
