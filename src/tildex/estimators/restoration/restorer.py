"""The restorer: a convolutional network that removes noise, fills in missing pixels or colours grey images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.corruptions import Corruption, Turned, VaryingNoise
from tildex.estimators.base.checks import begin, check, drawing
from tildex.estimators.base.columns import Columns, apply, hold_out
from tildex.estimators.base.learner import Learner
from tildex.estimators.base.settings import Default, part, settings
from tildex.estimators.base.table import ModelRow
from tildex.estimators.base.whole import whole
from tildex.estimators.restoration.images import as_rows, fill_in, restored
from tildex.evaluate import psnr
from tildex.generator import Generator
from tildex.images import check_image_shape, image_axes
from tildex.maps import ImageNetwork, Scaling, UNet
from tildex.models import Restoration, check_views
from tildex.optimizers import Adam
from tildex.rules import Restoring, Rule
from tildex.units import Gaussian, Units

__all__ = ["Restorer"]


@settings
class Restorer(OneToOneFeatureMixin, TransformerMixin, Learner):
    """A convolutional network that restores images: trained on small images, used on images of any size.

    The network is residual: it adds a change to its input, and its code has features for every pixel, without a
    bottleneck. The corruption decides what may change: the whole image for added noise, only the missing pixels for
    hidden ones, only the colour, never the luminance, for greyscale. Pixels lie in [0, 1] and are not rescaled; all
    have unit variance, so the loss is half the squared error, in nats, plus a constant. ``transform`` returns restored
    images, ``score`` their mean peak signal-to-noise ratio.

    Parameters
    ----------
    image_shape : sequence of int, optional
        Height, width and channels (1 if left out) of the images in the rows. Not needed if ``fit`` is given images;
        by default, rows are square images of one channel or, if no square fits, single lines of pixels.
    network : ImageNetwork, optional
        ``UNet()`` by default, or ``DnCNN()``.
    corruption : Corruption, optional
        What the network learns to undo: ``VaryingNoise(0.2)``, a range of noise levels, by default; ``Missing()``,
        ``Occlusion()``, ``Greyscale()``, ``SaltAndPepper()``, any other, or several in sequence. An open
        ``image_shape`` or ``channels`` of the corruption is taken from the restorer.
    augmentation : Corruption, optional
        Random change of each training image before the corruption: ``Turned()`` by default; ``Mirrored()`` if up and
        down matter, as for colours; ``Turned(rate=0)`` for none.
    views : int
        Symmetric views of each image whose restorations ``transform`` averages: 1, the default; 2, with the mirror
        image; 4; 8. Slightly better and that many times slower, if the augmentation showed such views in training.
    optimizer : Optimizer, optional
        ``Adam(1e-3)`` by default.
    n_iter : int
        Epochs: passes over the training images, 50 by default.
    batch_size : int or None
        Images per step, 32 by default; None for all.
    shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, device, warm_start, \
