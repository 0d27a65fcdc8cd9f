r"""Mean field for the data, persistent chains for the model: likelihood learning in machines of any depth.

.. math:: L = \langle E \rangle_{Q(h \mid v_{\text{data}})} - \langle E \rangle_{\text{chains}}

With the mean-field distribution Q held fixed this is the gradient of the variational bound on the log-likelihood
(Salakhutdinov & Hinton, 2009, "Deep Boltzmann machines"). Half of the chains' layers enter by their means given the
other half, which lowers the noise and leaves the expectation. Chains that begin at the data in every step make
contrastive divergence of it.
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
    """The variational bound's gradient by mean field and persistent Gibbs chains.

    Of rows that know only some of several visible layers, NaN standing for the rest, the others are inferred.

    Parameters
    ----------
    k : int
        Gibbs sweeps of the chains an update.
    n_chains : int, optional
        Chains that persist; as many as the first batch has rows when not given.
    n_mean_field : int
        Mean-field passes a batch, at most.
    tol : float
        The mean change of a mean at which mean field stops.
    centring : float, optional
        The rate at which the offsets of the centred gradient follow the data's means; the plain gradient when not
        given.
    sparsity : float
        The weight of a pull of hidden units' means towards ``target``, on their biases.
    target : float
        The mean activation that hidden units are pulled to.
    sparse_until : float
        The share of training after which the pull ends.
    persistent : bool
        Whether chains go on from step to step. Without it they begin at each batch, hidden units drawn, which makes
        contrastive divergence of the rule.

    Attributes
    ----------
    chains : list of Tensor
        The state of the persistent chains, a tensor a layer, kept from step to step and in checkpoints.
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
            raise ValueError("n_chains is of persistent chains: without persistent there is one for each row")
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
        """Return the loss of a batch of visible columns, and move the chains on."""
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
        """Return the error of reconstruction: what is known, predicted from the mean field it gave rise to."""
        model = for_rows(model, x)
        state = infer(model, x, n_steps=self.n_mean_field, tol=self.tol)
        scores = [model.layers[k].units.log_prob(state[k], model.inputs(k, state)) for k in model.visible]
        return -(torch.stack(scores, 1) * presence(model, x)).sum(1).mean()

    def diagnose(
        self, model: BoltzmannMachine, x: Tensor, generator: Generator, held_out: Tensor | None = None
    ) -> dict[str, float]:
        """Return what :func:`tildex.rules.boltzmann.watch` measures on the rule's chains."""
        others = None if held_out is None else filled(model, held_out)
        return watch(model, filled(model, x), generator, chains=self.chains or None, held_out=others)

    def get_state(self) -> dict[str, Tensor]:
        """Return the chains and offsets."""
        chains = {f"chains_{k}": x for k, x in enumerate(self.chains)}
        return chains | ({} if self._offsets is None else self._offsets.get_state())

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Put the chains and offsets back."""
        count = sum(name.startswith("chains_") for name in state)
        self.chains = [state[f"chains_{k}"] for k in range(count)]
        if self._offsets is not None:
            self._offsets.set_state(state)

    def _begin(self, data: list[Tensor]) -> None:
        """Start the chains from the data: elsewhere, they would first teach the machine where they came from."""
        if not self.chains:
            rows = torch.arange(self.n_chains or len(data[0]), device=data[0].device) % len(data[0])
            self.chains = [x[rows] for x in data]

    def _advance(self, model: BoltzmannMachine, chains: list[Tensor], generator: Generator) -> list[Tensor]:
        """Move chains on, and return them with the layers of their last half-sweep as means."""
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
        """Return the data's mean energy less the model's, from its gradient: it is linear in weights and biases."""
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
        """Return a pull of each hidden unit's mean to the target, on its bias.

        Biases alone are pulled: they set how often a unit is on, and weights stay free for what turns it on.
        """
        return [(model.layers[k].bias, self.sparsity * (data[k].mean(0) - self.target)) for k in model.hidden]


def _drawn(model: BoltzmannMachine, data: list[Tensor], generator: Generator) -> list[Tensor]:
    """Return where chains begin that begin at the data: hidden layers that the first half-sweep reads are drawn."""
    hidden = [k for k in model.sides[1] if k not in model.visible]
    draws = {k: _draw(model, k, model.inputs(k, data), generator) for k in hidden}
    return [draws.get(k, values) for k, values in enumerate(data)]


def _draw(model: BoltzmannMachine, k: int, inputs: Tensor, generator: Generator) -> Tensor:
    """Return values of a layer given its inputs, the mean of two draws where all that it sends counts twice."""
    gains = [
        coupling.up_gain if k == low else coupling.down_gain
        for (low, high), coupling in zip(model.edges, model.couplings, strict=True)
        if k in (low, high)
    ]
    copies = round(min(gains))
    drawn = [model.layers[k].units.sample(inputs, generator) for _ in range(copies)]
    return drawn[0] if copies == 1 else torch.stack(drawn).mean(0)
