"""The command line: thin commands over the estimators; nothing heavy is imported before a command runs."""

from tildex.cli.app import main

__all__ = ["main"]
