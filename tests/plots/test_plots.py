"""Figures: what they show, in one range of values, without a warning, whatever the names."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tildex import plots
from tildex.evaluate import Estimate
from tildex.plots.mosaic import columns_for, compose
from tildex.plots.paper import plain
from tildex.plots.strips import standardised, strips

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((12, 64))
TABLE = RANDOM.normal(size=(9, 4)) * [1, 10, 100, 1000]
SPECTRUM = np.sort(RANDOM.random((5, 8)))[:, ::-1]
GRID = np.stack(np.meshgrid(np.linspace(-3, 3, 7), np.linspace(-30, 30, 7)), -1).reshape(-1, 2)
HISTORY = [{"epoch": k, "loss": 5 / k, "held_out": 6 / k, "seconds": 0.1} for k in (1, 2, 3)]
CONTRASTIVE = [{"epoch": k, "loss": 0.1, "free_energy_gap": 0.1, "held_out": 20 / k} for k in (1, 2, 3)]
VALUES = [Estimate(value, 0.2) for value in (1.0, 1.2, 300.0)] + [
    None,
    Estimate(1.1, float("nan")),
    Estimate(1.0),
]
HOSTILE = ("$\\frac{", "_hidden", "漢字", "a very long name that goes on and on", "<b>", "")

FIGURES = {
    "curves": lambda: plots.curves({"a": HISTORY, "rbm": CONTRASTIVE}),
    "one epoch": lambda: plots.curves({"a": HISTORY[:1]}),
    "not finite": lambda: plots.curves({"a": [{"epoch": 1, "loss": float("nan")}]}),
    "tiles": lambda: plots.tiles(IMAGES.reshape(-1, 8, 8)),
    "one tile": lambda: plots.tiles(np.zeros((1, 3, 5))),
    "reconstructions": lambda: plots.reconstructions(IMAGES, IMAGES / 2, (8, 8), corrupted=IMAGES / 3),
    "colour": lambda: plots.reconstructions(IMAGES[:, :48], IMAGES[:, :48], (4, 4, 3)),
    "table": lambda: plots.reconstructions(TABLE, TABLE + 1, feature_names=HOSTILE[:4]),
    "one row": lambda: plots.reconstructions(TABLE[:1], TABLE[:1]),
    "wide table": lambda: plots.samples(RANDOM.normal(size=(3, 200)), feature_names=["x"] * 200),
    "filters": lambda: plots.filters(IMAGES - 0.5, (8, 8)),
    "colour filters": lambda: plots.filters(IMAGES[:, :48] - 0.5, (4, 4, 3)),
    "table filters": lambda: plots.filters(TABLE, feature_names=list("abcd")),
    "dead filter": lambda: plots.filters(np.zeros((2, 64)), (8, 8)),
    "samples": lambda: plots.samples(IMAGES, (8, 8, 1)),
    "map": lambda: plots.latent_map(RANDOM.normal(size=(30, 2)), np.arange(30) % 6, HOSTILE),
    "map without labels": lambda: plots.latent_map(RANDOM.normal(size=(5, 2))),
    "spectra": lambda: plots.spectra(dict.fromkeys(HOSTILE[:2], SPECTRUM), {HOSTILE[0]: SPECTRUM / 2}),
    "spectrum of one": lambda: plots.spectra({"a": SPECTRUM[:1, :1]}),
    "vector field": lambda: plots.vector_field(TABLE[:, :2], GRID, -GRID, axes_names=HOSTILE[:2]),
    "field of one arrow": lambda: plots.vector_field(GRID, GRID[:1], GRID[:1]),
    "field of no move": lambda: plots.vector_field(GRID, GRID, 0 * GRID),
    "dots": lambda: plots.dots(
        HOSTILE, [plots.Dots("$x^", VALUES, reference=0.5), plots.Dots("s", VALUES, logarithmic=True)]
    ),
    "dots of one": lambda: plots.dots(["a"], [plots.Dots("a", VALUES[:1], higher=True)], bold="a"),
    "versions": lambda: plots.versions({"a": IMAGES, "$b^": IMAGES / 2, "c": -IMAGES}, (8, 8)),
    "versions of a table": lambda: plots.versions({"a": TABLE, "b": TABLE + 1}, feature_names=HOSTILE[:4]),
    "map of many": lambda: plots.latent_map(RANDOM.normal(size=(90, 2)), np.arange(90)),
}


def sheet(figure):
    """The array that a figure of images shows."""
    return np.asarray(figure.axes[0].images[0].get_array())


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_without_a_warning_and_reaches_no_edge(name):
    figure = FIGURES[name]()
    assert isinstance(figure, Figure)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert (edge > 250).all(), "something is cut off at the edge"


def test_drawing_touches_no_global_state():
    code = (
        "import sys, numpy as np; from tildex import plots; plots.tiles(np.zeros((2, 4, 4))); "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_reconstructions_stand_below_their_originals_in_the_originals_range():
    X, X_hat = np.full((3, 16), 2.0), np.full((3, 16), 4.0)
    X[0, 0] = 6.0
    shown = sheet(plots.reconstructions(X, X_hat, (4, 4)))[..., 0]
    assert shown.shape == (4 + 1 + 4, 3 * 4 + 2)
    assert shown[0, 0] == 1 and shown[0, 1] == 0
    assert (shown[5:, :4] == 0.5).all()


def test_all_tiles_share_one_range():
    images = np.stack([np.full((4, 4), value) for value in (-1.0, 0.0, 3.0)])
    shown = sheet(plots.tiles(images, columns=3))[0, ::5, 0]
    assert shown.tolist() == [0.0, 0.25, 1.0]


def test_filters_are_white_at_zero_and_each_in_its_own_scale():
    W = np.array([[1.0, -1.0, 0.0, 0.5], [1.0, -1.0, 0.0, 0.5]]) * [[1], [1000]]
    shown = sheet(plots.filters(W, (2, 2)))
    first, second = shown[:, :2], shown[:, 3:]
    assert np.array_equal(first, second)
    assert first[1, 0].min() > 0.95
    red, blue = first[0, 0], first[0, 1]
    assert red[0] > red[2] and blue[2] > blue[0]


def test_a_contrastive_difference_is_not_drawn_with_a_loss():
    staged = [{**record, "stage": 1.0 + (k > 0)} for k, record in enumerate(HISTORY)]
    plain, bordered = (plots.curves({"a": history}).axes[0] for history in (HISTORY, staged))
    assert len(bordered.lines) == len(plain.lines) + 1
    figure = plots.curves({"rbm": CONTRASTIVE})
    assert [len(axes.lines) for axes in figure.axes] == [1, 1]


def test_a_map_names_every_class_once():
    figure = plots.latent_map(RANDOM.normal(size=(30, 2)), np.arange(30) % 3, ("ant", "_bee", "cat"))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["ant", "_bee", "cat"]


def test_a_map_says_how_many_classes_it_leaves_out():
    figure = plots.latent_map(RANDOM.normal(size=(50, 2)), np.arange(50))
    assert figure.legends[0].get_texts()[-1].get_text() == "and 10 more"


def test_arrows_point_where_moves_do_and_do_not_cross():
    """In the plane's own units, as long as the roots of the moves are in proportion, the longest one place long."""
    places = np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0)), -1).reshape(-1, 2)
    arrows = plots.vector_field(places, places, -5 * places).axes[0].collections[-1]
    drawn, moved = np.stack([arrows.U, arrows.V], 1), -5 * places
    lengths = np.linalg.norm(moved, axis=1)
    assert np.allclose(np.linalg.norm(drawn, axis=1), np.sqrt(lengths))
    assert np.allclose((drawn * moved).sum(1), np.sqrt(lengths) * lengths)
    assert np.sqrt(lengths.max()) / arrows.scale == pytest.approx(0.75)


