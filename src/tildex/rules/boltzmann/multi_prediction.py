r"""Multi-prediction: the masked part of a row, predicted from the rest through unrolled mean field.

.. math:: L = -\sum_{k \notin S} \log \text{units}_k(v_k \mid \eta_k), \qquad
          \eta_k = b_k + \sum_j W_{jk}\, m_j, \qquad m = \text{mean field given } v_S

The gradient passes back through all mean-field passes: the machine is trained on the queries it will answer, because
likelihood alone trains conditionals poorly (Goodfellow, Mirza, Courville & Bengio, 2013, "Multi-prediction deep
Boltzmann machines"). If a whole modality is masked, this minimises the variation of information between modalities
(Sohn, Shang & Lee, 2014, "Improved multimodal deep learning with variation of information").
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import BoltzmannMachine, groups, mean_field, presence
from tildex.models.boltzmann.graph import Clamp
from tildex.rules.base import Rule, require
from tildex.shapes import Loss

__all__ = ["MultiPrediction"]

# Different sets of given modalities in one batch (three modalities have six): each needs its own mean field.
_CHOICES = 6


class MultiPrediction(Rule):
    """Minus the log-probability of masked values, given the rest.

    In every row with at least two known visible layers, a random subset is given, at least one and not all, and the
    others are predicted. Documents are masked as a whole.

    Parameters
    ----------
    n_steps : int
        Mean-field passes; the gradient goes through all of them.
    values : float
        The fraction of rows in which single values are masked, each with probability one half, instead of whole
        layers. Rows with only one known visible layer are always masked this way.

    Example
    -------
    >>> MultiPrediction(5, values=0.3)
    MultiPrediction(n_steps=5, values=0.3)
    """

    def __init__(self, n_steps: int = 5, values: float = 0.25) -> None:
        if n_steps < 1:
            raise ValueError(f"n_steps must be at least 1, got {n_steps}")
        if not 0 <= values <= 1:
            raise ValueError(f"values must be a share between 0 and 1, got {values}")
        self.n_steps = n_steps
        self.values = values

    @property
    def passes(self) -> int:
        """The same number as in training."""
        return self.n_steps

    def __call__(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch of visible columns; NaN marks unknown values."""
        require(model, BoltzmannMachine, "expected a Boltzmann machine")
        known = presence(model, x)
        apart = self._apart(known, generator)
        losses = []
        if bool(apart.any()):
            losses.append(self._values_left_out(model, x[apart], known[apart], generator))
        if not bool(apart.all()):
            losses.append(self._layers_left_out(model, x[~apart], known[~apart], generator))
        return Loss.of(prediction=torch.cat(losses))

    def _apart(self, known: Tensor, generator: Generator) -> Tensor:
        """Return a mask of the rows in which values rather than layers are masked, shape (batch,)."""
        drawn = generator.uniform(len(known)) < self.values
        return drawn.to(known.device) | (known.sum(1) < 2)

    def _layers_left_out(
        self, model: BoltzmannMachine, x: Tensor, known: Tensor, generator: Generator
    ) -> Tensor:
        """Return the losses of rows with two or more known layers, in any order."""
        given = _choose(known, generator)
        values, losses = model.split(x), []
        for rows, knows, columns in groups(model, x, given):
            state = mean_field(knows, knows.split(columns), n_steps=self.n_steps, tol=0.0)
            wanted = (known & ~given)[rows]
            total = columns.new_zeros(len(rows))
            for i, k in enumerate(model.visible):
                if k not in knows.visible and bool((there := wanted[:, i]).any()):
                    inputs = model.inputs(k, state)[there]
                    found = model.layers[k].units.log_prob(values[k][rows][there], inputs)
                    total = total.index_add(0, there.nonzero()[:, 0], -found.to(total.dtype))
            losses.append(total)
        return torch.cat(losses)

    def _values_left_out(
        self, model: BoltzmannMachine, x: Tensor, known: Tensor, generator: Generator
    ) -> Tensor:
        """Return the losses of rows in which every variable is given with probability one half."""
        parts, partly = model.split(x), {}
        wanted = {}
        for i, (k, values) in enumerate(parts.items()):
            units = model.layers[k].units
            variables = units.n_variables(values.shape[1])
            kept = (generator.uniform(len(values), variables) < 0.5).to(values.device)
            wanted[k] = known[:, i, None] & ~kept
            shown = units.on_columns(kept & known[:, i, None])
            partly[k] = (torch.where(known[:, i, None], values, 0.0), shown)
        clamp: Clamp = partly
        state = mean_field(model, {}, n_steps=self.n_steps, tol=0.0, partly=clamp)
        total = x.new_zeros(len(x))
        for k, left_out in wanted.items():
            found = model.layers[k].units.log_probs(clamp[k][0], model.inputs(k, state))
            total = total - torch.where(left_out, found, 0.0).sum(1)
        return total


def _choose(known: Tensor, generator: Generator) -> Tensor:
    """Return the layers to give in each row, at least one known layer and not all, in the shape of ``known``."""
    n = known.shape[1]
    drawn = np.unique(generator.integers(2**n - 2, 16 * _CHOICES)) + 1
    codes = torch.from_numpy(drawn[generator.permutation(len(drawn))[:_CHOICES]])
    subsets = (codes[:, None] >> torch.arange(n) & 1).bool().to(known.device)
    places = torch.from_numpy(generator.permutation(len(known))).to(known.device) % len(subsets)
    given = known & subsets[places]
    # If the subset has all or none of a row's known layers, give one known layer.
    first = torch.zeros_like(known)
    turn = torch.from_numpy(generator.permutation(n)).to(known.device)
    first.scatter_(1, turn[known[:, turn].int().argmax(1)][:, None], value=True)
    proper = given.any(1) & (given != known).any(1)
    return torch.where(proper[:, None], given, first)
