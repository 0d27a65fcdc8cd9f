"""The general autoencoder, and the one that loses units at random."""

from __future__ import annotations

from typing import ClassVar

from tildex.corruptions import Dropout
from tildex.estimators.autoencoders.neural import NeuralAutoencoder
from tildex.estimators.base.settings import Default, settings
from tildex.estimators.base.table import ModelRow
from tildex.units import Bernoulli

__all__ = ["Autoencoder", "DropoutAutoencoder"]


@settings
class Autoencoder(NeuralAutoencoder):
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


@settings
class DropoutAutoencoder(NeuralAutoencoder):
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
    defaults: ClassVar[dict[str, Default]] = {
        **NeuralAutoencoder.defaults,
        "code": Bernoulli(),
        "noise": Dropout(0.2),
    }
