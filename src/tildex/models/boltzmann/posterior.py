r"""The posterior over a Boltzmann machine's hidden layers: the variational bound, and weights that tighten it.

.. math:: \log P^*(v) \ge \sum_{\text{known}} \big[b \cdot v - E(v)\big]
          + \sum_{\text{hidden } k} \big[(b_k - \eta_k) \cdot m_k + A_k(\eta_k)\big] + \sum_{(j,k)} m_k \cdot W_{jk} m_j

for any inputs :math:`\eta_k` and their means :math:`m_k`: the energies that do not depend on inputs occur in both the
machine and Q and cancel. Hidden layers on one side are independent given all others, so importance weights draw the
other side from Q and sum this side out exactly; with its inputs at Q's means, its terms of the bound are only its
log-partitions.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models.boltzmann.graph import Graph
from tildex.models.boltzmann.mean_field import CONVERGED, mean_field

__all__ = ["Posterior"]


class Posterior:
    """The mean-field distribution Q of hidden layers given rows, computed once for a bound and any number of weights.

    Parameters
    ----------
    machine : Graph
        Any machine.
    x : Tensor of shape (batch, columns)
        Rows of the visible layers. Unknown values, NaN, are hidden units, always drawn from Q.
    n_steps, tol
        As in :func:`mean_field`.

    Attributes
    ----------
    drawn, summed : tuple of int
        The hidden layers drawn from Q, on the side with fewer units, and the layers summed out.

    Example
    -------
    >>> from tildex.maps import Coupling
    >>> from tildex.models import BoltzmannMachine, Layer
    >>> from tildex.units import Bernoulli
    >>> generator = Generator(0)
    >>> layers = [Layer(Bernoulli(), n) for n in (4, 3, 2)]
    >>> edges = {(k, k + 1): Coupling(layers[k].size, layers[k + 1].size, generator=generator) for k in (0, 1)}
    >>> posterior = Posterior(BoltzmannMachine(layers, edges), torch.ones(5, 4))
    >>> posterior.bound().shape, posterior.log_weight(generator).shape
    (torch.Size([5]), torch.Size([5]))
    """

    def __init__(
        self, machine: Graph, x: Tensor, *, n_steps: int = CONVERGED["n_steps"], tol: float = CONVERGED["tol"]
    ) -> None:
        self.machine = machine
        known = machine.split(x)
        partly = {k: (v.nan_to_num(), ~v.isnan()) for k, v in known.items() if bool(v.isnan().any())}
        known = {k: v for k, v in known.items() if k not in partly}
        sides = [tuple(k for k in side if k in machine.hidden) for side in machine.sides]
        sizes = [sum(machine.layers[k].size for k in side) for side in sides]
        self.drawn, self.summed = sides if sizes[0] < sizes[1] else sides[::-1]
        with torch.no_grad():
            self.state = mean_field(machine, known, n_steps=n_steps, tol=tol, partly=partly)
            # The bound needs inputs consistent with their means: one more pass, which can only raise it.
            self.inputs = {k: machine.inputs(k, self.state) for k in self.drawn}
            for k, inputs in self.inputs.items():
                self.state[k] = machine.layers[k].units.mean(inputs)
            self.unknown = {k: (machine.inputs(k, self.state), ~there) for k, (_, there) in partly.items()}
            for k, (inputs, gone) in self.unknown.items():
                self.state[k] = torch.where(gone, machine.layers[k].units.mean(inputs), self.state[k])

    @property
    def exact(self) -> bool:
        """Whether everything hidden is summed out: bound and weights are then exactly log P(x) + log Z."""
        return not self.drawn and not self.unknown

    def bound(self) -> Tensor:
        """Return the variational bound on log P(x), before subtracting log Z, shape (batch,), in nats."""
        total = self._joint(self.state, energies=self.machine.visible)
        for k, inputs in self.inputs.items():
            total = total + self.machine.layers[k].units.cgf(inputs) - (inputs * self.state[k]).sum(-1)
        return total - self._drawn_unknown(self.state)

    def log_weight(self, generator: Generator) -> Tensor:
        """Return one log importance weight log P*(x, h) / Q(h) with h drawn from Q, shape (batch,).

        The mean of weights is an unbiased estimate of P(x) times Z; the log of that mean lies between the bound and
        the true value on average, and converges to it with their number (Burda, Grosse & Salakhutdinov, 2016,
        "Importance weighted autoencoders").
        """
        state = list(self.state)
        for k, inputs in self.inputs.items():
            state[k] = self.machine.layers[k].units.sample(inputs, generator)
        for k, (inputs, gone) in self.unknown.items():
            drawn = self.machine.layers[k].units.sample(inputs, generator)
            state[k] = torch.where(gone, drawn, state[k])
        total = self._joint(state, energies=(*self.machine.visible, *self.drawn))
        for k, inputs in self.inputs.items():
            total = total - self.machine.layers[k].units.log_prob(state[k], inputs)
        return total - self._drawn_unknown(state)

    def _drawn_unknown(self, state: list[Tensor]) -> Tensor:
        """Return log Q of the unknown visible values of ``state``; at their means it is minus the entropy of Q, up to
        energies that the machine's own terms cancel.
        """
        total = state[0].new_zeros(len(state[0]))
        for k, (inputs, gone) in self.unknown.items():
            units = self.machine.layers[k].units
            total = total + (units.log_probs(state[k], inputs) * units.any_column(gone)).sum(-1)
        return total

    def _joint(self, state: list[Tensor], energies: tuple[int, ...]) -> Tensor:
        """Return the log-weight of ``state``, with some layers summed out and only the given ``energies`` included."""
        machine = self.machine
        total = state[0].new_zeros(len(state[0]))
        for k, layer in enumerate(machine.layers):
            if k in self.summed:
                total = total + layer.units.cgf(machine.inputs(k, state))
            else:
                total = total + state[k] @ layer.bias
                if k in energies:
                    total = total - layer.units.energy(state[k])
        for (low, high), coupling in zip(machine.edges, machine.couplings, strict=True):
            if low not in self.summed and high not in self.summed:
                total = total + (state[high] * coupling.up(state[low])).sum(-1)
        return total
