"""The sparse autoencoder: possibly more units than features, but few of them active per row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from tildex.estimators.autoencoders.neural import NeuralAutoencoder
from tildex.estimators.base.columns import Columns, common
from tildex.estimators.base.settings import Default, part, settings
from tildex.estimators.base.table import ModelRow
from tildex.estimators.base.table_units import units_of
from tildex.generator import Generator
from tildex.maps import MLP, Matching, Scaling
from tildex.models import Pair
from tildex.optimizers import Adam, Cosine
from tildex.penalties import L0, L1, Penalty, Revive
from tildex.rules import Rule, SparseReconstruction
from tildex.train.restraints import UnitNorm, restore
from tildex.units import BatchTopK, Gaussian, JumpReLU, Pursuit, Rectified, TopK, Units

__all__ = ["SparseAutoencoder"]

# Codes that are sparse by themselves, and their default penalties.
_OWN_PENALTIES: dict[type, Penalty | None] = {
    TopK: Revive(),
    BatchTopK: Revive(),
    JumpReLU: L0() + Revive(),
    Pursuit: None,
}


@settings
class SparseAutoencoder(NeuralAutoencoder):
    """An autoencoder whose code is mostly zero, through a penalty or through units that keep only the largest inputs.

    All parameters are those of :class:`Autoencoder`, but ``likelihood`` defaults to ``Gaussian()``, half the squared
    error, for all data. If all values lie in [0, 1], one factor for all columns scales them to unit variance, so that
    dark corners of images stay dark; otherwise each column is standardised. ``code`` and ``penalty`` make the code
    sparse:

    - ``code=Rectified(), penalty=L1(0.1)``, the default: the maximum a posteriori code under a Laplace prior;
    - ``code=Bernoulli(), penalty=KLSparsity(target=0.05)``: a target rate of activity over the data;
    - ``code=TopK(25)``: 25 active units per row; ``code=BatchTopK(25)``: 25 on average over rows;
    - ``code=JumpReLU()``: a learned threshold per unit, with an ``L0`` penalty, the same cost per active unit;
    - ``code=Pursuit(10)``: 10 units per row, positive or negative, each chosen to fit the residual of those before it.
      It reconstructs best for a given number of units and is the slowest. Its one-layer decoder is also its encoder.

    With ``TopK``, ``BatchTopK`` or ``JumpReLU`` and no ``penalty``, ``Revive()`` reactivates dead units.

    The encoder starts as the decoder's transpose, layer by layer, and encodes a row's difference from the mean. If the
    code is unbounded, each unit's decoder weights are kept at unit length; otherwise a penalty on the code would only
    shrink the code and enlarge the weights. ``history_`` records ``l0``, the active units per row, ``fvu``, the
    fraction of variance unexplained, and ``dead``, the number of dead units.

    Example
    -------
    >>> from sklearn.datasets import load_digits
    >>> from tildex import SparseAutoencoder, TopK
    >>> X = load_digits().data / 16
    >>> sparse = SparseAutoencoder(100, code=TopK(8), n_iter=5, random_state=0).fit(X)
    >>> int((sparse.transform(X) != 0).sum(1).max())
    8
    """

    slug = "sparse"
    row = ModelRow(
        20,
        "map + units, or top-k, batch top-k, jump-ReLU, pursuit",
        "map + units",
        penalty="L1 (Laplace prior, MAP) / KL to a target rate / L0",
    )
    defaults: ClassVar[dict[str, Default]] = {
        **NeuralAutoencoder.defaults,
        "code": Rectified(),
        "optimizer": Adam(3e-3, schedule=Cosine()),
        "penalty": lambda estimator, module: _OWN_PENALTIES.get(type(estimator.code), L1(0.1)),
    }

    def _likelihood(self, columns: Columns) -> Units:
        given: Units | None = part(self, "likelihood")
        return given or units_of(self.reading_.schema, Gaussian) or Gaussian()

    def _scaling(self, columns: Columns, likelihood: Units) -> Scaling:
        if not bool(likelihood.standardised_columns(len(columns.mean)).all()) or not columns.in_unit_interval:
            return super()._scaling(columns, likelihood)
        return Scaling(*common(columns))

    def _build(self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None) -> Pair:
        module: Any = super()._build(n_features, likelihood, generator, mean)
        with torch.no_grad():
            restore(self._unit_norms(module))
            if module.encoder.units.competes:
                return self._compete(module)
            encoder, decoder = module.encoder.map.layers, module.decoder.map.layers
            for up, down in zip(encoder, reversed(decoder), strict=True):
                up.weight.copy_(down.weight.t())
            if mean is not None and isinstance(module.encoder.map, MLP):
                encoder[0].bias.copy_(-encoder[0].weight @ mean.to(encoder[0].weight))
        return module

    def _compete(self, module: Any) -> Any:
        """Use the decoder's one layer as the encoder, and let the units compete through its weights."""
        weight = module.decoder.map.affine_weight()
        if weight is None:
            raise ValueError(
                f"{module.encoder.units!r} needs a decoder of one layer: "
                "leave hidden_layer_sizes and architecture at their defaults, or use code=TopK()"
            )
        module.encoder.map = Matching(module.decoder.map.layers[0])
        module.encoder.units.among(weight)
        return module

    def _restraints(self) -> Sequence[UnitNorm]:
        return self._unit_norms(self.module_)

    def _unit_norms(self, module: Any) -> list[UnitNorm]:
        """Return the restraint that keeps an unbounded code's decoder weights at unit length."""
        return [] if module.encoder.units.bounded else [UnitNorm(module.decoder.map.layers[0].weight)]

    def _rule(self) -> Rule:
        return SparseReconstruction(part(self, "corruption"), part(self, "penalty"))
