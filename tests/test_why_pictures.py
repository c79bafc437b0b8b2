"""The neighbours' map and the session's timeline: what they show adds up, stands still, and names whom it means."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import HOSTILE, Fixed, Markup, asked, random_table, trained

import recwidgets as rw
from recwidgets.answer import answer
from recwidgets.core import Explanation, Part, Person, person_of
from recwidgets.panel import acts
from recwidgets.panel.edited import of_user
from recwidgets.reasons.numbers import shown_values
from recwidgets.reasons.parts import score_parts
from recwidgets.reasons.usual import Usual
from recwidgets.why import around, sums, timeline
from recwidgets.why._base import Selected
from recwidgets.why.neighbours import NeighboursWhy
from recwidgets.why.timeline import LARGE, SMALL, TimelineWhy


@pytest.fixture(scope="module")
def knn():
    panel = rw.KNNPanel(user="168")
    yield panel.model, panel.data
    panel.close()


@pytest.fixture(scope="module")
def session():
    panel = rw.SessionPanel(user="168")
    yield panel.model, panel.data
    panel.close()


def selected(model, data, rank=0, person=None, excluded=(), **more):
    """What the region of the reason is given."""
    person = person or person_of(data, "168")
    shown = answer(model, data, person, excluded=np.array(excluded, np.int32))
    item = int(shown.top[rank])
    reason = rw.reason(model, data, person, str(data.items[item]))
    return Selected(shown, item, rank, shown.explain(item), reason, **more)


def number(text):
    return float(text.replace("−", "-"))


# ------------------------------------------------------------------ neighbours: the numbers


def test_a_neighbour_adds_their_share_of_the_lead_over_what_the_average_user_gets(knn):
    """By hand, from the definition: weight · (value − mean query) · (item − mean of the 100 popular items)."""
    model, data = knn
    asked_for = selected(model, data, 7)
    found = around.around(asked_for.answer, asked_for.item, asked_for.explanation, asked_for.reason)
    queries, items = model.vectors()
    mean = queries[[user for user in range(data.n_users) if len(data.history(user))]].astype(float).mean(0)
    popular = np.argsort(-(items @ mean), kind="stable")[:100]
    lead = items[asked_for.item].astype(float) - items[popular].astype(float).mean(0)
    users, weights = model.neighbours(asked_for.answer.person)
    values = model._keys()[2]
    assert [one.user for one in found] == users.tolist()
    for one, weight in zip(found, weights, strict=True):
        assert one.adds == pytest.approx(weight * ((values[one.user] - mean) @ lead), abs=1e-4)
    rated = sum(one.adds for one in found if one.rated)
    groups = [line for line in asked_for.reason.lines if line.kind in ("raters", "group")]
    assert rated == pytest.approx(sum(line.value for line in groups), abs=1e-4)


def test_the_lines_of_the_sum_add_up_to_the_score_and_to_the_score_as_shown(knn):
    for rank in range(10):
        asked_for = selected(*knn, rank)
        score = asked_for.explanation.score
        found = sums.sums_of(asked_for.reason, asked_for.explanation)
        assert sum(line.value for line in found) == pytest.approx(score, abs=1e-3)
        assert [line.label for line in found][-1] == "what all users get"
        *values, last = [number(cell.text) for cell in Markup(sums.lines(found, score)).all("span", "rw-num")]
        assert sum(values) == pytest.approx(last) and last == pytest.approx(round(score, 2))
        assert sum(values[:-1]) == pytest.approx(round(asked_for.reason.personal, 2)), "as the headline has it"
        note = next(cell.text for cell in Markup(sums.lines(found, score)).all("small") if cell.text)
        popular, sign, this = re.fullmatch(r"popular (\S+) ([+−]) (\S+)", note).groups()
        assert number(popular) + float(this) * (1 if sign == "+" else -1) == pytest.approx(values[-1]), "as shown"


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(-9, 9), st.sampled_from(["voters", "group", "rest", "own", "all"])), min_size=1),
    st.sampled_from([2, 3]),
)
def test_lines_as_printed_add_up_twice_to_what_the_headline_says_and_to_the_score(lines, digits):
    values, kinds = map(list, zip(*lines, strict=True))
    printed = shown_values(values, kinds, sum(values), digits)
    assert sum(printed) == pytest.approx(round(sum(values), digits), abs=1e-9)
    mine = [n for n, kind in enumerate(kinds) if kind in ("voters", "group", "rest")]
    if 0 < len(mine) < len(kinds):
        whole = round(sum(values[n] for n in mine), digits)
        assert sum(printed[n] for n in mine) == pytest.approx(whole, abs=1e-9)
    assert all(abs(one - value) < 2.1 * 10**-digits for one, value in zip(printed, values, strict=True))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_the_two_lanes_of_the_bar_differ_by_the_score(values):
    found = [sums.Sum(f"line {n}", "", value, "rest") for n, value in enumerate(values)]
    page = Markup(sums.bar(found, sum(values)))
    pieces = [dict(part.split(":") for part in piece["style"].split(";")) for piece in page.all("i")]
    wide = [float(piece["width"][:-1]) * (-1 if value < 0 else 1) for piece, value in zip(pieces, values, strict=True)]
    up, down = sum(value for value in values if value > 0), sum(value for value in values if value < 0)
    span = up - min(0.0, up + down)
    if span > 1e-6:
        mark = float(page.one("b")["style"].split(":")[1][:-1]) + 100 * min(0.0, up + down) / span
        assert sum(wide) == pytest.approx(mark, abs=0.02 * (len(values) + 1)), "in per cent of one scale"
    assert all(-0.01 <= float(piece["left"][:-1]) <= 100.01 for piece in pieces)


def test_the_stars_are_those_of_the_data(knn):
    model, data = knn
    asked_for = selected(model, data, 7)
    for one in around.around(asked_for.answer, asked_for.item, None, asked_for.reason):
        given = data.rating[(data.user == one.user) & (data.item == asked_for.item)].tolist()
        assert (one.stars in given) if given else one.stars is None


def test_without_ratings_a_neighbour_has_seen_it_and_has_no_stars():
    data = replace(random_table(np.random.default_rng(2), 12, 15), has_ratings=False)
    shown = asked(trained(data), data)
    item = int(shown.top[0])
    stars = around.stars_of(shown, item)
    assert set(stars) == {user for user in range(12) if item in data.history(user)}
    assert stars and all(map(math.isnan, stars.values()))


def test_who_is_left_out_stays_in_place_and_the_next_nearest_moves_in(knn):
    model, data = knn
    person = person_of(data, "168")
    before = model.neighbours(person)[0].tolist()
    gone = (before[1], before[4])
    after = model.neighbours(person._replace(without=gone))[0]
    order = around.in_place(model, person._replace(without=gone), after)
    assert order[: len(before)] == before, "nobody stands anywhere else"
    assert set(order[len(before) :]) == set(after.tolist()) - set(before) and len(order) == len(before) + 2
    later = (*gone, order[-1])  # one who moved in is left out, too
    after = model.neighbours(person._replace(without=later))[0]
    assert around.in_place(model, person._replace(without=later), after)[: len(order)] == order


def test_the_films_of_a_single_neighbour_make_the_whole_score(knn):
    model, data = knn
    one = model.at(k=1)
    for user in ("168", "42", "7"):
        person = person_of(data, user)
        (neighbour,), _ = one.neighbours(person)
        item = int(np.argmax(one.scores(person)))
        items, values, own = one.films_of(int(neighbour), item)
        assert items.tolist() == data.history(int(neighbour)).tolist()
        assert values.sum() + own == pytest.approx(float(one.scores(person)[item]), rel=1e-4)
        embeddings, target = model.snapshot["films_in"], model.snapshot["films_out"][item]
        assert values[0] == pytest.approx(embeddings[items[0]] @ target / len(items), rel=1e-4)


# ------------------------------------------------------------------ neighbours: the map


points = st.tuples(st.floats(0, 170), st.floats(0, 170))


@given(st.lists(points, min_size=1, max_size=8), st.lists(points, max_size=20), st.data())
@settings(max_examples=200, deadline=None)
def test_names_lie_inside_the_map_and_never_over_each_other(some, dots, data):
    texts = [data.draw(st.text("abc1", min_size=1, max_size=14)) for _ in some]
    found = around.placed(np.array(some), texts, np.array(dots).reshape(-1, 2), 170)
    boxes = []
    for name in found:
        wide = around.CHAR * len(name.text)
        left = name.x if name.align == "start" else name.x - wide
        boxes.append((left, name.y - 6, left + wide, name.y + 6))
        assert left >= 0 and left + wide <= 170 and name.y - 6 >= 0 and name.y + 6 <= 170
    for n, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[:n]:
            assert left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1]


def test_a_lonely_name_stands_right_of_its_dot_and_left_where_there_is_no_room():
    (name,) = around.placed(np.array([[20.0, 50.0]]), ["221 · 5★"], np.zeros((0, 2)), 170)
    assert (name.x, name.y, name.align) == (28.0, 50.0, "start")
    (name,) = around.placed(np.array([[160.0, 50.0]]), ["221 · 5★"], np.zeros((0, 2)), 170)
    assert (name.x, name.align) == (152.0, "end")


def test_the_map_shows_the_corner_where_the_neighbours_are_and_all_where_they_are_not():
    everything = np.array([[0, 0], [10, 0], [0, 10], [10, 10]], np.float32)
    close = around.corner(np.array([[1, 1], [2, 2]], np.float32), everything)
    assert not close.whole and close.size == pytest.approx(1.24)
    assert close.left == pytest.approx(1.5 - 0.62) and close.bottom == pytest.approx(1.5 - 0.62)
    assert around.corner(np.array([[1, 1], [9, 2]], np.float32), everything).whole
    assert around.corner(np.array([[3, 3]], np.float32), np.array([[3, 3]], np.float32)).size > 0


def test_pixels_and_back():
    square = around.Square(2.0, -1.0, 4.0, True)
    np.testing.assert_allclose(square.pixels(np.array([[2, -1], [6, 3], [4, 1]]), 100), [[0, 100], [100, 0], [50, 50]])
    assert square.point(50, 25, 100) == (4.0, 2.0)


def test_both_axes_of_the_map_have_one_scale_and_everybody_asked_is_on_it(knn):
    why = NeighboursWhy(lambda act, value: None)
    for wide in (False, True):
        asked_for = selected(*knn, 7, wide=wide)
        why.show(asked_for)
        assert why.x.max - why.x.min == pytest.approx(why.y.max - why.y.min)
        assert why.figure.layout.width == why.figure.layout.height
        n = len(why.neighbours.x) + len(why.rated.x)
        assert n == 50 and len(why.rated.x) == len(asked_for.reason.raters.users)
        assert why.neighbours.x.min() >= why.x.min and why.rated.y.max() <= why.y.max
        names = [*why.right.text, *why.left.text]
        assert any("168" in name for name in names) and len(names) >= 4


def test_a_chosen_row_is_marked_on_the_map(knn):
    why = NeighboursWhy(lambda act, value: None)
    asked_for = selected(*knn, 7)
    user = int(knn[0].neighbours(asked_for.answer.person)[0][9])
    why.show(replace(asked_for, opened=f"user:{user}"))
    assert len(why.chosen.x) == 1
    (row,) = Markup(why.rows.html).all("button", data_value=f"user:{user}")
    assert row["aria-pressed"] == "true"
    why.show(asked_for)
    assert not len(why.chosen.x)


# ------------------------------------------------------------------ neighbours: the page


def test_a_row_says_who_whether_and_how_they_rated_and_has_its_own_way_out(knn):
    model, data = knn
    asked_for = selected(model, data, 7)
    why = NeighboursWhy(lambda act, value: None)
    why.show(asked_for)
    page = Markup(why.rows.html)
    users = model.neighbours(asked_for.answer.person)[0].tolist()
    outs = page.all("button", "rw-out")
    assert [out["data-value"] for out in outs] == [f"neighbour:{user}" for user in users[: around.ROWS]]
    rated = set(asked_for.reason.raters.users)
    for row, user in zip(page.all("button", "rw-near-who"), users, strict=False):
        name = str(data.users[user])
        assert name in row.text and ("not rated" in row.text) == (name not in rated)
    assert "the next nearest moves in" in page.one("p", "rw-near-note").text
    assert "rated it" in Markup(why.foot.html).one("p").text and "Cosine" in why.foot.html


def test_one_who_is_left_out_can_be_asked_again_from_the_same_row(knn):
    model, data = knn
    person = person_of(data, "168")
    users = model.neighbours(person)[0].tolist()
    why = NeighboursWhy(lambda act, value: None)
    why.show(selected(model, data, 7, person._replace(without=(users[2],))))
    rows = Markup(why.rows.html).all("li", "rw-near-row")
    assert [row.has("rw-gone") for row in rows[:4]] == [False, False, True, False]
    back = Markup(why.rows.html).one("button", "rw-back")
    assert (back["data-act"], back["data-value"]) == ("ask-again", str(users[2]))


def test_asking_again_is_the_inverse_of_leaving_out(knn):
    edited = of_user(knn[1], 3).leave_out(5).leave_out(9)
    assert edited.ask_again(5).without == (9,)
    assert edited.ask_again(5).edits == edited.edits + 1
    assert "ask-again" in acts.ACTS


@pytest.mark.parametrize("similarity", ["cosine", "dot product", "distance"])
def test_the_map_says_what_near_means(knn, similarity):
    model = knn[0].at(similarity=similarity)
    why = NeighboursWhy(lambda act, value: None)
    why.show(selected(model, knn[1]))
    assert around.WORDS[similarity].split(":")[0] in why.foot.html


def test_a_single_neighbour_is_named_with_the_films_that_are_nearest(knn):
    model, data = knn[0].at(k=1), knn[1]
    asked_for = selected(model, data)
    why = NeighboursWhy(lambda act, value: None)
    why.show(asked_for)
    said = Markup(why.rows.html)
    (neighbour,), _ = model.neighbours(asked_for.answer.person)
    assert f"User {data.users[neighbour]} alone decides" in said.one("div", "rw-near-films").text
    items, values, own = model.films_of(int(neighbour), asked_for.item)
    best = data.titles[items[int(np.argmax(values))]]
    assert asked_for.answer.full_title(int(items[int(np.argmax(values))])) in why.rows.html.replace("&#39;", "'"), best
    assert "films like it" not in why.rows.html + why.head.html
    assert asked_for.reason.headline.startswith(("The one nearest neighbour", "Popular with all users"))
    assert "1 neighbours" not in asked_for.reason.headline


class Near(Fixed):
    """A model of one's own that names neighbours, in lists, and has nothing else of a KNN."""

    def neighbours(self, person):
        return [u for u in (4, 2) if u not in person.without], [0.75, 0.25]

    def explain(self, user, item):
        person = person_of(self.data, user)
        score = float(self.scores(person)[self.data.item_index(item)])
        made = (Part("a", "neighbour", score - 1, 4), Part("b", "neighbour", 1.0, 2))
        return Explanation(str(item), "x", score, made)


