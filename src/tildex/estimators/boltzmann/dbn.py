"""The deep belief network: machines trained one on the other, then together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.estimators.base.checks import check_count
from tildex.estimators.base.machine import MachineEstimator
from tildex.estimators.base.table import ModelRow
from tildex.estimators.boltzmann.dbn_plan import GrowingEstimator
from tildex.evaluate import log_partition, log_partition_ais
from tildex.generator import Generator
from tildex.models import BoltzmannMachine, Clamp
from tildex.optimizers import SGD, Linear, Optimizer
from tildex.part import Part
from tildex.products import fast_products
from tildex.rules import PCD, Rule, UpDown
from tildex.train import Trainer
from tildex.units import Bernoulli, Units

__all__ = ["DeepBeliefNetwork"]

# The bound of `score_samples`: the mean over a thousand images is then within a few hundredths of a nat.
_BOUND_SAMPLES = 32
_ROWS_AT_ONCE = 4096
# Up to this many units on a side, adding up all states is faster than annealing.
_ENUMERATED = 12


class DeepBeliefNetwork(GrowingEstimator, MachineEstimator):
    """A deep belief network: directed layers under a Boltzmann machine (Hinton, Osindero & Teh, 2006, "A fast learning
    algorithm for deep belief nets").

    Restricted Boltzmann machines are trained one after the other, each on fresh samples of the hidden layer below;
    then up-down trains all of them together. ``transform`` gives the deepest layer's means going up.
    ``score_samples`` is the variational bound on log P(x), from 32 fixed draws of the hidden layers, with the top
    machine's log Z enumerated where it is small and annealed otherwise.

    Parameters
    ----------
    n_components : int
        Units of the deepest layer, the hidden layer of the top machine.
    hidden_layer_sizes : sequence of int, or int
        Units of the layers between, from the data upwards; none makes a restricted Boltzmann machine.
    likelihood : Units, optional
        The family of the data. By default ``Bernoulli()`` where all values lie in [0, 1] and ``Gaussian()``
        otherwise, after standardising each column.
    start : fitted RBM, optional
        The lowest machine, in place of training it; it brings the family and the scaling of the data.
    upper : str
        How the machines above start: ``flipped``, as the one below turned round, where they have as many hidden units
        as that has visible ones and of the same family, so that a layer more loses nothing; or ``random``.
    hidden : Units, optional
        The family of every hidden layer; ``Bernoulli()`` by default.
    rule : Rule, optional
        Of each machine in turn: ``PCD(1, centring=0.01)`` by default.
    optimizer : Optimizer, optional
        Of each machine in turn: ``SGD(0.2)`` with a rate that falls to zero by default, or ``SGD(0.01)`` for the first
        where the data's units are unbounded.
    up_down : Rule, optional
        Of the training together, and of a top machine with labels: ``UpDown()`` by default.
    up_down_optimizer : Optimizer, optional
        Of the training together: ``SGD(0.05)`` with a rate that falls to zero by default, or ``SGD(0.01)`` as above.
    label_layer : bool
        Whether the top machine also learns the labels that ``fit`` then needs as ``y``. It adds ``predict``,
        ``predict_proba``, and ``sample(label=...)``.
    binarisation : str
        As in :class:`RBM`.
    n_iter : int
        Passes over the data a machine.
    n_iter_up_down : int
        Passes of the training together; 0 leaves it out.
    batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, precision, \
device, warm_start, verbose, random_state
        As in :class:`RBM`; early stopping ends each stage on its own, and with ``warm_start`` another ``fit`` goes on
        with the training together.

    Attributes
    ----------
    module_ : BeliefNetwork
        The trained torch module; its ``encoders()`` start a classifier, its ``unroll()`` is a deep autoencoder.
    history_ : list of dict
        A record an epoch, ``stage`` counting the machines from 1 and the training together after them.
    classes_ : array
        The labels, with ``label_layer=True``.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import DeepBeliefNetwork
    >>> X = np.random.default_rng(0).random((50, 8), dtype="float32")
    >>> dbn = DeepBeliefNetwork(3, hidden_layer_sizes=(5,), n_iter=2, n_iter_up_down=2, random_state=0).fit(X)
    >>> dbn.transform(X).shape, dbn.sample(2, n_steps=5).shape, [record["stage"] for record in dbn.history_]
    ((50, 3), (2, 8), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0])
    """

    slug = "dbn"
    row = ModelRow(
        80, "stack of RBM conditionals", "directed down, RBM on top", rule="greedy, up-down, supervised"
    )
    defaults: ClassVar[dict[str, Part]] = {
        "hidden": Bernoulli(),
        "rule": PCD(1, centring=0.01),
        "optimizer": SGD(0.2, schedule=Linear()),
        "up_down": UpDown(),
        "up_down_optimizer": SGD(0.05, schedule=Linear()),
    }
    gentle: ClassVar[dict[str, Part]] = {
        "optimizer": SGD(0.01, schedule=Linear()),
        "up_down_optimizer": SGD(0.01, schedule=Linear()),
    }

    def __init__(
        self,
        n_components: int = 256,
        *,
        hidden_layer_sizes: Sequence[int] | int = (256,),
        likelihood: Units | None = None,
        hidden: Units | None = None,
        start: Any = None,
        upper: str = "flipped",
        rule: Rule | None = None,
        optimizer: Optimizer | None = None,
        up_down: Rule | None = None,
        up_down_optimizer: Optimizer | None = None,
        label_layer: bool = False,
        binarisation: str = "auto",
        n_iter: int = 50,
        n_iter_up_down: int = 20,
        batch_size: int | None = 50,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        averaging: float | None = 0.999,
        clip_norm: float | None = None,
        precision: str = "auto",
        device: str = "auto",
        warm_start: bool = False,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.hidden_layer_sizes = hidden_layer_sizes
        self.likelihood = likelihood
        self.hidden = hidden
        self.start = start
        self.upper = upper
        self.rule = rule
        self.optimizer = optimizer
        self.up_down = up_down
        self.up_down_optimizer = up_down_optimizer
        self.label_layer = label_layer
        self.binarisation = binarisation
        self.n_iter = n_iter
        self.n_iter_up_down = n_iter_up_down
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.averaging = averaging
        self.clip_norm = clip_norm
        self.precision = precision
        self.device = device
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    @property
    def _machine(self) -> BoltzmannMachine:
        top: BoltzmannMachine = self.module_.top
        return top

    def sample(
        self,
        n: int = 1,
        *,
        n_steps: int = 1000,
        given: Any = None,
        mask: Any = None,
        label: Any = None,
        random_state: Any = None,
    ) -> Any:
        """Return the visible means of ``n`` draws: Gibbs chains in the top machine, then once down.

        What is given is completed by going up by recognition, a Gibbs step and going down, over and over, the known
        values put back each time. That is exact only as far as recognition is.

        Parameters
        ----------
        n : int
            Rows to draw.
        n_steps : int
            Gibbs steps of each, from independent units with the means of the training data's code.
        given : array of shape (features,) or (n, features), optional
            Known values; NaN means unknown.
        mask : boolean array like ``given``, optional
            Which values are known, instead of NaN.
        label : a label, or an array of one a row, optional
            What to draw, of a network with a label layer.
        random_state : int, RandomState or None
            The seed; None goes on from the estimator's own draws.
        """
        check_is_fitted(self, "module_")
        check_count(n)
        if n_steps < 1:
            raise ValueError(f"n_steps must be at least 1, got {n_steps}")
        generator, network = self._draws(random_state), self.module_
        known = self._clamp(n, given, mask)
        clamp = None if label is None else self._clamp_label(label, n)
        with torch.no_grad(), fast_products(generator.device):
            if known is None:
                state = network.chains(n, n_steps, generator, clamp=clamp)
                rows = network.visible_means(state, generator)
            else:
                rows = self._completed(*known[0], n_steps, generator, clamp)
            return self.scaling_.inverse(rows).cpu().numpy()

    def _completed(
        self, values: Tensor, given: Tensor, n_steps: int, generator: Generator, clamp: Clamp | None
    ) -> Tensor:
        """Return scaled rows whose unknown values are the means at the end of chains that keep the known ones."""

        def draw(units: Units, inputs: Tensor) -> Tensor:
            return units.sample(inputs, generator)

        network = self.module_
        state = network.chains(len(values), 1, generator, clamp=clamp)
        for _ in range(n_steps):
            rows = torch.where(given, values, network.down(state[0], generator)[0])
            state[0] = network.up(rows, generator)[-1]
            state = network.top.sweep(state, draw, clamp=clamp)
        return torch.where(given, values, network.visible_means(state, generator))

    def _clamp_label(self, label: Any, n: int) -> Clamp:
        if not self.label_layer:
            raise ValueError("this network has no label layer: train it with label_layer=True and labels")
        return self.module_.clamp_labels(self._labels_of(label, n))

    def _remember(self, trainer: Trainer) -> None:
        super()._remember(trainer)
        self.__dict__.pop("_log_z", None)

    def _encode(self, x: Tensor) -> Tensor:
        return self.module_.unroll().encoder.mean(x)

    def _decode(self, z: Tensor) -> Tensor:
        return self.module_.unroll().decoder.mean(z)

    def _log_label(self, x: Tensor) -> Tensor:
        return self.module_.log_label(x)

    def _log_score(self, x: Tensor) -> Tensor:
        bounds = [self._bound(part) for part in x.split(_ROWS_AT_ONCE // _BOUND_SAMPLES)]
        return torch.cat(bounds) - self._log_partition()

    def _bound(self, x: Tensor) -> Tensor:
        """Return the mean log weight of each row under noise that is the same for every row, in any company."""
        depth = 0

        def draw(units: Units, inputs: Tensor) -> Tensor:
            nonlocal depth
            depth += 1
            rows = inputs.split(_BOUND_SAMPLES)
            return torch.cat([units.sample(row, Generator(depth, x.device)) for row in rows])

        weights = self.module_.weigh(x.repeat_interleave(_BOUND_SAMPLES, 0), draw)
        return weights.view(-1, _BOUND_SAMPLES).mean(1)

    def _log_partition(self) -> float:
        """Return the top machine's log Z, found once a training, by a fixed seed where it is annealed."""
        if not hasattr(self, "_log_z"):
            top = self._machine
            units = [sum(top.layers[k].size for k in side) for side in top.sides]
            small = [top.layers[k].units.finite for k in top.sides[units.index(min(units))]]
            if min(units) <= _ENUMERATED and all(small):
                self._log_z = log_partition(top)
            else:
                self._log_z = log_partition_ais(top, Generator(0, self.device_)).log_partition.value
        return self._log_z
