"""Style sheets, scripts and templates, stored beside the code."""

from __future__ import annotations

import string
from importlib import resources

__all__ = ["POLICY", "asset", "template"]

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Content security policy of a page without scripts: only embedded pictures and styles."""


def asset(package: str, name: str) -> str:
    """Return the text of a package's file, such as ``asset("tildex.apps.pages", "page.css")``."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def template(package: str, name: str) -> string.Template:
    """Return a package's template with ``$head`` replaced by the head that all pages share.

    The head takes ``title``, ``lead``, ``warning``, ``style`` and the content security ``policy``.

    Example
    -------
    >>> template("tildex.apps.pages", "card_page.html").template.splitlines()[0]
    '<!DOCTYPE html>'
    """
    head = asset("tildex.apps.pages", "head.html")
    return string.Template(asset(package, name).replace("$head\n", head))