class Silent(Near):
    explain = None

    def scores(self, user):
        return super().scores(user)


@pytest.mark.parametrize("reasoned", [True, False])
def test_a_model_of_ones_own_with_neighbours_has_rows_and_no_map(reasoned):
    data = random_table(np.random.default_rng(3), 9, 14)
    shown = asked(Near(data, np.random.default_rng(1).normal(size=(9, 14))), data)
    item = int(shown.top[0])
    why = NeighboursWhy(lambda act, value: None)
    reason = rw.reason(shown.model, data, "u1", str(data.items[item])) if reasoned else None
    why.show(Selected(shown, item, 0, shown.explain(item), reason))
    page = Markup(why.rows.html)
    assert [out["data-value"] for out in page.all("button", "rw-out")] == ["neighbour:4", "neighbour:2"]
    assert not len(why.all_users.x) and why.figure.layout.width == "0px"


def test_a_model_that_names_neighbours_and_explains_nothing_has_rows_too():
    data = random_table(np.random.default_rng(3), 9, 14)
    shown = asked(Silent(data, np.random.default_rng(1).normal(size=(9, 14))), data)
    item = int(shown.top[0])
    found = around.around(shown, item, None, None)
    assert [one.user for one in found] == [4, 2] and all(math.isnan(one.adds) for one in found)


