r"""Normalisation between an affine layer and its nonlinearity: over the batch, or over the layer.

.. math:: y_j = g_j \frac{a_j - m}{\sqrt{s^2 + \epsilon}} + b_j

where m and s^2 are the mean and variance of unit j over the batch, or of one row over all units of the layer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tildex.generator import Generator
from tildex.part import Part

__all__ = ["BatchNorm", "LayerNorm", "Norm"]

_EPSILON = 1e-5


class Norm(Part, ABC, kind="norm"):
    """A normalisation that keeps the inputs of hidden layers in one range while the layers below change."""

    @abstractmethod
    def layer(self, width: int) -> nn.Module:
        """Return a module for ``width`` units, or channels of images, called on their inputs and a generator.

        Inputs have shape (batch, width) or (batch, width, height, breadth); passing a generator means training.
        """


class BatchNorm(Norm):
    """Normalises each unit by its mean and variance in the batch (Ioffe & Szegedy, 2015, "Batch normalization:
    accelerating deep network training by reducing internal covariate shift").

    Encoding, reconstruction and scoring use running averages instead, so that a row's result does not depend on other
    rows; so does a batch of one row, which has no variance. With several processes, each normalises by its own part
    of the batch, and the running averages cover all processes.

    Parameters
    ----------
    momentum : float
        The weight of the newest batch in the running averages.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> layer = BatchNorm().layer(3)
    >>> layer(torch.randn(100, 3), Generator(0)).mean(0).abs().max() < 1e-5
    tensor(True)
    """

    def __init__(self, momentum: float = 0.1) -> None:
        if not 0 < momentum <= 1:
            raise ValueError(f"momentum must lie in (0, 1], got {momentum}")
        self.momentum = momentum

    def layer(self, width: int) -> nn.Module:
        """Return the module."""
        return _ByBatch(width, self.momentum)


class LayerNorm(Norm):
    """Normalises each row by the mean and variance over all units of the layer, or over all channels and positions of
    an image (Ba, Kiros & Hinton, 2016, "Layer normalization").

    Example
    -------
    >>> import torch
    >>> LayerNorm().layer(2)(torch.tensor([[1.0, 3.0]])).round(decimals=3)
    tensor([[-1.,  1.]], grad_fn=<RoundBackward1>)
    """

    def layer(self, width: int) -> nn.Module:
        """Return the module."""
        return _ByLayer(width)


class _ByLayer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        # One group of all channels; for rows that are not images this is ordinary layer normalisation.
        return F.group_norm(x, 1, self.weight, self.bias, _EPSILON)


class _ByBatch(_ByLayer):
    running_mean: Tensor
    running_variance: Tensor

    def __init__(self, width: int, momentum: float) -> None:
        super().__init__(width)
        self.momentum = momentum
        self.register_buffer("running_mean", torch.zeros(width))
        self.register_buffer("running_variance", torch.ones(width))

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        # Validation also passes a generator, for the noise of corruptions, but is not training.
        by_batch = self.training and generator is not None and x.numel() > x.shape[1]
        return F.batch_norm(
            x,
            self.running_mean,
            self.running_variance,
            self.weight,
            self.bias,
            by_batch,
            self.momentum,
            _EPSILON,
        )
