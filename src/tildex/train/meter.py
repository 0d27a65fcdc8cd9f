"""The losses of an epoch: their means, and an error for non-finite values."""

from __future__ import annotations

import torch

from tildex.shapes import Loss

__all__ = ["Meter", "NonFiniteLossError"]

# Batches between checks of the losses: a check waits for the device, which a step should not.
_LOOK_EVERY = 16


class NonFiniteLossError(ArithmeticError):
    """The loss became infinite or not a number."""


class Meter:
    """Means of an epoch's losses, collected without waiting for the device, with a check for non-finite values."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.rows: list[int] = []
        self.losses: list[Loss] = []
        self.sums: dict[str, float] = {}
        self.batches = 0
        self.total_rows = 0

    def add(self, loss: Loss, rows: int) -> None:
        """Add a batch's loss."""
        self.losses.append(Loss(loss.total.detach(), loss.parts))
        self.rows.append(rows)
        if len(self.losses) == _LOOK_EVERY:
            self.look()

    def look(self) -> None:
        """Sum the collected losses, and raise an error at the first non-finite value."""
        names = list(self.losses[0].parts)
        values = torch.stack(
            [torch.stack([loss.total, *loss.parts.values()]) for loss in self.losses]
        ).double()
        finite = values.isfinite().all(1)
        if not finite.all():
            first = int(finite.logical_not().nonzero()[0])
            broken = [n for n, v in zip(["total", *names], values[first], strict=True) if not v.isfinite()]
            raise NonFiniteLossError(
                f"the {broken[-1]} loss is {float(values[first][0]):g} at batch {self.batches + first + 1} of epoch "
                f"{self.epoch + 1}: lower the learning rate, clip the gradient (clip_norm=1), or scale the data"
            )
        weighted = values.t() @ values.new_tensor(self.rows)
        for name, value in zip(["loss", *names], weighted.tolist(), strict=True):
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.batches += len(self.losses)
        self.total_rows += sum(self.rows)
        self.losses, self.rows = [], []

    def means(self) -> dict[str, float]:
        """Return the mean over rows of the loss and of each of its parts."""
        if self.losses:
            self.look()
        return {name: value / self.total_rows for name, value in self.sums.items()}
