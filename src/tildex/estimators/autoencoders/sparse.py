"""The sparse autoencoder: more units than features if need be, few of them in use for any one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from tildex.estimators.autoencoders.neural import NeuralAutoencoder
from tildex.estimators.base.columns import Columns
from tildex.estimators.base.settings import Default, part, settings
from tildex.estimators.base.table import ModelRow
from tildex.generator import Generator
from tildex.maps import MLP, Matching, Scaling
from tildex.models import Pair
from tildex.penalties import L0, L1, Penalty, Revive
from tildex.rules import Rule, SparseReconstruction
from tildex.train.restraints import UnitNorm, restore
from tildex.units import BatchTopK, Gaussian, JumpReLU, Pursuit, Rectified, TopK, Units

__all__ = ["SparseAutoencoder"]

# Codes that are sparse by themselves, and what goes with them where no penalty is given.
_OWN_PENALTIES: dict[type, Penalty | None] = {
    TopK: Revive(),
    BatchTopK: Revive(),
    JumpReLU: L0() + Revive(),
    Pursuit: None,
}


@settings
class SparseAutoencoder(NeuralAutoencoder):
    """An autoencoder whose code is mostly zero: by a penalty, or by units that keep only the largest inputs.

    All parameters are those of :class:`Autoencoder`, but ``likelihood`` is ``Gaussian()`` unless another is given: half
    the squared error. Where all values lie in [0, 1] they are brought to unit variance by one number for all columns,
    so that dark corners of images stay dark; other columns are standardised one by one. What makes the code sparse is a
    choice of parts:

    - ``code=Rectified(), penalty=L1(0.1)``, the default: the maximum a posteriori code under a Laplace prior;
    - ``code=Bernoulli(), penalty=KLSparsity(target=0.05)``: a target rate of activity over the data;
    - ``code=TopK(25)``: so many units a row; ``code=BatchTopK(25)``: so many on average over rows;
    - ``code=JumpReLU()``: a learned threshold a unit, where each unit in use costs the same, by an ``L0`` penalty;
    - ``code=Pursuit(10)``: so many units a row, positive or negative, each chosen for what those before it leave: the
      best reconstruction for the number of units, and the slowest. The decoder, one layer, is the encoder too.

    With ``TopK``, ``BatchTopK`` and ``JumpReLU`` and no ``penalty`` given, ``Revive()`` brings silent units back.

    The encoder starts as the decoder's transpose, layer by layer, and looks at the difference of a row from the mean.
    Where the code has no upper bound, what each of its units draws is kept at length one: otherwise a penalty on the
    code would only make the weights grow. ``history_`` tells how sparse the code was in training, how much of the
    data's variance it left unexplained, and how many of its units were dead, as ``l0``, ``fvu`` and ``dead``.

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
        "penalty": lambda estimator, module: _OWN_PENALTIES.get(type(estimator.code), L1(0.1)),
    }

    def _likelihood(self, columns: Columns) -> Units:
        given: Units | None = part(self, "likelihood")
        return Gaussian() if given is None else given

    def _scaling(self, columns: Columns, likelihood: Units) -> Scaling:
        if not likelihood.standardised or not columns.in_unit_interval:
            return super()._scaling(columns, likelihood)
        scale = columns.std.square().mean().sqrt()
        return Scaling(columns.mean, torch.where(scale > 0, scale, 1.0).expand_as(columns.std).clone())

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
        """Let the units compete in what the decoder draws, and the decoder's one layer encode."""
        weight = module.decoder.map.affine_weight()
        if weight is None:
            raise ValueError(
                f"{module.encoder.units!r} chooses among what a decoder of one layer draws: "
                "leave hidden_layer_sizes and architecture as they are by default, or use code=TopK()"
            )
        module.encoder.map = Matching(module.decoder.map.layers[0])
        module.encoder.units.among(weight)
        return module

    def _restraints(self) -> Sequence[UnitNorm]:
        return self._unit_norms(self.module_)

    def _unit_norms(self, module: Any) -> list[UnitNorm]:
        """Return what keeps the weights that leave an unbounded code at length one."""
        return [] if module.encoder.units.bounded else [UnitNorm(module.decoder.map.layers[0].weight)]

    def _rule(self) -> Rule:
        return SparseReconstruction(part(self, "corruption"), part(self, "penalty"))
