r"""Nested reconstruction: each row is reconstructed from the first unit of its code, the first two, and so on.

.. math:: L = -\frac1K \sum_{k=1}^K \log P(x \mid h_1, \dots, h_k, 0, \dots, 0)
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import Conditional, Pair
from tildex.rules.base import Rule
from tildex.shapes import Loss
from tildex.units import Gaussian

__all__ = ["Nested"]


class Nested(Rule):
    """Minus the log-probability of the data given the first k units of the code, averaged over all k.

    It breaks the rotational symmetry of a linear code: the first unit must do best alone, the second best together
    with the first, so that units are ordered by importance and, in a linear autoencoder, equal PCA's axes. It is
    nested dropout (Rippel, Gelbart & Adams, 2014, "Learning ordered representations with nested dropout") without the
    noise (Bao et al., 2020, "Regularized linear autoencoders recover the principal components, eventually"). For a
    linear decoder of Gaussian units the sum over k has a closed form; any other decoder is called K times.
    """

    ordered = True

    def __call__(self, model: Pair, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""
        hidden = model.encoder.mean(x, generator)
        linear = model.decoder.map.additive and model.decoder.units.real
        mean = in_closed_form if linear else one_by_one
        return Loss.of(reconstruction=-mean(model.decoder, x, hidden, generator))


def one_by_one(decoder: Conditional, x: Tensor, hidden: Tensor, generator: Generator) -> Tensor:
    """Return the mean over k of the log-probability given the first k units, one value per row, for any decoder."""
    size = hidden.shape[1]
    total = torch.zeros_like(x[:, 0])
    for kept in torch.ones(size, size, dtype=hidden.dtype, device=hidden.device).tril():
        total = total + decoder.log_prob(x, hidden * kept, generator)
    return total / size


def in_closed_form(decoder: Conditional, x: Tensor, hidden: Tensor, generator: Generator) -> Tensor:
    """Return the same for Gaussian units and a noise-free linear map.

    Unit i appears in K - i + 1 of the K terms, and two units together as often as the later one.
    """
    axes = decoder.inputs(torch.eye(hidden.shape[1], dtype=hidden.dtype, device=hidden.device))
    bias = decoder.inputs(torch.zeros_like(hidden[:1]))
    axes = axes - bias
    size, units = len(axes), cast(Gaussian, decoder.units)
    often = torch.arange(size, 0, -1, dtype=axes.dtype, device=axes.device) / size
    together = torch.minimum(often[:, None], often)
    spread = units.variance(bias)
    towards = x - units.mean(bias)
    gained = (often * hidden * (towards @ axes.t())).sum(1)
    lost = (hidden @ (together * ((spread * axes) @ axes.t())) * hidden).sum(1)
    return units.log_prob(x, bias) + gained - 0.5 * lost
