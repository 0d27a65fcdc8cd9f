r"""The sparse code's L1 norm.

.. math:: \Omega(h) = \sum_j |h_j|
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from tildex.penalties.base import Penalty
from tildex.shapes import Step

__all__ = ["L1"]


class L1(Penalty):
    r"""The sum of the absolute values of a row's code.

    Minus the log of a Laplace prior: with :math:`P(h) \propto e^{-\lambda \|h\|_1}`, a code that minimises
    reconstruction error plus :math:`\lambda \|h\|_1` is the most probable one given the data (Olshausen & Field,
    1996, "Emergence of simple-cell receptive field properties by learning a sparse code for natural images").

    Example
    -------
    >>> L1(0.1)
    L1(weight=0.1)
    """

    def __init__(self, weight: float = 0.1) -> None:
        super().__init__(weight)

    def value(self, model: Any, step: Step) -> Tensor:
        """Return the norm of each row's code."""
        return step.hidden.abs().sum(-1)
