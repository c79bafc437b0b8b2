"""Charts: arithmetic by hand, one contract for every chart, and clicks without a browser."""

import math
from dataclasses import replace

import bqplot
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import tree
from worlds import HOSTILE, LONG, Fixed, asked, random_table, table, trained

import recwidgets as rw
from recwidgets._found import classes_in
from recwidgets.answer import Answer, answer, no_share, rounded, softmax_shares
from recwidgets.charts._base import Chart, digits_of, nice_ticks
from recwidgets.charts.columns import Columns, column_heights, replay
from recwidgets.charts.pie import COLOURS, Pie, assign_slots
from recwidgets.charts.polygon import Polygon, by_rank, frequency_polygon, nearest, neighbour_counts, score_ticks
from recwidgets.core import Person
from recwidgets.models.popularity import Popularity
from recwidgets.panel import lists
from recwidgets.ranking import rank

#: each of recwidgets/charts: a new file is tested without being named here
CHARTS = classes_in("charts", Chart)


def world(**options):
    return random_table(np.random.default_rng(9), 25, 30, **options)


def answers():
    """Answers of every kind that a panel can show."""
    data = world()
    model = trained(data)
    small = random_table(np.random.default_rng(3), 6, 6)
    one_left = table([(0, n) for n in range(5)] + [(1, 0), (1, 5)], 2, 6)
    odd = world(titles=[HOSTILE, LONG, ""] * 10)
    same = table([(0, 0), (1, 1)], 3, 30)
    extreme = Fixed(same, np.vstack([np.linspace(-3e38, 3e38, 30), np.full(30, 1e-30), np.linspace(-5, -4, 30)]))
    return {
        "usual": asked(model, data),
        "another": asked(model, data, 7),
        "with held-out films": asked(model, data, 3, data.split("temporal").test),
        "fewer than ten films": asked(trained(small), small),
        "one film left": asked(Popularity().learn(one_left), one_left),
        "ties": asked(Popularity().learn(same), same, 2),
        "all scores zero": asked(Fixed(same, np.zeros((3, 30))), same),
        "tiny scores": asked(extreme, same, 1),
        "enormous scores": asked(extreme, same, 0),
        "negative scores": asked(extreme, same, 2),
        "all scores equal": asked(Fixed(same, np.full((3, 30), 0.3)), same),
        "the lowest are minus infinity": asked(
            Fixed(same, np.where(np.arange(30) < 4, 1.0, -np.inf) * np.ones((3, 1))), same, 2
        ),
        "the highest is infinity": replace(  # answer() refuses it; a chart of an Answer from elsewhere must not break
            tied := asked(Popularity().learn(same), same, 2),
            scores=np.where(np.arange(30) == tied.top[0], np.inf, tied.scores).astype(np.float32),
        ),
        "not all are numbers": asked(Fixed(same, np.where(np.arange(30) % 3, np.nan, 1.0) * np.ones((3, 1))), same),
        "odd titles": asked(trained(odd), odd, 2),
        "nothing left": asked(trained(small), table([(0, n) for n in range(6)], 6, 6)),
        "somebody new": answer(model, data, Person(None, np.array([3, 1], np.int32))),
        "somebody new without a film": answer(model, data, Person(None, np.zeros(0, np.int32))),
    }


ANSWERS = answers()


@pytest.fixture(params=CHARTS, ids=lambda cls: cls.__name__)
def cls(request):
    return request.param


def shapes(chart):
    """Which marks there are, and how many elements each has."""
    columns = ("x", "y", "sizes", "labels", "text")
    return [
        (id(mark), *(np.shape(getattr(mark, name)) for name in columns if mark.has_trait(name)))
        for mark in chart.figure.marks
    ]


# ------------------------------------------------------------------ the contract of every chart


def test_all_three_charts_are_found():
    assert {Pie, Polygon, Columns} <= set(CHARTS)


