r"""Contrastive rules for two-layer machines: lower the free energy of data, raise that of the model's samples.

.. math:: L = F(v_{\text{data}}) - F(v_{\text{model}}), \qquad F(v) = -\log \sum_h e^{-E(v, h)}

With both states held fixed the gradient is the negative minus the positive phase, with hidden units as means. A step
at k = 1 costs five matrix products, counting the gradient's two, which are computed as one over twice the rows; the
loss reuses the hidden inputs that drew the samples.
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import (
    BoltzmannMachine,
    for_chains,
    for_rows,
    has_pseudo_likelihood,
    pseudo_log_likelihood_estimate,
)
from tildex.penalties import Penalty
from tildex.rules.base import Rule, penalties, require
from tildex.rules.boltzmann.gradient import Offsets, contrast, signs_for, units_gradients
from tildex.rules.boltzmann.watch import watch
from tildex.shapes import Loss, Step

__all__ = ["CD", "PCD"]


class _Contrastive(Rule):
    """The common part of the rules: the loss from data and model states, centring, penalties and validation.

    Parameters
    ----------
    k : int
        Gibbs steps per update.
    k_end : int, optional
        The number of steps at the end of training, reached linearly; constant ``k`` when not given.
    penalty : Penalty, optional
        Added to the loss.
    centring : float, optional
        The rate at which the offsets of the centred gradient follow the data's means; None gives the plain gradient.
    """

    def __init__(
        self,
        k: int = 1,
        penalty: Penalty | None = None,
        k_end: int | None = None,
        centring: float | None = None,
    ) -> None:
        for name, value in (("k", k), ("k_end", k_end)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1 Gibbs step, got {value}")
        if centring is not None and not 0 < centring <= 1:
            raise ValueError(f"centring must be a rate in (0, 1], or None, got {centring}")
        self.k = k
        self.penalty = penalty
        self.k_end = k_end
        self.centring = centring
        self._offsets = None if centring is None else Offsets(centring)

    @abstractmethod
    def __call__(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""

    def validate(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Tensor:
        """Return minus the log pseudo-likelihood, or the reconstruction error if the visible units have none."""
        if has_pseudo_likelihood(model):
            return -pseudo_log_likelihood_estimate(model, x, generator).mean()
        pair = model.pair()
        return -pair.decoder.log_prob(x, pair.encoder.mean(x)).mean()

    def diagnose(
        self, model: BoltzmannMachine, x: Tensor, generator: Generator, held_out: Tensor | None = None
    ) -> dict[str, float]:
        """Return the diagnostics of :func:`tildex.rules.boltzmann.watch`, on the rule's chains if it has any."""
        return watch(model, x, generator, chains=self._left(), held_out=held_out)

    def _left(self) -> list[Tensor] | None:
        """Return the state of the chains after an update, or None if they start at the data."""
        return None

    def get_state(self) -> dict[str, Tensor]:
        """Return the offsets."""
        return {} if self._offsets is None else self._offsets.get_state()

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Restore the offsets."""
        if self._offsets is not None:
            self._offsets.set_state(state)

    def steps_now(self) -> int:
        """Return the number of Gibbs steps at this point of training."""
        return self.k if self.k_end is None else round(self.k + self.progress * (self.k_end - self.k))

    def _loss(self, model: BoltzmannMachine, both: Tensor, rows: int, inputs: Tensor) -> Loss:
        """Return the loss from ``both``, ``rows`` of data followed by model samples, and the hidden inputs of both."""
        visible, hidden = model.layers
        x = both[:rows]
        means = hidden.units.mean(inputs)
        if self._offsets is not None:
            self._offsets.follow(model, [x, means[:rows]])
        added, extra = Loss(x.new_zeros(())), {}
        if self.penalty is not None:
            added, extra[1] = _penalised(self.penalty, model, x, inputs[:rows])
        gradients, moved = contrast(model, [both, means], rows, offsets=self._offsets, extra=extra)
        gradients += units_gradients(model, [both, means], {1: inputs}, rows)
        log_weight = hidden.units.cgf(inputs) - visible.units.energy(both)
        gap = torch.dot(log_weight, signs_for(rows, len(both) - rows, both)) + torch.dot(
            moved[0], visible.bias
        )
        return Loss(gap, {"free_energy_gap": gap}, gradients) + added


class CD(_Contrastive):
    """Contrastive divergence: ``k`` Gibbs steps from the data (Hinton, 2002, "Training products of experts by
    minimizing contrastive divergence").

    Parameters
    ----------
    k, penalty, k_end, centring
        As in :class:`PCD`.

    Example
    -------
    >>> rule = CD(1, k_end=10, centring=0.01)
    >>> rule.progress = 0.5
    >>> rule.steps_now()
    6
    """

    def __call__(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch."""
        require_two_layers(model)
        with torch.no_grad():
            positive = model.inputs(1, [x, x])
            h = draw(model, 1, positive, generator)
            v = gibbs(for_rows(model, x), h, self.steps_now(), generator)
            negative = model.inputs(1, [v, v])
            return self._loss(model, torch.cat([x, v]), len(x), torch.cat([positive, negative]))


class PCD(_Contrastive):
    """Persistent contrastive divergence: ``k`` Gibbs steps from the chains' last state (Tieleman, 2008, "Training
    restricted Boltzmann machines using approximations to the likelihood gradient").

    Parameters
    ----------
    k : int
        Gibbs steps per update.
    n_chains : int, optional
        Number of chains; the size of the first batch when not given.
    penalty : Penalty, optional
        Added to the loss.
    k_end : int, optional
        The number of steps at the end of training, reached linearly; constant ``k`` when not given.
    centring : float, optional
        The rate at which the offsets of the centred gradient follow the data's means; None gives the plain gradient.

    Attributes
    ----------
    chains : Tensor of shape (chains, hidden)
        The hidden states, kept between steps and in checkpoints.
    copies : int
        Number of sets of ``n_chains`` chains.
    """

    chains: Tensor | None = None
    copies: int = 1

    def __init__(
        self,
        k: int = 1,
        n_chains: int | None = None,
        penalty: Penalty | None = None,
        k_end: int | None = None,
        centring: float | None = None,
    ) -> None:
        super().__init__(k, penalty, k_end, centring)
        if n_chains is not None and n_chains < 1:
            raise ValueError(f"n_chains must be at least 1, got {n_chains}")
        self.n_chains = n_chains

    def __call__(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch, and advance the chains."""
        require_two_layers(model)
        with torch.no_grad():
            if self.chains is None:
                self._begin(model, self.n_chains or len(x), x, generator)
            assert self.chains is not None
            n = len(self.chains) // self.copies
            v = self._visible(for_chains(model, x, n, copies=self.copies), generator)
            both = torch.cat([x, v])
            inputs = model.inputs(1, [both, both])
            self._keep(model, v, inputs[len(x) :], generator)
            return self._loss(model, both, len(x), inputs)

    def _left(self) -> list[Tensor] | None:
        """Return the chains; of several copies, the last."""
        if self.chains is None:
            return None
        h = self.chains[-(len(self.chains) // self.copies) :]
        # The visible entry is never read.
        return [h, h]

    def _begin(self, model: BoltzmannMachine, n: int, like: Tensor, generator: Generator) -> None:
        """Start ``n`` chains from the hidden biases, in the type of ``like``."""
        bias = model.layers[1].bias.expand(n, -1)
        self.chains = model.layers[1].units.sample(bias.to(like.dtype), generator)

    def _visible(self, model: BoltzmannMachine, generator: Generator) -> Tensor:
        """Return visible samples of the model, continuing from the chains' last state."""
        assert self.chains is not None
        return gibbs(model, self.chains, self.steps_now(), generator)

    def _keep(self, model: BoltzmannMachine, v: Tensor, inputs: Tensor, generator: Generator) -> None:
        """Store as the chains' state hidden values drawn given the visible ones, whose hidden ``inputs`` are known."""
        self.chains = draw(model, 1, inputs, generator)

    def get_state(self) -> dict[str, Tensor]:
        """Return the chains and offsets."""
        return super().get_state() | ({} if self.chains is None else {"chains": self.chains})

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Restore the chains and offsets."""
        super().set_state(state)
        self.chains = state.get("chains")


def gibbs(model: BoltzmannMachine, h: Tensor, k: int, generator: Generator) -> Tensor:
    """Return visible values after ``k`` steps from hidden ones; the last step is only downwards."""
    for _ in range(k - 1):
        v = draw(model, 0, model.inputs(0, [h, h]), generator)
        h = draw(model, 1, model.inputs(1, [v, v]), generator)
    return draw(model, 0, model.inputs(0, [h, h]), generator)


def draw(model: BoltzmannMachine, k: int, inputs: Tensor, generator: Generator) -> Tensor:
    """Return values of a layer given its inputs.

    A layer whose outgoing gain is two represents two copies of itself, so its value is the mean of two draws: the
    chain is then that of the machine with the copies, and its gradient exact.
    """
    coupling, units = model.couplings[0], model.layers[k].units
    copies = round(coupling.up_gain if k == 0 else coupling.down_gain)
    value = units.sample(inputs, generator)
    for _ in range(copies - 1):
        value = value + units.sample(inputs, generator)
    return value if copies == 1 else value / copies


def require_two_layers(model: BoltzmannMachine) -> None:
    """Refuse anything but a machine of one visible and one hidden layer."""
    wanted = "contrastive rules train a Boltzmann machine of one visible and one hidden layer"
    if require(model, BoltzmannMachine, wanted).edges != ((0, 1),):
        raise ValueError(f"{wanted}, got {type(model).__name__}")


def _penalised(penalty: Penalty, model: BoltzmannMachine, x: Tensor, inputs: Tensor) -> tuple[Loss, Tensor]:
    """Return the penalties with their direct gradients, and their derivative with respect to the hidden inputs.

    The part through the hidden inputs needs no autograd: it is added to the matrix product of the gradient.
    """
    with torch.enable_grad():
        leaf = inputs.detach().requires_grad_()
        step = Step(x, x, leaf, model.layers[1].units.mean(leaf))
        loss = Loss.of(**dict(penalties(penalty, model.pair(), step)))
        parameters = [p for p in model.parameters() if p.requires_grad]
        found = torch.autograd.grad(loss.total, [leaf, *parameters], allow_unused=True)
    delta, *direct = found
    gradients = [(p, g) for p, g in zip(parameters, direct, strict=True) if g is not None]
    return Loss(loss.total.detach(), loss.parts, gradients), torch.zeros_like(
        leaf
    ) if delta is None else delta
