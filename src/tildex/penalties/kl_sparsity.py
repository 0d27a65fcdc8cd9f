r"""Divergence of the mean activation from a target rate.

.. math:: \Omega = \sum_j \rho \log\frac{\rho}{\hat\rho_j} + (1 - \rho) \log\frac{1 - \rho}{1 - \hat\rho_j}
"""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from tildex.penalties.base import Penalty
from tildex.shapes import Step

__all__ = ["KLSparsity"]


class KLSparsity(Penalty):
    """Asks each hidden unit to be active at a target rate, averaged over the batch; for codes between 0 and 1 (Lee,
    Ekanadham & Ng, 2008, "Sparse deep belief net model for visual area V2"; Ng, 2011, "Sparse autoencoder").

    Parameters
    ----------
    weight : float
        The factor of the divergence, which is summed over units.
    target : float
        The target rate, between 0 and 1.
    """

    def __init__(self, weight: float = 0.1, target: float = 0.05) -> None:
        super().__init__(weight)
        if not 0 < target < 1:
            raise ValueError(f"target must lie between 0 and 1, got {target}")
        self.target = target

    def value(self, model: Any, step: Step) -> Tensor:
        """Return the batch's divergence, the same for each row."""
        hidden = step.hidden
        if hidden.min() < 0 or hidden.max() > 1:
            raise ValueError(
                "KLSparsity expects codes between 0 and 1, got values outside: "
                "use code=Bernoulli(), or the L1 penalty"
            )
        rate = hidden.mean(0).clamp(1e-6, 1 - 1e-6)
        target = self.target
        entropy = target * math.log(target) + (1 - target) * math.log(1 - target)
        divergence = entropy - target * rate.log() - (1 - target) * (1 - rate).log()
        return divergence.sum().expand(len(hidden))
