"""Where the randomness of an estimator starts: the generator of a training, and that of draws from a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_random_state

from tildex import distributed
from tildex.generator import Generator
from tildex.train.callbacks import begun_from

__all__ = ["drawing", "training_generator"]


def training_generator(random_state: Any, device: torch.device, checkpoint: Path | None) -> Generator:
    """Return the generator of a run that goes on, or a new one on which all processes agree."""
    if checkpoint is not None and (seed := begun_from(checkpoint)) is not None:
        return Generator(seed, device)
    return Generator(int(distributed.all_gather(_seed(random_state))[0]), device)


def drawing(estimator: Any, random_state: Any) -> Generator:
    """Return a generator for sampling: of a seed of its own, or going on from the estimator's last draw."""
    if random_state is not None:
        return Generator(_seed(random_state), estimator.device_)
    if not hasattr(estimator, "_sampling"):
        estimator._sampling = Generator(_seed(estimator.random_state), estimator.device_)
    generator: Generator = estimator._sampling
    return generator


def _seed(random_state: Any) -> int:
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
