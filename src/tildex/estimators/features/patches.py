"""Features of thumbnails: codes of their patches under a model trained on such patches."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from tildex.estimators.autoencoders.sparse import SparseAutoencoder
from tildex.estimators.base.checks import check_whole
from tildex.estimators.base.registry import load
from tildex.estimators.base.whole import whole
from tildex.estimators.features.pictures import picture_shape
from tildex.features.code_maps import image_features
from tildex.features.patches import PatchScaling, random_patches
from tildex.files import RunError, load_state, save_state
from tildex.generator import Generator
from tildex.maps import Whitening

__all__ = ["PatchFeatures"]

_FLOATS = (np.float64, np.float32)
_KEPT, _MODEL = "patches.safetensors", "model"
# The integer settings, each with its smallest value.
_LEAST = {"patch_size": 1, "n_patches": 2, "grid": 1}


class PatchFeatures(TransformerMixin, BaseEstimator):
    """Codes of patches, learned without labels and pooled over regions (Coates, Ng & Lee, 2011, "An analysis of
    single-layer networks in unsupervised feature learning").

    ``fit`` draws random patches of the pictures, normalises their brightness and contrast, whitens them and trains a
    model on them. ``transform`` encodes the patch at every position, sums the codes over a grid of regions, takes
    square roots and scales each region's to unit length. If codes are not negative, as by default, features lie
    between 0 and 1, like those of :class:`PictureFeatures`, and the two combine well.

    Parameters
    ----------
    shape : (height, width) or (height, width, 3), optional
        Shape of the pictures in the rows, pixels from 0 to 1; by default, a row is one line of grey pixels.
    estimator : estimator, optional
        Model of patches: any estimator with ``fit`` and ``transform``, such as :class:`GaussianRBM`. A
        :class:`SparseAutoencoder` of 256 units by default.
    patch_size : int
        Side of a patch in pixels, 6 by default; at most the picture's.
    n_patches : int
        Number of patches drawn for training, 50,000 by default.
    grid : int
        Regions per side over which codes are summed, 2 by default.
    device : str
        Device of the default estimator; any other has its own.
    random_state : int, RandomState or None
        Seed for drawing patches, and for the estimator if that has none.

    Attributes
    ----------
    estimator_ : estimator
        The trained model of patches.
    scaling_ : PatchScaling
        Normalisation and whitening of patches; its ``filters`` shows the model's weights as pixels.
    n_features_in_ : int
        Number of columns in ``fit``.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import PatchFeatures, SparseAutoencoder
    >>> pictures = np.random.default_rng(0).random((20, 16 * 16 * 3), dtype="float32")
    >>> learned = PatchFeatures((16, 16, 3), estimator=SparseAutoencoder(30, n_iter=2), n_patches=500, random_state=0)
    >>> learned.fit_transform(pictures).shape
    (20, 120)
    """

    learned: ClassVar[bool] = True
    n_features_in_: int

    def __init__(
        self,
        shape: Sequence[int] | None = None,
        *,
        estimator: Any = None,
        patch_size: int = 6,
        n_patches: int = 50_000,
        grid: int = 2,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.shape = shape
        self.estimator = estimator
        self.patch_size = patch_size
        self.n_patches = n_patches
        self.grid = grid
        self.device = device
        self.random_state = random_state

    @whole
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from random patches of pictures.

        Parameters
        ----------
        X : array of shape (rows, features)
            The pictures.
        y : None
            Ignored; present for pipelines.
        """
        self._check()
        X = validate_data(self, X, dtype=_FLOATS)
        if X.shape[1] < 2:
            raise ValueError("expected pictures of at least 2 pixels, got rows of 1 feature(s)")
        generator = Generator(self.random_state)
        patches = random_patches(self._images(X), self._size, self.n_patches, generator=generator)
        self.scaling_ = PatchScaling.of(patches.double())
        default = SparseAutoencoder(256, n_iter=10, device=self.device)
        model = clone(default if self.estimator is None else self.estimator)
        if getattr(model, "random_state", self) is None:
            model.set_params(random_state=int(generator.integers(2**31 - 1, 1)[0]))
        self.estimator_ = model.fit(self._scaling(patches.dtype)(patches).numpy())
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the features of each row, shape (rows, grid * grid * units), in the dtype of ``X``."""
        check_is_fitted(self, "estimator_")
        X = validate_data(self, X, dtype=_FLOATS, reset=False)
        images = self._images(X)
        sums = image_features(images, self._size, self._scaling(images.dtype), self._encode, grid=self.grid)
        regions = sums.view(len(X), self.grid**2, -1)
        roots = torch.nn.functional.normalize(regions.sign() * regions.abs().sqrt(), dim=-1)
        features: np.ndarray = roots.flatten(1).numpy().astype(X.dtype, copy=False)
        return features

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the name of each feature; ``input_features`` is ignored."""
        check_is_fitted(self, "estimator_")
        units = self._encode(torch.zeros(1, self.scaling_.whitening.offset.numel())).shape[1]
        regions = range(self.grid**2)
        return np.array([f"region{r}_unit{k}" for r in regions for k in range(units)], dtype=object)

    def save(self, path: str | Path) -> None:
        """Write the fitted transformer to a folder for :meth:`load`; its estimator must be one of Tildex."""
        check_is_fitted(self, "estimator_")
        if not hasattr(self.estimator_, "save"):
            raise TypeError(
                f"expected a model of patches that can be saved, got {type(self.estimator_).__name__}"
            )
        path = Path(path)
        self.estimator_.save(path / _MODEL)
        whitening = self.scaling_.whitening
        settings = {name: int(getattr(self, name)) for name in _LEAST}
        save_state(
            path / _KEPT,
            {
                **settings,
                "shape": None if self.shape is None else [int(n) for n in self.shape],
                "columns": self.n_features_in_,
                "floor": self.scaling_.floor,
                "whitening": [whitening.offset, whitening.matrix, whitening.unmatrix],
            },
        )

    @classmethod
    def load(cls, path: str | Path, *, device: str = "auto") -> Self:
        """Read a folder that :meth:`save` wrote; nothing in it is executed.

        Raises
        ------
        RunError
            If it is missing, damaged or not a folder of patch features.
        """
        path = Path(path)
        tree = load_state(path / _KEPT)
        model = load(path / _MODEL, device=device)
        try:
            settings = {name: tree[name] for name in _LEAST}
            shape = None if tree["shape"] is None else tuple(tree["shape"])
            learned = cls(shape, estimator=clone(model), device=device, **settings)
            learned._check()
            picture_shape(learned.shape, tree["columns"])
            learned.scaling_ = PatchScaling(Whitening(*tree["whitening"]), float(tree["floor"]))
            learned.n_features_in_ = tree["columns"]
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"{path} does not hold patch features ({error}): learn them again") from error
        learned.estimator_ = model
        return learned

    def _check(self) -> None:
        for name, least in _LEAST.items():
            check_whole(name, getattr(self, name), least)

    @property
    def _size(self) -> tuple[int, int]:
        height, width = picture_shape(self.shape, self.n_features_in_)[:2]
        return min(self.patch_size, height), min(self.patch_size, width)

    def _images(self, X: np.ndarray) -> torch.Tensor:
        height, width, *colours = picture_shape(self.shape, X.shape[1])
        # A copy: torch accepts no read-only or reversed memory.
        return torch.from_numpy(X.copy()).view(len(X), height, width, *(colours or [1]))

    def _scaling(self, dtype: torch.dtype) -> PatchScaling:
        """Return the scaling, stored in float64, for patches in ``dtype``."""
        return replace(self.scaling_, whitening=deepcopy(self.scaling_.whitening).to(dtype))

    def _encode(self, patches: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(np.asarray(self.estimator_.transform(patches.numpy())))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
