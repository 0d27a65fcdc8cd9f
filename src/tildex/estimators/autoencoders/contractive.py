"""The contractive autoencoder: its code varies along the data manifold and is insensitive to other directions."""

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
    """An autoencoder with a penalty on the Jacobian of its code with respect to the input (Rifai et al., 2011,
    "Contractive auto-encoders: explicit invariance during feature extraction").

    All parameters are those of :class:`Autoencoder`, and ``tied``: whether the decoder uses the encoder's weights
    transposed, as in the paper; False by default. ``penalty`` defaults to ``Contractive(0.1)``, ``code`` to
    ``Bernoulli()``. ``penalty=Contractive(0.1) + JacobianChange(0.1)`` gives the higher-order model (Rifai et al.,
    2011b).

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
