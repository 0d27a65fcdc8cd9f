"""Estimators to run folders and back."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from tildex.estimators.inputs import PRECISIONS, resolve_device
from tildex.files import RunError
from tildex.generator import Generator
from tildex.maps import Scaling
from tildex.part import Part, decode, encode
from tildex.runs import Run, write_run

__all__ = ["SavableMixin"]


class SavableMixin:
    """``save`` and ``load`` for an estimator whose learned state is a module, a scaling and a few numbers."""

    n_components: int
    get_params: Callable[..., dict[str, Any]]
    _build: Callable[..., nn.Module]

    def save(self, path: str | Path) -> Path:
        """Save the fitted estimator as a folder of JSON and safetensors, and return the folder.

        Raises
        ------
        RunError
            If the folder holds something else or cannot be written.
        """
        check_is_fitted(self, "module_")
        fitted = {
            "n_features_in": int(self.n_features_in_),
            "likelihood": encode(self.likelihood_),
            "weights": _dtype_name(self.scaling_.offset.dtype),
            "products": _dtype_name(self._products),
            "n_iter": int(self.n_iter_),
        }
        if hasattr(self, "feature_names_in_"):
            fitted["feature_names_in"] = list(self.feature_names_in_)
        recipe = {**self._recipe(), "fitted": fitted}
        return write_run(path, Run(recipe, self._weights(), self.history_))

    @classmethod
    def _from_run(cls, run: Run, device: str) -> Self:
        """Return the estimator that a run folder describes.

        Raises
        ------
        RunError
            If the recipe or the weights do not fit this class.
        """
        try:
            estimator = cls(**{name: decode(value) for name, value in run.recipe["params"].items()})
            fitted = run.recipe["fitted"]
            estimator._restore(fitted, run, resolve_device(device))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise RunError(f"the run's recipe does not describe a {cls.__name__}: {error}") from error
        return estimator

    def _restore(self, fitted: dict[str, Any], run: Run, device: torch.device) -> None:
        self.n_features_in_ = int(fitted["n_features_in"])
        self.n_iter_ = int(fitted["n_iter"])
        if "feature_names_in" in fitted:
            self.feature_names_in_ = np.array(fitted["feature_names_in"], dtype=object)
        likelihood = decode(fitted["likelihood"])
        if not isinstance(likelihood, Part):
            raise ValueError(f"expected units as the likelihood, got {likelihood!r}")
        self.likelihood_ = likelihood
        weights, self._products = PRECISIONS[fitted["weights"]], PRECISIONS[fitted["products"]]
        zeros = torch.zeros(self.n_features_in_)
        self.scaling_ = Scaling(zeros, zeros + 1).to(weights)
        self.module_ = self._build(self.n_features_in_, likelihood, Generator(0), None).to(weights)
        expected = self._weights()
        if set(expected) != set(run.weights):
            raise ValueError(f"expected weights called {sorted(expected)}, got {sorted(run.weights)}")
        for name, target in expected.items():
            if target.shape != run.weights[name].shape:
                raise ValueError(
                    f"expected {name} of shape {tuple(target.shape)}, got {tuple(run.weights[name].shape)}"
                )
            target.data.copy_(run.weights[name])
        self.scaling_.to(device)
        self.module_.to(device)
        self.device_ = device
        self.history_ = run.history
        self._n_features_out = self.n_components

    def _recipe(self) -> dict[str, Any]:
        params = dict(self.get_params(deep=False))
        if not isinstance(params["random_state"], int | None):
            params["random_state"] = None
        return {
            "library": f"tildex {version('tildex')}, torch {version('torch').partition('+')[0]}",
            "estimator": type(self).__name__,
            "params": {name: encode(value) for name, value in params.items()},
        }

    def _weights(self) -> dict[str, Tensor]:
        return {**_named("module", self.module_), **_named("scaling", self.scaling_)}


def _named(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    # named_parameters gives a weight that two maps share once, which is also all that needs saving.
    return {f"{prefix}.{name}": t for name, t in [*module.named_parameters(), *module.named_buffers()]}


def _dtype_name(dtype: torch.dtype) -> str:
    return next(name for name, known in PRECISIONS.items() if known is dtype)
