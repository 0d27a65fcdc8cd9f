r"""Supervised training: what the head says of the targets, given the hidden values of the features.

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
    """Minus the log-probability of the targets, the last columns of every row: the cross-entropy where the head is
    Categorical, half the squared error where it is Gaussian.

    Parameters
    ----------
    smoothing : float
        The share of every target that becomes the mean of a head that knows nothing: all classes alike (Szegedy et al.,
        2016, "Rethinking the Inception architecture for computer vision"). Heads of real values cannot be smoothed.
    penalty : Penalty, optional
        What is added, of the network and its last hidden layer.
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
        """Return the mean log-loss of the targets as they are, without noise and penalties."""
        condition, targets = _split(model, x)
        return -model.decoder.log_prob(targets, model.encoder.mean(condition)).mean()


def _split(model: Network, x: Tensor) -> tuple[Tensor, Tensor]:
    return require(model, Network, "the supervised rule trains a Network").split(x)


def _smoothed(targets: Tensor, units: Units, share: float) -> Tensor:
    if not units.finite:
        raise ValueError(
            f"smoothing is for targets of finitely many values, and the head has {units!r} units"
        )
    return (1 - share) * targets + share * units.mean(targets.new_zeros(targets.shape[-1]))
