"""Every Python example of the pages runs and prints what the page says; every file a page names is there."""

import doctest
import re
from pathlib import Path

import pytest

from tildex.estimators import Estimator
from tildex.estimators.base.learner import Learner
from tildex.part import Part

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/models/*.md"), ROOT / "CONTRIBUTING.md", ROOT / "README.md"]
)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

# A page may be of two estimators that are one model.
MODELS = {"bernoulli-rbm": "rbm", "regressor": "classifier"}
MODEL_PAGES = [page for page in PAGES if page.parent.name == "models" and page.stem != "index"]

_FENCE = re.compile(r"^```(\w*)\s*$")


def examples(text):
    """Return the text with all lines blank but those of python blocks, so that line numbers stay true."""
    kept, language = [], None
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if fence and language is None:
            language = fence[1]
            kept.append("")
        elif fence:
            language = None
            kept.append("")
        else:
            kept.append(line if language == "python" else "")
    return "\n".join(kept) + "\n"


@pytest.fixture
def own_tables(monkeypatch):
    """Let pages define parts and estimators that no other test sees."""
    for kind in Part.kinds.values():
        monkeypatch.setattr(kind, "table", dict(kind.table))
    monkeypatch.setattr(Learner, "table", dict(Learner.table))


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_examples_do_as_they_say(page, own_tables, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    found = doctest.DocTestParser().get_doctest(
        examples(text), {"__name__": "__main__"}, page.name, str(page), 0
    )
    report = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(found, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_named_files_are_there(page):
    text = page.read_text(encoding="utf-8")
    named = [f"src/{path}.py" for path in re.findall(r"\{source\}`([^`]+)`", text)]
    named += re.findall(r"`((?:src|docs|tests|benchmarks)/[\w./-]*\w)`", text)
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("slug", sorted(Estimator.table))
def test_every_estimator_has_its_page(slug):
    page = ROOT / "docs" / "models" / f"{MODELS.get(slug, slug)}.md"
    assert page.is_file(), "write it like those beside it, with a picture from docs/pictures"
    text = page.read_text(encoding="utf-8")
    assert f"{{py:class}}`tildex.estimators.{Estimator.table[slug].__name__}`" in text


def pictures_of(page):
    """Return the names of a page's pictures: its own name, and any that go on after it."""
    further = sorted(path.stem for path in (ROOT / "docs" / "images").glob(f"{page.stem}-*.png"))
    pages = {other.stem for other in MODEL_PAGES}
    return [page.stem, *(name for name in further if name not in pages)]


@pytest.mark.parametrize("page", MODEL_PAGES, ids=lambda page: page.stem)
def test_a_model_page_has_all_its_parts(page):
    text = page.read_text(encoding="utf-8")
    before, *sections = re.split(r"^## ", text, flags=re.M)
    idea, _, rest = before.partition("$$")
    assert 4 <= len(idea.strip().splitlines()) - 2 <= 7, "the idea in five lines"
    assert rest.partition("$$")[2], "an equation"
    images = re.findall(r"!\[([^]]+)\]\(\.\./images/([\w-]+)\.png\)", rest)
    assert [name for _, name in images] == pictures_of(page)
    assert all(len(said) > 20 for said, _ in images)
    titles = [section.splitlines()[0] for section in sections]
    assert titles == ["Ten lines", "Where it is", "Published, and ours"]
    example, where, figures = sections
    typed = re.findall(r"^(?:>>>|\.\.\.) ", example, flags=re.M)
    assert 5 <= len(typed) <= 13, "about ten lines"
    assert "{source}" in where and "*Source:*" in where
    lines = [line.strip("|").split("|") for line in figures.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line] for line in lines]
    assert rows[0] == ["What", "Published", "Ours"] and len(rows) > 2
    assert all(len(row) == 3 and all(row) for row in rows)


def test_every_model_page_is_of_a_model():
    assert {page.stem for page in MODEL_PAGES} <= set(Estimator.table)


def test_pictures_are_small_and_each_is_on_a_page():
    pictures = sorted((ROOT / "docs" / "images").glob("*.png"))
    guides = "".join(page.read_text(encoding="utf-8") for page in ROOT.glob("docs/*.md"))
    shown = {name for page in MODEL_PAGES for name in pictures_of(page)}
    shown |= set(re.findall(r"\]\(images/([\w-]+)\.png\)", guides))
    assert sorted(picture.stem for picture in pictures) == sorted(shown)
    assert max(picture.stat().st_size for picture in pictures) < 60_000
    scripts = "".join(script.read_text(encoding="utf-8") for script in ROOT.glob("docs/pictures/*.py"))
    for picture in pictures:
        assert f"def {picture.stem.replace('-', '_')}() -> Figure:" in scripts


def test_our_figures_are_those_of_the_benchmarks():
    """Numbers in the last column of a page stand in benchmarks/README.md too."""
    measured = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8").replace("**", "")
    for page in MODEL_PAGES:
        table = page.read_text(encoding="utf-8").partition("## Published, and ours")[2]
        for line in table.splitlines()[4:]:
            ours = line.strip("| ").split(" | ")[-1]
            assert ours == "not measured yet" or re.search(r"\d", ours), (page.name, ours)
            for number in re.findall(r"-?\d[\d.,]*(?:e-?\d+)?", ours):
                assert number.rstrip(".,") in measured, (page.name, number)
