r"""Length tempering: chains of documents of different lengths swap states, so that the long ones mix.

.. math:: p_D(h) \propto e^{c \cdot h + D f(h)}, \qquad
          P(\text{swap } i, j) = \min\big(1, e^{(D_i - D_j)(f(h_j) - f(h_i))}\big)

With the words summed out, a document's length is an inverse temperature: short documents change topics freely and
long ones hardly ever. A batch has documents of all lengths, so its chains, one per row, form a temperature ladder at
no cost: the gradient needs the samples at every rung.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import BoltzmannMachine
from tildex.rules.boltzmann.contrastive import PCD
from tildex.units import ReplicatedSoftmax

__all__ = ["LengthTempering"]


class LengthTempering(PCD):
    """Persistent chains for documents; chains of neighbouring lengths swap their hidden states.

    Without swaps, long chains stay where they started, and the machine gives high probability to documents that no
    chain visits, such as one word repeated a hundred times. The swaps are those of parallel tempering (Swendsen &
    Wang, 1986, "Replica Monte Carlo simulation of spin glasses"), with the length as the inverse temperature. For
    units without lengths per row this is plain :class:`PCD`.

    Parameters
    ----------
    k, n_chains, penalty, k_end, centring
        As in :class:`PCD`.

    Attributes
    ----------
    chains : Tensor of shape (chains, hidden)
        The hidden states, shortest document first.
    """

    def _visible(self, model: BoltzmannMachine, generator: Generator) -> Tensor:
        """Return visible samples after Gibbs steps, with swap attempts before each step."""
        visible, hidden = model.layers
        if not visible.units.counts_words or self.chains is None:
            return super()._visible(model, generator)
        words = cast(ReplicatedSoftmax, visible.units)
        h, v = self.chains, None
        for _ in range(self.steps_now()):
            if v is not None:
                h = hidden.units.sample(model.inputs(1, [v, v]), generator)
            inputs = model.inputs(0, [h, h])
            v = visible.units.sample(inputs[_swapped(words, inputs, generator)], generator)
        assert v is not None
        return v


def _swapped(units: ReplicatedSoftmax, inputs: Tensor, generator: Generator) -> Tensor:
    """Return the chain index of each position's new state, after swap attempts of all even, then all odd neighbours."""
    slopes = units.slopes(inputs)
    lengths = units.lengths_of(inputs).expand_as(slopes)
    places = torch.arange(len(inputs), device=inputs.device)
    for first in (0, 1):
        a = torch.arange(first, len(inputs) - 1, 2, device=inputs.device)
        here, there = places[a].clone(), places[a + 1].clone()
        gain = ((lengths[a] - lengths[a + 1]) * (slopes[there] - slopes[here])).sum(-1)
        swap = generator.uniform(len(a), dtype=gain.dtype).log() < gain
        places[a], places[a + 1] = torch.where(swap, there, here), torch.where(swap, here, there)
    return places
