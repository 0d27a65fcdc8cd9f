r"""The linear autoencoder, which learns the PCA subspace: tied or untied weights, gradient or closed-form solver.

.. math:: \tilde x = W_d^\top W_e (x - \bar x) + \bar x, \qquad W_d = W_e \text{ where weights are tied}
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from tildex.data import rows
from tildex.estimators.autoencoders.linear_axes import (
    leading_axes,
    rotated,
    second_moment,
    signed,
    uncorrelated,
    unit_length,
)
from tildex.estimators.base.columns import Columns
from tildex.estimators.base.pair import PairEstimator
from tildex.estimators.base.settings import Default, settings
from tildex.estimators.base.table import ModelRow
from tildex.evaluate import principal_angles
from tildex.generator import Generator
from tildex.maps import Coupling, Down, Scaling, Up
from tildex.models import Conditional, Pair
from tildex.optimizers import LBFGS
from tildex.part import nearest
from tildex.rules import Reconstruction, Rule
from tildex.train import Rows, Trainer
from tildex.units import Gaussian, Units

__all__ = ["LinearAutoencoder"]


@settings
class LinearAutoencoder(PairEstimator):
    """A linear encoder and decoder: training finds the PCA subspace (Baldi & Hornik, 1989, "Neural networks and
    principal component analysis").

    The loss is half the squared error plus a constant. Full-batch training depends on the data only through their
    covariance, so the loop reads a square root of the covariance, with one row per feature, instead of the data.
    Reconstruction determines the subspace but not the axes within it: after training the code is rotated to the
    principal axes, for untied weights by an SVD of the decoder (Plaut, 2018, "From principal subspaces to principal
    components with linear autoencoders"). With ``rule=Nested()`` training itself finds the principal axes, in order,
    and the code is not rotated. ``transform`` returns the code, ``score_samples`` log P(x | code) per row.

    Parameters
    ----------
    n_components : int
        Units of the code, 2 by default.
    weights : str
        "tied", the default: the decoder is the encoder's transpose; or "untied".
    solver : str
        "gradient", the default, or "closed-form": an eigendecomposition of the covariance in float64, the optimum for
        both rules, which ignores the training settings from ``optimizer`` to ``clip_norm``.
    columns : str
        "centred", the default: PCA of the covariance; or "standardised": PCA of the correlations, for columns of
        different units.
    rule : Rule, optional
        ``Reconstruction()`` by default, or ``Nested()``.
    optimizer : Optimizer, optional
        ``LBFGS()`` by default; with another, give a ``batch_size``.
    n_iter : int
        Epochs, 20 by default; L-BFGS evaluates the loss up to 50 times in each.
    batch_size : int or None
        Rows per step; None, the default, for all rows.
    precision : str
        Of weights and matrix products: float64 by default, since the line search needs every digit; codes and
        reconstructions have the dtype of the data.
    shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, device, \
warm_start, verbose, random_state
        As in :class:`Autoencoder`.

    Attributes
    ----------
    components_ : array of shape (n_components, features)
        The principal axes, from the decoder, of the columns as scaled: unit length, largest variance first.
    mean_ : array of shape (features,)
        The column means.
    principal_angles_ : array
        Angles between the code's subspace and the PCA subspace of the training rows, in radians, largest first; the
        last record of ``history_`` has the largest as ``largest_angle``.

    Example
    -------
    >>> from sklearn.datasets import load_iris
    >>> from tildex import LinearAutoencoder
    >>> LinearAutoencoder(n_components=2, random_state=0).fit_transform(load_iris().data).shape
    (150, 2)
    >>> ae = LinearAutoencoder(n_components=2, weights="untied", solver="closed-form").fit(load_iris().data)
    >>> bool(ae.principal_angles_.max() < 1e-6)
    True
    """

    slug = "linear"
    row = ModelRow(0, "coupling up", "the same coupling, down; or another", rule="reconstruction, or nested")
    defaults: ClassVar[dict[str, Default]] = {"optimizer": LBFGS(), "rule": Reconstruction()}

    n_components: int = field(default=2, kw_only=False)
    weights: str = "tied"
    solver: str = "gradient"
    columns: str = "centred"
    rule: Rule | None = None
    n_iter: int = 20
    batch_size: int | None = None
    precision: str = "float64"

    @property
    def components_(self) -> Any:
        """The rows of the decoder's matrix."""
        return self.module_.decoder.map.coupling.weight.detach().cpu().numpy()

    @property
    def mean_(self) -> Any:
        """The column means, which the model subtracts."""
        return self.scaling_.offset.cpu().numpy()

    def _likelihood(self, columns: Columns) -> Units:
        return Gaussian()

    def _scaling(self, columns: Columns, likelihood: Units) -> Scaling:
        return Scaling(columns.mean, self._named("columns", _SCALES)(columns.std))

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        up, down = self._named("weights", _COUPLINGS)(n_features, self.n_components, generator)
        return Pair(Conditional(Up(up), Gaussian()), Conditional(Down(down), Gaussian()))

    def _training_rows(self, data: Rows) -> Rows:
        if self.batch_size is not None or len(data) <= self.n_features_in_:
            return data
        values, vectors = torch.linalg.eigh(second_moment(data))
        root = (values.clamp_min(0).sqrt() * vectors).t() * self.n_features_in_**0.5
        offset = self.scaling_.offset
        return rows(root.to(offset), device=offset.device, dtype=offset.dtype)

    def _trainer_for(self, generator: Generator, callbacks: Sequence[Any]) -> Trainer:
        if self._named("solver", _SOLVERS) is not LinearAutoencoder._descend:
            raise ValueError(
                f"gradient steps, as in partial_fit or in a stack, need solver='gradient', got {self.solver!r}"
            )
        return super()._trainer_for(generator, callbacks)

    def _learn(
        self, data: Rows, held_out: Tensor | None, generator: Generator, checkpoint: str | Path | None
    ) -> Self:
        return self._named("solver", _SOLVERS)(self, data, held_out, generator, checkpoint)

    def _descend(
        self, data: Rows, held_out: Tensor | None, generator: Generator, checkpoint: str | Path | None
    ) -> Self:
        return super()._learn(data, held_out, generator, checkpoint)

    @torch.no_grad()
    def _solve(
        self, data: Rows, held_out: Tensor | None, generator: Generator, checkpoint: str | Path | None
    ) -> Self:
        """Set both weights to the principal axes; a closed form needs no checkpoint."""
        if self._kept is not None:
            raise ValueError("a closed form has no epochs to keep codes at: omit snapshots")
        began = time.perf_counter()
        axes = leading_axes(second_moment(data), self.n_components)
        for weight in self._matrices():
            weight.zero_()[: len(axes)] = axes
        rule, module = self._rule(), self.module_
        loss = rule(module, data.take(slice(None)), generator)
        record = {"epoch": 1.0, "loss": float(loss.total), **{k: float(v) for k, v in loss.parts.items()}}
        if held_out is not None:
            record["held_out"] = float(rule.validate(module, held_out, generator))
        self.history_, self.n_iter_ = [{**record, "seconds": time.perf_counter() - began}], 1
        return self

    @torch.no_grad()
    def _finish(self, data: Rows) -> None:
        """Make the axes unit length and ordered, and compute their principal angles to PCA."""
        moment = second_moment(data)
        encoder, decoder = self._matrices()[0].double(), self._matrices()[-1].double()
        if not self._rule().ordered:
            encoder, decoder = self._named("weights", _ROTATIONS)(encoder, decoder, moment)
        elif len(self._matrices()) > 1:
            encoder, decoder = unit_length(encoder, decoder)
        for weight, axes in zip(self._matrices(), signed(encoder, decoder), strict=False):
            weight.copy_(axes)
        wanted = leading_axes(moment, self.n_components)
        self.principal_angles_ = principal_angles(self.components_, wanted)
        # A layer of a stack has no history of its own.
        if hasattr(self, "history_"):
            self.history_[-1]["largest_angle"] = float(self.principal_angles_.max())

    def _matrices(self) -> list[nn.Parameter]:
        """Return the encoder's weights, and the decoder's if untied."""
        return list(self.module_.parameters())

    def _named(self, setting: str, table: dict[str, Callable[..., Any]]) -> Callable[..., Any]:
        name = getattr(self, setting)
        if name not in table:
            raise ValueError(
                f"{setting} must be one of {sorted(table)}, got {name!r}; {nearest(str(name), table)}"
            )
        return table[name]

    def _fitted(self) -> dict[str, Any]:
        angles = getattr(self, "principal_angles_", np.array([]))
        return {"principal_angles": angles.tolist()}

    def _restore(self, fitted: dict[str, Any]) -> None:
        super()._restore(fitted)
        self.principal_angles_ = np.array(fitted.get("principal_angles", []))


def _one(n_features: int, n_components: int, generator: Generator) -> list[Coupling]:
    return 2 * [Coupling(n_features, n_components, generator=generator, scale=n_features**-0.5)]


def _two(n_features: int, n_components: int, generator: Generator) -> list[Coupling]:
    return [Coupling(n_features, n_components, generator=generator, scale=n_features**-0.5) for _ in range(2)]


_SCALES: dict[str, Callable[[Tensor], Tensor]] = {
    "centred": torch.ones_like,
    "standardised": lambda std: torch.where(std > 0, std, 1.0),
}
_COUPLINGS: dict[str, Callable[..., Any]] = {"tied": _one, "untied": _two}
_ROTATIONS: dict[str, Callable[..., Any]] = {"tied": rotated, "untied": uncorrelated}
_SOLVERS: dict[str, Callable[..., Any]] = {
    "gradient": LinearAutoencoder._descend,
    "closed-form": LinearAutoencoder._solve,
}
