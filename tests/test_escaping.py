"""Text is text: whatever a title, an id, a label or an error says, the page shows it and runs none of it."""

import ast
import csv
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hostile import ODD, XSS, Titled, model_called, world
from markupsafe import Markup
from pages import message
from worlds import HOSTILE, LONG, Fixed, Svd, asked, random_table, trained

import recwidgets as rw
from recwidgets.core import Explanation, Knob, Part
from recwidgets.data import Interactions, Split
from recwidgets.page import elements, markup
from recwidgets.page.markup import Message, Status
from recwidgets.page.page import Page
from recwidgets.panel import cases, edited, editor, goal, leaderboard, lists, selector
from recwidgets.panel.curve import _head
from recwidgets.panel.state import State, world_of
from recwidgets.reasons.flow import Flow, Line
from recwidgets.reasons.reason import Out, reason
from recwidgets.reasons.viewers import Through
from recwidgets.reasons.why_not import why_not
from recwidgets.teach import predict_page
from recwidgets.why import opened, parts, picture, rival, smallest, timeline
from recwidgets.why.flow import SMALL

PACKAGE = Path(rw.__file__).parent
FEW = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", "</div></li></svg>",
    "&lt;b&gt;", "<!-- a & b", "{0.__class__}{x}%s%(y)s", HOSTILE, LONG,
]  # fmt: skip
BAD = [*FEW, *XSS]


class Read(HTMLParser):
    """A page as a browser reads it: the tags with the names of their attributes, and every text there is."""

    def __init__(self, html):
        super().__init__()
        self.shape, self.texts = [], [""]
        self.feed(str(html))
        self.close()

    def handle_starttag(self, tag, attributes):
        self.shape.append((tag, tuple(name for name, _ in attributes)))
        self.texts += [*(value or "" for _, value in attributes), ""]

    def handle_endtag(self, tag):
        self.shape.append(f"/{tag}")
        self.texts.append("")

    def handle_data(self, data):
        self.texts[-1] += data

    def handle_comment(self, data):
        self.shape.append("a comment")


def named(text, n=3):
    """A world in which everything that has a name is called `text`."""
    return Interactions(
        np.repeat(np.arange(n), 2), np.tile([0, 1], n), np.ones(2 * n), np.arange(2 * n),
        np.array([f"{text}{user}" for user in range(n)]), np.array([f"{text}{item}" for item in range(6)]),
        np.array([text] * 6), ((text,),) * 6, name=text,
    )  # fmt: skip


def explained(text, item):
    """An explanation whose parts are called `text`, of every kind, and which does not add up."""
    kinds = ("film", "neighbour", "own", "base", text)
    return Explanation(item, text, 1.0, tuple(Part(text, kind, float(n), n) for n, kind in enumerate(kinds)))


def reasoned(text, shown, item):
    """A reason whose lines and ways are called `text`, with something to take out."""
    data = shown.data
    told = reason(shown.model, data, shown.person, str(data.items[item]))
    ids = tuple(data.items[:2].tolist())
    lines = (Line(f"what {text}", 1.0, "base"), Line(f"of {text}", 2.0, "group", ids, (3.0, -1.0)))
    flow = Flow(lines, (f"a {text}", f"b {text}"), np.array([[1.0, 0.0], [3.0, -1.0]]), 3.0)
    out = Out(ids, (), (1.0, 0.5), ids[0])
    return replace(told, headline=text, lines=lines, flow=flow, score=3.0, out=lambda: out)


