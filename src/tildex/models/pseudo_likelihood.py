r"""Pseudo-likelihood of a machine of two layers: each visible variable given all others, the hidden ones summed out.

.. math:: \log PL(v) = \sum_i \log P(v_i \mid v_{-i}), \qquad
          P(v_i \mid v_{-i}) \propto e^{b_i v_i - E_i(v_i) + A_h(\mathrm{inputs}_h(v))}

Changing one variable moves the hidden inputs by one column of the weights, so no product is computed twice.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models.boltzmann import BoltzmannMachine
from tildex.models.pseudo_density import log_density
from tildex.models.words import word_log_likelihood, word_log_likelihood_estimate
from tildex.units import Gaussian, ReplicatedSoftmax

__all__ = ["has_pseudo_likelihood", "pseudo_log_likelihood", "pseudo_log_likelihood_estimate"]


def has_pseudo_likelihood(machine: BoltzmannMachine) -> bool:
    """Say whether the visible units are of a family that can be summed, or integrated, one variable at a time."""
    units = machine.layers[0].units
    return units.finite or isinstance(units, Gaussian | ReplicatedSoftmax)


def pseudo_log_likelihood(machine: BoltzmannMachine, v: Tensor) -> Tensor:
    """Return the exact log pseudo-likelihood of each row, in nats (Besag, 1975, "Statistical analysis of non-lattice
    data"); of real columns, the sum of their log conditional densities; of documents, the sum over their words.

    Parameters
    ----------
    machine : BoltzmannMachine
        Of two layers, the visible one finite, Gaussian or a replicated softmax.
    v : Tensor of shape (batch, visible)
        The rows.
    """
    if isinstance(machine.layers[0].units, ReplicatedSoftmax):
        return word_log_likelihood(machine, v)
    inputs = machine.inputs(1, [v, v])
    rows = torch.arange(len(v), device=v.device)
    total = v.new_zeros(len(v))
    for variable in range(v.shape[1] // machine.layers[0].units.group):
        total += _log_conditional(machine, v, inputs, rows.new_full((len(v),), variable))
    return total


def pseudo_log_likelihood_estimate(machine: BoltzmannMachine, v: Tensor, generator: Generator) -> Tensor:
    """Return an unbiased estimate from one random variable a row, at the cost of one product."""
    if isinstance(machine.layers[0].units, ReplicatedSoftmax):
        return word_log_likelihood_estimate(machine, v, generator)
    variables = v.shape[1] // machine.layers[0].units.group
    chosen = torch.from_numpy(generator.integers(variables, len(v))).to(v.device)
    return variables * _log_conditional(machine, v, machine.inputs(1, [v, v]), chosen)


def _log_conditional(machine: BoltzmannMachine, v: Tensor, inputs: Tensor, variable: Tensor) -> Tensor:
    visible, hidden = machine.layers
    if isinstance(visible.units, Gaussian):
        return log_density(machine, v, inputs, variable)
    columns = variable[:, None] * visible.units.group + torch.arange(visible.units.group, device=v.device)
    weight = machine.couplings[0].weight.t()[columns]
    bias = visible.bias[columns]
    old = v.gather(1, columns)

    def log_weight(value: Tensor) -> Tensor:
        moved = inputs + torch.einsum("bg,bgh->bh", value - old, weight)
        return (value * bias).sum(-1) - visible.units.energy(value) + hidden.units.cgf(moved)

    values, _ = visible.units.nodes(v.new_zeros(visible.units.group))
    each = torch.stack([log_weight(value.expand_as(old)) for value in values])
    return log_weight(old) - each.logsumexp(0)
