"""How Sphinx builds these pages: no network, and every warning is an error."""

import re
from importlib.metadata import version as installed_version
from pathlib import Path

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

import tildex
from tildex.estimators import model_table

project = "Tildex"
author = "The Tildex developers"
copyright = "2026, the Tildex developers"
release = version = installed_version("tildex")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.extlinks",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build"]

myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3

napoleon_google_docstring = False
napoleon_numpy_docstring = True
napoleon_use_ivar = True
napoleon_use_rtype = False

autodoc_member_order = "bysource"
autodoc_typehints = "none"
# Methods that torch or scikit-learn describe are described there.
autodoc_inherit_docstrings = False

# {source}`tildex/units/base` names a file and links to its text, which viewcode brings into the pages.
extlinks = {"source": ("_modules/%s.html", "src/%s.py")}
extlinks_detect_hardcoded_links = False

html_theme = "furo"
html_title = f"Tildex {release}"
html_show_sphinx = False
html_math_renderer = "mathml"

# What docutils cannot read or reads otherwise than LaTeX, and what it reads as LaTeX reads the first.
_SPELLINGS = {
    r"\\([bB]igg?)(?![A-Za-z]) *\\\|(.*?)\\\1 *\\\|": r"\\\1l\\|\2\\\1r\\|",
    r"\\([bB]igg?)(?![A-Za-z]) *([(\[]|\\\{)": r"\\\1l\2",
    r"\\([bB]igg?)(?![A-Za-z]) *([)\]]|\\\})": r"\\\1r\2",
    r"\\textstyle(?![A-Za-z])": "",
    r"\\dots(?![A-Za-z])": r"\\ldots",
    r"(\\[cdt]?frac) *(\d) *(\d)": r"\1{\2}{\3}",  # not 12 over what follows
    r"\\(?:hat|tilde|bar) *\\?[A-Za-z]+(?= *_)": r"{\g<0>{}}",  # the index beside the letter, not below it
    r"(?<=[A-Za-z0-9)}]) *(?=\\(?:log|cosh)(?![A-Za-z]))": r"\\,",
}
# A function stands apart from an argument without brackets, and of two bars or brackets neither outgrows the other.
_SPACINGS = {
    r"<mo>(&ApplyFunction;</mo>)(?!\s*<mo\b)": r'<mo rspace="0.17em">\1',
    r'<mo(?: class="mathopen")?>([‖⟨⟩{}]</mo>)': r'<mo stretchy="false">\1',
}
_IN_A_ROW = "display: flex; flex-wrap: wrap; justify-content: center; gap: 0.6em 2em; padding: 0.5em 0"
_FIELD = re.compile(r"^:(ivar|vartype) [^:]+:")
_LOGGER = logging.getLogger(__name__)


def setup(app):
    """Write formulas as MathML, which browsers draw by themselves: no script, no pictures, no network."""
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    # After napoleon, which listens at the usual 500.
    app.connect("autodoc-process-docstring", _whole_names, priority=900)
    app.connect("autodoc-skip-member", _skip)
    app.connect("source-read", _fill)


def _fill(app, docname, source):
    """Write what is known from the code into the pages that list it."""
    lists = {"api": ("<!-- names -->", _names), "models/index": ("<!-- models -->", _pages)}
    if docname in lists:
        mark, write = lists[docname]
        source[0] = source[0].replace(mark, write())


def _names():
    rows = (
        f"| `{room}` | {', '.join(f'`{name}`' for name in names)} |" for room, names in tildex._PUBLIC.items()
    )
    return "\n".join(["| Room | Names |", "|---|---|", *rows])


def _pages():
    """Return the model pages in the order of the table of models."""
    pages = {path.stem for path in (Path(__file__).parent / "models").glob("*.md")}
    return "\n".join(row["model"] for row in model_table() if row["model"] in pages)


def _skip(app, what, name, obj, skip, options):
    # scikit-learn makes these methods, and their docstrings point into its own documentation.
    return True if re.fullmatch(r"set_\w+_request", name) else None


def _whole_names(app, what, name, obj, options, lines):
    lines[:] = [_FIELD.sub(_whole_name, line) for line in lines]


def _whole_name(field):
    # Napoleon leaves names as they are: reStructuredText takes the underscore of module_ for a link, and Sphinx
    # the first of two names for a type.
    return re.sub(r"_(?=[,:])", r"\\_", field[0]).replace(", ", ",\N{ZERO WIDTH SPACE}")


def _inline(translator, node):
    translator.body.append(_mathml(node, as_block=False))
    raise nodes.SkipNode


def _block(translator, node):
    translator.body.append(f'<div class="math" style="{_IN_A_ROW}">{_mathml(node, as_block=True)}</div>')
    raise nodes.SkipNode


def _mathml(node, *, as_block):
    formula = node.astext()
    # Each equation by itself, so that a row of them breaks where the page ends.
    equations = formula.split(r"\qquad") if as_block else [formula]
    try:
        return "".join(mathml(equation, as_block=as_block) for equation in equations)
    except MathError as error:
        _LOGGER.warning("cannot read the formula %r: %s", formula, error, location=node)
        return ""


def mathml(formula, *, as_block):
    formula = _respelt(formula, _SPELLINGS)
    return _respelt(tex2mathml(formula, as_block=as_block), _SPACINGS)


def _respelt(text, table):
    for pattern, replacement in table.items():
        text = re.sub(pattern, replacement, text)
    return text
