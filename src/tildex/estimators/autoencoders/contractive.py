"""The contractive autoencoder: a code that follows the data along their surface, and nothing else."""

from __future__ import annotations

from typing import ClassVar

from tildex.estimators.autoencoders.neural import NeuralAutoencoder
from tildex.estimators.base.settings import Default, settings
from tildex.estimators.base.table import ModelRow
from tildex.penalties import Contractive
from tildex.units import Bernoulli

__all__ = ["ContractiveAutoencoder"]


@settings
class ContractiveAutoencoder(NeuralAutoencoder):
    """An autoencoder whose code is penalised for following the input (Rifai et al., 2011, "Contractive
    auto-encoders: explicit invariance during feature extraction").

    All parameters are those of :class:`Autoencoder`, and ``tied``, whether the decoder is the encoder turned round, as
    in the paper; ``penalty`` defaults to ``Contractive(0.1)`` and ``code`` to ``Bernoulli()``. With
    ``penalty=Contractive(0.1) + JacobianChange(0.1)`` it is the higher-order model (Rifai et al., 2011b).

    Example
    -------
    >>> from tildex import ContractiveAutoencoder
    >>> ContractiveAutoencoder(n_components=16, tied=True)
    ContractiveAutoencoder(n_components=16, tied=True)
    """

    slug = "contractive"
    row = ModelRow(40, "map + units", "map + units", penalty="Jacobian norm; its change under small noise")
    defaults: ClassVar[dict[str, Default]] = {
        **NeuralAutoencoder.defaults,
        "code": Bernoulli(),
        "penalty": Contractive(0.1),
    }

    tied: bool = False
