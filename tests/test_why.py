"""Why: what is shown adds up to the score that is shown, or it is said that it does not."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import HOSTILE, LONG, Fixed, Markup, asked, random_table, table, trained

from recwidgets._found import classes_in
from recwidgets.answer import answer
from recwidgets.core import Explanation, Part, Person, person_of
from recwidgets.models.popularity import Popularity
from recwidgets.reasons.reason import reason
from recwidgets.why import parts, timeline
from recwidgets.why._base import Selected, Why

KINDS = ("film", "neighbour", "own", "base", "genre")


def explained(*found, title="Film 5 (1954)", item="f5"):
    """An Explanation of (kind, value) pairs."""
    made = tuple(Part(f"{kind} {n}", kind, value, n) for n, (kind, value) in enumerate(found))
    return Explanation(item, title, float(sum(value for _, value in found)), made)


@st.composite
def explanations(draw):
    kind = draw(st.sampled_from(("film", "neighbour", "genre")))
    value = st.floats(-1e4, 1e4, allow_subnormal=False)
    evidence = [(kind, v) for v in draw(st.lists(value, max_size=30))]
    extras = [(name, draw(value)) for name in ("own", "base") if draw(st.booleans())]
    return explained(*(evidence + extras))


@pytest.fixture(scope="module")
def shown():
    data = random_table(np.random.default_rng(5), 12, 20)
    return asked(trained(data), data, 4)


def number(text):
    return float(text.replace("−", "-"))


# ------------------------------------------------------------------ the sum


@given(explanations())
@settings(max_examples=200, deadline=None)
def test_the_lines_as_rounded_add_up_to_the_score_as_rounded(explanation):
    lines = parts.summands(explanation)
    total = round(sum(line.value for line in lines), 3)
    if explanation.parts:
        assert total == pytest.approx(round(explanation.score, 3), abs=1e-9)
    assert len(lines) <= parts.DRAWN + 3
    assert all(round(line.value, 3) == line.value for line in lines)


@given(explanations())
@settings(max_examples=100, deadline=None)
def test_the_lines_are_the_largest_parts_and_the_rest_together(explanation):
    evidence = [part for part in explanation.parts if part.kind not in parts.NAMES]
    lines = parts.summands(explanation)
    largest = sorted(evidence, key=lambda part: -abs(part.value))[: parts.DRAWN]
    assert [line.label for line in lines[: len(largest)]] == [part.label for part in largest]
    for line, part in zip(lines, largest, strict=False):
        assert line.value == pytest.approx(part.value, abs=1.001e-3)
    assert any(line.kind == "rest" for line in lines) == (len(evidence) > parts.DRAWN)


@given(explanations(), st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_the_arithmetic_adds_up_too(explanation, shown):
    page = Markup(parts.arithmetic(explanation, shown))
    numbers = [number(cell.text) for cell in page.all("td", "rw-num") if cell.text and "×" not in cell.text]
    *values, score = numbers
    if explanation.parts:
        assert sum(values) == pytest.approx(score, abs=1e-6 * max(1.0, abs(score)))
    assert score == pytest.approx(explanation.score, abs=0.5001e-4 * max(1.0, abs(score)))
    assert len(values) <= shown + 1


def test_the_lines_by_hand():
    found = explained(("film", 0.5), ("film", -2.0), ("film", 0.25), ("own", 0.125), ("base", -0.0004))
    lines = [(line.label, line.value, line.kind) for line in parts.summands(found, drawn=2)]
    assert lines == [
        ("film 1", -2.0, "film"),
        ("film 0", 0.5, "film"),
        ("1 other films of the history", 0.25, "rest"),
        ("own embedding", 0.125, "own"),
        ("the film itself, for all users", 0.0, "base"),
    ]


def test_where_there_is_nothing_but_the_own_part_it_is_the_score():
    found = explained(("own", 1.2345))
    assert [(line.kind, line.value) for line in parts.summands(found)] == [("own", 1.234)]
    assert round(found.score, 3) == 1.234


def test_no_parts_at_all_are_no_lines():
    assert parts.summands(explained()) == []


# ------------------------------------------------------------------ the sentence


def test_the_sentence_names_what_speaks_for_the_film_the_largest_first(shown):
    found = explained(("film", 0.1), ("film", -5.0), ("film", 0.9), ("own", 7.0), ("film", 0.5), ("film", 0.4))
    assert parts.sentence(shown, found) == (
        "Because user u5 watched film 2, film 4 and film 5; these 3 make up 20 % of what raises its score."
    )


def test_a_film_that_speaks_against_it_is_no_reason(shown):
    found = explained(("film", -5.0), ("film", -4.0), ("film", -3.0), ("film", 0.1), ("own", 20.0))
    assert (
        parts.sentence(shown, found)
        == "Because user u5 watched film 3; this alone makes up 0 % of what raises its score."
    )


@pytest.mark.parametrize("found", [explained(("own", 2.0)), explained(("film", -1.0), ("base", 2.0)), explained()])
def test_where_nothing_speaks_for_it_that_is_said(shown, found):
    assert parts.sentence(shown, found).startswith("Nothing in the history raises its score")


def test_neighbours_are_near_and_are_counted(shown):
    item = int(shown.data.history(2)[0])
    found = explained(*[("neighbour", 0.1 * (n + 1)) for n in range(12)], item=str(shown.data.items[item]))
    rated = sum(item in shown.data.history(user) for user in range(12))
    assert rated > 0
    said = parts.sentence(shown, found)
    near = f"Because neighbour 11, neighbour 10 and neighbour 9 are near, and {rated} of the 12 nearest rated it"
    assert said == f"{near}; these 3 make up {100 * 3.3 / 7.8:.0f} % of what raises its score."


def test_a_kind_of_ones_own_is_a_reason_too(shown):
    assert parts.sentence(shown, explained(("genre", 1.0), ("genre", 2.0))) == (
        "Because of genre 1 and genre 0; these 2 make up 100 % of what raises its score."
    )


def test_somebody_new_is_you(shown):
    own = answer(shown.model, shown.data, Person(None, np.array([1], np.int32)))
    assert (
        parts.sentence(own, explained(("film", 1.0)))
        == "Because you watched film 0; this alone makes up 100 % of what raises its score."
    )


@pytest.mark.parametrize(("words", "said"), [("a", "a"), ("ab", "a and b"), ("abc", "a, b and c")])
def test_lists_are_read_as_they_are_spoken(words, said):
    assert parts.listed(list(words)) == said


# ------------------------------------------------------------------ on the page


def test_the_page_shows_the_sum_of_a_real_model(shown):
    for place in range(len(shown.top)):
        item = int(shown.top[place])
        why = shown.explain(item)
        page = Markup(parts.markup(shown, item, why))
        rows = [number(cell.text) for cell in page.all("td", "rw-num")]
        *values, score = rows
        assert sum(values) == pytest.approx(score, abs=1e-9)
        assert score == pytest.approx(float(shown.scores[item]), abs=0.002)
        assert page.one("h3").text == f"Why {shown.full_title(item)}?"
        assert (
            f"{len(why.parts)} contributions add up to its score, {parts.minus(round(why.score, 3))}."
            in page.all("p")[1].text
        )


def test_the_bar_fills_its_width_and_marks_what_speaks_against(shown):
    found = explained(("film", 3.0), ("film", -1.0))
    page = Markup(parts.bar(parts.summands(found)))
    pieces = page.all("i")
    assert [piece["style"] for piece in pieces] == ["width:75.00%", "width:25.00%"]
    assert [piece.has("rw-minus") for piece in pieces] == [False, True]


def test_a_bar_of_zeros_is_no_error():
    assert "0.00%" in parts.bar(parts.summands(explained(("film", 0.0))))


def test_one_part_is_not_called_parts(shown):
    data = table([(0, 0), (1, 1)], 2, 12)
    popular = asked(Popularity().learn(data), data)
    item = int(popular.top[0])
    said = Markup(parts.markup(popular, item, popular.explain(item))).all("p")[1].text
    assert said == "One contribution: 1.000."


def test_only_films_and_neighbours_can_be_taken_out(shown):
    found = explained(("film", 3.0), ("own", 1.0), ("base", 2.0))
    (button,) = Markup(parts.table(parts.summands(found), found.score)).all("button")
    assert (button["data-act"], button["data-value"]) == ("drop", "film:0")
    assert button["aria-label"] == "Remove film 0 and see what changes"
    assert not Markup(parts.table(parts.summands(found), found.score, removable=False)).all("button")


@pytest.mark.parametrize("hostile", [HOSTILE, LONG, '"><img src=x onerror=alert(1)>', "", "&amp;", "'"])
def test_nothing_hostile_gets_through(hostile):
    data = random_table(np.random.default_rng(1), 6, 8, titles=[hostile] * 8)
    found = asked(trained(data), data)
    item = int(found.top[0])
    for text in (parts.markup(found, item, found.explain(item)), parts.arithmetic(found.explain(item))):
        page = Markup(text)
        assert not page.all("script")
        assert not page.all("img")
    bad = Explanation("f1", hostile, 1.0, (Part(hostile, f"x{hostile}", 1.0, 0),))
    page = Markup(parts.markup(found, 0, bad) + parts.arithmetic(bad))
    assert not page.all("script")
    assert not page.all("img")
    assert any(hostile in cell.text for cell in page.all("td"))


def test_terms_are_weight_times_product():
    part = Part("x", "film", 0.35, 0, 0.5, ((0.5, 0.4), (-0.25, -0.6)))
    assert parts.terms_of(part) == "0.5 × 0.4 + −0.25 × −0.6", "four digits that count: their product is the part"
    assert parts.terms_of(Part("x", "film", 1.0)) == ""


@pytest.mark.parametrize(
    ("value", "said"), [(1.5, "1.500"), (-1.5, "−1.500"), (-0.0, "0.000"), (-0.0004, "0.000"), (-0.0006, "−0.001")]
)
def test_numbers_have_a_real_minus_and_zero_has_none(value, said):
    assert parts.minus(value) == said


def test_without_a_film_there_is_a_hint():
    assert "Select a row" in Markup(parts.nothing()).one("p").text


# ------------------------------------------------------------------ explanations that are not exact


def test_parts_that_do_not_add_up_are_shown_as_they_are_and_that_is_said(shown):
    """A model's own explain() with the parts 5 and 7 for the score 0.9999."""
    item = int(shown.top[0])
    shown = replace(shown, scores=np.where(np.arange(len(shown.scores)) == item, 0.9999, 0.0).astype(np.float32))
    found = Explanation("f5", "Film 5", 0.9999, (Part("a", "film", 5.0, 1), Part("b", "film", 7.0, 2)))
    page, sums = Markup(parts.markup(shown, item, found)), Markup(parts.arithmetic(found))
    said = page.one("p", "rw-doubt").text
    assert said == (
        "The contributions do not add up: their sum is 12.0000, the score 0.9999. The model’s explain() is not exact."
    )
    assert "add up to its score" not in said and not page.all("p", "rw-cap")
    assert [cell.text for cell in page.all("td", "rw-num")] == ["7.000", "5.000", "12.000", "1.000"]
    assert [cell.text for cell in sums.all("td", "rw-num")] == ["7.0000", "5.0000", "12.0000", "0.9999"]
    lines = Markup(timeline.timeline(found))
    numbers = [cell.text for cell in lines.all("span", "rw-num")]
    assert [text for text in numbers if re.fullmatch(r"\d+\.\d+", text)] == ["5.000", "7.000", "1.000"]


