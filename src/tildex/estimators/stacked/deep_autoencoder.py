r"""The deep autoencoder: one-layer models stacked, unrolled into one network, and fine-tuned.

.. math:: h = f_L(\dots f_1(x)), \qquad \tilde x = g_1(\dots g_L(h))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any, ClassVar

from torch import Tensor

from tildex.corruptions import Corruption
from tildex.estimators.base.pair import PairEstimator
from tildex.estimators.base.settings import Default, part, settings
from tildex.estimators.base.table import ModelRow
from tildex.estimators.stacked.layerwise_plan import layer_by_layer, unrolled
from tildex.generator import Generator
from tildex.models import Pair
from tildex.optimizers import Adam
from tildex.penalties import Penalty
from tildex.rules import Reconstruction, Rule
from tildex.train import Plan, Rows
from tildex.train.stages import Stages
from tildex.units import Activation, Bernoulli, Gaussian, Units

__all__ = ["DeepAutoencoder"]


@settings
class DeepAutoencoder(PairEstimator):
    """A deep autoencoder: greedy layerwise pretraining, then fine-tuning of all layers (Hinton & Salakhutdinov, 2006,
    "Reducing the dimensionality of data with neural networks"; Bengio, Lamblin, Popovici & Larochelle, 2007, "Greedy
    layer-wise training of deep networks").

    In pretraining each layer is a one-layer model trained on the mean code of the layers below, with its own
    corruption, penalty and rule. The models are then unrolled into one network, all encoders upwards and all decoders
    downwards with weights of their own, and fine-tuned to reconstruct rows. ``transform`` returns the mean code,
    ``reconstruct`` the decoder's mean, and ``score_samples`` log P(x | code) per row.

    Parameters
    ----------
    n_components : int
        Units of the code, 30 by default.
    hidden_layer_sizes : sequence of int, or int
        Units of the hidden layers between data and code, (256, 64) by default; the decoder mirrors them.
    pretrain : str, estimator, or sequence of either
        The one-layer model of each layer: a name, such as ``denoising``, the default, ``rbm``, ``contractive``,
        ``sparse``, ``dropout``, ``autoencoder``, ``vae`` or ``linear``, or an estimator with its own settings. One
        for all layers, or one per layer, the code's last. The stack sets sizes, device, precision and randomness, and
        the unit families that a model leaves open. ``none`` leaves the weights random.
    n_iter_pretraining : int, optional
        Epochs per layer; each model's own ``n_iter`` by default, and 0 skips pretraining.
    hidden : Units, optional
        Unit family of the hidden layers, which hold means; ``Bernoulli()``, logistic units, by default.
    code : Units, optional
        Unit family of the code; ``Gaussian()``, a linear code, by default.
    likelihood : Units, optional
        Unit family of the data. By default ``Bernoulli()`` where all values lie in [0, 1]; otherwise ``Gaussian()``,
        after standardising each column.
    corruption, penalty, augmentation
        As in :class:`Autoencoder`, in fine-tuning.
    noise : Corruption, optional
        Noise on the hidden layers and the code, in fine-tuning.
    max_norm : float, optional
        Largest norm of a unit's incoming weights, in fine-tuning.
    optimizer : Optimizer, optional
        Optimiser of fine-tuning; ``Adam(1e-3)`` by default.
    n_iter : int
        Epochs of fine-tuning, 50 by default; 0 skips it.
    batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`; all but the last five apply to fine-tuning only.

    Attributes
    ----------
    module_ : Pair
        The unrolled network.
    history_ : list of dict
        One record per epoch; ``stage`` counts the layers from 1, and then fine-tuning.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import RBM, DeepAutoencoder
    >>> X = np.random.default_rng(0).random((50, 8), dtype="float32")
    >>> deep = DeepAutoencoder(2, hidden_layer_sizes=(6, 4), pretrain=RBM(n_iter=2), n_iter=2, random_state=0).fit(X)
    >>> deep.transform(X).shape, [int(record["stage"]) for record in deep.history_]
    ((50, 2), [1, 1, 2, 2, 3, 3, 4, 4])
    """

    slug = "deep"
    staged = True
    allows_nan = True
    least_passes = 0
    row = ModelRow(55, "unrolled stack", "unrolled stack", "any", "any", "greedy, then reconstruction")
    defaults: ClassVar[dict[str, Default]] = {"optimizer": Adam(), "hidden": Bernoulli(), "code": Gaussian()}

    n_components: int = field(default=30, kw_only=False)
    hidden_layer_sizes: Sequence[int] | int = (256, 64)
    pretrain: Any = "denoising"
    n_iter_pretraining: int | None = None
    hidden: Units | None = None
    code: Units | Activation | None = None
    likelihood: Units | None = None
    corruption: Corruption | None = None
    penalty: Penalty | None = None
    noise: Corruption | None = None
    augmentation: Corruption | None = None
    max_norm: float | None = None

    def _build(self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None) -> Pair:
        return unrolled(self, n_features, likelihood, generator, mean)

    def _stages(self, data: Rows, held_out: Tensor | None) -> Stages:
        return layer_by_layer(self, data, held_out)

    def _rule(self) -> Rule:
        return Reconstruction(part(self, "corruption"), part(self, "penalty"))

    def _plan(self, n_iter: int) -> Plan:
        # Without fine-tuning there is still a trainer, for partial_fit.
        return super()._plan(max(1, n_iter))
