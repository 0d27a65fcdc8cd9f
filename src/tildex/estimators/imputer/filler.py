"""Models that an imputer fills with: what is expected of unknown values, how far off it may be, and joint draws."""

from __future__ import annotations

from typing import Any, Protocol, Self

import torch
from torch import Tensor

from tildex.estimators.imputer.coding import Coding
from tildex.estimators.imputer.refining import Refined, hide, refined
from tildex.generator import Generator
from tildex.models import JointNormal

__all__ = ["Filler", "GivenFiller", "NormalFiller"]

_SHRINKAGES = (0.05, 0.5)
_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_HELD = 0.1
# Fewer rows do not tell a network more than the density knows.
_FEWEST_ROWS = 50


class Filler(Protocol):
    """What fills rows, shape (rows, features), in which NaN means unknown."""

    def expected(self, x: Tensor) -> Tensor:
        """Return complete rows; the values of categories and binary columns are probabilities."""
        ...

    def spread(self, x: Tensor) -> Tensor:
        """Return a scale of the error of every unknown value."""
        ...

    def scores(self, x: Tensor, generator: Generator) -> Tensor:
        """Return draws from a standard normal density for every unknown value, dependent as the values of a row are."""
        ...


class NormalFiller:
    """A joint normal density of all columns, and networks that refine what it expects, mixed as hidden cells say.

    Attributes
    ----------
    weights : Tensor of shape (features,)
        The share of the networks in what is expected of each column.
    held : boolean Tensor of shape (rows, features)
        Known values that no network saw.
    """

    def __init__(
        self, coding: Coding, normal: JointNormal, members: list[Refined], weights: Tensor, held: Tensor
    ) -> None:
        self.coding = coding
        self.normal = normal
        self.members = members
        self.weights = weights
        self.held = held

    @classmethod
    def of(cls, x: Tensor, coding: Coding, n_members: int, generator: Generator) -> tuple[Self, Tensor]:
        """Return the filler of rows, and what it expects of the values that it held out while it was built."""
        held = hide(x, coding, torch.full((len(x), 1), _HELD), generator)
        seen = torch.where(held, torch.nan, x)
        seen[:, seen.isnan().all(0)] = x[:, seen.isnan().all(0)]
        held &= seen.isnan()
        z = coding.scores(seen)
        tried = [JointNormal.of(z, shrinkage=shrinkage) for shrinkage in _SHRINKAGES]
        losses = [float((normal.expected(z) - coding.scores(x))[held].square().sum()) for normal in tried]
        best = losses.index(min(losses))
        n_members = n_members if len(x) >= _FEWEST_ROWS else 0
        members = refined(seen, coding, tried[best], n_members, generator) if n_members else []
        filler = cls(coding, tried[best], members, torch.zeros(x.shape[1], dtype=x.dtype), held)
        if members:
            filler.weights = filler._best_weights(x, seen)
        expected, spread = filler.expected(seen), filler.spread(seen)
        # The density itself is quick to learn from all cells.
        filler.normal = JointNormal.of(coding.scores(x), shrinkage=_SHRINKAGES[best])
        residuals = torch.where(held, (x - expected) / spread, torch.nan)
        return filler, residuals

    @torch.no_grad()
    def expected(self, x: Tensor) -> Tensor:
        """Return complete rows."""
        z = self.normal.expected(self.coding.scores(x))
        filled = self._mixed(z, x, self.weights)
        return torch.where(x.isnan(), self.coding.values(filled), x)

    def spread(self, x: Tensor) -> Tensor:
        """Return the standard deviation of every unknown value under the density."""
        return self.normal.spread(self.coding.scores(x)).clamp_min(1e-3) * self.coding.std

    def scores(self, x: Tensor, generator: Generator) -> Tensor:
        """Return a draw from the density, in standard deviations from what it expects."""
        z = self.coding.scores(x)
        return (self.normal.draw(z, generator) - self.normal.expected(z)) / self.normal.spread(z).clamp_min(
            1e-3
        )

    def _mixed(self, z: Tensor, x: Tensor, weights: Tensor) -> Tensor:
        plain = self._plain(z)
        if not self.members:
            return plain
        seen = (~x.isnan()).float()
        units = self.coding.units
        each = [units.mean(member(z.float(), seen)) for member in self.members]
        return torch.lerp(plain, torch.stack(each).mean(0).to(z.dtype), weights)

    def _plain(self, z: Tensor) -> Tensor:
        """Return what the density expects, with probabilities within their range."""
        units = self.coding.units
        return torch.where(self.coding.real, z, units.mean(units.inputs_for(self.coding.own(z))).to(z.dtype))

    @torch.no_grad()
    def _best_weights(self, x: Tensor, seen: Tensor) -> Tensor:
        """Return the share of the networks: one for real columns, one for the others."""
        z, wanted = self.normal.expected(self.coding.scores(seen)), self.coding.own(self.coding.scores(x))
        losses = []
        for weight in _WEIGHTS:
            error = self._mixed(z, seen, torch.full_like(z[0], weight)) - wanted
            error = torch.where(self.held, error, 0.0).square().sum(0)
            losses.append(torch.stack([error[self.coding.real].sum(), error[~self.coding.real].sum()]))
        best = torch.tensor(_WEIGHTS, dtype=x.dtype)[torch.stack(losses).argmin(0)]
        return torch.where(self.coding.real, best[0], best[1])


class GivenFiller:
    """A fitted estimator that imputes."""

    def __init__(self, estimator: Any, coding: Coding, logarithms: list[int]) -> None:
        self.estimator = estimator
        self.coding = coding
        self.logarithms = logarithms

    def expected(self, x: Tensor) -> Tensor:
        """Return complete rows."""
        given = x.clone()
        given[:, self.logarithms] = given[:, self.logarithms].log()
        filled = torch.as_tensor(self.estimator.impute(given.numpy()), dtype=x.dtype)
        filled[:, self.logarithms] = filled[:, self.logarithms].exp()
        return torch.where(x.isnan(), filled.clamp(self.coding.low, self.coding.high), x)

    def spread(self, x: Tensor) -> Tensor:
        """Return the standard deviation of every column."""
        return self.coding.std.expand_as(x)

    def scores(self, x: Tensor, generator: Generator) -> Tensor:
        """Return independent draws."""
        return generator.normal(*x.shape, dtype=x.dtype)

    def residuals(self, x: Tensor, generator: Generator) -> Tensor:
        """Return the errors, in standard deviations, of known values that are hidden from the trained estimator."""
        held = hide(x, self.coding, torch.full((len(x), 1), _HELD), generator)
        seen = torch.where(held, torch.nan, x)
        return torch.where(held, (x - self.expected(seen)) / self.coding.std, torch.nan)
