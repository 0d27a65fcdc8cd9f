r"""Pseudo-likelihood of a two-layer machine: each visible variable given all others, hidden units summed out.

.. math:: \log PL(v) = \sum_i \log P(v_i \mid v_{-i}), \qquad
          P(v_i \mid v_{-i}) \propto e^{b_i v_i - E_i(v_i) + A_h(\mathrm{inputs}_h(v))}

Changing one variable moves the hidden inputs by one column of the weights, so no product is computed twice. The
visible family decides how one variable is summed or integrated.
"""

from __future__ import annotations

from torch import Tensor

from tildex.generator import Generator
from tildex.models.boltzmann.machine import BoltzmannMachine
from tildex.models.boltzmann.missing import filled
from tildex.units import Surroundings

__all__ = ["has_pseudo_likelihood", "pseudo_log_likelihood", "pseudo_log_likelihood_estimate"]


def has_pseudo_likelihood(machine: BoltzmannMachine) -> bool:
    """Say whether the visible family can be summed or integrated, one variable at a time."""
    return machine.layers[0].units.summable


def pseudo_log_likelihood(machine: BoltzmannMachine, v: Tensor) -> Tensor:
    """Return the exact log pseudo-likelihood of each row, in nats (Besag, 1975, "Statistical analysis of non-lattice
    data"); for real columns, the sum of their log conditional densities; for documents, the sum over their words.

    Parameters
    ----------
    machine : BoltzmannMachine
        A two-layer machine with finite, Gaussian or replicated softmax visible units.
    v : Tensor of shape (batch, visible)
        The rows. Unknown values, NaN, stand at their mean-field means and have no term of their own.
    """
    if bool((unknown := v.isnan()).any()):
        return _of_known(machine, filled(machine, v), unknown)
    return machine.layers[0].units.log_conditionals(v, _around(machine, v))


def pseudo_log_likelihood_estimate(machine: BoltzmannMachine, v: Tensor, generator: Generator) -> Tensor:
    """Return an unbiased estimate from one random variable per row, at the cost of one matrix product."""
    return machine.layers[0].units.log_conditionals_estimate(v, _around(machine, v), generator)


def _of_known(machine: BoltzmannMachine, v: Tensor, unknown: Tensor) -> Tensor:
    units, around = machine.layers[0].units, _around(machine, v)
    gone, total = units.any_column(unknown), v.new_zeros(len(v))
    for i in range(gone.shape[1]):
        rows = (~gone[:, i]).nonzero()[:, 0]
        some = Surroundings(around.bias, around.weight, around.inputs[rows], around.hidden)
        total[rows] += units.log_conditional(v[rows], some, rows.new_full((len(rows),), i))
    return total


def _around(machine: BoltzmannMachine, v: Tensor) -> Surroundings:
    visible, hidden = machine.layers
    weight = machine.couplings[0].weight.t()
    return Surroundings(visible.bias, weight, machine.inputs(1, [v, v]), hidden.units)
