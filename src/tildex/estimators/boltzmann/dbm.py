"""The deep Boltzmann machine: greedy pretraining, then joint training with mean field and persistent chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from itertools import pairwise
from typing import Any, ClassVar

from torch import Tensor

from tildex.estimators.base.machine import MachineEstimator
from tildex.estimators.base.settings import Default, part, settings, where, where_unbounded
from tildex.estimators.base.table import ModelRow
from tildex.estimators.boltzmann.dbm_plan import NONE, pretrained
from tildex.generator import Generator
from tildex.maps import Coupling, layer_sizes
from tildex.models import CONVERGED, BoltzmannMachine, Layer, infer, log_each, mean_field
from tildex.optimizers import SGD, Linear, Optimizer
from tildex.rules import PCD, Rule, Variational
from tildex.train import Budget, Rows
from tildex.train.stages import Stages
from tildex.units import Bernoulli, Units

__all__ = ["DeepBoltzmannMachine"]


@settings
class DeepBoltzmannMachine(MachineEstimator):
    """A Boltzmann machine with several hidden layers, each coupled to the next (Salakhutdinov & Hinton, 2009, "Deep
    Boltzmann machines").

    ``transform`` returns the mean-field activation of the top layer, ``score_samples`` the variational bound on the
    log-likelihood up to one constant, log Z, which ``tildex likelihood`` estimates, and ``sample`` the visible means
    of Gibbs chains.

    Parameters
    ----------
    n_components : int
        Units of the top hidden layer, 128 by default.
    hidden_layer_sizes : sequence of int, or int
        Units of the hidden layers between the data and the top, one of 128 by default.
    likelihood : Units, optional
        Unit family of the data. By default ``Bernoulli()`` where all values lie in [0, 1]; otherwise ``Gaussian()``,
        after standardising each column.
    hidden : Units, optional
        Unit family of all hidden layers; ``Bernoulli()`` by default.
    pretraining : str
        ``halving``, the default: one RBM per coupling, with inputs doubled to stand in for a layer's other neighbour.
        ``growing``: an RBM, then the deep machine with one more layer at a time, its new weights small and random, so
        that it starts as likely as the smaller one ended. ``two-stage``: plain RBMs, then the deep machine with every
        second layer held at samples from them (Cho, Raiko, Ilin & Karhunen, 2013, "A two-stage pretraining algorithm
        for deep Boltzmann machines"). ``none``: random weights, best with the centred gradient.
    n_iter_pretraining : int, optional
        Epochs per coupling, or per machine before the last, and of the second stage of ``two-stage``; by default as
        many as ``n_iter``.
    start : fitted RBM or DeepBoltzmannMachine, optional
        With ``growing``, the trained lowest layers.
    pretraining_rule : Rule, optional
        ``PCD(1, centring=0.01)`` by default.
    pretraining_optimizer : Optimizer, optional
        By default ``SGD(0.1)`` with a linear decay to zero, or ``SGD(0.01)`` if the data's units are unbounded.
    rule : Rule, optional
        Rule of the joint training: ``Variational()`` by default.
    optimizer : Optimizer, optional
        Optimiser of the joint training: by default ``SGD(0.05)`` with a linear decay to zero, ``SGD(0.2)`` from random
        weights, or ``SGD(0.01)`` if the data's units are unbounded.
    n_iter : int, optional
        Epochs of the joint training: by default 30, or more where that is less than 3,000 steps.
    binarisation
        As in :class:`RBM`.
    max_norm : float, optional
        Largest norm of a unit's weights from the layer below.
    batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`, with batches of at most 50 rows and averaging 0.999 by default; validation in the
        joint training uses the reconstruction of held-out rows.

    Attributes
    ----------
    components_ : array of shape (hidden, features)
        The weights between the data and the first hidden layer.
    binarisation_ : str
        The binarisation used, with ``auto`` resolved.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import DeepBoltzmannMachine
    >>> X = np.random.default_rng(0).random((50, 8), dtype="float32")
    >>> dbm = DeepBoltzmannMachine(3, hidden_layer_sizes=5, n_iter=2, n_iter_pretraining=2, random_state=0).fit(X)
    >>> dbm.transform(X).shape, dbm.sample(2, n_steps=5).shape
    ((50, 3), (2, 8))
    """

    slug = "dbm"
    can = MachineEstimator.can | {"columns"}
    staged = True
    row = ModelRow(
        90,
        "layers + couplings",
        "the same",
        penalty="sparsity target",
        rule="greedy with the halving trick, then mean field + PCD",
    )
    defaults: ClassVar[dict[str, Default]] = {
        "hidden": Bernoulli(),
        "optimizer": where_unbounded(
            SGD(0.01, schedule=Linear()),
            otherwise=where(
                lambda dbm: dbm.pretraining == NONE,
                SGD(0.2, schedule=Linear()),
                otherwise=SGD(0.05, schedule=Linear()),
            ),
        ),
        "pretraining_optimizer": where_unbounded(
            SGD(0.01, schedule=Linear()), otherwise=SGD(0.1, schedule=Linear())
        ),
        "pretraining_rule": PCD(1, centring=0.01),
        "rule": Variational(),
    }
    budget = Budget(steps=3000, passes=30, most_steps=40_000, most_rows=50)

    n_components: int = field(default=128, kw_only=False)
    hidden_layer_sizes: Sequence[int] | int = (128,)
    likelihood: Units | None = None
    hidden: Units | None = None
    pretraining: str = "halving"
    n_iter_pretraining: int | None = None
    start: Any = None
    pretraining_rule: Rule | None = None
    pretraining_optimizer: Optimizer | None = None
    rule: Rule | None = None
    binarisation: str | None = "auto"
    averaging: float | None = 0.999
    max_norm: float | None = None

    @property
    def components_(self) -> Any:
        """The weights between the data and the first hidden layer, shape (hidden, features)."""
        return self.module_.couplings[0].weight.detach().cpu().numpy()

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> BoltzmannMachine:
        sizes = [n_features, *layer_sizes(self.hidden_layer_sizes), self.n_components]
        layers = [Layer(likelihood, n_features, mean=mean)]
        layers += [Layer(part(self, "hidden"), size) for size in sizes[1:]]
        edges = {
            (k, k + 1): Coupling(low, high, generator=generator)
            for k, (low, high) in enumerate(pairwise(sizes))
        }
        return BoltzmannMachine(layers, edges)

    def _stages(self, data: Rows, held_out: Tensor | None) -> Stages:
        return pretrained(self, data, held_out)

    def _encode(self, x: Tensor) -> Tensor:
        return infer(self.module_, x, **CONVERGED)[-1]

    def _decode(self, z: Tensor) -> Tensor:
        return mean_field(self.module_, {len(self.module_.layers) - 1: z}, **CONVERGED)[0]

    def _log_probs(self, x: Tensor) -> Tensor:
        units = self.module_.layers[0].units
        return log_each(units, x, units.inputs_for(self._decode(self._encode(x))))

    def _log_score(self, x: Tensor) -> Tensor:
        return self.module_.bound(x)