def test_an_explanation_of_another_score_than_the_lists_is_said(shown):
    item = int(shown.top[0])
    shown = replace(shown, scores=np.ones_like(shown.scores))
    found = Explanation("f5", "Film 5", 99.0, (Part("a", "film", 99.0, 1),))
    said = Markup(parts.markup(shown, item, found)).one("p", "rw-doubt").text
    assert "The explanation is of the score 99.0000, but the list shows 1.0000." in said
    assert "do not add up" not in said


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40))
@settings(max_examples=100, deadline=None)
def test_what_float32_loses_is_no_doubt(values):
    score = float(np.sum(np.array(values, np.float32), dtype=np.float32))
    found = Explanation("f1", "x", score, tuple(Part("p", "film", float(value), n) for n, value in enumerate(values)))
    assert parts.doubts(found, score) == ""


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_part_that_is_no_number_is_shown_and_doubted(shown, value):
    item = int(shown.top[0])
    made = (Part("a", "film", value, 1), Part("b", "film", 1.0, 2), Part("c", "own", 0.5))
    found = Explanation("f5", "Film 5", float(shown.scores[item]), made)
    page = Markup(parts.markup(shown, item, found) + parts.arithmetic(found) + timeline.timeline(found))
    assert "do not add up" in page.one("p", "rw-doubt").text
    assert not any("nan" in bar["style"] or "inf" in bar["style"] for bar in page.all("i") if "style" in bar.attributes)


