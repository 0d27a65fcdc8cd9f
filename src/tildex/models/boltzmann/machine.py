r"""The Boltzmann machine: a graph of layers, and what rows of its visible layers say of the hidden ones.

.. math:: E(x) = \sum_k \big[E_k(x_k) - b_k \cdot x_k\big] - \sum_{(j,k)} x_k \cdot W_{jk} x_j,
          \qquad P(x) = e^{-E(x)} / Z
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor

from tildex.generator import Generator
from tildex.maps import Down, Up
from tildex.models.boltzmann.graph import Graph
from tildex.models.boltzmann.mean_field import mean_field
from tildex.models.boltzmann.missing import GroupedPosterior, filled, posterior_of
from tildex.models.boltzmann.posterior import Posterior
from tildex.models.meanings import BOUND_AND_LOG_Z, CHAINS_CURVE, FREE_ENERGY, PSEUDO_LIKELIHOOD
from tildex.models.model import Evidence, Meaning
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

    has_likelihood = True
    curve: ClassVar[str | None] = CHAINS_CURVE
    draws: ClassVar[str] = (
        "New rows, each the end of its own Gibbs chain that never saw data: if they are as varied and as sharp as "
        "the data, the machine has learned the distribution, not only the code."
    )

    @property
    def deep(self) -> bool:
        """Whether there are several hidden layers."""
        return len(self.layers) > 2

    @property
    def score(self) -> Meaning:
        """A bound for a deep machine; the pseudo-likelihood, or else the free energy, for one of two layers."""
        if self.deep:
            return BOUND_AND_LOG_Z
        return PSEUDO_LIKELIHOOD if self.layers[0].units.summable else FREE_ENERGY

    def describe(self) -> str:
        """Return the sizes of the layers."""
        return "-".join(str(layer.size) for layer in self.layers)

    def first_layer_filters(self) -> Tensor | None:
        """Return the weights of the first hidden layer, None where several layers hold the data."""
        single = self.visible == (0,) and (0, 1) in self.edges
        return self.couplings[self.edges.index((0, 1))].weight if single else None

    def hidden_inputs(self, layer: int) -> Callable[[Tensor], Tensor]:
        """Return the function from visible rows to the inputs of a hidden layer, all others settled by mean field.

        Raises
        ------
        ValueError
            If the layer is not hidden.
        """
        if layer not in self.hidden:
            raise ValueError(f"expected a hidden layer, one of {list(self.hidden)}, got {layer}")

        def settled(x: Tensor) -> Tensor:
            # A fixed number of passes: the function must be the same one at every step of a search.
            return self.inputs(layer, mean_field(self, self.split(x), n_steps=10, tol=0.0))

        return settled

    def evidence(self, x: Tensor, generator: Generator) -> Evidence:
        """Return the bound on rows, and weights that tighten it where it is not exact."""
        posterior = self.posterior(x)
        return Evidence(posterior.bound(), None if posterior.exact else posterior.log_weight)

    def normaliser_rows(self, x: Tensor, generator: Generator) -> Tensor:
        """Return rows with means in place of what is not known, for chains to begin at."""
        return filled(self, x)

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
