"""What the classifier and the regressor share: the layers of any trained stack, and a head with random weights."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import field
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from tildex.corruptions import Corruption
from tildex.data import JoinedRows, rows
from tildex.estimators.base.checks import begin, check
from tildex.estimators.base.columns import apply, chunks
from tildex.estimators.base.labels import check_both, digest
from tildex.estimators.base.learner import Learner
from tildex.estimators.base.saving import weights_of
from tildex.estimators.base.settings import Default, part, settings
from tildex.estimators.base.trained import trained
from tildex.generator import Generator
from tildex.maps import MLP, Affine, layer_sizes
from tildex.models import Conditional, Network, layers_of
from tildex.optimizers import Adam, Cosine
from tildex.penalties import Penalty
from tildex.products import fast_products
from tildex.rules import Rule, Supervised
from tildex.train import Budget, Rows
from tildex.train.restraints import Pace
from tildex.units import Gaussian, Units

__all__ = ["Stacked"]

# Default hidden layers of a network without a start.
_HIDDEN = (256,)


@settings
class Stacked(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Learner):
    """A predictor whose module is a network, and a transformer to its last hidden layer."""

    can = frozenset({"predict"})
    budget = Budget(steps=1000, passes=50, most_steps=60_000, most_rows=100)
    defaults: ClassVar[dict[str, Default]] = {"optimizer": Adam(3e-3, schedule=Cosine(warmup=0.05))}

    start: Any = field(default=None, kw_only=False)
    hidden_layer_sizes: Sequence[int] | int | None = None
    activation: str = "relu"
    corruption: Corruption | None = None
    noise: Corruption | None = None
    penalty: Penalty | None = None
    max_norm: float | None = None
    start_rate: float | Sequence[float] = 0.3
    head_first: float = 0.0

    # A setting of classifiers.
    smoothing: float = field(init=False, default=0.0)

    @abstractmethod
    def _head(self) -> tuple[Units, int]:
        """Return the unit family of the targets and their number of columns."""

    @abstractmethod
    def _targets(self, y: np.ndarray, *, known: bool) -> Any:
        """Return a reader of ``y`` as columns; with ``known``, an earlier call has fixed the classes or scaling."""

    @abstractmethod
    def _hold_out(self, data: Rows, y: np.ndarray, generator: Generator) -> tuple[Rows, Tensor]:
        """Return the training rows and the held-out rows."""

    def _fit(
        self, X: Any, y: Any, X_val: Any, y_val: Any, checkpoint: str | Path | None, *, columns: bool
    ) -> Self:
        """Train on rows and their targets."""
        X, y = check_both(self, X, y, reset=True, columns=columns)
        start = trained(self.start)
        if start is not None and start.n_features_in_ != self.n_features_in_:
            raise ValueError(
                f"start was trained on {start.n_features_in_} features, and X has {self.n_features_in_}"
            )
        generator = begin(self, checkpoint)
        # Before the module is built: its head has one column per target.
        targets = self._targets(y, known=self._goes_on)
        data = self._start(X, generator)
        weights = [] if start is None else [w.detach().cpu().numpy() for w in weights_of(start).values()]
        self._digest = ":".join([self._digest, digest(y), *map(digest, weights)])
        data = self._joined(data, targets)
        held_out = None
        if X_val is not None:
            X_val, y_val = check_both(self, X_val, y_val, reset=False, columns=columns)
            judged = self._joined(self._read(X_val), self._targets(y_val, known=True))
            held_out = judged.take(slice(None))
        elif self.early_stopping:
            data, held_out = self._hold_out(data, y, generator)
        return self._learn(data, held_out, generator, checkpoint)

    def transform(self, X: Any) -> Any:
        """Return the means of the last hidden layer, shape (rows, units)."""
        return self._over(X, lambda condition: self.module_.encoder.mean(condition))

    def _over(self, X: Any, function: Callable[[Tensor], Tensor]) -> Any:
        """Return ``function`` of the network's input for each row."""
        check_is_fitted(self, "module_")
        X = check(self, X, reset=False)
        return apply(
            lambda x: function(self.module_.condition(self.scaling_(x))), X, like=self.scaling_.offset
        )

    def _joined(self, data: Rows, targets: Any) -> JoinedRows:
        """Return the training rows: scaled rows, activations of the layers above where needed, and targets."""
        network = self.module_
        if network.machine is None:
            return JoinedRows(data, targets)
        # Once for all epochs: the machine that infers them does not change.
        with fast_products(self.device_):
            inferred = torch.cat([network.inferred(x) for x in chunks(data)])
        return JoinedRows(data, rows(inferred, device=self.device_, dtype=inferred.dtype), targets)

    def _code_size(self) -> int:
        return self.module_.decoder.map.layers[0].in_features

    def _fresh_sizes(self) -> list[int]:
        """Return the sizes of the hidden layers that start from random weights."""
        if self.hidden_layer_sizes is not None:
            sizes = layer_sizes(self.hidden_layer_sizes)
        else:
            sizes = list(_HIDDEN) if self.start is None else []
        if self.start is None and not sizes:
            raise ValueError("expected at least one size in hidden_layer_sizes, or a start, which has layers")
        return sizes

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        start, (units, n_targets) = trained(self.start), self._head()
        corruption, noise = part(self, "corruption"), part(self, "noise")
        given = None if start is None else copy.deepcopy(start.module_).to(generator.device)
        width = n_features if start is None else start._code_size()
        machine = given if given is not None and given.deep else None
        if machine is not None:
            width = machine.layers[-1].size
        sizes = [width, *self._fresh_sizes()]
        fresh = [
            Conditional(Affine.fresh(low, high, generator=generator, activation=self.activation), Gaussian())
            for low, high in pairwise(sizes)
        ]
        head = Conditional(MLP([sizes[-1], n_targets], generator=generator, input_noise=noise), units)
        noises = {"input_noise": corruption, "noise": noise}
        if machine is not None:
            return Network.from_machine(machine, head, n_targets, above=fresh, **noises)
        below = [] if given is None else layers_of(given)
        return Network([*below, *fresh], head, n_targets, **noises)

    def _rule(self) -> Rule:
        return Supervised(self.smoothing, part(self, "penalty"))

    def _paces(self) -> Sequence[Pace]:
        layers = list(self.module_.encoder.map.layers)
        trained = layers[: len(layers) - len(self._fresh_sizes())]
        rates = self.start_rate if isinstance(self.start_rate, Sequence) else [self.start_rate] * len(trained)
        if len(rates) != len(trained):
            raise ValueError(f"expected a start_rate for each of {len(trained)} trained layers, got {rates}")
        if self.head_first == 0 and all(rate == 1 for rate in rates):
            return ()
        return [
            Pace(list(layer.parameters()), rate, self.head_first)
            for layer, rate in zip(trained, rates, strict=True)
        ]
