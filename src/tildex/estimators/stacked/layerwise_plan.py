"""Greedy layerwise pretraining with any one-layer model: a stage a layer, each on the code of the layers below."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

import torch
from sklearn.base import clone
from torch import Tensor, nn

from tildex.estimators.base.checks import check_counts, check_whole, layer_sizes
from tildex.estimators.base.columns import Columns, Transformed
from tildex.estimators.base.staged import StagedEstimator
from tildex.estimators.base.transformer import Estimator
from tildex.generator import Generator
from tildex.maps import Affine, Scaling
from tildex.models import Conditional, Pair, one_layer, unroll
from tildex.part import nearest
from tildex.train import Rows, Trainer
from tildex.train.stages import Stage
from tildex.units import Activation, Gaussian, Units

__all__ = ["LayerwiseEstimator"]

# The name of pretraining that leaves weights random, and of the model whose layers a network then has.
_NONE, _PLAIN = "none", "autoencoder"


class LayerwiseEstimator(StagedEstimator):
    """An estimator whose module is an unrolled stack, with the settings of :class:`DeepAutoencoder`."""

    least_passes: ClassVar[int] = 0

    hidden_layer_sizes: Sequence[int] | int
    pretrain: Any
    n_iter_pretraining: int | None

    def _sizes(self) -> list[int]:
        return [*layer_sizes(self.hidden_layer_sizes), self.n_components]

    def _layers(self, n_features: int, likelihood: Units) -> list[Estimator]:
        """Return an untrained one-layer model for each layer, bottom up, its families and its module chosen."""
        sizes, models = self._sizes(), self._models()
        prepared: list[Estimator] = []
        for depth, (model, size) in enumerate(zip(models, sizes, strict=True)):
            code = self._part("code" if depth == len(sizes) - 1 else "hidden")
            self._prepare(model, size, n_features, likelihood, code)
            try:
                # On the processor wherever the stack is: only the shape of this module is looked at.
                with torch.device("cpu"):
                    module = model._build(n_features, model.likelihood_, Generator(0), None)
                    found = one_layer(module, _identity(n_features))
            except ValueError as error:
                raise ValueError(f"pretrain, layer {depth + 1}: {error}") from error
            model.module_ = found
            prepared.append(model)
            n_features, units = size, found.encoder.units
            # What an activation returns is real, and nothing says how likely it is.
            likelihood = Gaussian() if isinstance(units, Activation) else units.copy()
        return prepared

    def _models(self) -> list[Estimator]:
        """Return a fresh model a layer."""
        depth = len(self._sizes())
        given = self.pretrain if self._pretrained() else _PLAIN
        chosen = list(given) if isinstance(given, list | tuple) else [given] * depth
        if len(chosen) != depth:
            raise ValueError(
                f"pretrain has {len(chosen)} models for {depth} layers: give one for all, or one for each size in "
                "hidden_layer_sizes and one for the code"
            )
        return [_model(one) for one in chosen]

    def _pretrained(self) -> bool:
        """Say whether layers are trained as models at all."""
        return not (isinstance(self.pretrain, str) and self.pretrain == _NONE)

    def _prepare(self, model: Any, size: int, n_features: int, likelihood: Units, code: Units) -> None:
        """Give a one-layer model its sizes and, where it leaves them open, its families."""
        settings = model.get_params(deep=False)
        model.n_components, model.n_features_in_ = size, n_features
        for name, units in (("likelihood", likelihood), ("code", code), ("hidden", code)):
            if (
                name in settings
                and settings[name] is None
                and (name != "likelihood" or name not in model.defaults)
            ):
                setattr(model, name, units)
        if self.n_iter_pretraining is not None:
            model.n_iter = max(1, self.n_iter_pretraining)
        check_counts(model)
        # With its family given a model need not look at the columns to choose one.
        family: Any = model._likelihood
        model.likelihood_ = family(None)

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        pairs, n_in = [], n_features
        for layer in self._layers(n_features, likelihood):
            up = Affine.fresh(n_in, layer.n_components, generator=generator)
            down = Affine.fresh(layer.n_components, n_in, generator=generator)
            ours: Any = layer.module_.to(generator.device)
            pairs.append(Pair(Conditional(up, ours.encoder.units), Conditional(down, ours.decoder.units)))
            n_in = layer.n_components
        if mean is not None:
            lowest: Any = pairs[0].decoder
            with torch.no_grad():
                lowest.map.output_bias.copy_(lowest.units.inputs_for(mean))
        return unroll(pairs, noise=self._part("noise"))

    def _stages(self, data: Rows, held_out: Tensor | None) -> list[Stage]:
        if self.n_iter_pretraining is not None:
            check_whole("n_iter_pretraining", self.n_iter_pretraining, 0)
        layers = self._layers(self.n_features_in_, self.likelihood_)
        again = self.warm_start and hasattr(self, "history_")
        greedy = self._pretrained() and self.n_iter_pretraining != 0 and not again
        stages = (
            [self._layer_stage(depth, layer, data) for depth, layer in enumerate(layers)] if greedy else []
        )
        if self.n_iter:
            joint = partial(self._trainer_for, callbacks=[])
            stages.append(Stage("fine-tuning", joint, data, held_out))
        if not stages:
            raise ValueError("there is nothing to train: n_iter is 0, and so is pretraining")
        return stages

    def _layer_stage(self, depth: int, layer: Any, data: Rows) -> Stage:
        """Return the stage that trains one model on the code below and copies it into the network."""
        below = Transformed(data, partial(self._up, depth))

        def begin(generator: Generator) -> Trainer:
            columns, like = Columns.of(below), self.scaling_.offset
            layer.device_, layer._products = self.device_, self._products
            layer.scaling_ = layer._scaling(columns, layer.likelihood_).to(like)
            scaled = layer._scaled(below).take(slice(0, min(len(below), 2048)))
            if (message := layer.likelihood_.outside(scaled)) is not None:
                raise ValueError(
                    f"pretrain, layer {depth + 1}: {layer.likelihood_!r} units expect {message}: choose hidden or code "
                    "units below that stay in this range"
                )
            mean = layer.scaling_(columns.mean.to(like))
            with torch.device(self.device_):
                module = layer._build(layer.n_features_in_, layer.likelihood_, generator, mean)
            layer.module_ = module.to(like)
            return layer._trainer_for(generator, [])

        def end(trainer: Trainer) -> None:
            layer._finish(layer._scaled(below))
            trained = one_layer(layer.module_, layer.scaling_)
            deep: Any = self.module_
            ups, downs = deep.encoder.map.conditionals, deep.decoder.map.conditionals
            ups[depth].load_state_dict(trained.encoder.state_dict())
            downs[len(downs) - 1 - depth].load_state_dict(trained.decoder.state_dict())

        return Stage(
            f"layer {depth + 1}", begin, lambda: layer._training_rows(layer._scaled(below)), None, end
        )

    @torch.no_grad()
    def _up(self, depth: int, x: Tensor) -> Tensor:
        """Return the mean code of the layers below one."""
        with self._autocast():
            for conditional in self.module_.encoder.map.conditionals[:depth]:
                x = conditional.mean(x)
        return x

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        if self._products is torch.bfloat16:
            return torch.autocast(self.device_.type, torch.bfloat16)
        return contextlib.nullcontext()


def _identity(n_features: int) -> Scaling:
    return Scaling(torch.zeros(n_features), torch.ones(n_features))


def _model(given: Any) -> Estimator:
    """Return a fresh model from a name of the table or from a model that is not trained."""
    if isinstance(given, str):
        known = {slug: cls for slug, cls in Estimator.table.items() if issubclass(cls, Estimator)}
        if given not in known:
            raise ValueError(f"pretrain: no model is called {given!r}; {nearest(given, [*known, _NONE])}")
        cls: Any = known[given]
        one_layer_only = {"hidden_layer_sizes": ()} if "hidden_layer_sizes" in cls._get_param_names() else {}
        model: Estimator = cls(**one_layer_only)
    elif isinstance(given, Estimator):
        model = clone(given)
    else:
        raise ValueError(
            f"pretrain must be the name of a one-layer model such as 'denoising' or 'rbm', {_NONE!r}, a model such as "
            f"RBM(), or one for each layer, got {given!r}"
        )
    if isinstance(model, StagedEstimator) or model.counts:
        raise ValueError(f"pretrain needs one-layer models of rows, and {type(model).__name__} is none")
    return model
