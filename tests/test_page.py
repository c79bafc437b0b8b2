"""A region of the page: acts of the learner come in, and in which order."""

import re
import threading
from pathlib import Path

import pytest

import recwidgets as rw
from recwidgets.page import controls, tokens
from recwidgets.page.page import Page


@pytest.fixture
def page():
    handled, answered = [], []
    page = Page(handler=lambda act, value: handled.append((act, value)))
    page.send = answered.append
    page.handled, page.answered = handled, answered
    yield page
    page.close()


def typed(page, value, n, act="find", view="a"):
    page._message(page, {"act": act, "value": value, "n": n, "view": view, "typed": True}, [])


def test_what_was_typed_before_does_not_replace_what_was_typed_after_it(page):
    for value, n in (("F", 1), ("Farg", 4), ("Fargo", 5), ("Fa", 2), ("Far", 3)):
        typed(page, value, n)
    assert page.handled == [("find", "F"), ("find", "Farg"), ("find", "Fargo")]
    assert [answer["answered"] for answer in page.answered] == [1, 4, 5, 2, 3]  # each is answered, handled or not


def test_another_field_and_another_view_have_their_own_order(page):
    typed(page, "Fargo", 9)
    typed(page, "Heat", 2, act="film")
    typed(page, "F", 1, view="b")  # the page was loaded again: its numbers begin anew
    typed(page, "Fa", 2, view="b")
    assert page.handled == [("find", "Fargo"), ("film", "Heat"), ("find", "F"), ("find", "Fa")]


def test_no_click_is_left_out(page):
    for n in (2, 1, 3):
        page._message(page, {"act": "drop", "value": str(n), "n": n, "view": "a", "typed": False}, [])
    assert page.handled == [("drop", "2"), ("drop", "1"), ("drop", "3")]


def test_two_threads_type_one_after_the_other(page):
    """The first waits in its act; the second, newer, must come after it and stay."""
    entered, go = threading.Event(), threading.Event()

    def handler(act, value):
        if value == "Far":
            entered.set()
            go.wait(10)
        page.handled.append(value)

    page._handler = handler
    first = threading.Thread(target=typed, args=(page, "Far", 3))
    first.start()
    assert entered.wait(10)
    second = threading.Thread(target=typed, args=(page, "Fargo", 5))
    second.start()
    go.set()
    first.join(10)
    second.join(10)
    assert page.handled == ["Far", "Fargo"]


def test_the_own_embedding_has_a_colour_and_no_other_part_has_it():
    style = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(tokens.__file__).parent.glob("*.css")))
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    own = re.compile(r"rw-(made|rib|col|sum|part)-own\b|rw-time-own\b")
    coloured = [(said, body) for said, body in rules if "fill" in body or "background" in body]
    named = [said for said, body in coloured if own.search(said)]
    assert len(named) == 7 and all("var(--rw-own)" in body for said, body in coloured if own.search(said))
    assert all(own.search(said) for said, body in rules if "var(--rw-own)" in body)
    for theme in tokens.colours():
        assert [name for name, value in theme.items() if value == theme["own"]] == ["own"]


def test_a_knob_at_one_is_said_in_the_singular():
    window, k = (next(knob for knob in model.knobs if knob.name == name) for model, name in
                 ((rw.Session, "window"), (rw.KNN, "k")))  # fmt: skip
    assert [controls.said(window, value) for value in (1, 2, 50)] == ["1 film", "2 films", "50 films"]
    assert controls.said(k, 1) == "1"
