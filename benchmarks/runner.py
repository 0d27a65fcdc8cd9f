"""Shared code of the benchmarks: command line, data, saved trainings, result lines and table rows.

A benchmark is a function whose parameters are its options; its settings are recipes (``tildex recipes``). ``run`` makes
the command; the common options are the fields of :class:`Bench`. Existing trainings are loaded, interrupted ones resume
with ``--resume``, and existing results are not measured again.
"""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import json
import re
import sys
import time
import typing
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from cyclopts import App, Parameter

import tildex
from tildex.files import write_whole
from tildex.recipes import recipe
from tildex.recipes.written import assign

__all__ = ["Bench", "minutes", "read_out", "row", "run", "spread"]


def _said(text: str, **more: Any) -> Parameter:
    return Parameter(help=text, **more)


@dataclasses.dataclass(kw_only=True)
class Bench:
    """One benchmark command: its common options and their meaning."""

    out: Annotated[Path, _said("The folder for runs and results.jsonl.")] = Path("runs/benchmarks")
    seeds: Annotated[tuple[int, ...], _said("Random seeds, one training each.")] = (0,)
    epochs: Annotated[int | None, _said("Passes over the data, instead of the recipe's.")] = None
    set_: Annotated[tuple[str, ...], _said("Settings to change in the recipe.", name=["--set", "-s"])] = ()
    validate: Annotated[bool, _said("Evaluate on held-out training rows; the test set is not used.")] = False
    resume: Annotated[bool, _said("Resume an interrupted training from its checkpoint.")] = False
    precision: Annotated[str | None, _said("Precision of products in training, instead of the recipe's.")] = (
        None
    )
    device: Annotated[str, _said("auto, cpu, cuda, ...")] = "auto"
    threads: Annotated[int | None, _said("Processor threads; all when not given.")] = None
    data_dir: Annotated[Path | None, _said("The folder of known data sets; $TILDEX_DATA if not given.")] = (
        None
    )

    @property
    def judged(self) -> str:
        """The rows used for evaluation."""
        return "validation" if self.validate else "test"

    @property
    def file(self) -> Path:
        """The file of results."""
        return self.out / "results.jsonl"

    def read(self, name: str, split: str = "train") -> Any:
        """Return a split of a known data set."""
        with warnings.catch_warnings():
            # Some of CIFAR-10's five batches may be missing; results record the number of rows.
            warnings.simplefilter("ignore")
            return tildex.read(name, split=split, data_dir=self.data_dir)

    def parts(self, name: str, *, held: int = 10_000) -> tuple[Any, Any, Any, Any]:
        """Return training rows and labels, then evaluation ones: with --validate, the last training rows."""
        train = self.read(name)
        X, y = np.asarray(train.X), train.y
        if self.validate:
            return X[:-held], y[:-held], X[-held:], y[-held:]
        test = self.read(name, "test")
        return X, y, np.asarray(test.X), test.y

    def each(self, *axes: Iterable[Any]) -> Iterator[Any]:
        """Yield every combination of the axes and the seeds, printing progress; seeds alone as numbers."""
        turns = list(itertools.product(*axes, self.seeds))
        for place, turn in enumerate(turns, 1):
            said = ", ".join([*map(str, turn[:-1]), f"seed {turn[-1]}"])
            print(f"{place} of {len(turns)}: {said}", file=sys.stderr, flush=True)
            yield turn if axes else turn[0]

    def model(self, name: str, seed: int, **changes: Any) -> Any:
        """Return a recipe's unfitted model with this command's changes; None changes nothing."""
        model = self.plain(name, seed, **changes)
        if self.epochs is not None:
            model.set_params(n_iter=self.epochs)
        for assignment in self.set_:
            assign(model, assignment)
        return model

    def plain(self, name: str, seed: int, **changes: Any) -> Any:
        """Return a recipe's unfitted model, to which --epochs and --set do not apply, such as a start."""
        common = {"precision": self.precision, "device": self.device, "random_state": seed}
        given = {key: value for key, value in {**common, **changes}.items() if value is not None}
        return recipe(name).estimator(**given)

    def train(self, name: str, model: Any, *data: Any, **fit: Any) -> Any:
        """Return the model of this name and this command's changes, trained first if it does not exist."""
        return self.start(self.named(name), model, *data, **fit)

    def start(self, name: str, model: Any, *data: Any, **fit: Any) -> Any:
        """Return the model in a folder, trained first if it does not exist."""
        folder = self.out / name
        if not (folder / "recipe.json").exists():
            checkpoint = folder / "checkpoint.safetensors"
            if checkpoint.exists() and not self.resume:
                raise SystemExit(f"{folder} holds an interrupted training: add --resume, or remove it")
            folder.mkdir(parents=True, exist_ok=True)
            model.fit(*data, checkpoint=checkpoint, **fit).save(folder)
            checkpoint.unlink(missing_ok=True)
        return tildex.load(folder, device=self.device)

    def named(self, name: str) -> str:
        """Return a name that includes this command's changes."""
        epochs = [] if self.epochs is None else [f"epochs{self.epochs}"]
        changes = [*epochs, *(change.replace("/", "-") for change in self.set_)]
        return "-".join([name, *(["validation"] if self.validate else []), *changes])

    def results(self) -> list[dict[str, Any]]:
        """Return all results, one record per line."""
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []

    def result(self, measure: Callable[[], Mapping[str, Any]], **what: Any) -> dict[str, Any]:
        """Return the result of this name and these settings, measured first if it does not exist."""
        key = {**what, "judged": self.judged, "epochs": self.epochs, "set": list(self.set_)}
        key = json.loads(json.dumps(key, default=str))
        for line in self.results():
            if all(line.get(name) == value for name, value in key.items()):
                print(json.dumps(line), flush=True)
                return line
        wall, processor = time.perf_counter(), time.process_time()
        found = measure()
        spent = {"seconds": time.perf_counter() - wall, "processor_seconds": time.process_time() - processor}
        return self.note(**{**key, **spent, **found})

    def note(self, **figures: Any) -> dict[str, Any]:
        """Print values as a line of JSON and append them to the results."""
        library = f"tildex {tildex.__version__}, torch {torch.__version__}"
        line = json.dumps({**figures, "threads": torch.get_num_threads(), "library": library}, default=float)
        before = self.file.read_text(encoding="utf-8") if self.file.exists() else ""
        write_whole(self.file, lambda target: target.write_text(f"{before}{line}\n", encoding="utf-8"))
        print(line, flush=True)
        return dict(json.loads(line))


