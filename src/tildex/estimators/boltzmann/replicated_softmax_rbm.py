"""The replicated softmax RBM: word counts of documents of different lengths."""

from __future__ import annotations

from dataclasses import field
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.estimators.base.checks import check_count
from tildex.estimators.base.columns import Columns
from tildex.estimators.base.settings import Default, settings
from tildex.estimators.base.table import ModelRow
from tildex.estimators.boltzmann.restricted import RestrictedMachine
from tildex.models import BoltzmannMachine, for_rows
from tildex.optimizers import Adam, Linear
from tildex.rules import CD, Rule
from tildex.units import ReplicatedSoftmax, Units

__all__ = ["ReplicatedSoftmaxRBM"]


@settings
class ReplicatedSoftmaxRBM(RestrictedMachine):
    """An undirected topic model of word counts, with binary topics and documents of any length (Salakhutdinov & Hinton,
    2009, "Replicated softmax: an undirected topic model").

    ``X`` holds counts, dense or sparse, one document per row. Fractional counts are allowed, and samples for such a
    row have the nearest whole number of words; negative values are refused. The paper's hidden bias times the
    document's length is part of the weights, since counts add up to the length; ``intercept_hidden_`` is added once
    per document.

    ``transform`` returns topic probabilities, ``reconstruct`` expected counts with as many words as the row has.
    ``score_samples`` is the exact log pseudo-likelihood of a row's words: the sum over all words of
    log P(word | the row's other words). The likelihood itself and the perplexity per word are in ``tildex.evaluate``.

    Parameters
    ----------
    n_components : int
        Hidden units, 50 by default.
    rule : Rule, optional
        ``CD(1, k_end=10)`` by default: chains start at the rows and have their lengths. If the likelihood matters,
        ``LengthTempering(5, penalty=WeightDecay(0.006))``: with chains that mix poorly, training makes documents that
        repeat one word too likely.
    optimizer : Optimizer, optional
        ``Adam(0.005)`` with a linear decay to zero by default.
    n_iter, batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`; validation uses the pseudo-likelihood of one random word per held-out row.

    Attributes
    ----------
    components_ : array of shape (n_components, words)
        The weights.
    intercept_hidden_, intercept_visible_ : array
        The biases.
    length_ : int
        Mean length of the training documents, and the default length of samples.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import ReplicatedSoftmaxRBM
    >>> X = np.array([[4, 2, 0, 0], [1, 1, 0, 0], [0, 0, 3, 1], [0, 1, 5, 9]])
    >>> rbm = ReplicatedSoftmaxRBM(n_components=2, n_iter=5, random_state=0).fit(X)
    >>> rbm.sample(2, length=[3, 50], n_steps=20).sum(1).round()
    array([ 3., 50.], dtype=float32)
    """

    # The words of a document are all known or all unknown.
    allows_nan = False
    slug = "replicated-softmax"
    counts = True
    row = ModelRow(78, "coupling up", "replicated softmax of the same coupling, down", rule="CD-k, PCD")
    defaults: ClassVar[dict[str, Default]] = {
        "optimizer": Adam(5e-3, schedule=Linear()),
        "rule": CD(1, k_end=10),
    }

    n_components: int = field(default=50, kw_only=False)
    rule: Rule | None = None

    @property
    def length_(self) -> int:
        """The mean length of the training documents."""
        units: Any = self.likelihood_
        return int(units.length)

    def sample(
        self,
        n: int = 1,
        *,
        length: Any = None,
        n_steps: int = 1000,
        given: Any = None,
        mask: Any = None,
        random_state: Any = None,
    ) -> Any:
        """Return the expected counts of ``n`` chains after ``n_steps`` Gibbs steps, shape (n, words).

        Parameters
        ----------
        n : int
            Number of chains.
        length : int or array of shape (n,), optional
            Words per document, including known ones; :attr:`length_` by default.
        n_steps, given, mask, random_state
            As in :meth:`RBM.sample`; known values are counts, and sampled words fill the rest of the document.
        """
        check_is_fitted(self, "module_")
        check_count(n)
        lengths = np.broadcast_to(np.asarray(self.length_ if length is None else length), (n,))
        if lengths.dtype.kind not in "iu" or (lengths < 0).any():
            raise ValueError(f"length must be whole numbers of words, at least 0, got {length!r}")
        clamp = self._clamp(n, given, mask)
        if clamp is not None:
            values, known = clamp[0]
            taken = torch.where(known, values, 0.0).sum(1).cpu().numpy()
            if (taken > lengths).any():
                row = int((taken - lengths).argmax())
                raise ValueError(
                    f"row {row} of given has {taken[row]:g} known words and the document {lengths[row]}: "
                    "give a larger length"
                )
        rows = self.scaling_.offset.new_zeros(n, self.n_features_in_)
        rows[:, 0] = torch.from_numpy(lengths.astype(float)).to(rows)
        return self._sample(for_rows(self._machine, rows), n, n_steps, clamp, random_state)

    def reconstruct(self, X: Any) -> Any:
        """Return the expected counts given each row's topics, for as many words as the row has, shape (rows, words)."""

        def expected(x: Tensor) -> Tensor:
            machine: BoltzmannMachine = for_rows(self.module_, x)
            h = self._encode(x)
            return machine.layers[0].units.mean(machine.inputs(0, [h, h]))

        return self._over(X, expected)

    def _likelihood(self, columns: Columns) -> Units:
        length = round(float(columns.mean.sum()))
        return ReplicatedSoftmax(len(columns.mean), max(1, length))
