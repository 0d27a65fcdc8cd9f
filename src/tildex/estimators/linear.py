r"""The linear autoencoder with tied weights, which spans the principal subspace.

.. math:: \tilde x = W^\top W (x - \bar x) + \bar x
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tildex.data import rows
from tildex.estimators.inputs import Columns, chunks
from tildex.estimators.pairs import PairEstimator
from tildex.estimators.table import ModelRow
from tildex.generator import Generator
from tildex.maps import Coupling, Down, Scaling, Up
from tildex.models import Conditional, Pair
from tildex.optimizers import LBFGS, Optimizer
from tildex.part import Part
from tildex.rules import Reconstruction, Rule
from tildex.train import Rows
from tildex.units import Gaussian, Units

__all__ = ["LinearAutoencoder"]


class LinearAutoencoder(PairEstimator):
    """A linear encoder and its transpose as decoder, trained by gradient: the subspace of PCA (Baldi & Hornik, 1989,
    "Neural networks and principal component analysis").

    The loss is half the squared error plus a constant. Trained on the whole data at once, it depends on the data
    only through its covariance, so the loop reads a square root of that, as many rows as there are features, in
    place of the data. After training the code is rotated to the principal axes, in order.

    Parameters
    ----------
    n_components : int
        Units of the code.
    optimizer : Optimizer, optional
        ``LBFGS()`` by default; with another, give a ``batch_size``.
    n_iter : int
        Passes; L-BFGS evaluates the loss up to 50 times in each.
    batch_size : int or None
        Rows a step; None, the default, for all at once.
    precision : str
        What weights are kept and products computed in: float64 by default, where a line search needs every digit;
        codes and reconstructions come back in the type of the data.
    shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, device, \
warm_start, verbose, random_state
        As in :class:`Autoencoder`.

    Attributes
    ----------
    components_ : array of shape (n_components, features)
        The principal axes, orthonormal, largest variance first.
    mean_ : array of shape (features,)
        The columns' means.

    Example
    -------
    >>> from sklearn.datasets import load_iris
    >>> from tildex import LinearAutoencoder
    >>> LinearAutoencoder(n_components=2, random_state=0).fit_transform(load_iris().data).shape
    (150, 2)
    """

    slug = "linear"
    row = ModelRow(0, "coupling up", "the same coupling, down")
    defaults: ClassVar[dict[str, Part]] = {"optimizer": LBFGS()}

    def __init__(
        self,
        n_components: int = 2,
        *,
        optimizer: Optimizer | None = None,
        n_iter: int = 20,
        batch_size: int | None = None,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        averaging: float | None = None,
        clip_norm: float | None = None,
        precision: str = "float64",
        device: str = "auto",
        warm_start: bool = False,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.optimizer = optimizer
        self.n_iter = n_iter
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.averaging = averaging
        self.clip_norm = clip_norm
        self.precision = precision
        self.device = device
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    @property
    def components_(self) -> Any:
        """The rows of the encoder's matrix."""
        return self.module_.encoder.map.coupling.weight.detach().cpu().numpy()

    @property
    def mean_(self) -> Any:
        """What is taken off each column."""
        return self.scaling_.offset.cpu().numpy()

    def _likelihood(self, columns: Columns) -> Units:
        return Gaussian()

    def _scaling(self, columns: Columns, likelihood: Units) -> Scaling:
        # Centred and not standardised: the subspace of the data as it is.
        return Scaling(columns.mean, torch.ones_like(columns.std))

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        coupling = Coupling(n_features, self.n_components, generator=generator, scale=n_features**-0.5)
        return Pair(Conditional(Up(coupling), Gaussian()), Conditional(Down(coupling), Gaussian()))

    def _rule(self) -> Rule:
        return Reconstruction()

    def _training_rows(self, data: Rows) -> Rows:
        if self.batch_size is not None or len(data) <= self.n_features_in_:
            return data
        values, vectors = torch.linalg.eigh(_second_moment(data))
        root = (values.clamp_min(0).sqrt() * vectors).t() * self.n_features_in_**0.5
        offset = self.scaling_.offset
        return rows(root.to(offset), device=offset.device, dtype=offset.dtype)

    def _finish(self, data: Rows) -> None:
        weight = self.module_.encoder.map.coupling.weight
        with torch.no_grad():
            # Any rotation of the code reconstructs alike; take the one that makes its columns uncorrelated.
            code_moment = weight.double() @ _second_moment(data) @ weight.double().t()
            axes = torch.linalg.eigh(code_moment).eigenvectors.flip(1)
            rotated = axes.t() @ weight.double()
            largest = rotated.gather(1, rotated.abs().argmax(1, keepdim=True))
            weight.copy_(rotated * torch.where(largest < 0, -1.0, 1.0))


def _second_moment(data: Rows) -> Tensor:
    total: Any = 0.0
    for x in chunks(data):
        total = total + x.double().t() @ x.double()
    return total / len(data)