def test_a_chart_has_a_name_a_title_and_a_definition(cls):
    assert cls.name
    assert isinstance(cls().title, str)
    assert cls().title
    definition = cls.__dict__.get("__doc__") or ""
    assert len(definition.split()) >= 10, "the docstring says what is drawn"
    assert isinstance(cls().figure, bqplot.Figure)


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_can_be_shown_after_any_other(cls, kind):
    chart, shown = cls(), ANSWERS[kind]
    before = shapes(chart)
    for now in (shown, ANSWERS["usual"], shown, None, shown):
        chart.show(now)
        assert shapes(chart) == before, "marks move; they are neither rebuilt nor resized"
    for selected in range(len(shown.top)):
        chart.show(shown, selected)
        assert shapes(chart) == before
    for text in (chart.sentence(shown), chart.caption(shown), chart.foot(shown)):
        assert isinstance(text, str)


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_is_drawn_is_finite(cls, kind):
    """bqplot logs an error in the browser for NaN, and draws nothing."""
    chart = cls()
    chart.show(ANSWERS[kind])
    for mark in chart.figure.marks:
        for name in ("x", "y", "sizes"):
            if mark.has_trait(name) and getattr(mark, name) is not None:
                assert np.isfinite(np.asarray(getattr(mark, name), float)).all(), (mark, name)
        for scale in getattr(mark, "scales", {}).values():
            if isinstance(scale, bqplot.LinearScale) and scale.min is not None:
                assert scale.min < scale.max


def test_the_sentence_names_what_is_drawn(cls):
    chart, shown = cls(), ANSWERS["usual"]
    chart.show(shown)
    said = chart.sentence(shown)
    for item in shown.top[:3].tolist():
        assert shown.full_title(item) in said


@pytest.mark.parametrize("shown", [None, ANSWERS["nothing left"]], ids=["no answer", "nothing left"])
def test_nothing_to_draw_is_said(cls, shown):
    chart = cls()
    chart.show(ANSWERS["usual"])
    chart.show(shown)
    assert chart.sentence(shown) == "No answer to draw yet."
    for mark in watched(chart):
        assert not len(mark.selected if mark.selected is not None else [])


def test_no_title_reaches_the_page_through_caption_or_foot_unescaped(cls):
    chart, shown = cls(), ANSWERS["odd titles"]
    chart.show(shown)
    assert "<script" not in (chart.caption(shown) + chart.foot(shown)).lower()


def test_motion_can_be_switched_off(cls):
    chart = cls()
    chart.animate(False)
    assert chart.figure.animation_duration == 0
    chart.animate(True)
    assert 300 <= chart.figure.animation_duration <= 800


def test_two_charts_share_nothing(cls):
    one, other = cls(), cls()
    before = [np.array(getattr(mark, "y", 0)) for mark in other.figure.marks if not isinstance(mark, bqplot.Label)]
    one.show(ANSWERS["usual"])
    after = [np.array(getattr(mark, "y", 0)) for mark in other.figure.marks if not isinstance(mark, bqplot.Label)]
    for was, now in zip(before, after, strict=True):
        np.testing.assert_array_equal(was, now)


# ------------------------------------------------------------------ clicks, as the browser sends them


def watched(chart):
    return [mark for mark in chart.figure.marks if getattr(mark, "interactions", None) == {"click": "select"}]


def wired(cls, shown):
    """A chart that, as in a panel, is shown again when a place is chosen; and the places that were chosen."""
    chart, chosen = cls(), []

    def on_select(place):
        chosen.append(place)
        chart.show(shown, place)

    chart.on_select = on_select
    chart.show(shown, 0)
    (mark,) = watched(chart)
    return chart, mark, chosen


def index_of(chart, place):
    return next(n for n in range(10) if chart.list_index(n) == place)


@pytest.mark.parametrize("place", [1, 2])
def test_a_click_on_a_film_chooses_its_place_in_the_list(cls, place):
    chart, mark, chosen = wired(cls, ANSWERS["usual"])
    index = index_of(chart, place)
    mark.selected = np.array([index])
    assert chosen == [place]
    assert list(mark.selected) == [index]


def test_a_chart_without_a_panel_keeps_what_was_clicked(cls):
    chart = cls()
    chart.show(ANSWERS["usual"], 0)
    (mark,) = watched(chart)
    index = index_of(chart, 1)
    mark.selected = [index_of(chart, 0), index]
    assert list(mark.selected) == [index]


def test_the_previous_answer_stays_as_an_outline_until_it_is_let_go(cls):
    chart, before, after = cls(), ANSWERS["usual"], ANSWERS["another"]
    chart.show(before)
    (mark,) = watched(chart)
    names = ("x", "y", "sizes")

    def drawn():
        return {name: np.array(getattr(mark, name)) for name in names if mark.has_trait(name)}

    alone = {id(other) for other in chart.figure.marks if other.visible}
    was = drawn()
    chart.show(after, 0, before)
    assert watched(chart) == [mark]
    (outline,) = [other for other in chart.figure.marks if other.visible and id(other) not in alone]
    shown = getattr(outline, "sizes" if outline.has_trait("sizes") else "y")
    expected = was["sizes"] if "sizes" in was else was["y"].sum(0) if was["y"].ndim == 2 else was["y"]
    np.testing.assert_allclose(np.asarray(shown)[1:-1] if len(shown) == len(expected) + 2 else shown, expected)
    chart.show(after, 2, before)  # a choice alone leaves the outline as it is
    np.testing.assert_array_equal(getattr(outline, "sizes" if outline.has_trait("sizes") else "y"), shown)
    chart.show(after)
    assert {id(other) for other in chart.figure.marks if other.visible} == alone
    assert outline in chart.figure.marks, "hidden, not taken out: axes are drawn anew where a mark comes or goes"


