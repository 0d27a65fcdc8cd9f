"""What is asked of a machine of several modalities: any of them given, any of them inferred, drawn or watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.estimators.base.checks import check_count
from tildex.estimators.base.machine import MachineEstimator
from tildex.estimators.multimodal.tables import ModalitiesMixin
from tildex.models import Clamp, infer, mean_field
from tildex.part import nearest
from tildex.rules import MultiPrediction
from tildex.units import Multinomial

__all__ = ["QueryingMixin"]

# Mean field in use, as opposed to training, runs until nothing moves, but for a machine that has learned to predict by
# a number of passes: its means may go elsewhere in more of them.
_CONVERGED: dict[str, Any] = {"n_steps": 100, "tol": 1e-6}


class QueryingMixin(ModalitiesMixin, MachineEstimator):
    """An estimator whose module is a machine of pathways, its joint layer the last."""

    def infer(self, given: Any) -> dict[str, Any]:
        """Return the expected values of all modalities given what is known of each row, by mean field.

        Parameters
        ----------
        given : dict of str to array, or array of shape (rows, features)
            What is known. A modality that a row does not know is NaN in all its columns, or absent from the dict.

        Returns
        -------
        dict of str to array of shape (rows, columns)
            What was given as it was, and expected values of the rest: of word counts, in documents of the common
            length.
        """
        return self.split(self._over(given, self._inferred))

    def generate(self, name: str, *, given: Any, n_steps: int | None = None, random_state: Any = None) -> Any:
        """Return expected values of one modality given others, whatever is known of it.

        Parameters
        ----------
        name : str
            The modality wanted.
        given : dict of str to array of shape (rows, columns)
            The others.
        n_steps : int, optional
            The step of a Gibbs chain a row at which to look; mean field when not given.
        random_state : int, RandomState or None
            The seed of the chains.
        """
        check_is_fitted(self, "module_")
        known = {other: values for other, values in given.items() if other != self._named(name)}
        if n_steps is None:
            return self.infer(known)[name]
        rows = self.join(known)
        return self.split(
            self._walk(self.module_, len(rows), [n_steps], self._clamp(len(rows), rows, None), random_state)[
                n_steps
            ]
        )[name]

    def trace(
        self,
        n: int = 1,
        *,
        steps: Sequence[int] = (50, 100, 150, 200, 250),
        given: Any = None,
        mask: Any = None,
        random_state: Any = None,
    ) -> dict[int, Any]:
        """Return what :meth:`sample` would at several steps of the same ``n`` chains, a dict of step to samples.

        Parameters
        ----------
        n : int
            Chains.
        steps : sequence of int
            The Gibbs steps at which to look.
        given, mask, random_state
            As in :meth:`sample`; without ``given``, chains wander freely.
        """
        check_is_fitted(self, "module_")
        check_count(n)
        if not len(steps):
            raise ValueError("steps must name at least one Gibbs step")
        clamp = self._clamp(n, given, mask)
        walked = self._walk(self.module_, n, [int(step) for step in steps], clamp, random_state)
        return {step: self._as_given(rows) for step, rows in walked.items()}

    def sample(
        self,
        n: int = 1,
        *,
        n_steps: int = 1000,
        given: Any = None,
        mask: Any = None,
        random_state: Any = None,
    ) -> Any:
        """Return the visible means of ``n`` chains after ``n_steps`` Gibbs steps, as the training data came.

        Parameters
        ----------
        n : int
            Chains.
        n_steps : int
            Steps of each, from independent units with the training data's means.
        given : dict of str to array of shape (columns,) or (n, columns), or array of all columns, optional
            Known values that every step puts back; NaN means unknown, and word counts are known as a whole or not.
        mask : boolean array like a ``given`` array, optional
            Which values are known, instead of NaN.
        random_state : int, RandomState or None
            The seed; None goes on from the estimator's own draws.

        Returns
        -------
        dict of str to array of shape (n, columns), or array
            As the training data came: of a model of one table, an array that :meth:`split` shares out.
        """
        return self._as_given(
            super().sample(n, n_steps=n_steps, given=given, mask=mask, random_state=random_state)
        )

    def inverse_transform(self, X: Any) -> Any:
        """Return the mean rows that joint codes ``X`` stand for, as the training data came."""
        return self._as_given(super().inverse_transform(X))

    def reconstruct(self, X: Any) -> Any:
        """Return the mean row given the joint code of each row, as the training data came."""
        return self._as_given(super().reconstruct(X))

    def transform_with_zeros(self, X: Any) -> Any:
        """Return joint codes with all that is not known set to zero, in the model's units, instead of being inferred.

        For comparison (Srivastava & Salakhutdinov, 2014, "Multimodal learning with deep Boltzmann machines").
        """
        return self._over(X, lambda x: self._encode(self.scaling_(x).nan_to_num(0.0)))

    def join(self, given: Any) -> Any:
        """Return modalities side by side in one array, NaN for those that are absent, shape (rows, features)."""
        return self._over(given, lambda x: x)

    def split(self, rows: Any) -> dict[str, Any]:
        """Return the columns of each modality, by name."""
        return {field.name: field.of(rows) for field in self._fields}

    def _as_given(self, rows: Any) -> Any:
        return rows if self._plain else self.split(rows)

    @property
    def _passes(self) -> dict[str, Any]:
        """How far mean field goes in use: as far as it went when the machine learned to predict by it."""
        rule = self._part("prediction_rule")
        if isinstance(rule, MultiPrediction) and any("prediction" in record for record in self.history_):
            return {"n_steps": rule.n_steps, "tol": 0.0}
        return _CONVERGED

    def _named(self, name: str) -> str:
        names = [one.name for one in self.modalities_]
        if name not in names:
            raise ValueError(f"there is no modality {name!r}; {nearest(name, names)}")
        return name

    def _inferred(self, x: Tensor) -> Tensor:
        scaled = self.scaling_(x)
        state = infer(self.module_, scaled, **self._passes)
        means = self.scaling_.inverse(torch.cat([state[k] for k in self.module_.visible], 1))
        return torch.where(scaled.isnan(), means, x)

    def _encode(self, x: Tensor) -> Tensor:
        return infer(self.module_, x, **self._passes)[-1]

    def _decode(self, z: Tensor) -> Tensor:
        state = mean_field(self.module_, {len(self.module_.layers) - 1: z}, **_CONVERGED)
        return torch.cat([state[k] for k in self.module_.visible], 1)

    def _log_score(self, x: Tensor) -> Tensor:
        # A density stretches with the columns that are known, and only with these.
        logs = torch.where(x.isnan(), 0.0, self.scaling_.scale.log()).sum(1)
        bound: Tensor = self.module_.bound(x)
        return bound - logs - self.scaling_.log_volume()

    def _clamp(self, n: int, given: Any, mask: Any) -> Clamp | None:
        if isinstance(given, Mapping):
            if mask is not None:
                raise ValueError("mask goes with an array; in a dict, NaN says what is unknown")
            given = self._row_of(n, given)
        clamp = super()._clamp(n, given, mask)
        if clamp is None:
            return None
        values, known = clamp[0]
        layers = {}
        for k, (one, field) in enumerate(zip(self.modalities_, self._fields, strict=True)):
            own, there = field.of(values), field.of(known)
            if isinstance(one.units, Multinomial):
                if (there.any(1) != there.all(1)).any():
                    raise ValueError(f"{one.name}: word counts of a row are known as a whole or not at all")
                # A document without words says nothing.
                there = there & ~own.isnan()
                own = own.nan_to_num()
            if there.any():
                layers[k] = (own, there)
        return layers or None

    def _row_of(self, n: int, given: Mapping[str, Any]) -> np.ndarray:
        """Return the columns of all modalities, NaN for those that are not given."""
        for name in given:
            self._named(name)
        rows = np.full((n, self.n_features_in_), np.nan)
        for field in self._fields:
            if field.name in given:
                values = given[field.name]
                dense = values.toarray() if hasattr(values, "toarray") else np.asarray(values, dtype=float)
                field.of(rows)[:] = dense
        return rows
