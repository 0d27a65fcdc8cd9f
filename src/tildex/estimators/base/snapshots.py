"""Snapshots: codes of the same rows at chosen epochs, requested in ``fit`` and saved with the run."""

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

# About as many points as fit legibly on one plot.
_ROWS = 1500


def begin_snapshots(estimator: Any, data: Rows, epochs: Sequence[int]) -> None:
    """Set up snapshots of the codes of scaled rows at ``epochs``; 0 is before training."""
    if not all(isinstance(epoch, int | np.integer) and epoch >= 0 for epoch in epochs):
        raise ValueError(f"snapshots must be whole numbers of epochs, 0 for before training, got {epochs!r}")
    if estimator.staged:
        raise ValueError(
            f"{type(estimator).__name__} is trained in stages, each with codes of its own: take snapshots of models "
            "that are trained in one stage"
        )
    estimator.snapshot_rows_ = np.sort(Generator(0).permutation(len(data))[:_ROWS])
    rows = data.take(estimator.snapshot_rows_)
    estimator._kept = Snapshots([int(e) for e in epochs], estimator._encode, rows)


def end_snapshots(estimator: Any) -> None:
    """Move the kept codes to ``snapshots_``."""
    kept = estimator.__dict__.pop("_kept")
    estimator.snapshots_ = {epoch: codes.numpy() for epoch, codes in sorted(kept.codes.items())}


def snapshot_tensors(estimator: Any) -> dict[str, Tensor]:
    """Return the snapshots as tensors for a run folder."""
    if not getattr(estimator, "snapshots_", None):
        return {}
    codes = {f"epoch {epoch}": torch.from_numpy(Z) for epoch, Z in estimator.snapshots_.items()}
    return {"rows": torch.from_numpy(estimator.snapshot_rows_), **codes}


def restore_snapshots(estimator: Any, tensors: dict[str, Tensor]) -> None:
    """Restore the snapshots of an estimator from the tensors of a run folder."""
    if tensors:
        codes = {int(name.removeprefix("epoch ")): t for name, t in tensors.items() if name != "rows"}
        estimator.snapshots_ = {epoch: codes[epoch].numpy() for epoch in sorted(codes)}
        estimator.snapshot_rows_ = tensors["rows"].numpy()
