r"""What holds parameters back: slower rates for some of them, and a limit on the length of incoming weights.

.. math:: \epsilon_i = f_i\, \epsilon, \qquad w_i \leftarrow w_i \min(1, c / \|w_i\|)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["Pace", "limit_norms", "set_paces", "slow_down"]


@dataclass(frozen=True)
class Pace:
    """How fast some parameters learn beside the others.

    Attributes
    ----------
    parameters : sequence of Parameter
        Those it holds for.
    factor : float
        On the learning rate; 0 leaves them as they are.
    wait : float
        The share of training in which they stay as they are, while the others begin.
    """

    parameters: Sequence[nn.Parameter]
    factor: float = 1.0
    wait: float = 0.0

    def __post_init__(self) -> None:
        if self.factor < 0:
            raise ValueError(f"the factor on a learning rate must not be negative, got {self.factor}")
        if not 0 <= self.wait <= 1:
            raise ValueError(f"the share of training to wait must lie in [0, 1], got {self.wait}")


def set_paces(optimizer: torch.optim.Optimizer, paces: Sequence[Pace]) -> None:
    """Split the optimiser's groups so that every parameter learns at its pace; those in none keep the full rate.

    Raises
    ------
    ValueError
        If the optimiser moves all parameters along one line and so cannot hold some back.
    """
    if not paces:
        return
    if isinstance(optimizer, torch.optim.LBFGS):
        raise ValueError("LBFGS moves all parameters by one step size: choose Adam or SGD, or equal rates")
    pace_of = {id(parameter): pace for pace in paces for parameter in pace.parameters}
    split = []
    for group in optimizer.param_groups:
        members: dict[tuple[float, float], list[Tensor]] = {}
        for parameter in group["params"]:
            pace = pace_of.get(id(parameter), Pace(()))
            members.setdefault((pace.factor, pace.wait), []).append(parameter)
        for (factor, wait), parameters in members.items():
            split.append({**group, "params": parameters, "factor": factor, "wait": wait})
    # The fastest first: its rate is the one that the history shows.
    optimizer.param_groups = sorted(split, key=lambda group: (-group["factor"], group["wait"]))


def slow_down(optimizer: torch.optim.Optimizer, progress: float) -> None:
    """Multiply the rates just set with each group's factor, after a share ``progress`` of training."""
    for group in optimizer.param_groups:
        if "factor" in group:
            group["lr"] *= 0.0 if progress < group["wait"] else group["factor"]


@torch.no_grad()
def limit_norms(parameters: Iterable[Tensor], largest: float) -> None:
    """Shorten in place what each unit receives by, a row of a weight matrix, to ``largest`` where it is longer
    (Srivastava et al., 2014, "Dropout: a simple way to prevent neural networks from overfitting").

    Parameters
    ----------
    parameters : iterable of Tensor
        Those with one axis, biases and precisions, are left alone.
    largest : float
        The largest Euclidean norm.
    """
    for weight in parameters:
        if weight.ndim > 1:
            rows = weight.flatten(1)
            norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
            rows.mul_((largest / norms.clamp_min(1e-12)).clamp_max(1.0))
