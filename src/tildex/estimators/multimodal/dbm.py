"""The multimodal deep Boltzmann machine: a pathway for each kind of data, joined by a layer in which all meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from tildex.estimators.base.table import ModelRow
from tildex.estimators.multimodal.modality import Modality
from tildex.estimators.multimodal.plan import MeetingEstimator
from tildex.estimators.multimodal.queries import QueryingMixin
from tildex.generator import Generator
from tildex.models import Layer, joined
from tildex.optimizers import SGD, Adam, Linear, Optimizer
from tildex.part import Part
from tildex.rules import PCD, MultiPrediction, Rule, Variational
from tildex.units import Bernoulli, Units

__all__ = ["MultimodalDBM"]


class MultimodalDBM(QueryingMixin, MeetingEstimator):
    """Several kinds of data in one deep Boltzmann machine (Srivastava & Salakhutdinov, 2014, "Multimodal learning with
    deep Boltzmann machines").

    ``fit`` takes a dict of arrays, one a modality, or one table whose columns ``modalities`` shares out. A row need not
    know all modalities: one that is NaN in all its columns, or absent from the dict, is inferred, in training as in
    use. A document without any words counts as unknown.

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
    can = QueryingMixin.can | {"tags"}
    row = ModelRow(
        95,
        "a pathway of layers + couplings a modality, joined on top",
        "the same; a query is a clamped sweep",
        rule="greedy, mean field + PCD, then multi-prediction",
    )
    defaults: ClassVar[dict[str, Part]] = {
        "hidden": Bernoulli(),
        "optimizer": SGD(0.05, schedule=Linear()),
        "prediction_optimizer": Adam(3e-3, schedule=Linear()),
        "prediction_rule": MultiPrediction(),
        "pretraining_optimizer": SGD(0.1, schedule=Linear()),
        "pretraining_rule": PCD(1, centring=0.01),
        "rule": Variational(),
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        modalities: Sequence[Modality] | None = None,
        hidden_layer_sizes: Sequence[int] | int = (128,),
        hidden: Units | None = None,
        n_iter_pretraining: int = 20,
        pretraining_rule: Rule | None = None,
        pretraining_optimizer: Optimizer | None = None,
        rule: Rule | None = None,
        optimizer: Optimizer | None = None,
        n_iter: int = 30,
        prediction_rule: Rule | None = None,
        prediction_optimizer: Optimizer | None = None,
        n_iter_prediction: int = 20,
        batch_size: int | None = 50,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        averaging: float | None = 0.999,
        clip_norm: float | None = None,
        max_norm: float | None = None,
        precision: str = "auto",
        device: str = "auto",
        warm_start: bool = False,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.modalities = modalities
        self.hidden_layer_sizes = hidden_layer_sizes
        self.hidden = hidden
        self.n_iter_pretraining = n_iter_pretraining
        self.pretraining_rule = pretraining_rule
        self.pretraining_optimizer = pretraining_optimizer
        self.rule = rule
        self.optimizer = optimizer
        self.n_iter = n_iter
        self.prediction_rule = prediction_rule
        self.prediction_optimizer = prediction_optimizer
        self.n_iter_prediction = n_iter_prediction
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.averaging = averaging
        self.clip_norm = clip_norm
        self.max_norm = max_norm
        self.precision = precision
        self.device = device
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        visible, hidden = [], []
        for one, field in zip(self.modalities_, self._fields, strict=True):
            assert one.units is not None
            own = None if mean is None else field.of(mean[None])[0]
            visible.append(Layer(one.units, len(field), mean=own))
            sizes = one.hidden_layer_sizes
            assert isinstance(sizes, tuple)
            hidden.append([Layer(self._part("hidden"), size) for size in sizes])
        return joined(visible, hidden, Layer(self._part("hidden"), self.n_components), generator)

    def _rule(self) -> Rule:
        rule: Rule = self._part("rule")
        return rule
