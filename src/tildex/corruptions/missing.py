r"""Missing pixels: each loses all its channels, and the mask of lost pixels is known.

.. math:: \tilde x_{pc} = x_{pc} m_p, \qquad m_p \sim \mathrm{Bernoulli}(1 - r), \qquad
          r \sim U(\text{lowest}, \text{rate})
"""

from __future__ import annotations

from torch import Tensor

from tildex.corruptions.base import check_strength, drawn_whole
from tildex.corruptions.hiding import _Hiding
from tildex.generator import Generator

__all__ = ["Missing"]


class Missing(_Hiding):
    """Drops each pixel with probability ``rate``; a restoration model receives the mask of lost pixels.

    Parameters
    ----------
    rate : float
        The probability, or its maximum if ``lowest`` is given.
    lowest : float, optional
        If given, each row draws its own rate between ``lowest`` and ``rate``.
    channels : int, optional
        Adjacent columns that form one pixel and are lost together; 1 when not given.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> Missing(0.5, channels=3)(torch.ones(1, 9), Generator(0))
    tensor([[1., 1., 1., 0., 0., 0., 0., 0., 0.]])
    """

    def __init__(self, rate: float = 0.5, lowest: float | None = None, channels: int | None = None) -> None:
        check_strength("rate", [rate], 1.0)
        if lowest is not None:
            check_strength("lowest", [lowest], 1.0)
            if lowest > rate > 0:
                raise ValueError(f"lowest must not exceed rate {rate}, got {lowest}")
        if channels is not None and channels < 1:
            raise ValueError(f"channels must be at least 1, got {channels}")
        self.rate = rate
        self.lowest = lowest
        self.channels = channels

    def lost(self, x: Tensor, generator: Generator) -> Tensor:
        """Return the mask of lost pixels."""
        channels = self.channels or 1
        if x.shape[-1] % channels:
            raise ValueError(f"rows of {x.shape[-1]} columns cannot hold pixels of {channels} channels")
        pixels = x.new_ones(len(x), x.shape[-1] // channels)
        if self.lowest is None:
            rates = pixels * self.rate
        else:
            share = generator.uniform(len(x), 1, dtype=x.dtype)
            rates = pixels * (self.lowest + (self.rate - self.lowest) * share)
        variable = self.variable if channels == 1 else None
        return drawn_whole(rates, variable, generator).bool().repeat_interleave(channels, -1)
