"""Pixel bytes as numbers from 0 to 1."""

from __future__ import annotations

import numpy as np

__all__ = ["unit_rows"]


def unit_rows(pixels: np.ndarray) -> np.ndarray:
    """Return uint8 samples, one along the first axis each, as float32 rows in [0, 1].

    >>> unit_rows(np.array([[[0, 51], [102, 255]]], dtype=np.uint8))
    array([[0. , 0.2, 0.4, 1. ]], dtype=float32)
    """
    return np.divide(pixels.reshape(len(pixels), -1), np.float32(255))
