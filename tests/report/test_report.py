"""The report: one valid file that shows every model, needs no network and believes no name."""

import base64
import re
import struct
from html.parser import HTMLParser

import pytest

import tildex
from tildex.apps.report import page as report
from tildex.apps.report.page import build_report
from tildex.data import Record
from tildex.files import RunError

VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """Collects the elements and the text of a page, and checks that elements nest."""

    def __init__(self, path):
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.open, self.elements, self.text = [], [], ""
        self.feed(self.source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]


@pytest.fixture(scope="module")
def page(models, digits, tmp_path_factory):
    train, test = digits
    out = tmp_path_factory.mktemp("report") / "deep" / "report.html"
    title = "Five <models> & $title"
    assert build_report(models, train=train, test=test, out=out, title=title) == out
    assert [path.name for path in out.parent.iterdir()] == ["report.html"]
    return Page(out)


def test_it_is_one_file_that_loads_nothing(page):
    assert page.source.startswith("<!DOCTYPE html>")
    assert not re.search(r"https?:|<script|@import|url\(", page.source)
    policies = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert {link["href"] for link in page.all("link")} == {"data:,"}
    assert all(anchor["href"].startswith("#") for anchor in page.all("a"))


def test_links_lead_somewhere_and_ids_are_unique(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {anchor["href"][1:] for anchor in page.all("a")} <= set(ids)


def test_pictures_are_inside_sharp_and_described(page):
    images = page.all("img")
    # A curve, reconstructions, filters and a map each; samples of three.
    assert len(images) == 6 * 4 + 3
    for image in images:
        data = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"), validate=True)
        width, height = struct.unpack(">II", data[16:24])
        assert width == pytest.approx(2 * int(image["width"]), abs=2)
        assert height == pytest.approx(2 * int(image["height"]), abs=2)
        assert image["alt"]
    assert len(page.source) < 3_000_000


def test_it_says_what_was_measured(page, models):
    for name, model in models.items():
        assert name in page.text and repr(model) in page.text
    for words in (
        "Five <models> & $title",
        "600 rows of digits",
        "200 rows",
        "level with PCA",
        "Log-likelihood",
        "annealed importance sampling",
        "Independent units",
        "Tildex",
        "Masking(rate=0.1)",
    ):
        assert words in page.text


def test_health_is_shown_with_a_mark(page, models, digits, tmp_path):
    for words in ("Health of training", "frozen chains", "✓", "well", "A Gibbs sweep moves the chains"):
        assert words in page.text
    broken = tildex.BernoulliRBM(8, learning_rate=3.0, n_iter=2, random_state=0).fit(digits[0].X)
    out = build_report({"broken": broken}, train=None, test=digits[1], out=tmp_path / "r.html", title="One")
    text = Page(out).text
    assert "✗" in text and "act" in text and "lower the learning rate" in text
    out = build_report(
        {"deep": models["deep"]}, train=None, test=digits[1], out=tmp_path / "v.html", title="One"
    )
    assert "Health of training" not in Page(out).text


def test_use_of_sparse_codes_is_shown_where_there_are_any(page, models, digits, tmp_path):
    for words in ("Use of sparse codes", "Variance unexplained", "Dead units", "Active on < 1 row in 10,000"):
        assert words in page.text
    for words in ("dead units of the code", "have not been in use for 10,000 rows"):
        assert words in page.text
    out = build_report(
        {"vae": models["vae"]}, train=None, test=digits[1], out=tmp_path / "v.html", title="One"
    )
    assert "Use of sparse codes" not in Page(out).text


def test_names_from_users_are_only_text(table, tmp_path):
    train, test = table
    models = {
        "<svg onload=alert(3)>": tildex.Autoencoder(3, n_iter=3, random_state=0).fit(train.X),
        '"> $style': tildex.VariationalAutoencoder(1, n_iter=3).fit(train.X),
    }
    page = Page(
        build_report(models, train=train, test=test, out=tmp_path / "r.html", title="</title>$curves")
    )
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "svg", "b"})
    assert {image["src"][:22] for image in page.all("img")} == {"data:image/png;base64,"}
    assert "</title>$curves" in page.text and "<svg onload=alert(3)>" in page.text


def test_one_model_without_training_rows_or_labels(models, digits, tmp_path):
    test = Record(digits[1].X, shape=(8, 8), name="digits", note="twenty rows are missing")
    out = build_report({"vae": models["vae"]}, train=None, test=test, out=tmp_path / "r.html", title="One")
    page = Page(out)
    assert "no baselines" in page.text and "because the rows have no labels" in page.text
    assert "twenty rows are missing" in page.text
    assert "Log-likelihood of" not in page.text


def test_rows_of_training_are_not_passed_off_as_held_out(models, digits, tmp_path):
    _, test = digits
    out = build_report({"a": models["linear"]}, train=test, test=test, out=tmp_path / "r.html", title="Same")
    assert "memorised them" in Page(out).text
    assert "Results on training rows" in Page(out).text and "Held out" not in Page(out).text


def test_few_rows_are_enough(models, digits, tmp_path):
    train, test = digits
    two = Record(test.X[:2], test.y[:2], test.shape, None, test.target_names)
    Page(build_report({"rbm": models["rbm"]}, train=train, test=two, out=tmp_path / "r.html", title="Two"))


def test_a_page_that_grows_too_large_takes_coarser_pictures(models, digits, tmp_path, monkeypatch):
    train, test = digits
    sizes = []
    for limit in (3_000_000, 100_000):
        monkeypatch.setattr(report, "_LARGEST_PAGE", limit)
        out = tmp_path / f"{limit}.html"
        build_report({"vae": models["vae"]}, train=train, test=test, out=out, title="Size")
        sizes.append(out.stat().st_size)
    assert sizes[1] < sizes[0] / 1.5


def test_reporting_leaves_a_model_as_it_was(models, digits, tmp_path):
    train, test = digits
    rbm = models["rbm"]
    before = rbm.sample(2, n_steps=1, random_state=1)
    state = dict(rbm.__dict__)
    build_report({"rbm": rbm}, train=train, test=test, out=tmp_path / "r.html", title="Same")
    assert rbm.__dict__ == state
    assert (rbm.sample(2, n_steps=1, random_state=1) == before).all()


def test_nothing_half_written_is_left(models, digits, tmp_path):
    train, test = digits
    out = tmp_path / "folder"
    out.mkdir()
    with pytest.raises(RunError, match="could not write"):
        build_report({"a": models["linear"]}, train=train, test=test, out=out, title="A folder is there")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_errors_say_what_was_expected(models, digits, tmp_path):
    train, test = digits
    with pytest.raises(ValueError, match="at least one fitted model"):
        build_report({}, train=train, test=test, out=tmp_path / "r.html", title="None")
    narrow = Record(test.X[:, :10], name="narrow")
    with pytest.raises(ValueError, match="10 features"):
        build_report(
            {"a": models["linear"]}, train=None, test=narrow, out=tmp_path / "r.html", title="Narrow"
        )
    assert not list(tmp_path.iterdir())
