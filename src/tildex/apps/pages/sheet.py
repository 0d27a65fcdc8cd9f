"""Save figures as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tildex.files import write_whole

__all__ = ["save_sheet"]


def save_sheet(path: Path, figure: Any) -> None:
    """Write a figure as a PNG picture, completely or not at all.

    Raises
    ------
    RunError
        If it cannot be written.
    """
    write_whole(path, lambda target: figure.savefig(target, format="png", dpi=150, bbox_inches="tight"))
