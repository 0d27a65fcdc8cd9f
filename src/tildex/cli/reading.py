"""Options of every command that reads files: how pictures and sounds become rows, and what is said about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from tildex.data import Reading, Record

__all__ = ["AS_FOUND", "FileOptions", "Files", "read_rows"]


class HeightWidth(tuple[int, int]):
    """Height and width in pixels."""


def _size(_: Any, tokens: Any) -> HeightWidth:
    text = tokens[0].value
    parts = [part.strip() for part in text.lower().replace("x", ",").split(",")]
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise ValueError(f"expected height and width in pixels, such as 64,96, got {text!r}")
    return HeightWidth(map(int, parts))


@dataclass(frozen=True)
class FileOptions:
    """How the pictures or sounds of a folder or archive become rows of one length.

    Parameters
    ----------
    image_size
        Height and width of every picture in pixels, such as `64,96`. When not given, those of a run's pictures; else
        the pictures' own, if all have one of at most 256 x 256; else one chosen from them, of about 4,096 pixels.
    resize
        How a picture of another shape is brought to that size: crop cuts off what is too long, pad adds white, and
        stretch distorts; crop when not given.
    colours
        1 makes every picture grey, 3 coloured; 1 when not given and all are grey.
    rate
        Samples per second of every sound. When not given, a run's; else the most common of the files, at most 22,050.
    seconds
        Seconds to read of each sound. When not given, a run's length; else the longest sound's, at most 10.
    """

    image_size: Annotated[HeightWidth | None, Parameter(converter=_size, n_tokens=1, negative=())] = None
    resize: Literal["crop", "pad", "stretch"] | None = None
    colours: Literal[1, 3] | None = None
    rate: int | None = None
    seconds: float | None = None

    def given(self) -> dict[str, Any]:
        """Return what a user chose, by name, as arguments of :func:`tildex.data.read`."""
        return {name: value for name, value in asdict(self).items() if value is not None}


Files = Annotated[FileOptions, Parameter(name="*")]

AS_FOUND = FileOptions()
"""Nothing chosen: as in a run's training, or as the files suggest."""


def read_rows(
    data: str,
    split: str,
    *,
    data_dir: Path | None = None,
    files: FileOptions = AS_FOUND,
    like: Reading | None = None,
    **options: Any,
) -> Record:
    """Return the rows of a data set, file or folder, and say what was done to its files and which were left out."""
    from tildex.cli.output import say
    from tildex.data import read

    record = read(data, split=split, data_dir=data_dir, like=like, **files.given(), **options)
    if record.note:
        say(record.note)
    return record