def regions(text):
    """The markup of every region, with `text` wherever text can go."""
    data = named(text)
    shown = asked(Fixed(data, np.arange(18.0).reshape(3, 6)), data, held_out=data)
    item, knob = int(shown.top[0]), Knob("k", text, 1, 3, 1, True, text, text)
    why = explained(text, str(data.items[item]))
    said = reasoned(text, shown, item)
    other = int(shown.top[1])
    apart = why_not(shown.model, data, shown.person, str(data.items[item]), str(data.items[other]))
    row = leaderboard.Row("gnn", text, dict.fromkeys(leaderboard.METRICS, (0.2, 0.1, 0.3)))
    base = row._replace(name="popularity")
    world = world_of(Split(data, data, data, "random", 1, ""), Fixed(data, np.zeros((3, 6))))
    typing = State(str(data.users[0]), edited.Edited(0, (0, 1)), item_typed=text, gone=(2, 0))
    world = world_of(Split(data, data, data, "random", 1, ""), Fixed(data, np.zeros((3, 6))))
    both = {"a": shown, "b": shown, "c": shown}
    return {
        "button": elements.button(text, text, text, name=text, title=text, classes=text, pressed=True),
        "slider": elements.slider(text, 1, 0, 2, name=text, said=text),
        "choice": elements.choice(text, 0, [text, text], name=text),
        "named": elements.named(text, text),
        "whole name": elements.whole_name(text, "") + elements.whole_name("x", text),
        "header": markup.header(text, text, Status(text, text, 0.5, True)),
        "header, spoken": markup.header("", "", Status("Ready"), text),
        "skeleton": markup.skeleton(text, Status(text), markup.message(Message(text))),
        "message": markup.message(Message(text, text, True, ((text, text, text),), text)),
        "chart": markup.chart_head(text, text, text),
        "list": markup.ranking(shown, 0, {item: 1}, text, text, {item: text}),
        "empty list": markup.ranking(None, 0, {}, text, text),
        "top": markup.top(text, markup.who((text, text, text), text, "", True)),
        "state": markup.state_of_training(Status(text, text, 0.5, True), text, True, text),
        "settings": markup.settings([("epochs", text, 1, 1, 2, text, False)], text),
        "own knob": markup.own_knob(knob, 1, False),
        "handles": markup.handles("", text),
        "knobs": markup.knob_rows([knob, knob._replace(name="c", choices=(text,))], {"k": 1, "c": text}, False, text),
        "tools": markup.tools(text, True, True),
        "who": markup.who((text, text, text), text, elements.option("user", text, text), True),
        "options": selector.user_options(data, text, False) or elements.option("", text, text),
        "editor": editor.editor(world, typing, goal.Goal(text, 3).line(None, 1)),
        "curve": _head(text, (np.array([1.0]), np.array([2.0])), 1, text, lambda value: text, text),
        "why": parts.markup(shown, item, why),
        "no why": parts.no_explanation(text, text),
        "arithmetic": parts.arithmetic(why) + parts.arithmetic(why, shown=1),
        "headline": picture.headline(said),
        "flow": picture.markup(shown, said, SMALL, text),
        "line": opened.group(shown, said, 1, True),
        "viewers": opened.viewers(shown, said, 1, 0, Through(0.5, 0.25, ((0, 0.5), (1, -0.25)), 0.0)),
        "why not": rival.markup(shown, item, said, other, text, apart, False),
        "what would have to go": smallest.markup(shown, said),
        "timeline": timeline.timeline(why, (text, text)),
        "comparison": lists.lists(both, {"a": text, "b": text, "c": text}, item, None, {"a": {item: text}}),
        "cases": cases.cases({"a": cases.Case(shown, item, 1, 5, text, 3, np.ones(3)),
                              "b": cases.Case(shown, item, 1, 5, fault=text)}, {"a": text, "b": text}),
        "leaderboard": leaderboard.board([row, base], frozenset({"seed"}), [row, base]),
        "question": predict_page.head(text, text, True),
        "order": predict_page.order([text], [1], [text], [0.5], True),
        "reveal": predict_page.reveal("guess", text, text, True),
        "alternative": predict_page.alternative("guess", [text], [0.5]),
    }  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_no_text_becomes_a_tag_and_every_text_reads_as_it_was_written(bad):
    """Each region has the tags and attributes of a harmless text, and somewhere on it stands the text itself."""
    harmless = regions(re.sub(r"[^ ()\d]", "x", bad))
    for region, page in regions(bad).items():
        read = Read(page)
        assert type(page) is Markup, f"{region}: a str is text"
        assert read.shape == Read(harmless[region]).shape, region
        assert any(bad in text for text in read.texts), (region, read.texts)


