r"""The axes of a linear code, and changes of basis that leave every reconstruction unchanged.

.. math:: W_d^\top W_e = (A^{-\top} W_d)^\top (A W_e) \quad \text{for every invertible } A
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["rotated", "signed", "uncorrelated", "unit_length"]

# From an encoder to the second moment of its codes, shape (units, units): no array of features x features.
Moment = Callable[[Tensor], Tensor]


def rotated(encoder: Tensor, decoder: Tensor, moment: Moment) -> tuple[Tensor, Tensor]:
    """Return tied weights rotated so that the units of the code are uncorrelated, largest variance first."""
    axes = torch.linalg.eigh(moment(encoder)).eigenvectors.flip(1).t()
    return axes @ encoder, axes @ decoder


def uncorrelated(encoder: Tensor, decoder: Tensor, moment: Moment) -> tuple[Tensor, Tensor]:
    """Return untied weights with an orthonormal decoder of the same span, and the encoder of the code along its axes.

    An SVD of the decoder gives orthonormal axes; its singular values move to the encoder, and the code is rotated as
    with tied weights. Units beyond the number of features have zero weights.
    """
    stretch, singular, axes = torch.linalg.svd(decoder, full_matrices=False)
    code = (singular[:, None] * stretch.t()) @ encoder
    code, axes = rotated(code, axes, moment)
    missing = (0, 0, 0, len(encoder) - len(code))
    return torch.nn.functional.pad(code, missing), torch.nn.functional.pad(axes, missing)


def unit_length(encoder: Tensor, decoder: Tensor) -> tuple[Tensor, Tensor]:
    """Return untied weights with unit-length decoder axes in the same order; the encoder takes their lengths."""
    lengths = torch.linalg.vector_norm(decoder, dim=1, keepdim=True)
    return encoder * lengths, decoder / lengths.clamp_min(1e-300)


def signed(encoder: Tensor, decoder: Tensor) -> tuple[Tensor, Tensor]:
    """Return weights with signs such that the largest entry of each axis is positive."""
    largest = decoder.gather(1, decoder.abs().argmax(1, keepdim=True))
    sign = torch.where(largest < 0, -1.0, 1.0).to(decoder)
    return sign * encoder, sign * decoder
