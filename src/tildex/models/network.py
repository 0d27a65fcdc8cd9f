r"""The feed-forward network: P(h|x) through the layers of any stack, and a head P(y|h).

.. math:: h_1 = f_1(x), \quad h_k = f_k(h_{k-1}), \quad P(y \mid x) = \mathrm{units}_y(V h_L + c)

If the network comes from a deep Boltzmann machine, a layer also receives the mean-field means of the layer above,
through separate weights: :math:`h_k = f_k(W_k h_{k-1} + W_{k+1}^\top q_{k+1} + b_k)`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from itertools import zip_longest

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.maps import Affine, Map
from tildex.models.boltzmann.machine import BoltzmannMachine
from tildex.models.boltzmann.mean_field import mean_field
from tildex.models.model import Model
from tildex.models.pair import Conditional, Pair

__all__ = ["Feedforward", "Network", "layers_of"]

Noise = Callable[[Tensor, Generator], Tensor]


class Feedforward(Map):
    """A map through the means of layers, with noise before each layer when a call passes a generator.

    Dropout divides kept values by the probability of keeping, so the inputs of pretrained layers keep their means.
    This equals multiplying the weights by the inverse at the start and by the probability at the end (Srivastava et
    al., 2014).

    Parameters
    ----------
    layers : sequence of Conditional
        Bottom up.
    input_noise, noise : callable, optional
        Corruptions of the row and of every hidden layer but the last.
    fed : sequence of int
        Number of values that each layer but the last receives from above, stored as extra columns at the end of the
        row, first layer first. Empty for most networks.
    """

    layers: Sequence[Conditional]

    def __init__(
        self,
        layers: Sequence[Conditional],
        *,
        input_noise: Noise | None = None,
        noise: Noise | None = None,
        fed: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)  # type: ignore[assignment]
        self.input_noise = input_noise
        self.noise = noise
        self.fed = tuple(fed)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the inputs of the last layer's units."""
        row, *above = x.split([x.shape[-1] - sum(self.fed), *self.fed], -1)
        below = _noisy(row, self.input_noise, generator)
        *inner, last = self.layers
        for layer, received in zip_longest(inner, above):
            if received is not None:
                below = torch.cat([below, _noisy(received, self.noise, generator)], -1)
            below = _noisy(layer.mean(below, generator), self.noise, generator)
        return last.inputs(below, generator)