def test_spectra_are_means_over_rows_dashed_beside_the_data():
    lines = plots.spectra({"a": SPECTRUM, "b": SPECTRUM}, {"b": SPECTRUM / 2}).axes[0].lines
    assert [line.get_linestyle() for line in lines] == ["-", "-", "--"]
    assert np.allclose(lines[2].get_ydata(), SPECTRUM.mean(0) / 2)
    assert lines[1].get_color() == lines[2].get_color() != lines[0].get_color()


@pytest.mark.parametrize("n", range(1, 50))
def test_tiles_fill_their_rows(n):
    columns = columns_for(n, 10)
    assert 1 <= columns <= 10
    assert compose(np.zeros((n, 2, 3, 3)), columns).shape[1] == columns * 4 - 1


def test_text_is_drawn_as_written():
    assert plain("a\tb\n c") == "a b c"
    assert plain("漢") == "\N{WHITE SQUARE}"


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.curves({"a": []}), "at least one history"),
        (lambda: plots.tiles(np.zeros((2, 3))), r"\(n, h, w\)"),
        (lambda: plots.reconstructions(IMAGES, IMAGES[:2], (8, 8)), "one shape"),
        (lambda: plots.spectra({}), "at least one model"),
        (lambda: plots.spectra({"a": SPECTRUM[0]}), r"\(rows, directions\)"),
        (lambda: plots.spectra({"a": SPECTRUM}, {"b": SPECTRUM}), r"off has \['b'\]"),
        (lambda: plots.vector_field(IMAGES, GRID, GRID), "a plane has two columns"),
        (lambda: plots.vector_field(GRID, GRID, GRID[:3]), "a move for each of 49 places"),
        (lambda: plots.latent_map(np.zeros((4, 3))), "reduce longer codes"),
        (lambda: plots.latent_map(np.zeros((4, 2)), np.zeros(3)), "a class for each"),
    ],
)
def test_errors_say_what_was_expected(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_tiles_keep_to_the_limits_they_are_given():
    images = np.stack([np.full((4, 4), value) for value in (-1.0, 0.0, 3.0)])
    shown = sheet(plots.tiles(images, columns=3, limits=(-1.0, 7.0)))[0, ::5, 0]
    np.testing.assert_allclose(shown, [0.0, 0.125, 0.5], atol=1e-6)


def test_a_gap_leaves_the_other_cells_of_its_column():
    X = np.random.default_rng(0).normal(5, 2, (9, 3))
    holed = X.copy()
    holed[2, 1] = holed[:, 2] = np.nan
    found = standardised(holed, holed)
    assert np.isnan(found).sum() == 10 and found[:, 0] == pytest.approx(standardised(X, X)[:, 0])
    (image,) = strips({"rows": found}, title="t", unit="u").axes[0].images
    assert image.to_rgba(np.ma.masked_invalid(found))[2, 1].tolist() == [0.8, 0.8, 0.8, 1.0]
    assert np.nanmean(found[:, 1]) == pytest.approx(0) and np.nanstd(found[:, 1]) == pytest.approx(1)
