"""The variational autoencoder: codes with a prior, trained on a lower bound on the log-likelihood."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import field
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from tildex.estimators.base.checks import check_count, drawing
from tildex.estimators.base.columns import Transformed, apply
from tildex.estimators.base.factor_start import factor_start
from tildex.estimators.base.pair import PairEstimator
from tildex.estimators.base.settings import Default, part, settings
from tildex.estimators.base.table import ModelRow
from tildex.evaluate import guards
from tildex.generator import Generator
from tildex.maps import Architecture, Around, Dense, Norm, layer_sizes, seen
from tildex.models import Conditional, LatentPair, importance_weighted_bound
from tildex.optimizers import Adam, Cosine
from tildex.priors import Prior, StandardPrior
from tildex.rules import ELBO, Rule
from tildex.train import Rows
from tildex.units import DiagonalGaussian, LearnedGaussian, Units

__all__ = ["VariationalAutoencoder"]

# Draws for the bound of `score_samples`: enough to be within about a nat on small images, and the same for all rows.
_BOUND_SAMPLES = 64

_SHORTCUTS = ("factors", "none")

# From the start at factor analysis, fewer rows than this are soon learned by heart.
_FEW = 100


def _optimizer(estimator: Any, module: Any) -> Adam:
    """Return the default: a low rate where few rows are known well before training."""
    known = module is not None and isinstance(module.decoder.map, Around)
    return Adam(1e-3 if known and estimator._few else 3e-3, schedule=Cosine())


@settings
class VariationalAutoencoder(PairEstimator):
    """A variational autoencoder with any units (Kingma & Welling, 2014). ``rule=ELBO(beta=4)`` makes it a beta-VAE
    (Higgins et al., 2017), ``rule=IWAE(5)`` importance-weighted (Burda et al., 2016), ``prior=VampPrior(500)`` gives it
    a learned prior (Tomczak & Welling, 2018), ``code=Categorical(10)`` one-hot codes (Jang et al., 2017).

    ``transform`` returns the mean of the code, for categorical codes the probabilities; ``score_samples`` the
    importance-weighted bound on log P(x) from 64 fixed draws; ``sample`` the mean rows of codes drawn from the prior.
    ``fit`` warns of posterior collapse, when the code carries no information about the row.

    Parameters
    ----------
    n_components : int
        Columns of the code, 10 by default: units, or variables times classes for categorical codes.
    hidden_layer_sizes, activation, architecture, norm, likelihood
        As in :class:`Autoencoder`, with one hidden layer of 128 units by default; the likelihood can be of any family,
        by default ``Bernoulli()`` for values in [0, 1] and ``LearnedGaussian()`` for others: a fixed variance would
        decide how much a code may tell.
    code : Units, optional
        Unit family of the code: ``DiagonalGaussian()`` by default, ``Categorical(n_classes)`` or ``Bernoulli()``.
    prior : Prior, optional
        ``StandardPrior()`` by default; ``MixturePrior(n)`` and ``VampPrior(n)`` are learned.
    rule : Rule, optional
        ``ELBO()`` by default, or ``IWAE(k)`` or ``DReG(k)``, each with a ``warmup`` of the divergence.
    binarisation : str
        As in :class:`RBM`: ``auto``, the default, draws new binary rows in every batch if the likelihood is Bernoulli.
    shortcut : str
        "factors", the default: where columns are real and learn their noise, and code, prior and architecture are the
        default ones, a linear layer leads around the hidden layers of encoder and decoder, and training starts at
        factor analysis, so that hidden layers only add what no linear model can say; or "none", the form of the papers.
    optimizer, n_iter, batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, \
