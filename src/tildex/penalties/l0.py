r"""The number of units in use.

.. math:: \Omega(h) = \|h\|_0 = \sum_j [h_j \ne 0]
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from tildex.penalties.base import Penalty
from tildex.shapes import Step

__all__ = ["L0"]


class L0(Penalty):
    """Every unit in use costs the same, whatever its value, so that large values do not shrink as they do under L1.

    For codes that can be counted with a slope, :class:`~tildex.units.JumpReLU`: a unit is counted on a ramp around
    its threshold, which both the threshold and the input follow (Rajamanoharan et al., 2024, "Jumping ahead").

    Parameters
    ----------
    weight : float
        Nats a unit: it should be in use where it saves more of the reconstruction error.
    warmup : float
        The share of training over which the price rises from zero, so that no unit is priced out before it has learned
        anything.

    Example
    -------
    >>> L0(0.1)
    L0(weight=0.1, warmup=0.2)
    """

    def __init__(self, weight: float = 0.3, warmup: float = 0.2) -> None:
        super().__init__(weight)
        if not 0 <= warmup <= 1:
            raise ValueError(f"warmup must be a share of training in [0, 1], got {warmup}")
        self.warmup = warmup

    def value(self, model: Any, step: Step) -> Tensor:
        """Return how many units of each row are in use, less while training is young."""
        units = model.encoder.units
        if not units.countable:
            raise ValueError(
                f"L0 counts the units above their thresholds, which {units!r} does not have: "
                "use code=JumpReLU(), or the L1 penalty"
            )
        risen = min(1.0, step.progress / self.warmup) if self.warmup > 0 else 1.0
        count: Tensor = risen * units.count(step.inputs)
        return count
