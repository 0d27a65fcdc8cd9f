"""The error of unusable data."""

from __future__ import annotations

__all__ = ["DataError"]


class DataError(ValueError):
    """Unusable data; the message says what was expected, what was found and what to do."""
