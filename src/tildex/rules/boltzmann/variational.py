r"""Mean field for the data, persistent chains for the model: likelihood learning in machines of any depth.

.. math:: L = \langle E \rangle_{Q(h \mid v_{\text{data}})} - \langle E \rangle_{\text{chains}}

With the mean-field distribution Q held fixed this is the gradient of the variational bound on the log-likelihood
(Salakhutdinov & Hinton, 2009, "Deep Boltzmann machines"). Half of the chains' layers enter as means given the other
half, which lowers the noise and keeps the expectation. If chains restart at the data in every step, the rule is
contrastive divergence.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import BoltzmannMachine, filled, for_chains, for_rows, infer, presence
from tildex.rules.base import Rule, require
from tildex.rules.boltzmann.gradient import Gradients, Offsets, contrast, units_gradients
from tildex.rules.boltzmann.watch import watch
from tildex.shapes import Loss

__all__ = ["Variational"]


class Variational(Rule):
    """The gradient of the variational bound, from mean field and persistent Gibbs chains.

    Visible layers that are unknown in a row, marked by NaN, are inferred.

    Parameters
    ----------
    k : int
        Gibbs sweeps of the chains per update.
    n_chains : int, optional
        Number of persistent chains; the size of the first batch when not given.
    n_mean_field : int
        Maximum number of mean-field passes per batch.
    tol : float
        Mean field stops when the means' average change falls below this.
    centring : float, optional
        The rate at which the offsets of the centred gradient follow the data's means; None gives the plain gradient.
    sparsity : float
        The weight of the sparsity term, which pulls hidden units' means towards ``target`` through their biases.
    target : float
        The target mean activation of hidden units.
    sparse_until : float
        The fraction of training after which the sparsity term is off.
    persistent : bool
        Whether chains persist between steps. If not, they start at each batch with drawn hidden units, which is
        contrastive divergence.

    Attributes
    ----------
    chains : list of Tensor
        The state of the persistent chains, one tensor per layer, kept between steps and in checkpoints.
    """

    chains: list[Tensor]

    def __init__(
        self,
        k: int = 1,
        n_chains: int | None = None,
        n_mean_field: int = 10,
        tol: float = 1e-4,
        centring: float | None = 0.01,
        sparsity: float = 0.0,
        target: float = 0.1,
        sparse_until: float = 1.0,
        persistent: bool = True,
    ) -> None:
        for name, value in (("k", k), ("n_chains", n_chains), ("n_mean_field", n_mean_field)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if centring is not None and not 0 < centring <= 1:
            raise ValueError(f"centring must be a rate in (0, 1], or None, got {centring}")
        if sparsity < 0:
            raise ValueError(f"sparsity must not be negative, got {sparsity}")
        if not 0 < target < 1:
            raise ValueError(f"target must lie between 0 and 1, got {target}")
        if n_chains is not None and not persistent:
            raise ValueError("n_chains needs persistent=True: without persistent chains there is one per row")
        self.k = k
        self.n_chains = n_chains
        self.n_mean_field = n_mean_field
        self.tol = tol
        self.centring = centring
        self.sparsity = sparsity
        self.target = target
        self.sparse_until = sparse_until
        self.persistent = persistent
        self.chains = []
        self._offsets = None if centring is None else Offsets(centring)

    def __call__(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch of visible columns, and advance the chains."""
        require(model, BoltzmannMachine, "expected a Boltzmann machine")
        with torch.no_grad():
            data = infer(model, x, n_steps=self.n_mean_field, tol=self.tol)
            if self.persistent:
                self._begin(data)
                sampled = self._advance(for_chains(model, x, len(self.chains[0])), self.chains, generator)
            else:
                rows = for_rows(model, x)
                sampled = self._advance(rows, _drawn(rows, data, generator), generator)
            if self._offsets is not None:
                self._offsets.follow(model, data)
            state = [torch.cat(pair) for pair in zip(data, sampled, strict=True)]
            gradients, moved = contrast(model, state, len(x), offsets=self._offsets)
            gap = self._gap(model, state, len(x), gradients, moved)
            loss = Loss(gap, {"energy_gap": gap}, gradients + units_gradients(model, state, {}, len(x)))
            if self.sparsity > 0 and self.progress <= self.sparse_until:
                loss.gradients += self._pull(model, data)
        return loss

    def validate(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Tensor:
        """Return the reconstruction error: known values, predicted from the mean field they give."""
        model = for_rows(model, x)
        state = infer(model, x, n_steps=self.n_mean_field, tol=self.tol)
        scores = [model.layers[k].units.log_prob(state[k], model.inputs(k, state)) for k in model.visible]
        return -(torch.stack(scores, 1) * presence(model, x)).sum(1).mean()

    def diagnose(
        self, model: BoltzmannMachine, x: Tensor, generator: Generator, held_out: Tensor | None = None
    ) -> dict[str, float]:
        """Return the diagnostics of :func:`tildex.rules.boltzmann.watch`, on the rule's chains."""
        others = None if held_out is None else filled(model, held_out)
        return watch(model, filled(model, x), generator, chains=self.chains or None, held_out=others)

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

    def _begin(self, data: list[Tensor]) -> None:
        """Start the chains at the data; from any other start the machine would first learn to avoid that start."""
        if not self.chains:
            rows = torch.arange(self.n_chains or len(data[0]), device=data[0].device) % len(data[0])
            self.chains = [x[rows] for x in data]

    def _advance(self, model: BoltzmannMachine, chains: list[Tensor], generator: Generator) -> list[Tensor]:
        """Advance the chains, and return them with the layers of the last half-sweep as means."""
        inputs: dict[int, Tensor] = {}
        for _ in range(self.k):
            for side in (0, 1):
                for k in model.sides[side]:
                    inputs[k] = model.inputs(k, chains)
                    chains[k] = _draw(model, k, inputs[k], generator)
        last = model.sides[1]
        return [
            layer.units.mean(inputs[k]) if k in last else chains[k] for k, layer in enumerate(model.layers)
        ]

    def _gap(
        self,
        model: BoltzmannMachine,
        state: list[Tensor],
        rows: int,
        gradients: Gradients,
        biases: list[Tensor],
    ) -> Tensor:
        """Return the data's mean energy minus the model's, from its gradient: it is linear in weights and biases."""
        measures = torch.stack([model.layers[k].units.energy(state[k]) for k in model.visible]).sum(0)
        total = measures[:rows].mean() - measures[rows:].mean()
        for layer, bias in zip(model.layers, biases, strict=True):
            total = total + torch.dot(layer.bias, bias)
        for (low, high), coupling, (_, gradient) in zip(
            model.edges, model.couplings, gradients, strict=False
        ):
            total = total + torch.sum(coupling.weight * gradient)
            if self._offsets is not None:
                mu, offset = self._offsets.means[low], self._offsets.means[high]
                total = total + offset @ coupling.weight @ biases[low] + biases[high] @ (coupling.weight @ mu)
        return total

    def _pull(self, model: BoltzmannMachine, data: list[Tensor]) -> Gradients:
        """Return the sparsity gradient, which pulls each hidden unit's mean to the target through its bias.

        Only biases are pulled: they set how often a unit is on, and weights remain free to decide what turns it on.
        """
        return [(model.layers[k].bias, self.sparsity * (data[k].mean(0) - self.target)) for k in model.hidden]


def _drawn(model: BoltzmannMachine, data: list[Tensor], generator: Generator) -> list[Tensor]:
    """Return chains started at the data, with the hidden layers that the first half-sweep reads drawn."""
    hidden = [k for k in model.sides[1] if k not in model.visible]
    draws = {k: _draw(model, k, model.inputs(k, data), generator) for k in hidden}
    return [draws.get(k, values) for k, values in enumerate(data)]


def _draw(model: BoltzmannMachine, k: int, inputs: Tensor, generator: Generator) -> Tensor:
    """Return values of a layer given its inputs: the mean of two draws if all its outgoing gains are two."""
    gains = [
        coupling.up_gain if k == low else coupling.down_gain
        for (low, high), coupling in zip(model.edges, model.couplings, strict=True)
        if k in (low, high)
    ]
    copies = round(min(gains))
    drawn = [model.layers[k].units.sample(inputs, generator) for _ in range(copies)]
    return drawn[0] if copies == 1 else torch.stack(drawn).mean(0)
