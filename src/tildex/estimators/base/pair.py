"""What estimators of a pair of conditionals share: codes are means, and a row's score is log P(x | code)."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from torch import Tensor

from tildex.estimators.base.principal_start import plain
from tildex.estimators.base.settings import part, settings
from tildex.estimators.base.standing import Standing, stand, warn_if_lost, warn_of_copies
from tildex.estimators.base.transformer import Estimator
from tildex.generator import Generator
from tildex.train import Rows

__all__ = ["PairEstimator"]


@settings
class PairEstimator(Estimator):
    """An estimator whose module is a pair; each subclass says how to build the pair and which rule trains it."""

    can = Estimator.can | {"columns"}
    compared: ClassVar[bool] = False

    standing_: Standing = field(init=False)

    def _stand(self, data: Rows, held_out: Tensor | None) -> None:
        """Compare with PCA where training had its default length; warn where only the rows ask for a reconstruction."""
        self.__dict__.pop("standing_", None)
        # PCA fills no gaps, and its squared error says little of categories and counts.
        if not self.compared or self.n_iter is not None or self._gaps or not plain(self.likelihood_):
            return
        if (standing := stand(self, data, held_out)) is not None:
            self.standing_ = standing
            if not self._regularised():
                warn_if_lost(self, standing, self._cure())
        if not self._regularised():
            warn_of_copies(self)

    def _regularised(self) -> bool:
        """Return whether a corruption, penalty or noise asks for something else than the nearest reconstruction."""
        names = ("corruption", "penalty", "noise", "code_noise")
        return any(hasattr(self, name) and part(self, name) is not None for name in names)

    def _cure(self) -> str:
        """Return what to do about a loss to PCA."""
        return "train longer (n_iter), give more rows, or use LinearAutoencoder(solver='closed-form'), which is PCA"

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
