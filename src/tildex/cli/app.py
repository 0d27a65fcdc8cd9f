"""The command ``tildex``: its subcommands, exit codes and one-sentence errors.

Exit code 0 means success, 1 that the command failed, 2 that the command was not understood.
"""

from __future__ import annotations

import os
import sys

from cyclopts import App, CycloptsError
from rich.console import Console

from tildex.cli import (
    anomalies,
    compare,
    complete,
    demo,
    fill,
    fit,
    likelihood,
    listing,
    restore,
    run,
    snapshots,
    sounds,
    tagging,
)

__all__ = ["app", "main"]

app = App(
    name="tildex",
    help="Autoencoders and Boltzmann machines: train, measure, encode, sample and report.\n\n"
    "Start with `tildex demo`, then `tildex fit denoising digits --out runs/first` and `tildex report runs/first`.",
    help_format="markdown",
    version_flags=["--version"],
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)
for command in (
    fit.fit,
    compare.compare,
    run.evaluate,
    likelihood.likelihood,
    run.encode,
    run.reconstruct,
    run.sample,
    run.report,
    snapshots.animate,
    complete.complete,
    fill.fill,
    anomalies.anomalies,
    sounds.sounds,
    sounds.find_sound,
    restore.restore,
    restore.colourise,
    tagging.tag,
    tagging.find,
    tagging.trace,
    listing.models,
    listing.recipes,
    listing.data,
    demo.demo,
):
    app.command(command)


def main(tokens: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        app(tokens, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return _fail(f"{error}; see `tildex --help`", 2)
    except BrokenPipeError:
        # The reader of our output has closed it; nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, TypeError, ArithmeticError, OSError, ImportError, MemoryError, RuntimeError) as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("interrupted; to resume a run with a checkpoint: `tildex fit ... --resume`", 1)
    return 0


def _fail(message: str, code: int) -> int:
    sentence = " ".join(message.split())
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]error:[/red] {_plain(sentence)}")
    return code


def _plain(text: str) -> str:
    # User input may contain square brackets, which the console would parse as markup.
    return text.replace("[", r"\[")
