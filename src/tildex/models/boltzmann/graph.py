r"""Layers and couplings: one energy and one sweep.

.. math:: E(x) = \sum_k \big[E_k(x_k) - b_k \cdot x_k\big] - \sum_{(j,k)} x_k \cdot W_{jk} x_j,
          \qquad P(x) = e^{-E(x)} / Z

An inverse temperature ``beta`` interpolates between independent units with biases ``base`` (beta = 0) and the machine
itself (beta = 1): couplings are multiplied by beta, and biases move linearly from ``base`` to ``bias``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from tildex.maps import Coupling
from tildex.models.model import Model
from tildex.shapes import Update
from tildex.units import Units

__all__ = ["Clamp", "Graph", "Layer"]

Clamp = Mapping[int, tuple[Tensor, Tensor]]
"""Layer to (values, known): the sweep restores ``values`` wherever the boolean ``known`` is true."""


class Layer(nn.Module):
    """Units of one family with one bias each, and the base biases from which tempering starts.

    Parameters
    ----------
    units : Units
        The family, with one input per unit.
    size : int
        Number of units.
    mean : Tensor of shape (size,), optional
        The units' mean under biases and base at the start; both are zero when not given.

    Attributes
    ----------
    learns : bool
        Whether the family has learned parameters.
    """

    units: Units
    bias: nn.Parameter
    base: Tensor

    def __init__(self, units: Units, size: int, *, mean: Tensor | None = None) -> None:
        super().__init__()
        units.probable("a layer of a Boltzmann machine")
        if units.arity != 1:
            raise ValueError(
                f"{units!r} units take {units.arity} inputs each and a coupling gives one: "
                "use Gaussian or LearnedGaussian in a Boltzmann machine"
            )
        self.units = units.sized(size)
        self.size = size
        self.learns = any(True for _ in self.units.parameters())
        base = torch.zeros(size) if mean is None else self.units.inputs_for(mean).detach()
        self.bias = nn.Parameter(base.clone())
        self.register_buffer("base", base)

    def bias_at(self, beta: float) -> Tensor:
        """Return the biases at an inverse temperature."""
        return self.bias if beta == 1 else torch.lerp(self.base, self.bias, beta)

    def extra_repr(self) -> str:
        """Return the number of units as text."""
        return f"size={self.size}"


class Graph(Model):
    """The graph of a :class:`BoltzmannMachine`, with the same arguments: energy, layer inputs and sweep."""

    layers: Sequence[Layer]
    couplings: Sequence[Coupling]

    def __init__(
        self,
        layers: Sequence[Layer],
        edges: Mapping[tuple[int, int], Coupling],
        visible: Sequence[int] = (0,),
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)  # type: ignore[assignment]
        self.visible = tuple(visible)
        self.hidden = tuple(k for k in range(len(layers)) if k not in self.visible)
        self.edges = tuple(edges)
        self.couplings = nn.ModuleList(edges.values())  # type: ignore[assignment]
        for (low, high), coupling in edges.items():
            _check_edge(layers[low], layers[high], coupling)
        self.sides = _two_sides(len(layers), self.edges)

    @property
    def bounded(self) -> bool:
        """Whether the values of all layers, and hence the gradients, are bounded."""
        return all(layer.units.bounded for layer in self.layers)

    def split(self, x: Tensor) -> dict[int, Tensor]:
        """Split the columns of data rows by visible layer."""
        parts = x.split([self.layers[k].size for k in self.visible], -1)
        return dict(zip(self.visible, parts, strict=True))

    def inputs(self, k: int, state: Sequence[Tensor], beta: float = 1.0) -> Tensor:
        """Return the inputs of layer ``k`` given its neighbours' values, shape (batch, size)."""
        total: Tensor = self.layers[k].bias_at(beta)
        for (low, high), coupling in zip(self.edges, self.couplings, strict=True):
            if k == high:
                total = coupling.up(state[low], total, beta)
            elif k == low:
                total = coupling.down(state[high], total, beta)
        return total

    def sweep(
        self,
        state: Sequence[Tensor],
        update: Update,
        *,
        order: Sequence[int] = (1, 0),
        clamp: Clamp | None = None,
        beta: float = 1.0,
    ) -> list[Tensor]:
        """Update every layer once, one side after the other.

        Parameters
        ----------
        state : sequence of Tensor
            A value for each layer, shape (chains, size); the first side in ``order`` is overwritten unread, except
            that rows with their own lengths keep them.
        update : callable
            From units and inputs to values: a draw gives Gibbs sampling, the mean gives mean field.
        order : sequence of int
            The sides to update, in this order.
        clamp : mapping, optional
            Known values, which stay fixed, by layer.
        beta : float
            The inverse temperature.

        Returns
        -------
        list of Tensor
            The new state.
        """
        state = list(state)
        for side in order:
            for k in self.sides[side]:
                if clamp is None or k not in clamp:
                    state[k] = update(self._family(k, state), self.inputs(k, state, beta))
                    continue
                values, known = clamp[k]
                if not known.all():
                    inputs = self.inputs(k, state, beta)
                    units, inputs = self._family(k, state).given(inputs, values, known)
                    values = torch.where(known, values, update(units, inputs))
                state[k] = values
        return state

    def energy(self, state: Sequence[Tensor], beta: float = 1.0) -> Tensor:
        """Return the energy of complete states, shape (batch,), in nats."""
        total = _total(
            layer.units.energy(x) - x @ layer.bias_at(beta)
            for layer, x in zip(self.layers, state, strict=True)
        )
        for (low, high), coupling in zip(self.edges, self.couplings, strict=True):
            _require_joint(coupling)
            total = total - beta * (state[high] * coupling.up(state[low])).sum(-1)
        return total

    def log_marginal(
        self,
        state: Sequence[Tensor],
        side: int = 0,
        *,
        beta: float = 1.0,
        inputs: Mapping[int, Tensor] | None = None,
    ) -> Tensor:
        """Return the log of the unnormalised probability of one side's values, with the other side summed out.

        This is minus the free energy. Pass ``inputs`` of the summed layers if known, so that no product is computed
        twice.
        """
        total = _total(
            state[k] @ self.layers[k].bias_at(beta) - self.layers[k].units.energy(state[k])
            for k in self.sides[side]
        )
        for k in self.sides[1 - side]:
            received = self.inputs(k, state, beta) if inputs is None else inputs[k]
            total = total + self.layers[k].units.cgf(received)
        return total

    def base_log_partition(self) -> Tensor:
        """Return the exact log partition function at beta = 0, where all units are independent."""
        return _total(layer.units.cgf(layer.base) for layer in self.layers)

    def _family(self, k: int, state: Sequence[Tensor]) -> Units:
        """Return the units of layer ``k`` bound to the rows in its entry of ``state``, if that entry holds rows."""
        layer = self.layers[k]
        fits = k in self.visible and state[k].shape[-1] == layer.size
        return layer.units.for_rows(state[k]) if fits else layer.units


