r"""Columns of several kinds side by side: independent parts, each of its own family, are one family.

.. math:: \log p(x \mid \eta) = \sum_k \log p_k(x_k \mid \eta_k), \qquad E = \sum_k E_k, \qquad A = \sum_k A_k
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.units.base import Units
from tildex.units.joint import Open, alike
from tildex.units.surroundings import Surroundings

__all__ = ["Mixed"]


class Mixed(Units):
    """Units of several families, as the columns of a table are: part k covers the next ``sizes[k]`` columns.

    It is an exponential family like its parts, so that it serves wherever they do: as the decoder of any autoencoder
    and as the visible layer of any Boltzmann machine.

    Equal families are computed together, wherever their columns are.

    Parameters
    ----------
    parts : sequence of Units
        One family for each part, with one input per column. Documents of words do not mix: they are all known or all
        unknown, and a multimodal machine gives them a layer of their own.
    sizes : sequence of int
        The number of columns of each part.

    Example
    -------
    >>> import torch
    >>> from tildex.units import Bernoulli, Categorical, Gaussian
    >>> units = Mixed([Gaussian(), Bernoulli(), Categorical(3)], [1, 1, 3])
    >>> units.mean(torch.zeros(1, 5))
    tensor([[0.0000, 0.5000, 0.3333, 0.3333, 0.3333]])
    >>> units.variable_of(5)
    tensor([0, 1, 2, 2, 2])
    """

    constrained = True

    def __init__(self, parts: Sequence[Units], sizes: Sequence[int]) -> None:
        super().__init__()
        if not parts or len(parts) != len(sizes):
            raise ValueError(
                f"parts and sizes must be of one length, at least 1, got {len(parts)} and {len(sizes)}"
            )
        for units, size in zip(parts, sizes, strict=True):
            _check(units, size)
        self.parts = tuple(parts)
        self.sizes = tuple(sizes)
        self.families = nn.ModuleList(parts)
        self.group = sum(sizes)
        self._alike = alike(list(self._places()))
        self._last: Open | None = None
        self._back = torch.cat([columns for _, columns in self._alike]).argsort()
        self.finite = all(units.finite for units in parts)
        self.bounded = all(units.bounded for units in parts)  # type: ignore[misc]
        self.binary = all(units.binary for units in parts)  # type: ignore[misc]
        self.real = all(units.real for units in parts)  # type: ignore[misc]
        self.standardised = any(units.standardised for units in parts)
        self.low = min(units.low for units in parts)
        self.high = max(units.high for units in parts)

    def sized(self, size: int) -> Self:
        """Return a copy in which every part has its own parameters, if it learns any.

        Raises
        ------
        ValueError
            If the parts do not cover exactly ``size`` columns, or one does not fit its number of columns.
        """
        if size != self.group:
            raise ValueError(f"the parts of {self!r} cover {self.group} columns, got {size}: change sizes")
        return type(self)(
            [units.sized(n) for units, n in zip(self.parts, self.sizes, strict=True)], self.sizes
        )

    def energy(self, x: Tensor) -> Tensor:
        """Return the sum over parts."""
        return _total([units.energy(a) for units, a in self._together(x)])

    def cgf(self, inputs: Tensor) -> Tensor:
        """Return the sum over parts."""
        return _total([units.cgf(eta) for units, eta in self._together(inputs)])

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the mean of every part."""
        return self._apart([units.mean(eta) for units, eta in self._together(inputs)])

    def in_training(self, inputs: Tensor, progress: float) -> Tensor:
        """Return the mean of every part in training."""
        return torch.cat([units.in_training(eta, progress) for units, eta in self._split(inputs)], -1)

    def variance(self, inputs: Tensor) -> Tensor:
        """Return the variance of every unit."""
        return self._apart([units.variance(eta) for units, eta in self._together(inputs)])

    def mode(self, inputs: Tensor) -> Tensor:
        """Return the most likely value of every part."""
        return self._apart([units.mode(eta) for units, eta in self._together(inputs)])

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw the families, one after the other."""
        return self._apart([units.sample(eta, generator) for units, eta in self._together(inputs)])

    def given(self, inputs: Tensor, values: Tensor, known: Tensor) -> tuple[Any, Tensor]:
        """Return a family that computes only unknown variables; known values must not change in place."""
        last = self._last
        if last is None or last.values is not values or last.known is not known:
            # Every step of a Gibbs chain asks for the same.
            self._last = last = Open(self._alike, values, known)
        return last, inputs

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes without what only saves time."""
        return {**self.__dict__, "_last": None}

    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the inputs of every part."""
        return torch.cat([units.inputs_for(m) for units, m in self._split(mean)], -1)

    def log_prob(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return the sum over parts."""
        pairs = zip(self._split(x), self._split(inputs), strict=True)
        return _total([units.log_prob(a, eta) for (units, a), (_, eta) in pairs])

    def log_probs(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return the log-probability of each variable, those of the first part first."""
        pairs = zip(self._split(x), self._split(inputs), strict=True)
        return torch.cat([units.log_probs(a, eta) for (units, a), (_, eta) in pairs], -1)

    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return rows and weights that sum, or integrate, whole rows: every combination of the variables' values."""
        points, weights = inputs.new_zeros(1, 0), inputs.new_ones(1)
        for units, eta in self._split(inputs):
            for one in eta.split(units.group):
                values, each = units.nodes(one)
                n, m = len(points), len(values)
                left, right = points.repeat_interleave(m, 0), values.to(points).repeat(n, 1)
                points = torch.cat([left, right], 1)
                weights = weights.repeat_interleave(m) * each.to(weights).repeat(n)
        return points, weights

    @property
    def summable(self) -> bool:
        """Whether every part is."""
        return all(units.summable for units in self.parts)

    def log_conditional(self, x: Tensor, around: Surroundings, variable: Tensor) -> Tensor:
        """Return log P of one variable of each row given all others, shape (batch,)."""
        result, start = x.new_zeros(len(x)), 0
        for units, own in self._places():
            n = units.n_variables(own.stop - own.start)
            rows = ((variable >= start) & (variable < start + n)).nonzero()[:, 0]
            if len(rows):
                nearby = around.of(own, rows)
                result[rows] = units.log_conditional(x[rows, own], nearby, variable[rows] - start)
            start += n
        return result

    def log_conditionals(self, x: Tensor, around: Surroundings) -> Tensor:
        """Return the log pseudo-likelihood of rows, shape (batch,), the sum over parts."""
        return _total([units.log_conditionals(x[:, own], around.of(own)) for units, own in self._places()])

    def apart(self, weight: Tensor, bias: Tensor) -> tuple[Units, Tensor, Tensor]:
        """Return every part of independent units, and the map to their inputs, that have the same means."""
        rows = zip(self.parts, weight.split(self.sizes), bias.split(self.sizes), strict=True)
        parts, weights, biases = zip(*(units.apart(w, b) for units, w, b in rows), strict=True)
        return type(self)(parts, self.sizes), torch.cat(weights), torch.cat(biases)

    @property
    def elementwise(self) -> bool:
        """Whether every part is."""
        return all(units.elementwise for units in self.parts)

    def n_variables(self, size: int) -> int:
        """Return the number of variables of all parts."""
        return sum(units.n_variables(n) for units, n in self._within(size))

    def variable_of(self, size: int) -> Tensor:
        """Return the index of each column's variable, counted through all parts."""
        found, start = [], 0
        for units, n in self._within(size):
            found.append(units.variable_of(n) + start)
            start += units.n_variables(n)
        return torch.cat(found)

    def any_column(self, mask: Tensor) -> Tensor:
        """Say of each variable whether ``mask`` holds in one of its columns."""
        return torch.cat([units.any_column(m) for units, m in self._split(mask)], -1)

    def together(self, size: int) -> Tensor | None:
        """Return the variables if some part's are indivisible."""
        divisible = all(units.together(n) is None for units, n in self._within(size))
        return None if divisible else self.variable_of(size)

    def on_columns(self, values: Tensor) -> Tensor:
        """Return values of variables at each of their columns."""
        return values[..., self.variable_of(self.group).to(values.device)]

    def tables(self, size: int) -> list[Tensor]:
        """Return all values of each variable."""
        return [table for units, n in self._within(size) for table in units.tables(n)]

    def limits(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Return the smallest and largest value of each column."""
        ends = [units.limits(part) for units, part in self._split(like)]
        return torch.cat([low for low, _ in ends]), torch.cat([high for _, high in ends])

    def standardised_columns(self, size: int) -> Tensor:
        """Say which columns are of a family that an estimator standardises."""
        return torch.cat([units.standardised_columns(n) for units, n in self._within(size)])

    def real_columns(self, size: int) -> Tensor:
        """Say which columns are normally distributed given their inputs."""
        return torch.cat([units.real_columns(n) for units, n in self._within(size)])

    def count_columns(self, size: int) -> Tensor:
        """Say which columns hold counts of any size."""
        return torch.cat([units.count_columns(n) for units, n in self._within(size)])

    def outside(self, x: Tensor) -> str | None:
        """Describe the first part whose values are outside its range, or return None."""
        for units, own in self._places():
            if (message := units.outside(x[..., own])) is not None:
                return f"in columns {own.start} to {own.stop - 1}, of {units!r}, {message}"
        return None

    def _within(self, size: int) -> Iterator[tuple[Units, int]]:
        """Yield every part and its number of columns, if they are ``size`` together."""
        if size != self.group:
            raise ValueError(f"the parts of {self!r} cover {self.group} columns, got {size}: change sizes")
        return zip(self.parts, self.sizes, strict=True)

    def _split(self, x: Tensor) -> Iterator[tuple[Units, Tensor]]:
        return zip(self.families, x.split(self.sizes, -1), strict=True)  # type: ignore[arg-type]

    def _together(self, x: Tensor) -> Iterator[tuple[Units, Tensor]]:
        """Yield each family once, with all its columns."""
        for units, columns in self._alike:
            yield units, x.index_select(-1, columns.to(x.device))

    def _apart(self, found: Sequence[Tensor]) -> Tensor:
        """Return the columns of families in the order of the parts."""
        return torch.cat(list(found), -1).index_select(-1, self._back.to(found[0].device))

    def _places(self) -> Iterator[tuple[Units, slice]]:
        """Yield every part and its columns."""
        start = 0
        for units, size in zip(self.parts, self.sizes, strict=True):
            yield units, slice(start, start + size)
            start += size


def _check(units: Units, size: int) -> None:
    """Refuse a part that cannot be one."""
    units.probable("a part of mixed columns")
    if units.arity != 1 or units.counts_words:
        raise ValueError(
            f"a part of mixed columns has one input per column and is not a document, got {units!r}: "
            "use Gaussian or LearnedGaussian for real columns, Poisson or Binomial for counts"
        )
    if size < 1 or size % units.group:
        raise ValueError(
            f"the columns of {units!r} must be at least 1 and a multiple of {units.group}, got {size}"
        )


def _total(terms: Sequence[Tensor]) -> Tensor:
    return functools.reduce(torch.add, terms)
