r"""Contrastive rules for a machine of two layers: the data's free energy down, the model's own samples' up.

.. math:: L = F(v_{\text{data}}) - F(v_{\text{model}}), \qquad F(v) = -\log \sum_h e^{-E(v, h)}

With both states held fixed the gradient is the negative less the positive phase, hidden units entering by their
means. A step costs five matrix products at k = 1: the tape keeps the products that drew the samples.
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import BoltzmannMachine, pseudo_log_likelihood_estimate
from tildex.penalties import Penalty
from tildex.rules.base import Rule, penalties
from tildex.shapes import Loss, Step

__all__ = ["CD", "PCD"]


class _Contrastive(Rule):
    """What both rules share: checks, the loss from two visible states, validation."""

    def __init__(self, k: int = 1, penalty: Penalty | None = None) -> None:
        if k < 1:
            raise ValueError(f"k must be at least 1 Gibbs step, got {k}")
        self.k = k
        self.penalty = penalty

    @abstractmethod
    def __call__(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""

    def validate(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Tensor:
        """Return minus the pseudo-likelihood, or the reconstruction error where the visible units are not finite."""
        if model.layers[0].units.finite:
            return -pseudo_log_likelihood_estimate(model, x, generator).mean()
        pair = model.pair()
        return -pair.decoder.log_prob(x, pair.encoder.mean(x)).mean()

    def _loss(self, model: BoltzmannMachine, gap: Tensor, x: Tensor, inputs: Tensor) -> Loss:
        if self.penalty is None:
            return Loss(gap, {"free_energy_gap": gap.detach()})
        step = Step(x, x, inputs, model.layers[1].units.mean(inputs))
        return Loss.of(free_energy_gap=gap, **dict(penalties(self.penalty, model.pair(), step)))


class CD(_Contrastive):
    """Contrastive divergence: ``k`` Gibbs steps from the data (Hinton, 2002, "Training products of experts by
    minimizing contrastive divergence").

    Parameters
    ----------
    k : int
        Gibbs steps.
    penalty : Penalty, optional
        What is added.
    """

    def __call__(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""
        _require_two_layers(model)
        positive = model.inputs(1, [x, x])
        with torch.no_grad():
            h = model.layers[1].units.sample(positive, generator)
            v = _gibbs(model, h, self.k, generator)
        negative = model.inputs(1, [v, h])
        data = model.log_marginal([x, h], inputs={1: positive})
        samples = model.log_marginal([v, h], inputs={1: negative})
        return self._loss(model, samples.mean() - data.mean(), x, positive)


class PCD(_Contrastive):
    """Persistent contrastive divergence: ``k`` Gibbs steps from where the chains were left (Tieleman, 2008, "Training
    restricted Boltzmann machines using approximations to the likelihood gradient").

    Parameters
    ----------
    k : int
        Gibbs steps between updates.
    n_chains : int, optional
        Chains; as many as the first batch has rows when not given.
    penalty : Penalty, optional
        What is added.

    Attributes
    ----------
    chains : Tensor of shape (chains, hidden)
        The hidden states, kept from step to step and in checkpoints.
    """

    chains: Tensor | None = None

    def __init__(self, k: int = 1, n_chains: int | None = None, penalty: Penalty | None = None) -> None:
        super().__init__(k, penalty)
        if n_chains is not None and n_chains < 1:
            raise ValueError(f"n_chains must be at least 1, got {n_chains}")
        self.n_chains = n_chains

    def __call__(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch, and move the chains on."""
        _require_two_layers(model)
        rows, units = len(x), model.layers[1].units
        with torch.no_grad():
            if self.chains is None:
                bias = model.layers[1].bias
                self.chains = units.sample(bias.expand(self.n_chains or rows, -1).to(x.dtype), generator)
            v = _gibbs(model, self.chains, self.k, generator)
        both = torch.cat([x, v])
        inputs = model.inputs(1, [both, both])
        self.chains = units.sample(inputs[rows:].detach(), generator)
        log_marginal = model.log_marginal([both, both], inputs={1: inputs})
        return self._loss(model, log_marginal[rows:].mean() - log_marginal[:rows].mean(), x, inputs[:rows])

    def get_state(self) -> dict[str, Tensor]:
        """Return the chains."""
        return {} if self.chains is None else {"chains": self.chains}

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Put the chains back."""
        self.chains = state.get("chains")


def _gibbs(model: BoltzmannMachine, h: Tensor, k: int, generator: Generator) -> Tensor:
    """Return visible values after ``k`` steps from hidden ones, the last one down only."""
    visible, hidden = model.layers
    for _ in range(k - 1):
        v = visible.units.sample(model.inputs(0, [h, h]), generator)
        h = hidden.units.sample(model.inputs(1, [v, v]), generator)
    return visible.units.sample(model.inputs(0, [h, h]), generator)


def _require_two_layers(model: BoltzmannMachine) -> None:
    if not isinstance(model, BoltzmannMachine) or model.edges != ((0, 1),):
        raise ValueError(
            "contrastive rules train a Boltzmann machine of one visible and one hidden layer, "
            f"got {type(model).__name__}"
        )
