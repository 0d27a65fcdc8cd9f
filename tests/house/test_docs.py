"""Every Python example of the pages runs and prints what the page says; every file a page names is there."""

import doctest
import re
from pathlib import Path

import pytest

from tildex.estimators import Estimator
from tildex.part import Part

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("docs/*.md"), ROOT / "CONTRIBUTING.md", ROOT / "README.md"])
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

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
    monkeypatch.setattr(Estimator, "table", dict(Estimator.table))


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
