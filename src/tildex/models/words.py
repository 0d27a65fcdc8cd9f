r"""Each word of a document given its other words, the hidden units summed out.

.. math:: P(\text{word} = k \mid \text{the others}) \propto e^{b_k + A_h(\mathrm{inputs}_h(x - e_{\text{old}} + e_k))}

Words are taken in their order, as perplexities are: a count of three stands for three words of equal probability.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models.boltzmann import BoltzmannMachine
from tildex.units import ReplicatedSoftmax

__all__ = ["word_log_likelihood", "word_log_likelihood_estimate"]

# Numbers in the largest table of hidden inputs.
_LARGEST = 1 << 23


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
