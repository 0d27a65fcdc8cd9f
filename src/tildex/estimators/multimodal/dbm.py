"""The multimodal deep Boltzmann machine: one pathway per modality, and a joint layer on top of all pathways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any, ClassVar

import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.estimators.base.checks import check_count
from tildex.estimators.base.machine import MachineEstimator
from tildex.estimators.base.settings import Default, part, settings
from tildex.estimators.base.table import ModelRow
from tildex.estimators.multimodal.arrays import checked, require_name
from tildex.estimators.multimodal.choices import binariser, choose, families, recognise, scaling_of
from tildex.estimators.multimodal.modality import Field, Modality, fields_of
from tildex.estimators.multimodal.plan import paces_of, pathway_by_pathway
from tildex.estimators.multimodal.queries import clamp_of, inferred, passes_of
from tildex.generator import Generator
from tildex.maps import layer_sizes
from tildex.models import CONVERGED, BoltzmannMachine, Clamp, Layer, infer, joined, mean_field
from tildex.optimizers import SGD, Adam, Linear, Optimizer
from tildex.part import decode, encode
from tildex.rules import PCD, MultiPrediction, Rule, Variational
from tildex.train import Rows
from tildex.train.restraints import Pace
from tildex.train.stages import Stages
from tildex.units import Bernoulli, Units

__all__ = ["MultimodalDBM"]


@settings
class MultimodalDBM(MachineEstimator):
    """A deep Boltzmann machine of several modalities, such as images and tags (Srivastava & Salakhutdinov, 2014,
    "Multimodal learning with deep Boltzmann machines").

    ``fit`` takes a dict of arrays, one per modality, or one table whose columns ``modalities`` assigns. Modalities may
    be missing from a row: one that is NaN in all its columns, or absent from the dict, is inferred, in training and in
    use. A document without words counts as unknown.

    ``transform`` returns the mean-field activation of the joint layer given the known modalities. ``sample``,
    ``reconstruct`` and ``inverse_transform`` return data in the form given to ``fit``: a dict, or a table, which
    :meth:`split` turns into a dict. In ``sample(given=...)``, a document is known as a whole or unknown, and NaN in a
    dict means unknown. ``score_samples`` is the variational bound on the log-likelihood of the known values up to one
    constant, log Z, which ``tildex likelihood`` estimates.

    Parameters
    ----------
    n_components : int
        Units of the joint layer, 128 by default.
    modalities : sequence of Modality, optional
        Name, columns, units and hidden layers of each modality; required if one table holds several modalities.
    hidden_layer_sizes : sequence of int, or int
        Units of each pathway's hidden layers, one of 128 by default; a modality may set its own.
    hidden : Units, optional
        Unit family of all hidden layers; ``Bernoulli()`` by default.
    n_iter_pretraining : int
        Epochs per coupling of a pathway and for the joint layer, 20 by default; 0 starts from random weights.
    pretraining_rule : Rule, optional
        Rule of the pathways: ``PCD(1, centring=0.01)`` by default.
    pretraining_optimizer : Optimizer, optional
        ``SGD(0.1)`` with a linear decay to zero by default. In all stages but prediction, unbounded layers and their
        couplings learn at a fifth of the learning rate.
    rule : Rule, optional
        Rule of the joint stage: ``Variational()`` by default.
    optimizer : Optimizer, optional
        Optimiser of the joint stage: ``SGD(0.05)`` with a linear decay to zero by default.
    n_iter : int
        Epochs of the joint stage, 30 by default.
    prediction_rule : Rule, optional
        Rule of the prediction stage, the last, for several modalities only: ``MultiPrediction()`` by default. After
        it, inference makes as many mean-field updates as this rule.
    prediction_optimizer : Optimizer, optional
        ``Adam(0.003)`` with a linear decay to zero by default.
    n_iter_prediction : int
        Epochs of the prediction stage, 20 by default; 0 skips it and leaves a machine trained for likelihood alone,
        which predicts one modality from another less well.
    max_norm : float, optional
        Largest norm of a unit's weights from the layer below.
    batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`, with batches of 50 rows and averaging 0.999 by default; held-out rows validate the
        last two stages, and with ``warm_start`` another ``fit`` repeats only these, from the current weights.

    Attributes
    ----------
    modalities_ : tuple of Modality
        The modalities with all settings chosen.
    column_names_ : dict of str to list of str
        Column names of the modalities given as data frames in a dict.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import MultimodalDBM
    >>> draws = np.random.default_rng(0)
    >>> data = {"image": draws.random((50, 8), dtype="float32"), "tags": draws.poisson(1.0, (50, 5))}
    >>> dbm = MultimodalDBM(3, hidden_layer_sizes=4, n_iter=2, n_iter_pretraining=2, random_state=0).fit(data)
    >>> dbm.transform({"image": data["image"]}).shape, dbm.generate("tags", given={"image": data["image"]}).shape
    ((50, 3), (50, 5))
    """

    slug = "multimodal-dbm"
    staged = True
    can = MachineEstimator.can | {"tags"}
    row = ModelRow(
        95,
        "a pathway of layers + couplings per modality, joined on top",
        "the same; a query is a clamped sweep",
        rule="greedy, mean field + PCD, then multi-prediction",
    )
    defaults: ClassVar[dict[str, Default]] = {
        "hidden": Bernoulli(),
        "optimizer": SGD(0.05, schedule=Linear()),
        "prediction_optimizer": Adam(3e-3, schedule=Linear()),
        "prediction_rule": MultiPrediction(),
        "pretraining_optimizer": SGD(0.1, schedule=Linear()),
        "pretraining_rule": PCD(1, centring=0.01),
        "rule": Variational(),
    }

    n_components: int = field(default=128, kw_only=False)
    modalities: Sequence[Modality] | None = None
    hidden_layer_sizes: Sequence[int] | int = (128,)
    hidden: Units | None = None
    n_iter_pretraining: int = 20
    pretraining_rule: Rule | None = None
    pretraining_optimizer: Optimizer | None = None
    rule: Rule | None = None
    n_iter: int | None = 30
    prediction_rule: Rule | None = None
    prediction_optimizer: Optimizer | None = None
    n_iter_prediction: int = 20
    batch_size: int | str | None = 50
    averaging: float | None = 0.999
    max_norm: float | None = None

    modalities_: tuple[Modality, ...] = field(init=False)
    column_names_: dict[str, list[str]] = field(init=False)
    _plain: bool = field(init=False)

    def infer(self, given: Any) -> dict[str, Any]:
        """Return the expected values of all modalities given the known ones of each row, by mean field.

        Parameters
        ----------
        given : dict of str to array, or array of shape (rows, features)
            Known values. A modality that is unknown in a row is NaN in all its columns, or absent from the dict.

        Returns
        -------
        dict of str to array of shape (rows, columns)
            Known values unchanged, and expected values of the rest; expected word counts are for documents of the
            common length.
        """
        return self.split(self._over(given, lambda x: inferred(self, x)))

    def generate(self, name: str, *, given: Any, n_steps: int | None = None, random_state: Any = None) -> Any:
        """Return the expected values of one modality given others, ignoring its own values.

        Parameters
        ----------
        name : str
            The modality to generate.
        given : dict of str to array of shape (rows, columns)
            The other modalities.
        n_steps : int, optional
            Gibbs steps of one chain per row; mean field by default.
        random_state : int, RandomState or None
            The seed of the chains.
        """
        check_is_fitted(self, "module_")
        require_name(name, [one.name for one in self.modalities_])
        known = {other: values for other, values in given.items() if other != name}
        if n_steps is None:
            return self.infer(known)[name]
        rows = self.join(known)
        clamp = self._clamp(len(rows), rows, None)
        return self.split(self._sample(self.module_, len(rows), n_steps, clamp, random_state))[name]

    def trace(
        self,
        n: int = 1,
        *,
        steps: Sequence[int] = (50, 100, 150, 200, 250),
        given: Any = None,
        mask: Any = None,
        random_state: Any = None,
    ) -> dict[int, Any]:
        """Return what :meth:`sample` returns, at several steps of the same ``n`` chains: a dict of step to samples.

        Parameters
        ----------
        n : int
            Number of chains.
        steps : sequence of int
            The Gibbs steps to return.
        given, mask, random_state
            As in :meth:`sample`; without ``given``, nothing is clamped.
        """
        check_is_fitted(self, "module_")
        check_count(n)
        if not len(steps):
            raise ValueError("steps must name at least one Gibbs step")
        clamp = self._clamp(n, given, mask)
        walked = self._walk(self.module_, n, [int(step) for step in steps], clamp, random_state)
        return {step: self._as_given(rows) for step, rows in walked.items()}

    def join(self, given: Any) -> Any:
        """Return the modalities side by side in one array, absent ones as NaN, shape (rows, features)."""
        return self._over(given, lambda x: x)

    def split(self, rows: Any) -> dict[str, Any]:
        """Return a dict of each modality's columns, by name."""
        return {field.name: field.of(rows) for field in self._fields}

    def _as_given(self, rows: Any, given: Any = None) -> Any:
        return super()._as_given(rows, given) if self._plain else self.split(rows)

    @property
    def _fields(self) -> list[Field]:
        """The columns of each modality."""
        return fields_of(self.modalities_)

    def _checked(self, X: Any, *, reset: bool) -> Any:
        return checked(self, X, reset=reset)

    def _choose(self, data: Rows, weights: torch.dtype) -> Tensor:
        return choose(self, data, weights)

    def _recognise(self, data: Rows) -> None:
        recognise(self, data)

    def _present(self) -> Callable[[Tensor, Generator], Tensor] | None:
        return binariser(self.modalities_)

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> BoltzmannMachine:
        visible, hidden = [], []
        for one, field_ in zip(self.modalities_, self._fields, strict=True):
            own = None if mean is None else field_.of(mean[None])[0]
            visible.append(Layer(one.units, len(field_), mean=own))  # type: ignore[arg-type]
            sizes = layer_sizes(one.hidden_layer_sizes)
            hidden.append([Layer(part(self, "hidden"), size) for size in sizes])
        return joined(visible, hidden, Layer(part(self, "hidden"), self.n_components), generator)

    def _stages(self, data: Rows, held_out: Tensor | None) -> Stages:
        return pathway_by_pathway(self, data, held_out)

    def _paces(self) -> Sequence[Pace]:
        return paces_of(self.module_)

    def _clamp(self, n: int, given: Any, mask: Any) -> Clamp | None:
        return clamp_of(self, n, given, mask)

    def _encode(self, x: Tensor) -> Tensor:
        return infer(self.module_, x, **passes_of(self))[-1]

    def _decode(self, z: Tensor) -> Tensor:
        state = mean_field(self.module_, {len(self.module_.layers) - 1: z}, **CONVERGED)
        return torch.cat([state[k] for k in self.module_.visible], 1)

    def _log_score(self, x: Tensor) -> Tensor:
        bound: Tensor = self.module_.bound(x)
        return bound

    def _fitted(self) -> dict[str, Any]:
        return {
            "modalities": encode(self.modalities_),
            "plain": self._plain,
            "column_names": getattr(self, "column_names_", {}),
        }

    def _restore(self, fitted: dict[str, Any]) -> None:
        self.modalities_ = decode(fitted["modalities"])
        if not all(isinstance(one, Modality) for one in self.modalities_):
            raise ValueError(f"expected modalities, got {self.modalities_!r}")
        self._plain = bool(fitted["plain"])
        if names := fitted["column_names"]:
            self.column_names_ = {name: list(columns) for name, columns in names.items()}
        self.likelihood_ = families(self.modalities_)
        zeros = torch.zeros(self.n_features_in_)
        self.scaling_ = scaling_of(self.modalities_, zeros, zeros + 1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.modalities is not None and len(self.modalities) > 1
        return tags
