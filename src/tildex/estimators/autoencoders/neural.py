"""What neural autoencoders share: their settings, and the pair of conditionals built from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar

from torch import Tensor

from tildex.corruptions import Corruption
from tildex.estimators.base.pair import PairEstimator
from tildex.estimators.base.settings import Default, part, settings
from tildex.generator import Generator
from tildex.maps import Architecture, Dense, Norm, layer_sizes, seen, tie
from tildex.models import Conditional, Pair
from tildex.optimizers import Adam
from tildex.penalties import Penalty
from tildex.rules import Reconstruction, Rule
from tildex.units import Activation, Gaussian, Units

__all__ = ["NeuralAutoencoder"]


@settings
class NeuralAutoencoder(PairEstimator):
    """An encoder and a decoder, with any corruption, penalty and internal noise: see :class:`Autoencoder`."""

    allows_nan = True
    defaults: ClassVar[dict[str, Default]] = {
        "optimizer": Adam(),
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

    def _rule(self) -> Rule:
        return Reconstruction(part(self, "corruption"), part(self, "penalty"))
