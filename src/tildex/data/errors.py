"""The one error for data that cannot be read."""

__all__ = ["DataError"]


class DataError(ValueError):
    """Data that cannot be used: the message says what was expected, what came and what to do."""
