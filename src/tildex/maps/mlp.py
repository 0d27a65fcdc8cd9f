"""A multilayer perceptron: affine layers with nonlinearities between them; the last layer gives the inputs of units."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.maps.base import Linearised, Map
from tildex.maps.norms import Norm
from tildex.part import nearest

__all__ = ["ACTIVATIONS", "MLP", "Affine", "activation_named"]

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "logistic": nn.Sigmoid,
    "softplus": nn.Softplus,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "identity": nn.Identity,
}

Noise = Callable[[Tensor, Generator], Tensor]


class MLP(Map):
    """Affine layers ``sizes[0] -> sizes[1] -> ... -> sizes[-1]``.

    Parameters
    ----------
    sizes : sequence of int
        Units of each layer, including input and output.
    generator : Generator
        Draws the starting weights, uniform with variance 2 / (in + out) (Glorot & Bengio, 2010); biases are zero.
    activation : str
        One of ``ACTIVATIONS``, after every layer but the last.
    norm : Norm, optional
        Normalises the inputs of these nonlinearities.
    input_noise, noise : callable, optional
        Corruptions of the input and of every hidden layer, applied only when a call passes a generator, as training
        does and encoding does not.

    Raises
    ------
    ValueError
        If the activation is unknown.
    """

    layers: Sequence[nn.Linear]

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        generator: Generator,
        activation: str = "relu",
        norm: Norm | None = None,
        input_noise: Noise | None = None,
        noise: Noise | None = None,
    ) -> None:
        super().__init__()
        self.activation = activation_named(activation)
        self.norms = nn.ModuleList([] if norm is None else [norm.layer(size) for size in sizes[1:-1]])
        self.noises = [input_noise] + [noise] * (len(sizes) - 2)
        self.layers = nn.ModuleList(  # type: ignore[assignment]
            affine(n_in, n_out, generator) for n_in, n_out in pairwise(sizes)
        )

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the last layer's output, shape (batch, sizes[-1]), in the type of ``x``."""
        hidden = x
        for depth, (layer, noise) in enumerate(zip(self.layers, self.noises, strict=True)):
            if depth and self.norms:
                hidden = self.norms[depth - 1](hidden, generator)
            if depth:
                hidden = self.activation(hidden)
            if noise is not None and generator is not None:
                hidden = noise(hidden, generator)
            hidden = layer(hidden)
        return hidden.to(x.dtype)

    def affine_weight(self) -> Tensor | None:
        """Return the matrix of this map, or None if it has hidden layers."""
        (*hidden, last) = self.layers
        return None if hidden else last.weight

    def input_weight(self) -> Tensor:
        """Return the first layer's matrix."""
        return self.layers[0].weight

    @property
    def output_bias(self) -> Tensor:
        """The last layer's bias."""
        return self.layers[-1].bias

    @property
    def output_weight(self) -> Tensor:
        """The last layer's matrix."""
        return self.layers[-1].weight

    def steps(self) -> list[Map]:
        """Return one map per layer, each with the normalisation and nonlinearity that follow it."""
        *hidden, last = self.layers
        norms = self.norms or [None] * len(hidden)
        inner = [Affine(layer, self.activation, norm) for layer, norm in zip(hidden, norms, strict=True)]
        return [*inner, Affine(last)]


class Affine(Map):
    """One affine layer and the normalisation and nonlinearity that follow it, if any."""

    def __init__(
        self, layer: nn.Linear, activation: nn.Module | None = None, norm: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.layer = layer
        self.activation = nn.Identity() if activation is None else activation
        self.norm = norm

    @classmethod
    def fresh(cls, n_in: int, n_out: int, *, generator: Generator, activation: str | None = None) -> Affine:
        """Return one initialised like a layer of an :class:`MLP`."""
        named = None if activation is None else activation_named(activation)
        return cls(affine(n_in, n_out, generator), named)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the layer's output, shape (batch, units), in the type of ``x``."""
        inputs = self.layer(x)
        if self.norm is not None:
            inputs = self.norm(inputs, generator)
        return self.activation(inputs).to(x.dtype)

    def affine_weight(self) -> Tensor | None:
        """Return the matrix of this map, or None if a normalisation or nonlinearity follows."""
        return self.layer.weight if self.norm is None and isinstance(self.activation, nn.Identity) else None

    @property
    def output_bias(self) -> Tensor | None:
        """The layer's bias, or None if a normalisation or nonlinearity follows."""
        return None if self.affine_weight() is None else self.layer.bias

    def linearised(self, x: Tensor) -> Linearised | None:
        """Return output, matrix and slopes at the rows of ``x``, or None if a normalisation mixes units; gradients
        pass through the slopes.
        """
        if self.norm is not None:
            return None
        inputs = self.layer(x)
        if isinstance(self.activation, nn.Identity):
            return Linearised(inputs.to(x.dtype), self.layer.weight, None)
        with torch.enable_grad():
            known = inputs if inputs.requires_grad else inputs.detach().requires_grad_()
            output = self.activation(known)
            (slope,) = torch.autograd.grad(output.sum(), known, create_graph=inputs.requires_grad)
        return Linearised(output.to(x.dtype), self.layer.weight, slope.to(x.dtype))


def affine(n_in: int, n_out: int, generator: Generator) -> nn.Linear:
    """Return a linear layer whose weights come from ``generator``."""
    layer = nn.utils.skip_init(nn.Linear, n_in, n_out, device=generator.device)
    limit = math.sqrt(6 / (n_in + n_out))
    with torch.no_grad():
        layer.weight.copy_((2 * generator.uniform(n_out, n_in) - 1) * limit)
        layer.bias.zero_()
    return layer


def activation_named(name: str) -> nn.Module:
    """Return the nonlinearity of that name, or raise an error that suggests valid names."""
    if name not in ACTIVATIONS:
        raise ValueError(f"unknown activation {name!r}; {nearest(str(name), ACTIVATIONS)}")
    return ACTIVATIONS[name]()
