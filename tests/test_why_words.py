"""What a number of the reason counts, what hatched means, and why an item rated low votes: said where it is seen."""

import re
from dataclasses import replace

import numpy as np
import pytest
from worlds import Markup, asked, random_table, trained

import recwidgets as rw
from recwidgets.answer import answer
from recwidgets.core import Person, person_of
from recwidgets.page.page import Page
from recwidgets.page.terms import TERMS
from recwidgets.reasons.reason import reason
from recwidgets.why import flow, picture, timeline
from recwidgets.why._base import Selected, Why
from recwidgets.why.graph import GraphWhy
from recwidgets.why.neighbours import NeighboursWhy
from recwidgets.why.timeline import TimelineWhy

VIEWS = {"gnn": GraphWhy, "knn": NeighboursWhy, "session": TimelineWhy}


def silent(act, value):
    """A handler for a view that nobody clicks."""


@pytest.fixture(scope="module")
def small():
    """The shipped models and their data."""
    split = rw.load_movielens("latest-small").split("temporal", test=0.2)
    return {name: rw.load_pretrained(name, split.train)[0] for name in VIEWS}, split.train


def of(small, name, who="42", place=0):
    models, data = small
    found = answer(models[name], data, person_of(data, who))
    item = int(found.top[place])
    return Selected(
        found, item, place, found.explain(item), reason(models[name], data, found.person, str(data.items[item]))
    )


def terms_in(*pages):
    """The words that explain themselves there: {what is said of them: the word as it stands}."""
    return {one["data-tip"]: one.text for text in pages for one in Markup(text).all("button", "rw-term")}


# ------------------------------------------------------------------ each number has a name


@pytest.mark.parametrize("name", VIEWS)
def test_one_film_has_three_numbers_and_each_says_which_it_is(small, name):
    given, why = of(small, name), VIEWS[name](silent)

    def shown(**changed):
        why.show(replace(given, **changed))
        rows = why.rows.html if name == "knn" and changed == {} else ""
        return terms_in(why.head.html, rows)

    line = next(n for n, line in enumerate(given.reason.lines) if line.items)
    assert shown(opened=str(line))[TERMS["beyond average"]] == "beyond average"
    assert shown(tab="sum")[TERMS["contribution"]] == "contribution"
    assert shown(tab="go")[TERMS["difference"]] == "difference"
    if name != "gnn":
        assert shown()[TERMS["beyond average"]] == "adds", "a narrow column, which explains itself"
    other = int(given.answer.top[3])
    told = rw.why_not(given.answer.model, small[1], "42", given.reason.item, str(small[1].items[other]))
    found = shown(tab="not", rival=other, difference=told)
    assert found[TERMS["own difference"]] == "beyond average" and TERMS["contribution"] not in found
    assert TERMS["beyond average"] not in found and TERMS["difference"] not in found
    found = shown(tab="not", rival=other, difference=replace(told, own=()))
    assert found[TERMS["difference"]] == "difference", "a model that does not say what is the person's own part"


def test_what_would_have_to_go_names_the_film_that_its_numbers_are_held_against(small):
    given, why = of(small, "gnn"), GraphWhy(silent)
    why.show(replace(given, tab="go"))
    rival = given.answer.title(small[1].item_index(given.reason.rival))[0]
    assert Markup(why.head.html).one("p", "rw-columns").text == f"difference to {rival}"


def test_without_an_average_user_to_compare_with_a_number_is_the_whole_contribution():
    data = random_table(np.random.default_rng(5), 12, 20)
    found = asked(trained(data), data, 4)
    page = Markup(timeline.timeline(found.explain(int(found.top[0]))))
    assert page.one("p", "rw-times-head").text.endswith("adds")
    assert TERMS["contribution"] in [one["data-tip"] for one in page.all("button", "rw-term")]


# ------------------------------------------------------------------ hatching


@pytest.mark.parametrize("who", ["168", "42", "414"])
@pytest.mark.parametrize("shown", [None, 0, 1])
def test_what_hatched_means_is_said_where_some_of_the_flow_is_hatched(small, who, shown):
    for place in (0, 4, 9):
        given = of(small, "gnn", who, place)
        drawn = flow.laid_out(given.reason.flow, flow.SMALL, shown)
        page = Markup(picture.markup(given.answer, given.reason, flow.SMALL, "h", shown))
        seen = any(
            float(re.search(r"V(\S+)C", path["d"])[1]) - float(re.search(r" (\S+)V", path["d"])[1]) >= 0.51
            for path in page.all("path", "rw-rib")
            if "url(" in path.attributes.get("style", "")
        )
        keys = [one.text for one in page.all("small", "rw-flow-key")]
        assert keys == (["hatched: lowers it"] if flow.hatched(drawn) else [])
        assert not seen or keys


