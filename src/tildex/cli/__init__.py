"""The command line: thin commands over the library; heavy imports wait until a command runs."""

from tildex.cli.app import main

__all__ = ["main"]
