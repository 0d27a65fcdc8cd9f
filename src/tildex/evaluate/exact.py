r"""Exact partition functions and likelihoods of machines small enough to enumerate.

.. math:: \log Z = \log \sum_{x_{\text{side}}} e^{\text{log\_marginal}(x_{\text{side}})}
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.models import BoltzmannMachine, joint_states, log2_states

__all__ = ["enumerable", "log_likelihood", "log_partition"]

_LARGEST_BITS = 25


@torch.no_grad()
def log_partition(machine: BoltzmannMachine) -> float:
    """Return log Z in nats; the side with fewer joint states is enumerated and the other summed out.

    Raises
    ------
    ValueError
        If neither side is finite with at most 2^25 joint states.
    """
    side = min((0, 1), key=lambda s: log2_states(machine, s))
    if log2_states(machine, side) > _LARGEST_BITS:
        raise ValueError(
            f"expected a side of at most 2^{_LARGEST_BITS} joint states, the smaller one has "
            f"2^{log2_states(machine, side):.0f}: use annealed importance sampling"
        )
    total = torch.tensor(-torch.inf, dtype=torch.float64)
    for state in joint_states(machine, side):
        total = torch.logaddexp(total, machine.log_marginal(state, side).double().logsumexp(0).cpu())
    return float(total)


@torch.no_grad()
def log_likelihood(machine: BoltzmannMachine, v: Tensor) -> Tensor:
    """Return log P(v) of a two-layer machine, shape (batch,), in nats."""
    return machine.log_marginal([v, v]).double() - log_partition(machine)


def enumerable(machine: BoltzmannMachine) -> bool:
    """Say whether :func:`log_partition` can enumerate one side."""
    return min(log2_states(machine, 0), log2_states(machine, 1)) <= _LARGEST_BITS
