"""The denoising autoencoder: reconstructs rows from corrupted rows, and so learns the data distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.corruptions import GaussianNoise, Masking, per_column
from tildex.estimators.autoencoders.neural import NeuralAutoencoder, starts_at_random
from tildex.estimators.base.checks import check_count, drawing
from tildex.estimators.base.machine import known_values
from tildex.estimators.base.settings import Default, part, settings, where
from tildex.estimators.base.table import ModelRow
from tildex.evaluate import score_field
from tildex.generator import Generator
from tildex.models import Denoiser
from tildex.products import fast_products
from tildex.rules import Reconstruction, Rule
from tildex.units import Bernoulli, Gaussian, LearnedGaussian, Units

__all__ = ["DenoisingAutoencoder"]


@settings
class DenoisingAutoencoder(NeuralAutoencoder):
    """An autoencoder that reconstructs the clean row from a corrupted one (Vincent et al., 2008, "Extracting and
    composing robust features with denoising autoencoders").

    All parameters are those of :class:`Autoencoder` and the four below. ``corruption`` defaults to ``Masking(0.1)``;
    with ``init="random"``, as published, to ``Masking(0.3)``, and ``code`` to ``Bernoulli()``. ``likelihood``, where
    :class:`Autoencoder` takes ``Gaussian()``, defaults to ``LearnedGaussian()``, so that the draws of :meth:`sample`
    vary about their mean as much as the data do.

    Parameters
    ----------
    tied : bool
        Whether the decoder uses the encoder's weights transposed; False by default.
    on_corrupted, on_intact : float
        Weights in the loss of corrupted and of intact values, both 1 by default; ``on_intact=0`` is full emphasis
        (Vincent et al., 2010, "Stacked denoising autoencoders").
    walkback : int
        Steps of the model's own chain, each of which must reconstruct the row; 1, the default, is plain training.

    Example
    -------
    >>> from tildex import DenoisingAutoencoder, Masking
    >>> DenoisingAutoencoder(n_components=16, corruption=Masking(0.5), on_intact=0.0)
    DenoisingAutoencoder(corruption=Masking(rate=0.5), n_components=16,
                         on_intact=0.0)
    """

    slug = "denoising"
    real_units = LearnedGaussian
    can = NeuralAutoencoder.can | {"sample", "complete"}
    row = ModelRow(30, "map + units", "map + units", corruption="masking, Gaussian, salt and pepper, any")
    defaults: ClassVar[dict[str, Default]] = {
        **NeuralAutoencoder.defaults,
        "code": where(starts_at_random, Bernoulli(), otherwise=Gaussian()),
        "corruption": where(starts_at_random, Masking(0.3), otherwise=Masking(0.1)),
    }

    tied: bool = False
    on_corrupted: float = 1.0
    on_intact: float = 1.0
    walkback: int = 1

    def sample(
        self,
        n: int = 1,
        *,
        n_steps: int = 1000,
        given: Any = None,
        mask: Any = None,
        random_state: Any = None,
    ) -> Any:
        """Return the mean rows of ``n`` chains after ``n_steps`` steps, shape (n, features), in the data's units.

        A step corrupts a row, encodes it and draws from P(x | h). It draws values, not means, since a chain of means
        converges to one point. Training with ``walkback`` keeps chains near the data.

        Parameters
        ----------
        n : int
            Number of chains.
        n_steps : int
            Steps per chain, from independent units with the training data's means.
        given : array of shape (features,) or (n, features), optional
            Known values, clamped at every step; NaN means unknown.
        mask : boolean array like ``given``, optional
            Which values are known, instead of NaN.
        random_state : int, RandomState or None
            The seed; None continues the estimator's own random stream.
        """
        check_is_fitted(self, "module_")
        check_count(n)
        if n_steps < 1:
            raise ValueError(f"n_steps must be at least 1, got {n_steps}")
        values, known = known_values(self, n, given, mask) or (None, None)
        generator = drawing(self, random_state)
        with torch.no_grad(), fast_products(generator.device):
            rows = self.module_.walk(n, n_steps, generator, values=values, known=known)
            return self._as_given(self.scaling_.inverse(rows).cpu().numpy())

    def score_field(self, X: Any) -> Any:
        """Return the estimated gradient of the log-density of *noisy* data at each row, shape (rows, features).

        The gradient is in the data's units. The density is that of the data plus the noise used in training; see
        :func:`tildex.evaluate.score_field`.

        Raises
        ------
        ValueError
            If the training corruption was not ``GaussianNoise``, or had scale zero.
        """
        check_is_fitted(self, "module_")
        noise = self.module_.corruption
        if not isinstance(noise, GaussianNoise):
            raise ValueError(f"a score field needs a model trained with GaussianNoise, got {noise!r}")

        def field(x: Tensor) -> Tensor:
            x = self.scaling_(x)
            return score_field(self.module_, x, per_column("scale", noise.scale, x)) / self.scaling_.scale

        return self._over(X, field)

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> Denoiser:
        pair = super()._build(n_features, likelihood, generator, mean)
        start = torch.zeros(n_features) if mean is None else mean
        return Denoiser(pair.encoder, pair.decoder, part(self, "corruption"), start)

    def _rule(self) -> Rule:
        return Reconstruction(
            penalty=part(self, "penalty"),
            corruption=part(self, "corruption"),
            on_corrupted=self.on_corrupted,
            on_intact=self.on_intact,
            walkback=self.walkback,
        )
