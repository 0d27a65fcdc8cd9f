r"""The deep belief network: directed layers, a Boltzmann machine on top, and recognition weights for the way up.

.. math:: P(v, h_1, \dots, h_L) = P(v \mid h_1) \cdots P(h_{L-1} \mid h_L) \, P_{\text{top}}(h_L), \qquad
          Q(h_1, \dots, h_L \mid v) = Q(h_1 \mid v) \cdots Q(h_L \mid h_{L-1})

For any Q the mean of :math:`\log P(v, h) - \log Q(h \mid v)` over Q bounds :math:`\log P(v)` from below.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.maps import Down, Up
from tildex.models.belief_checks import check_joints, check_top
from tildex.models.boltzmann.graph import Clamp
from tildex.models.boltzmann.machine import BoltzmannMachine
from tildex.models.meanings import BOUND, CHAINS_CURVE, CHAINS_DRAWS
from tildex.models.model import Evidence, Meaning, Model
from tildex.models.pair import Conditional, Pair
from tildex.models.stack import unroll
from tildex.shapes import Update
from tildex.units import Units

__all__ = ["BeliefNetwork"]


class BeliefNetwork(Model):
    """Pairs with generative decoders and recognition encoders, below a Boltzmann machine as prior (Hinton, Osindero &
    Teh, 2006, "A fast learning algorithm for deep belief nets").

    Parameters
    ----------
    pairs : sequence of Pair
        From the data upwards. Encoder and decoder of a pair may start with equal weights but must not share them,
        because up-down training changes them separately.
    top : BoltzmannMachine
        Layer 0 is the last pair's code. A second visible layer may hold labels, one categorical variable. Hidden
        layers connect only to visible ones, so that they can be summed out.

    Raises
    ------
    ValueError
        If the top machine has another structure, or a layer's family or size differs between its two neighbouring
        parts.

    Example
    -------
    >>> import torch
    >>> from tildex.maps import Coupling
    >>> from tildex.models import BeliefNetwork, BoltzmannMachine, Layer
    >>> from tildex.units import Bernoulli
    >>> generator = Generator(0)
    >>> def rbm(low, high):
    ...     layers = [Layer(Bernoulli(), low), Layer(Bernoulli(), high)]
    ...     return BoltzmannMachine(layers, {(0, 1): Coupling(low, high, generator=generator)})
    >>> network = BeliefNetwork.of([rbm(6, 4), rbm(4, 5)])
    >>> [layer.shape[1] for layer in network.up(torch.zeros(3, 6))]
    [6, 4]
    >>> network.sample(3, 10, generator).shape, network.bound(torch.zeros(3, 6), generator).shape
    (torch.Size([3, 6]), torch.Size([3]))
    """

    has_likelihood = True
    curve: ClassVar[str | None] = CHAINS_CURVE
    draws: ClassVar[str] = CHAINS_DRAWS
    pairs: Sequence[Pair]
    top: BoltzmannMachine

    def __init__(self, pairs: Sequence[Pair], top: BoltzmannMachine) -> None:
        super().__init__()
        check_top(top)
        self.pairs = nn.ModuleList(pairs)  # type: ignore[assignment]
        self.top = top
        check_joints(pairs, top)

    @classmethod
    def of(cls, machines: Sequence[BoltzmannMachine]) -> BeliefNetwork:
        """Return the network of a stack of trained machines: the last is the top, the others become pairs.

        Weights are copied, those of a pair twice: recognition and generation start equal and can then diverge.
        """
        *below, top = machines
        pairs = [machine.pair() for machine in below]
        copies = [Pair(copy.deepcopy(pair.encoder), copy.deepcopy(pair.decoder)) for pair in pairs]
        return cls(copies, copy.deepcopy(top))

    @property
    def score(self) -> Meaning:
        """A lower bound, with log Z subtracted."""
        return BOUND

    def describe(self) -> str:
        """Return the layer sizes, without labels."""
        below = [pair.decoder.map.affine_weight() for pair in self.pairs]
        sizes = ["?" if weight is None else str(len(weight)) for weight in below]
        return "-".join([*sizes, *(str(layer.size) for layer in self.top.layers[:2])])

    def evidence(self, x: Tensor, generator: Generator) -> Evidence:
        """Return a draw of the bound on rows, and weights that tighten it."""
        return Evidence(self.bound(x, generator), functools.partial(self.log_weight, x))

    def normaliser_rows(self, x: Tensor, generator: Generator) -> Tensor:
        """Return rows of the top machine's visible layers: a draw from recognition, and any labels."""
        below, labels = self.split(x)
        top = self.up(self.shown(below), generator)[-1:]
        return torch.cat(top if labels is None else [*top, labels], 1)

    @property
    def normaliser(self) -> BoltzmannMachine:
        """The machine whose log Z must still be subtracted from :meth:`bound` and :meth:`log_weight`."""
        return self.top

    @property
    def bounded(self) -> bool:
        """Whether the values of all layers, and hence the gradients, are bounded."""
        return self.top.bounded and all(pair.decoder.units.bounded for pair in self.pairs)

    @property
    def label(self) -> int | None:
        """The index of the top machine's label layer, if it has one."""
        return self.top.visible[1] if len(self.top.visible) > 1 else None

    @property
    def n_classes(self) -> int:
        """Number of classes of the label layer, 0 without one."""
        return 0 if self.label is None else self.top.layers[self.label].size

    @property
    def n_visible(self) -> int | None:
        """Number of data columns; None if the lowest decoder is not a single affine map."""
        if not self.pairs:
            return self.top.layers[0].size
        weight = self.pairs[0].decoder.map.affine_weight()
        return None if weight is None else weight.shape[0]

    def split(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Split rows into data and labels; labels are None for rows without them."""
        if self.label is None or x.shape[-1] == self.n_visible:
            return x, None
        return x[..., : -self.n_classes], x[..., -self.n_classes :]

    def up(self, v: Tensor, generator: Generator | None = None) -> list[Tensor]:
        """Return the values of all directed layers on the way up, ``v`` first: means, or draws given a generator."""
        layers = [v]
        for pair in self.pairs:
            layers.append(_value(pair.encoder, layers[-1], generator))
        return layers

    def shown(self, x: Tensor) -> Tensor:
        """Return rows of data with unknown values, NaN, inferred by the network as a deep autoencoder."""
        return self.unroll().inferred(x) if bool(x.isnan().any()) else x

    def down(self, h: Tensor, generator: Generator | None = None) -> list[Tensor]:
        """Return the values of all directed layers on the way down from ``h``: the data first, ``h`` last."""
        layers = [h]
        for pair in reversed(self.pairs):
            layers.append(_value(pair.decoder, layers[-1], generator))
        return layers[::-1]

    def sample(self, n: int, n_steps: int, generator: Generator, *, clamp: Clamp | None = None) -> Tensor:
        """Draw data: ``n`` Gibbs chains in the top machine, then once down, shape (n, visible).

        Parameters
        ----------
        n, n_steps : int
            Number of chains and Gibbs steps per chain, starting from independent units with the layers' base means.
        generator : Generator
            Draws everything.
        clamp : mapping, optional
            Clamped values of the top machine by layer, such as labels whose data are drawn.
        """
        return self.down(self.chains(n, n_steps, generator, clamp=clamp)[0], generator)[0]

    def visible_means(self, state: Sequence[Tensor], generator: Generator) -> Tensor:
        """Return the data's means given the top machine's state, through drawn layers, shape (chains, visible)."""
        if self.pairs:
            return self.pairs[0].decoder.mean(self.down(state[0], generator)[1])
        return self.top.layers[0].units.mean(self.top.inputs(0, state))

    def chains(
        self, n: int, n_steps: int, generator: Generator, *, clamp: Clamp | None = None
    ) -> list[Tensor]:
        """Return the state of the top machine's chains, as :meth:`sample` runs them."""

        def draw(units: Units, inputs: Tensor) -> Tensor:
            return units.sample(inputs, generator)

        state = [draw(layer.units, layer.base.expand(n, -1)) for layer in self.top.layers]
        for k, (values, known) in (clamp or {}).items():
            state[k] = torch.where(known, values, state[k])
        for _ in range(n_steps):
            state = self.top.sweep(state, draw, clamp=clamp)
        return state

    def top_rows(self, x: Tensor, generator: Generator) -> Tensor:
        """Return draws of the top machine's visible layers given rows, including labels if ``x`` has none."""
        v, labels = self.split(x)
        h = self.up(self.shown(v), generator)[-1]
        if self.label is not None and labels is None:
            labels = self.top.layers[self.label].units.sample(self._log_joint(h), generator)
        return h if labels is None else torch.cat([h, labels], -1)

    def bound(self, x: Tensor, generator: Generator, *, n_samples: int = 1) -> Tensor:
        """Return the mean of ``n_samples`` log weights: an unbiased estimate of the bound on log P(x), before log Z
        is subtracted, shape (batch,).
        """
        return torch.stack([self.log_weight(x, generator) for _ in range(n_samples)]).mean(0)

    def log_weight(self, x: Tensor, generator: Generator) -> Tensor:
        """Return the log of one importance weight P*(known x, h) / Q(h | x), h drawn from Q, shape (batch,).

        The mean of weights, not of their logs, is P(x) times Z, without bias (Salakhutdinov & Murray, 2008, "On the
        quantitative analysis of deep belief networks"). ``x`` may include labels; if not, they are summed out.
        """
        return self.weigh(x, lambda units, inputs: units.sample(inputs, generator))

    def weigh(self, x: Tensor, draw: Update) -> Tensor:
        """Return a log importance weight as :meth:`log_weight` does, with hidden values from the given ``draw``."""
        below, labels = self.split(x)
        total, seen = below.new_zeros(len(below)), self.shown(below)
        for pair in self.pairs:
            inputs = pair.encoder.inputs(seen)
            h = draw(pair.encoder.units, inputs)
            generated = pair.log_known(below, pair.decoder.inputs(h))
            total = total + generated - pair.encoder.family.log_prob(h, inputs)
            below = seen = h
        if labels is None and self.label is not None:
            return total + self._log_joint(below).logsumexp(-1)
        return total + self._log_top(below, labels)

    def log_label(self, v: Tensor) -> Tensor:
        """Return the log-probability of each class given the data's code, shape (batch, classes).

        The code is the mean on the way up; the top machine's hidden units are summed out, so a class's score is
        exactly minus its free energy.

        Raises
        ------
        ValueError
            If the top machine has no label layer.
        """
        return self._log_joint(self.up(self.shown(v))[-1]).log_softmax(-1)

    def clamp_labels(self, labels: Tensor) -> Clamp:
        """Return the clamp of the label layer at ``labels``, shape (chains, classes)."""
        return {self._label(): (labels, torch.ones_like(labels, dtype=torch.bool))}

    def encoders(self) -> list[Conditional]:
        """Return the recognition conditionals, the top machine's last, sharing parameters: a start for a network.

        A label layer counts as unknown: the input from its mean is added to a copy of the hidden biases.
        """
        return [pair.encoder for pair in self.pairs] + [self._top_pair().encoder]

    def unroll(self) -> Pair:
        """Return the deep autoencoder over the same parameters: recognition up, generation down."""
        return unroll([*self.pairs, self._top_pair()])

    def _top_pair(self) -> Pair:
        coupling = self.top.couplings[self.top.edges.index((0, 1))]
        visible, hidden = self.top.layers[:2]
        bias = hidden.bias
        if self.label is not None:
            layer, edge = self.top.layers[self.label], self.top.edges.index((1, self.label))
            with torch.no_grad():
                shifted = self.top.couplings[edge].down(layer.units.mean(layer.bias)[None], bias)[0]
            bias = nn.Parameter(shifted)
        return Pair(
            Conditional(Up(coupling, bias), hidden.units),
            Conditional(Down(coupling, visible.bias), visible.units),
        )

    def _log_top(self, h: Tensor, labels: Tensor | None) -> Tensor:
        """Return the log of the top machine's unnormalised probability, with its hidden layers summed out."""
        state = [h] * len(self.top.layers)
        if self.label is not None and labels is not None:
            state[self.label] = labels
        return self.top.log_marginal(state)

    def _log_joint(self, h: Tensor) -> Tensor:
        """Return the log of the unnormalised probability with each class, shape (batch, classes)."""
        layer = self.top.layers[self._label()]
        classes = layer.units.nodes(layer.bias.detach())[0].to(h)
        return torch.stack([self._log_top(h, c.expand(len(h), -1)) for c in classes], -1)

    def _label(self) -> int:
        if self.label is None:
            raise ValueError("the top machine has no label layer: build it with one, and visible=(0, 2)")
        return self.label


def _value(conditional: Conditional, condition: Tensor, generator: Generator | None) -> Tensor:
    return conditional.mean(condition) if generator is None else conditional.sample(condition, generator)