def test_an_exact_explanation_is_not_doubted(shown):
    for item in shown.top.tolist():
        assert parts.doubts(shown.explain(item), float(shown.scores[item])) == ""


# ------------------------------------------------------------------ the view


def selected(found, place=0, **more):
    """The item at that place of a list, and all that the model says of it."""
    item = int(found.top[place])
    why = reason(found.model, found.data, found.person, str(found.data.items[item]))
    explanation = found.explain(item) if hasattr(found.model, "explain") else None
    return Selected(**{"answer": found, "item": item, "rank": place, "explanation": explanation, "reason": why} | more)


def silent(act, value):
    """A handler for a view that nobody clicks."""


@pytest.mark.parametrize("kind", [Why, *classes_in("why", Why)])
def test_why_there_is_no_explanation_is_said_in_its_place(shown, kind):
    why, item = kind(silent), int(shown.top[0])
    fault = "Mine could not take this score apart: <b>division by zero."
    why.show(Selected(shown, item, fault=fault))
    page = Markup(why.head.html)
    assert page.one("h3").text == f"Why {shown.full_title(item)}?"
    assert page.one("p", "rw-doubt").text == fault
    assert why.foot.html == ""
    why.show(Selected())
    assert "Select a row" in why.head.html


def test_the_tabs_say_which_is_chosen_and_of_which_film(shown):
    why = Why(silent)
    for tab in ("why", "not", "go", "sum"):
        why.show(selected(shown, tab=tab))
        page = Markup(why.tabs.html)
        assert [one["data-value"] for one in page.all("button", aria_selected="true")] == [tab]
        assert page.one("h3").text == f"Why {shown.full_title(int(shown.top[0]))}?"
        chosen = [name for name in why.widget._dom_classes if name.startswith("rw-tab-")]
        assert chosen == [f"rw-tab-{tab}"]


