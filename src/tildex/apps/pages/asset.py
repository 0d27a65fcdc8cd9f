"""Style sheets, scripts and templates that lie beside the code."""

from __future__ import annotations

import string
from importlib import resources

__all__ = ["POLICY", "asset", "template"]

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a page without scripts may do: show the pictures and the style that are inside it."""


def asset(package: str, name: str) -> str:
    """Return the text of a file that lies in a package, such as ``asset("tildex.apps.pages", "page.css")``."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def template(package: str, name: str) -> string.Template:
    """Return a template that lies in a package; for its ``$head`` it has the beginning that all pages share.

    That takes a ``title``, ``lead`` and ``warning``, the ``style`` and the ``policy`` of what the page may do.

    Example
    -------
    >>> template("tildex.apps.pages", "card_page.html").template.splitlines()[0]
    '<!DOCTYPE html>'
    """
    head = asset("tildex.apps.pages", "head.html")
    return string.Template(asset(package, name).replace("$head\n", head))
