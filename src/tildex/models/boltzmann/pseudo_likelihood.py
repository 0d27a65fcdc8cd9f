r"""Pseudo-likelihood of a machine of two layers: each visible variable given all others, the hidden ones summed out.

.. math:: \log PL(v) = \sum_i \log P(v_i \mid v_{-i}), \qquad
          P(v_i \mid v_{-i}) \propto e^{b_i v_i - E_i(v_i) + A_h(\mathrm{inputs}_h(v))}

Changing one variable moves the hidden inputs by one column of the weights, so no product is computed twice. How one
variable is summed or integrated is the visible family's own.
"""

from __future__ import annotations

from torch import Tensor

from tildex.generator import Generator
from tildex.models.boltzmann.machine import BoltzmannMachine
from tildex.units import Surroundings

__all__ = ["has_pseudo_likelihood", "pseudo_log_likelihood", "pseudo_log_likelihood_estimate"]


def has_pseudo_likelihood(machine: BoltzmannMachine) -> bool:
    """Say whether the visible units are of a family that can be summed, or integrated, one variable at a time."""
    return machine.layers[0].units.summable


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
    return machine.layers[0].units.log_conditionals(v, _around(machine, v))


def pseudo_log_likelihood_estimate(machine: BoltzmannMachine, v: Tensor, generator: Generator) -> Tensor:
    """Return an unbiased estimate from one random variable a row, at the cost of one product."""
    return machine.layers[0].units.log_conditionals_estimate(v, _around(machine, v), generator)


def _around(machine: BoltzmannMachine, v: Tensor) -> Surroundings:
    visible, hidden = machine.layers
    weight = machine.couplings[0].weight.t()
    return Surroundings(visible.bias, weight, machine.inputs(1, [v, v]), hidden.units)