verbose, random_state
        As in :class:`Autoencoder`.
    precision : str
        float32, float64, bfloat16 (convolutions in training only; several times faster on processors that support
        it), or auto, the default: that of the data.

    Attributes
    ----------
    module_ : Restoration
        The trained torch module.
    history_ : list of dict
        One record per epoch.
    image_shape_ : tuple of int
        Height, width and channels of the training images.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import Restorer, UNet
    >>> patches = np.random.default_rng(0).random((20, 16, 16, 3), dtype="float32")
    >>> restorer = Restorer(network=UNet(8), n_iter=1, random_state=0).fit(patches)
    >>> photographs = np.zeros((1, 45, 30, 3), dtype="float32")
    >>> restorer.transform(photographs).shape
    (1, 45, 30, 3)
    """

    slug = "restoration"
    can = frozenset({"corrupt"})
    row = ModelRow(
        35, "conv map", "conv map, residual", corruption="noise, missing pixels and blocks, greyscale, any"
    )
    defaults: ClassVar[dict[str, Default]] = {
        "optimizer": Adam(),
        "network": UNet(),
        "corruption": VaryingNoise(),
        "augmentation": Turned(),
    }

    image_shape: Sequence[int] | None = None
    network: ImageNetwork | None = None
    corruption: Corruption | None = None
    augmentation: Corruption | None = None
    views: int = 1
    n_iter: int | None = 50
    batch_size: int | str | None = 32

    image_shape_: tuple[int, int, int] = field(init=False)

    @whole
    def fit(self, X: Any, y: Any = None, *, X_val: Any = None, checkpoint: str | Path | None = None) -> Self:
        """Train on whole, undamaged images.

        Parameters
        ----------
        X : array or tensor of shape (n, height, width, channels), or (rows, features)
            Images of one size, such as patches of larger ones.
        y : None
            Ignored; present for pipelines.
        X_val : like X, optional
            Held-out images; by default, if ``early_stopping``, a share ``validation_fraction`` of ``X``.
        checkpoint : path, optional
            A file for the state of training, rewritten after every epoch. If it exists, training resumes from it and
            gives the same result, bit for bit, as a run without interruption.

        Returns
        -------
        self
        """
        check_views(self.views)
        X, shape = as_rows(X, self.image_shape)
        X = check(self, X, reset=True)
        generator = begin(self, checkpoint)
        if not self._goes_on:
            self.image_shape_ = self._axes(X.shape[1]) if shape is None else shape
        data, held_out = self._start(X, generator), None
        if X_val is not None:
            held_out = self._read(self._known_rows(X_val)).take(slice(None))
        elif self.early_stopping:
            data, held_out = hold_out(data, self.validation_fraction, generator)
        return self._learn(data, held_out, generator, checkpoint)

    def transform(self, X: Any) -> Any:
        """Return restored images, in the shape of ``X``.

        Parameters
        ----------
        X : array or tensor of shape (n, height, width, channels), or (rows, features)
            Images of any size, or rows of the training size. If the corruption hides pixels, NaN means missing.

        Raises
        ------
        ValueError
            If the number of channels differs, or pixels are missing and the model was not trained to fill them in.
        """
        check_is_fitted(self, "module_")
        if getattr(X, "ndim", 2) == 4:
            return restored(self, X)
        X = fill_in(self, X)
        height, width, _ = self.image_shape_
        rows = max(1, 2**18 // (height * width))
        return apply(self._restore_rows, X, like=self.scaling_.offset, rows=rows)

    def corrupt(self, X: Any, random_state: Any = 0) -> Any:
        """Return images of the training size, corrupted by the model's corruption, with NaN for hidden pixels.

        Parameters
        ----------
        X : array or tensor of shape (n, height, width, channels), or (rows, features)
            Undamaged images.
        random_state : int, RandomState or None
            The seed; None continues the estimator's own random stream.
        """
        check_is_fitted(self, "module_")
        generator = drawing(self, random_state)

        def corrupted(x: Tensor) -> Tensor:
            seen, lost = self.module_.corruption.hide(x, generator)
            return torch.where(lost, torch.nan, seen)

        rows = apply(corrupted, self._known_rows(X), like=self.scaling_.offset)
        return rows.reshape(getattr(X, "shape", rows.shape))

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean peak signal-to-noise ratio of images after corruption and restoration, in dB with peak 1.

        The corruption has the same seed at every call.
        """
        check_is_fitted(self, "module_")
        X = self._known_rows(X)
        X = X.toarray() if hasattr(X, "toarray") else X
        return psnr(X, self.transform(self.corrupt(X))).value

    def _known_rows(self, X: Any) -> Any:
        """Return images or rows of the training size as checked rows."""
        return check(self, as_rows(X, self.image_shape_)[0], reset=False)

    def _restore_rows(self, x: Tensor) -> Tensor:
        if not self.module_.frame.marks:
            return self.module_.restore(x, views=self.views)
        return self.module_.restore(x.nan_to_num(), x.isnan(), views=self.views)

    def _likelihood(self, columns: Columns) -> Units:
        return Gaussian()

    def _scaling(self, columns: Columns, likelihood: Units) -> Scaling:
        # One scale for all pixels: a convolution treats all columns alike.
        return Scaling(torch.zeros_like(columns.mean), torch.ones_like(columns.mean))

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> Restoration:
        return Restoration(
            part(self, "network"),
            self._shaped("corruption"),
            likelihood,
            self.image_shape_,
            generator=generator,
        )

    def _axes(self, n_features: int) -> tuple[int, int, int]:
        """Return height, width and channels of rows: as given, or of a square, or of a line."""
        check_image_shape(self.image_shape)
        line = self.image_shape is None and math.isqrt(n_features) ** 2 != n_features
        return image_axes((1, n_features) if line else self.image_shape, n_features)

    def _shaped(self, name: str) -> Corruption:
        """Return a new corruption, with the images' shape filled in wherever it is open."""
        shaped: Corruption = part(self, name)
        known = {"image_shape": self.image_shape_, "channels": self.image_shape_[2]}
        for path, value in shaped.get_params().items():
            head = path.split("__")[-1]
            if value is None and head in known:
                shaped.set_params(**{path: known[head]})
        return shaped

    def _rule(self) -> Rule:
        return Restoring(self._shaped("corruption"))

    def _present(self) -> Callable[[Tensor, Generator], Tensor]:
        return self._shaped("augmentation")

    def _code_size(self) -> int:
        return self.n_features_in_

    def _fitted(self) -> dict[str, Any]:
        return {"image_shape": list(self.image_shape_)}

    def _restore(self, fitted: dict[str, Any]) -> None:
        super()._restore(fitted)
        height, width, channels = fitted["image_shape"]
        self.image_shape_ = (int(height), int(width), int(channels))
