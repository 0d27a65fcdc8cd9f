r"""Pseudo-likelihood of a machine of two layers: each visible variable given all others, the hidden ones summed out.

.. math:: \log PL(v) = \sum_i \log P(v_i \mid v_{-i}), \qquad
          P(v_i \mid v_{-i}) \propto e^{b_i v_i - E_i(v_i) + A_h(\mathrm{inputs}_h(v))}

Changing one variable moves the hidden inputs by one column of the weights, so no product is computed twice.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models.boltzmann.machine import BoltzmannMachine
from tildex.units import Gaussian, ReplicatedSoftmax

__all__ = [
    "has_pseudo_likelihood",
    "log_density",
    "pseudo_log_likelihood",
    "pseudo_log_likelihood_estimate",
    "word_log_likelihood",
    "word_log_likelihood_estimate",
]

# Numbers in the largest table of hidden inputs.
_LARGEST = 1 << 23

_MARGIN = 6.5
"""Standard deviations beyond the outermost centres: what lies further out is less than 1e-10 of any component."""


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


def log_density(machine: BoltzmannMachine, v: Tensor, inputs: Tensor, columns: Tensor) -> Tensor:
    """Return log p(v_i | all other columns) of one column a row, shape (batch,), in nats.

    Parameters
    ----------
    machine : BoltzmannMachine
        Of two layers, the visible one of Gaussian units, the hidden one bounded.
    v : Tensor of shape (batch, visible)
        The rows.
    inputs : Tensor of shape (batch, hidden)
        The hidden inputs that they give.
    columns : Tensor of shape (batch,)
        Which column of each row.
    """
    visible, hidden = machine.layers
    assert isinstance(visible.units, Gaussian)
    gamma = visible.units.gamma(v).expand(v.shape[1])[columns]
    weight = machine.couplings[0].weight.t()[columns]
    bias, old, sigma = visible.bias[columns], v.gather(1, columns[:, None])[:, 0], gamma.rsqrt()

    def log_weight(u: Tensor) -> Tensor:
        moved = torch.addcmul(inputs, (u - old)[:, None], weight)
        return bias * u - 0.5 * gamma * u.square() + hidden.units.cgf(moved)

    ends = weight * hidden.units.low, weight * hidden.units.high
    first = (bias + torch.minimum(*ends).sum(1)) / gamma - _MARGIN * sigma
    last = (bias + torch.maximum(*ends).sum(1)) / gamma + _MARGIN * sigma
    points = math.ceil(float(((last - first) / sigma).detach().max())) + 1
    total = torch.full_like(old, -torch.inf)
    for k in range(points):
        total = torch.logaddexp(total, log_weight(first + k * sigma))
    return log_weight(old) - total - sigma.log()


def word_log_likelihood(machine: BoltzmannMachine, v: Tensor) -> Tensor:
    """Return the sum over all words of a row of log P(word | the row's other words), shape (batch,), in nats.

    Parameters
    ----------
    machine : BoltzmannMachine
        Of two layers, the visible one a replicated softmax.
    v : Tensor of shape (batch, visible)
        Word counts; fractions count as shares of a word.
    """
    rows, words = v.nonzero(as_tuple=True)
    each = _log_conditionals(machine, machine.inputs(1, [v, v]), rows, words)
    return v.new_zeros(len(v)).index_add_(0, rows, v[rows, words] * each)


def word_log_likelihood_estimate(machine: BoltzmannMachine, v: Tensor, generator: Generator) -> Tensor:
    """Return an unbiased estimate from one random word a row."""
    cumulative = v.cumsum(-1)
    lengths = cumulative[:, -1:]
    place = generator.uniform(len(v), 1, dtype=v.dtype) * lengths
    words = torch.searchsorted(cumulative, place, right=True)[:, 0].clamp_(max=v.shape[1] - 1)
    # Rounding may end beyond a document's last word, and an empty one has none.
    rows = torch.arange(len(v), device=v.device)[(v.gather(1, words[:, None]) > 0)[:, 0]]
    each = _log_conditionals(machine, machine.inputs(1, [v, v]), rows, words[rows])
    return v.new_zeros(len(v)).index_add_(0, rows, lengths[rows, 0] * each)


def _log_conditionals(machine: BoltzmannMachine, inputs: Tensor, rows: Tensor, words: Tensor) -> Tensor:
    """Return log P(word | the others) of single words, given by row and column."""
    (visible, hidden), weight = machine.layers, machine.couplings[0].weight.t()
    assert isinstance(visible.units, ReplicatedSoftmax)
    n_words = visible.units.n_words
    result = inputs.new_empty(len(rows))
    for document in range(visible.size // n_words):
        own = slice(document * n_words, (document + 1) * n_words)
        chosen = (words // n_words == document).nonzero()[:, 0]
        for some in chosen.split(max(1, _LARGEST // weight[own].numel())):
            without = inputs[rows[some]] - weight[words[some]]
            log_weight = visible.bias[own] + hidden.units.cgf(without[:, None] + weight[own])
            place = words[some, None] - own.start
            result[some] = log_weight.log_softmax(-1).gather(1, place)[:, 0]
    return result
