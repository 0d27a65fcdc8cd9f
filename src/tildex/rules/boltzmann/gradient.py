r"""The gradient of every Boltzmann rule: the difference of data and model statistics, optionally centred.

.. math:: \nabla_{W} = \langle (h - \lambda)(v - \mu)^\top \rangle_{\text{model}}
                     - \langle (h - \lambda)(v - \mu)^\top \rangle_{\text{data}}

Centring is a reparameterisation that keeps the likelihood and improves the direction of its gradient (Montavon &
Müller, 2012, "Deep Boltzmann machines and the centering trick"; Melchior, Fischer & Wiskott, 2016, "How to center
deep Boltzmann machines").
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from tildex.models import BoltzmannMachine

__all__ = ["Gradients", "Offsets", "contrast", "units_gradients"]

Gradients = list[tuple[nn.Parameter, Tensor]]


class Offsets:
    """The means that centring subtracts, one vector per layer, which follow the data's means.

    Parameters
    ----------
    rate : float
        The weight of a batch's mean in the new offset; a small rate keeps batch noise out of the gradient.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.means: list[Tensor] = []

    def follow(self, machine: BoltzmannMachine, state: Sequence[Tensor]) -> None:
        """Move towards the means of data rows, one state per layer; offsets start at the means under the biases."""
        if not self.means:
            # A copy, so that offsets do not change with the biases.
            self.means = [layer.units.mean(layer.bias.detach()).clone() for layer in machine.layers]
        for offset, x in zip(self.means, state, strict=True):
            offset.lerp_(x.mean(0).to(offset.dtype), self.rate)

    def get_state(self) -> dict[str, Tensor]:
        """Return the offsets by name."""
        return {f"offset_{k}": offset for k, offset in enumerate(self.means)}

    def set_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore the offsets; the given tensors are copied."""
        count = sum(name.startswith("offset_") for name in state)
        self.means = [state[f"offset_{k}"].clone() for k in range(count)]


def contrast(
    machine: BoltzmannMachine,
    state: Sequence[Tensor],
    rows: int,
    *,
    offsets: Offsets | None = None,
    extra: Mapping[int, Tensor] | None = None,
) -> tuple[Gradients, list[Tensor]]:
    """Return the gradient of the data's mean energy minus the model's, states held fixed: one product per coupling.

    Parameters
    ----------
    machine : BoltzmannMachine
        Any machine.
    state : sequence of Tensor
        Values or means of each layer, data rows first, shape (rows + chains, size).
    rows : int
        Number of data rows.
    offsets : Offsets, optional
        Offsets for centring.
    extra : mapping of int to Tensor, optional
        Derivatives of penalties with respect to a layer's inputs, shape (rows, size), added to the same product.

    Returns
    -------
    gradients : list of (Parameter, Tensor)
        Gradients of the couplings, then of the biases.
    moved : list of Tensor
        The model's mean state minus the data's, per layer, shape (size,) each.
    """
    extra = extra or {}
    signs = signs_for(rows, len(state[0]) - rows, state[0])
    moved = [torch.mv(x.t(), signs) for x in state]
    biases = [bias + extra[k].sum(0) if k in extra else bias for k, bias in enumerate(moved)]
    signed: dict[int, Tensor] = {}
    gradients: Gradients = []
    for (low, high), coupling in zip(machine.edges, machine.couplings, strict=True):
        if high not in signed:
            signed[high] = state[high] * signs[:, None]
            if high in extra:
                signed[high][:rows] += extra[high]
        gradient = torch.mm(signed[high].t(), state[low]).to(state[low].dtype)
        if offsets is not None:
            mu, lam = offsets.means[low], offsets.means[high]
            gradient.addr_(biases[high], mu, alpha=-1).addr_(lam, biases[low], alpha=-1)
        # A gain of two means two copies of a layer, each of which contributes to the gradient.
        if (gain := max(coupling.up_gain, coupling.down_gain)) != 1:
            gradient.mul_(gain)
        gradients.append((coupling.weight, gradient))
    if offsets is not None:
        biases = _shifted(machine, biases, gradients, offsets)
    gradients += [(layer.bias, bias) for layer, bias in zip(machine.layers, biases, strict=True)]
    return gradients, moved


def _shifted(
    machine: BoltzmannMachine, biases: Sequence[Tensor], gradients: Gradients, offsets: Offsets
) -> list[Tensor]:
    """Return the bias gradients equivalent to the centred parameterisation, given those of the couplings."""
    shifts = [torch.zeros_like(bias) for bias in biases]
    for (low, high), coupling, (_, gradient) in zip(machine.edges, machine.couplings, gradients, strict=True):
        shifts[high].addmv_(gradient, offsets.means[low], alpha=coupling.up_gain)
        shifts[low].addmv_(gradient.t(), offsets.means[high], alpha=coupling.down_gain)
    return [bias - shift for bias, shift in zip(biases, shifts, strict=True)]


def units_gradients(
    machine: BoltzmannMachine, state: Sequence[Tensor], inputs: Mapping[int, Tensor], rows: int
) -> Gradients:
    """Return the gradients of parameters that unit families learn, such as precisions; empty if there are none.

    Parameters
    ----------
    machine, state, rows
        As in :func:`contrast`.
    inputs : mapping of int to Tensor
        Inputs of the layers that are summed out: these contribute their log-partition, the others their energy.
    """
    gradients: Gradients = []
    for k, layer in enumerate(machine.layers):
        if not layer.learns:
            continue
        with torch.enable_grad():
            units = layer.units
            values = units.cgf(inputs[k].detach()) if k in inputs else -units.energy(state[k].detach())
            parameters = list(units.parameters())
            found = torch.autograd.grad(values[rows:].mean() - values[:rows].mean(), parameters)
        gradients += zip(parameters, found, strict=True)
    return gradients


def signs_for(rows: int, chains: int, like: Tensor) -> Tensor:
    """Return each row's weight in the gradient of minus the log-likelihood, data first, shape (rows + chains,)."""
    return _signs(rows, chains, like.dtype, like.device)


@functools.lru_cache(maxsize=8)
def _signs(rows: int, chains: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    signs = torch.full((rows + chains,), 1 / chains, dtype=dtype, device=device)
    signs[:rows] = -1 / rows
    return signs
