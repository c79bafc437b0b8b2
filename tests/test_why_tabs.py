"""The tabs beside the first: why not another film, what would have to go, and the act that takes it out."""

import re
from dataclasses import replace

import numpy as np
import pytest
from worlds import HOSTILE, LONG, Fixed, Markup, asked, random_table, trained

import recwidgets as rw
from recwidgets.answer import answer
from recwidgets.core import person_of
from recwidgets.ranking import rank
from recwidgets.reasons.numbers import ordinal
from recwidgets.reasons.reason import Out, reason
from recwidgets.reasons.why_not import Contribution, Difference, why_not
from recwidgets.why import rival, smallest
from recwidgets.why._base import AWAY, Selected, Why


def number(text):
    return float(text.replace("−", "-").replace("+", ""))


def silent(act, value):
    """A handler for a view that nobody clicks."""


@pytest.fixture(scope="module")
def small():
    """The shipped models and their data."""
    split = rw.load_movielens("latest-small").split("temporal", test=0.2)
    return {name: rw.load_pretrained(name, split.train)[0] for name in ("gnn", "knn", "session")}, split.train


@pytest.fixture(scope="module")
def shown():
    data = random_table(np.random.default_rng(5), 12, 20)
    return asked(trained(data), data, 4)


def of(small, name, who, place=0):
    models, data = small
    found = answer(models[name], data, person_of(data, who))
    item = int(found.top[place])
    why = reason(found.model, data, found.person, str(data.items[item]))
    return Selected(found, item, place, found.explain(item), why, tab="not")


def against(given, other):
    """The same with the tab's question asked of another film, by index."""
    data = given.answer.data
    told = why_not(given.answer.model, data, given.answer.person, str(data.items[given.item]), str(data.items[other]))
    return replace(given, rival=other, difference=told)


def page_of(given):
    why = Why(silent)
    why.show(given)
    return Markup(why.head.html)


# ------------------------------------------------------------------ why not …?


@pytest.mark.parametrize("name", ["gnn", "knn", "session"])
@pytest.mark.parametrize("place", [0, 6])
def test_the_suggestions_are_what_they_say(small, name, place):
    given = of(small, name, "168", place)
    scores = np.array(given.answer.scores, np.float64)
    scores[given.answer.person.history] = -np.inf
    order = np.argsort(-scores, kind="stable")
    queries, items = small[0][name].vectors()
    average = items @ queries[np.unique(small[1].user)].mean(0)
    average[given.answer.person.history] = -np.inf
    usual = [item for item in np.argsort(-average, kind="stable").tolist()]
    page = page_of(given)
    links = page.all("button", data_act="rival")
    expected = [int(order[place + 1]), int(order[10])]
    expected.append(next(item for item in usual if item not in (given.item, *expected)))
    gets = f"which the average user gets {ordinal(usual.index(expected[2]) + 1)}"
    assert gets in page.all("li")[-1].text
    assert [int(link["data-value"]) for link in links] == expected
    for link, item in zip(links, expected, strict=True):
        assert link.text == given.answer.full_title(item)


@pytest.mark.parametrize("name", ["gnn", "knn", "session"])
@pytest.mark.parametrize("rank_of", [1, 10, 300])
def test_the_difference_is_that_of_the_two_scores(small, name, rank_of):
    given = of(small, name, "42")
    other = int(rank(given.answer.scores, given.answer.left_out, rank_of + 1)[rank_of])
    page = page_of(against(given, other))
    mine, theirs = float(given.answer.scores[given.item]), float(given.answer.scores[other])
    said = page.all("p", "rw-headline")[0].text
    assert said.startswith(f"It is at rank {rank_of + 1}, ")
    assert number(re.search(r", (\S+) below", said)[1]) == pytest.approx(mine - theirs, abs=0.006)
    usual, own, value = [number(one.text) for one in page.all("span", "rw-num")[:3]]
    assert usual + own == pytest.approx(value, abs=1e-9), "as shown"
    assert value == pytest.approx(mine - theirs, abs=0.006)
    queries, items = (array.astype(np.float64) for array in small[0][name].vectors())
    average = items @ queries[np.unique(small[1].user)].mean(0)
    assert usual == pytest.approx(average[given.item] - average[other], abs=0.011)
    rivals = np.delete(average, given.answer.person.history)  # the same films as the list is made of
    assert f"average user at rank {(rivals > average[other]).sum() + 1:,}" in said
    closing = page.one("p", "rw-apart-sum").text
    *pieces, total = [number(found) for found in re.findall(r"[+−]?\d+\.\d+", closing)]
    assert sum(pieces) == pytest.approx(total, abs=1e-9) and total == own, "film by film it is one's own part"


