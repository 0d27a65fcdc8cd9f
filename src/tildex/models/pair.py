r"""The stochastic autoencoder: two conditional distributions, each a map followed by a unit family.

.. math:: P(h \mid x) = \mathrm{units}_h(\mathrm{map}_h(x)), \qquad P(x \mid h) = \mathrm{units}_x(\mathrm{map}_x(h))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.maps import Map
from tildex.models.meanings import GIVEN_CODE
from tildex.models.model import Meaning, Model
from tildex.units import Activation, Gaussian, Units

__all__ = ["Conditional", "Pair"]


class Conditional(nn.Module):
    """A distribution of values given a condition.

    Parameters
    ----------
    map : Map
        Called on the condition, shape (batch, ...); returns the units' natural parameters.
    units : Units or Activation
        The family; an activation is only a code, without probabilities or draws.
    """

    map: Map
    units: Units | Activation

    def __init__(self, map: Map, units: Units | Activation) -> None:
        super().__init__()
        self.map = map
        self.units = units

    def starting_at(self, mean: Tensor | None) -> Self:
        """Return this conditional, with biases, if any, set so that its mean is the given one.

        Weights into units of a variance above one, as large counts have, are divided by their standard deviation, so
        that a code moves the mean of any unit by about one: with a log link the start would otherwise be anywhere.
        """
        bias, weight = self.map.output_bias, self.map.output_weight
        if mean is not None and bias is not None:
            with torch.no_grad():
                bias.copy_(self.units.inputs_for(mean))  # type: ignore[operator]
                if weight is not None and self.units.has_likelihood:
                    weight.mul_(self.family.variance(bias).clamp_min(1).rsqrt()[:, None])
        return self

    def inputs(self, condition: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the natural parameters; with a generator, under the map's internal noise."""
        return self.map(condition, generator)

    def mean(self, condition: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the expected value."""
        return self.units.mean(self.inputs(condition, generator))

    def sample(self, condition: Tensor, generator: Generator) -> Tensor:
        """Draw values; the map adds no noise of its own."""
        return self.units.sample(self.inputs(condition), generator)

    def log_prob(self, x: Tensor, condition: Tensor, generator: Generator | None = None) -> Tensor:
        """Return log P(x | condition), one value per row, in nats."""
        return self.family.for_rows(x).log_prob(x, self.inputs(condition, generator))

    def log_probs(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return log P of each variable given ``condition``, shape (batch, variables), in nats."""
        return self.family.for_rows(x).log_probs(x, self.inputs(condition))

    def steps(self) -> list[Conditional]:
        """Return one conditional per layer, over the same parameters, whose composition is this one without noise.

        In a map of several layers, all but the last become Gaussian units around the nonlinearity's output.
        """
        if within := self.map.within():
            return [step for inner in within for step in inner.steps()]
        *inner, last = self.map.steps()
        return [*(Conditional(step, Gaussian()) for step in inner), Conditional(last, self.units)]

    @property
    def family(self) -> Units:
        """The units, where probabilities are needed.

        Raises
        ------
        ValueError
            If they are an activation.
        """
        return self.units.probable("a likelihood")


class Pair(Model):
    """An encoder P(h|x) and a decoder P(x|h); every neural autoencoder here is one.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> from tildex.maps import MLP
    >>> from tildex.units import Bernoulli, Gaussian
    >>> generator = Generator(0)
    >>> pair = Pair(
    ...     Conditional(MLP([6, 2], generator=generator), Gaussian()),
    ...     Conditional(MLP([2, 6], generator=generator), Bernoulli()),
    ... )
    >>> pair.reconstruct(torch.zeros(5, 6)).shape
    torch.Size([5, 6])
    """

    encoder: Conditional
    decoder: Conditional

    def __init__(self, encoder: Conditional, decoder: Conditional) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    @property
    def score(self) -> Meaning:
        """The decoder's log-probability of a row given its code."""
        return GIVEN_CODE

    @property
    def sparse_code(self) -> bool:
        """Whether the encoder's units are sparse."""
        return self.encoder.units.sparse

    def pair(self) -> Pair:
        """Return the model itself."""
        return self

    def linear_axes(self) -> Tensor | None:
        """Return the decoder's matrix if both conditionals are affine with real units."""
        encoder, decoder = (half.map.affine_weight() for half in (self.encoder, self.decoder))
        linear = encoder is not None and self.encoder.units.real and self.decoder.units.real
        return decoder if linear else None

    def look(self, rows: Callable[[], Tensor]) -> None:
        """Let the encoder look at some rows."""
        self.encoder.map.look(rows)

    def reconstruct(self, x: Tensor) -> Tensor:
        """Return the decoder's mean at the code's mean, shape (batch, visible)."""
        return self.decoder.mean(self.encoder.mean(x))
