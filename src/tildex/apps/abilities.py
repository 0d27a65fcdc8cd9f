"""Abilities that applications need of a trained model, and the error when one is missing."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["NEEDS", "Need", "require"]


class Need(NamedTuple):
    """The ability that a use needs in an estimator's ``can``, and the message when it is missing."""

    ability: str
    refusal: str


NEEDS = {
    "reconstruct": Need("reconstruct", "a {model} has no code to reconstruct from: see `tildex evaluate`"),
    "report": Need("reconstruct", "{model} cannot be reported on: see `tildex evaluate`"),
    "sample": Need(
        "sample",
        "{model} has no distribution to draw from: train a vae, a denoising autoencoder or "
        "an rbm, or use `tildex reconstruct`",
    ),
    "complete": Need(
        "complete",
        "{model} cannot complete rows: use a Boltzmann machine or a denoising autoencoder",
    ),
    "restore": Need(
        "corrupt", "{run} is a run of {model}, but photographs need a run of `tildex fit restoration`"
    ),
    "snapshots": Need(
        "snapshots", "{model} has no codes to map: --snapshots is for autoencoders and machines"
    ),
    "patches": Need("corrupt", "--patches is for `tildex fit restoration` with a folder of pictures"),
    "tags": Need("tags", "{model} does not use tags: --tags is for multimodal-dbm"),
}
"""By use."""


def require(model: Any, use: str, **words: object) -> None:
    """Raise an error if an estimator or its class lacks the ability for a use.

    Parameters
    ----------
    model : estimator, or its class
        Its ``can`` lists its abilities.
    use : str
        One of ``NEEDS``.
    **words
        Other names in the error message.

    Raises
    ------
    ValueError
        If the ability is missing.

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
        # A class and its instances have the same name in messages.
        name = getattr(model, "__name__", type(model).__name__)
        raise ValueError(need.refusal.format(model=name, **words))