@pytest.mark.parametrize("bad", BAD)
def test_a_plain_str_is_text_on_a_page_and_markup_is_not(bad):
    page = Page()
    page.show(bad)
    assert Read(page.html).texts == [bad] and type(page.html) is str
    page.show(Markup("<b>{}</b>").format(bad))
    assert Read(page.html).shape == [("b", ()), "/b"] and bad in Read(page.html).texts


# ------------------------------------------------------------------ a whole panel


def pages(widget):
    """The HTML of every region in a widget."""
    if isinstance(widget, Page):
        yield widget.html
    for child in getattr(widget, "children", ()):
        yield from pages(child)


@pytest.mark.parametrize("bad", ["score <b and R&D", *FEW])
def test_a_panel_of_hostile_data_a_hostile_model_and_a_hostile_chart_shows_text(bad):
    def shapes(text):
        data = named(text, n=6)
        panel = rw.Panel(data, model_called(text, data), Titled(text), user=str(data.users[0]))
        try:
            for n in range(len(panel.recommendations.items)):
                panel.selected = n
                yield n, [Read(html) for html in pages(panel)]
        finally:
            panel.close()

    for (n, seen), (_, plain) in zip(shapes(bad), shapes(re.sub(r"[^ ]", "x", bad)), strict=True):
        assert [page.shape for page in seen] == [page.shape for page in plain], f"with row {n} selected"
        assert sum(any(bad in text for text in page.texts) for page in seen) >= 6


def test_what_stands_under_a_chart_of_ones_own_is_markup_or_text():
    class Legend(Titled):
        """A chart whose caption is text and whose foot is HTML."""

        def foot(self, answer):
            return Markup("<p>{}</p>").format(self.text)

    data = random_table(np.random.default_rng(0), 6, 8)
    panel = rw.Panel(data, trained(data), Legend("score <b and R&D"))
    html = "".join(pages(panel))
    panel.close()
    assert "score &lt;b and R&amp;D</p>" in html and "<p>score &lt;b" in html
    assert "score <b and R&D" in Read(html).texts


# ------------------------------------------------------------------ what leaves a panel

#: what a terminal obeys, XML forbids, or a table of lines is broken by
CONTROLS = ("bell \x07 \x1b[31mred\x1b[0m", "a\nb\r\nc\td", "\x7f \x85 \ufffe \uffff", "half \x00 zero \x0b\x0c end")
SPREADSHEET = ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", " =1")


@pytest.fixture(scope="module")
def hostile():
    """hostile(harmless=False): a trained panel on data in which every name is hostile, or none is."""
    panels = []

    def made(harmless=False):
        texts = (*XSS, *ODD, *CONTROLS, *SPREADSHEET)
        split = world([re.sub(r"[^ ()\d]", "x", text) for text in texts] if harmless else texts)
        model = Svd(epochs=2)
        history = rw.fit(model, split.train, split.validation, progress=False)
        panels.append(rw.Panel(split, model, history=history, user=str(split.train.users[7])))
        return panels[-1]

    yield made
    for panel in panels:
        panel.close()


def test_a_saved_page_has_the_tags_of_a_harmless_one_and_all_its_texts(hostile, tmp_path):
    kinds = []
    for harmless in (False, True):
        panel = hostile(harmless)
        users = panel.data.users[:12].tolist()
        read = Read(panel.save(tmp_path / "page.html", users=users).read_text(encoding="utf-8"))
        kinds.append({(tag, names) for tag, names in (found for found in read.shape if isinstance(found, tuple))})
        shown = {title for user in users for title in rw.recommend(panel.model, panel.data, user).titles}
        assert len(shown) > 40 and all(any(title in text for text in read.texts) for title in shown - {" "})
        assert read.shape.count(("script", ())) == 1 and "a comment" not in read.shape
    assert kinds[0] == kinds[1]


