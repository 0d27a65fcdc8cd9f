"""Labels as integers: numbers as they are, words by their order in the alphabet."""

from __future__ import annotations

import numpy as np

from tildex.data.errors import DataError

__all__ = ["encode_labels"]


def encode_labels(values: np.ndarray, where: str) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Return int64 labels, and what they mean if ``values`` are words.

    Parameters
    ----------
    values : array of shape (rows,)
        Whole numbers, booleans or strings.
    where : str
        File and column, for the message.

    Raises
    ------
    DataError
        If the values are anything else.

    Example
    -------
    >>> encode_labels(np.array(["cat", "ant", "cat"]), "pets.csv")
    (array([1, 0, 1]), ('ant', 'cat'))
    """
    if values.ndim != 1:
        raise DataError(f"{where}: expected one label a row, got an array of shape {values.shape}")
    if values.dtype.kind in "US":
        names, codes = np.unique(values.astype(str), return_inverse=True)
        return codes.astype(np.int64), tuple(str(name) for name in names)
    if values.dtype.kind == "f":
        broken = np.flatnonzero(values != np.floor(values))
        if len(broken) or not np.isfinite(values).all():
            row = broken[0] if len(broken) else np.flatnonzero(~np.isfinite(values))[0]
            raise DataError(
                f"{where}: labels must be whole numbers or words, row {row + 1} has {values[row]}; "
                "give the column another name to use it as a feature"
            )
    elif values.dtype.kind not in "bui":
        raise DataError(f"{where}: labels must be whole numbers or words, got {values.dtype}")
    return values.astype(np.int64), None
