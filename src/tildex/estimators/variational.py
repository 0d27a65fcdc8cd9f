"""The variational autoencoder: an encoder with a mean and a variance a unit, trained on the evidence lower bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from tildex.estimators.inputs import Columns, layer_sizes
from tildex.estimators.pairs import PairEstimator, automatic, start_at
from tildex.estimators.table import ModelRow
from tildex.generator import Generator
from tildex.maps import MLP
from tildex.models import Conditional, Pair
from tildex.optimizers import Adam, Optimizer
from tildex.part import Part
from tildex.rules import ELBO, Rule, importance_weighted_bound
from tildex.units import DiagonalGaussian, Units

__all__ = ["VariationalAutoencoder"]

# The bound of `score_samples`: enough draws to be within about a nat on small images, and the same ones for all.
_BOUND_SAMPLES = 64


class VariationalAutoencoder(PairEstimator):
    """A variational autoencoder (Kingma & Welling, 2014), with beta a beta-VAE (Higgins et al., 2017).

    ``transform`` gives the code's mean; ``score_samples`` the importance-weighted bound on log P(x) from 64 fixed
    draws.

    Parameters
    ----------
    n_components : int
        Units of the code.
    hidden_layer_sizes, activation, likelihood
        As in :class:`Autoencoder`.
    beta : float
        What the divergence of the code from its prior counts.
    n_samples : int
        Draws of the code a row and step.
    optimizer, n_iter, batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, \
clip_norm, precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import VariationalAutoencoder
    >>> X = np.random.default_rng(0).random((50, 8), dtype="float32")
    >>> vae = VariationalAutoencoder(n_components=2, n_iter=2, random_state=0).fit(X)
    >>> vae.sample(3).shape
    (3, 8)
    """

    slug = "vae"
    row = ModelRow(60, "map + diagonal Gaussian", "map + units", rule="ELBO")
    defaults: ClassVar[dict[str, Part]] = {"optimizer": Adam()}

    def __init__(
        self,
        n_components: int = 10,
        *,
        hidden_layer_sizes: Sequence[int] | int = (128,),
        activation: str = "relu",
        likelihood: Units | None = None,
        beta: float = 1.0,
        n_samples: int = 1,
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
        self.likelihood = likelihood
        self.beta = beta
        self.n_samples = n_samples
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

    def sample(self, n: int = 1, *, random_state: Any = None) -> Any:
        """Return the mean rows of ``n`` codes drawn from the prior, shape (n, features), in the data's units."""
        check_count(n)
        codes = self._draws(random_state).normal(n, self.n_components)
        return self.inverse_transform(codes.cpu().numpy())

    def _likelihood(self, columns: Columns) -> Units:
        return automatic(self._part("likelihood"), columns)

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        hidden = layer_sizes(self.hidden_layer_sizes)
        code, units = DiagonalGaussian(), likelihood.sized(n_features)
        up = [n_features, *hidden, code.arity * self.n_components]
        down = [self.n_components, *hidden[::-1], n_features]
        encoder = MLP(up, generator=generator, activation=self.activation)
        decoder = MLP(down, generator=generator, activation=self.activation)
        start_at(decoder, units, mean)
        return Pair(Conditional(encoder, code), Conditional(decoder, units))

    def _rule(self) -> Rule:
        return ELBO(self.beta, self.n_samples)

    def _log_score(self, x: Tensor) -> Tensor:
        noise = Generator(0).normal(_BOUND_SAMPLES, self.n_components).to(x)
        return importance_weighted_bound(self.module_, x, noise)


def check_count(n: int) -> None:
    """Refuse a number of samples below one."""
    if n < 1:
        raise ValueError(f"n must be at least 1 sample, got {n}")
