"""Semantic hashing: an autoencoder with a code of bits, so that similar rows are found by comparing machine words."""

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
    """An autoencoder with a code of bits, for similarity search (Salakhutdinov & Hinton, 2009, "Semantic hashing").

    ``transform`` returns codes of 0 and 1, :meth:`pack` the same bits packed into bytes; ``reconstruct`` and
    ``score_samples`` decode the bits. All parameters are those of :class:`Autoencoder`. ``code_noise`` makes the code
    binary: ``BernoulliNoise()``, the default, draws every bit in training and passes gradients straight through;
    ``LogitNoise(4.0)`` adds the Gaussian noise of the paper. ``corruption`` defaults to ``Masking(0.3)``, ``code`` to
    ``Bernoulli()``, and ``penalty`` to ``KLSparsity(1.0, target=0.5) + Decorrelation(1.0)``: each bit is on for half
    of the rows, and bits are uncorrelated.

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
        """Return the bits of each row's code packed into bytes, highest bit first, as ``numpy.packbits`` does.

        Returns
        -------
        uint8 array of shape (rows, n_components / 8 rounded up)
            Unused bits are 0.
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
        return self.module_.encoder.units.mode(self.module_.encoder.inputs(self.module_.shown(x)))
