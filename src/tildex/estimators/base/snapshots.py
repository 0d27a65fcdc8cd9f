"""Codes of the same rows at chosen epochs: asked for in ``fit``, kept by the loop, saved with the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.train import Rows
from tildex.train.callbacks import Snapshots

__all__ = ["begin_snapshots", "end_snapshots", "restore_snapshots", "snapshot_tensors"]

# As many points as a map shows well.
_ROWS = 1500


def begin_snapshots(estimator: Any, data: Rows, epochs: Sequence[int]) -> None:
    """Let the training that begins keep codes of scaled rows at those epochs, 0 for before training."""
    if not all(isinstance(epoch, int | np.integer) and epoch >= 0 for epoch in epochs):
        raise ValueError(f"snapshots must be whole numbers of epochs, 0 for before training, got {epochs!r}")
    if estimator.staged:
        raise ValueError(
            f"{type(estimator).__name__} is trained in stages, each with codes of its own: snapshots are of models "
            "trained in one"
        )
    estimator.snapshot_rows_ = np.sort(Generator(0).permutation(len(data))[:_ROWS])
    rows = data.take(estimator.snapshot_rows_)
    estimator._kept = Snapshots([int(e) for e in epochs], estimator._encode, rows)


def end_snapshots(estimator: Any) -> None:
    """Put what was kept into ``snapshots_``."""
    kept = estimator.__dict__.pop("_kept")
    estimator.snapshots_ = {epoch: codes.numpy() for epoch, codes in sorted(kept.codes.items())}


def snapshot_tensors(estimator: Any) -> dict[str, Tensor]:
    """Return what a run folder holds of the codes that were kept."""
    if not getattr(estimator, "snapshots_", None):
        return {}
    codes = {f"epoch {epoch}": torch.from_numpy(Z) for epoch, Z in estimator.snapshots_.items()}
    return {"rows": torch.from_numpy(estimator.snapshot_rows_), **codes}


def restore_snapshots(estimator: Any, tensors: dict[str, Tensor]) -> None:
    """Give an estimator what a run folder holds."""
    if tensors:
        codes = {int(name.removeprefix("epoch ")): t for name, t in tensors.items() if name != "rows"}
        estimator.snapshots_ = {epoch: codes[epoch].numpy() for epoch in sorted(codes)}
        estimator.snapshot_rows_ = tensors["rows"].numpy()
