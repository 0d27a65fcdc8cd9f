"""The plan of greedy layerwise pretraining: one stage per layer, any one-layer model, trained on the code below."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from sklearn.base import clone
from torch import Tensor

from tildex.estimators.base.checks import check_counts, check_whole
from tildex.estimators.base.choosing import built
from tildex.estimators.base.columns import Columns, Transformed, some_rows
from tildex.estimators.base.settings import part
from tildex.estimators.base.table import is_model
from tildex.estimators.base.transformer import Estimator
from tildex.generator import Generator
from tildex.maps import Affine, Scaling, layer_sizes, seen
from tildex.models import Conditional, Pair, one_layer, unroll
from tildex.part import nearest
from tildex.products import autocast
from tildex.train import Rows, Trainer
from tildex.train.stages import Stage, Stages
from tildex.units import Gaussian, Units

__all__ = ["layer_by_layer", "unrolled"]

# The setting that leaves weights random, and the model whose layers the network then has.
_NONE, _PLAIN = "none", "autoencoder"


def layer_by_layer(deep: Any, data: Rows, held_out: Tensor | None) -> Stages:
    """Return one stage per layer and one for fine-tuning.

    Parameters
    ----------
    deep : DeepAutoencoder
        The settings, and the network to train.
    data : Rows
        Scaled rows.
    held_out : Tensor, optional
        Held-out rows that validate fine-tuning.

    Raises
    ------
    ValueError
        If there is nothing to train, or a layer's model does not fit.
    """
    if deep.n_iter_pretraining is not None:
        check_whole("n_iter_pretraining", deep.n_iter_pretraining, 0)
    layers = _layers(deep, deep.n_features_in_, deep.likelihood_)
    stages = []
    if _pretrained(deep) and deep.n_iter_pretraining != 0 and not deep._goes_on:
        stages = [_layer_stage(deep, depth, layer, data) for depth, layer in enumerate(layers)]
    if deep.n_iter:
        joint = partial(deep._trainer_for, callbacks=[])
        stages.append(Stage("fine-tuning", joint, data, held_out))
    if not stages:
        raise ValueError("there is nothing to train: n_iter is 0 and there is no pretraining; set n_iter")
    return Stages(stages, deep.module_)


def unrolled(
    deep: Any, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
) -> Pair:
    """Return the untrained network: all encoders upwards, and all decoders downwards with weights of their own."""
    pairs, n_in = [], n_features
    for layer in _layers(deep, n_features, likelihood):
        up = Affine.fresh(n_in, layer.n_components, generator=generator)
        down = Affine.fresh(layer.n_components, n_in, generator=generator)
        ours = layer.module_.to(generator.device)
        visible = seen(layer.likelihood_.count_columns(n_in), up)
        pairs.append(Pair(Conditional(visible, ours.encoder.units), Conditional(down, ours.decoder.units)))
        n_in = layer.n_components
    pairs[0].decoder.starting_at(mean)
    return unroll(pairs, noise=part(deep, "noise"))


def _layers(deep: Any, n_features: int, likelihood: Units) -> list[Any]:
    """Return an untrained one-layer model per layer, bottom up, with its unit families and module set."""
    sizes = [*layer_sizes(deep.hidden_layer_sizes), deep.n_components]
    prepared = []
    for depth, (model, size) in enumerate(zip(_models(deep, len(sizes)), sizes, strict=True)):
        code = part(deep, "code" if depth == len(sizes) - 1 else "hidden")
        _prepare(model, deep, size, n_features, likelihood, code)
        try:
            # On the CPU whatever the stack's device: only the shape of this module is used.
            with torch.device("cpu"):
                module = model._build(n_features, model.likelihood_, Generator(0), None)
                found = one_layer(module, _identity(n_features))
        except ValueError as error:
            raise ValueError(f"pretrain, layer {depth + 1}: {error}") from error
        model.module_ = found
        prepared.append(model)
        n_features, units = size, found.encoder.units
        # An activation returns real values and has no likelihood.
        likelihood = units.copy() if units.has_likelihood else Gaussian()  # type: ignore[assignment]
    return prepared


def _models(deep: Any, depth: int) -> list[Any]:
    """Return a new model per layer."""
    given = deep.pretrain if _pretrained(deep) else _PLAIN
    chosen = list(given) if isinstance(given, list | tuple) else [given] * depth
    if len(chosen) != depth:
        raise ValueError(
            f"pretrain has {len(chosen)} models for {depth} layers: give one for all, or one per size in "
            "hidden_layer_sizes and one for the code"
        )
    return [_model(one) for one in chosen]


def _pretrained(deep: Any) -> bool:
    """Return whether layers are pretrained at all."""
    return not (isinstance(deep.pretrain, str) and deep.pretrain == _NONE)


def _prepare(model: Any, deep: Any, size: int, n_features: int, likelihood: Units, code: Units) -> None:
    """Set a one-layer model's sizes, and the unit families that it leaves open."""
    settings = model.get_params(deep=False)
    model.n_components, model.n_features_in_ = size, n_features
    for name, units in (("likelihood", likelihood), ("code", code), ("hidden", code)):
        open_ = name in settings and settings[name] is None
        if open_ and (name != "likelihood" or name not in model.defaults):
            setattr(model, name, units)
    if deep.n_iter_pretraining is not None:
        model.n_iter = max(1, deep.n_iter_pretraining)
    check_counts(model)
    # The likelihood is set, so the model needs no columns to choose one.
    model.likelihood_ = model._likelihood(None)


