"""A panel that stands still: as text, as a picture beside the live view, and as a page that needs no kernel."""

import base64
import hashlib
import math
import re
import xml.etree.ElementTree as ET

import ipywidgets
import numpy as np
import pytest
from pages import rows
from worlds import HOSTILE, LONG, Fixed, Svd, random_table, table, trained

import recwidgets as rw
from recwidgets.charts._draw import HOLE, ring
from recwidgets.charts.columns import replay
from recwidgets.charts.pie import shares_of
from recwidgets.charts.polygon import nearest, neighbour_counts
from recwidgets.data import UnknownUser
from recwidgets.page import svg, tokens
from recwidgets.panel import opening, saving

VIEW, PICTURE, TEXT = "application/vnd.jupyter.widget-view+json", "image/svg+xml", "text/plain"
SVG = "{http://www.w3.org/2000/svg}"
HEBREW = "אישה מושלמת"
SPLIT = random_table(np.random.default_rng(13), 18, 30, density=0.5).split("temporal", test=0.25, validation=0.15)


def own(**options):
    model = Svd()
    history = rw.fit(model, SPLIT.train, SPLIT.validation, epochs=5, progress=False)
    return rw.Panel(SPLIT, model, history=history, user="u5", **options)


MAKE = {
    "gnn": lambda: rw.GNNPanel(user="42"),
    "knn": lambda: rw.KNNPanel(user="42"),
    "session": lambda: rw.SessionPanel(user="42"),
    "compare": lambda: rw.ComparePanel(user="42"),
    "own": own,
}


@pytest.fixture
def shown():
    """shown(name or panel): a panel that is closed when the test is over."""
    panels = []

    def make(what):
        panels.append(MAKE[what]() if isinstance(what, str) else what)
        return panels[-1]

    yield make
    for panel in panels:
        panel.close()


def words(element):
    return " ".join(element.itertext())


def attributes(picture, name):
    return [found for element in picture.iter() if (found := element.get(name))]


# ------------------------------------------------------------------ the bundle


