"""The multimodal deep Boltzmann machine: a pathway for each kind of data, joined by a layer on top of all of them."""

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
    """Several kinds of data in one deep Boltzmann machine (Srivastava & Salakhutdinov, 2014, "Multimodal learning with
    deep Boltzmann machines").

    ``fit`` takes a dict of arrays, one a modality, or one table whose columns ``modalities`` shares out. A row need not
    know all modalities: one that is NaN in all its columns, or absent from the dict, is inferred, in training as in
    use. A document without any words counts as unknown.

    ``sample``, ``reconstruct`` and ``inverse_transform`` return what ``fit`` was given: a dict, or a table that
    :meth:`split` shares out. In ``sample(given=...)`` word counts are known as a whole or not, and in a dict NaN says
    what is unknown.

    The code is the mean-field activation of the joint layer, given whatever is known. ``score_samples`` is the
    variational bound on the log-likelihood of what is known up to one constant, log Z, which ``tildex likelihood``
    estimates.

    Parameters
    ----------
    n_components : int
        Units of the joint layer.
    modalities : sequence of Modality, optional
        What the kinds of data are called, which columns are theirs, their units and layers; needed for one table of
        several kinds.
    hidden_layer_sizes : sequence of int, or int
        Units of the layers between data and joint layer, of modalities that do not say their own.
    hidden : Units, optional
        The family of all hidden layers; ``Bernoulli()`` by default.
    n_iter_pretraining : int
        Passes over the data for each coupling of a pathway and for the joint layer; 0 begins with random weights.
    pretraining_rule : Rule, optional
        Of the pathways: ``PCD(1, centring=0.01)`` by default.
    pretraining_optimizer : Optimizer, optional
        ``SGD(0.1)`` with a rate that falls to zero by default. Here and in the joint training, what data without bounds
        learn by learns at a fifth of the rate.
    rule : Rule, optional
        Of the joint training: ``Variational()`` by default.
    optimizer : Optimizer, optional
        Of the joint training: ``SGD(0.05)`` with a rate that falls to zero by default.
    n_iter : int
        Passes over the data in the joint training.
    prediction_rule : Rule, optional
        Of the training that follows, of several modalities: ``MultiPrediction()`` by default. What is inferred
        afterwards is inferred by as many passes of mean field as the rule has.
    prediction_optimizer : Optimizer, optional
        ``Adam(0.003)`` with a rate that falls to zero by default.
    n_iter_prediction : int
        Passes over the data in that training; 0 leaves a machine that was trained for likelihood alone, which predicts
        one modality from another worse.
    max_norm : float, optional
        The largest norm of the weights a unit receives by from the layer below.
    batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`; held-out rows are judged in the last two trainings, and with ``warm_start`` another
        ``fit`` goes on with these.

    Attributes
    ----------
    modalities_ : tuple of Modality
        What was chosen for each kind of data.
    column_names_ : dict of str to list of str
        The columns' names of kinds that came as frames in a dict.

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
        "a pathway of layers + couplings a modality, joined on top",
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
    n_iter: int = 30
    prediction_rule: Rule | None = None
    prediction_optimizer: Optimizer | None = None
    n_iter_prediction: int = 20
    batch_size: int | None = 50
    averaging: float | None = 0.999
    max_norm: float | None = None

    modalities_: tuple[Modality, ...] = field(init=False)
    column_names_: dict[str, list[str]] = field(init=False)
    _plain: bool = field(init=False)

    def infer(self, given: Any) -> dict[str, Any]:
        """Return the expected values of all modalities given what is known of each row, by mean field.

        Parameters
        ----------
        given : dict of str to array, or array of shape (rows, features)
            What is known. A modality that a row does not know is NaN in all its columns, or absent from the dict.

        Returns
        -------
        dict of str to array of shape (rows, columns)
            What was given as it was, and expected values of the rest: of word counts, in documents of the common
            length.
        """
        return self.split(self._over(given, lambda x: inferred(self, x)))

    def generate(self, name: str, *, given: Any, n_steps: int | None = None, random_state: Any = None) -> Any:
        """Return expected values of one modality given others, whatever is known of it.

        Parameters
        ----------
        name : str
            The modality wanted.
        given : dict of str to array of shape (rows, columns)
            The others.
        n_steps : int, optional
            The step of a Gibbs chain a row at which to look; mean field when not given.
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
        """Return what :meth:`sample` would at several steps of the same ``n`` chains, a dict of step to samples.

        Parameters
        ----------
        n : int
            Chains.
        steps : sequence of int
            The Gibbs steps at which to look.
        given, mask, random_state
            As in :meth:`sample`; without ``given``, chains wander freely.
        """
        check_is_fitted(self, "module_")
        check_count(n)
        if not len(steps):
            raise ValueError("steps must name at least one Gibbs step")
        clamp = self._clamp(n, given, mask)
        walked = self._walk(self.module_, n, [int(step) for step in steps], clamp, random_state)
        return {step: self._as_given(rows) for step, rows in walked.items()}

    def join(self, given: Any) -> Any:
        """Return modalities side by side in one array, NaN for those that are absent, shape (rows, features)."""
        return self._over(given, lambda x: x)

    def split(self, rows: Any) -> dict[str, Any]:
        """Return the columns of each modality, by name."""
        return {field.name: field.of(rows) for field in self._fields}

    def _as_given(self, rows: Any) -> Any:
        return rows if self._plain else self.split(rows)

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
        # A density stretches with the columns that are known, and only with these.
        logs = torch.where(x.isnan(), 0.0, self.scaling_.scale.log()).sum(1)
        bound: Tensor = self.module_.bound(x)
        return bound - logs - self.scaling_.log_volume()

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
