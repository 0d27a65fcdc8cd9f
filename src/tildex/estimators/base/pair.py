"""What estimators of a pair of conditionals share: codes are means, and a row's score is log P(x | code)."""

from __future__ import annotations

from torch import Tensor

from tildex.estimators.base.settings import settings
from tildex.estimators.base.transformer import Estimator
from tildex.generator import Generator

__all__ = ["PairEstimator"]


@settings
class PairEstimator(Estimator):
    """An estimator whose module is a pair; each subclass says how to build the pair and which rule trains it."""

    can = Estimator.can | {"columns"}

    def _encode(self, x: Tensor) -> Tensor:
        return self.module_.encoder.mean(self.module_.shown(x))

    def _decode(self, z: Tensor) -> Tensor:
        return self.module_.decoder.mean(z)

    def _filled(self, x: Tensor, generator: Generator | None) -> Tensor:
        if generator is None:
            return super()._filled(x, generator)
        return self.module_.decoder.sample(self._encode(x), generator)

    def _log_score(self, x: Tensor) -> Tensor:
        return self.module_.log_known(x, self.module_.decoder.inputs(self._encode(x)))

    def _log_probs(self, x: Tensor) -> Tensor:
        return self.module_.log_each(x, self.module_.decoder.inputs(self._encode(x)))
