"""A clamp for learned parameters that lets them leave its limits again."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

__all__ = ["within"]


def within(x: Tensor, low: float | Tensor, high: float | Tensor) -> Tensor:
    """Return ``x`` clamped to [``low``, ``high``], with a gradient that can lead back inside.

    Example
    -------
    >>> x = torch.tensor([-1.0, 0.5], requires_grad=True)
    >>> within(x, 0.0, 1.0)
    tensor([0.0000, 0.5000], grad_fn=<_WithinBackward>)
    """
    return cast(Tensor, _Within.apply(x, low, high))


class _Within(torch.autograd.Function):
    """A clamp whose gradient at a limit is zero only where descent would lead further out.

    Torch's own clamp has no gradient there: a parameter that overshoots once would never return.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, low: Any, high: Any) -> Tensor:
        return x.clamp(low, high)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Any, Any], output: Tensor) -> None:
        x, low, high = inputs
        ctx.save_for_backward(x)
        ctx.range = low, high

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = gradients
        (x,) = ctx.saved_tensors
        low, high = ctx.range
        outward = ((x >= high) & (gradient < 0)) | ((x <= low) & (gradient > 0))
        return gradient.masked_fill(outward, 0.0), None, None