def test_showing_a_choice_is_not_a_click(cls):
    chart, mark, chosen = wired(cls, ANSWERS["usual"])
    chart.show(ANSWERS["usual"], 2)
    chart.show(ANSWERS["another"], 1)
    chart.show(None)
    assert chosen == []


@pytest.mark.parametrize("empty", [[], None])
def test_a_click_that_would_unselect_the_film_leaves_it_selected(cls, empty):
    chart, mark, chosen = wired(cls, ANSWERS["usual"])
    was = list(mark.selected)
    assert was == [index_of(chart, 0)]
    mark.selected = empty
    assert chosen == []
    assert list(mark.selected) == was


def test_a_click_with_ctrl_moves_the_choice(cls):
    """The browser then adds to what is selected; a panel has one film selected."""
    chart, mark, chosen = wired(cls, ANSWERS["usual"])
    first, second = index_of(chart, 0), index_of(chart, 1)
    mark.selected = [first, second]
    assert chosen == [1]
    assert list(mark.selected) == [second]
    mark.selected = sorted([first, second])
    assert chosen == [1, 0]
    assert list(mark.selected) == [first]


def test_a_click_where_no_film_is_drawn_chooses_nothing(cls):
    shown = ANSWERS["one film left"]
    assert len(shown.top) == 1
    chart, mark, chosen = wired(cls, shown)
    was = list(mark.selected)
    for index in range(1, 4):
        mark.selected = [index]
        assert chosen == []
        assert list(mark.selected) == was


def test_a_click_on_the_quiet_slice_chooses_nothing():
    chart, mark, chosen = wired(Pie, ANSWERS["usual"])
    was = list(mark.selected)
    mark.selected = [3]
    assert chosen == []
    assert list(mark.selected) == was


def test_a_click_beside_every_film_before_anything_is_shown_is_harmless(cls):
    chart, chosen = cls(), []
    chart.on_select = chosen.append
    (mark,) = watched(chart)
    mark.selected = [0]
    assert chosen == []


# ------------------------------------------------------------------ the pie


def test_softmax_shares_by_hand():
    shares, sure = softmax_shares(np.log([4.0, 2.0, 2.0]), np.log([4.0, 2.0, 2.0, 1.0, 1.0]))
    np.testing.assert_allclose(shares, [0.5, 0.25, 0.25], rtol=1e-6)
    assert sure == pytest.approx(0.8)
    assert softmax_shares(np.zeros(0), np.zeros(0))[1] == 0.0


@given(st.lists(st.floats(-(2.0**127), 2.0**127, width=32), min_size=1, max_size=30), st.integers(1, 10))
@settings(max_examples=150, deadline=None)
def test_softmax_shares_sum_to_one_for_any_scores(scores, k):
    unseen = np.array(scores, np.float32)
    top = np.sort(unseen)[::-1][:k]
    shares, sure = softmax_shares(top, unseen)
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert (shares >= 0).all()
    assert (np.diff(shares) <= 0).all()
    assert 0 < sure <= 1 + 1e-9
    if len(unseen) <= k:
        assert sure == pytest.approx(1)


def test_a_score_that_is_no_number_takes_no_share():
    assert softmax_shares(np.zeros(2), np.array([0.0, 0.0, np.nan, -np.inf])) == (pytest.approx([0.5, 0.5]), 1.0)


@given(st.lists(st.lists(st.integers(0, 9), max_size=3, unique=True), max_size=12))
@settings(max_examples=200, deadline=None)
def test_a_film_keeps_its_slot_while_it_stays(firsts):
    slots = [None, None, None]
    for first in firsts:
        now = assign_slots(slots, np.array(first, np.int32))
        assert len(now) == 3
        assert sorted(item for item in now if item is not None) == sorted(first)
        for slot, item in enumerate(slots):
            if item in first:
                assert now[slot] == item
        slots = now


