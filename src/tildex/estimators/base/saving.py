"""Saving and loading estimators: a recipe of settings, what training chose, and weights by name."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tildex.data import Reading
from tildex.estimators.base.checks import resolve_device
from tildex.estimators.base.choosing import built
from tildex.estimators.base.columns import PRECISIONS
from tildex.estimators.base.snapshots import restore_snapshots, snapshot_tensors
from tildex.estimators.base.table import is_model
from tildex.estimators.base.trained import bare
from tildex.files import RunError
from tildex.generator import Generator
from tildex.maps import with_views
from tildex.part import decode, encode
from tildex.runs import Run, read_run, write_run
from tildex.train import Rows
from tildex.units import Units

__all__ = ["identity", "likelihood_of", "portable", "read", "recipe_of", "save", "weights_of"]


def save(estimator: Any, path: str | Path) -> Path:
    """Write a fitted estimator to a folder, and return the folder."""
    recipe = {**recipe_of(estimator), "fitted": _fitted(estimator)}
    return write_run(
        path, Run(recipe, weights_of(estimator), estimator.history_, snapshot_tensors(estimator))
    )


def read(path: str | Path, table: Mapping[str, Any], device: str) -> Any:
    """Return the fitted estimator of a run folder; its class must be in ``table``.

    Raises
    ------
    RunError
        If the folder is missing, damaged, not a run, or of an estimator that this version does not have.
    """
    run = read_run(path)
    classes = {cls.__name__: cls for cls in table.values()}
    name = run.recipe.get("estimator")
    if name not in classes:
        raise RunError(f"{path} is a run of {name!r}; this version has only {sorted(classes)}")
    return _from_run(classes[name], run, classes, device)


def recipe_of(estimator: Any) -> dict[str, Any]:
    """Return the settings of an estimator as JSON."""
    params = dict(estimator.get_params(deep=False))
    if not isinstance(params["random_state"], int | None):
        params["random_state"] = None
    return {
        "library": f"tildex {version('tildex')}, torch {version('torch').partition('+')[0]}",
        "estimator": type(estimator).__name__,
        "params": {name: _encoded(value) for name, value in params.items()},
    }


def weights_of(estimator: Any) -> dict[str, Tensor]:
    """Return all learned tensors by name, including those of trained estimators among the settings."""
    weights = {**_named("module", estimator.module_), **_named("scaling", estimator.scaling_)}
    for name, value in estimator.get_params(deep=False).items():
        if is_model(value := bare(value)) and hasattr(value, "module_"):
            weights |= {f"{name}.{key}": tensor for key, tensor in weights_of(value).items()}
    return weights


def identity(estimator: Any, data: Rows) -> dict[str, Any]:
    """Return what identifies a training, for its checkpoint: settings, data and snapshots."""
    kept = estimator._kept
    about = {"rows": len(data), "data": estimator._digest}
    return {**recipe_of(estimator), **about, "snapshots": sorted(kept.epochs) if kept is not None else []}


def portable(estimator: Any, state: dict[str, Any]) -> dict[str, Any]:
    """Return the state for a pickle: without the optimiser, all tensors on the CPU."""
    state.pop("_trainer", None)
    state.pop("_sampling", None)
    if "device_" in state and estimator.device_.type != "cpu":
        state["module_"] = copy.deepcopy(estimator.module_).cpu()
        state["scaling_"] = copy.deepcopy(estimator.scaling_).cpu()
        state["device_"] = torch.device("cpu")
    return state


def likelihood_of(fitted: Mapping[str, Any]) -> Units:
    """Return the unit family of the data that training chose."""
    likelihood = decode(fitted["likelihood"])
    if not isinstance(likelihood, Units):
        raise ValueError(f"expected units as the likelihood, got {likelihood!r}")
    return likelihood


def _fitted(estimator: Any) -> dict[str, Any]:
    """Return what training chose, as JSON."""
    fitted = {
        "n_features_in": int(estimator.n_features_in_),
        "likelihood": encode(estimator.likelihood_),
        "weights": _dtype_name(estimator.scaling_.offset.dtype),
        "products": _dtype_name(estimator._products),
        "n_iter": int(estimator.n_iter_),
    }
    if hasattr(estimator, "feature_names_in_"):
        fitted["feature_names_in"] = list(estimator.feature_names_in_)
    if estimator._gaps:
        fitted["gaps"] = True
    if reading := estimator.reading_.to_json():
        fitted["reading"] = reading
    return {**fitted, **estimator._fitted()}


def _from_run(cls: Any, run: Run, classes: Mapping[str, Any], device: str) -> Any:
    """Return the estimator that a run describes."""
    try:
        params = run.recipe["params"].items()
        estimator = cls(**{name: _value(name, value, run, classes, device) for name, value in params})
        _restore(estimator, run.recipe["fitted"], run, resolve_device(device))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise RunError(f"the run's recipe does not describe a {cls.__name__}: {error}") from error
    return estimator


def _value(name: str, record: Any, run: Run, classes: Mapping[str, Any], device: str) -> Any:
    """Return the value of a setting; the weights of a trained estimator are in the same run."""
    if isinstance(record, list):
        return tuple(_value(name, one, run, classes, device) for one in record)
    if not (isinstance(record, Mapping) and "estimator" in record):
        return decode(record)
    if record["estimator"] not in classes:
        raise ValueError(f"{name} is of {record['estimator']!r}, which this version does not have")
    cls = classes[record["estimator"]]
    if "fitted" not in record:
        params = record["params"].items()
        return cls(**{key: _value(key, value, run, classes, device) for key, value in params})
    prefix = f"{name}."
    weights = {key.removeprefix(prefix): t for key, t in run.weights.items() if key.startswith(prefix)}
    return _from_run(cls, Run(dict(record), weights, []), classes, device)


def _restore(estimator: Any, fitted: dict[str, Any], run: Run, device: torch.device) -> None:
    """Restore what training chose, and load the weights of a run."""
    estimator.n_features_in_ = int(fitted["n_features_in"])
    estimator.n_iter_ = int(fitted["n_iter"])
    estimator.reading_ = Reading.from_json(fitted.get("reading", {}))
    if "feature_names_in" in fitted:
        estimator.feature_names_in_ = np.array(fitted["feature_names_in"], dtype=object)
    weights, estimator._products = PRECISIONS[fitted["weights"]], PRECISIONS[fitted["products"]]
    estimator._restore(fitted)
    estimator._gaps = bool(fitted.get("gaps", False))
    estimator.scaling_.to(weights)
    module = built(estimator, estimator.likelihood_, Generator(0), None)
    estimator.module_ = module.to(weights).eval()
    wanted = weights_of(estimator)
    _copy(with_views(run.weights, wanted), wanted)
    estimator.scaling_.to(device)
    estimator.module_.to(device)
    estimator.device_ = device
    estimator.history_ = run.history
    restore_snapshots(estimator, run.snapshots)
    estimator._n_features_out = estimator._code_size()


def _copy(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
    if set(target) != set(source):
        raise ValueError(f"expected weights named {sorted(target)}, got {sorted(source)}")
    for name, tensor in target.items():
        if tensor.shape != source[name].shape:
            raise ValueError(
                f"expected {name} of shape {tuple(tensor.shape)}, got {tuple(source[name].shape)}"
            )
        tensor.data.copy_(source[name])


def _encoded(value: Any) -> Any:
    """Return a setting as JSON: an estimator as its recipe, with what training chose if it is fitted."""
    if isinstance(value, list | tuple):
        return [_encoded(one) for one in value]
    value = bare(value)
    if not is_model(value):
        return encode(value)
    return {**recipe_of(value), "fitted": _fitted(value)} if hasattr(value, "module_") else recipe_of(value)


def _named(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    # named_parameters lists a weight that two maps share once, and once is enough to save it.
    return {f"{prefix}.{name}": t for name, t in [*module.named_parameters(), *module.named_buffers()]}


def _dtype_name(dtype: torch.dtype) -> str:
    return next(name for name, known in PRECISIONS.items() if known is dtype)
