"""Draws the pictures of the model pages, one or more PNG files per page, from data that come with scikit-learn.

``make pictures`` draws all of them, ``python docs/pictures rbm vae`` the named ones. Nothing is downloaded, every seed
is fixed, and a picture stays under 60 kB. Tagged photographs need ``fashion-products`` (``tildex data``).
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

import applications
import autoencoders
import machines
import tagging

FOLDER = Path(__file__).parent.parent / "images"
DENSITY = 130


def pictures() -> dict[str, Callable[[], Figure]]:
    """Return the drawing functions: those without arguments that return a figure."""
    return {
        name.replace("_", "-"): function
        for family in (autoencoders, machines, applications, tagging)
        for name, function in vars(family).items()
        if getattr(function, "__annotations__", None) == {"return": "Figure"}
    }


def main(names: Sequence[str]) -> None:
    """Draw the named pictures, or all."""
    FOLDER.mkdir(exist_ok=True)
    drawn = pictures()
    for name in names or drawn:
        path = FOLDER / f"{name}.png"
        buffer = io.BytesIO()
        drawn[name]().savefig(buffer, format="png", dpi=DENSITY)
        # A palette: no eye sees the difference, and the file is a third of the size.
        Image.open(buffer).convert("RGB").quantize(200, dither=Image.Dither.NONE).save(path, optimize=True)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