def test_a_picture_of_any_text_is_xml_that_holds_nothing_but_shapes_and_words(hostile):
    panel = hostile()
    tags, names = set(), set()
    for user in panel.data.users[::3].tolist():
        panel.user = user
        bundle = panel._repr_mimebundle_()
        for element in ET.fromstring(bundle["image/svg+xml"]).iter():
            tags.add(element.tag.partition("}")[2])
            names |= set(element.attrib)
        assert not set(bundle["text/plain"]) & {chr(n) for n in (*range(9), *range(11, 32), *range(127, 160))}
    assert tags <= {"svg", "title", "desc", "style", "g", "path", "rect", "line", "circle", "polyline", "text", "tspan"}
    assert not [name for name in names if name.startswith("on") or "href" in name or name in ("style", "src")]


def test_table_card_and_line_of_a_hostile_panel_hold_its_texts_and_obey_none(hostile, tmp_path, monkeypatch):
    panel = hostile()
    monkeypatch.chdir(tmp_path)
    seen = set()
    for user in panel.data.users[::8].tolist():
        panel.user = user
        panel.act("save")
        assert message(panel).startswith("Saved."), message(panel)
    folders = sorted(tmp_path.iterdir())
    assert len(folders) == 10 and all(re.fullmatch(r"recwidgets-[\w.-]+", folder.name) for folder in folders)
    for folder in folders:
        with (folder / "recommendations.csv").open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        assert {len(row) for row in rows} == {len(head)}
        texts = [row[head.index(name)] for row in rows for name in ("item", "title", "part")]
        assert not [text for text in texts if text.strip()[:1] in ("=", "+", "@") or text[:1] in ("\t", "\r", "\n")]
        seen |= {text.removeprefix("'") for text in texts}
        card = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        (call,) = ast.parse(card["setup"]).body
        assert isinstance(call.value, ast.Call) and {n.id for n in ast.walk(call) if isinstance(n, ast.Name)} <= {
            "rw", "data", "model", "history",
        }  # fmt: skip
        again = eval(card["setup"], {"rw": rw, "data": panel.split, "model": panel.model, "history": panel.history})
        assert again.user == card["state"]["user"]
        again.close()
    assert len(seen & set(panel.data.titles.tolist())) > 40


def test_half_a_letter_is_refused_with_the_rule_the_value_and_the_next_move():
    with pytest.raises(ValueError, match=r"users must be text that UTF-8 can write, got 'h\\udc80'; read the file in"):
        world(("h\udc80", *XSS[:20]))


# ------------------------------------------------------------------ how it is written

TAG = re.compile(r"</?(?!lambda>)[a-zA-Z]|<!--|&[a-z]+;|=\"")
ROOMS = [*(PACKAGE / room for room in ("page", "why", "charts", "panel")), PACKAGE / "teach"]
FILES = sorted(path for room in ROOMS for path in room.glob("*.py"))


def html_outside_markup(source):
    """Lines on which HTML is written, but not as one literal in Markup(…); an f-string there is none."""
    tree = ast.parse(source)
    inside, wrong = set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Markup":
            (told,) = node.args
            if not (isinstance(told, ast.Constant) and isinstance(told.value, str)):
                wrong.append(node.lineno)  # Markup(text) says that text is HTML
            inside.add(id(told))
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            inside.add(id(body[0].value))  # a docstring
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            wrong += [node.lineno] if TAG.search(node.value) else []
    return sorted(set(wrong))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_html_is_written_as_a_literal_in_markup_and_nowhere_else(path):
    assert html_outside_markup(path.read_text()) == []


@pytest.mark.parametrize("line", [
    "f'<b>{text}</b>'", "'<b>' + text", "'<b>%s</b>' % text", "'<b>{}</b>'.format(text)", "Markup(f'<b>{text}</b>')",
    "Markup('<b>' + text)", "Markup(text)", "f' title=\"{text}\"'", "''.join(['<b>', text])", "page.show('a&nbsp;b')",
])  # fmt: skip
def test_the_check_of_how_html_is_written_finds_what_it_is_for(line):
    assert html_outside_markup(f"x = {line}") == [1]


def test_the_check_lets_markup_pass():
    assert html_outside_markup('"""Doc with <b>."""\nMarkup("<b>{}</b>").format(text) + f"{1} < 2"') == []