def test_slots_by_hand():
    assert assign_slots([None, None, None], [7, 8, 9]) == [7, 8, 9]
    assert assign_slots([7, 8, 9], [9, 4, 7]) == [7, 4, 9]
    assert assign_slots([7, 8, 9], [8]) == [None, 8, None]


def test_the_same_three_films_come_back_in_the_colours_that_they_had():
    chart, data = Pie(), table([(0, 0)], 1, 12)

    def colours(*first):
        scores = np.zeros((1, 12))
        scores[0, list(first)] = [5, 4, 3]
        chart.show(asked(Fixed(data, scores), data))
        return chart.slots()

    whole = {7: 1, 8: 2, 9: 3}
    assert colours(7, 8, 9) == whole
    assert colours(9, 4, 7) == {7: 1, 4: 2, 9: 3}, "who stays keeps it"
    assert colours(8, 4, 7)[8] == 3
    assert colours(1, 2, 3) == {1: 1, 2: 2, 3: 3}
    assert colours(7, 8, 9) == whole


@pytest.mark.parametrize(
    "kind", ["all scores equal", "one film left", "the lowest are minus infinity", "all scores zero"]
)
def test_the_pie_of_scores_at_the_edge_is_whole(kind):
    chart, shown = Pie(), ANSWERS[kind]
    chart.show(shown)
    assert np.isfinite(chart.pie.sizes).all() and chart.pie.sizes.sum() == pytest.approx(1)
    assert "nan" not in (chart.foot(shown) + chart.sentence(shown))
    n = len(shown.top)
    if kind == "all scores equal":
        np.testing.assert_allclose(chart.pie.sizes, [1 / n] * 3 + [(n - 3) / n], rtol=1e-5)


def test_where_a_score_is_infinite_nothing_is_drawn_and_that_is_said():
    chart, shown = Pie(), ANSWERS["the highest is infinity"]
    chart.show(ANSWERS["usual"])
    chart.show(shown)
    assert chart.pie.sizes.tolist() == [0, 0, 0, 1] and chart.slots() == {}
    assert "not a finite number" in chart.foot(shown) and "not a finite number" in chart.sentence(shown)
    polygon = Polygon()
    polygon.show(shown)
    assert "left out: a score is not a finite number" in polygon.caption(shown)
    polygon.show(ANSWERS["usual"])
    assert "left out" not in polygon.caption(ANSWERS["usual"])


def test_the_pie_says_that_its_share_is_no_certainty():
    chart, shown = Pie(), ANSWERS["usual"]
    chart.show(shown)
    whole = np.exp(shown.scores[shown.top].astype(float)).sum() / np.exp(shown.unseen.astype(float)).sum()
    foot = chart.foot(shown)
    assert f"<b>Top 10: {100 * whole:.1f} %</b> of the softmax over all {len(shown.unseen)} films" in foot
    assert f"Pure chance: {1000 / len(shown.unseen):.1f}" in foot and "no certainty" in foot


def answered(scores):
    """The answer of a model that gives these scores to somebody who has seen another film."""
    model = Fixed(table([(0, len(scores))], 1, len(scores) + 1), np.array([[*scores, 0.0]]))
    return answer(model, model.data, Person(0, np.array([len(scores)], np.int32)))


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([2.0] * 40, "All 40 scores are the same: nothing here tells one film from another."),
        ([5e6, 4e6, *range(38)], "The first score is 1e+06 above the next: softmax makes 100 % of any such gap."),
        ([9.0] * 10 + [-9.0] * 30, "The first 10 scores are 18 above the next: softmax makes 100 % of any such gap."),
        ([1.5, *[np.nan] * 39], "Only 1 film can be recommended: the share is 100 %, whatever the scores are."),
        ([3.0, 2.0, 1.0], "Only 3 films can be recommended: the share is 100 %, whatever the scores are."),
        (np.linspace(0, 3, 40), ""),
        ([0.0] * 39 + [0.1], ""),
    ],
)  # fmt: skip
def test_where_a_share_says_nothing_of_a_model_that_is_said_in_its_stead(scores, said):
    """A layer that is broken must not look certain."""
    chart, shown = Pie(), answered(scores)
    chart.show(shown)
    foot = chart.foot(shown)
    assert no_share(shown) == said
    assert (said or "it is no certainty.") in foot and ("no certainty" in foot) == (not said)
    assert said in chart.sentence(shown)
    finite, k = int(np.isfinite(scores).sum()), len(shown.top)
    assert (f"all {len(scores)} films" if finite == len(scores) else f"the {finite} films with a score") in foot
    assert f"Pure chance: {100 * k / finite:.1f}" in foot
    assert chart.below.text == ["first three" if k > 3 else "all there are"]
    assert ("among the ten films" if k == 10 else "of one film" if k == 1 else f"among the {k} films") in chart.caption(
        shown
    )
    head = lists.column_head(shown, "Broken", None, {}, 1.0)
    assert (f'title="{said}"' in head and "says nothing here" in head) == bool(said)


