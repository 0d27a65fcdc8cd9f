"""The log-likelihood of a fitted estimator on rows of its data: scaled, binarised, and with all it must carry."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from tildex.apps.pages.numbers import measured
from tildex.data import BINARISATIONS, binarise
from tildex.evaluate import Annealing, Estimate, Likelihood, enumerable, independent_bernoulli, likelihood
from tildex.evaluate.ais import Progress
from tildex.generator import Generator
from tildex.models import BeliefNetwork, BoltzmannMachine, LatentPair
from tildex.units import Bernoulli, ReplicatedSoftmax

__all__ = ["Compared", "likelihood_of", "measure_likelihood"]

# Enough for a page that is read in passing; `tildex likelihood` spends more.
_ANNEALING = Annealing(n_chains=100, n_betas=1000, burn_in=200)

_SAMPLES = 20

_SEED = 0

# Only for a draw of their own: reverse chains begin at rows that the measured ones share no noise with.
_OTHER_SEED = 1


def likelihood_of(
    estimator: Any,
    X: Any,
    *,
    start: Any = None,
    binarisation: str = "auto",
    seed: int = 0,
    n_samples: int = 100,
    annealing: Annealing | None = None,
    notes: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> Likelihood:
    """Return the mean log-likelihood of rows under a Boltzmann machine, a belief network or a variational autoencoder.

    Parameters
    ----------
    estimator : fitted estimator
        A restricted or deep Boltzmann machine, a deep belief network, or a variational autoencoder.
    X : array or CSR matrix of shape (rows, features)
        In the data's units.
    start : like X, optional
        The training rows, from which reverse chains begin; ``X`` when not given.
    binarisation : str
        ``frozen``, ``threshold``, ``none``, or ``auto``: frozen for binary units and none for others. Figures of
        different binarisations are not comparable.
    seed : int
        Names the frozen draw, and decides chains and weights.
    n_samples, annealing, progress
        Of :func:`tildex.evaluate.likelihood`.
    notes : dict of str to str, optional
        What to print beside the figure, such as data and split.

    Raises
    ------
    ValueError
        If the model has no such likelihood, or its data cannot be made binary.
    """
    model = estimator.module_
    if not hasattr(model, "normaliser"):
        raise ValueError(
            f"{type(estimator).__name__} has no log-likelihood, only what its decoder says of a row it has seen: "
            "train a vae, an rbm or a dbm, or use `tildex evaluate`"
        )
    if X.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"the model was trained on {estimator.n_features_in_} features, and the data have {X.shape[1]}"
        )
    units = estimator.likelihood_
    how = _choice(binarisation, units)
    x = binarise(_scaled(estimator, X), how, Generator(seed))
    if model.normaliser is not None and units.for_rows(x) is not units:
        raise ValueError(
            f"log Z of {units!r} units differs from row to row with its length: measure a perplexity instead"
        )
    if (message := units.outside(x)) is not None:
        raise ValueError(f"{units!r} units expect {message}: rescale the data as for fit")
    begin = None
    if start is not None:
        begin = binarise(_scaled(estimator, start), how, Generator(seed + _OTHER_SEED))
    carried = {
        "model": _described(estimator),
        **(notes or {}),
        "binarisation": f"{how}, seed {seed}" if how == "frozen" else how,
        "seed": str(seed),
    }
    if model.normaliser is not None and not enumerable(model.normaliser):
        carried["reverse_chains_begin_at"] = "rows that are measured" if start is None else "training rows"
    return likelihood(
        model,
        x,
        Generator(seed, x.device),
        start=begin,
        n_samples=n_samples,
        annealing=annealing,
        # A stretched density is lower; a stretched probability is the same.
        log_volume=0.0 if units.finite else float(estimator.scaling_.log_volume()),
        notes=carried,
        progress=progress,
    )


def _choice(binarisation: str, units: Any) -> str:
    ways = [way for way in BINARISATIONS if way != "dynamic"]
    if binarisation == "auto":
        return "frozen" if isinstance(units, Bernoulli) else "none"
    if binarisation not in ways:
        raise ValueError(f"binarise must be one of {', '.join(['auto', *ways])}, got {binarisation!r}")
    if binarisation != "none" and not isinstance(units, Bernoulli):
        raise ValueError(
            f"binarise {binarisation!r} makes rows binary, and the model has {units!r} units: use none"
        )
    return binarisation


def _scaled(estimator: Any, X: Any) -> Tensor:
    dense = X.toarray() if sparse.issparse(X) else np.asarray(X)
    return estimator.scaling_(torch.as_tensor(dense).to(estimator.scaling_.offset))


def _described(estimator: Any) -> str:
    """Return the class of the model, and the sizes of a machine's layers."""
    name, module = type(estimator).__name__, estimator.module_
    sizes = [layer.size for layer in module.layers] if isinstance(module, BoltzmannMachine) else []
    if isinstance(module, BeliefNetwork):
        layers = module.up(estimator.scaling_.offset[None])
        sizes = [*(layer.shape[1] for layer in layers), module.top.layers[1].size]
    if isinstance(module, LatentPair):
        return f"{name}, a code of {estimator.n_components}, {module.code!r}, {module.prior!r}"
    return f"{name}, {'-'.join(map(str, sizes))}" if sizes else name


