r"""Decorrelation of the code.

.. math:: \Omega = \tfrac12 \sum_{j \ne k} C_{jk}^2, \qquad C = \mathrm{cov}(h) \text{ over the batch}
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tildex.penalties.base import Penalty
from tildex.shapes import Step

__all__ = ["Decorrelation"]


class Decorrelation(Penalty):
    """Half the squared covariances of different hidden units, to reduce redundancy (Cogswell et al., 2016, "Reducing
    overfitting in deep networks by decorrelating representations").

    Example
    -------
    >>> Decorrelation(0.5)
    Decorrelation(weight=0.5)
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__(weight)

    def value(self, model: Any, step: Step) -> Tensor:
        """Return the batch's penalty, the same for each row."""
        centred = step.hidden - step.hidden.mean(0)
        covariance = centred.t() @ centred / len(centred)
        between = covariance.square().sum() - covariance.diagonal().square().sum()
        return 0.5 * torch.clamp_min(between, 0).expand(len(centred))
