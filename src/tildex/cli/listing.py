"""``tildex models``, ``tildex recipes`` and ``tildex data``: list what is available."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from tildex.recipes import Recipe

__all__ = ["data", "models", "recipes"]

Flag = Annotated[bool, Parameter(negative=())]


def models(*, json: Flag = False, markdown: Flag = False) -> None:
    """List the models: each a pair of conditional distributions, a corruption, a penalty and a rule.

    Example: `tildex models --json`

    Parameters
    ----------
    json
        Print as JSON.
    markdown
        Print as a Markdown table, as in the README.
    """
    from tildex.cli.output import print_json, print_table
    from tildex.estimators import model_table

    rows = model_table()
    if json:
        print_json(rows)
    elif markdown:
        lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
        print("\n".join(f"| {' | '.join(line)} |" for line in lines))
    else:
        # The class name repeats the model's; it is in the JSON and in Python's help.
        print_table("Models", [{k: v for k, v in row.items() if k != "class"} for row in rows])


def recipes(name: str | None = None, /, *, json: Flag = False) -> None:
    """List the recipes, settings that are known to work, with their data and measured results; or print one in full.

    Example: `tildex recipes`, then `tildex fit rbm photos/ --recipe rbm-mnist --epochs 20 --out runs/rbm`

    Parameters
    ----------
    name
        A recipe to print in full.
    json
        Print as JSON, with the measurement and the source.
    """
    from tildex.cli.output import print_json, print_table, say
    from tildex.recipes import recipe
    from tildex.recipes import recipes as known

    chosen = known() if name is None else [recipe(name)]
    if json:
        print_json([one.to_json() for one in chosen])
        return
    if name is None:
        print_table("Recipes", [_summary(one) for one in chosen])
        say("to print one in full: tildex recipes NAME")
        return
    (one,) = chosen
    settings = {key: str(value) for key, value in one.settings.items()}
    rows = {**_summary(one), "sentence": one.sentence, "source": one.source and str(one.source), **settings}
    print_table(f"Recipe {one.name}", [{"": key, " ": value} for key, value in rows.items() if value])


def _summary(recipe: Recipe) -> dict[str, str]:
    return {
        "name": recipe.name,
        "model": recipe.model,
        "data": recipe.data.set if recipe.data else "",
        "measured": str(recipe.measured),
    }


def data(name: str | None = None, /, *, data_dir: Path | None = None, json: Flag = False) -> None:
    """List the known data sets, whether they are present, and their licences; or describe one in full.

    Example: `tildex data mnist` says which files go where

    Parameters
    ----------
    name
        A data set to describe in full.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    json
        Print as JSON, with the source of each and how to get it.
    """
    from dataclasses import asdict

    from tildex.cli.output import print_json, print_table, say
    from tildex.data import DataError, known
    from tildex.part import nearest

    entries = {entry.slug: entry for entry in known(data_dir)}
    if name is not None and name not in entries:
        raise DataError(f"no data set is called {name!r}; {nearest(name, entries)}")
    chosen = list(entries.values()) if name is None else [entries[name]]
    if json:
        print_json([asdict(entry) for entry in chosen])
        return
    print_table(
        "Data sets",
        [
            {
                "name": entry.slug,
                "what": entry.title,
                "rows": entry.rows,
                "here": "yes" if entry.present else "no",
                "licence": entry.licence,
            }
            for entry in chosen
        ],
    )
    if name is None:
        say("to see how to get one: tildex data NAME")
    else:
        say(f"source: {chosen[0].source}\n{chosen[0].how_to_get}")
