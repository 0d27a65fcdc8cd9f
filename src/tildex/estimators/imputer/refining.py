r"""Denoising from the joint normal density: networks learn what its expectations of hidden values miss.

.. math:: \eta = \eta\big(E[x \mid x_{\text{seen}}]\big) + f\big(E[x \mid x_{\text{seen}}], \text{seen}\big)
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tildex.corruptions import Dropout
from tildex.estimators.imputer.coding import Coding
from tildex.generator import Generator
from tildex.maps import MLP
from tildex.models import JointNormal, log_each
from tildex.optimizers import Adam, Cosine
from tildex.rules import Rule
from tildex.shapes import Loss
from tildex.train import Plan, Rows, Trainer

__all__ = ["Refined", "refined"]

_HIDDEN, _STEPS, _BATCH = 128, 600, 128
_COPIES, _MOST_ROWS = 20, 20_000
# Each row hides its own share of the known values, up to this one.
_MOST_HIDDEN = 0.5


class Refined(nn.Module):
    """Inputs of the columns' families, given expected rows and a mask of the values that were seen."""

    def __init__(self, coding: Coding, generator: Generator) -> None:
        super().__init__()
        self.coding = coding
        d = len(coding.mean)
        self.map = MLP(
            [4 * d, _HIDDEN, _HIDDEN, d], generator=generator, activation="silu", noise=Dropout(0.2)
        )
        # Training starts at the joint normal density itself.
        nn.init.zeros_(self.map.layers[-1].weight)

    def forward(self, z: Tensor, seen: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the inputs, shape (batch, features), given standard scores."""
        shapes = torch.cat([z, seen, z.tanh(), z.sign() * z.abs().log1p()], 1)
        start = self.coding.units.inputs_for(self.coding.own(z.double()).to(z.dtype))
        return start + self.map(shapes, generator)


class _Hidden(Rule):
    """Minus the log-probability of hidden values; rows hold expected values, what was seen, and what was hidden."""

    def __call__(self, model: Refined, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""
        z, seen, target = x.chunk(3, 1)
        return Loss.of(hidden=-log_each(model.coding.units, target, model(z, seen, generator)).sum(-1))


class _Rows:
    def __init__(self, rows: Tensor) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: slice | Tensor) -> Tensor:
        """Return the rows at ``index``."""
        return self.rows[index]


def refined(
    x: Tensor, coding: Coding, normal: JointNormal, n_members: int, generator: Generator
) -> list[Refined]:
    """Return networks trained to predict known values that they do not see.

    Parameters
    ----------
    x : Tensor of shape (rows, features)
        Rows; NaN means unknown.
    coding : Coding
        The columns.
    normal : JointNormal
        The density of the rows' standard scores.
    n_members : int
        Number of networks, trained with different noise; their mean errs less than any of them.
    generator : Generator
        Draws everything.
    """
    rows = _examples(x, coding, normal, generator)
    members = []
    for _ in range(n_members):
        own = generator.spawn()
        model = Refined(coding, own)
        epochs = math.ceil(_STEPS * _BATCH / len(rows))
        optimizer = Adam(2e-3, weight_decay=0.05, schedule=Cosine(warmup=0.1))
        Trainer(model, _Hidden(), optimizer, Plan(n_iter=epochs, batch_size=_BATCH), own).fit(rows)
        members.append(model.eval())
    return members


@torch.no_grad()
def _examples(x: Tensor, coding: Coding, normal: JointNormal, generator: Generator) -> Rows:
    """Return copies of the rows, each with other values hidden: expected values, what was seen, what was hidden."""
    copies = max(1, min(_COPIES, _MOST_ROWS // len(x)))
    parts = []
    for _ in range(copies):
        hidden = hide(x, coding, generator.uniform(len(x), 1) * _MOST_HIDDEN, generator)
        seen = torch.where(hidden, torch.nan, x)
        z = normal.expected(coding.scores(seen))
        target = torch.where(hidden, coding.own(coding.scores(x)), torch.nan)
        parts.append(torch.cat([z, (~seen.isnan()).to(z.dtype), target], 1))
    return _Rows(torch.cat(parts).float())


def hide(x: Tensor, coding: Coding, share: Tensor, generator: Generator) -> Tensor:
    """Return a mask of known values to hide, a share of the variables of each row; all columns of one together."""
    n = coding.units.n_variables(x.shape[1])
    chosen = generator.uniform(len(x), n) < share
    return coding.units.on_columns(chosen) & ~x.isnan()
