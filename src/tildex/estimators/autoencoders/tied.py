"""Autoencoders whose decoder may be the encoder turned round, as those of the classical papers are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from tildex.corruptions import Corruption
from tildex.estimators.autoencoders.autoencoder import Autoencoder
from tildex.generator import Generator
from tildex.maps import Architecture, Norm, tie
from tildex.models import Pair
from tildex.optimizers import Optimizer
from tildex.penalties import Penalty
from tildex.units import Units

__all__ = ["TiedAutoencoder"]


class TiedAutoencoder(Autoencoder):
    """An :class:`Autoencoder` with one more parameter, ``tied``: whether the decoder multiplies with the encoder's
    own matrices, turned round. Half the weights; and a code that cannot hide its size in the decoder.
    """

    def __init__(
        self,
        n_components: int = 64,
        *,
        tied: bool = False,
        hidden_layer_sizes: Sequence[int] | int = (),
        activation: str = "relu",
        architecture: Architecture | None = None,
        norm: Norm | None = None,
        code: Units | None = None,
        likelihood: Units | None = None,
        corruption: Corruption | None = None,
        penalty: Penalty | None = None,
        noise: Corruption | None = None,
        code_noise: Corruption | None = None,
        augmentation: Corruption | None = None,
        optimizer: Optimizer | None = None,
        n_iter: int = 50,
        batch_size: int | None = 100,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        averaging: float | None = None,
        clip_norm: float | None = None,
        precision: str = "auto",
        device: str = "auto",
        warm_start: bool = False,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            n_components,
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            architecture=architecture,
            norm=norm,
            code=code,
            likelihood=likelihood,
            corruption=corruption,
            penalty=penalty,
            noise=noise,
            code_noise=code_noise,
            augmentation=augmentation,
            optimizer=optimizer,
            n_iter=n_iter,
            batch_size=batch_size,
            shuffle=shuffle,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            tol=tol,
            averaging=averaging,
            clip_norm=clip_norm,
            precision=precision,
            device=device,
            warm_start=warm_start,
            verbose=verbose,
            random_state=random_state,
        )
        self.tied = tied

    def _build(self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None) -> Pair:
        pair: Any = super()._build(n_features, likelihood, generator, mean)
        if self.tied:
            tie(pair.encoder.map, pair.decoder.map)
        return pair
