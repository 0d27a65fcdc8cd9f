r"""Reconstruction of images by a network that receives the mask of the pixels hidden by a corruption.

.. math:: L = -\sum_i \log P\big(x_i \mid h = f(\tilde x, m)\big)
"""

from __future__ import annotations

from torch import Tensor

from tildex.corruptions import Corruption
from tildex.generator import Generator
from tildex.models import Restoration
from tildex.rules.base import Rule
from tildex.shapes import Loss

__all__ = ["Restoring"]


class Restoring(Rule):
    """Minus the log-probability of clean images given the code of corrupted ones.

    Parameters
    ----------
    corruption : Corruption, optional
        Applied to the images before the encoder; None leaves them unchanged. The network receives the mask of what it
        hides.
    """

    def __init__(self, corruption: Corruption | None = None) -> None:
        self.corruption = corruption

    def __call__(self, model: Restoration, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""
        seen, lost = (x, None) if self.corruption is None else self.corruption.hide(x, generator)
        code = model.encoder.mean(model.beside(seen, lost), generator)
        return Loss.of(reconstruction=-model.decoder.log_prob(x, code, generator))
