"""What the loop reads and what it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from torch import Tensor

if TYPE_CHECKING:
    from tildex.train.loop import Trainer

__all__ = ["Callback", "Rows"]


class Rows(Protocol):
    """Data as the loop reads it."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def take(self, index: Any) -> Tensor:
        """Return the rows at ``index`` on the device, shape (batch, features)."""
        ...


class Callback(Protocol):
    """Called after every epoch; may set ``trainer.stop``. Its state goes into checkpoints."""

    def __call__(self, trainer: Trainer) -> None:
        """Inspect the trainer."""
        ...