clip_norm, precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`; validation on held-out rows uses the bound.

    Attributes
    ----------
    history_ : list of dict
        One record per epoch. It includes ``active_units``, the code variables that depend on the row (variance of the
        mean above 0.01, as Burda et al. count), and ``code_nats``, the mean divergence of a row's code from the prior.
    binarisation_ : str
        The binarisation used, with ``auto`` resolved.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import VariationalAutoencoder
    >>> X = np.random.default_rng(0).random((50, 8), dtype="float32")
    >>> vae = VariationalAutoencoder(n_components=2, n_iter=5, random_state=0).fit(X)
    >>> vae.sample(3).shape
    (3, 8)
    """

    slug = "vae"
    allows_nan = True
    real_units = LearnedGaussian
    before: ClassVar[dict[str, Any]] = {"shortcut": "none"}
    can = PairEstimator.can | {"sample"}
    row = ModelRow(
        60,
        "map + diagonal Gaussian or categorical, and a prior",
        "map + units",
        rule="ELBO, importance-weighted bound",
    )
    defaults: ClassVar[dict[str, Default]] = {
        "optimizer": _optimizer,
        "architecture": Dense(),
        "code": DiagonalGaussian(),
        "prior": StandardPrior(),
        "rule": ELBO(),
    }

    n_components: int = field(default=10, kw_only=False)
    hidden_layer_sizes: Sequence[int] | int = (128,)
    activation: str = "relu"
    architecture: Architecture | None = None
    norm: Norm | None = None
    code: Units | None = None
    likelihood: Units | None = None
    prior: Prior | None = None
    rule: Rule | None = None
    binarisation: str | None = "auto"
    shortcut: str = "factors"

    _few: bool = field(init=False, default=False)

    def sample(self, n: int = 1, *, random_state: Any = None) -> Any:
        """Return the mean rows given ``n`` codes drawn from the prior, shape (n, features), in the data's units."""
        check_is_fitted(self, "module_")
        check_count(n)
        generator = drawing(self, random_state)
        with torch.no_grad():
            codes = self.module_.sample_codes(n, generator)
        rows = apply(lambda z: self.scaling_.inverse(self._decode(z)), codes, like=self.scaling_.offset)
        return self._as_given(rows.cpu().numpy())

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        hidden, visible = layer_sizes(self.hidden_layer_sizes), likelihood.sized(n_features)
        code = part(self, "code").sized(self.n_components)
        up = [n_features, *hidden, code.arity * self.n_components]
        down = [self.n_components, *hidden[::-1], visible.arity * n_features]
        architecture: Architecture = part(self, "architecture")
        layers = {"generator": generator, "activation": self.activation, "norm": part(self, "norm")}
        encoder: Any = architecture.encoder(up, **layers)
        decoder = architecture.decoder(down, **layers)
        with torch.no_grad():
            # Variances start at one: otherwise large data values would make the first draws arbitrary.
            encoder.layers[-1].weight[self.n_components :] = 0
        if hidden and self._factors(visible):
            encoder, decoder = Around(encoder, up[0], up[-1]), Around(decoder, down[0], down[-1])
        prior = part(self, "prior").sized(
            code, self.n_components, visible=visible, n_features=n_features, generator=generator
        )
        encoder = seen(visible.count_columns(n_features), encoder)
        return LatentPair(Conditional(encoder, code), Conditional(decoder, visible).starting_at(mean), prior)

    def _start(self, X: Any, generator: Generator) -> Rows:
        goes_on = self._goes_on
        rows = super()._start(X, generator)
        self._few = len(rows) < _FEW
        if not goes_on and self._factors(self.likelihood_):
            self._start_at_factors(rows)
        if not goes_on:
            self.module_.prior.begin_at(
                lambda n: self.module_.shown(rows.take(np.sort(generator.permutation(len(rows))[:n])))
            )
        return rows

    def _factors(self, visible: Units) -> bool:
        """Return whether training starts at factor analysis: normal codes, and real columns that learn their noise."""
        if self.shortcut not in _SHORTCUTS:
            raise ValueError(f"shortcut must be one of {list(_SHORTCUTS)}, got {self.shortcut!r}")
        usual = self.code is None and self.prior is None and self.architecture is None
        return self.shortcut == "factors" and usual and visible.learns_noise

    def _start_at_factors(self, rows: Rows) -> None:
        """Take over the factor analysis of the rows; hidden layers add nothing yet."""
        pair = self.module_
        start = factor_start(Transformed(rows, pair.shown) if self._gaps else rows, self.n_components)
        if start is None:
            return
        up, down = (_linear(half.map) for half in (pair.encoder, pair.decoder))
        start.copy_into(up, down, self.n_components)
        pair.decoder.units.set_noise(start.noise)

    def _finish(self, data: Rows) -> None:
        broken = [guard for guard in guards(self.history_) if not guard.ok]
        if broken:
            warnings.warn(f"{broken[0].name}: {broken[0].sentence}", stacklevel=3)

    def _filled(self, x: Tensor, generator: Generator | None) -> Tensor:
        """Return means over codes, or one draw, each code weighted by how well it explains the known values."""
        drawing_codes = Generator(0) if generator is None else generator
        rows = self.module_.rows(x)
        codes = rows.drawn(rows.noise(_BOUND_SAMPLES, drawing_codes).to(x))
        weights = self.module_.log_likelihood(x, codes) - rows.divergence(codes)
        shares = weights.softmax(0)[..., None]
        if generator is None:
            return (shares * self._decode(codes.flatten(0, 1)).unflatten(0, codes.shape[:2])).sum(0)
        place = (shares.cumsum(0)[..., 0] < generator.uniform(1, len(x), dtype=x.dtype)).sum(0)
        chosen = codes[place.clamp(max=len(codes) - 1), torch.arange(len(x), device=x.device)]
        return self.module_.decoder.sample(chosen, generator)

    def _log_score(self, x: Tensor) -> Tensor:
        shape = (_BOUND_SAMPLES, self.n_components)
        noise = self.module_.code.noise(*shape, generator=Generator(0))
        return importance_weighted_bound(self.module_, x, noise.to(x))


def _linear(map: Any) -> Any:
    """Return the one linear layer of a map; hidden layers that it leads around then add nothing."""
    if not isinstance(map, Around):
        return map.layers[0]
    last: Any = map.inner
    nn.init.zeros_(last.output_weight)
    nn.init.zeros_(last.output_bias)
    return map.linear