def test_the_slices_are_the_shares_of_the_films_in_the_slots():
    data = table([(0, 0), (1, 1)], 2, 12)
    scores = np.zeros((2, 12))
    scores[0, [5, 6, 7]] = np.log([4, 3, 2])
    scores[1, [7, 5, 3]] = np.log([4, 3, 2])
    model, chart = Fixed(data, scores), Pie()
    later = scores.copy()
    later[0] = scores[1]  # what the same person gets after a training
    chart.show(asked(model, data, 0))
    whole = 4 + 3 + 2 + 7
    np.testing.assert_allclose(chart.pie.sizes, np.array([4, 3, 2, 7]) / whole, rtol=1e-5)
    assert list(chart.pie.labels) == ["1", "2", "3", ""]
    assert chart.slots() == {5: 1, 6: 2, 7: 3}
    chart.show(asked(Fixed(data, later), data, 0))  # by rank; films 5 and 7 keep their colours, 3 takes that of 6
    np.testing.assert_allclose(chart.pie.sizes, np.array([4, 3, 2, 7]) / whole, rtol=1e-5)
    assert list(chart.pie.labels) == ["1", "2", "3", ""] and chart.slots() == {5: 1, 3: 2, 7: 3}
    assert chart.pie.colors[:3] == [COLOURS[slot - 1] for slot in (3, 1, 2)]
    assert [chart.list_index(n) for n in range(4)] == [0, 1, 2, -1]
    chart.show(asked(model, data, 1))  # for another person the colours start anew
    assert chart.slots() == {7: 1, 5: 2, 3: 3}
    assert "Film 8 (1957) 25.0 %, Film 6 (1955) 18.8 %" in chart.sentence(asked(model, data, 1))


def test_the_legend_and_the_sentence_give_the_same_percentages():
    data = table([(0, 0), (1, 1)], 2, 12)
    scores = np.random.default_rng(0).normal(size=(2, 12))
    chart, shown = Pie(), asked(Fixed(data, scores), data)
    chart.show(shown)
    said = [float(part.split(" ")[-1]) for part in chart.sentence(shown).split("The list")[0].split(" %")[:4]]
    legend = [float(part.split("</i>")[-1]) for part in chart.foot(shown).split("</p>")[0].split(" %")[:4]]
    assert said == legend
    assert sum(said) == pytest.approx(100)


@pytest.mark.parametrize(("n", "last"), [(1, None), (3, None), (4, "4"), (5, "4–5"), (10, "4–10")])
def test_the_legend_names_the_ranks_of_the_quiet_slice(n, last):
    data = table([(0, item) for item in range(12 - n)] + [(1, 11)], 2, 12)
    chart, shown = Pie(), asked(Popularity().learn(data), data)
    assert len(shown.top) == n
    chart.show(shown)
    foot = chart.foot(shown)
    assert (f'rw-quiet">{last}</i>' in foot) if last else ("rw-quiet" not in foot)


def test_a_slice_too_thin_for_its_number_has_none():
    data = table([(0, 0), (1, 1)], 2, 12)
    scores = np.zeros((2, 12))
    scores[0, [5, 6]] = [20, 10]
    chart = Pie()
    chart.show(asked(Fixed(data, scores), data))
    assert list(chart.pie.labels) == ["1", "", "", ""]
    assert chart.pie.sizes.sum() == pytest.approx(1)


# ------------------------------------------------------------------ the polygon


def test_the_polygon_starts_and_ends_at_zero_outside_the_list():
    x, y = frequency_polygon([3, 1, 2], n_ranks=4)
    assert x.tolist() == [0, 1, 2, 3, 4, 5]
    assert y.tolist() == [0, 3, 1, 2, 0, 0]
    x, y = frequency_polygon([])
    assert len(x) == len(y) == 12
    assert not y.any()


