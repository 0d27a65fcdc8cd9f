r"""The stochastic autoencoder: two conditional distributions, each a map followed by a unit family.

.. math:: P(h \mid x) = \mathrm{units}_h(\mathrm{map}_h(x)), \qquad P(x \mid h) = \mathrm{units}_x(\mathrm{map}_x(h))
"""

from __future__ import annotations

from torch import Tensor, nn

from tildex.generator import Generator
from tildex.maps import Map
from tildex.units import Activation, Units

__all__ = ["Conditional", "Pair"]


class Conditional(nn.Module):
    """A distribution of values given a condition.

    Parameters
    ----------
    map : Map
        Called on the condition, shape (batch, ...); gives the units' natural parameters.
    units : Units or Activation
        The family; an activation is a code and no more, with neither probabilities nor draws.
    """

    map: Map
    units: Units | Activation

    def __init__(self, map: Map, units: Units | Activation) -> None:
        super().__init__()
        self.map = map
        self.units = units

    def inputs(self, condition: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the natural parameters; with a generator, under the map's own noise."""
        return self.map(condition, generator)

    def mean(self, condition: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the expected value."""
        return self.units.mean(self.inputs(condition, generator))

    def sample(self, condition: Tensor, generator: Generator) -> Tensor:
        """Draw values; the map itself stays free of noise."""
        return self.units.sample(self.inputs(condition), generator)

    def log_prob(self, x: Tensor, condition: Tensor, generator: Generator | None = None) -> Tensor:
        """Return log P(x | condition), one value a row, in nats."""
        return self.family.for_rows(x).log_prob(x, self.inputs(condition, generator))

    @property
    def family(self) -> Units:
        """The units, where they are to say how likely values are.

        Raises
        ------
        ValueError
            If they are an activation.
        """
        if isinstance(self.units, Activation):
            raise self.units.refuse("a likelihood")
        return self.units


class Pair(nn.Module):
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

    def reconstruct(self, x: Tensor) -> Tensor:
        """Return the decoder's mean at the code's mean, shape (batch, visible)."""
        return self.decoder.mean(self.encoder.mean(x))
