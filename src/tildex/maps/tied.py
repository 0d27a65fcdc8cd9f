r"""A decoder that uses the encoder's weights, transposed.

.. math:: f(x) = s(W x + b), \qquad g(h) = W^\top h + c
"""

from __future__ import annotations

from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.maps.base import Map
from tildex.maps.mlp import MLP

__all__ = ["Matching", "Transposed", "tie"]


class Transposed(nn.Module):
    """A linear layer with the transpose of another layer's matrix and its own bias.

    Parameters
    ----------
    shared : Parameter of shape (in, out)
        The other layer's matrix, which remains a single parameter.
    bias : Parameter of shape (out,)
        This layer's bias.
    """

    def __init__(self, shared: nn.Parameter, bias: nn.Parameter) -> None:
        super().__init__()
        self.shared = shared
        self.bias = bias

    @property
    def weight(self) -> Tensor:
        """The layer's matrix, shape (out, in)."""
        return self.shared.t()

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's output, shape (batch, out)."""
        return F.linear(x, self.weight, self.bias)


class Matching(Map):
    """The inner product of each column of another layer's matrix with a row minus that layer's bias.

    Parameters
    ----------
    layer : Linear
        The last layer of a decoder, shape (features, units); this map adds no parameters.
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the inner products, shape (batch, units), in the type of ``x``."""
        return F.linear(x - self.layer.bias, self.layer.weight.t()).to(x.dtype)

    def affine_weight(self) -> Tensor:
        """Return the layer's matrix, transposed."""
        return self.layer.weight.t()


def tie(encoder: Map, decoder: Map) -> None:
    """Tie a decoder's matrices to its encoder's, transposed and in reverse order; the decoder keeps its own biases.

    Raises
    ------
    ValueError
        If either is not a multilayer perceptron, or the decoder's layers do not mirror the encoder's.

    Example
    -------
    >>> from tildex.generator import Generator
    >>> encoder, decoder = (MLP(sizes, generator=Generator(0)) for sizes in ([6, 4, 2], [2, 4, 6]))
    >>> tie(encoder, decoder)
    >>> bool((decoder.layers[0].weight == encoder.layers[1].weight.t()).all())
    True
    """
    if not isinstance(encoder, MLP) or not isinstance(decoder, MLP):
        kinds = f"{type(encoder).__name__} and {type(decoder).__name__}"
        raise ValueError(f"only the layers of two multilayer perceptrons can be tied, got {kinds}")
    up, down = [[tuple(layer.weight.shape) for layer in map.layers] for map in (encoder, decoder)]
    if [shape[::-1] for shape in reversed(up)] != down:
        raise ValueError(f"expected a decoder that mirrors layers of {up}, got {down}")
    decoder.layers = nn.ModuleList(  # type: ignore[assignment]
        Transposed(cast(nn.Parameter, above.weight), layer.bias)
        for above, layer in zip(reversed(encoder.layers), decoder.layers, strict=True)
    )
