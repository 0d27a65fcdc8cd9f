"""The house itself: public names, the table of models, what is imported when, sizes of files, what loading may do."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import tildex
from tildex import estimators
from tildex.estimators import Estimator, model_table
from tildex.part import Part

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "tildex").rglob("*.py"))

# Sums and sequences of parts, which are written with + and >>.
COMPOSITES = {"Both", "Then"}


def test_public_names_are_sorted_and_each_is_from_its_room():
    assert list(tildex._PUBLIC) == sorted(tildex._PUBLIC)
    for room, names in tildex._PUBLIC.items():
        assert list(names) == sorted(names)
        assert set(names) <= set(import_module(room).__all__)
    assert len(tildex.__all__) == sum(map(len, tildex._PUBLIC.values()))


def test_every_part_is_public():
    parts = {name for kind, base in Part.kinds.items() if kind != "data" for name in base.table}
    assert parts - COMPOSITES <= set(tildex.__all__)


def test_every_estimator_and_transformer_is_public():
    offered = {name for name in estimators.__all__ if name not in ("Estimator", "ModelRow", "model_table")}
    assert offered <= set(tildex.__all__)


@pytest.mark.parametrize("name", tildex.__all__)
def test_public_name_is_documented_and_there(name):
    assert getattr(tildex, name).__doc__
    assert name in dir(tildex)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Autoencodr'"):
        tildex.Autoencodr  # noqa: B018


def test_readme_table_is_printed_from_the_code():
    table = re.search(r"<!-- models -->\n(.*)<!-- /models -->", (ROOT / "README.md").read_text(), re.S).group(
        1
    )
    lines = [line.strip("| ").split(" | ") for line in table.strip().splitlines()]
    assert lines[0] == list(model_table()[0])
    assert lines[2:] == [list(row.values()) for row in model_table()]


def test_every_estimator_is_public_and_has_its_row():
    for slug, cls in Estimator.table.items():
        assert cls.__name__ in tildex.__all__
        assert slug == slug.lower()
        assert cls.row.rule


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["fit", "--help"], ["compare", "--help"]], ids=" ".join
)
def test_help_does_not_wait_for_torch(arguments):
    code = (
        "import sys; from tildex.cli import main; code = main(sys.argv[1:]); "
        "assert 'torch' not in sys.modules and 'sklearn' not in sys.modules; sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT / "src" / "tildex")))
def test_a_file_is_short_and_says_what_it_is(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 300, "is there a second thing in it?"
    assert ast.get_docstring(ast.parse(text))


def test_nothing_unpickles_but_the_restricted_reader():
    for path in SOURCES:
        names = {
            alias.name.partition(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in ([ast.alias(node.module or "")] if isinstance(node, ast.ImportFrom) else node.names)
        }
        if names & {"pickle", "joblib", "dill", "cloudpickle", "marshal", "shelve"}:
            assert path.name == "pickles.py", path
        assert "torch.load" not in path.read_text()
        assert "allow_pickle=True" not in path.read_text()


def test_no_requirement_breaks_the_processor_build_of_torch():
    text = (ROOT / "pyproject.toml").read_text() + (ROOT / "constraints.txt").read_text()
    for name in ("torchvision", "torchaudio", "lightning"):
        assert name not in text


def test_a_default_parts_parameter_can_be_set():
    assert tildex.SparseAutoencoder().set_params(penalty__weight=0.2).penalty == tildex.L1(0.2)
    assert tildex.SparseAutoencoder().penalty is None
