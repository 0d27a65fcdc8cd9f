"""What neural autoencoders share: their settings, and the pair of conditionals built from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any, ClassVar

from torch import Tensor

from tildex.corruptions import Corruption
from tildex.estimators.base.columns import Transformed
from tildex.estimators.base.pair import PairEstimator
from tildex.estimators.base.principal_start import copy_into, principal_start
from tildex.estimators.base.settings import Default, part, settings
from tildex.generator import Generator
from tildex.maps import MLP, Architecture, Dense, Norm, layer_sizes, seen, tie
from tildex.models import Conditional, Pair
from tildex.optimizers import Adam, Cosine
from tildex.part import nearest
from tildex.penalties import Penalty
from tildex.rules import Reconstruction, Rule
from tildex.train import Rows
from tildex.units import Activation, Gaussian, Units

__all__ = ["NeuralAutoencoder", "starts_at_random"]

_INITS = ("auto", "pca", "random")


def _optimizer(estimator: Any, module: Any) -> Adam:
    """Return the default: a high rate only where one layer has a likelihood that a start at PCA is not the best of.

    Decay then keeps the inputs of binary units, which cross-entropy drives apart, from fitting single rows.
    """
    one = estimator.architecture is None and estimator.hidden_layer_sizes == ()
    if one and module is not None and module.decoder.units.binary:
        return Adam(1e-2, weight_decay=0.1, schedule=Cosine())
    return Adam(3e-3, schedule=Cosine())


def starts_at_random(estimator: Any) -> bool:
    """Return whether weights start at random by request: the form in which these models were published."""
    return estimator.init == "random"


@settings
class NeuralAutoencoder(PairEstimator):
    """An encoder and a decoder, with any corruption, penalty and internal noise: see :class:`Autoencoder`."""

    allows_nan = True
    tones = True
    before: ClassVar[dict[str, Any]] = {"init": "random"}
    compared = True
    defaults: ClassVar[dict[str, Default]] = {
        "optimizer": _optimizer,
        "code": Gaussian(),
        "architecture": Dense(),
    }

    n_components: int = field(default=64, kw_only=False)
    hidden_layer_sizes: Sequence[int] | int = ()
    activation: str = "relu"
    architecture: Architecture | None = None
    norm: Norm | None = None
    code: Units | Activation | None = None
    likelihood: Units | None = None
    corruption: Corruption | None = None
    penalty: Penalty | None = None
    noise: Corruption | None = None
    code_noise: Corruption | None = None
    augmentation: Corruption | None = None
    init: str = "auto"
    early_stopping: bool | str = "auto"

    # A setting of some subclasses: whether the decoder uses the encoder's weight matrices, transposed.
    tied: bool = field(init=False, default=False)

    def _build(self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None) -> Pair:
        noise, code_noise, norm = part(self, "noise"), part(self, "code_noise"), part(self, "norm")
        code, architecture = part(self, "code"), part(self, "architecture")
        sizes = [n_features, *layer_sizes(self.hidden_layer_sizes), self.n_components]
        layers = {"generator": generator, "activation": self.activation, "norm": norm, "noise": noise}
        encoder = architecture.encoder(sizes, **layers)
        lossy = noise if code_noise is None else code_noise
        decoder = architecture.decoder(sizes[::-1], input_noise=lossy, **layers)
        if self.tied:
            tie(encoder, decoder)
        code, units = code.sized(self.n_components), likelihood.sized(n_features)
        visible = seen(units.count_columns(n_features), encoder)
        return Pair(Conditional(visible, code), Conditional(decoder, units).starting_at(mean))

    def _start(self, X: Any, generator: Generator) -> Rows:
        goes_on = self._goes_on
        data = super()._start(X, generator)
        if not goes_on and self._init():
            pair = self.module_
            whole = Transformed(data, pair.shown) if self._gaps else data
            start = principal_start(whole, self.n_components, pair.encoder.units, self.likelihood_)
            if start is not None:
                copy_into(start, pair.encoder.map.layers[0], pair.decoder.map.layers[0])
        return data

    def _init(self) -> bool:
        """Return whether training starts at PCA: where one free matrix leads to the code, and one back."""
        if self.init not in _INITS:
            raise ValueError(
                f"init must be one of {list(_INITS)}, got {self.init!r}; {nearest(str(self.init), _INITS)}"
            )
        pair = self.module_
        simple = not self.tied and all(
            isinstance(half.map, MLP) and half.map.affine_weight() is not None
            for half in (pair.encoder, pair.decoder)
        )
        if self.init == "pca" and not simple:
            raise ValueError(
                "init='pca' needs a code of one layer: leave hidden_layer_sizes, architecture and tied as they are, "
                "or use init='auto'"
            )
        return simple and self.init != "random"

    def _overfits(self) -> bool:
        # One layer of binary rows keeps gaining on other rows too: there every row is worth more in training.
        one = self.module_.encoder.map.affine_weight() is not None
        return not (one and self.likelihood_.binary)

    def _rule(self) -> Rule:
        return Reconstruction(part(self, "corruption"), part(self, "penalty"))