def test_neighbours_are_counted_once_a_film():
    data = table([(0, 2), (0, 1), (1, 2), (2, 0), (0, 2)], 3, 4)  # user 0 rated film 2 twice
    assert neighbour_counts(data, np.array([0, 1]), np.array([2, 1, 3])).tolist() == [2, 1, 0]
    assert neighbour_counts(data, np.array([], np.int32), np.array([2, 1])).tolist() == [0, 0]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_counts_equal_a_plain_count(seed):
    rng = np.random.default_rng(seed)
    data = random_table(rng, 8, 9)
    neighbours, films = rng.permutation(8)[:5], rng.permutation(9)[:4]
    expected = [sum(film in data.history(int(user)).tolist() for user in neighbours) for film in films]
    assert neighbour_counts(data, neighbours, films).tolist() == expected


def test_the_polygon_shows_the_counts_and_the_score_on_its_own_axis():
    chart, shown = Polygon(), ANSWERS["usual"]
    chart.show(shown)
    counts = neighbour_counts(shown.data, nearest(shown), shown.top)
    assert chart.line.y.tolist() == [0, *counts.tolist(), 0]
    assert chart.points.y.tolist() == counts.tolist()
    np.testing.assert_allclose(chart.scores.y, shown.scores[shown.top], rtol=1e-5, atol=1e-6)
    assert chart.score_scale.min <= chart.scores.y.min()
    assert chart.scores.y.max() <= chart.score_scale.max
    assert chart.line.y.max() <= chart.y.max


def test_the_score_line_ends_where_the_list_ends():
    x, y = by_rank([5.0, 4.0, 3.5], n_ranks=5)
    assert x.tolist() == [1, 2, 3, 3, 3] and y.tolist() == [5, 4, 3.5, 3.5, 3.5], "no point outside the list, none at 0"
    assert len(set(by_rank([])[0].tolist())) == 1, "no list, no line"


@pytest.mark.parametrize(("k", "joined"), [(1, False), (4, False), (5, True), (20, True)])
def test_the_counts_of_few_neighbours_are_not_joined_to_spikes(k, joined):
    data = world()

    class Near(Fixed):
        def neighbours(self, person):
            return list(range(1, k + 1)), [1 / k] * k

    chart, shown = Polygon(), asked(Near(data, np.random.default_rng(0).normal(size=(25, 30))), data)
    chart.show(shown)
    assert chart.line.opacities == [float(joined)] and (chart.line.fill_opacities[0] > 0) == joined
    assert f"from {chart.right.tick_values[0]:.1f}".replace("-", "−") in chart.caption(shown)


def test_nobody_is_their_own_neighbour():
    shown = ANSWERS["fewer than ten films"]  # six users, and twenty are asked for
    found = nearest(shown, 20).tolist()
    assert sorted(found) == [1, 2, 3, 4, 5]
    new = ANSWERS["somebody new"]
    assert len(nearest(new, 20)) == 20


def test_the_nearest_have_the_most_similar_queries():
    shown = ANSWERS["usual"]
    queries = shown.model.vectors()[0].astype(np.float64)
    similar = queries @ queries[0] / np.linalg.norm(queries, axis=1)
    expected = sorted((user for user in range(25) if user), key=lambda user: -similar[user])[:5]
    assert nearest(shown, 5).tolist() == expected


def test_a_model_with_neighbours_of_its_own_is_asked_for_them():
    data = world()

    class Near(Fixed):
        def neighbours(self, person):
            return [4, 2], [0.5, 0.5]

    shown = asked(Near(data, np.zeros((25, 30))), data)
    assert nearest(shown).tolist() == [4, 2]
    assert nearest(ANSWERS["ties"]).tolist() == []  # popularity has one query for all users


def test_the_score_axis_holds_every_score_and_no_more_than_that():
    for scores in ([0.2, 0.1], [-3.0, -4.0], [5.0, -1.0], [1e-12, 5e-13], [0.0, 0.0], [3e38, 1e38], []):
        ticks = score_ticks(np.array(scores))
        assert ticks[0] < ticks[-1]
        if scores:
            step = ticks[1] - ticks[0]
            assert min(scores) - step < ticks[0] <= min(scores) and max(scores) <= ticks[-1]
        assert np.isclose(ticks / (ticks[1] - ticks[0]), np.round(ticks / (ticks[1] - ticks[0]))).all()


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 8))
@settings(max_examples=200, deadline=None)
def test_ticks_are_few_round_and_hold_both_ends(low, span, n):
    high = low + span
    ticks = nice_ticks(low, high, n)
    step = ticks[1] - ticks[0]
    slack = 1e-5 * step + 1e-9 * max(abs(low), abs(high))
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack
    assert 2 <= len(ticks) <= n + 2
    assert np.allclose(np.diff(ticks), step, rtol=1e-6, atol=1e-9 * max(abs(low), abs(high)))
    mantissa = step / 10 ** math.floor(math.log10(step) + 1e-9)
    if step > 1e-9 * max(abs(low), abs(high), 1):  # else float64 itself has no room for round steps
        assert min(abs(mantissa - round_) for round_ in (1, 2, 2.5, 5, 10)) < 1e-3