def test_nobody_to_ask_is_said(knn):
    model, data = knn
    shown = answer(model, data, Person(None, np.zeros(0, np.int32)))
    item = int(shown.top[0])
    why = NeighboursWhy(lambda act, value: None)
    why.show(Selected(shown, item, 0, shown.explain(item), rw.reason(model, data, [], str(data.items[item]))))
    assert "Nobody is asked" in why.rows.html


# ------------------------------------------------------------------ the timeline


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("rank", range(0, 10, 3))
def test_the_ribbons_add_up_to_the_score(session, size, rank):
    asked_for = selected(*session, rank)
    first, rest = timeline.rows_of(asked_for.answer, asked_for.explanation, films=size.films)
    flow = timeline.flow_of(first, rest, size)
    score = float(asked_for.answer.scores[asked_for.item])
    up = sum(band.width for band in flow.bands if not band.down)
    down = sum(band.width for band in flow.bands if band.down)
    assert (up - down) / flow.scale == pytest.approx(score, abs=1e-4)
    for band, row in zip(flow.bands, [*first, *rest], strict=True):
        assert band.width == pytest.approx(abs(row.value) * flow.scale) and band.down == (row.value < 0)


@pytest.mark.parametrize("who", ["168", "you"])
@pytest.mark.parametrize("rank", [0, 4])
def test_the_timeline_has_the_parts_that_headline_and_list_have(session, who, rank):
    """One decomposition: the user's films, own embedding and all users, as in the bars of the list."""
    model, data = session
    person = person_of(data, "168" if who == "168" else [str(data.items[n]) for n in (5, 40, 200)])
    asked_for = selected(model, data, rank, person)
    found = timeline.beyond_average(asked_for.answer, asked_for.explanation, asked_for.reason)
    mine, own, shared = score_parts(
        model, Usual(model, data), person, asked_for.answer.scores, np.array([asked_for.item], np.int32)
    )[0]
    assert found.total("film") == pytest.approx(mine, abs=1e-3)
    assert found.total("own") == pytest.approx(own, abs=1e-3)
    assert found.total("base") == pytest.approx(shared, abs=1e-3)
    assert sum(part.value for part in found.parts) == pytest.approx(asked_for.answer.scores[asked_for.item], abs=1e-3)
    why = TimelineWhy(lambda act, value: None)
    why.show(asked_for)
    assert "what all users get" in why.head.html and "by itself, for all users" not in why.head.html
    assert "of few items the oldest may weigh most" in why.head.html


