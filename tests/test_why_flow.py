"""The flow of a reason: what is drawn adds up at each column, labels never collide, groups open into what they are."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import HOSTILE, LONG, Markup, asked, random_table, trained

import recwidgets as rw
from recwidgets.answer import answer
from recwidgets.core import Person, person_of
from recwidgets.reasons.flow import OWN, Flow, Line
from recwidgets.reasons.reason import reason
from recwidgets.reasons.viewers import through_viewers
from recwidgets.why import flow, opened, picture
from recwidgets.why._base import Selected, Why
from recwidgets.why.graph import GraphWhy

SIZES = (flow.SMALL, flow.WIDE)
WAYS = ("the films themselves", "their viewers", "their viewers' films", "those films' viewers")
PEOPLE = ("168", "42", "414", "1")  # of the shipped data: 75, 352, more than 2,000 and 186 films


def silent(act, value):
    """A handler for a view that nobody clicks."""


def number(text):
    return float(text.replace("−", "-"))


@st.composite
def flows(draw):
    """A flow as a graph network has it: what all users get, some groups, the own embedding."""
    n_ways, n_groups = draw(st.integers(0, 4)), draw(st.integers(0, 3))
    value = st.floats(-20, 20, allow_subnormal=False)
    kinds = ["popular", "average", *draw(st.permutations(["voters", "group", "rest"]))[:n_groups], "own"]
    lines, table = [], np.zeros((len(kinds), n_ways + 1))
    for row, kind in enumerate(kinds):
        mine = kind in ("voters", "group", "rest")
        for way in range(n_ways + 1):
            if (way < n_ways and kind != "own") or (way == n_ways and not mine):
                table[row, way] = draw(value)
        lines.append(Line(f"line {row}", float(table[row].sum()), kind))
    return Flow(tuple(lines), (*WAYS[:n_ways], OWN), table, float(table.sum()))


@pytest.fixture(scope="module")
def gnn():
    """The shipped graph network and its data."""
    split = rw.load_movielens("latest-small").split("temporal", test=0.2)
    return rw.load_pretrained("gnn", split.train)[0], split.train


def of(gnn, who, place=0, layers=None):
    """What is selected: the item at that place of somebody's list."""
    model, data = gnn
    model = model if layers is None else model.at(layers=layers)
    found = answer(model, data, person_of(data, who))
    item = int(found.top[place])
    why = reason(model, data, found.person, str(data.items[item]))
    return Selected(found, item, place, found.explain(item), why)


def columns(svg):
    """The net height of each column in px, read from the paths of the picture: left ends and right ends apart."""
    ends = {}
    for path in Markup(svg).all("path", "rw-rib"):
        x0, y0, x1, y1, low1, low0 = map(
            float,
            re.fullmatch(
                r"M(\S+) (\S+)C\S+ \S+ \S+ \S+ (\S+) (\S+)V(\S+)C\S+ \S+ \S+ (\S+) \S+ \S+Z", path["d"]
            ).groups(),
        )
        sign = -1 if "url(" in path.attributes.get("style", "") else 1
        assert low1 - y1 == pytest.approx(low0 - y0, abs=0.021), "a ribbon is as wide at its end as at its start"
        for x, high in ((x0, low0 - y0), (x1, low1 - y1)):
            ends[x] = ends.get(x, 0.0) + sign * high
    return ends


# ------------------------------------------------------------------ the layout


@given(flows(), st.sampled_from(SIZES))
@settings(max_examples=300, deadline=None)
def test_each_column_adds_up_to_the_score(found, size):
    drawn = flow.laid_out(found, size)
    largest = np.abs(found.values).sum() or 1.0
    for total in flow.column_sums(drawn):
        assert total == pytest.approx(found.score, abs=1e-4 * largest)


