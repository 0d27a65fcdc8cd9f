r"""Unit families: exponential families with a linear natural parameter, the source of every loss and conditional.

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

    A family provides :meth:`energy`, :meth:`cgf` and :meth:`sample`, and declares the range of its values; the rest
    is derived. Values and inputs have shape (..., units); energies, log-partitions and log-probabilities sum over the
    units and have shape (...).

    Attributes
    ----------
    arity : int
        Natural parameters per unit; a Boltzmann machine takes families with one.
    bounded : bool
        Whether all inputs give a finite log-partition *and* the mean is bounded; two unbounded families share no edge.
    group : int
        Adjacent units of one variable: 1, or the number of classes. Those of :class:`Mixed` differ: ask `variable_of`.
    indivisible : bool
        Whether the columns of a variable are known or unknown together: classes of a category, not words of a document.
    finite : bool
        Whether a unit has finitely many values, so that small machines can be enumerated.
    low, high : float
        The range of the values.
    binary : bool
        Whether values are 0 or 1, so that intermediate values may be binarised again at every presentation.
    real : bool
        Whether each unit is normally distributed given its inputs.
    learns_noise : bool
        Whether each real unit learns its variance, which ``set_noise`` starts at a known one.
    counts : bool
        Whether values are counts without a small limit, so that an encoder sees their logarithms.
    correlated : bool
        Whether units are correlated given their inputs, with a covariance that is set from data.
    counts_words : bool
        Whether a row is a document: word counts that are either all known or all unknown.
    own_lengths : bool
        Whether each row has its own length, which the family reads from the row.
    constrained : bool
        Whether the values of a row must be consistent, as :meth:`outside` checks.
    competes : bool
        Whether units compete through the decoder's weights; true only of some activations.
    has_likelihood : bool
        Whether it assigns probabilities to values: true of unit families, false of activations.
    latent : bool
        Whether it can be a variational autoencoder's code: it draws from given noise and has divergences.
    sparse : bool
        Whether the code is zero where units are inactive, and each unit counts how long it has been inactive.
    countable : bool
        Whether the number of active units has a gradient, as the L0 penalty needs.
    standardised : bool
        Whether an estimator standardises such columns to mean 0 and variance 1; those of a fixed range are not.
    """

    arity: ClassVar[int] = 1
    bounded: ClassVar[bool] = True
    indivisible: ClassVar[bool] = False
    finite: bool = True
    binary: ClassVar[bool] = False
    real: ClassVar[bool] = False
    learns_noise: ClassVar[bool] = False
    counts: ClassVar[bool] = False
    correlated: ClassVar[bool] = False
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
        """Return E(x), minus the part of the log-density that does not depend on the inputs."""

    @abstractmethod
    def cgf(self, inputs: Tensor) -> Tensor:
        """Return A(inputs), the log-partition, also called the cumulant generating function."""

    @abstractmethod
    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw values given ``inputs``."""

    @abstractmethod
    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the inputs whose mean is ``mean``, clamped inside the range; used to initialise biases."""

    @abstractmethod
    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return values (points, group) and weights (points) that sum, or integrate, one variable of this family.

        ``inputs`` (group) locate the mass; finite families ignore them and return every value.
        """

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the mean, the gradient of :meth:`cgf`; families on a hot path override this."""
        with torch.enable_grad():
            known = inputs if inputs.requires_grad else inputs.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self.cgf(known).sum(), known, create_graph=inputs.requires_grad)
        return gradient

    def in_training(self, inputs: Tensor, progress: float) -> Tensor:
        """Return the mean, in training as elsewhere; ``progress`` is the fraction of training done."""
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
        """Return log p(x | inputs) in nats; for probabilities x of binary units, this is minus the cross-entropy."""
        return (inputs * x).sum(-1) - self.energy(x) - self.cgf(inputs)

    def log_probs(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return the log-probability of each variable, shape (..., variables); :meth:`log_prob` is their sum.

        A family with separate parameters per unit overrides this.
        """
        return self.log_prob(x.unflatten(-1, (-1, self.group)), inputs.unflatten(-1, (-1, self.group)))

    @property
    def elementwise(self) -> bool:
        """Whether each column is a variable of its own with one input."""
        return self.group == self.arity == 1

    def n_variables(self, size: int) -> int:
        """Return the number of variables in ``size`` columns."""
        return size // self.group

    def variable_of(self, size: int) -> Tensor:
        """Return the index of the variable that each of ``size`` columns belongs to, shape (size,)."""
        return torch.arange(size) // self.group

    def any_column(self, mask: Tensor) -> Tensor:
        """Say of each variable whether ``mask`` (..., units) holds in one of its columns, shape (..., variables)."""
        return mask if self.group == 1 else mask.unflatten(-1, (-1, self.group)).any(-1)

    def together(self, size: int) -> Tensor | None:
        """Return :meth:`variable_of` if columns of one variable can only be struck together, None if each alone can."""
        return self.variable_of(size) if self.indivisible else None

    def on_columns(self, values: Tensor) -> Tensor:
        """Return values of variables (..., variables) at each of their columns, shape (..., units)."""
        return values if self.group == 1 else values.repeat_interleave(self.group, -1)

    def tables(self, size: int) -> list[Tensor]:
        """Return all values of each variable of ``size`` columns of a finite family, shape (values, columns) each."""
        values, _ = self.nodes(torch.zeros(self.group))
        return [values] * self.n_variables(size)

    def limits(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Return the smallest and largest value of each column, shape (units,), for values ``like`` (..., units)."""
        columns = like.new_ones(like.shape[-1])
        return columns * self.low, columns * self.high

    def standardised_columns(self, size: int) -> Tensor:
        """Say which of ``size`` columns an estimator standardises, shape (size,)."""
        return torch.full((size,), self.standardised)

    def real_columns(self, size: int) -> Tensor:
        """Say which of ``size`` columns are normally distributed given their inputs, shape (size,)."""
        return torch.full((size,), self.real)

    def count_columns(self, size: int) -> Tensor:
        """Say which of ``size`` columns hold counts of any size, shape (size,); encoders see their logarithms."""
        return torch.full((size,), self.counts)

    def log_prob_table(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return log p of each of the rows ``x`` (..., units) under each of ``inputs`` (n, arity * units): (..., n)."""
        return x @ inputs.t() - self.energy(x)[..., None] - self.cgf(inputs)

    def sized(self, size: int) -> Self:
        """Return a new copy for ``size`` units, with its own parameters if the family learns any.

        Raises
        ------
        ValueError
            If ``size`` is not a multiple of the group size.
        """
        if size % self.group:
            raise ValueError(
                f"{self!r} needs a multiple of {self.group} columns, got {size}: "
                "each variable takes one column per class"
            )
        return self.copy()

    def for_rows(self, x: Tensor) -> Self:
        """Return this family for the rows ``x``: itself, unless rows differ in more than their inputs.

        A family whose rows each have their own length returns a copy that holds the lengths and shares the
        parameters.
        """
        return self

    def given(self, inputs: Tensor, values: Tensor, known: Tensor) -> tuple[Self, Tensor]:
        """Return the family and inputs of the units that are not ``known``, given the ``values`` of the others.

        Both are unchanged for families of independent units. The result for known units is ignored.
        """
        return self, inputs

    def apart(self, weight: Tensor, bias: Tensor) -> tuple[Units, Tensor, Tensor]:
        """Return independent units, and the map to their inputs, that have the same means: what was given."""
        return self, weight, bias

    def probable(self, role: str) -> Units:
        """Return this family, which has the probabilities that ``role`` needs; activations raise an error instead."""
        return self

    @property
    def summable(self) -> bool:
        """Whether one variable can be summed or integrated out when all others are known."""
        return self.finite

    def log_conditional(self, x: Tensor, around: Surroundings, variable: Tensor) -> Tensor:
        """Return log P of one variable of each row given all others, shape (batch,), by summing over its values.

        Parameters
        ----------
        x : Tensor of shape (batch, units)
            The rows.
        around : Surroundings
            The hidden units around them.
        variable : Tensor of shape (batch,)
            The index of one variable in each row.
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
        """Return an unbiased estimate of the same from one random variable per row."""
        variables = self.n_variables(x.shape[1])
        chosen = torch.from_numpy(generator.integers(variables, len(x))).to(x.device)
        return variables * self.log_conditional(x, around, chosen)

    def outside(self, x: Tensor) -> str | None:
        """Describe why ``x`` is outside this family's range, or return None if it is not."""
        low, high = float(x.min()), float(x.max())
        if low < self.low or high > self.high:
            return f"values from {self.low:g} to {self.high:g}, got {low:g} to {high:g}"
        return None

    def outside_known(self, x: Tensor) -> str | None:
        """Describe the same of the known values of rows; a variable is known or unknown, NaN, as a whole."""
        if bool((unknown := x.isnan()).any()):
            # A mean is always within the range.
            some = self.mean(x.new_zeros(1, self.arity * x.shape[-1])).detach()
            x = torch.where(unknown, some, x)
        return self.outside(x)

    # nn.Module and Part both define these; a unit family uses Part's.
    __repr__ = Part.__repr__
    __eq__ = Part.__eq__
    __hash__ = nn.Module.__hash__
