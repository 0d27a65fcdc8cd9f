"""``tildex tag``, ``tildex find`` and ``tildex trace``: queries to a machine of tagged pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from tildex.apps.tagging import Look

__all__ = ["find", "tag", "trace"]

Flag = Annotated[bool, Parameter(negative=())]


def tag(
    run: Path,
    /,
    *images: Path,
    n: Annotated[int, Parameter(name=["-n", "--n"])] = 5,
    out: Path | None = None,
    device: str = "auto",
    json: Flag = False,
) -> None:
    """Tag pictures, each tag with its score.

    The run is one of `tildex fit multimodal-dbm FOLDER --tags tags.csv`; new pictures get the same features as those of
    FOLDER. Unreadable pictures are named and skipped.

    Example: `tildex tag runs/photos holiday.jpg more/ -n 3 --out tags.csv`

    Parameters
    ----------
    run
        The run folder.
    images
        Pictures, or folders of them.
    n
        Tags per picture.
    out
        A .csv file for the tags of all pictures, readable by `tildex fit --tags`.
    device
        Where to compute.
    json
        Print the tags as JSON.
    """
    from tildex.apps.tagging import TaggedPictures
    from tildex.cli.output import print_json, print_table, say
    from tildex.data import DataError

    if out is not None and out.suffix.lower() != ".csv":
        raise ValueError(f"cannot write {out}: expected a name ending in .csv")
    if not images:
        raise DataError("no picture was given: name picture files or a folder of them")
    table = TaggedPictures.load(run, device=device).tag(images, n)
    for sentence in table.skipped:
        say(f"skipped: {sentence}")
    if out is not None:
        table.write(out)
    said = list(zip(table.files, table.tags, strict=True))
    if json:
        print_json([{"image": str(path), "tags": dict(tags)} for path, tags in said])
        return
    rows = [
        {"image": str(path), "tags": ", ".join(f"{name} {score:.2f}" for name, score in tags)}
        for path, tags in said
    ]
    print_table(f"Tags by {run.name}", rows)


def find(
    run: Path,
    /,
    *,
    tags: str | None = None,
    image: Path | None = None,
    n: Annotated[int, Parameter(name=["-n", "--n"])] = 4,
    out: Path | None = None,
    data_dir: Path | None = None,
    device: str = "auto",
    json: Flag = False,
) -> None:
    """Find pictures of a collection by tags, by a picture, or by both.

    A missing modality is inferred, and the pictures whose joint codes are most similar to the query's are listed. A
    query by tags also finds untagged pictures.

    Example: `tildex find runs/photos --tags "sea, sky" --image x.jpg --out found.html`

    Parameters
    ----------
    run
        A run folder of `tildex fit multimodal-dbm FOLDER --tags tags.csv`.
    tags
        Tags, separated by commas.
    image
        A picture.
    n
        Number of pictures to find.
    out
        A page (.html) or picture (.png) of the hits.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    json
        Print the list as JSON.
    """
    from tildex.apps.tagging import TaggedPictures
    from tildex.cli.output import print_json, print_table

    _check(tags, out)
    pictures = TaggedPictures.load(run, device=device)
    hits = pictures.find(tags=tags, picture=image, n=n)
    if out is not None:
        from tildex.apps.tagging.sheets import write_hits

        _say_written(out, write_hits(out, pictures, hits, tags=tags, picture=image, data_dir=data_dir))
    rows = [
        {"image": hit.file, "tags": ", ".join(hit.tags), "likeness": round(hit.likeness, 4)} for hit in hits
    ]
    if json:
        print_json([{**row, "tags": list(hit.tags)} for row, hit in zip(rows, hits, strict=True)])
    else:
        source = Path(pictures.collection.source).name
        print_table(f"Pictures of {source} most similar to {_asked(tags, image)}", rows)


def trace(
    run: Path,
    /,
    *,
    tags: str | None = None,
    image: Path | None = None,
    out: Path | None = None,
    chains: int = 3,
    steps: Annotated[tuple[int, ...], Parameter(negative=(), consume_multiple=True)] = (
        50,
        100,
        150,
        200,
        250,
    ),
    seed: int = 0,
    data_dir: Path | None = None,
    device: str = "auto",
    json: Flag = False,
) -> None:
    """Show Gibbs chains: tags drawn for a fixed picture, pictures drawn for fixed tags, or both drawn freely.

    Drawn features are shown as the most similar picture of the collection. Without a picture or tags, chains run free
    and show samples of the model's joint distribution.

    Example: `tildex trace runs/photos --tags "sea, sky" --out trace.png`

    Parameters
    ----------
    run
        A run folder of `tildex fit multimodal-dbm FOLDER --tags tags.csv`.
    tags
        Tags to hold fixed, separated by commas.
    image
        A picture to hold fixed.
    out
        A page (.html) or picture (.png) of the chains.
    chains
        Number of chains.
    steps
        The Gibbs steps to show.
    seed
        The seed of the draws.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    json
        Print the samples as JSON.
    """
    from dataclasses import asdict

    from tildex.apps.tagging import TaggedPictures
    from tildex.cli.output import print_json, print_table

    _check(tags, out)
    pictures = TaggedPictures.load(run, device=device)
    drawn = pictures.trace(tags=tags, picture=image, chains=chains, steps=steps, random_state=seed)
    if out is not None:
        from tildex.apps.tagging.sheets import write_looks

        _say_written(out, write_looks(out, pictures, drawn, tags=tags, picture=image, data_dir=data_dir))
    if json:
        print_json([[asdict(look) for look in chain] for chain in drawn])
        return
    rows = [
        {"chain": k + 1, "step": look.step, **_said(look)} for k, chain in enumerate(drawn) for look in chain
    ]
    print_table(f"{_asked(tags, image) or 'nothing'} held fixed", rows)


def _check(tags: str | None, out: Path | None) -> None:
    """Raise an error for invalid options before a model is opened."""
    if tags is not None and not tags.strip(" ,;|"):
        raise ValueError('--tags is empty: give tags, as in --tags "sea, sky"')
    if out is not None and out.suffix.lower() not in (".html", ".png"):
        raise ValueError(f"cannot write {out}: expected a name ending in .html or .png")


def _asked(tags: str | None, image: Path | None) -> str:
    from tildex.apps.tagging.pictures import in_words

    return in_words(tags, image)


def _said(look: Look) -> dict[str, str]:
    tags = {} if look.tags is None else {"tags": ", ".join(name for name, _ in look.tags)}
    return tags if look.file is None else {**tags, "nearest picture": look.file}


def _say_written(out: Path, gone: str) -> None:
    from tildex.cli.output import say

    if gone:
        say(gone)
    say(f"open {out}")