def test_the_bars_are_at_their_own_scale_and_hatched_for_the_rival(shown):
    item, other = int(shown.top[0]), int(shown.top[3])
    names = [str(name) for name in shown.data.items]
    films = tuple(Contribution(f"film {n}", value, "film", names[n]) for n, value in enumerate((0.5, 0.1, -0.4, 0.05)))
    told = Difference(
        names[item], names[other], 3.0, 2.5, 1, 4, 7, 2, (*films, Contribution("own embedding", 0.25, "own")), -1.0
    )
    page = Markup(rival.apart(shown, told, False))
    rows = page.all("ol", "rw-apart-rows")[1].text
    assert rows.index("+0.50") < rows.index("+0.10") < rows.index("+0.05") < rows.index("−0.40"), "largest first"
    bars = [(one.has("rw-hatched"), one["style"]) for one in page.all("i")]
    assert bars == [
        (True, "right:50%;width:33.3%"),  # all users −1.0 against 1.5 of one's own
        (False, "left:50%;width:50.0%"),
        (False, "left:50%;width:50.0%"), (False, "left:50%;width:10.0%"), (False, "left:50%;width:5.0%"),
        (True, "right:50%;width:40.0%"),
    ]  # fmt: skip
    assert page.one("p", "rw-apart-sum").text == "3 films for +0.65 · 1 against −0.40 · own embedding +0.25 · sum +0.50"
    assert page.all("p", "rw-headline")[0].text == "It is at rank 4, 0.50 below; for the average user at rank 2."


def test_a_film_watched_already_is_said(small):
    given = of(small, "gnn", "42")
    page = page_of(against(given, int(given.answer.person.history[0])))
    assert page.all("p", "rw-headline")[0].text.startswith(
        "User 42 has watched it already, so it is left out; its score"
    )
    you = of(small, "gnn", ["296", "593"])
    page = page_of(against(you, int(you.answer.person.history[0])))
    assert page.all("p", "rw-headline")[0].text.startswith("You have watched it already")


def test_the_film_selected_is_no_rival_of_itself(shown):
    given = Selected(shown, int(shown.top[0]), explanation=shown.explain(int(shown.top[0])), tab="not")
    page = page_of(replace(given, rival=given.item))
    assert "is the film selected. Choose another one" in page.all("p")[-1].text


def test_what_cannot_be_asked_about_is_said_at_the_field(small):
    panel = rw.Panel(small[1], small[0]["gnn"], user="42")
    panel.act("tab", "not")

    def said():
        head = Markup(panel._ready().regions.why.head.html)
        assert panel.shown.message is None, "far from the field"
        alerts = [tag.text for tag in head.all(role="alert")]
        return (
            alerts,
            head.one("input").attributes.get("aria-invalid"),
            head.one("input")["value"],
            head.all("li", role="option"),
        )

    panel.act("rival-title", "no such film")
    lead = "There is no film called no such film. Type a part of its title and choose from the list."
    assert said() == ([lead], "true", "no such film", [])
    panel.act("rival-find", "no such fil")
    assert said()[:2] == ([], None)
    selected = panel.shown.answer.full_title(panel.shown.item)
    panel.act("rival", str(panel.shown.item))
    assert said() == ([f"{selected} is the film selected; choose another one."], "true", selected, [])
    other = int(panel.shown.answer.top[3])
    panel.act("rival", str(other))
    assert said()[:3] == ([], None, panel.shown.answer.full_title(other)) and panel.shown.difference is not None
    panel.act("rival-title", "no such film")
    panel.act("tab", "why")
    panel.act("tab", "not")
    assert said()[0] == [], "who comes back finds the field as it is"
    panel.close()


def test_a_difference_that_a_model_does_not_give_leaves_the_reason(small, monkeypatch):
    def fails(question, rival):
        raise KeyError("no such row")

    monkeypatch.setattr("recwidgets.panel.show.difference_of", fails)
    panel = rw.Panel(small[1], small[0]["gnn"], user="42")
    panel.act("rival", str(int(panel.shown.answer.top[3])))
    head = Markup(panel._ready().regions.why.head.html)
    assert "gives no difference here: KeyError" in head.one("p", "rw-doubt").text
    panel.act("tab", "why")
    assert panel.shown.reason is not None and not panel.shown.fault
    panel.close()


def test_what_is_typed_finds_films(small):
    given = of(small, "gnn", "42")
    page = page_of(replace(given, typed="fargo"))
    found = [(one["data-act"], one["data-value"]) for one in page.all("li", role="option")]
    assert found == [("rival", str(hit.index)) for hit in small[1].search_items("fargo", limit=8)]
    assert page.one("input")["value"] == "fargo"
    assert not page_of(given).all("li", role="option")


def test_the_picture_makes_room_for_where_the_film_selected_is(small):
    """The flow is lower by as much as the sentence takes, so that its score is seen."""
    given = of(small, "gnn", "42")

    def height(selected):
        why = Why(silent)
        return float(re.search(r'<svg width="\d+" height="(\d+)"', why.flow(selected)).group(1))

    away = replace(given, away="Jurassic Park is 7,701st now, not listed: here is the first film.")
    assert height(given) - height(away) == AWAY


# ------------------------------------------------------------------ what would have to go


