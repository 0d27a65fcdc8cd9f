r"""Reconstruction: what the decoder says of the data, given the code of what the encoder saw.

.. math:: L = -\log P(x \mid h = f(\tilde x)) + \sum \text{penalties}
"""

from __future__ import annotations

from torch import Tensor

from tildex.corruptions import Corruption
from tildex.generator import Generator
from tildex.models import Pair
from tildex.penalties import Penalty
from tildex.rules.base import Rule, penalties
from tildex.shapes import Loss, Step

__all__ = ["Reconstruction"]


class Reconstruction(Rule):
    """Minus the log-probability of the clean data given the mean code of the corrupted data, plus penalties.

    Parameters
    ----------
    corruption : Corruption, optional
        What happens to the data before the encoder sees it; none leaves it alone.
    penalty : Penalty, optional
        What is added.
    """

    def __init__(self, corruption: Corruption | None = None, penalty: Penalty | None = None) -> None:
        self.corruption = corruption
        self.penalty = penalty

    def __call__(self, model: Pair, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""
        corrupted = x if self.corruption is None else self.corruption(x, generator)
        inputs = model.encoder.inputs(corrupted, generator)
        hidden = model.encoder.units.mean(inputs)
        step = Step(x, corrupted, inputs, hidden)
        error = -model.decoder.log_prob(x, hidden, generator)
        return Loss.of(reconstruction=error, **dict(penalties(self.penalty, model, step)))
