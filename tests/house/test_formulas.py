"""Formulas reach the reader as they were written: no escape eats a backslash, and pages draw what LaTeX would."""

import ast
import functools
import importlib.util
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
MODULES = sorted(
    path for room in ("src", "docs", "benchmarks", "tests") for path in ROOT.glob(f"{room}/**/*.py")
)
ROLE = re.compile(r":math:`([^`]+)`")
DIRECTIVE = re.compile(r"^( *)\.\. math::(.*\n(?:\1 +\S.*\n|[ ]*\n(?=\1 +\S))*)", re.M)


def name(path):
    return path.relative_to(ROOT).as_posix()


@functools.cache
def docstrings(path):
    """Return the docstrings of a module, and of each whether it is typed raw."""
    text = path.read_text(encoding="utf-8")
    lines, found = text.splitlines(), []
    for node in ast.walk(ast.parse(text)):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if documented and ast.get_docstring(node, clean=False) is not None:
            value = node.body[0].value
            found.append((value.value, lines[value.lineno - 1].lstrip().startswith('r"""')))
    return found


def formulas():
    """Return all formulas, of pages and docstrings, with the files they stand in."""
    found = []
    for page in (page for page in PAGES if "docs" in page.parts):
        text = re.sub(r"^```.*?^```|`[^`\n]+`", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        blocks = re.findall(r"\$\$(.+?)\$\$", text, re.S)
        inline = re.findall(r"\$([^$\n]+)\$", re.sub(r"\$\$.+?\$\$", "", text, flags=re.S))
        found += [(name(page), formula) for formula in blocks + inline]
    for path in MODULES:
        for said, _ in docstrings(path):
            typed = [formula for _, formula in DIRECTIVE.findall(said + "\n")] + ROLE.findall(said)
            found += [(name(path), formula) for formula in typed]
    return found


@pytest.fixture(scope="module")
def drawn():
    """Draw a formula as the pages do, and return its tree."""
    spec = importlib.util.spec_from_file_location("pages_conf", ROOT / "docs" / "conf.py")
    conf = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conf)

    def draw(formula):
        # The one entity that XML by itself does not know.
        return ElementTree.fromstring(
            conf.mathml(formula, as_block=True).replace("&ApplyFunction;", "\N{FUNCTION APPLICATION}")
        )

    return draw


def tag(element):
    return element.tag.rpartition("}")[2]


def all_of(tree, kind):
    return [element for element in tree.iter() if tag(element) == kind]


def test_no_page_holds_a_control_character():
    marred = {
        name(page): re.findall(r"[^\S \n]|[\x00-\x08\x0e-\x1f\x7f]", page.read_text("utf-8"))
        for page in PAGES
    }
    assert {page: found for page, found in marred.items() if found} == {}


def test_no_docstring_holds_a_control_character():
    for path in MODULES:
        for said, _ in docstrings(path):
            marred = re.search(r"[\x00-\x09\x0b-\x1f\x7f]", said)
            assert marred is None, (
                f"{name(path)}: {said[:60]!r} holds {marred[0]!r}: write r before its quotes"
            )


def test_docstrings_with_formulas_are_raw():
    for path in MODULES:
        for said, raw in docstrings(path):
            formula = ".. math::" in said or ":math:" in said
            assert raw or not formula, f"{name(path)}: write r before the quotes of {said[:60]!r}"


def test_every_formula_is_drawn_whole(drawn):
    found = formulas()
    assert len(found) > 150
    for where, formula in found:
        tree = drawn(formula)
        fractions, written = all_of(tree, "mfrac"), len(re.findall(r"\\[a-z]*(?:frac|binom)", formula))
        assert len(fractions) == written, (where, formula)
        assert "12" not in [fraction[0].text for fraction in fractions], (where, formula)
        # What stands both below and above a sign belongs to a sum or the like: an index stands beside a letter.
        assert all(tag(element[0]) == "mo" for element in all_of(tree, "munderover")), (where, formula)


def test_a_half_is_one_over_two(drawn):
    for half in (r"\tfrac12 \|h\|^2", r"\frac12 \gamma", r"\frac 1 2 x", r"\tfrac{1}{2} x"):
        (fraction,) = all_of(drawn(half), "mfrac")
        assert [part.text for part in fraction] == ["1", "2"], half
    (fraction,) = all_of(drawn(r"\frac1K \sum_k"), "mfrac")
    assert [part.text for part in fraction] == ["1", "K"]


def test_an_index_stands_beside_a_letter_with_an_accent(drawn):
    for formula in (r"\hat h_j", r"\tilde x_{t+1}", r"\hat\rho_j", r"\bar x_i^2"):
        tree = drawn(formula)
        assert not all_of(tree, "munderover"), formula
        assert len(all_of(tree, "mover")) == 1 and all_of(tree, "msub") + all_of(tree, "msubsup"), formula


def test_bars_have_one_size(drawn):
    """A browser would stretch the opening bar alone, where the closing one bears an exponent."""
    for formula, size in ((r"\|h\|_1 + \frac{a}{b}", None), (r"\Big\| \frac{a}{b} \Big\|^2", "1.623em")):
        bars = [element for element in all_of(drawn(formula), "mo") if element.text == "‖"]
        assert len(bars) == 2
        assert [bar.get("minsize") for bar in bars] == [size, size]
        assert all(bar.get("stretchy") == "false" or bar.get("maxsize") for bar in bars)
