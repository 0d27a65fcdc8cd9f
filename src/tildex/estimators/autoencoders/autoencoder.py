"""Neural autoencoders, each the general one with its own default part: a row of the table and hardly more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from tildex.corruptions import Corruption, Dropout
from tildex.estimators.base.checks import layer_sizes
from tildex.estimators.base.columns import Columns, automatic, start_at
from tildex.estimators.base.pair import PairEstimator
from tildex.estimators.base.table import ModelRow
from tildex.generator import Generator
from tildex.maps import Architecture, Dense, Norm
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
    architecture : Architecture, optional
        What maps rows to codes and back: ``Dense()``, those layers alone, by default; ``Convolutional(image_shape)``
        puts convolutions between them and the rows.
    norm : Norm, optional
        What normalises the inputs of hidden layers: ``BatchNorm()`` or ``LayerNorm()``.
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
        What happens to the hidden layers, in training.
    code_noise : Corruption, optional
        What happens to the code, in training; the same as to hidden layers by default.
    augmentation : Corruption, optional
        What happens to each row before anything else, in training: the model sees the result and is to return it, as
        with images moved by ``Shift()``. Held-out rows go through it as well, in the same way every time.
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
    defaults: ClassVar[dict[str, Part]] = {
        "optimizer": Adam(),
        "code": Gaussian(),
        "architecture": Dense(),
    }

    def __init__(
        self,
        n_components: int = 64,
        *,
        hidden_layer_sizes: Sequence[int] | int = (),
        activation: str = "relu",
        architecture: Architecture | None = None,
        norm: Norm | None = None,
        code: Units | Activation | None = None,
        likelihood: Units | None = None,
        corruption: Corruption | None = None,
        penalty: Penalty | None = None,
        noise: Corruption | None = None,
        code_noise: Corruption | None = None,
        augmentation: Corruption | None = None,
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
        self.architecture = architecture
        self.norm = norm
        self.code = code
        self.likelihood = likelihood
        self.corruption = corruption
        self.penalty = penalty
        self.noise = noise
        self.code_noise = code_noise
        self.augmentation = augmentation
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
        code, noise, code_noise = self._part("code"), self._part("noise"), self._part("code_noise")
        sizes = [n_features, *layer_sizes(self.hidden_layer_sizes), self.n_components]
        architecture: Architecture = self._part("architecture")
        layers = {
            "generator": generator,
            "activation": self.activation,
            "norm": self._part("norm"),
            "noise": noise,
        }
        encoder = architecture.encoder(sizes, **layers)
        lossy = noise if code_noise is None else code_noise
        decoder = architecture.decoder(sizes[::-1], input_noise=lossy, **layers)
        units = likelihood.sized(n_features)
        start_at(decoder, units, mean)
        return Pair(Conditional(encoder, code.sized(self.n_components)), Conditional(decoder, units))

    def _rule(self) -> Rule:
        return Reconstruction(self._part("corruption"), self._part("penalty"))

    def _present(self) -> Callable[[Tensor, Generator], Tensor] | None:
        augmentation: Corruption | None = self._part("augmentation")
        return augmentation


class DropoutAutoencoder(Autoencoder):
    """An autoencoder that loses part of its inputs, hidden layers or code at random in training (Srivastava et al.,
    2014, "Dropout: a simple way to prevent neural networks from overfitting").

    All parameters are those of :class:`Autoencoder`; three say what is lost where. ``corruption`` acts on the inputs,
    none by default; ``noise`` on the hidden layers, ``Dropout(0.2)`` by default; ``code_noise`` on the code, by
    default as ``noise``. ``Dropout(0)`` switches one of them off.

    Example
    -------
    >>> from tildex import Dropout, DropoutAutoencoder
    >>> DropoutAutoencoder(16, corruption=Dropout(0.1), noise=Dropout(0.5), code_noise=Dropout(0.2))
    DropoutAutoencoder(code_noise=Dropout(rate=0.2), corruption=Dropout(rate=0.1),
                       n_components=16, noise=Dropout(rate=0.5))
    """

    slug = "dropout"
    row = ModelRow(50, "map + units", "map + units", corruption="masking of inputs, hidden layers or code")
    defaults: ClassVar[dict[str, Part]] = {**Autoencoder.defaults, "code": Bernoulli(), "noise": Dropout(0.2)}