values = st.floats(-3, 3).map(lambda value: round(value, 4))


@given(st.lists(values, max_size=30), values, values, st.sampled_from([SMALL, LARGE]))
@settings(max_examples=200, deadline=None)
def test_no_ribbon_leaves_its_row_whatever_the_numbers_are(films, own, base, size):
    made = [Part(f"film {n}", "film", value, n) for n, value in enumerate(films)]
    made += [Part("own embedding", "own", own), Part("base", "base", base)]
    found = Explanation("f1", "x", sum(part.value for part in made), tuple(made))
    first, rest = timeline.rows_of(None, found, films=size.films)
    flow = timeline.flow_of(first, rest, size)
    assert sum(flow.heights) <= size.tail + 0.01
    assert sum(row.value for row in [*first, *rest]) == pytest.approx(found.score, abs=1e-9)
    y = 0.0
    heights = [size.row] * len(first) + flow.heights
    for band, height in zip(flow.bands, heights, strict=True):
        assert band.right >= y - 0.01 and band.right + band.width <= y + height + 0.01
        y += height
    left = sorted((band.left, band.left + band.width) for band in flow.bands if not band.down)
    for (_, end), (start, _) in zip(left, left[1:], strict=False):
        assert start == pytest.approx(end, abs=1e-6), "side by side on the score's bar"