class Network(Pair):
    """A pair whose second conditional predicts targets instead of rows: P(h|x), then P(y|h).

    Parameters
    ----------
    layers : sequence of Conditional
        The hidden layers, bottom up; see :func:`layers_of`. They are trained in place.
    head : Conditional
        From the last hidden layer to the targets; its own map applies noise to that layer.
    n_targets : int
        Number of target columns, the last columns of a training row.
    input_noise, noise : callable, optional
        Corruptions of the row and of every hidden layer but the last, in training.
    fed, machine
        As :meth:`from_machine` sets them.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> from tildex.maps import Affine
    >>> from tildex.units import Bernoulli, Categorical
    >>> generator = Generator(0)
    >>> hidden = Conditional(Affine.fresh(6, 4, generator=generator), Bernoulli())
    >>> head = Conditional(Affine.fresh(4, 3, generator=generator), Categorical(3))
    >>> Network([hidden], head, 3).reconstruct(torch.zeros(5, 6)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        layers: Sequence[Conditional],
        head: Conditional,
        n_targets: int,
        *,
        input_noise: Noise | None = None,
        noise: Noise | None = None,
        fed: Sequence[int] = (),
        machine: BoltzmannMachine | None = None,
    ) -> None:
        body = Feedforward(layers, input_noise=input_noise, noise=noise, fed=fed)
        super().__init__(Conditional(body, layers[-1].units), head)
        self.n_targets = n_targets
        self.machine = machine

    @classmethod
    def from_machine(
        cls,
        machine: BoltzmannMachine,
        head: Conditional,
        n_targets: int,
        *,
        input_noise: Noise | None = None,
        noise: Noise | None = None,
        above: Sequence[Conditional] = (),
    ) -> Network:
        """Return a network that starts as a deep machine's mean field (Salakhutdinov & Hinton, 2009, "Deep Boltzmann
        machines").

        The first hidden layer receives the row through W_1 and q(h_2|x) through the transpose of W_2; the second
        receives the first through W_2 and, if there is a third, q(h_3|x), and so on. Copies of a matrix are trained
        separately. The input from above is inferred once, by the original machine: :meth:`condition` appends it to
        the rows. At the start every hidden layer has its mean-field value.

        Parameters
        ----------
        machine : BoltzmannMachine
            A visible layer and at least two hidden ones in a chain; copied and frozen.
        head, n_targets, input_noise, noise
            As in :class:`Network`.
        above : sequence of Conditional
            Further hidden layers.
        """
        _require_chain(machine)
        frozen = copy.deepcopy(machine).requires_grad_(False)
        layers = [_layer_of(machine, k) for k in range(1, len(machine.layers))]
        fed = [layer.size for layer in machine.layers[2:]]
        return cls(
            [*layers, *above], head, n_targets, input_noise=input_noise, noise=noise, fed=fed, machine=frozen
        )

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Split training rows into the input of the first layer and the targets."""
        return x[..., : -self.n_targets], x[..., -self.n_targets :]

    def condition(self, x: Tensor) -> Tensor:
        """Return the network's input for rows: the rows, with the means of feeding layers appended if there are any."""
        return x if self.machine is None else torch.cat([x, self.inferred(x)], -1)

    @torch.no_grad()
    def inferred(self, x: Tensor) -> Tensor:
        """Return the frozen machine's mean-field means of the layers above the first, concatenated."""
        if self.machine is None:
            raise ValueError(
                "this network was not made from a Boltzmann machine: nothing feeds its layers from above"
            )
        return torch.cat(mean_field(self.machine, {0: x})[2:], -1)


def layers_of(module: Model) -> list[Conditional]:
    """Return copies of a trained module's conditionals from rows to code, bottom up.

    A map of several layers gives one conditional per layer: Gaussian units around the nonlinearity's output.

    Raises
    ------
    ValueError
        If the module is a machine of more than two layers, whose layers also receive input from above.
    """
    return [copy.deepcopy(layer) for encoder in module.encoders() for layer in encoder.steps()]


def _layer_of(machine: BoltzmannMachine, k: int) -> Conditional:
    """Return layer ``k`` given the layer below and, if any, the layer above, with copied weights."""
    layer = machine.layers[k]
    weights: list[Tensor] = [machine.couplings[k - 1].weight]
    if k < len(machine.couplings):
        weights.append(machine.couplings[k].weight.t())
    weight = torch.cat(weights, 1).detach().clone()
    linear = nn.utils.skip_init(
        nn.Linear, weight.shape[1], weight.shape[0], device=weight.device, dtype=weight.dtype
    )
    with torch.no_grad():
        linear.weight.copy_(weight)
        linear.bias.copy_(layer.bias)
    return Conditional(Affine(linear), copy.deepcopy(layer.units))


def _noisy(x: Tensor, noise: Noise | None, generator: Generator | None) -> Tensor:
    return x if noise is None or generator is None else noise(x, generator)


def _require_chain(machine: BoltzmannMachine) -> None:
    chain = tuple((k, k + 1) for k in range(len(machine.layers) - 1))
    if machine.edges != chain or len(chain) < 2:
        raise ValueError(
            "expected a Boltzmann machine of one visible and at least two hidden layers, each connected to the next, "
            f"got edges {machine.edges}"
        )
    if any(coupling.up_gain != 1 or coupling.down_gain != 1 for coupling in machine.couplings):
        raise ValueError("expected couplings of gain 1 both ways: compose the machine first")