@pytest.mark.parametrize("name", ["gnn", "knn", "session"])
@pytest.mark.parametrize("who", ["168", "42"])
def test_what_would_have_to_go_lets_the_rival_ahead(small, name, who):
    """The model itself, asked without what the button takes out."""
    models, data = small
    given = replace(of(small, name, who), tab="go")
    page = page_of(given)
    if not (given.reason.needed or given.reason.needed_neighbours):
        assert not page.all("button", data_act="take-out")
        return
    button = page.one("button", data_act="take-out")
    kind, _, indices = button["data-value"].partition(":")
    out = [int(index) for index in indices.split()]
    person = given.answer.person
    if kind == "film":
        person = person._replace(history=person.history[~np.isin(person.history, out)])
    else:
        person = person._replace(without=tuple(out))
    scores = models[name].scores(person)
    other = data.item_index(given.reason.rival)
    assert scores[other] > scores[given.item]
    said = page.one("p", "rw-headline").text
    asked = set(models[name].neighbours(given.answer.person)[0].tolist()) if kind == "neighbour" else set(out)
    moving = len(set(out) - asked)
    assert given.answer.title(other)[0] in said and f"{len(out) - moving}" in said
    assert (f" and {moving} who would move in" in said) == bool(moving)
    assert [item.text.count("would move in") for item in page.all("li")].count(1) == moving
    assert button.text == ("Take this one out" if len(out) == 1 else f"Take these {len(out)} out")
    assert len(page.all("li")) == len(out)


def test_the_numbers_beside_it_are_what_each_adds_more_than_to_the_rival(small):
    models, data = small
    given = replace(of(small, "gnn", "168"), tab="go")
    person, why = given.answer.person, given.reason
    other = data.item_index(why.rival)
    apart = {
        part.index: part.value - same.value
        for part, same in zip(
            models["gnn"].explain(person, why.item).parts, models["gnn"].explain(person, str(data.items[other])).parts,
            strict=True,
        )
        if part.kind == "film"
    }  # fmt: skip
    assert why.needed_values == pytest.approx([apart[data.item_index(one)] for one in why.needed], abs=1e-5)
    numbers = [number(one.text) for one in page_of(given).all("span", "rw-num")]
    assert numbers == pytest.approx(list(why.needed_values), abs=0.0006)
    assert list(why.needed_values) == sorted(why.needed_values, reverse=True)


@pytest.mark.parametrize("kind", ["film", "neighbour"])
def test_the_button_takes_them_out_as_one_change_with_one_way_back(small, kind):
    panel = rw.GNNPanel(user="168") if kind == "film" else rw.KNNPanel(user="168")
    try:
        before, item = panel.recommendations.items, panel.shown.item
        why = panel.shown.reason
        ids = why.needed if kind == "film" else why.needed_neighbours
        index = [panel.data.item_index(one) if kind == "film" else panel.data.user_index(one) for one in ids]
        panel.act("take-out", f"{kind}:{' '.join(map(str, index))}")
        edited = panel.state.edited
        assert edited.edits == 1
        assert (edited.dropped if kind == "film" else edited.without) == tuple(index)
        scores = panel.shown.answer.scores
        assert scores[panel.data.item_index(why.rival)] > scores[item]
        assert f"{len(index)} {kind}" in panel.shown.message.lead
        panel.act("undo", "")
        assert panel.state.edited is None and panel.recommendations.items == before
    finally:
        panel.close()


@pytest.mark.parametrize("value", ["", "film:", "films:3", "film:x", "neighbour:99999", "film:-1"])
def test_what_cannot_be_taken_out_is_said_and_nothing_changes(value):
    panel = rw.GNNPanel(user="168")
    try:
        panel.act("take-out", value)
        assert panel.state.edited is None
        assert panel.shown.message.bad
    finally:
        panel.close()


def test_where_no_set_was_found_that_is_said_in_the_words_of_the_model(shown):
    data = shown.data
    found = asked(Fixed(data, np.random.default_rng(2).random((data.n_users, data.n_items))), data, 4)
    why = reason(found.model, data, found.person, str(data.items[found.top[0]]))
    assert not why.needed
    text = Markup(smallest.markup(found, why)).one("p", "rw-cap").text
    assert "asked without each film in turn" in text
    nobody = replace(why, n=0)
    assert "comes without any history" in Markup(smallest.markup(found, nobody)).one("p", "rw-headline").text


@pytest.mark.parametrize("hostile", [HOSTILE, LONG, '"><img src=x onerror=alert(1)>', "", "&amp;", "'"])
def test_nothing_hostile_gets_through(hostile):
    data = random_table(np.random.default_rng(1), 6, 8, titles=[hostile] * 8)
    found = asked(trained(data), data)
    item, other = int(found.top[0]), int(found.top[1])
    why = reason(found.model, data, found.person, str(data.items[item]))
    out = Out(tuple(data.items[found.person.history].tolist()), (), (), str(data.items[other]))
    why = replace(why, out=lambda: out)
    given = Selected(found, item, 0, found.explain(item), why, tab="not", typed=hostile)
    pages = [page_of(given), page_of(against(given, other)), page_of(replace(given, tab="go"))]
    for page in pages:
        assert not page.all("script") and not page.all("img")