@given(flows(), st.sampled_from(SIZES), st.integers(0, 4))
@settings(max_examples=300, deadline=None)
def test_no_two_labels_collide_and_all_fit(found, size, shown):
    drawn = flow.laid_out(found, size, shown)
    for slots, least in ((drawn.lines, size.slot), (drawn.ways, size.way_slot)):
        for slot in slots:
            assert slot.height >= least - 1e-9
            assert -0.01 <= slot.top <= slot.y + 1e-6, "what is drawn of it lies in its slot"
            assert slot.y + slot.size <= slot.top + slot.height + 1e-6
        for one, other in zip(slots, slots[1:], strict=False):
            assert other.top >= one.top + one.height - 1e-6
        if slots:
            assert slots[-1].top + slots[-1].height <= size.height + 0.01
    ends = [y + high for y, high, *_ in drawn.bar]
    assert not ends or max(ends) <= size.height + 0.01


@given(flows(), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_a_step_of_the_layers_moves_no_label_and_keeps_the_scale(found, shown):
    whole, part = flow.laid_out(found, flow.SMALL), flow.laid_out(found, flow.SMALL, shown)
    assert part.scale == whole.scale
    assert [(slot.top, slot.height) for slot in part.lines] == [(slot.top, slot.height) for slot in whole.lines]
    assert [(slot.top, slot.height) for slot in part.ways] == [(slot.top, slot.height) for slot in whole.ways]
    kept = [n for n, way in enumerate(found.ways) if way == OWN or n < shown]
    for total in flow.column_sums(part):
        assert total == pytest.approx(found.values[:, kept].sum(), abs=1e-4 * (np.abs(found.values).sum() or 1.0))


def test_widths_by_hand():
    """Two ways, one group, +2 and −1; own +1, all users 4: the score is 6, and 8 lie in each column."""
    table = np.array([[3.0, 0.5, 0.5], [0.0, 0.0, 0.0], [2.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    kinds = ("popular", "average", "rest", "own")
    lines = tuple(Line(kind, float(row.sum()), kind) for kind, row in zip(kinds, table, strict=True))
    drawn = flow.laid_out(Flow(lines, (*WAYS[:2], OWN), table, 6.0), flow.SMALL)
    assert [(round(value, 9), kind) for _, _, value, kind in drawn.bar] == [
        (2.0, "mine"), (-1.0, "mine"), (1.0, "own"), (4.0, "all"),
    ]  # fmt: skip
    assert sum(high for _, high, *_ in drawn.bar) == pytest.approx(8 * drawn.scale)
    assert [round(slot.size / drawn.scale, 9) for slot in drawn.lines] == [3.0, 1.0, 4.0]
    assert [round(slot.size / drawn.scale, 9) for slot in drawn.ways] == [2.0, 1.0]
    assert list(flow.column_sums(drawn)) == pytest.approx([6.0, 6.0, 6.0])


# ------------------------------------------------------------------ drawn


@pytest.mark.parametrize("who", [*PEOPLE, ["296"], ["296", "593", "50"]])
@pytest.mark.parametrize("place", [0, 6, 9])
def test_the_picture_of_a_real_reason_adds_up_as_it_is_drawn(gnn, who, place):
    found = of(gnn, who, place)
    drawn = flow.laid_out(found.reason.flow, flow.SMALL)
    svg = flow.svg(drawn, "h")
    assert len(svg.encode()) < 8_000
    ends = columns(svg)
    bar, ways, lines = ends[float(flow.SMALL.bar)], ends.get(float(flow.SMALL.ways)), ends[float(flow.SMALL.lines)]
    rounding = 0.02 * len(drawn.ribbons) / drawn.scale  # two digits of a px
    assert bar / drawn.scale == pytest.approx(found.reason.score, abs=rounding)
    assert lines / drawn.scale == pytest.approx(found.reason.score, abs=rounding)
    mine = sum(line.value for line in found.reason.lines if line.kind not in ("popular", "average", "own"))
    assert ways / drawn.scale == pytest.approx(mine, abs=rounding)
    for total in flow.column_sums(drawn):
        assert total == pytest.approx(float(found.answer.scores[found.item]), abs=1e-4)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_so_far_is_the_score_of_a_model_with_so_many_layers(gnn, who, layers):
    """A model of fewer layers is an independent way to the same number."""
    found, why = of(gnn, who), GraphWhy(silent)
    why.show(found)
    if layers != 3:
        why._act("layer", str(layers))
    page = Markup(why.head.html)
    pressed = [one.text for one in page.all("button", aria_pressed="true")]
    assert pressed == [str(layers)]
    *lines, last = [one.text for one in page.all("b", "rw-num")]
    fewer = gnn[0].at(layers=layers).scores(who)[found.item]
    assert number(last.split(" of ")[0]) == pytest.approx(float(fewer), abs=0.006)
    assert sum(map(number, lines)) == pytest.approx(number(last.split(" of ")[0]), abs=1e-9), "as shown"
    assert ("So far" in page.one("p", "rw-flow-score").text) == (layers < 3)
    ways = [one.text for one in page.one("ol", "rw-flow-ways") and page.all("b") if not one.has("rw-num")]
    assert ways[-3:].count("–") == 3 - layers


@pytest.mark.parametrize("who", [*PEOPLE, ["296"]])
def test_the_numbers_of_lines_and_ways_add_up_as_shown(gnn, who):
    found = of(gnn, who)
    page = Markup(picture.markup(found.answer, found.reason, flow.SMALL, "h"))
    *lines, score = [number(one.text) for one in page.all("b", "rw-num")]
    assert sum(lines) == pytest.approx(score, abs=1e-9)
    assert score == round(float(found.answer.scores[found.item]), 2)
    rows = flow.rows_of(found.reason.flow)
    mine = sum(value for value, row in zip(lines, rows, strict=True) if row.ways)
    ways = [number(one.text) for one in page.all("b") if not one.has("rw-num") and one.text]
    assert sum(ways) == pytest.approx(mine, abs=1e-9)
    said = next(one.text for one in page.all("small") if one.text.startswith("popular"))
    first, second = re.fullmatch(r"popular (\S+), this one (\S+)", said).groups()
    assert number(first) + number(second) == pytest.approx(lines[-1], abs=1e-9)


def test_without_layers_the_own_embedding_is_all_there_is(gnn):
    found, why = of(gnn, "42", layers=0), GraphWhy(silent)
    why.show(found)
    page = Markup(why.head.html)
    assert "No layers" in page.one("div", "rw-layers").text
    assert not page.all("button", data_act="layer") and not page.all("ol", "rw-flow-ways")
    assert flow.rows_of(found.reason.flow)[-1].kind == "all"


def test_layers_that_are_hidden_take_nothing_from_the_sum_of_somebody_without_films(gnn):
    """It said "So far 0.00 of 1.55", without a button for the rest, once all films had been taken out."""
    model, data = gnn
    why = GraphWhy(silent)
    why.show(of(gnn, "168"))
    why._act("layer", "0")
    emptied = Person(person_of(data, "168").user, np.zeros(0, np.int32))
    found = answer(model, data, emptied)
    item = int(found.top[0])
    why.show(Selected(found, item, 0, found.explain(item), reason(model, data, emptied, str(data.items[item]))))
    page = Markup(why.head.html)
    assert page.one("div", "rw-layers").text == "No film is left for the layers to begin from."
    *lines, score = [number(one.text) for one in page.all("b", "rw-num")]
    assert score == pytest.approx(float(found.scores[item]), abs=0.006) == pytest.approx(sum(lines), abs=0.006)
    assert "So far" not in page.one("p", "rw-flow-score").text


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("the 31 films that vote for it", "31 that vote for it"),
        ("the 1 film that votes for it", "1 that votes for it"),
        ("11 other films of the 1990s", "11 from the 1990s"),
        ("21 films of the genre Film-Noir", "21 in Film-Noir"),
        ("1,353 other films", "1,353 other films"),
        ("15 neighbours who rated it 3.5 or more", "15 rated it 3.5 or more"),
        ("the 4 films before it", "4 before it"),
        ("no own embedding, which others have", "No own embedding"),
        ("what the weather says", "What the weather says"),
    ],
)
def test_labels_are_short_where_there_is_little_room(label, said):
    assert picture.short(label) == said


@pytest.mark.parametrize(
    ("text", "bold"),
    [
        ("31 of user 168’s 75 films, each asked alone, put M into their top 10.", "31 of user 168’s 75 films"),
        ("Popular with all users: the average user gets M 4th.", "Popular with all users"),
        ("No single film stands out: your 3 films add 0.30 to M.", "No single film stands out"),
        ("None of the 50 nearest neighbours rated M (of all users 2%): …", "None of the 50 nearest neighbours"),
        ("All of the 3 nearest neighbours rated M (of all users 2%): …", "All of the 3 nearest neighbours"),
        ("User 1’s 75 films speak against M: they take 0.30 from what all users get.", "User 1’s 75 films"),
        ("The last 5 of your 9 films take 0.20 from M; the 4 before them add 0.50.", "The last 5 of your 9 films"),
        ("12 of the 50 nearest neighbours rated M (24%).", "12 of the 50 nearest neighbours"),
        ("The last 5 of user 1’s 75 films add 0.55 of the 0.90 that all add to M.", "The last 5 of user 1’s 75 films"),
        ("802 films of the 1990s add 0.32 of the 0.63 that your 9 films add to M.", "802 films of the 1990s"),
        ("Your only film, asked alone, puts M into its top 10.", "Your only film"),
        ("Nothing that you watched is known.", None),
    ],
)
def test_the_counting_part_of_a_headline_is_emphasised(gnn, text, bold):
    page = Markup(picture.headline(replace(of(gnn, "168").reason, headline=text)))
    assert page.one("p")["title"] == page.one("p").text == text
    assert [one.text for one in page.all("b")] == ([] if bold is None else [bold])


# ------------------------------------------------------------------ opened


def shares_by_hand(gnn, found):
    """What each film of the history adds beyond as much of the average user: plain numpy, from the arrays."""
    model, data = gnn
    queries, items = (array.astype(np.float64) for array in model.vectors())
    own = model.snapshot["users"].astype(np.float64)
    some = np.unique(data.user)
    films = (queries - own)[some].mean(0)  # the average user without the own embedding
    popular = np.argsort(-(items @ queries[some].mean(0)).astype(np.float32), kind="stable")[:100]
    lead = items[found.item] - items[popular].mean(0)
    history = found.answer.person.history
    alone = model.alone(history).astype(np.float64)
    liked = model.liked(found.answer.person)
    alone[~liked] -= model.snapshot["films_liked"][history[~liked]]
    return dict(zip(history.tolist(), (alone - films) @ lead / len(history), strict=True))


@pytest.mark.parametrize("who", PEOPLE)
def test_a_group_opens_into_its_films_which_add_up(gnn, who):
    found, why = of(gnn, who), GraphWhy(silent)
    expected = shares_by_hand(gnn, found)
    for n, line in enumerate(found.reason.lines):
        if not line.items:
            continue
        items = [gnn[1].item_index(one) for one in line.items]
        assert line.values == pytest.approx([expected[item] for item in items], abs=2e-5)
        assert sum(line.values) == pytest.approx(line.value, abs=1e-4)
        why.show(replace(found, opened=str(n)))
        page = Markup(why.head.html)
        taken = [one["data-value"] for one in page.all("button", data_act="drop")]
        assert {value.partition(":")[2] for value in taken} <= {str(item) for item in items}
        assert len(taken) == min(len(items), opened.ROWS)
        (*rows,) = [number(one.text) for one in page.all("span", "rw-num")]
        assert sum(rows) == pytest.approx(number(page.one("b", "rw-num").text), abs=1e-9), "as shown"
        first = items[int(np.argmax(line.values))]
        assert taken[0] == f"film:{first}" or len(items) > opened.ROWS
        assert [one["data-value"] for one in page.all("button", "rw-btn")] == [str(n)], "Back closes it"


def test_a_film_opens_into_its_viewers(gnn):
    """Hop by hop from the layers: what comes through each viewer, and who of them rated the film."""
    found, why = of(gnn, "168"), GraphWhy(silent)
    model, data = gnn
    own = int(found.answer.person.history[3])
    line = next(n for n, line in enumerate(found.reason.lines) if str(data.items[own]) in line.items)
    told = through_viewers(model, data, found.answer.person, own, found.item)
    expected = dict(zip(*(array.tolist() for array in (
        model.through_viewers(found.answer.person, own, found.item)[0],
        model.through_viewers(found.answer.person, own, found.item)[1]
        - np.mean([model.through_viewers(found.answer.person, own, int(popular))[1] for popular in popular_of(gnn)], 0),
    )), strict=True))  # fmt: skip
    assert dict(told.viewers) == pytest.approx(expected, abs=2e-5)
    assert {user for user, _ in told.viewers} == set(data.user[data.item == own].tolist())
    share = shares_by_hand(gnn, found)[own]
    assert told.value == pytest.approx(share, abs=2e-5)
    assert told.itself + sum(value for _, value in told.viewers) - told.usual == pytest.approx(told.value)

    why.show(replace(found, opened=f"{line}:{own}"))
    page = Markup(why.head.html)
    rated = dict(zip(data.user[data.item == found.item], data.rating[data.item == found.item], strict=True))
    rows = page.one("ol", "rw-opened-rows") and page.all("li")
    assert len(rows) == min(len(told.viewers), opened.ROWS) + (len(told.viewers) > opened.ROWS)
    for (user, _), row in zip(told.viewers, rows, strict=False):
        said = f"rated it {rated[user]:g}★" if user in rated else "has not rated it"
        assert row.text.startswith(f"user {data.users[user]}") and said in row.text
    assert page.one("button", "rw-btn")["data-value"] == str(line), "Back leads to the group"
    chosen = [one["data-value"] for one in page.all("button", data_act="user")]
    assert chosen == [str(data.users[user]) for user, _ in told.viewers[: opened.ROWS]], "a viewer can be shown"


def popular_of(gnn):
    queries, items = gnn[0].vectors()
    some = np.unique(gnn[1].user)
    return np.argsort(-np.asarray(items @ queries[some].mean(0), np.float32), kind="stable")[:100]


def test_neighbours_open_with_their_rating():
    split = rw.load_movielens("latest-small").split("temporal", test=0.2)
    model, data = rw.load_pretrained("knn", split.train)[0], split.train
    found = answer(model, data, person_of(data, "168"))
    item = int(found.top[9])
    why = reason(model, data, found.person, str(data.items[item]))
    rated = dict(zip(data.user[data.item == item], data.rating[data.item == item], strict=True))
    for n, line in enumerate(why.lines):
        if not line.items:
            continue
        page = Markup(opened.group(found, why, n, False))
        for row in page.all("li"):
            user = data.user_index(re.match(r"user (\w+?)(?:rated|has)", row.text.replace(" ", " "))[1])
            said = f"rated it {rated[user]:g}★" if user in rated else "has not rated it"
            assert said in row.text
        assert all(one["data-value"].startswith("neighbour:") for one in page.all("button", data_act="drop"))


@pytest.mark.parametrize("opened_", ["0", "99", "x", "2:x", "-1", "2:999999", "user:3"])
def test_what_cannot_be_opened_shows_the_flow_or_the_group(gnn, opened_):
    """Lines that have no items, or are no longer there after a change."""
    found, why = of(gnn, "168"), GraphWhy(silent)
    why.show(replace(found, opened=opened_))
    page = Markup(why.head.html)
    assert bool(page.all("div", "rw-flow")) != bool(page.all("div", "rw-opened"))
    assert bool(page.all("div", "rw-opened")) == opened_.startswith("2:")


@pytest.mark.parametrize("hostile", [HOSTILE, LONG, '"><img src=x onerror=alert(1)>', "", "&amp;", "'"])
def test_nothing_hostile_gets_through(hostile):
    data = random_table(np.random.default_rng(1), 6, 8, titles=[hostile] * 8)
    found = asked(trained(data), data)
    item = int(found.top[0])
    why = reason(found.model, data, found.person, str(data.items[item]))
    pages = [picture.headline(why), picture.markup(found, why, flow.SMALL, "h")]
    pages += [opened.group(found, why, n, True) for n, line in enumerate(why.lines) if line.items]
    assert len(pages) > 2
    for text in pages:
        page = Markup(text)
        assert not page.all("script") and not page.all("img")


def test_a_panel_for_somebody_new_has_no_own_embedding(gnn):
    found = of(gnn, ["296", "593", "50"])
    page = Markup(picture.markup(found.answer, found.reason, flow.SMALL, "h"))
    assert "No own embedding" in page.one("ol", "rw-flow-lines").text
    assert isinstance(found.answer.person, Person) and found.answer.person.user is None
    why = Why(silent)
    why.show(found)
    assert "Your" in why.head.html or "your" in why.head.html
