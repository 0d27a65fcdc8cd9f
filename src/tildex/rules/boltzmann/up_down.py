r"""Up-down: wake-sleep for a deep belief network, with a Boltzmann machine on top.

.. math:: L = \underbrace{-\textstyle\sum_k \log P(h_k \mid h_{k+1})}_{\text{wake, } h \sim Q(\cdot \mid v)}
            + \underbrace{F(h_L) - F(h_L^{\text{chains}})}_{\text{top}}
            \underbrace{-\textstyle\sum_k \log Q(h_{k+1} \mid h_k)}_{\text{sleep, } h \sim \text{chains, then down}}

All states are held fixed: the first sum trains only generative weights, the last one only recognition weights. Wake
and top together follow the gradient of the variational bound with Q held fixed.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import BeliefNetwork, BoltzmannMachine, Pair
from tildex.rules.base import Rule, require
from tildex.rules.boltzmann.gradient import Offsets, contrast, units_gradients
from tildex.rules.boltzmann.watch import watch
from tildex.shapes import Loss, Update
from tildex.units import Units

__all__ = ["UpDown"]


class UpDown(Rule):
    """Contrastive wake-sleep (Hinton, Osindero & Teh, 2006, "A fast learning algorithm for deep belief nets").

    Wake: recognition passes rows up, and the generative weights learn to reconstruct each layer from the one above.
    Sleep: the top machine's chains advance and generate fantasies downwards, from which the recognition weights learn
    to recover each layer.

    Parameters
    ----------
    k : int
        Gibbs steps of the top machine per update.
    n_chains : int
        Persistent chains of the top machine, each generating one fantasy per update; they start at the first batch.
        With 0, chains restart at the data in every update: contrastive divergence, as in the original paper.
    centring : float, optional
        The rate at which the top machine's offsets follow the data's means; None gives the plain gradient.

    Attributes
    ----------
    chains : list of Tensor
        The state of the chains, one tensor per layer of the top machine; kept between steps and in checkpoints.

    Example
    -------
    >>> UpDown(k=3, n_chains=500)
    UpDown(k=3, n_chains=500, centring=0.01)
    """

    def __init__(self, k: int = 1, n_chains: int = 100, centring: float | None = 0.01) -> None:
        if k < 1:
            raise ValueError(f"k must be at least 1 Gibbs step, got {k}")
        if n_chains < 0:
            raise ValueError(f"n_chains must be at least 0, which starts chains at the data, got {n_chains}")
        if centring is not None and not 0 < centring <= 1:
            raise ValueError(f"centring must be a rate in (0, 1], or None, got {centring}")
        self.k = k
        self.n_chains = n_chains
        self.centring = centring
        self.chains: list[Tensor] = []
        self._offsets = None if centring is None else Offsets(centring)

    def __call__(self, model: BeliefNetwork, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch of rows, with labels if the top machine has a label layer."""
        _require_belief(model)
        with torch.no_grad():
            v, labels = model.split(x)
            awake = model.up(v, generator)
            loss = self._top(model.top, awake[-1], labels, generator)
            asleep = model.down(self.chains[0], generator)
        if model.pairs:
            loss = loss + Loss.of(
                generation=-_log_down(model.pairs, awake), recognition=-_log_up(model.pairs, asleep)
            )
        if not self.n_chains:
            self.chains = []
        return loss

    def validate(self, model: BeliefNetwork, x: Tensor, generator: Generator) -> Tensor:
        """Return minus the bound, with log P of the top machine replaced by a prediction from its hidden means."""
        v, labels = model.split(x)
        if labels is None and model.label is not None:
            labels = model.log_label(v).exp()
        awake = model.up(v, generator)
        state, top = _visible_state(model.top, awake[-1], labels), model.top
        hidden = top.sweep(state, lambda units, inputs: units.mean(inputs), order=(1,))
        loss = -torch.stack(
            [top.layers[k].units.log_prob(state[k], top.inputs(k, hidden)) for k in top.visible]
        ).sum(0)
        if model.pairs:
            loss = loss - _log_down(model.pairs, awake) + _log_up(model.pairs, awake)
        return loss.mean()

    def diagnose(
        self, model: BeliefNetwork, x: Tensor, generator: Generator, held_out: Tensor | None = None
    ) -> dict[str, float]:
        """Return the diagnostics of :func:`tildex.rules.boltzmann.watch` for the top machine, on rows drawn upwards."""
        others = None if held_out is None else model.top_rows(held_out, generator)
        chains = self.chains or None
        return watch(model.top, model.top_rows(x, generator), generator, chains=chains, held_out=others)

    def get_state(self) -> dict[str, Tensor]:
        """Return the chains and offsets."""
        chains = {f"chains_{k}": x for k, x in enumerate(self.chains)}
        return chains | ({} if self._offsets is None else self._offsets.get_state())

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Restore the chains and offsets."""
        count = sum(name.startswith("chains_") for name in state)
        self.chains = [state[f"chains_{k}"] for k in range(count)]
        if self._offsets is not None:
            self._offsets.set_state(state)

    def _top(self, top: BoltzmannMachine, h: Tensor, labels: Tensor | None, generator: Generator) -> Loss:
        """Return the top machine's loss, and keep the new chains, with visible layers as used in the gradient."""

        def draw(units: Units, inputs: Tensor) -> Tensor:
            return units.sample(inputs, generator)

        data = _visible_state(top, h, labels)
        if not self.chains:
            self._start(top, data, draw)
        for _ in range(self.k - 1):
            self.chains = top.sweep(self.chains, draw, order=(0, 1))
        self.chains = top.sweep(self.chains, draw, order=(0,))
        both = [torch.cat(pair) for pair in zip(data, self.chains, strict=True)]
        inputs = {k: top.inputs(k, both) for k in top.sides[1]}
        for k, received in inputs.items():
            units = top.layers[k].units
            both[k] = units.mean(received)
            self.chains[k] = draw(units, received[len(h) :])
        rows = len(h)
        if self._offsets is not None:
            self._offsets.follow(top, [state[:rows] for state in both])
        log_p = top.log_marginal(both, inputs=inputs)
        gap = log_p[rows:].mean() - log_p[:rows].mean()
        gradients, _ = contrast(top, both, rows, offsets=self._offsets)
        return Loss(gap, {"free_energy_gap": gap}, gradients + units_gradients(top, both, inputs, rows))

    def _start(self, top: BoltzmannMachine, data: list[Tensor], draw: Update) -> None:
        """Start chains at the data and offsets at their means, which leaves a pretrained top machine unchanged."""
        rows, chains = len(data[0]), self.n_chains or len(data[0])
        chosen = torch.arange(chains, device=data[0].device) % rows
        self.chains = top.sweep([layer[chosen] for layer in data], draw, order=(1,))
        if self._offsets is not None and not self._offsets.means:
            means = top.sweep(data, lambda units, inputs: units.mean(inputs), order=(1,))
            self._offsets.set_state({f"offset_{k}": layer.mean(0) for k, layer in enumerate(means)})


