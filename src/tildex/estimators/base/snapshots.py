"""Codes of the same rows at chosen epochs: asked for in ``fit``, kept by the loop, saved with the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.train import Rows
from tildex.train.callbacks import Snapshots

__all__ = ["SnapshotsMixin"]

# As many points as a map shows well.
_ROWS = 1500


class SnapshotsMixin:
    """What an estimator keeps of its codes while it trains.

    Attributes
    ----------
    snapshots_ : dict of int to array of shape (n, n_components)
        The codes by epoch, 0 being before training; there where ``fit`` was asked for them.
    snapshot_rows_ : array of shape (n,)
        Whose codes they are: at most 1,500 row numbers of the training data.
    """

    snapshots_: dict[int, np.ndarray]
    snapshot_rows_: np.ndarray
    _encode: Callable[[Tensor], Tensor]
    _kept: Snapshots | None = None

    def _watch(self, data: Rows, epochs: Sequence[int]) -> None:
        """Let the training that begins keep codes of scaled rows at those epochs."""
        for name in ("_kept", "snapshots_", "snapshot_rows_"):
            self.__dict__.pop(name, None)
        if not len(epochs):
            return
        if not all(isinstance(epoch, int | np.integer) and epoch >= 0 for epoch in epochs):
            raise ValueError(
                f"snapshots must be whole numbers of epochs, 0 for before training, got {epochs!r}"
            )
        self.snapshot_rows_ = np.sort(Generator(0).permutation(len(data))[:_ROWS])
        self._kept = Snapshots([int(e) for e in epochs], self._encode, data.take(self.snapshot_rows_))

    def _keep(self) -> None:
        """Take over what was kept."""
        kept = self.__dict__.pop("_kept", None)
        if kept is not None:
            self.snapshots_ = {epoch: codes.numpy() for epoch, codes in sorted(kept.codes.items())}

    def _snapshot_tensors(self) -> dict[str, Tensor]:
        """Return what a run folder holds of it."""
        if not getattr(self, "snapshots_", None):
            return {}
        codes = {f"epoch {epoch}": torch.from_numpy(Z) for epoch, Z in self.snapshots_.items()}
        return {"rows": torch.from_numpy(self.snapshot_rows_), **codes}

    def _restore_snapshots(self, tensors: dict[str, Tensor]) -> None:
        """Take it back."""
        if tensors:
            codes = {int(name.removeprefix("epoch ")): t for name, t in tensors.items() if name != "rows"}
            self.snapshots_ = {epoch: codes[epoch].numpy() for epoch in sorted(codes)}
            self.snapshot_rows_ = tensors["rows"].numpy()