def _layer_stage(deep: Any, depth: int, layer: Any, data: Rows) -> Stage:
    """Return the stage that trains one model on the code of the layers below and copies it into the network."""
    # The lowest model sees unknown values if it knows what they are, and what the network sees of them otherwise.
    gaps = deep._gaps and depth == 0 and layer.allows_nan
    below = data if gaps else Transformed(data, partial(_up, deep, depth))

    def begin(generator: Generator) -> Trainer:
        columns, like = Columns.of(below), deep.scaling_.offset
        layer.device_, layer._products = deep.device_, deep._products
        layer.scaling_ = layer._scaling(columns, layer.likelihood_).to(like)
        scaled = Transformed(below, layer.scaling_).take(slice(0, min(len(below), 2048)))
        if (message := layer.likelihood_.outside_known(scaled)) is not None:
            raise ValueError(
                f"pretrain, layer {depth + 1}: {layer.likelihood_!r} units expect {message}: choose hidden or code "
                "units below that stay in this range"
            )
        mean = layer.scaling_(columns.mean.to(like))
        layer._gaps = gaps
        with torch.device(deep.device_):
            module = built(layer, layer.likelihood_, generator, mean)
        layer.module_ = module.to(like)
        layer.module_.look(partial(some_rows, Transformed(below, layer.scaling_)))
        return layer._trainer_for(generator, [])

    def end(trainer: Trainer) -> None:
        layer._finish(Transformed(below, layer.scaling_))
        learned = one_layer(layer.module_, layer.scaling_)
        if gaps:
            deep.module_.learn_unknown(layer.module_)
        ups, downs = deep.module_.encoder.map.conditionals, deep.module_.decoder.map.conditionals
        ups[depth].load_state_dict(learned.encoder.state_dict())
        downs[len(downs) - 1 - depth].load_state_dict(learned.decoder.state_dict())

    return Stage(
        f"layer {depth + 1}",
        begin,
        lambda: layer._training_rows(Transformed(below, layer.scaling_)),
        None,
        end,
    )


@torch.no_grad()
def _up(deep: Any, depth: int, x: Tensor) -> Tensor:
    """Return the mean code of the lowest ``depth`` layers."""
    x = deep.module_.shown(x)
    with autocast(deep.device_, deep._products):
        for conditional in deep.module_.encoder.map.conditionals[:depth]:
            x = conditional.mean(x)
    return x


def _identity(n_features: int) -> Scaling:
    return Scaling(torch.zeros(n_features), torch.ones(n_features))


def _model(given: Any) -> Any:
    """Return a new model, from a name in the table or a clone of an estimator."""
    if isinstance(given, str):
        known = {slug: cls for slug, cls in Estimator.table.items() if cls.gives_codes}
        if given not in known:
            raise ValueError(f"pretrain: no model is called {given!r}; {nearest(given, [*known, _NONE])}")
        cls: Any = known[given]
        one_layer_only = {"hidden_layer_sizes": ()} if "hidden_layer_sizes" in cls._get_param_names() else {}
        model = cls(**one_layer_only)
    elif is_model(given) and given.gives_codes:
        model = clone(given)
    else:
        raise ValueError(
            f"pretrain must be the name of a one-layer model such as 'denoising' or 'rbm', {_NONE!r}, a model such as "
            f"RBM(), or a sequence with one per layer, got {given!r}"
        )
    if model.staged or model.counts:
        raise ValueError(
            f"pretrain needs one-layer models of real or binary rows, got {type(model).__name__}"
        )
    return model
