r"""Muon: each step's direction is the orthogonal matrix nearest to the momentum.

.. math:: B \leftarrow \mu B + G, \qquad W \leftarrow W - 0.2 \sqrt{\max(m, n)}\, \epsilon\, U V^\top,
          \qquad B = U S V^\top
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from tildex.optimizers.base import Optimizer, Schedule

__all__ = ["Muon"]


class Muon(Optimizer):
    """Updates matrices by their orthogonalised momentum (Jordan et al., 2024, "Muon: an optimizer for hidden layers
    in neural networks"), and everything else by Adam.

    Steps have the size of Adam's (Liu et al., 2025, "Muon is scalable for LLM training"), so that rates and decoupled
    weight decay mean the same for both. Orthogonalising a matrix costs about thirty of its products with itself;
    large batches spread that cost over many rows.

    Parameters
    ----------
    learning_rate, schedule
        As in :class:`Optimizer`.
    momentum : float
        The momentum of the matrices.
    weight_decay : float
        Every step subtracts this times the learning rate times each parameter.
    """

    def __init__(
        self,
        learning_rate: float = 1e-3,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(learning_rate, schedule)
        self.momentum = momentum
        self.weight_decay = weight_decay

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        """Return torch's Muon and its fused AdamW as one.

        Raises
        ------
        ValueError
            If the installed torch has no Muon.
        """
        if not hasattr(torch.optim, "Muon"):
            raise ValueError(f"Muon needs torch 2.9 or newer, and this is {torch.__version__}: choose Adam")
        parameters = list(parameters)
        common: dict[str, Any] = {"lr": self.learning_rate, "weight_decay": self.weight_decay}
        matrices, others = ([p for p in parameters if (p.ndim == 2) is wanted] for wanted in (True, False))
        built: list[torch.optim.Optimizer] = []
        if matrices:
            muon = torch.optim.Muon(
                matrices, momentum=self.momentum, adjust_lr_fn="match_rms_adamw", **common
            )
            built.append(muon)
        if others:
            built.append(torch.optim.AdamW(others, fused=True, **common))
        return _Together(built)


class _Together(torch.optim.Optimizer):
    """Several optimisers over disjoint parameters, as one."""

    def __init__(self, built: Sequence[torch.optim.Optimizer]) -> None:
        self.built = built
        self.owner = {id(p): k for k, one in enumerate(built) for g in one.param_groups for p in g["params"]}
        super().__init__([group for one in built for group in one.param_groups], {})

    def step(self, closure: Any = None) -> Any:
        """Evaluate the loss once, then step every optimiser."""
        loss = None if closure is None else closure()
        self._share()
        for one in self.built:
            one.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Return the state dicts of all optimisers."""
        self._share()
        return {"built": [one.state_dict() for one in self.built]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the state from :meth:`state_dict`."""
        self._share()
        for one, state in zip(self.built, state_dict["built"], strict=True):
            one.load_state_dict(state)
        self.param_groups = [group for one in self.built for group in one.param_groups]

    def _share(self) -> None:
        """Give each optimiser its parameter groups, which may have been split meanwhile."""
        for k, one in enumerate(self.built):
            one.param_groups = [g for g in self.param_groups if self.owner[id(g["params"][0])] == k]