def test_a_picture_of_ones_own_is_drawn_in_the_first_tab_only(shown):
    """As docs/howto/own-model.md has it: a subclass gives draw(), and the other tabs are there without it."""

    class Longest(Why):
        def draw(self, selected):
            self.head.show("my <own> picture")
            self.foot.show("its foot")

    why = Longest(silent)
    why.show(selected(shown))
    assert (why.head.html, why.foot.html) == ("my &lt;own&gt; picture", "its foot")
    for tab in ("not", "go", "sum"):
        why.show(selected(shown, tab=tab))
        assert "picture" not in why.head.html and why.foot.html == ""


def test_a_model_with_explain_only_has_the_lines_of_its_explanation(shown):
    """Its reason is made from the parts: they are in the flow, with their sum."""
    data = shown.data

    class Explained(Fixed):
        def explain(self, user, item):
            history = person_of(self.data, user).history.tolist()
            made = [Part(str(self.data.titles[film]), "film", 0.25, film) for film in history]
            rest = float(self.scores(user)[self.data.item_index(item)]) - 0.25 * len(made)
            return Explanation(str(item), "", 0.25 * len(made) + rest, (*made, Part("luck", "base", rest)))

    scores = np.random.default_rng(0).normal(5, 1, (data.n_users, data.n_items))
    found = asked(Explained(data, scores), data, 4)
    why, given = Why(silent), selected(found)
    why.show(given)
    page, n = Markup(why.head.html), len(found.person.history)
    numbers = [number(one.text) for one in page.all("b", "rw-num")]
    assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=1e-9)
    assert numbers[-1] == pytest.approx(float(found.scores[given.item]), abs=0.006)
    assert numbers[0] == pytest.approx(0.25 * n, abs=0.011)
    assert "Luck" in page.one("ol", "rw-flow-lines").text


def test_a_model_with_scores_only_has_what_all_users_get_and_what_is_beyond(shown):
    data = shown.data
    scores = np.random.default_rng(1).normal(3, 1, (data.n_users, data.n_items))
    found = asked(Fixed(data, scores), data, 4)
    given = selected(found, fault="Fixed table does not take its scores apart: it has no method `explain`.")
    why = Why(silent)
    why.show(given)
    page = Markup(why.head.html)
    assert given.reason.headline in page.one("p", "rw-headline").text
    labels = [one.text for one in page.all("span") if one.text]
    assert any("for this user" in label for label in labels) and any("What all users get" in label for label in labels)
    mine, usual, score = [number(one.text) for one in page.all("b", "rw-num")]
    assert mine + usual == pytest.approx(score, abs=1e-9)
    # what all users get: their mean score of it, and how far this person's scores of those films lie from theirs
    mean, item = scores.mean(0), given.item
    popular = np.argsort(-mean, kind="stable")[:100]
    assert usual == pytest.approx(mean[item] + (scores[4][popular] - mean[popular]).mean(), abs=0.006)
    why.show(replace(given, tab="sum"))
    assert "does not take its scores apart" in why.head.html


def test_where_the_reason_failed_the_explanation_is_there(shown):
    given = replace(selected(shown), reason=None)
    why = Why(silent)
    why.show(given)
    assert why.head.html == str(parts.markup(shown, given.item, given.explanation))


def test_a_doubt_about_the_parts_is_said_above_the_flow(shown):
    given = selected(shown)
    made = (Part("a", "film", 5.0, 1), Part("b", "film", 7.0, 2))
    why = Why(silent)
    why.show(replace(given, explanation=replace(given.explanation, parts=made)))
    page = Markup(why.head.html)
    assert "do not add up: their sum is 12.0000" in page.one("p", "rw-doubt").text
    assert page.all("div", "rw-flow")
