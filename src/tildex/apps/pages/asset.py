"""Style sheets, scripts and templates that lie beside the code."""

from __future__ import annotations

from importlib import resources

__all__ = ["asset"]


def asset(package: str, name: str) -> str:
    """Return the text of a file that lies in a package, such as ``asset("tildex.apps.pages", "page.css")``."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")
