"""Estimators to run folders and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from tildex.estimators.base.checks import PRECISIONS, resolve_device
from tildex.files import RunError
from tildex.generator import Generator
from tildex.maps import Scaling
from tildex.part import decode, encode
from tildex.runs import Run, write_run
from tildex.units import Units

__all__ = ["SavableMixin", "bare"]


class SavableMixin:
    """``save`` and ``load`` for an estimator whose learned state is a module, a scaling and a few numbers."""

    table: ClassVar[dict[str, Any]]
    likelihood_: Units
    get_params: Callable[..., dict[str, Any]]
    _build: Callable[..., nn.Module]
    _code_size: Callable[[], int]

    def _snapshot_tensors(self) -> dict[str, Tensor]:
        """Return what was kept of the codes during training."""
        return {}

    def _restore_snapshots(self, tensors: dict[str, Tensor]) -> None:
        """Take it back."""

    def save(self, path: str | Path) -> Path:
        """Save the fitted estimator as a folder of JSON and safetensors, and return the folder.

        Raises
        ------
        RunError
            If the folder holds something else or cannot be written.
        """
        check_is_fitted(self, "module_")
        recipe = {**self._recipe(), "fitted": self._fitted()}
        return write_run(path, Run(recipe, self._weights(), self.history_, self._snapshot_tensors()))

    @classmethod
    def _from_run(cls, run: Run, device: str) -> Self:
        """Return the estimator that a run folder describes.

        Raises
        ------
        RunError
            If the recipe or the weights do not fit this class.
        """
        try:
            params = run.recipe["params"].items()
            estimator = cls(**{name: cls._value(name, value, run, device) for name, value in params})
            fitted = run.recipe["fitted"]
            estimator._restore(fitted, run, resolve_device(device))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise RunError(f"the run's recipe does not describe a {cls.__name__}: {error}") from error
        return estimator

    @classmethod
    def _value(cls, name: str, record: Any, run: Run, device: str) -> Any:
        """Return the value of a setting; one that is a trained estimator has its weights in the same run."""
        if isinstance(record, list):
            return tuple(cls._value(name, one, run, device) for one in record)
        if not (isinstance(record, Mapping) and "estimator" in record):
            return decode(record)
        classes = {known.__name__: known for known in cls.table.values()}
        if record["estimator"] not in classes:
            raise ValueError(f"{name} is of {record['estimator']!r}, which this version does not have")
        if "fitted" not in record:
            params = {key: cls._value(key, value, run, device) for key, value in record["params"].items()}
            return classes[record["estimator"]](**params)
        prefix = f"{name}."
        weights = {key.removeprefix(prefix): t for key, t in run.weights.items() if key.startswith(prefix)}
        return classes[record["estimator"]]._from_run(Run(dict(record), weights, []), device)

    def _restore(self, fitted: dict[str, Any], run: Run, device: torch.device) -> None:
        self.n_features_in_ = int(fitted["n_features_in"])
        self.n_iter_ = int(fitted["n_iter"])
        if "feature_names_in" in fitted:
            self.feature_names_in_ = np.array(fitted["feature_names_in"], dtype=object)
        self.likelihood_ = self._likelihood_of(fitted)
        weights, self._products = PRECISIONS[fitted["weights"]], PRECISIONS[fitted["products"]]
        self.scaling_ = self._no_scaling().to(weights)
        self.module_ = self._build(self.n_features_in_, self.likelihood_, Generator(0), None).to(weights)
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
        self._restore_snapshots(run.snapshots)
        self._n_features_out = self._code_size()

    def _likelihood_of(self, fitted: dict[str, Any]) -> Units:
        """Return the units of the data that training chose."""
        likelihood = decode(fitted["likelihood"])
        if not isinstance(likelihood, Units):
            raise ValueError(f"expected units as the likelihood, got {likelihood!r}")
        return likelihood

    def _no_scaling(self) -> Scaling:
        """Return a scaling into which the saved one's numbers go."""
        zeros = torch.zeros(self.n_features_in_)
        return Scaling(zeros, zeros + 1)

    def _fitted(self) -> dict[str, Any]:
        """Return what training chose, as JSON."""
        fitted = {
            "n_features_in": int(self.n_features_in_),
            "likelihood": encode(self.likelihood_),
            "weights": _dtype_name(self.scaling_.offset.dtype),
            "products": _dtype_name(self._products),
            "n_iter": int(self.n_iter_),
        }
        if hasattr(self, "feature_names_in_"):
            fitted["feature_names_in"] = list(self.feature_names_in_)
        return fitted

    def _recipe(self) -> dict[str, Any]:
        params = dict(self.get_params(deep=False))
        if not isinstance(params["random_state"], int | None):
            params["random_state"] = None
        return {
            "library": f"tildex {version('tildex')}, torch {version('torch').partition('+')[0]}",
            "estimator": type(self).__name__,
            "params": {name: _encoded(value) for name, value in params.items()},
        }

    def _weights(self) -> dict[str, Tensor]:
        weights = {**_named("module", self.module_), **_named("scaling", self.scaling_)}
        for name, value in self.get_params(deep=False).items():
            if is_trained(value := bare(value)):
                weights |= {f"{name}.{key}": tensor for key, tensor in value._weights().items()}
        return weights


def bare(estimator: Any) -> Any:
    """Return what a frozen estimator holds, and anything else as it is."""
    return estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator


def is_trained(value: Any) -> bool:
    """Say whether a setting is an estimator of this library that has been fitted."""
    return isinstance(value, SavableMixin) and hasattr(value, "module_")


def _encoded(value: Any) -> Any:
    """Return a setting as JSON: an estimator as its recipe, and one that was trained before as it would be saved."""
    if isinstance(value, list | tuple):
        return [_encoded(one) for one in value]
    if is_trained(value := bare(value)):
        return {**value._recipe(), "fitted": value._fitted()}
    return value._recipe() if isinstance(value, SavableMixin) else encode(value)


def _named(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    # named_parameters gives a weight that two maps share once, which is also all that needs saving.
    return {f"{prefix}.{name}": t for name, t in [*module.named_parameters(), *module.named_buffers()]}


def _dtype_name(dtype: torch.dtype) -> str:
    return next(name for name, known in PRECISIONS.items() if known is dtype)
