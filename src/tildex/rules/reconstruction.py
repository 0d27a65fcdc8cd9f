r"""Reconstruction: the log-probability of the data under the decoder, given the code of the encoder's input.

.. math:: L = -\sum_i w_i \log P(x_i \mid h = f(\tilde x)) + \sum \text{penalties}
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tildex.corruptions import Corruption
from tildex.generator import Generator
from tildex.models import Pair
from tildex.penalties import Penalty
from tildex.rules.base import Rule, penalties
from tildex.shapes import Loss, Step

__all__ = ["Reconstruction"]


class Reconstruction(Rule):
    """Minus the log-probability of the clean data given the mean code of the corrupted data, plus penalties.

    Parameters
    ----------
    corruption : Corruption, optional
        Applied to the data before the encoder; None leaves it unchanged.
    penalty : Penalty, optional
        Added to the loss.
    on_corrupted, on_intact : float
        The weights of corrupted and of intact variables in the loss (Vincent et al., 2010, "Stacked denoising
        autoencoders", where they are alpha and beta). ``on_intact=0`` is full emphasis: intact variables do not
        count. A variable of several columns is corrupted if one of them is.
    walkback : int
        Steps of the chain that corrupts, encodes and draws, each trained to lead back to the data (Bengio, Yao, Alain
        & Vincent, 2013, "Generalized denoising auto-encoders as generative models"): the loss is their mean. 1 is
        plain training. From the second step on every value has been redrawn and counts as corrupted.
    """

    def __init__(
        self,
        corruption: Corruption | None = None,
        penalty: Penalty | None = None,
        *,
        on_corrupted: float = 1.0,
        on_intact: float = 1.0,
        walkback: int = 1,
    ) -> None:
        if on_corrupted < 0 or on_intact < 0 or on_corrupted + on_intact == 0:
            raise ValueError(
                f"on_corrupted and on_intact must not be negative nor both zero, got {on_corrupted} and {on_intact}"
            )
        if walkback < 1:
            raise ValueError(f"walkback must be at least 1 step, got {walkback}")
        if corruption is None and on_corrupted != on_intact:
            raise ValueError("on_corrupted and on_intact differ but there is no corruption: give one")
        self.corruption = corruption
        self.penalty = penalty
        self.on_corrupted = on_corrupted
        self.on_intact = on_intact
        self.walkback = walkback

    def __call__(self, model: Pair, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""
        return self._loss(
            model, x, generator, lambda inputs: model.encoder.units.in_training(inputs, self.progress)
        )

    def validate(self, model: Pair, x: Tensor, generator: Generator) -> Tensor:
        """Return the loss with codes as in a trained model, without updating any state."""
        return self._loss(model, x, generator, model.encoder.units.mean).total

    def _loss(self, model: Pair, x: Tensor, generator: Generator, code: Callable[[Tensor], Tensor]) -> Loss:
        units = model.decoder.family
        seen, weights = self._strike(model, x, generator)
        inputs = model.encoder.inputs(seen, generator)
        hidden = code(inputs)
        visible = model.decoder.inputs(hidden, generator)
        clean = x if model.unknown is None else model.unknown(x)
        step = Step(clean, seen, inputs, hidden, generator, visible, self.progress)
        error = _error(model, x, visible, weights)
        for _ in range(1, self.walkback):
            with torch.no_grad():
                seen, _ = self._strike(model, units.sample(visible, generator), generator)
            visible = model.decoder.inputs(model.encoder.mean(seen, generator), generator)
            error = error + self.on_corrupted * -model.log_known(x, visible)
        return Loss.of(reconstruction=error / self.walkback, **dict(penalties(self.penalty, model, step)))

    def _strike(self, model: Pair, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor | float]:
        """Return the encoder's input, and the weight of each variable's error or one common weight."""
        if self.corruption is None:
            return model.shown(x), self.on_corrupted
        corruption = self.corruption.whole(model.decoder.family.together(x.shape[-1]))
        if self.on_corrupted == self.on_intact:
            return model.corrupted(x, corruption, generator), self.on_corrupted
        if model.unknown is not None and corruption.hides:
            seen, struck = corruption.hide(x, generator)
            seen = model.shown(seen, struck)
        else:
            seen, struck = corruption.strike(x, generator)
            seen = model.shown(seen)
        struck = model.decoder.family.any_column(struck)
        return seen, torch.where(struck, self.on_corrupted, self.on_intact).to(x.dtype)


def _error(model: Pair, x: Tensor, visible: Tensor, weights: Tensor | float) -> Tensor:
    if isinstance(weights, Tensor):
        return -(weights * model.log_each(x, visible)).sum(-1)
    error = -model.log_known(x, visible)
    return error if weights == 1 else weights * error
