"""Semantic hashing: an autoencoder whose code is bits, so that alike rows are found by comparing machine words."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from tildex.corruptions import BernoulliNoise, Masking
from tildex.estimators.autoencoders.neural import NeuralAutoencoder
from tildex.estimators.base.settings import Default, part, settings
from tildex.estimators.base.table import ModelRow
from tildex.generator import Generator
from tildex.models import Pair
from tildex.penalties import Decorrelation, KLSparsity
from tildex.units import Bernoulli, Units

__all__ = ["SemanticHashing"]


@settings
class SemanticHashing(NeuralAutoencoder):
    """An autoencoder with a code of bits, for the search of alike rows (Salakhutdinov & Hinton, 2009, "Semantic
    hashing").

    ``transform`` gives 0 and 1, :meth:`pack` the same eight to a byte; ``reconstruct`` and ``score_samples`` are from
    the bits. All parameters are those of :class:`Autoencoder`. ``code_noise`` is what makes the code binary:
    ``BernoulliNoise()``, the default, draws every bit in training and lets gradients pass, ``LogitNoise(4.0)`` adds
    the normal noise of the paper. ``corruption`` defaults to ``Masking(0.3)``, ``code`` to ``Bernoulli()``, and
    ``penalty`` to bits that are on for half of the rows and do not say the same thing twice,
    ``KLSparsity(1.0, target=0.5) + Decorrelation(1.0)``.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import SemanticHashing
    >>> X = np.random.default_rng(0).random((50, 8), dtype="float32")
    >>> hashing = SemanticHashing(n_components=12, n_iter=2, random_state=0).fit(X)
    >>> sorted(set(hashing.transform(X).ravel().tolist())), hashing.pack(X).shape
    ([0.0, 1.0], (50, 2))
    """

    slug = "hashing"
    row = ModelRow(
        57,
        "map + Bernoulli, as bits",
        "map + units",
        corruption="any; on the code, drawn bits or noise",
        penalty="any",
    )
    defaults: ClassVar[dict[str, Default]] = {
        **NeuralAutoencoder.defaults,
        "code": Bernoulli(),
        "code_noise": BernoulliNoise(),
        "corruption": Masking(0.3),
        "penalty": KLSparsity(1.0, target=0.5) + Decorrelation(1.0),
    }

    def pack(self, X: Any) -> np.ndarray:
        """Return the bits of the rows' codes eight to a byte, the first the highest, as ``numpy.packbits`` does.

        Returns
        -------
        uint8 array of shape (rows, n_components / 8 rounded up)
            Bits to spare are 0.
        """
        bits = self.transform(X)
        bits = bits.cpu().numpy() if isinstance(bits, Tensor) else np.asarray(bits)
        return np.packbits(bits.astype(bool), axis=1)

    def _build(self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None) -> Pair:
        code = part(self, "code")
        if not code.binary:
            raise ValueError(f"bits need a code of Bernoulli() units, got {code!r}")
        return super()._build(n_features, likelihood, generator, mean)

    def _encode(self, x: Tensor) -> Tensor:
        return self.module_.encoder.units.mode(self.module_.encoder.inputs(x))