def test_the_films_stand_newest_first_with_stars_weight_and_what_they_add(session):
    model, data = session
    asked_for = selected(model, data)
    page = Markup(timeline.timeline(asked_for.explanation, answer=asked_for.answer))
    newest = data.history(data.user_index("168"))[::-1]
    outs = page.all("button", "rw-out")
    assert [out["data-value"] for out in outs] == [f"film:{item}" for item in newest[: SMALL.films]]
    stars = data.rating[(data.user == data.user_index("168")) & (data.item == newest[0])][0]
    (first,) = [row for row in page.all("li") if asked_for.answer.title(int(newest[0]))[0] in row.text]
    assert f"{stars:g}★" in first.text and f"{100 * model.weights(len(newest))[0].mean():.0f} %" in first.text
    assert f"{len(newest) - SMALL.films} films before" in page.one("ol").text
    rows = [
        number(row.text)
        for row in page.all("span", "rw-num")
        if row.text.lstrip("−")[:1].isdigit() and "%" not in row.text
    ]
    *shown, score = rows
    assert sum(shown) == pytest.approx(score, abs=1e-9)


def test_a_film_taken_out_stays_as_a_row_and_all_others_where_they_were(session):
    """Pressing twice on the same spot must not take out another film: the spot is empty then."""
    model, data = session
    person = person_of(data, "168")
    items = person.history.tolist()
    gone = items[-3]
    why = TimelineWhy(lambda act, value: None)
    why.show(selected(model, data, person=person))
    before = Markup(why.head.html).one("ol", "rw-timeline")
    assert before
    titles = [out["data-value"] for out in Markup(why.head.html).all("button", "rw-out")]
    without = person._replace(history=np.array([item for item in items if item != gone], np.int32))
    why.show(selected(model, data, person=without, excluded=[gone], back=gone))
    page = Markup(why.head.html)
    rows = page.all("li")[: SMALL.films]
    assert [row.has("rw-gone") for row in rows] == [n == 2 for n in range(SMALL.films)]
    left = [out["data-value"] for out in page.all("button", "rw-out")]
    assert left == [value for value in titles if value != f"film:{gone}"], "each of the others in its own row"
    assert {row["style"] for row in rows} == {f"height:{SMALL.row}px"}
    back = page.one("button", "rw-back")
    assert (back["data-act"], back["data-value"]) == ("put-back", str(gone))


