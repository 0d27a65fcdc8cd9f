r"""Contrastive rules for a machine of two layers: the data's free energy down, the model's own samples' up.

.. math:: L = F(v_{\text{data}}) - F(v_{\text{model}}), \qquad F(v) = -\log \sum_h e^{-E(v, h)}

With both states held fixed the gradient is the negative less the positive phase, hidden units entering by their
means. A step costs five matrix products at k = 1, the two of the gradient taken as one of twice the rows: the hidden
inputs that drew the samples serve the loss as well.
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

    def _loss(self, model: BoltzmannMachine, both: Tensor, rows: int, inputs: Tensor) -> Loss:
        """Return the loss from ``rows`` of data with the model's samples below, and the hidden inputs of both."""
        signs = both.new_full((len(both), 1), 1 / (len(both) - rows))
        signs[:rows] = -1 / rows
        if not self._tape(model):
            return _closed_form(model, both, inputs, signs)
        gap = (signs[:, 0] * model.log_marginal([both, both], inputs={1: inputs})).sum()
        loss = Loss(gap, {"free_energy_gap": gap.detach()})
        if self.penalty is not None:
            x = both[:rows]
            step = Step(x, x, inputs[:rows], model.layers[1].units.mean(inputs[:rows]))
            loss = loss + Loss.of(**dict(penalties(self.penalty, model.pair(), step)))
        return loss

    def _tape(self, model: BoltzmannMachine) -> bool:
        """Say whether the gradient needs torch's tape: the closed form knows weights and biases only."""
        return self.penalty is not None or any(layer.learns for layer in model.layers)


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
        with torch.set_grad_enabled(self._tape(model)):
            positive = model.inputs(1, [x, x])
            with torch.no_grad():
                v = _gibbs(model, model.layers[1].units.sample(positive, generator), self.k, generator)
            negative = model.inputs(1, [v, v])
            return self._loss(model, torch.cat([x, v]), len(x), torch.cat([positive, negative]))


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
        hidden = model.layers[1]
        with torch.no_grad():
            if self.chains is None:
                start = hidden.bias.expand(self.n_chains or len(x), -1)
                self.chains = hidden.units.sample(start.to(x.dtype), generator)
            v = _gibbs(model, self.chains, self.k, generator)
        with torch.set_grad_enabled(self._tape(model)):
            both = torch.cat([x, v])
            inputs = model.inputs(1, [both, both])
            with torch.no_grad():
                self.chains = hidden.units.sample(inputs[len(x) :], generator)
            return self._loss(model, both, len(x), inputs)

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


def _closed_form(model: BoltzmannMachine, both: Tensor, inputs: Tensor, signs: Tensor) -> Loss:
    """Return the loss and its gradient: each row's visible values times its hidden means, with its sign.

    The same as the tape gives, in one product and without torch's engine. Products of a vector with a matrix are
    written as sums: these batches are too flat for the library's threads to pay.
    """
    (visible, hidden), (coupling,) = model.layers, model.couplings
    signed = hidden.units.mean(inputs) * signs
    for_visible = (both * signs).sum(0)
    log_weight = hidden.units.cgf(inputs) - visible.units.energy(both)
    gap = torch.dot(for_visible, visible.bias) + torch.dot(log_weight, signs[:, 0])
    for_weight = torch.mm(signed.t(), both).to(both.dtype)
    gradients = [
        (coupling.weight, for_weight if coupling.up_gain == 1 else coupling.up_gain * for_weight),
        (visible.bias, for_visible),
        (hidden.bias, signed.sum(0)),
    ]
    return Loss(gap, {"free_energy_gap": gap}, gradients)


def _require_two_layers(model: BoltzmannMachine) -> None:
    if not isinstance(model, BoltzmannMachine) or model.edges != ((0, 1),):
        raise ValueError(
            "contrastive rules train a Boltzmann machine of one visible and one hidden layer, "
            f"got {type(model).__name__}"
        )