@dataclass(frozen=True)
class Compared:
    """A log-likelihood in nats a row, and its baseline.

    Attributes
    ----------
    found : Likelihood
        The figure, with everything it must carry.
    independent : Estimate, optional
        What independent units with the training means give the same binary rows.
    """

    found: Likelihood
    independent: Estimate | None

    @property
    def kind(self) -> str:
        """What the figure is, in a word or two."""
        if self.found.log_partition is None:
            return f"bound of {self.found.n_samples} importance samples"
        return "exact but for log Z" if self.found.exact else "importance-weighted estimate"

    @property
    def method(self) -> str:
        """How log Z was had and how rows became binary, in words."""
        rows = f"rows: {self.found.notes['binarisation']}"
        if self.found.log_partition is None:
            return f"lower bound of one sample {measured(self.found.bound)}, no log Z; {rows}"
        if (both := self.found.annealing) is None:
            return f"log Z exact, one side enumerated; {rows}"
        return (
            f"log Z annealed both ways, {both.forward.n_chains} chains x {both.forward.n_betas:,} temperatures, "
            f"effective sample sizes {both.forward.effective_sample_size:.0f} and "
            f"{both.reverse.effective_sample_size:.0f}, gap {both.gap:.2f}: {both.verdict}; {rows}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        independent = None if self.independent is None else asdict(self.independent)
        own = {"value": asdict(self.found.value), "independent": independent, "method": self.method}
        return {**self.found.to_json(), **own}


def measure_likelihood(estimator: Any, X_train: Any, X: np.ndarray) -> Compared | None:
    """Return the log-likelihood of the rows of ``X``, or None where the model has none, even up to a log Z.

    Parameters
    ----------
    estimator : fitted estimator
        Any; its ``module_`` says what it is.
    X_train : array of shape (rows, features), optional
        For the independent units beside it, and the rows from which reverse chains begin.
    X : array of shape (rows, features)
        Held-out rows; grey values stand for one frozen binary draw.
    """
    units = estimator.likelihood_
    # The log Z of documents differs from length to length; perplexity is what is asked of them.
    module = estimator.module_
    if not hasattr(module, "normaliser") or (module.normaliser and isinstance(units, ReplicatedSoftmax)):
        return None
    found = likelihood_of(estimator, X, start=X_train, seed=_SEED, n_samples=_SAMPLES, annealing=_ANNEALING)
    independent = None
    if X_train is not None and isinstance(units, Bernoulli):
        scaled = [
            estimator.scaling_(torch.as_tensor(rows).to(estimator.scaling_.offset)) for rows in (X_train, X)
        ]
        drawn = binarise(scaled[1], "frozen", Generator(_SEED))
        independent = independent_bernoulli(scaled[0].cpu().numpy(), drawn.cpu().numpy())
    return Compared(found, independent)