def test_a_flow_that_only_raises_the_score_says_nothing_of_hatching(small):
    given = of(small, "gnn")
    raised = replace(given.reason.flow, values=np.abs(given.reason.flow.values))
    for found, keys in ((raised, 0), (replace(raised, values=-raised.values), 1)):
        page = Markup(picture.markup(given.answer, replace(given.reason, flow=found), flow.SMALL, "h"))
        assert len(page.all("small", "rw-flow-key")) == keys


def test_without_ways_the_key_stands_in_the_line_of_the_score(small):
    """Left of it there is no room."""
    given = of(small, "gnn")
    some = given.reason.flow
    one = replace(some, ways=(some.ways[0], *some.ways[-1:]), values=-np.abs(some.values[:, [0, -1]]))
    page = Markup(picture.markup(given.answer, replace(given.reason, flow=one), flow.SMALL, "h"))
    assert page.one("p", "rw-flow-score").text.startswith("Scorehatched: lowers it")


# ------------------------------------------------------------------ votes


def test_an_item_votes_whatever_the_user_rated_it(small):
    """What the page says of it is what the model does: asked alone, an item counts as liked."""
    models, data = small
    model, person = models["gnn"], person_of(data, "42")
    low = person.history[~model.liked(person)]
    assert len(low), "user 42 rated some low"
    queries, items = model.alone(low[:3]), model.vectors()[1]
    for one, query in zip(low[:3], queries, strict=True):
        assert model.liked(Person(None, np.array([one]))).all()
        assert items @ query == pytest.approx(model.scores([str(data.items[one])]), abs=1e-4)


def test_why_a_film_rated_low_votes_is_said_where_it_stands(small):
    given, why = of(small, "gnn"), GraphWhy(silent)
    data = small[1]
    line = next(n for n, line in enumerate(given.reason.lines) if line.kind == "voters")
    why.show(replace(given, opened=str(line)))
    page = Markup(why.head.html)
    rated = [float(one.text.removesuffix("★")) for one in page.all("small") if one.text.endswith("★")]
    least = float(np.median(data.rating))
    assert min(rated) < least
    assert page.one("p", "rw-cap").text.endswith("Each film votes as if it were the only one: its stars do not count.")
    (tip,) = [one["data-tip"] for one in page.all("button", "rw-term") if one.text == "vote"]
    assert tip == TERMS["vote"]
    history = given.answer.person.history
    liked = set(data.items[history[given.answer.model.liked(given.answer.person)]].tolist())
    voters = given.reason.lines[line]
    kept = [(one, value) for one, value in zip(voters.items, voters.values, strict=True) if one in liked]
    only = voters._replace(items=tuple(one for one, _ in kept), values=tuple(value for _, value in kept))
    lines = tuple(only if n == line else one for n, one in enumerate(given.reason.lines))
    why.show(replace(given, reason=replace(given.reason, lines=lines), opened=str(line)))
    assert "as if it were the only one" not in why.head.html, "all of them are liked"


def test_other_lines_say_nothing_of_votes(small):
    given, why = of(small, "gnn"), GraphWhy(silent)
    line = next(n for n, line in enumerate(given.reason.lines) if line.items and line.kind != "voters")
    why.show(replace(given, opened=str(line)))
    assert "as if it were the only one" not in why.head.html and TERMS["vote"] not in terms_in(why.head.html)


# ------------------------------------------------------------------ what a page is about


def test_a_page_says_what_it_is_about_with_what_it_shows():
    page, sent = Page(), []
    page.observe(lambda change: sent.append((page.subject, page.html)), ["subject", "html"])
    page.show("one", "film 1")
    page.show("one", "film 1")
    page.show("two", "film 1")
    page.show("two", "film 2")
    assert (page.subject, page.html) == ("film 2", "two") and sent[-1] == ("film 2", "two")
    page.close()


def test_another_film_tab_line_or_user_is_another_subject_and_an_edit_is_none(small):
    given, why = of(small, "gnn"), Why(silent)

    def subject(**changed):
        why.show(replace(given, **changed))
        return why.head.subject

    first = subject()
    assert subject(rank=3, wide=True, dropped=("Heat",)) == first
    assert len({first, subject(item=int(given.answer.top[1])), subject(tab="go"), subject(opened="2")}) == 4
    other = replace(given.answer, person=person_of(small[1], "168"))
    assert subject(answer=other) != first
