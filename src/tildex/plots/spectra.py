"""Singular values of encoder Jacobians: the sensitivity of codes by direction, on the data and off it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tildex.plots.paper import COLOURS, INK, blank, headed, plain, quiet

__all__ = ["spectra"]

# The first two colours are distinguishable with any colour vision; dashes mark off-data rows.
_ORDER = (0, 6, 4, 2, 5)


def spectra(
    on: Mapping[str, Any],
    off: Mapping[str, Any] | None = None,
    *,
    off_name: str = "beside the data",
    title: str = "How far codes move with their input, direction by direction",
) -> Figure:
    """Draw the mean of each singular value, one colour per model; dashed for rows off the data.

    Parameters
    ----------
    on : mapping of str to array of shape (rows, directions)
        Singular values at data rows by model name, largest first.
    off : mapping of str to array of shape (rows, directions), optional
        The same at rows off the data, for all or some of the models.
    off_name : str
        Name of those rows.
    title : str
        Title of the figure.

    Raises
    ------
    ValueError
        If there is no model, an array is not two-dimensional, or ``off`` names a model that is not in ``on``.

    Example
    -------
    >>> values = np.linspace(1, 0, 12).reshape(2, 6)
    >>> len(spectra({"plain": values, "contractive": values / 2}, {"plain": values}).axes[0].lines)
    3
    """
    off = {} if off is None else off
    if not on:
        raise ValueError("expected singular values of at least one model, got none")
    if unknown := set(off) - set(on):
        raise ValueError(f"off has {sorted(unknown)}, which on does not have: use the same names in both")
    figure = blank(2.9, layout="constrained")
    headed(figure, title)
    axes = figure.add_subplot(xlabel="direction, the most sensitive first", ylabel="singular value")
    for k, name in enumerate(on):
        colour = COLOURS[_ORDER[k % len(_ORDER)]]
        for values, style, where in ((on[name], "-", ""), (off.get(name), "--", f", {off_name}")):
            if values is None:
                continue
            means = _means(values)
            label = plain(name) + plain(where, 40)
            axes.plot(range(1, len(means) + 1), means, style, color=colour, label=label, linewidth=1.8)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.legend(frameon=False, fontsize=8.5, labelcolor=INK)
    quiet(axes)
    return figure


def _means(values: Any) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if values.ndim != 2:
        raise ValueError(f"expected singular values of shape (rows, directions), got {values.shape}")
    return values.mean(0)
