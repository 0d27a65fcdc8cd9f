"""What is asked of a trained model, and the one error where it cannot do it."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["NEEDS", "Need", "require"]


class Need(NamedTuple):
    """What an estimator must declare in ``can`` for a use of it, and what is said where it does not."""

    ability: str
    refusal: str


NEEDS = {
    "reconstruct": Need("reconstruct", "a {model} has no code to reconstruct from: see `tildex evaluate`"),
    "report": Need("reconstruct", "a report is of models of rows, not of a {model}: see `tildex evaluate`"),
    "sample": Need(
        "sample",
        "{model} has no distribution to draw from: train a vae, a denoising autoencoder or "
        "an rbm, or use `tildex reconstruct`",
    ),
    "complete": Need(
        "complete",
        "{model} cannot be held to known values: use a Boltzmann machine or a denoising autoencoder",
    ),
    "restore": Need(
        "corrupt", "{run} holds a {model}, and photographs need a run of `tildex fit restoration`"
    ),
    "snapshots": Need("snapshots", "{model} predicts and has no map: --snapshots is for models of rows"),
    "patches": Need("corrupt", "--patches is for `tildex fit restoration` with a folder of pictures"),
    "tags": Need("tags", "{model} has no use for tags: --tags is for multimodal-dbm"),
}
"""By use."""


def require(model: Any, use: str, **words: object) -> None:
    """Refuse an estimator, or a class of them, that cannot be used in a way.

    Parameters
    ----------
    model : estimator, or its class
        Whose ``can`` says what it can do.
    use : str
        One of ``NEEDS``.
    **words
        What else the error names.

    Raises
    ------
    ValueError
        If it cannot.

    Example
    -------
    >>> from tildex import Autoencoder
    >>> require(Autoencoder(), "reconstruct")
    >>> require(Autoencoder(), "sample")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: Autoencoder has no distribution to draw from: train a vae...
    """
    need = NEEDS[use]
    if need.ability not in model.can:
        # A class and what it made are called alike.
        name = getattr(model, "__name__", type(model).__name__)
        raise ValueError(need.refusal.format(model=name, **words))