def test_only_the_film_that_can_be_put_back_has_a_button_for_it(session):
    model, data = session
    person = person_of(data, "168")
    gone = person.history[[-3, -5]].tolist()
    without = person._replace(history=np.array([i for i in person.history.tolist() if i not in gone], np.int32))
    why = TimelineWhy(lambda act, value: None)
    why.show(selected(model, data, person=without, excluded=gone, back=gone[1]))
    page = Markup(why.head.html)
    assert [row.has("rw-gone") for row in page.all("li")[:5]] == [False, False, True, False, True]
    assert [back["data-value"] for back in page.all("button", "rw-back")] == [str(gone[1])]
    why.show(selected(model, data, person=without, excluded=gone))
    assert not Markup(why.head.html).all("button", "rw-back")


def test_in_a_history_of_ones_own_a_film_stays_where_it_was_drawn(session):
    model, data = session
    own = np.array([5, 40, 7, 99, 3], np.int32)
    why = TimelineWhy(lambda act, value: None)
    why.show(selected(model, data, person=Person(None, own)))
    less = np.array([5, 40, 99, 3], np.int32)
    why.show(selected(model, data, person=Person(None, less), excluded=[7], back=7))
    assert [row.has("rw-gone") for row in Markup(why.head.html).all("li")[:5]] == [False, False, True, False, False]


def test_in_place_by_hand():
    assert timeline.in_place([9, 7, 6], [8], [9, 8, 7, 6]) == [9, 8, 7, 6]
    assert timeline.in_place([7, 6], [9, 8], [9, 8, 7, 6]) == [9, 8, 7, 6]
    assert timeline.in_place([9, 8], [7, 6], [9, 8, 7, 6]) == [9, 8, 7, 6]
    assert timeline.in_place([5, 9, 7], [8], [9, 8, 7]) == [5, 9, 8, 7], "one that was added is the newest"
    assert timeline.in_place([9], [4], []) == [4, 9]


def test_what_lowers_the_score_is_hatched():
    found = Explanation("f1", "x", 1.0, (Part("a", "film", 3.0, 1), Part("b", "film", -2.0, 2)))
    first, rest = timeline.rows_of(None, found)
    page = Markup(timeline.svg(timeline.flow_of(first, rest, SMALL), 42, "1.000"))
    assert len(page.all("path", "rw-time-way")) == 1
    assert len(page.all("path", "rw-time-less")) == 2, "its ribbon, and what it takes from the bar"


def test_titles_that_are_no_titles_do_no_harm(session):
    data = random_table(np.random.default_rng(1), 6, 12, titles=[HOSTILE, '"><img src=x>', ""] * 4)
    shown = asked(trained(data), data)
    item, gone = int(shown.top[0]), int(shown.person.history[0])
    found = timeline.timeline(
        shown.explain(item), [gone, int(shown.top[1])], shown.person.history[::-1].tolist(), shown, back=gone
    )
    page = Markup(found)
    assert not page.all("script") and not page.all("img")


def test_a_model_with_weights_that_explains_nothing_has_its_reason(session):
    model, data = session
    asked_for = replace(selected(model, data), explanation=None)
    why = TimelineWhy(lambda act, value: None)
    why.show(asked_for)
    assert asked_for.reason.headline[:20] in Markup(why.head.html).one("p", "rw-headline").text