@pytest.mark.parametrize(
    ("low", "high", "n", "expected"),
    [(0, 20, 5, [0, 5, 10, 15, 20]), (0, 1, 4, [0, 0.5, 1]), (-0.3, 1.1, 4, [-0.5, 0, 0.5, 1, 1.5])],
)
def test_ticks_by_hand(low, high, n, expected):
    np.testing.assert_allclose(nice_ticks(low, high, n), expected, atol=1e-12)


@pytest.mark.parametrize("value", [0.0, 5.0, -2.0, 1e9, 1e-9])
def test_an_axis_has_a_width_where_all_values_are_equal(value):
    ticks = nice_ticks(value, value)
    assert ticks[0] <= value <= ticks[-1]
    assert ticks[0] < ticks[-1]


@pytest.mark.parametrize(
    ("ticks", "digits"),
    [([0, 1, 2], 0), ([0, 0.5, 1], 1), ([0, 0.25, 0.5], 2), ([0.1, 0.2, 0.3], 1), ([0, 5e-10], 6), ([3.0], 0)],
)
def test_ticks_have_the_decimals_that_tell_them_apart(ticks, digits):
    assert digits_of(np.array(ticks)) == digits


# ------------------------------------------------------------------ the columns


def test_the_heights_by_hand():
    inside = np.array([[1, 0], [1, 0], [0, 1], [1, 1]], bool)
    before, recent = column_heights(inside, recent=3)
    assert before.tolist() == [0.25, 0]
    assert recent.tolist() == [0.5, 0.5]
    before, recent = column_heights(inside, recent=0)
    assert (before.tolist(), recent.tolist()) == ([0.75, 0.5], [0, 0])


@pytest.mark.parametrize("clicks", [0, 1, 2, 3])
def test_a_session_of_three_clicks_is_recent_as_a_whole(clicks):
    before, recent = column_heights(np.ones((clicks, 2), bool))
    assert before.tolist() == [0, 0]
    assert recent.tolist() == ([1, 1] if clicks else [0, 0])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_in_the_top_means_what_ranking_means(seed):
    """With ties, films that were taken out and what is no number; and for a model that scores in whole numbers."""
    rng, films = np.random.default_rng(seed), 25
    n = int(rng.integers(1, 12))
    data = table([(0, item) for item in rng.permutation(films)[:n]], 1, films)
    kinds = [0, 1, 2] if rng.random() < 0.2 else [0.0, 1.0, 2.0, np.nan, -np.inf]
    scores = [rng.choice(kinds, films) for _ in range(n + 1)]

    class Drawn(Fixed):
        def scores(self, user):
            return scores[len(user.history)]

    history, excluded = data.history(0), rng.permutation(films)[: rng.integers(0, 3)].astype(np.int32)
    everything = np.arange(films)
    shown = Answer(data, Drawn(data, np.zeros((1, films))), Person(0, history), scores[n], everything, frozenset())
    inside = replay(replace(shown, excluded=excluded))
    for length in range(1, n + 1):
        top = rank(scores[length], np.concatenate([history[:length], excluded]), 10)
        assert inside[length - 1].tolist() == np.isin(everything, top).tolist()


class Recent(Fixed):
    """Scores a film by nothing but the last one of the history: the next films in the catalogue come first."""

    def scores(self, user):
        n = len(self.table[0])
        return -((np.arange(n) - int(user.history[-1])) % n).astype(np.float32)


def test_a_session_is_replayed_click_by_click():
    data = table([(0, 0), (0, 20), (0, 1), (1, 5)], 2, 30)
    shown = asked(Recent(data, np.zeros((2, 30))), data)
    assert shown.top.tolist() == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    inside = replay(shown)
    # after film 0 come 1 … 10; after film 20 come 21 … 29 and, since 0 is seen, 1; after film 1 come 2 … 11
    assert inside.astype(int).tolist() == [[1] * 9 + [0], [0] * 10, [1] * 10]
    chart = Columns()
    chart.show(shown)
    np.testing.assert_allclose(chart.bars.y.sum(0), [2 / 3] * 9 + [1 / 3], rtol=1e-6)
    assert "3 clicks" in chart.caption(shown)
    assert "Film 3 (1952) 67 %" in chart.sentence(shown)


