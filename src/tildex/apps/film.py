"""Animation of a latent map during training: codes saved at several epochs, interpolated between them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tildex.apps.report.snapshots import kept_maps
from tildex.data import Record
from tildex.files import write_whole
from tildex.plots import latent_map

__all__ = ["animate", "frames_between"]

_STEPS = 8
_MILLISECONDS = 60
_REST = 900
_DENSITY = 100
_COLOURS = 64


def frames_between(maps: Mapping[int, np.ndarray], steps: int = _STEPS) -> list[tuple[float, np.ndarray]]:
    """Return interpolated maps between the saved epochs, each with its epoch.

    Each map is centred, scaled to the size of the last map and rotated to the next one, so that points move as little
    as possible (orthogonal Procrustes). Scale is removed because untrained and trained codes may differ by orders of
    magnitude, and only the neighbourhoods have a meaning. Motion is eased at both ends.

    Parameters
    ----------
    maps : mapping of int to array of shape (n, 2)
        The points by epoch.
    steps : int
        Frames from one epoch to the next.

    Example
    -------
    >>> square = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    >>> frames = frames_between({0: 5 * square, 4: square}, steps=2)
    >>> [epoch for epoch, _ in frames]
    [0.0, 2.0, 4.0]
    >>> bool(np.allclose(frames[0][1], frames[2][1]))
    True
    """
    epochs = sorted(maps)
    aligned = {epochs[-1]: _centred(maps[epochs[-1]])}
    size = np.linalg.norm(aligned[epochs[-1]]) or 1.0
    for later, earlier in zip(epochs[:0:-1], epochs[-2::-1], strict=True):
        Z = _centred(maps[earlier])
        left, _, right = np.linalg.svd(Z.T @ aligned[later])
        aligned[earlier] = Z @ left @ right * (size / (np.linalg.norm(Z) or 1.0))
    frames = [(float(epochs[0]), aligned[epochs[0]])]
    for earlier, later in pairwise(epochs):
        for k in range(1, steps + 1):
            share = k / steps
            eased = share * share * (3 - 2 * share)
            Z = (1 - eased) * aligned[earlier] + eased * aligned[later]
            frames.append((earlier + share * (later - earlier), Z))
    return frames


def animate(name: str, estimator: Any, train: Record | None, out: Path, *, steps: int = _STEPS) -> Path:
    """Write the animation of a model's latent map as an animated GIF.

    Parameters
    ----------
    name : str
        The model's name in the title.
    estimator : fitted estimator
        A model with snapshots: ``fit(..., snapshots=(0, 3, 9, 12))``.
    train : Record, optional
        The training data, for colours.
    out : Path
        The file to write.
    steps : int
        Frames from one epoch to the next; codes are interpolated.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    ValueError
        If the model has fewer than two snapshots.
    RunError
        If the file cannot be written.
    """
    kept = kept_maps(estimator, train)
    if kept is None or len(kept.maps) < 2:
        raise ValueError(
            f"{name} has fewer than two snapshots: train it with snapshots, as in --snapshots 0 3 9 12"
        )
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    frames = frames_between(kept.maps, steps)
    # The same square limits for all frames, large enough for every point at every epoch.
    reach = 1.05 * max(float(np.abs(Z).max()) for _, Z in frames)
    pictures = [_picture(Z, epoch, kept.labels, kept.names, name, reach) for epoch, Z in frames]
    rests = [_REST if epoch in kept.maps else _MILLISECONDS for epoch, _ in frames]
    rests[-1] = 3 * _REST

    def write(target: Path) -> None:
        pictures[0].save(
            target,
            format="GIF",
            save_all=True,
            append_images=pictures[1:],
            duration=rests,
            loop=0,
            optimize=True,
        )

    write_whole(Path(out), write)
    return Path(out)


def _picture(
    Z: np.ndarray, epoch: float, y: Any, names: Sequence[str] | None, name: str, reach: float
) -> Any:
    from PIL import Image

    figure = latent_map(Z, y, names, axes_names=("", ""), title=f"The map of {name}, epoch {int(epoch)}")
    figure.axes[0].set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DENSITY)
    # The pictures have few colours, so a small palette loses nothing and keeps the file small.
    return Image.open(buffer).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)


def _centred(Z: np.ndarray) -> np.ndarray:
    Z = np.asarray(Z, dtype=float)
    return Z - Z.mean(0)