def _total(terms: Iterable[Tensor]) -> Tensor:
    return functools.reduce(torch.add, terms)


def _check_edge(low: Layer, high: Layer, coupling: Coupling) -> None:
    if coupling.weight.shape != (high.size, low.size):
        raise ValueError(
            f"expected weights of shape {(high.size, low.size)}, got {tuple(coupling.weight.shape)}"
        )
    if not (low.units.bounded or high.units.bounded):
        raise ValueError(
            f"{low.units!r} and {high.units!r} are both unbounded: their energy may have no minimum; "
            "make one side Bernoulli or Categorical"
        )


def _require_joint(coupling: Coupling) -> None:
    if coupling.up_gain != coupling.down_gain:
        raise ValueError(
            f"gains {coupling.up_gain:g} up and {coupling.down_gain:g} down have no joint distribution: "
            "set both to 1 before computing an energy"
        )


def _two_sides(n_layers: int, edges: Sequence[tuple[int, int]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    side: dict[int, int] = {}
    for start in range(n_layers):
        side.setdefault(start, 0)
        reached = [start]
        while reached:
            k = reached.pop()
            for edge in edges:
                if k not in edge:
                    continue
                other = edge[0] if edge[1] == k else edge[1]
                if other not in side:
                    side[other] = 1 - side[k]
                    reached.append(other)
                elif side[other] == side[k]:
                    raise ValueError(
                        f"layers {k} and {other} close an odd cycle: the layers have no two sides to sweep in turn"
                    )
    return tuple(k for k in side if side[k] == 0), tuple(k for k in side if side[k] == 1)
