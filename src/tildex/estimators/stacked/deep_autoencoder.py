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
    """A deep autoencoder: its layers are trained one by one as models of the layer below, then all together (Hinton &
    Salakhutdinov, 2006, "Reducing the dimensionality of data with neural networks"; Bengio, Lamblin, Popovici &
    Larochelle, 2007, "Greedy layer-wise training of deep networks").

    In pretraining every layer is a small model that learns the mean code of the layers below it; its own corruption
    falls on that code, its own penalty and rule train it. The network is then unrolled, up through all encoders and
    down through all decoders with weights of their own, and fine-tuned to reconstruct rows.

    Parameters
    ----------
    n_components : int
        Units of the code.
    hidden_layer_sizes : sequence of int, or int
        Units of the layers between data and code; the way down mirrors them.
    pretrain : str, estimator, or sequence of either
        What trains each layer: the name of a one-layer model, ``denoising``, ``rbm``, ``contractive``, ``sparse``,
        ``dropout``, ``autoencoder``, ``vae``, ``linear`` or another, or such a model with settings of its own; one
        for all layers, or one for each, the code's last. Sizes, device, precision and randomness are the stack's;
        families that a model leaves open are those of the layers. ``none`` leaves the weights random.
    n_iter_pretraining : int, optional
        Passes over the data for each layer; by default each model's own ``n_iter``, 0 leaves pretraining out.
    hidden : Units, optional
        The family of the layers between, whose means they hold; ``Bernoulli()``, logistic units, by default.
    code : Units, optional
        The family of the code; ``Gaussian()``, a linear code, by default.
    likelihood : Units, optional
        The family of the data. By default ``Bernoulli()`` where all values lie in [0, 1] and ``Gaussian()``
        otherwise, after standardising each column.
    corruption, penalty, augmentation
        As in :class:`Autoencoder`, in fine-tuning.
    noise : Corruption, optional
        What happens to the hidden layers and the code, in fine-tuning.
    max_norm : float, optional
        The largest norm of the weights by which a unit receives, in fine-tuning.
    optimizer : Optimizer, optional
        Of fine-tuning; ``Adam(1e-3)`` by default.
    n_iter : int
        Passes over the data in fine-tuning; 0 leaves it out.
    batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`; all but the last five are of fine-tuning alone.

    Attributes
    ----------
    module_ : Pair
        The unrolled network.
    history_ : list of dict
        A record an epoch; ``stage`` counts layers and then fine-tuning from 1.

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
        # Without fine-tuning there still is a trainer, for further passes.
        return super()._plan(max(1, n_iter))
