r"""The number of active units.

.. math:: \Omega(h) = \|h\|_0 = \sum_j [h_j \ne 0]
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from tildex.penalties.base import Penalty
from tildex.shapes import Step

__all__ = ["L0"]


class L0(Penalty):
    """Every active unit costs the same whatever its value, so large values do not shrink as under L1.

    For codes whose count has a gradient, :class:`~tildex.units.JumpReLU`: each unit is counted with a ramp around its
    threshold, with gradients for both threshold and input (Rajamanoharan et al., 2024, "Jumping ahead").

    Parameters
    ----------
    weight : float
        Nats per active unit; a unit is worth activating where it reduces the reconstruction error by more.
    warmup : float
        The fraction of training over which the cost rises from zero, so that no unit is switched off before it has
        learned.

    Example
    -------
    >>> L0(0.1)
    L0(weight=0.1, warmup=0.2)
    """

    def __init__(self, weight: float = 0.3, warmup: float = 0.2) -> None:
        super().__init__(weight)
        if not 0 <= warmup <= 1:
            raise ValueError(f"warmup must be a fraction of training in [0, 1], got {warmup}")
        self.warmup = warmup

    def value(self, model: Any, step: Step) -> Tensor:
        """Return the number of active units per row, reduced during warm-up."""
        units = model.encoder.units
        if not units.countable:
            raise ValueError(
                f"L0 counts the units above their thresholds, which {units!r} does not have: "
                "use code=JumpReLU(), or the L1 penalty"
            )
        risen = min(1.0, step.progress / self.warmup) if self.warmup > 0 else 1.0
        count: Tensor = risen * units.count(step.inputs)
        return count
