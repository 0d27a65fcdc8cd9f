"""An estimator's parts and seeds: what stands for None, nested parameters, where randomness starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils import check_random_state
from torch import Tensor

from tildex import distributed
from tildex.corruptions import Corruption
from tildex.generator import Generator
from tildex.maps import Architecture, ImageNetwork, Norm
from tildex.optimizers import Optimizer, Schedule
from tildex.part import Part
from tildex.penalties import Penalty
from tildex.priors import Prior
from tildex.rules import Rule
from tildex.train.callbacks import begun_from
from tildex.units import Activation, Units

__all__ = ["PartsMixin"]

_KINDS: dict[str, type[Part] | tuple[type[Part], ...]] = {
    "architecture": Architecture,
    "augmentation": Corruption,
    "code": (Units, Activation),
    "code_noise": Corruption,
    "corruption": Corruption,
    "hidden": Units,
    "likelihood": Units,
    "network": ImageNetwork,
    "noise": Corruption,
    "norm": Norm,
    "optimizer": Optimizer,
    "penalty": Penalty,
    "prediction_optimizer": Optimizer,
    "prediction_rule": Rule,
    "pretraining_optimizer": Optimizer,
    "pretraining_rule": Rule,
    "prior": Prior,
    "rule": Rule,
    "schedule": Schedule,
    "up_down": Rule,
    "up_down_optimizer": Optimizer,
}


class PartsMixin:
    """Parameters that are parts, with their defaults, and the seed.

    Attributes
    ----------
    defaults : dict of str to Part
        What stands for a part that is given as None.
    """

    defaults: ClassVar[dict[str, Part]] = {}

    random_state: Any
    device_: torch.device

    def _choose_defaults(self, names: Iterable[str]) -> None:
        """Put default parts where there are none, so that ``part__name`` can be set in them."""
        names = list(names)
        for name in names:
            head, _, rest = name.partition("__")
            if rest and head in self.defaults and head not in names and getattr(self, head) is None:
                setattr(self, head, self.defaults[head].copy())

    def _part(self, name: str) -> Any:
        """Return a fresh copy of a parameter that is a part, or of its default."""
        value = getattr(self, name)
        value = self.defaults.get(name) if value is None else value
        if value is None:
            return None
        kinds = _KINDS[name]
        if not isinstance(value, kinds):
            if isinstance(value, Activation):
                raise value.refuse(f"given as {name}")
            first = kinds[0] if isinstance(kinds, tuple) else kinds
            some = ", ".join(f"{known}()" for known in list(first.table)[:3])
            raise ValueError(f"{name} must be one of the {first.kind} parts, such as {some}, got {value!r}")
        return value.copy()

    def _present(self) -> Callable[[Tensor, Generator], Tensor] | None:
        """Return what every batch goes through before the rule sees it."""
        return None

    def _draws(self, random_state: Any) -> Generator:
        """Return a generator for sampling: of its own seed, or going on from the estimator's last draw."""
        if random_state is not None:
            seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
            return Generator(seed, self.device_)
        if not hasattr(self, "_sampling"):
            self._sampling = Generator(self._seed(), self.device_)
        return self._sampling

    def _training_seed(self, checkpoint: Path | None) -> int:
        """Return the seed of a run that goes on, or a new one on which all processes agree."""
        if checkpoint is not None and (seed := begun_from(checkpoint)) is not None:
            return seed
        return int(distributed.all_gather(self._seed())[0])

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
