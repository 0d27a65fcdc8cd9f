"""Neural autoencoders, each the general one with its own default part: a row of the table and hardly more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from tildex.corruptions import Corruption, Dropout
from tildex.estimators.inputs import Columns, layer_sizes
from tildex.estimators.pairs import PairEstimator, automatic, start_at
from tildex.estimators.table import ModelRow
from tildex.generator import Generator
from tildex.maps import MLP
from tildex.models import Conditional, Pair
from tildex.optimizers import Adam, Optimizer
from tildex.part import Part
from tildex.penalties import Penalty
from tildex.rules import Reconstruction, Rule
from tildex.units import Activation, Bernoulli, Gaussian, Units

__all__ = [
    "Autoencoder",
    "DropoutAutoencoder",
]


class Autoencoder(PairEstimator):
    """A neural autoencoder: an encoder, a decoder, and any corruption, penalty and inner noise.

    The loss is minus log P(x | h) in nats, summed over features and averaged over rows: the cross-entropy where the
    likelihood is Bernoulli, half the squared error of standardised columns where it is Gaussian.

    Parameters
    ----------
    n_components : int
        Units of the code; may exceed the number of features.
    hidden_layer_sizes : sequence of int, or int
        Units of the layers between data and code; the decoder mirrors them.
    activation : str
        Of those layers: relu, tanh, logistic, softplus, elu, gelu, silu or identity.
    code : Units or Activation, optional
        The family of the code, whose mean is the activation of the last encoder layer: ``Gaussian()`` is linear,
        ``Bernoulli()`` logistic. Or an activation that is no distribution, such as ``TopK()``.
    likelihood : Units, optional
        The family of the data. By default ``Bernoulli()`` where all values lie in [0, 1] and ``Gaussian()``
        otherwise, after standardising each column.
    corruption : Corruption, optional
        What happens to the data before the encoder sees it, in training.
    penalty : Penalty, optional
        What training adds to the loss.
    noise : Corruption, optional
        What happens to the hidden layers and the code, in training.
    optimizer : Optimizer, optional
        ``Adam(1e-3)`` by default.
    n_iter : int
        Passes over the data.
    batch_size : int or None
        Rows a step; None for all.
    shuffle : bool
        Whether every pass takes the rows in a new order.
    early_stopping : bool
        Whether to stop when held-out rows no longer improve, and return the best weights.
    validation_fraction, n_iter_no_change, tol
        The share held out, the epochs to wait, and what counts as an improvement.
    averaging : float, optional
        Decay of an exponential average of the weights, which training then returns.
    clip_norm : float, optional
        The largest gradient norm of a step.
    precision : str
        float32, float64, bfloat16 (products only), or auto: that of the data.
    device : str
        auto, cpu, cuda, ...
    warm_start : bool
        Whether another ``fit`` goes on from the present weights.
    verbose : int
        Lines to print: none, or one an epoch.
    random_state : int, RandomState or None
        The seed of everything random.

    Attributes
    ----------
    module_ : Pair
        The trained torch module.
    history_ : list of dict
        A record an epoch.
    likelihood_ : Units
        The family of the data that was chosen.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import Autoencoder
    >>> X = np.random.default_rng(0).random((50, 8), dtype="float32")
    >>> ae = Autoencoder(n_components=3, n_iter=2, random_state=0).fit(X)
    >>> ae.transform(X).shape, ae.reconstruct(X).shape
    ((50, 3), (50, 8))
    """

    slug = "autoencoder"
    row = ModelRow(10, "map + units", "map + units", "any", "any")
    defaults: ClassVar[dict[str, Part]] = {"optimizer": Adam(), "code": Gaussian()}

    def __init__(
        self,
        n_components: int = 64,
        *,
        hidden_layer_sizes: Sequence[int] | int = (),
        activation: str = "relu",
        code: Units | Activation | None = None,
        likelihood: Units | None = None,
        corruption: Corruption | None = None,
        penalty: Penalty | None = None,
        noise: Corruption | None = None,
        optimizer: Optimizer | None = None,
        n_iter: int = 50,
        batch_size: int | None = 100,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        averaging: float | None = None,
        clip_norm: float | None = None,
        precision: str = "auto",
        device: str = "auto",
        warm_start: bool = False,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.code = code
        self.likelihood = likelihood
        self.corruption = corruption
        self.penalty = penalty
        self.noise = noise
        self.optimizer = optimizer
        self.n_iter = n_iter
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

    def _likelihood(self, columns: Columns) -> Units:
        return automatic(self._part("likelihood"), columns)

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        code, noise = self._part("code"), self._part("noise")
        hidden = layer_sizes(self.hidden_layer_sizes)
        up = [n_features, *hidden, self.n_components]
        encoder = MLP(up, generator=generator, activation=self.activation, noise=noise)
        decoder = MLP(
            up[::-1], generator=generator, activation=self.activation, input_noise=noise, noise=noise
        )
        units = likelihood.sized(n_features)
        start_at(decoder, units, mean)
        return Pair(Conditional(encoder, code.sized(self.n_components)), Conditional(decoder, units))

    def _rule(self) -> Rule:
        return Reconstruction(self._part("corruption"), self._part("penalty"))


class DropoutAutoencoder(Autoencoder):
    """An autoencoder that loses part of its hidden layers and code at random in training (Srivastava et al., 2014).

    All parameters are those of :class:`Autoencoder`; ``noise`` defaults to ``Dropout(0.2)``.
    """

    slug = "dropout"
    row = ModelRow(50, "map + units", "map + units", corruption="masking inside the net")
    defaults: ClassVar[dict[str, Part]] = {**Autoencoder.defaults, "code": Bernoulli(), "noise": Dropout(0.2)}
