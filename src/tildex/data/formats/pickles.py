"""A reader of Python pickles restricted to plain values and numeric arrays."""

from __future__ import annotations

import io
import pickle
from typing import Any

from tildex.data.record import DataError

__all__ = ["unpickle"]

# numpy 1 and 2 name the same function differently, and the old name raises a warning.
_CURRENT = "numpy._core.multiarray"
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): _CURRENT,
    (_CURRENT, "_reconstruct"): _CURRENT,
    ("numpy", "ndarray"): "numpy",
    ("numpy", "dtype"): "numpy",
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise DataError(
                f"the pickle asks for {module}.{name}: only plain values and numeric arrays are read, "
                "anything else could run code; get the published file"
            )
        return super().find_class(_ALLOWED[module, name], name)


def unpickle(raw: bytes) -> Any:
    """Return the content of a pickle, with Python 2 strings as bytes.

    Raises
    ------
    DataError
        If it is damaged, or needs a class or function that arrays do not need.

    Example
    -------
    >>> unpickle(pickle.dumps({b"labels": [3, 1]}))
    {b'labels': [3, 1]}
    """
    try:
        return _Unpickler(io.BytesIO(raw), encoding="bytes").load()
    except DataError:
        raise
    # Damaged bytes can make the unpickler raise any kind of error.
    except Exception as error:
        raise DataError(f"the pickle is damaged ({error}); get the published file") from error
