"""Why: what is shown adds up to the score that is shown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import HOSTILE, LONG, Markup, asked, random_table, table, trained

import recwidgets as rw
from recwidgets.answer import answer
from recwidgets.core import Explanation, Part, Person
from recwidgets.models.popularity import Popularity
from recwidgets.why import graph, parts

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
        ("the film itself, the same for all users", 0.0, "base"),
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
    assert "Select a film" in Markup(parts.nothing()).one("p").text


# ------------------------------------------------------------------ the graph, layer by layer


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_the_graph_shows_what_so_many_layers_bring(layers):
    panel = rw.GNNPanel(user="42", knobs={"layers": 4})
    panel.act("layer", "4")
    item, whole = panel.shown.item, graph.picture(panel.shown.answer, panel.shown.item, 4)
    drawn = graph.picture(panel.shown.answer, item, layers)
    assert [path.item for path in drawn.paths] == [path.item for path in whole.paths] and drawn.viewers == whole.viewers
    fewer = panel._view().at(layers=layers)  # a model of so many layers is an independent way to the same parts
    parts_of = {
        part.index: part.value for part in fewer.explain("42", panel.data.items[item]).parts if part.kind == "film"
    }
    for path in drawn.paths:
        assert path.value == pytest.approx(parts_of[path.item], rel=1e-4, abs=1e-6)
    films = sum(path.value for path in drawn.paths) + drawn.other_films_value
    assert films == pytest.approx(sum(parts_of.values()), rel=1e-4)
    panel._why._act("layer", str(layers))
    assert parts.minus(drawn.paths[0].value) in panel._why.head.html
    assert (f"what {layers} of the 4 layers bring" in panel._why.head.html) == (layers < 4)
    panel.close()


def test_without_layers_no_film_is_drawn_and_none_can_be_removed():
    panel = rw.GNNPanel(user="42", knobs={"layers": 0})
    page = panel._why.head.html
    assert "One contribution makes up its score" in page and "films drawn" not in page
    assert "rw-pill" not in page and "to remove" not in page
    panel.close()
