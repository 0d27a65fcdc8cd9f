r"""What holds parameters back: slower rates for some of them, and lengths of weights that are limited or fixed.

.. math:: \epsilon_i = f_i\, \epsilon, \qquad w_i \leftarrow w_i \min(1, c / \|w_i\|), \qquad
          w_j \leftarrow w_j / \|w_j\|
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["Pace", "UnitNorm", "limit_norms", "project", "put_on", "restore", "set_paces", "slow_down"]


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


@dataclass(frozen=True)
class UnitNorm:
    """Keeps what each unit of a code draws at length one, so that the size of a code means something.

    A penalty on a code could otherwise be had for nothing: weights grow, and the code shrinks.

    Attributes
    ----------
    parameter : Parameter
        The matrix that leaves the code, shape (units of the next layer, units of the code).
    dim : int
        The axis along which lengths are taken: 0 where each unit of the code has a column.
    """

    parameter: nn.Parameter
    dim: int = 0

    @torch.no_grad()
    def project(self) -> None:
        """Take off the gradient what would only change lengths, so that no optimiser gathers momentum that way."""
        weight, gradient = self.parameter, self.parameter.grad
        if gradient is not None:
            gradient.sub_(weight * (weight * gradient).sum(self.dim, keepdim=True))

    @torch.no_grad()
    def restore(self) -> None:
        """Bring all lengths back to one; what has no length is left alone."""
        norms = torch.linalg.vector_norm(self.parameter, dim=self.dim, keepdim=True)
        self.parameter.div_(torch.where(norms > 0, norms, 1.0))


def put_on(optimizer: torch.optim.Optimizer, restraints: Sequence[UnitNorm]) -> None:
    """Bring parameters to where their restraints will keep them.

    Raises
    ------
    ValueError
        If the optimiser searches along a line, where lengths cannot stay as they are.
    """
    if restraints and isinstance(optimizer, torch.optim.LBFGS):
        raise ValueError(
            "LBFGS searches along a line and cannot keep weights at length one: choose Adam or SGD"
        )
    restore(restraints)


def project(restraints: Iterable[UnitNorm]) -> None:
    """Take off all gradients what their restraints would undo."""
    for restraint in restraints:
        restraint.project()


def restore(restraints: Iterable[UnitNorm]) -> None:
    """Bring all parameters back to where their restraints keep them."""
    for restraint in restraints:
        restraint.restore()


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
