"""Runs that earlier versions saved load and answer as they did when they were saved."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from tildex import RunError, load
from tildex.estimators import Estimator
from tildex.part import decode, encode

RUNS = Path(__file__).parents[1] / "runs"
FOLDERS = sorted(path for path in RUNS.glob("v*/*") if path.is_dir())


def script(name):
    """Return a module of the folder of runs, which is no package."""
    spec = importlib.util.spec_from_file_location(f"runs_{name}", RUNS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


asking = script("asking")


def each(folders):
    return pytest.mark.parametrize("folder", folders, ids=[f"{p.parent.name}-{p.name}" for p in folders])


def recipe_of(folder):
    return json.loads((folder / "recipe.json").read_text(encoding="utf-8"))


@each(FOLDERS)
def test_an_old_run_answers_as_it_did(folder):
    model, (given, answers, kinds) = asking.open_run(folder), asking.read_answers(folder)
    said = asking.ask(model, given, answers)
    for call, before in answers.items():
        asking.require_near(said[call], before, kinds[call])


@each(FOLDERS)
def test_an_old_run_that_is_saved_again_is_the_same(folder, tmp_path):
    model, (given, answers, _) = asking.open_run(folder), asking.read_answers(folder)
    model.save(tmp_path)
    again = asking.open_run(tmp_path)
    said, repeated = (asking.ask(one, given, answers) for one in (model, again))
    for call in answers:
        asking.require_same(repeated[call], said[call])
    for place in folder.rglob("recipe.json"):
        before, now = (recipe_of(root / place.relative_to(folder).parent) for root in (folder, tmp_path))
        # A new format may call things otherwise.
        if now["format"] == before["format"]:
            assert asking.holds(now, {**before, "weights_sha256": now["weights_sha256"]})
        if place.parent == folder:
            assert again.history_ == model.history_ != []


@each([folder for folder in FOLDERS if folder.name in asking.COMMANDS])
def test_commands_find_in_old_runs_what_they_found(folder, tmp_path):
    if folder.name == "sounds":
        pytest.importorskip("soundfile")
    found = json.loads((folder / asking.FOUND).read_text(encoding="utf-8"))
    assert asking.ask_commands(folder, tmp_path) == asking.nearly(found)


@pytest.mark.parametrize("file", sorted(RUNS.glob("v*/parts.json")), ids=lambda file: file.parent.name)
def test_parts_of_old_recipes_are_known(file):
    for record in json.loads(file.read_text(encoding="utf-8")):
        assert asking.holds(encode(decode(record)), record)


def test_every_model_has_an_old_run():
    saved = {recipe_of(file.parent)["estimator"] for file in RUNS.glob("v*/*/recipe.json")}
    missing = [slug for slug, cls in Estimator.table.items() if cls.__name__ not in saved]
    assert not missing, "add them to tests/runs/models.py, and make their folders with tests/runs/make.py"


def test_a_newer_run_is_refused(tmp_path):
    shutil.copytree(RUNS / "v1" / "linear", tmp_path / "run")
    (tmp_path / "run" / "recipe.json").write_text(json.dumps({**recipe_of(tmp_path / "run"), "format": 1000}))
    with pytest.raises(RunError, match=r"was written by a newer version .* format 1000, .*: update the lib"):
        load(tmp_path / "run")
