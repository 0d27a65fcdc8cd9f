"""The deep belief network: RBMs trained greedily, then together by up-down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.data import JoinedRows, OneHotRows
from tildex.estimators.base.checks import check_count, drawing
from tildex.estimators.base.labels import (
    digest,
    encode_classes,
    labels_from_json,
    labels_to_json,
    one_hot_labels,
    require_labels,
)
from tildex.estimators.base.machine import MachineEstimator
from tildex.estimators.base.settings import Default, part, settings, where_unbounded
from tildex.estimators.base.table import ModelRow
from tildex.estimators.base.whole import whole
from tildex.estimators.boltzmann.dbn_plan import machines, one_by_one, up_down_trainer
from tildex.estimators.boltzmann.dbn_queries import bounds_of, completed, drawn_unknown, log_partition_of
from tildex.generator import Generator
from tildex.models import BeliefNetwork, BoltzmannMachine, Clamp, log_each
from tildex.optimizers import SGD, Linear, Optimizer
from tildex.products import fast_products
from tildex.rules import PCD, Rule, UpDown
from tildex.train import Budget, Rows, Trainer
from tildex.train.stages import Stages
from tildex.units import Bernoulli, Units

__all__ = ["DeepBeliefNetwork"]


def _has_labels(estimator: Any) -> bool:
    return bool(estimator.label_layer)


@settings
class DeepBeliefNetwork(MachineEstimator):
    """A deep belief network: directed layers under a Boltzmann machine (Hinton, Osindero & Teh, 2006, "A fast learning
    algorithm for deep belief nets").

    RBMs are trained greedily, each on samples of the hidden layer below, drawn anew for every batch; then up-down
    trains all layers together. ``transform`` returns the means of the deepest layer on the upward pass,
    ``score_samples`` the variational bound on log P(x) from 32 fixed draws of the hidden layers. The top machine's
    log Z is enumerated if it is small, and estimated by annealing otherwise.

    Parameters
    ----------
    n_components : int
        Units of the deepest layer, the hidden layer of the top machine; 256 by default.
    hidden_layer_sizes : sequence of int, or int
        Units of the hidden layers in between, from the data upwards, one of 256 by default; ``()`` gives an RBM.
    likelihood : Units, optional
        Unit family of the data. By default ``Bernoulli()`` where all values lie in [0, 1]; otherwise ``Gaussian()``,
        after standardising each column.
    start : fitted RBM, optional
        The trained lowest machine, with its likelihood and scaling.
    upper : str
        How each upper machine starts. ``flipped``, the default: as the machine below with its layers swapped, so that
        another layer loses nothing; needs as many hidden units as that has visible ones, of its family. Or ``random``.
    hidden : Units, optional
        Unit family of every hidden layer; ``Bernoulli()`` by default.
    rule : Rule, optional
        Rule of each greedy stage: ``PCD(1, centring=0.01)`` by default.
    optimizer : Optimizer, optional
        Optimiser of each greedy stage: by default ``SGD(0.2)`` with a linear decay to zero, or ``SGD(0.01)`` for the
        first machine if the data's units are unbounded.
    up_down : Rule, optional
        Rule of the up-down stage, and of a top machine with labels: ``UpDown()`` by default.
    up_down_optimizer : Optimizer, optional
        By default ``SGD(0.05)`` with a linear decay to zero, or ``SGD(0.01)`` as above.
    label_layer : bool
        Whether the top machine also models labels, which ``fit`` then needs as ``y``. Adds ``predict``,
        ``predict_proba`` and ``sample(label=...)``. False by default.
    binarisation : str
        As in :class:`RBM`.
    n_iter : int
        Epochs per machine, 50 by default.
    n_iter_up_down : int
        Epochs of the up-down stage, 20 by default; 0 skips it.
    batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, precision, \
device, warm_start, verbose, random_state
        As in :class:`RBM`; early stopping ends each stage separately, and with ``warm_start`` another ``fit`` repeats
        only the up-down stage, from the current weights.

    Attributes
    ----------
    module_ : BeliefNetwork
        The trained torch module; its ``encoders()`` start a classifier, its ``unroll()`` is a deep autoencoder.
    history_ : list of dict
        One record per epoch; ``stage`` counts the machines from 1, and then up-down.
    classes_ : array
        The labels, if ``label_layer``.

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
    can = MachineEstimator.can | {"columns"}
    row = ModelRow(
        80, "stack of RBM conditionals", "directed down, RBM on top", rule="greedy, up-down, supervised"
    )
    staged = True
    defaults: ClassVar[dict[str, Default]] = {
        "hidden": Bernoulli(),
        "rule": PCD(1, centring=0.01),
        "optimizer": where_unbounded(SGD(0.01, schedule=Linear()), otherwise=SGD(0.2, schedule=Linear())),
        "up_down": UpDown(),
        "up_down_optimizer": where_unbounded(
            SGD(0.01, schedule=Linear()), otherwise=SGD(0.05, schedule=Linear())
        ),
    }

    budget = Budget(steps=3000, passes=50, most_steps=60_000, most_rows=50)

    n_components: int = field(default=256, kw_only=False)
    hidden_layer_sizes: Sequence[int] | int = (256,)
    likelihood: Units | None = None
    hidden: Units | None = None
    start: Any = None
    upper: str = "flipped"
    rule: Rule | None = None
    up_down: Rule | None = None
    up_down_optimizer: Optimizer | None = None
    label_layer: bool = False
    binarisation: str | None = "auto"
    n_iter_up_down: int = 20
    averaging: float | None = 0.999

    classes_: np.ndarray = field(init=False)

    @whole
    def fit(self, X: Any, y: Any = None, **settings: Any) -> Self:
        """Train on the rows of ``X``, and on their labels if ``label_layer``.

        Parameters
        ----------
        X : array, sparse matrix, memory map or tensor of shape (rows, features)
            The data; never changed, and read a batch at a time.
        y : array of shape (rows,)
            Labels of any type; ignored without a label layer.
        **settings
            ``X_val`` and ``checkpoint``, as in :meth:`Autoencoder.fit`.
        """
        if self.label_layer:
            self.classes_, self._places = encode_classes(require_labels(y))
        return super().fit(X, y, **settings)

    @whole
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Train for one epoch on ``X``; with a label layer, the first call must contain every class."""
        if self.label_layer:
            known = self.classes_ if hasattr(self, "module_") else None
            self.classes_, self._places = encode_classes(require_labels(y), known)
        return super().partial_fit(X, y)

    @available_if(_has_labels)
    def predict(self, X: Any) -> Any:
        """Return the most probable label of each row, shape (rows,)."""
        return self.classes_[np.asarray(self.predict_proba(X)).argmax(1)]

    @available_if(_has_labels)
    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each label, in the order of ``classes_``, shape (rows, classes)."""
        return self._over(X, lambda x: self.module_.log_label(self.scaling_(x)).exp())

    @property
    def _machine(self) -> BoltzmannMachine:
        return self.module_.top

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
        """Return the visible means of ``n`` samples: Gibbs chains in the top machine, then one downward pass.

        With ``given``, each step is an upward pass by recognition, a Gibbs step in the top machine and a downward
        pass, with known values clamped. This is only as exact as recognition.

        Parameters
        ----------
        n : int
            Number of rows.
        n_steps : int
            Gibbs steps per row, from independent units with the means of the training data's code.
        given : array of shape (features,) or (n, features), optional
            Known values; NaN means unknown.
        mask : boolean array like ``given``, optional
            Which values are known, instead of NaN.
        label : a label, or an array of one label per row, optional
            The class to sample from, for a network with a label layer.
        random_state : int, RandomState or None
            The seed; None continues the estimator's own random stream.
        """
        check_is_fitted(self, "module_")
        check_count(n)
        if n_steps < 1:
            raise ValueError(f"n_steps must be at least 1, got {n_steps}")
        generator, network = drawing(self, random_state), self.module_
        known = self._clamp(n, given, mask)
        clamp = None if label is None else self._clamp_label(label, n)
        with torch.no_grad(), fast_products(generator.device):
            if known is None:
                state = network.chains(n, n_steps, generator, clamp=clamp)
                rows = network.visible_means(state, generator)
            else:
                rows = completed(network, *known[0], n_steps, generator, clamp)
            return self._as_given(self.scaling_.inverse(rows).cpu().numpy())

    def _draw_unknown(self, x: Tensor, generator: Generator) -> Tensor:
        return drawn_unknown(self.module_, x, generator)

    def _filled(self, x: Tensor, generator: Generator | None) -> Tensor:
        if generator is None:
            return self.module_.shown(x)
        return drawn_unknown(self.module_, x, generator, n_steps=100)

    def _clamp_label(self, label: Any, n: int) -> Clamp:
        if not self.label_layer:
            raise ValueError(
                "this network has no label layer: train it with label_layer=True and labels as y"
            )
        return self.module_.clamp_labels(one_hot_labels(label, n, self.classes_).to(self.scaling_.offset))

    def _with_labels(self, data: Rows) -> Rows:
        if not self.label_layer:
            return data
        places = self.__dict__.pop("_places")
        if len(places) != len(data):
            raise ValueError(f"expected a label for each of {len(data)} rows, got {len(places)}")
        self._digest += digest(places)
        return JoinedRows(data, OneHotRows(places, len(self.classes_)))

    def _fitted(self) -> dict[str, Any]:
        return {"classes": labels_to_json(self.classes_)} if self.label_layer else {}

    def _restore(self, fitted: dict[str, Any]) -> None:
        super()._restore(fitted)
        if self.label_layer:
            self.classes_ = labels_from_json(fitted["classes"])

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> BeliefNetwork:
        return BeliefNetwork.of(machines(self, n_features, likelihood, generator, mean))

    def _rule(self) -> Rule:
        return part(self, "up_down")

    def _trainer_for(self, generator: Generator, callbacks: Sequence[Any]) -> Trainer:
        return up_down_trainer(self, generator, callbacks)

    def _stages(self, data: Rows, held_out: Tensor | None) -> Stages:
        return one_by_one(self, data, held_out)

    def _remember(self, trainer: Trainer) -> None:
        super()._remember(trainer)
        self.__dict__.pop("_log_z", None)

    def _encode(self, x: Tensor) -> Tensor:
        return self.module_.unroll().encoder.mean(self.module_.shown(x))

    def _decode(self, z: Tensor) -> Tensor:
        return self.module_.unroll().decoder.mean(z)

    def _log_probs(self, x: Tensor) -> Tensor:
        return log_each(self.likelihood_, x, self.module_.unroll().decoder.inputs(self._encode(x)))

    def _log_score(self, x: Tensor) -> Tensor:
        return bounds_of(self.module_, x) - self._log_partition()

    def _log_partition(self) -> float:
        """Return the top machine's log Z, computed once after each training."""
        if not hasattr(self, "_log_z"):
            self._log_z = log_partition_of(self._machine)
        return self._log_z