def minutes(model: Any) -> float:
    """Return the duration of a training, also of an earlier one."""
    return sum(record["seconds"] for record in model.history_) / 60


def row(*cells: Any) -> None:
    """Print a row of a table of benchmarks/README.md."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def spread(values: Iterable[float], form: str = ".2f", unit: str = "") -> str:
    """Return mean, minimum and maximum over seeds as a table cell."""
    known = list(values)
    mean = f"**{np.mean(known):{form}}{unit}**"
    if len(known) == 1:
        return f"{mean}, 1 seed"
    return f"{mean} ({min(known):{form}} to {max(known):{form}}), {len(known)} seeds"


def read_out(Z: Any, y: Any, *, C: float, max_iter: int = 1000, tol: float = 1e-5) -> Any:
    """Return a logistic regression on codes; one that reaches its iteration limit is evaluated unchanged.

    It must converge: on one code the error was 2.22 % after 440 iterations, and 2.69 % with tol=1e-3.
    """
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*failed to converge")
        return LogisticRegression(C=C, max_iter=max_iter, tol=tol).fit(Z, y)


def run(experiment: Callable[..., object], tokens: Sequence[str] | None = None, /, **defaults: Any) -> None:
    """Run an experiment from the command line; its parameters become options, in addition to the common ones.

    Parameters
    ----------
    experiment : callable
        Its parameter ``bench`` is the :class:`Bench`; the others have types, and their names become options.
    tokens : sequence of str, optional
        The command line.
    **defaults
        Defaults of common options.
    """

    def command(*values: Any, **options: Any) -> None:
        names = [field.name for field in dataclasses.fields(Bench)]
        bench = Bench(**{**defaults, **{name: options.pop(name) for name in names if name in options}})
        if bench.threads is not None:
            torch.set_num_threads(bench.threads)
        experiment(*values, bench=bench, **options)

    hints = typing.get_type_hints(experiment, include_extras=True)
    own = [p.replace(annotation=hints[p.name]) for p in inspect.signature(experiment).parameters.values()]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default)
        for name, hint, default in _common(defaults)
    ]
    parameters = [p for p in own if p.name != "bench"] + shared
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    page = re.sub(r"(?<=\S)\n(?=\S)", " ", sys.modules[experiment.__module__].__doc__ or "")
    command.__doc__ = f"{page}\n{_section(experiment)}"
    style = Parameter(negative=(), consume_multiple=True)
    app = App(
        default_parameter=style, help_format="plaintext", version_flags=[], result_action="return_value"
    )
    app.default(command)
    app(tokens)


def _common(defaults: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    hints = typing.get_type_hints(Bench, include_extras=True)
    for field in dataclasses.fields(Bench):
        yield field.name, hints[field.name], defaults.get(field.name, field.default)


def _section(experiment: Callable[..., object]) -> str:
    """Return the parameters section of the experiment's docstring."""
    _, _, parameters = (inspect.getdoc(experiment) or "").partition("Parameters\n----------\n")
    return f"\nParameters\n----------\n{parameters}" if parameters else ""
