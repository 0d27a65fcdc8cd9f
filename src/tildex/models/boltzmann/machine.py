r"""The Boltzmann machine: a graph of layers, and what rows of its visible layers say of the hidden ones.

.. math:: E(x) = \sum_k \big[E_k(x_k) - b_k \cdot x_k\big] - \sum_{(j,k)} x_k \cdot W_{jk} x_j,
          \qquad P(x) = e^{-E(x)} / Z
"""

from __future__ import annotations

from torch import Tensor

from tildex.generator import Generator
from tildex.maps import Down, Up
from tildex.models.boltzmann.graph import Graph
from tildex.models.boltzmann.missing import GroupedPosterior, posterior_of
from tildex.models.boltzmann.posterior import Posterior
from tildex.models.pair import Conditional, Pair

__all__ = ["BoltzmannMachine"]


class BoltzmannMachine(Graph):
    """Layers joined by couplings into a graph whose layers fall in two sides, each independent given the other.

    Parameters
    ----------
    layers : sequence of Layer
        Layer 0 is the visible one.
    edges : mapping of (int, int) to Coupling
        The coupling of each joined pair, lower layer first.
    visible : sequence of int
        The layers that columns of data fill, in the order of the columns: labels or a second modality beside layer 0.

    Raises
    ------
    ValueError
        If the graph has an odd cycle, an edge joins two unbounded families, or sizes disagree.
    """

    def posterior(self, x: Tensor) -> Posterior | GroupedPosterior:
        """Return what rows of the visible layers say of the hidden ones, by mean field; unknown layers are NaN."""
        return posterior_of(self, x)

    def bound(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the variational bound on log P(x) before log Z is taken off; for two layers it is exact."""
        return self.posterior(x).bound()

    def log_weight(self, x: Tensor, generator: Generator) -> Tensor:
        """Return the log of one importance weight of each row, whose mean is P(x) times Z."""
        return self.posterior(x).log_weight(generator)

    @property
    def normaliser(self) -> BoltzmannMachine:
        """The machine whose log Z a bound leaves to be taken off: this one."""
        return self

    def pair(self) -> Pair:
        """Return the two conditionals of a machine of two layers, over the same weights.

        Raises
        ------
        ValueError
            If there are more layers: then neither conditional is a single map.
        """
        if self.edges != ((0, 1),):
            raise ValueError(f"expected two layers joined once, got edges {self.edges}")
        (coupling,), (visible, hidden) = self.couplings, self.layers
        return Pair(
            Conditional(Up(coupling, hidden.bias), hidden.units),
            Conditional(Down(coupling, visible.bias), visible.units),
        )
