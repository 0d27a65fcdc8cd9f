"""Restoration and colourisation of photographs of any size, with a model trained on small ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tildex.apps.photographs.tiles import in_tiles
from tildex.data import DataError, Photograph, photographs_of
from tildex.files import RunError
from tildex.images import luminance
from tildex.models import Restoration

__all__ = ["TILE", "Folder", "colourise", "each_photograph", "in_gamut", "missing_pixels", "restore"]

TILE = 512
"""The edge of a tile of a large photograph."""


def restore(
    model: Restoration,
    photograph: Photograph,
    missing: np.ndarray | None = None,
    *,
    tile: int = TILE,
    views: int = 1,
) -> Photograph:
    """Return a photograph with its noise removed, or with its missing pixels filled in.

    A model of grey images restores the channels of a colour photograph one by one; a model of colour images gets a grey
    photograph in all three channels. Transparency is unchanged.

    Parameters
    ----------
    model : Restoration
        ``module_`` of a fitted restorer.
    photograph : Photograph
        Of any size.
    missing : boolean array of shape (height, width), optional
        Which pixels to fill in; no others change.
    tile : int
        The edge of the tiles into which a large photograph is divided.
    views : int
        As in :meth:`~tildex.models.Restoration.restore`.

    Raises
    ------
    ValueError
        If the model was trained for another task, or ``missing`` has another size or is empty.
    """
    if not _may_change(model, lost=True):
        raise ValueError(f"the model was trained on {model.corruption!r}: it colourises and does not restore")
    if missing is None and not _may_change(model, lost=False):
        raise ValueError(f"the model was trained on {model.corruption!r}: give a mask of the missing pixels")
    pixels = torch.from_numpy(photograph.pixels)
    lost = None if missing is None else _lost(missing, photograph.pixels)
    restored = _in_channels_of(model, pixels, lost, tile, views)
    if lost is not None:
        restored = torch.where(lost, restored, pixels)
    return photograph.with_pixels(restored.clamp(0, 1).numpy())


def colourise(model: Restoration, photograph: Photograph, *, tile: int = TILE, views: int = 1) -> Photograph:
    """Return a colourised photograph; each pixel keeps its luminance up to rounding.

    Only the luminance of a colour photograph is used. Colours outside the gamut are moved towards grey of the same
    luminance until they fit.

    Parameters
    ----------
    model : Restoration
        ``module_`` of a restorer fitted with ``Greyscale()``.
    photograph : Photograph
        Of any size.
    tile : int
        As in :func:`restore`.
    views : int
        As in :func:`restore`.

    Raises
    ------
    ValueError
        If the model was trained for another task.
    """
    if model.frame.channels != 3 or _may_change(model, lost=True):
        raise ValueError(
            f"the model was trained on {model.corruption!r} and does not colourise: train one with Greyscale() on "
            "colour images"
        )
    pixels = torch.from_numpy(photograph.pixels)
    grey = pixels if pixels.shape[-1] == 1 else luminance(pixels)
    coloured = _in_channels_of(model, grey.expand(-1, -1, 3), None, tile, views)
    return photograph.with_pixels(in_gamut(coloured, grey).numpy())


def in_gamut(colours: Tensor, grey: Tensor) -> Tensor:
    """Move colours, shape (..., 3), towards their luminance ``grey``, shape (..., 1), until they lie in [0, 1].

    Example
    -------
    >>> colour = in_gamut(torch.tensor([[1.5, 0.5, -0.7]]), luminance(torch.tensor([[1.5, 0.5, -0.7]])))
    >>> [round(float(value), 3) for value in colour[0]]
    [1.0, 0.597, 0.113]
    """
    change = colours - grey
    room = torch.where(change > 0, 1 - grey, grey)
    share = torch.where(change == 0, 1.0, room / change.abs().clamp_min(torch.finfo(change.dtype).tiny))
    # The last clamp removes rounding errors only.
    return (grey + change * share.amin(-1, keepdim=True).clamp(0, 1)).clamp(0, 1)


def missing_pixels(mask: Photograph) -> np.ndarray:
    """Return which pixels a mask marks as missing, shape (height, width): the bright ones that are not transparent."""
    bright: np.ndarray = mask.pixels.mean(-1) >= 0.5
    return bright if mask.alpha is None else bright & (mask.alpha >= 128)


class Folder(NamedTuple):
    """The result for a folder of photographs.

    Attributes
    ----------
    written : list of Path
        The written files.
    skipped : list of str
        One sentence for each skipped file, with its name.
    """

    written: list[Path]
    skipped: list[str]


def each_photograph(
    work: Callable[[Photograph], Photograph],
    folder: Path,
    out: Path,
    *,
    levels: tuple[float, float] | None = None,
) -> Folder:
    """Apply ``work`` to every photograph of a folder and write the results to another folder under the same names.

    Files that cannot be read or written are skipped and listed.

    Parameters
    ----------
    work : callable
        Returns a new photograph.
    folder : Path
        The folder, or a zip archive.
    out : Path
        The other folder.
    levels : (lowest, highest), optional
        As in :meth:`~tildex.data.Photograph.read`; by default, those of all photographs of 32 bits together.

    Raises
    ------
    DataError
        If ``folder`` holds no pictures, or none can be processed.
    """
    found = Folder([], [])
    with photographs_of(folder, levels=levels) as photographs:
        found.skipped.extend(photographs.skipped)
        for name in photographs.names:
            try:
                work(photographs.read(name)).write(_inside(out, name))
            except (DataError, RunError) as error:
                found.skipped.append(str(error))
            else:
                found.written.append(out / name)
    if not found.written:
        raise DataError(f"no picture in {folder} could be processed: {'; '.join(found.skipped)}")
    return found


def _inside(out: Path, name: str) -> Path:
    """Return the path of a name in a folder; names in an archive may be written to lead out of it."""
    if not (out / name).resolve().is_relative_to(out.resolve()):
        raise DataError(f"{name} would be written outside {out}; rename it in the archive")
    return out / name


def _may_change(model: Restoration, *, lost: bool) -> bool:
    """Return whether the model may brighten lost pixels, or pixels that are not lost."""
    change = torch.ones(1, model.frame.channels)
    allowed = model.corruption.undoing(change, torch.full_like(change, lost, dtype=torch.bool))
    return bool(allowed.abs().max() > 1e-6)


def _lost(missing: np.ndarray, pixels: np.ndarray) -> Tensor:
    if missing.shape != pixels.shape[:2]:
        height, width = missing.shape[:2]
        raise ValueError(
            f"the mask has {width} x {height} pixels and the photograph {pixels.shape[1]} x {pixels.shape[0]}: "
            "give a mask of the same size"
        )
    if not missing.any():
        raise ValueError("the mask marks no pixel as missing: paint missing pixels white")
    return torch.from_numpy(missing)[..., None].expand(pixels.shape)


@torch.no_grad()
def _in_channels_of(model: Restoration, pixels: Tensor, lost: Tensor | None, tile: int, views: int) -> Tensor:
    """Return restored pixels of an image, whose number of channels may differ from the model's."""
    wanted, given = model.frame.channels, pixels.shape[-1]
    if wanted == 1 and given == 3:
        each = [
            _restored(
                model, pixels[..., c : c + 1], None if lost is None else lost[..., c : c + 1], tile, views
            )
            for c in range(3)
        ]
        return torch.cat(each, -1)
    if wanted == 3 and given == 1:
        many = None if lost is None else lost.expand(-1, -1, 3)
        return luminance(_restored(model, pixels.expand(-1, -1, 3), many, tile, views))
    if wanted != given:
        raise ValueError(f"the model was trained on images of {wanted} channels, but photographs have 1 or 3")
    return _restored(model, pixels, lost, tile, views)


def _restored(model: Restoration, pixels: Tensor, lost: Tensor | None, tile: int, views: int) -> Tensor:
    like = next(model.parameters())
    channels = model.frame.channels

    def step(part: Tensor) -> Tensor:
        x = part.to(like)
        hidden = None if lost is None else x[..., channels:] > 0
        return model.restore(x[..., :channels], hidden, views=views).float().cpu()

    # The mask passes through the tiles as extra channels.
    image = pixels if lost is None else torch.cat([pixels, lost.to(pixels)], -1)
    return in_tiles(step, image, tile=tile, margin=model.radius, multiple=model.multiple)
