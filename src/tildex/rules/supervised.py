r"""Supervised training: the log-probability of the targets given the hidden values of the features.

.. math:: L = -\log P(y' \mid h = f(\tilde x)) + \sum \text{penalties},
          \qquad y' = (1 - s)\, y + s\, E[y \mid \eta = 0]
"""

from __future__ import annotations

from torch import Tensor

from tildex.generator import Generator
from tildex.models import Network
from tildex.penalties import Penalty
from tildex.rules.base import Rule, penalties, require
from tildex.shapes import Loss, Step
from tildex.units import Units

__all__ = ["Supervised"]


class Supervised(Rule):
    """Minus the log-probability of the targets, the last columns of every row: the cross-entropy for a Categorical
    head, half the squared error for a Gaussian one.

    Parameters
    ----------
    smoothing : float
        The weight of the uniform distribution mixed into every target, the mean of a head with zero inputs (Szegedy
        et al., 2016, "Rethinking the Inception architecture for computer vision"). Not for heads of real values.
    penalty : Penalty, optional
        Added to the loss, computed on the network and its last hidden layer.
    """

    def __init__(self, smoothing: float = 0.0, penalty: Penalty | None = None) -> None:
        if not 0 <= smoothing < 1:
            raise ValueError(f"smoothing must be a share in [0, 1), got {smoothing}")
        self.smoothing = smoothing
        self.penalty = penalty

    def __call__(self, model: Network, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch of rows, features first."""
        condition, targets = _split(model, x)
        inputs = model.encoder.inputs(condition, generator)
        hidden = model.encoder.units.mean(inputs)
        if self.smoothing:
            targets = _smoothed(targets, model.decoder.family, self.smoothing)
        error = -model.decoder.log_prob(targets, hidden, generator)
        step = Step(condition, condition, inputs, hidden, generator)
        return Loss.of(log_loss=error, **dict(penalties(self.penalty, model, step)))

    def validate(self, model: Network, x: Tensor, generator: Generator) -> Tensor:
        """Return the mean log-loss of the unsmoothed targets, without noise and penalties."""
        condition, targets = _split(model, x)
        return -model.decoder.log_prob(targets, model.encoder.mean(condition)).mean()


def _split(model: Network, x: Tensor) -> tuple[Tensor, Tensor]:
    return require(model, Network, "the supervised rule trains a Network").split(x)


def _smoothed(targets: Tensor, units: Units, share: float) -> Tensor:
    if not units.finite:
        raise ValueError(f"smoothing needs discrete targets, and the head has {units!r} units")
    return (1 - share) * targets + share * units.mean(targets.new_zeros(targets.shape[-1]))
