r"""Unit families: exponential families with a linear natural parameter, from which every loss and conditional comes.

.. math:: \log p(x \mid \eta) = \eta \cdot x - E(x) - A(\eta)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.part import Part
from tildex.units.surroundings import Surroundings

__all__ = ["Units"]


class Units(nn.Module, Part, ABC, kind="units"):
    """A layer's family of distributions given its inputs, the natural parameters.

    A family provides :meth:`energy`, :meth:`cgf` and :meth:`sample`, and says where its values lie; the rest is
    derived. Values and inputs have shape (..., units); energies, log-partitions and log-probabilities sum over
    the units and have shape (...).

    Attributes
    ----------
    arity : int
        Natural parameters a unit; a Boltzmann machine takes families with one.
    bounded : bool
        Whether any inputs give a finite log-partition *and* a mean that cannot grow without end; an edge between
        two unbounded families is refused.
    group : int
        Adjacent units that form one variable: 1, or the number of classes.
    finite : bool
        Whether a unit has finitely many values, so that small machines can be enumerated.
    low, high : float
        The range of the values.
    binary : bool
        Whether values are 0 or 1, so that values between may be drawn anew at every presentation.
    real : bool
        Whether each unit is normal given its inputs.
    counts_words : bool
        Whether a row is a document: counts that are known as a whole or not at all.
    own_lengths : bool
        Whether each row has a length of its own, which the family learns from the row alone.
    constrained : bool
        Whether the values of a row must fit together, as :meth:`outside` says.
    competes : bool
        Whether units choose among what a decoder draws: activations alone may.
    has_likelihood : bool
        Whether it says how likely values are, as all families do and no activation does.
    latent : bool
        Whether the family can be the code of a variational autoencoder: draws from given noise, and divergences.
    sparse : bool
        Whether a code of such units is zero where they are not in use, and counts for how long each was not.
    countable : bool
        Whether the units in use can be counted with a slope, as the L0 penalty does.
    standardised : bool
        Whether an estimator brings columns of such values to mean 0 and variance 1; those that have a range stay as
        they are.
    """

    arity: ClassVar[int] = 1
    bounded: ClassVar[bool] = True
    finite: bool = True
    binary: ClassVar[bool] = False
    real: ClassVar[bool] = False
    counts_words: ClassVar[bool] = False
    own_lengths: ClassVar[bool] = False
    constrained: ClassVar[bool] = False
    competes: ClassVar[bool] = False
    has_likelihood: ClassVar[bool] = True
    latent: ClassVar[bool] = False
    sparse: ClassVar[bool] = False
    countable: ClassVar[bool] = False
    low: float = 0.0
    high: float = 1.0
    standardised: bool = False
    group: int = 1

    @abstractmethod
    def energy(self, x: Tensor) -> Tensor:
        """Return E(x), the part of the log-density that no input changes."""

    @abstractmethod
    def cgf(self, inputs: Tensor) -> Tensor:
        """Return A(inputs), the log-partition, also called the cumulant generating function."""

    @abstractmethod
    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw values given ``inputs``."""

    @abstractmethod
    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the inputs whose mean is ``mean``, pulled inside the range: a starting bias."""

    @abstractmethod
    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return values (points, group) and weights (points) that sum, or integrate, one variable of this family.

        ``inputs`` (group) tell where the mass lies; finite families need no help and return every value.
        """

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the mean, the gradient of :meth:`cgf`; families on a hot path override it."""
        with torch.enable_grad():
            known = inputs if inputs.requires_grad else inputs.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self.cgf(known).sum(), known, create_graph=inputs.requires_grad)
        return gradient

    def in_training(self, inputs: Tensor, progress: float) -> Tensor:
        """Return the mean, which training, now a share ``progress`` of it done, sees as everybody does."""
        return self.mean(inputs)

    def variance(self, inputs: Tensor) -> Tensor:
        """Return the variance of each unit, the derivative of :meth:`mean`; for families of ungrouped units."""
        with torch.enable_grad():
            known = inputs if inputs.requires_grad else inputs.detach().requires_grad_()
            mean = self.mean(known)
            (gradient,) = torch.autograd.grad(mean.sum(), known, create_graph=inputs.requires_grad)
        return gradient

    @abstractmethod
    def mode(self, inputs: Tensor) -> Tensor:
        """Return the most likely value."""

    def log_prob(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return log p(x | inputs) in nats; probabilities in place of binary values give the cross-entropy."""
        return (inputs * x).sum(-1) - self.energy(x) - self.cgf(inputs)

    def log_probs(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return the log-probability of each variable, shape (..., units / group); :meth:`log_prob` is their sum.

        A family with parameters of its own for each unit overrides this.
        """
        return self.log_prob(x.unflatten(-1, (-1, self.group)), inputs.unflatten(-1, (-1, self.group)))

    def log_prob_table(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return log p of each of the rows ``x`` (..., units) under each of ``inputs`` (n, arity * units): (..., n)."""
        return x @ inputs.t() - self.energy(x)[..., None] - self.cgf(inputs)

    def sized(self, size: int) -> Self:
        """Return a fresh copy for ``size`` units, with parameters of its own where the family learns any.

        Raises
        ------
        ValueError
            If ``size`` is not a whole number of groups.
        """
        if size % self.group:
            raise ValueError(
                f"{self!r} needs a multiple of {self.group} columns, got {size}: "
                "each variable takes one column a class"
            )
        return self.copy()

    def for_rows(self, x: Tensor) -> Self:
        """Return this family as it is for the rows ``x``: itself, unless rows differ in more than their inputs.

        A family whose rows each have a length of their own returns a copy that knows them, over the same parameters.
        """
        return self

    def given(self, inputs: Tensor, values: Tensor, known: Tensor) -> tuple[Self, Tensor]:
        """Return the family and inputs of what is not ``known``, where the rest has ``values``.

        As they are for families of independent units; what comes out for known units is not looked at.
        """
        return self, inputs

    def probable(self, role: str) -> Units:
        """Return this family, whose values have probabilities, as a ``role`` needs; activations refuse."""
        return self

    @property
    def summable(self) -> bool:
        """Whether one variable can be summed out, or integrated, where all others are known."""
        return self.finite

    def log_conditional(self, x: Tensor, around: Surroundings, variable: Tensor) -> Tensor:
        """Return log P of one variable of each row given all others, shape (batch,), by summing over its values.

        Parameters
        ----------
        x : Tensor of shape (batch, units)
            The rows.
        around : Surroundings
            The hidden units beside them.
        variable : Tensor of shape (batch,)
            The number of a variable in each row.
        """
        columns = variable[:, None] * self.group + torch.arange(self.group, device=x.device)
        weight, bias, old = around.weight[columns], around.bias[columns], x.gather(1, columns)

        def log_weight(value: Tensor) -> Tensor:
            moved = around.inputs + torch.einsum("bg,bgh->bh", value - old, weight)
            return (value * bias).sum(-1) - self.energy(value) + around.hidden.cgf(moved)

        values, _ = self.nodes(x.new_zeros(self.group))
        each = torch.stack([log_weight(value.expand_as(old)) for value in values])
        return log_weight(old) - each.logsumexp(0)

    def log_conditionals(self, x: Tensor, around: Surroundings) -> Tensor:
        """Return the log pseudo-likelihood of rows: the sum of :meth:`log_conditional` over variables, (batch,)."""
        rows = torch.arange(len(x), device=x.device)
        total = x.new_zeros(len(x))
        for variable in range(x.shape[1] // self.group):
            total += self.log_conditional(x, around, rows.new_full((len(x),), variable))
        return total

    def log_conditionals_estimate(self, x: Tensor, around: Surroundings, generator: Generator) -> Tensor:
        """Return an unbiased estimate of the same from one random variable a row."""
        variables = x.shape[1] // self.group
        chosen = torch.from_numpy(generator.integers(variables, len(x))).to(x.device)
        return variables * self.log_conditional(x, around, chosen)

    def outside(self, x: Tensor) -> str | None:
        """Say what about ``x`` this family cannot take, or None when all is well."""
        low, high = float(x.min()), float(x.max())
        if low < self.low or high > self.high:
            return f"values from {self.low:g} to {self.high:g}, got {low:g} to {high:g}"
        return None

    # nn.Module and Part both define these; a unit family reads as the part it is.
    __repr__ = Part.__repr__
    __eq__ = Part.__eq__
    __hash__ = nn.Module.__hash__