def _visible_state(top: BoltzmannMachine, h: Tensor, labels: Tensor | None) -> list[Tensor]:
    """Return a state with known visible layers; hidden layers only have the right shape and are never read."""
    if labels is None and len(top.visible) > 1:
        raise ValueError("the top machine has a label layer, and these rows have no labels")
    state = [layer.bias.detach().to(h.dtype).expand(len(h), -1) for layer in top.layers]
    for k, values in zip(top.visible, (h, labels), strict=False):
        if values is not None:
            state[k] = values
    return state


def _log_down(pairs: Iterable[Pair], layers: list[Tensor]) -> Tensor:
    """Return the log-probability of each layer given the one above, summed, shape (batch,)."""
    joints = zip(pairs, pairwise(layers), strict=True)
    return torch.stack([pair.decoder.log_prob(low, high) for pair, (low, high) in joints]).sum(0)


def _log_up(pairs: Iterable[Pair], layers: list[Tensor]) -> Tensor:
    """Return the log-probability of each layer given the one below, summed, shape (batch,)."""
    joints = zip(pairs, pairwise(layers), strict=True)
    return torch.stack([pair.encoder.log_prob(high, low) for pair, (low, high) in joints]).sum(0)


def _require_belief(model: object) -> None:
    require(model, BeliefNetwork, "up-down trains a BeliefNetwork")
