"""``tildex tag``, ``tildex find`` and ``tildex trace``: what a machine of tagged pictures is asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

if TYPE_CHECKING:
    from tildex.apps.tagging.collection import Collection, Hit
    from tildex.apps.tagging.traces import Look
    from tildex.plots import Card

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
    """Say which tags go with pictures, each with its score.

    The run is one of `tildex fit multimodal-dbm FOLDER --tags tags.csv`; new pictures are measured as those of FOLDER
    were. A picture that cannot be read is named, and the others are tagged.

    Example: `tildex tag runs/photos holiday.jpg more/ -n 3 --out tags.csv`

    Parameters
    ----------
    run
        The run folder.
    images
        Pictures, or folders of them.
    n
        How many tags of each.
    out
        A .csv file for the tags of all pictures, which `tildex fit --tags` can read.
    device
        Where to compute.
    json
        Print the tags as JSON.
    """
    from tildex.apps.tagging.scores import best_tags, tag_scores
    from tildex.apps.tagging.workflow import opened_run, picture_rows
    from tildex.cli.output import print_json, print_table, say
    from tildex.data import DataError, picture_paths

    if out is not None and out.suffix.lower() != ".csv":
        raise ValueError(f"cannot write {out}: expected a name ending in .csv")
    if not images:
        raise DataError("no picture is given: name some, or a folder of them")
    model, collection = opened_run(run, device)
    paths, rows, skipped = picture_rows(run, collection, picture_paths(images), device)
    best = best_tags(tag_scores(model, rows), collection.tag_names, n)
    for sentence in skipped:
        say(f"skipped: {sentence}")
    if out is not None:
        _write_tags(out, paths, best)
    if json:
        print_json([{"image": str(path), "tags": dict(tags)} for path, tags in zip(paths, best, strict=True)])
        return
    table = [
        {"image": str(path), "tags": ", ".join(f"{name} {score:.2f}" for name, score in tags)}
        for path, tags in zip(paths, best, strict=True)
    ]
    print_table(f"Tags by {run.name}", table)


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
    """Find pictures of a collection by tags, by a picture, or by both together.

    What the query does not say is inferred, and the pictures whose joint codes are most like that of the query are
    listed: by tags alone, untagged pictures are found too, and by a picture alone, what goes with it.

    Example: `tildex find runs/photos --tags "sea, sky" --image x.jpg --out found.html`

    Parameters
    ----------
    run
        A run folder of `tildex fit multimodal-dbm FOLDER --tags tags.csv`.
    tags
        Tags apart by commas.
    image
        A picture.
    n
        How many to find.
    out
        A page (.html) or picture (.png) of what was found.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    json
        Print the list as JSON.
    """
    from tildex.apps.tagging.collection import search
    from tildex.apps.tagging.workflow import asked_for, opened_run, shown
    from tildex.cli.output import print_json, print_table

    _require_way_out(out)
    model, collection = opened_run(run, device)
    hits = search(model, collection, asked_for(run, collection, tags, image, device), n)[0]
    if out is not None:
        seen = shown(collection, [hit.file for hit in hits], data_dir)
        row = [_question(tags, image), *(_hit_card(hit, seen) for hit in hits)]
        heads = ["query", *(f"{k + 1}" for k in range(len(hits)))]
        _write(
            out, [row], heads, title="What was found", lead=_asked(tags, image), missing=len(hits) - len(seen)
        )
    rows = [
        {"image": hit.file, "tags": ", ".join(hit.tags), "likeness": round(hit.likeness, 4)} for hit in hits
    ]
    if json:
        print_json([{**row, "tags": list(hit.tags)} for row, hit in zip(rows, hits, strict=True)])
    else:
        print_table(f"Pictures of {Path(collection.source).name} most like {_asked(tags, image)}", rows)


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
    """Watch Gibbs chains: with a picture held fixed the tags that they draw, with tags held fixed pictures, or both.

    A picture stands for drawn features if it is the one of the collection that they are most like. With neither a
    picture nor tags, chains wander freely and say what the machine believes in.

    Example: `tildex trace runs/photos --tags "sea, sky" --out trace.png`

    Parameters
    ----------
    run
        A run folder of `tildex fit multimodal-dbm FOLDER --tags tags.csv`.
    tags
        Tags to hold fixed, apart by commas.
    image
        A picture to hold fixed.
    out
        A page (.html) or picture (.png) of the chains.
    chains
        How many.
    steps
        The Gibbs steps at which to look.
    seed
        Decides the draws.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    json
        Print what was drawn as JSON.
    """
    from dataclasses import asdict

    from tildex.apps.tagging.traces import trace as draw
    from tildex.apps.tagging.workflow import asked_for, opened_run, shown
    from tildex.cli.output import print_json, print_table

    _require_way_out(out)
    model, collection = opened_run(run, device)
    given = {} if tags is None and image is None else asked_for(run, collection, tags, image, device)
    looks = draw(model, collection, given, chains=chains, steps=steps, random_state=seed)
    if out is not None:
        files = [look.file for chain in looks for look in chain if look.file is not None]
        seen = shown(collection, files, data_dir)
        held = [_question(tags, image)] if given else []
        rows = [[*held, *(_look_card(look, collection, seen) for look in chain)] for chain in looks]
        heads = [*(["given"] if given else []), *(f"step {look.step}" for look in looks[0])]
        missing = len(set(files)) - len(seen)
        _write(out, rows, heads, title="Gibbs chains", lead=_held(tags, image), missing=missing)
    if json:
        print_json([[asdict(look) for look in chain] for chain in looks])
        return
    table = [
        {"chain": k + 1, "step": look.step, **_said(look)} for k, chain in enumerate(looks) for look in chain
    ]
    print_table(_held(tags, image), table)


def _question(tags: str | None, image: Path | None) -> Card:
    from tildex.apps.tagging.workflow import SIDE
    from tildex.data import small_picture
    from tildex.plots import Card

    return Card(None if image is None else small_picture(image, SIDE), (tags,) if tags else ())


def _hit_card(hit: Hit, seen: dict[str, Any]) -> Card:
    from tildex.plots import Card

    return Card(seen.get(hit.file), (*hit.tags, Path(hit.file).name))


def _look_card(look: Look, collection: Collection, seen: dict[str, Any]) -> Card:
    from tildex.plots import Card

    if look.tags is not None:
        lines = tuple(name for name, _ in look.tags)
    else:
        lines = () if look.row is None else collection.tags_of(look.row)
    return Card(None if look.file is None else seen.get(look.file), lines)


def _said(look: Look) -> dict[str, str]:
    tags = {} if look.tags is None else {"tags": ", ".join(name for name, _ in look.tags)}
    return tags if look.file is None else {**tags, "picture most like it": look.file}


def _asked(tags: str | None, image: Path | None) -> str:
    picture = [] if image is None else [image.name]
    return " and ".join([*picture, *([f"the tags {tags}"] if tags else [])])


def _held(tags: str | None, image: Path | None) -> str:
    asked = _asked(tags, image)
    return f"{asked or 'nothing'} held fixed"


def _require_way_out(out: Path | None) -> None:
    if out is not None and out.suffix.lower() not in (".html", ".png"):
        raise ValueError(f"cannot write {out}: expected a name ending in .html or .png")


def _write(out: Path, rows: Any, heads: list[str], *, title: str, lead: str, missing: int) -> None:
    from tildex.apps.pages.cards import build_card_page
    from tildex.cli.output import save_sheet, say
    from tildex.plots import cards

    gone = f"{missing} of the pictures are no longer where they were, and are not shown" if missing else ""
    if gone:
        say(gone)
    if out.suffix.lower() == ".png":
        save_sheet(out, cards(rows, heads, title=f"{title}: {lead}"))
    else:
        build_card_page(rows, heads, out=out, title=title, lead=lead, warnings=[gone] if gone else [])
    say(f"open {out}")


def _write_tags(out: Path, paths: list[Path], best: list[list[tuple[str, float]]]) -> None:
    import csv

    from tildex.files import write_whole

    def write(target: Path) -> None:
        with target.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["file", "tags"])
            writer.writerows(
                [str(path), ", ".join(name for name, _ in tags)]
                for path, tags in zip(paths, best, strict=True)
            )

    write_whole(out, write)