@pytest.mark.parametrize("name", MAKE)
def test_a_bundle_has_the_live_view_the_words_and_the_picture(shown, name):
    panel = shown(name)
    bundle = panel._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {VIEW, PICTURE, TEXT} and bundle[VIEW]["model_id"] == panel.model_id
    text, picture = bundle[TEXT], ET.fromstring(bundle[PICTURE])
    answers = panel.answers.values() if name == "compare" else [panel.shown.answer]
    assert f"User {panel.user}" in text and f"  {panel.setup()}\n" in text and panel.data.name in text
    assert "environment of its server" in text, "what to install where"
    for answer in answers:
        for item in answer.top.tolist():
            assert answer.full_title(item) in text and answer.full_title(item) in words(picture)
    if name != "compare":
        assert f"epoch {panel.epoch} of {panel.epoch}" in text and panel.shown.reason.headline in text
        for row in rows(panel):
            score = re.search(r"score (\S+?)(,|$)", row["aria-label"])[1]
            assert score in text and score in [found.text for found in picture.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", MAKE)
def test_a_picture_stands_alone_is_small_and_has_its_name_and_description(shown, name):
    panel = shown(name)
    source = panel._repr_mimebundle_()[PICTURE]
    picture = ET.fromstring(source)
    assert len(source.encode()) < 30_000
    assert picture.get("role") == "img" and picture.find(f"{SVG}title").text and picture.find(f"{SVG}desc").text
    assert set(re.findall(r"https?://[^\"' ]+", source)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<script|<image|<foreignObject|url\(|href|@import|\son\w+=|\sstyle=", source)
    light, dark = tokens.colours()
    used = {*attributes(picture, "fill"), *attributes(picture, "stroke")} - {"none"}
    assert used <= set(light.values()), "the colours of the stylesheet, as attributes: some viewers drop a stylesheet"
    for token in {*attributes(picture, "data-rw-f"), *attributes(picture, "data-rw-s")}:
        assert dark[token] == light[token] or f"={token}]{{" in picture.find(f"{SVG}style").text


def test_the_colours_are_those_of_the_stylesheet():
    light, dark = tokens.colours()
    assert (light["film-1"], dark["film-1"]) == ("#c44e00", "#ff9a52")
    assert (light["surface"], dark["surface"]) == ("#fff", "#212121")
    assert all(value.startswith(("#", "rgb")) for theme in (light, dark) for value in theme.values())


def test_what_a_panel_shows_now_is_what_is_taken_down(shown):
    panel = shown("own")
    panel.user, panel.epoch, panel.selected = "u7", 2, 3
    text = panel._repr_mimebundle_()[TEXT]
    chosen = panel.shown.answer.full_title(panel.shown.item)
    assert "user u7 · epoch 2 of 5" in text and f"Why {chosen}: {panel.shown.reason.headline}" in text
    assert re.search(rf"^> +4 .*{re.escape(chosen)}$", text, re.MULTILINE)


def test_a_panel_that_has_learned_nothing_says_so(shown):
    bundle = shown(rw.Panel(SPLIT, Svd()))._repr_mimebundle_()
    assert "has not learned anything yet" in bundle[TEXT]
    assert "has not learned anything yet" in words(ET.fromstring(bundle[PICTURE]))


def test_a_lesson_that_hides_the_reason_hides_it_here_too(shown):
    panel = shown(own(hide=("why",)))
    bundle = panel._repr_mimebundle_()
    assert panel.shown.reason.headline not in bundle[TEXT] + words(ET.fromstring(bundle[PICTURE]))
    assert "What its score is made of" not in saving.page_of(panel._saved(["u5"], [None]))


def test_a_model_with_scores_only_and_a_chart_that_fails_still_have_a_list(shown):
    class Odd(rw.Pie):
        def drawing(self):
            raise RuntimeError("no")

    model = Fixed(SPLIT.train, np.random.default_rng(0).normal(size=(18, 30)))
    history = rw.fit(model, SPLIT.train, epochs=2, progress=False)
    panel = shown(rw.Panel(SPLIT, model, Odd(), history=history, user="u5"))
    picture = words(ET.fromstring(panel._repr_mimebundle_()[PICTURE]))
    assert all(title in picture for title in panel.recommendations.titles)


# ------------------------------------------------------------------ charts: the same numbers as on the page


def test_the_slices_are_the_shares(shown):
    panel = shown("gnn")
    drawing = ET.fromstring(f"<g>{panel.chart.drawing()}</g>")
    slices = [path.get("d") for path in drawing.iter("path") if path.get("fill") != "none"]
    shares = shares_of(panel.shown.answer)[0]
    assert len(slices) == 4
    for path, share in zip(slices, [*shares[:3], shares[3:].sum()], strict=True):
        (x1, y1), (x2, y2) = (map(float, found) for found in re.findall(r"([\d.]+) ([\d.]+)(?=A|L)", path)[:2])
        turn = (math.atan2(x2 - 118, 116 - y2) - math.atan2(x1 - 118, 116 - y1)) % math.tau / math.tau
        assert turn == pytest.approx(share, abs=2e-3)


def test_a_share_of_everything_is_a_whole_ring():
    path = ET.fromstring(f"<g>{ring([1.0, 0.0, 0.0, 0.0], ['film-1'] * 4, [''] * 4, [], '', '')}</g>").find("path")
    x, y = np.array([found.split() for found in re.findall(r"[\d.]+ [\d.]+(?=A|L|Z)", path.get("d"))], float).T
    radius = np.hypot(x - 118, y - 116)
    assert np.allclose(radius, [104, 104, 104 * HOLE, 104 * HOLE], atol=0.05)
    assert x[2] < x[3], "the hole goes round too"


def test_the_points_are_the_counts(shown):
    panel = shown("knn")
    answer = panel.shown.answer
    counts = neighbour_counts(answer.data, nearest(answer), answer.top)
    drawing = ET.fromstring(f"<g>{panel.chart.drawing()}</g>")
    y = np.array([float(dot.get("cy")) for dot in drawing.iter("circle")])
    assert len(y) == 10 and np.ptp(counts) > 0
    scale = np.polyfit(counts, y, 1)
    assert scale[0] < 0 and np.allclose(np.polyval(scale, counts), y, atol=0.11)


def test_the_columns_are_the_replay(shown):
    panel = shown("session")
    share = replay(panel.shown.answer).mean(0)
    drawing = ET.fromstring(f"<g>{panel.chart.drawing()}</g>")
    heights = {}
    for column in drawing.iter("rect"):
        heights[column.get("x")] = heights.get(column.get("x"), 0) + float(column.get("height"))
    found = [heights[x] for x in sorted(heights, key=float)]
    assert np.allclose(np.array(found) / 184, share[share > 0], atol=2e-3)


def test_the_lines_of_a_reason_add_up_to_the_score_of_the_list_as_printed(shown, tmp_path):
    """Also where scores are small: as many digits as the list has."""
    panel = shown(rw.KNNPanel(user="42", epoch=1))
    page = panel.save(tmp_path / "page.html", users=["42", "168"], epochs=[1, 29]).read_text(encoding="utf-8")
    films = re.findall(r'<span class="score">([^<]*)<.*?<table>(.*?)</table>', page, re.DOTALL)
    assert len(films) == 40
    for score, lines in films:
        *parts, last = re.findall(r"<td>([−\d.]+)</td></tr>", lines)
        number = [float(part.replace("−", "-")) for part in parts]
        assert last == score and sum(number) == pytest.approx(float(score), abs=1e-6)
    assert any(len(score) == 5 for score, _ in films)


# ------------------------------------------------------------------ titles


@pytest.mark.parametrize("title", [HOSTILE, LONG, f"{HEBREW} (2004)"], ids=["hostile", "long", "right to left"])
def test_any_title_is_escaped_and_stays_in_its_place(shown, tmp_path, title):
    data = table([(u, i) for u in range(6) for i in range(12) if (u + i) % 3], 6, 13, titles=[title] * 13)
    panel = shown(rw.Panel(data, trained(data), user="u1"))
    bundle = panel._repr_mimebundle_()
    picture = ET.fromstring(bundle[PICTURE])
    full = panel.shown.answer.full_title(panel.shown.item)
    assert full in bundle[TEXT] and "<script" not in bundle[PICTURE].lower()
    assert full in [found.text for found in picture.iter(f"{SVG}title")], "whole for whoever points at it"
    for found in picture.iter(f"{SVG}text"):
        end = float(found.get("x")) + svg.width_of(found[-1].tail or "" if len(found) else found.text, 12)
        assert found.get("text-anchor") or end < float(picture.get("width")) + 40
    if title.startswith(HEBREW):
        assert f"\u2068{HEBREW}\u2069" in bundle[PICTURE], "what stands behind it must not change sides"
    page = panel.save(tmp_path / "page.html", users=["u1"]).read_text(encoding="utf-8")
    assert "<script>alert" not in page and page.count("<script>") == 1
    assert "<bdi" in page


def test_lines_break_where_they_must():
    assert svg.wrapped("one two three", 60, 12) == ["one two", "three"]
    assert "".join(svg.wrapped("x" * 90, 60, 12)) == "x" * 90 and svg.wrapped("", 60, 12) == []
    assert all(svg.width_of(line, 12) <= 60 for line in svg.wrapped("x" * 90, 60, 12))
    cut = svg.fitting("A Film Whose Title Never Ends", 90, 12)
    assert "…" in cut and svg.width_of(cut, 12) <= 90
    made, below = svg.lines_of_text(0, 10, "word " * 99, 90, most=3)
    assert made.count("<text") == 3 and below == 10 + 3 * 16 and "…" in made


# ------------------------------------------------------------------ in a notebook: a second output, after the cell


class Publisher:
    def __init__(self):
        self.sent = []

    def publish(self, data, metadata, *, transient, update=False):
        self.sent.append((data, transient["display_id"], update))


class Shell:
    """A notebook's shell as far as a panel asks it: `cell` is the run of the cell that is going on."""

    def __init__(self):
        self.kernel, self.events, self.display_pub = self, self, Publisher()
        self.cell, self.waiting = "first", []

    def get_parent(self, channel):
        return {"header": {"msg_id": self.cell}, "metadata": {"cellId": "a"}}

    def register(self, event, function):
        self.waiting.append(function)

    def unregister(self, event, function):
        self.waiting.remove(function)

    def end_of_cell(self):
        for function in list(self.waiting):
            function(None)


@pytest.fixture
def shell(monkeypatch):
    made = Shell()
    monkeypatch.setattr(opening, "get_ipython", lambda: made)
    monkeypatch.setattr(opening, "_MADE", {})
    return made


@pytest.mark.parametrize("name", ["gnn", "compare"])
def test_in_a_notebook_the_picture_follows_when_the_cell_has_run(shell, shown, name):
    panel = shown(name)
    bundle = panel._repr_mimebundle_()
    assert set(bundle) == {VIEW, TEXT} and "environment of its server" in bundle[TEXT]
    assert panel._parts is None, "to show the frame loads nothing"
    panel._repr_mimebundle_()
    assert shell.display_pub.sent == []
    shell.end_of_cell()
    ((data, shown_as, update),) = shell.display_pub.sent
    assert set(data) == {PICTURE, TEXT} and shown_as and not update, (
        "once for the cell, however often it is shown there"
    )
    assert "user 42" in data[TEXT].lower() and ET.fromstring(data[PICTURE]) is not None
    shell.cell = "second"
    shell.end_of_cell()
    assert len(shell.display_pub.sent) == 1
    panel._repr_mimebundle_()
    shell.end_of_cell()
    assert len(shell.display_pub.sent) == 2, "shown again, it is taken down again"
    panel.close()
    assert [sent[0] for sent in shell.display_pub.sent[2:]] == [{}, {}], "a closed panel leaves no picture"
    assert {sent[1] for sent in shell.display_pub.sent[2:]} == {sent[1] for sent in shell.display_pub.sent[:2]}
    assert shell.waiting == []


def test_the_picture_never_goes_to_another_cell_and_never_breaks_one(shell, shown):
    panel = shown("knn")
    panel._repr_mimebundle_()
    shell.cell = "second"
    shell.end_of_cell()
    assert shell.display_pub.sent == []
    wrong = shown(rw.KNNPanel(user="nobody"))
    wrong._repr_mimebundle_()
    shell.end_of_cell()
    assert shell.display_pub.sent == [] and shell.waiting == []


def test_the_stylesheet_finds_the_picture_as_nbconvert_writes_it(shown):
    picture = shown("own")._repr_mimebundle_()[PICTURE]
    encoded = base64.b64encode(picture.encode()).decode()
    (wanted,) = re.findall(r'img\[src\*="([^"]{30,})"\]', (tokens.HERE / "still.css").read_text(encoding="utf-8"))
    assert encoded.startswith(wanted) and 'class="rw-picture"' in picture


# ------------------------------------------------------------------ a page


def test_a_saved_page_has_each_user_at_each_epoch_as_the_panel_shows_them(shown, tmp_path):
    panel = shown("own")
    before = panel.state
    path = panel.save(tmp_path / "page.html", users=["u5", "u7"], epochs=[2, 5])
    assert panel.state is before and path == tmp_path / "page.html"
    page = path.read_text(encoding="utf-8")
    sections = re.findall(r'<section data-user="(\d)" data-epoch="(\d)".*?</section>', page, re.DOTALL)
    assert sorted(sections) == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
    parts = re.split(r"<section ", page)[1:]
    assert [" hidden>" in part[:200] for part in parts] == [True, False, True, True]
    for part, (user, epoch) in zip(parts, [("u5", 2), ("u5", 5), ("u7", 2), ("u7", 5)], strict=True):
        panel.user, panel.epoch = user, epoch
        assert f"user {user} · epoch {epoch} of 5" in part
        for row, title in enumerate(panel.recommendations.titles):
            panel.selected = row
            name, reason = panel.shown.answer.title(panel.shown.item)[0], panel.shown.reason
            assert f"{name} <span" in part, title
            assert reason.headline in part
            assert all(f"<td>{line.label}</td>" in part for line in reason.lines)
        panel.selected = 0
        assert panel.setup().replace('"', "&#34;") in part


def test_a_saved_page_lets_nothing_in_that_is_not_its_own(shown, tmp_path):
    page = shown("own").save(tmp_path / "page.html").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "http" not in policy
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'" in policy
    assert not re.search(r"https?://|\sstyle=|\son\w+=|<link|@import|url\(|<img|<iframe", page)


@pytest.mark.parametrize("name", ["gnn", "knn", "session"])
def test_saving_and_showing_leave_no_widget_behind(shown, tmp_path, name):
    panel = shown(name)
    before = set(ipywidgets.widgets.widget._instances)
    panel.save(tmp_path / "page.html", users=["42", "168"], epochs=[1])
    panel._repr_mimebundle_()
    assert set(ipywidgets.widgets.widget._instances) == before


def test_what_a_page_has_where_nobody_says(shown, tmp_path):
    panel = shown("own")
    page = panel.save(tmp_path / "page.html").read_text(encoding="utf-8")
    assert re.findall(r"<option value=\"\d\">([^<]*)<", page) == ["User u5", "User u6", "User u7", "User u8"]
    (epochs,) = re.findall(r'data-epochs="([^"]*)"', page)
    assert epochs.split()[0] == "1" and epochs.split()[-1] == "5" and len(epochs.split()) == saving.EPOCHS
    fixed = Fixed(SPLIT.train, np.random.default_rng(0).normal(size=(18, 30)))
    history = rw.fit(fixed, SPLIT.train, epochs=3, progress=False)
    now = shown(rw.Panel(SPLIT, fixed, history=history, user="u18")).save(tmp_path / "fixed.html").read_text()
    assert 'data-epochs="3"' in now and '"0">User u18<' in now and '"1">User u1<' in now, "after the last, the first"


def test_an_edited_history_stays_with_whose_it_is(shown, tmp_path):
    panel = shown("own")
    panel.drop(panel.data.items[panel.person.history[0]])
    page = panel.save(tmp_path / "page.html", users=["u5", "u6"], epochs=[5]).read_text(encoding="utf-8")
    mine, other = re.split(r"<section ", page)[1:]
    assert "edited" in mine and "edited" not in other
    panel.edit(["f1", "f2", "f3"])
    page = panel.save(tmp_path / "page.html", users=["u5"], epochs=[5]).read_text(encoding="utf-8")
    assert "<b>You</b>" in page and "Top 10 for you" in page


@pytest.mark.parametrize(
    ("path", "options", "error", "said"),
    [
        ("page.txt", {}, ValueError, r"path must end in \.html, got .*page\.txt.*; try 'page\.html'"),
        ("no/page.html", {}, FileNotFoundError, r"there is no folder .*; make it first"),
        ("page.html", {"users": ["nobody"]}, UnknownUser, "nobody"),
        ("page.html", {"users": "u5"}, TypeError, r"users must be a list of ids, got 'u5'; give \['u5'\]"),
        ("page.html", {"users": []}, ValueError, "users must name at least one user"),
        ("page.html", {"epochs": [6]}, ValueError, "epoch must be from 1 to 5, got 6"),
        ("page.html", {"epochs": 5}, TypeError, r"epochs must be a list of epochs, got 5; give \[5\]"),
        ("page.html", {"epochs": []}, ValueError, "epochs must name at least one epoch"),
    ],
)
def test_what_cannot_be_saved_is_said_and_nothing_is_written(shown, tmp_path, path, options, error, said):
    with pytest.raises(error, match=said):
        shown("own").save(tmp_path / path, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_panel_that_has_learned_nothing_has_no_page(shown, tmp_path):
    with pytest.raises(ValueError, match="there is no answer to save; train the model first"):
        shown(rw.Panel(SPLIT, Svd())).save(tmp_path / "page.html")


def test_a_page_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    panel = rw.Panel(random_table(np.random.default_rng(0), 12, 15), model=rw.Popularity(), user="u3")
    panel.train()
    panel.save(path)
    old = path.read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(OSError, match="full"):
        panel.save(path, users=["u1"])
    monkeypatch.undo()
    assert path.read_bytes() == old and [found.name for found in tmp_path.iterdir()] == ["page.html"]
