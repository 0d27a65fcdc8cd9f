r"""Restraints on parameters: slower learning rates for some, and limited or fixed weight norms.

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
    """The relative learning rate of some parameters.

    Attributes
    ----------
    parameters : sequence of Parameter
        The parameters it applies to.
    factor : float
        Factor on the learning rate; 0 freezes them.
    wait : float
        The fraction of training for which they stay frozen while the others already learn.
    """

    parameters: Sequence[nn.Parameter]
    factor: float = 1.0
    wait: float = 0.0

    def __post_init__(self) -> None:
        if self.factor < 0:
            raise ValueError(f"the factor on a learning rate must not be negative, got {self.factor}")
        if not 0 <= self.wait <= 1:
            raise ValueError(f"the fraction of training to wait must lie in [0, 1], got {self.wait}")


@dataclass(frozen=True)
class UnitNorm:
    """Keeps each code unit's decoder weights at norm one, so that the size of a code is meaningful.

    Otherwise a penalty on the code could be evaded: weights grow and the code shrinks.

    Attributes
    ----------
    parameter : Parameter
        The outgoing matrix of the code, shape (units of the next layer, units of the code).
    dim : int
        The axis of the norms: 0 if each unit of the code has a column.
    """

    parameter: nn.Parameter
    dim: int = 0

    @torch.no_grad()
    def project(self) -> None:
        """Remove the component of the gradient that only changes norms, so that no momentum builds up along it."""
        weight, gradient = self.parameter, self.parameter.grad
        if gradient is not None:
            gradient.sub_(weight * (weight * gradient).sum(self.dim, keepdim=True))

    @torch.no_grad()
    def restore(self) -> None:
        """Rescale all norms to one; zero vectors are left unchanged."""
        norms = torch.linalg.vector_norm(self.parameter, dim=self.dim, keepdim=True)
        self.parameter.div_(torch.where(norms > 0, norms, 1.0))


def put_on(optimizer: torch.optim.Optimizer, restraints: Sequence[UnitNorm]) -> None:
    """Apply the restraints to the parameters for the first time.

    Raises
    ------
    ValueError
        If the optimiser uses a line search, which cannot keep norms fixed.
    """
    if restraints and isinstance(optimizer, torch.optim.LBFGS):
        raise ValueError("LBFGS uses a line search and cannot keep weights at norm one: choose Adam or SGD")
    restore(restraints)


def project(restraints: Iterable[UnitNorm]) -> None:
    """Remove from all gradients the components that their restraints would undo."""
    for restraint in restraints:
        restraint.project()


def restore(restraints: Iterable[UnitNorm]) -> None:
    """Restore all restrained parameters to norm one."""
    for restraint in restraints:
        restraint.restore()


def set_paces(optimizer: torch.optim.Optimizer, paces: Sequence[Pace]) -> None:
    """Split the optimiser's groups so that every parameter learns at its pace; parameters without one keep the full
    rate.

    Raises
    ------
    ValueError
        If the optimiser uses one step size for all parameters.
    """
    if not paces:
        return
    if isinstance(optimizer, torch.optim.LBFGS):
        raise ValueError("LBFGS uses one step size for all parameters: choose Adam or SGD, or equal rates")
    pace_of = {id(parameter): pace for pace in paces for parameter in pace.parameters}
    split = []
    for group in optimizer.param_groups:
        members: dict[tuple[float, float], list[Tensor]] = {}
        for parameter in group["params"]:
            pace = pace_of.get(id(parameter), Pace(()))
            members.setdefault((pace.factor, pace.wait), []).append(parameter)
        for (factor, wait), parameters in members.items():
            split.append({**group, "params": parameters, "factor": factor, "wait": wait})
    # Fastest group first: the history shows its rate.
    optimizer.param_groups = sorted(split, key=lambda group: (-group["factor"], group["wait"]))


def slow_down(optimizer: torch.optim.Optimizer, progress: float) -> None:
    """Multiply the rates just set by each group's factor, after a fraction ``progress`` of training."""
    for group in optimizer.param_groups:
        if "factor" in group:
            group["lr"] *= 0.0 if progress < group["wait"] else group["factor"]


@torch.no_grad()
def limit_norms(parameters: Iterable[Tensor], largest: float) -> None:
    """Rescale in place each unit's incoming weights, a row of a weight matrix, to norm at most ``largest``
    (Srivastava et al., 2014, "Dropout: a simple way to prevent neural networks from overfitting").

    Parameters
    ----------
    parameters : iterable of Tensor
        Those with one axis, biases and precisions, are left unchanged.
    largest : float
        The largest Euclidean norm.
    """
    for weight in parameters:
        if weight.ndim > 1:
            rows = weight.flatten(1)
            norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
            rows.mul_((largest / norms.clamp_min(1e-12)).clamp_max(1.0))
