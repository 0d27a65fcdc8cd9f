"""The general autoencoder, and the dropout autoencoder."""

from __future__ import annotations

from typing import ClassVar

from tildex.corruptions import Dropout
from tildex.estimators.autoencoders.neural import NeuralAutoencoder, starts_at_random
from tildex.estimators.base.settings import Default, settings, where
from tildex.estimators.base.table import ModelRow
from tildex.units import Bernoulli, Gaussian

__all__ = ["Autoencoder", "DropoutAutoencoder"]


@settings
class Autoencoder(NeuralAutoencoder):
    """A neural autoencoder: an encoder and a decoder, trained with any corruption, penalty and internal noise.

    The loss is minus log P(x | h) in nats, summed over features and averaged over rows: the cross-entropy for a
    Bernoulli likelihood, half the squared error of standardised columns for a Gaussian one. ``transform`` returns the
    mean code, ``reconstruct`` the decoder's mean, and ``score_samples`` log P(x | h) per row.

    Parameters
    ----------
    n_components : int
        Units of the code, 64 by default; may exceed the number of features.
    hidden_layer_sizes : sequence of int, or int
        Units of the hidden layers between data and code, none by default; the decoder mirrors them.
    activation : str
        Activation of the hidden layers: relu (the default), tanh, logistic, softplus, elu, gelu, silu or identity.
    architecture : Architecture, optional
        ``Dense()``, the hidden layers alone, by default; ``Convolutional(image_shape)`` puts convolutions between
        the rows and these layers.
    norm : Norm, optional
        Normalises the inputs of hidden layers: ``BatchNorm()`` or ``LayerNorm()``.
    code : Units or Activation, optional
        Unit family of the code; its mean is the activation of the last encoder layer: ``Gaussian()``, the default, is
        linear, ``Bernoulli()`` logistic. Or an activation without a distribution, such as ``TopK()``.
    likelihood : Units, optional
        Unit family of the data. By default ``Bernoulli()`` where all values lie in [0, 1] and a quarter of them near
        an end; otherwise ``Gaussian()``, after standardising each column, or all columns together if they lie in
        [0, 1], as the pixels of photographs do.
    corruption : Corruption, optional
        Noise on the encoder's input, in training only.
    penalty : Penalty, optional
        Term added to the training loss.
    noise : Corruption, optional
        Noise on the hidden layers, in training only.
    code_noise : Corruption, optional
        Noise on the code, in training only; ``noise`` by default.
    augmentation : Corruption, optional
        Random change of each training row that the model reconstructs too, such as ``Shift()`` of images. Held-out
        rows are also changed, in the same way at every epoch.
    optimizer : Optimizer, optional
        ``Adam(3e-3)`` with a cosine schedule by default; ``Adam(1e-2, weight_decay=0.1)`` for binary rows and no hidden
        layers.
    init : str
        The weights before training: "pca", where one matrix leads to the code and one back, the best linear ones in
        closed form, from which training can only gain; "random"; "auto", the default, is "pca" where possible.
    n_iter : int, optional
        Epochs: passes over the training data. By default as many as make 2,000 steps, at least 20, but no more than
        20,000 steps take. ``partial_fit`` then keeps the learning rate constant.
    batch_size : int, "auto" or None
        Rows per step: "auto", the default, is a tenth of the rows, from 16 to 256; None is all.
    shuffle : bool
        Whether every epoch reads the rows in a new order; True by default.
    early_stopping : bool or "auto"
        Whether to stop when the loss on held-out rows no longer improves, and keep the best weights. "auto", the
        default, does so where ``n_iter`` is open and there are at least 50 rows, unless they are binary and there are
        no hidden layers. It waits for a quarter of the passes, and keeps the start unless training beats it by two
        standard errors.
    validation_fraction, n_iter_no_change, tol
        Held-out share (0.1), epochs to wait without improvement (10), and the least improvement that counts (1e-4).
    averaging : float, optional
        Decay of an exponential moving average of the weights, which become the trained weights.
    clip_norm : float, optional
        Largest norm of the gradient.
    precision : str
        float32, float64, bfloat16 (matrix products only), or auto, the default: that of the data.
    device : str
        auto, cpu, cuda, ...
    warm_start : bool
        Whether another ``fit`` continues from the current weights.
    verbose : int
        Lines to print: 0 for none, 1 for one per epoch.
    random_state : int, RandomState or None
        Seed of all randomness.

    Attributes
    ----------
    module_ : Pair
        The trained torch module.
    history_ : list of dict
        One record per epoch.
    likelihood_ : Units
        The unit family of the data, given or chosen.
    batch_size_ : int
        Rows per step, given or chosen.
    standing_ : Standing
        The squared error beside that of PCA of equal rank, where ``n_iter`` was open; ``standing_.sentence`` says it.
        A loss is a :class:`LosesToBaseline` warning.

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
    """An autoencoder trained with dropout of inputs, hidden layers or code (Srivastava et al., 2014, "Dropout: a simple
    way to prevent neural networks from overfitting").

    All parameters are those of :class:`Autoencoder`; three of them set the dropout. ``corruption`` acts on the inputs,
    none by default; ``noise`` on the hidden layers, ``Dropout(0.1)`` by default; ``code_noise`` on the code, the same
    as ``noise`` by default. ``Dropout(0)`` switches one off. With ``init="random"``, ``noise`` defaults to
    ``Dropout(0.2)`` and ``code`` to ``Bernoulli()``, as published.

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
        "code": where(starts_at_random, Bernoulli(), otherwise=Gaussian()),
        "noise": where(starts_at_random, Dropout(0.2), otherwise=Dropout(0.1)),
    }
