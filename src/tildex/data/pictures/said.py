"""What was done to pictures that a user may not expect, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tildex.data.pictures.decode import Form, Levels, Size
from tildex.data.reading import Reading

__all__ = ["levels_said", "what_was_done"]

_DONE = {"crop": "cropped", "pad": "padded with white", "stretch": "stretched"}


def what_was_done(forms: Sequence[Form], reading: Reading, wanted: Reading) -> tuple[str, ...]:
    """Return one sentence each about sizes, colours, transparency and levels, if pictures were changed.

    Parameters
    ----------
    forms : sequence of Form
        What the pictures were.
    reading : Reading
        How they were read.
    wanted : Reading
        What was known before.

    Example
    -------
    >>> forms = [Form(grey=True, size=(20, 30), levels=None, clear=True)]
    >>> what_was_done(forms, Reading((20, 30), colours=1), Reading())
    ('transparency was laid on white in 1 of 1 pictures',)
    """
    said, n = [], len(forms)
    if any(form.size != reading.image_size for form in forms):
        said.append(_size_said([form.size for form in forms], reading, wanted))
    coloured = sum(not form.grey for form in forms)
    if coloured and reading.colours == 1:
        said.append(f"{coloured:,} of {n:,} pictures were made grey")
    if clear := sum(form.clear for form in forms):
        said.append(f"transparency was laid on white in {clear:,} of {n:,} pictures")
    return (*said, *levels_said(forms, reading.levels))


def _size_said(sizes: Sequence[Size], reading: Reading, wanted: Reading) -> str:
    assert reading.image_size is not None
    height, width = reading.image_size
    known = sorted(set(sizes), key=lambda size: (size[0] * size[1], size))
    those = (
        f"{len(known):,} sizes, from {_by(known[0])} to {_by(known[-1])}"
        if len(known) > 1
        else f"{_by(known[0])} pixels"
    )
    reshaped = any(size[0] * width != size[1] * height for size in known)
    done = f"scaled and {_DONE[reading.resize or 'crop']}" if reshaped else "scaled"
    chosen = "" if wanted.image_size else ", chosen from theirs"
    advice = (
        "; to choose: --image-size H,W and --resize crop, pad or stretch (image_size and resize in Python)"
    )
    return (
        f"pictures of {those} (height x width) were {done} to {_by((height, width))}{chosen}"
        f"{'' if wanted.image_size and wanted.resize else advice}"
    )


def _by(size: Size) -> str:
    return f"{size[0]} x {size[1]}"


def levels_said(forms: Iterable[Form], levels: Levels | None) -> tuple[str, ...]:
    """Return a sentence about the levels of pictures with 32 bits, if their values were changed."""
    found = [form.levels for form in forms if form.levels is not None]
    if not found or levels is None or levels == (0, 1):
        return ()
    low, high = levels
    outside = sum(one[0] < low or one[1] > high for one in found)
    clipped = f"; {outside:,} of them exceed this range and were clipped" if outside else ""
    who = "one picture run" if len(found) == 1 else f"{len(found):,} pictures run"
    return (f"the values of {who} from {low:g} (black) to {high:g} (white){clipped}",)
