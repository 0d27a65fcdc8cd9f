"""What an object can do it declares: nothing asks which class of model, units or part it is."""

import ast
import inspect
from pathlib import Path

import pytest

import tildex
from tildex import models
from tildex.apps.abilities import NEEDS, require
from tildex.apps.measure.judges import JUDGES, judge_of
from tildex.apps.measure.measures import MEASURES
from tildex.apps.report.sections import SECTIONS
from tildex.estimators import Estimator
from tildex.models import Model
from tildex.part import Part

ROOT = Path(tildex.__file__).parent
ROOMS = ("apps", "cli", "data", "evaluate", "models", "penalties", "rules")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def below(cls):
    """Return a class and all that come from it."""
    return {cls}.union(*(below(child) for child in cls.__subclasses__()))


def named_classes():
    """Return the names of all kinds of parts, all parts, all estimators and all classes of models."""
    kinds = set().union(*(below(kind) for kind in Part.kinds.values()))
    estimators = {base for cls in Estimator.table.values() for base in cls.__mro__}
    known = kinds | estimators | below(Model)
    names = {cls.__name__ for cls in known if cls.__module__.startswith("tildex")}
    return names | {name for name in models.__all__ if inspect.isclass(getattr(models, name))}


KNOWN = named_classes()


def asked(tree):
    """Yield the line of every question about a class of models or parts, or about what an object happens to have."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id == "hasattr":
            yield node.lineno
        elif node.func.id in ("isinstance", "issubclass"):
            names = {getattr(part, "id", getattr(part, "attr", None)) for part in ast.walk(node.args[1])}
            if names & KNOWN:
                yield node.lineno


def test_the_classes_that_may_not_be_asked_for_are_known():
    assert {
        "Gaussian",
        "Activation",
        "Masking",
        "BoltzmannMachine",
        "Pair",
        "LatentPair",
        "RBM",
        "Estimator",
    } < KNOWN


@pytest.mark.parametrize(
    "text", ["isinstance(x, Gaussian | int)", "hasattr(x, 'sample')", "issubclass(x, (A, m.Pair))"]
)
def test_questions_are_found(text):
    assert list(asked(ast.parse(text))) == [1]
    assert not list(asked(ast.parse("isinstance(x, int | Mapping)")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_asks_an_object_what_class_it_is(path):
    lines = list(asked(ast.parse(path.read_text(encoding="utf-8"))))
    assert not lines, "let the object declare it: a class attribute, or a method of its own"


@pytest.mark.parametrize("cls", Estimator.table.values(), ids=Estimator.table)
def test_an_estimator_can_do_what_it_declares(cls):
    for verb in ("reconstruct", "sample", "corrupt"):
        assert (verb in cls.can) == hasattr(cls, verb)
    given = "sample" in cls.can and "given" in inspect.signature(cls.sample).parameters
    assert ("complete" in cls.can) == given
    assert "predict" not in cls.can or hasattr(cls, "predict")
    assert ("snapshots" in cls.can) == cls.gives_codes
    assert judge_of(cls) in JUDGES.values()


def test_every_need_is_met_by_some_and_refused_by_others():
    for use, need in NEEDS.items():
        able = [cls for cls in Estimator.table.values() if need.ability in cls.can]
        others = [cls for cls in Estimator.table.values() if need.ability not in cls.can]
        require(able[0], use)
        with pytest.raises(ValueError, match=r"\w"):
            require(others[0], use, run="a run")


CONCRETE = sorted(
    (cls for cls in below(Model) if cls.__name__ in models.__all__), key=lambda cls: cls.__name__
)


@pytest.mark.parametrize("cls", [cls for cls in CONCRETE if cls is not Model], ids=lambda cls: cls.__name__)
def test_a_model_says_what_it_is(cls):
    assert cls.score is not Model.score
    assert cls.draws.endswith(".")
    if cls.has_likelihood:
        assert cls.evidence is not Model.evidence
        assert {"normaliser", "normaliser_rows"} <= set(dir(cls))


def test_measures_and_sections_have_names_of_their_own():
    for names in ([one.name for one in MEASURES], [one.anchor for one in SECTIONS]):
        assert len(set(names)) == len(names)