def test_only_the_newest_clicks_are_replayed_and_the_last_one_is_the_list_itself():
    shown = ANSWERS["usual"]
    whole, newest = replay(shown), replay(shown, clicks=4)
    assert len(whole) == len(shown.person.history)
    np.testing.assert_array_equal(newest, whole[-4:])
    assert whole[-1].all()


def test_ties_are_inside_only_as_far_as_the_list_goes():
    shown = ANSWERS["ties"]
    assert replay(asked(shown.model, shown.data, 0))[-1].all()
    everything = Answer(
        shown.data, shown.model, Person(0, shown.data.history(0)), shown.scores, np.arange(30), frozenset()
    )
    assert replay(everything)[-1].sum() == 10


def test_nothing_clicked_is_no_column():
    chart, shown = Columns(), ANSWERS["somebody new without a film"]
    chart.show(shown)
    assert not chart.bars.y.any()
    assert chart.caption(shown) == "Share of the session’s clicks, replayed."


@pytest.mark.parametrize("kind", ["usual", "another", "odd titles", "ties"])
def test_no_column_is_taller_than_the_whole(kind):
    chart = Columns()
    chart.show(ANSWERS[kind])
    assert (chart.bars.y >= 0).all()
    assert (chart.bars.y.sum(0) <= 1 + 1e-6).all()


# ------------------------------------------------------------------ rounding that adds up


@given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=12), st.integers(0, 4))
@settings(max_examples=300, deadline=None)
def test_rounded_values_add_up_to_the_rounded_sum(values, digits):
    shown = rounded(values, digits)
    unit = 10.0**-digits
    assert round(sum(shown), digits) == pytest.approx(round(sum(values) / unit) * unit, abs=unit / 100)
    for value, near in zip(values, shown, strict=True):
        assert abs(value - near) < unit * 1.001
        assert round(near, digits) == near
        assert not (near == 0 and math.copysign(1, near) < 0), "minus zero"


@given(st.lists(st.floats(0, 100), min_size=1, max_size=6), st.floats(-50, 500))
@settings(max_examples=100, deadline=None)
def test_a_total_that_is_given_is_kept(values, total):
    assert sum(rounded(values, 1, total)) == pytest.approx(round(total / 0.1) * 0.1, abs=1e-6)


def test_rounding_by_hand():
    assert rounded([33.333, 33.333, 33.334], 0) == [33, 33, 34]
    assert rounded([0.5, 0.5, 0.5], 0, 2) == [1, 1, 0]
    assert rounded([-0.0004], 3) == [0.0]
    assert rounded([], 2) == []


# ------------------------------------------------------------------ the answer that all views share


def test_equal_scores_share_a_place():
    data = table([(0, 0), (1, 1)], 2, 6)
    shown = asked(Fixed(data, [[0, 5, 4, 4, 4, 1], [0] * 6]), data)
    assert shown.top.tolist() == [1, 2, 3, 4, 5]
    assert shown.ranks == ["1", "2=", "2=", "2=", "5"]


def test_an_answer_knows_what_came_later():
    data, held_out = table([(0, 0), (1, 1)], 2, 6), table([(0, 4), (0, 2)], 2, 6)
    model = Popularity().learn(data)
    shown = asked(model, data, 0, held_out)
    assert shown.later == {2, 4}
    assert shown.has_held_out
    assert asked(model, data, 0).later == frozenset()
    assert not asked(model, data, 0).has_held_out
    assert answer(model, data, Person(None, np.array([1], np.int32)), held_out).later == frozenset()


def test_the_unseen_are_all_films_but_the_history():
    data = table([(0, 0), (0, 3), (1, 1)], 2, 5)
    shown = asked(Fixed(data, [[0, 1, 2, 3, 4]] * 2), data)
    assert shown.unseen.tolist() == [1, 2, 4]


def test_a_list_is_never_longer_than_the_catalogue():
    assert len(ANSWERS["fewer than ten films"].top) < 6


@pytest.mark.parametrize("kind", ["gnn", "knn", "session"])
def test_no_figure_has_the_buttons_of_bqplot(kind):
    """Its Reset raised an error in the browser where nobody had zoomed."""
    panel = {"gnn": rw.GNNPanel, "knn": rw.KNNPanel, "session": rw.SessionPanel}[kind]()
    panel.act("wide", "1")  # with all drawers
    figures = [widget for widget in tree(panel) if isinstance(widget, bqplot.Figure)]
    assert len(figures) >= 4 and not any(figure.display_toolbar for figure in figures)
    panel.close()
