r"""Receptive fields of deeper layers: a weighted combination of lower filters, or the result of a search.

.. math:: R^{(1)} = W^{(1)}, \quad R^{(l)} = W^{(l)} R^{(l-1)}; \qquad
          x^*_j = \arg\max_{\|x\| = r} \text{input}_j(x)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models.boltzmann.machine import BoltzmannMachine
from tildex.models.pair import Pair

__all__ = ["combined_filters", "hidden_inputs", "maximising_inputs"]


def combined_filters(weights: Sequence[Tensor], *, strongest: int | None = None) -> Tensor:
    """Return each top unit's filter on the visible layer: lower filters combined with the unit's weights (Lee,
    Ekanadham & Ng, 2008, "Sparse deep belief net model for visual area V2").

    Parameters
    ----------
    weights : sequence of Tensor
        The weights of each coupling, from the visible layer up, shape (units, units below).
    strongest : int, optional
        How many of a unit's weights are kept in each layer above the first; the others count as zero. All when not
        given.

    Returns
    -------
    Tensor of shape (units of the top layer, visible)

    Example
    -------
    >>> edges = torch.tensor([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])
    >>> combined_filters([edges, torch.tensor([[2.0, 2.0]])])
    tensor([[ 2.,  0., -2.]])
    """
    if strongest is not None and strongest < 1:
        raise ValueError(f"strongest must be at least 1 weight, got {strongest}")
    first, *upper = weights
    combined = first.detach()
    for weight in upper:
        weight = weight.detach()
        if strongest is not None and strongest < weight.shape[1]:
            least = weight.abs().topk(strongest, 1).values[:, -1:]
            weight = weight.where(weight.abs() >= least, 0.0)
        combined = weight @ combined
    return combined


def hidden_inputs(model: BoltzmannMachine | Sequence[Pair], layer: int) -> Callable[[Tensor], Tensor]:
    """Return the function from visible rows to the inputs of a hidden layer, with intermediate layers at their means.

    Parameters
    ----------
    model : BoltzmannMachine or sequence of Pair
        A machine infers all layers by mean field given the visible one; a stack makes one upward pass.
    layer : int
        The index of the hidden layer, 1 for the first.
    """
    if not isinstance(model, Iterable):
        return model.hidden_inputs(layer)
    pairs = list(model)
    if not 1 <= layer <= len(pairs):
        raise ValueError(f"expected a layer from 1 to {len(pairs)}, got {layer}")

    def passed_up(x: Tensor) -> Tensor:
        for pair in pairs[: layer - 1]:
            x = pair.encoder.mean(x)
        return pairs[layer - 1].encoder.inputs(x)

    return passed_up


def maximising_inputs(
    function: Callable[[Tensor], Tensor],
    units: Tensor,
    size: int,
    *,
    generator: Generator,
    radius: float = 1.0,
    n_steps: int = 200,
    step: float = 0.5,
) -> Tensor:
    """Return for each unit the visible row of a given norm that maximises its input, found by gradient ascent (Erhan,
    Bengio, Courville & Vincent, 2009, "Visualizing higher-layer features of a deep network").

    The search starts in a random direction, follows the gradient with decreasing steps, and returns the best row
    seen. For a linear layer, this is the direction of the unit's weights.

    Parameters
    ----------
    function : callable
        From rows, shape (n, size), to activations, shape (n, all units); see :func:`hidden_inputs`.
    units : Tensor of shape (n,)
        Indices of the units.
    size : int
        Columns of a visible row.
    generator : Generator
        Draws the starting points.
    radius : float
        The norm of a row.
    n_steps : int
        Number of search steps.
    step : float
        The first step's length, as a fraction of the radius.

    Returns
    -------
    Tensor of shape (n, size)
    """
    if n_steps < 1 or radius <= 0 or step <= 0:
        raise ValueError(
            f"n_steps must be at least 1, radius and step positive, got {n_steps}, {radius:g} and {step:g}"
        )
    x = _unit(generator.normal(len(units), size)) * radius
    best, highest = x, torch.full((len(units),), -torch.inf, device=x.device)
    for k in range(n_steps + 1):
        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            activation = function(leaf).gather(1, units[:, None])[:, 0]
            (gradient,) = torch.autograd.grad(activation.sum(), leaf)
        activation = activation.detach()
        better = activation > highest
        highest, best = (
            torch.where(better, activation, highest),
            torch.where(better[:, None], leaf.detach(), best),
        )
        x = _unit(x + step * radius * (1 - k / (n_steps + 1)) * _unit(gradient)) * radius
    return best


def _unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=1, keepdim=True).clamp_min(torch.finfo(x.dtype).tiny)
