"""Evidence taken out, histories of one's own, states kept: what a learner does to a panel and gets back."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import numpy as np
import pandas
import pytest
from pages import editor, html, message, page, titles
from worlds import DEADLINE, random_table, table

import recwidgets as rw
from recwidgets.answer import Answer
from recwidgets.charts.columns import replay
from recwidgets.core import Person
from recwidgets.page.elements import cut
from recwidgets.panel.changes import TITLE, moves, what_changed, what_they_added, why_moved
from recwidgets.panel.clues import clue_of
from recwidgets.panel.edited import Edited
from recwidgets.why.parts import minus


def in_why(reason):
    """What each item or neighbour adds, by id, as the rows of Why have it."""
    return {id_: value for line in reason.lines for id_, value in zip(line.items, line.values, strict=True)}


@pytest.fixture(scope="module")
def panels():
    return {"gnn": rw.GNNPanel, "knn": rw.KNNPanel, "session": rw.SessionPanel}


def test_after_a_drop_the_last_click_of_the_replay_is_the_list():
    panel = rw.SessionPanel(user="42")
    for _ in range(3):
        panel.act("drop", f"film:{panel.person.history[-1]}")
    assert replay(panel.shown.answer)[-1].all()


@pytest.mark.parametrize("name", ["gnn", "knn", "session"])
def test_dropped_evidence_is_said_and_can_be_put_back(panels, name):
    panel = panels[name](user="42")
    before, reason = panel.shown.answer.top.tolist(), panel.shown.reason
    act = (
        f"neighbour:{panel.model.neighbours(panel.person)[0][0]}"
        if name == "knn"
        else f"film:{panel.person.history[-1]}"
    )
    panel.act("drop", act)
    assert panel.shown.message.lead.startswith(("You took out", "User")) and panel.shown.message.buttons[0][1] == "undo"
    if name != "knn":
        assert int(act[5:]) not in panel.shown.answer.top and int(act[5:]) not in panel.person.history
        added = in_why(reason)[panel.data.items[int(act[5:])]]
        said = f"What was taken out had added {minus(added)} beyond as much of the average user;"
        assert said in panel.shown.message.more, "the number that Why showed, which is not the fall of the score"
    panel.act("undo", "")
    assert panel.shown.answer.top.tolist() == before and panel.shown.message is None


def test_two_lists_for_what_looks_like_one_history_say_why():
    """What is taken out in Why stays out of the list, what is taken out in the editor may be in it."""
    panel = rw.SessionPanel(user="42")
    panel.act("drawer", "edit")
    item = next(
        one for one in panel.person.history[::-1].tolist()
        if one in rw.recommend(panel.model, panel.data, without(panel, one), 10).index
    )  # fmt: skip
    title = panel.shown.answer.title(item)[0]
    panel.act("remove", item)
    assert "it may be recommended" in message(panel) and "stay out" not in editor(panel)
    one = panel.shown.answer
    panel.act("undo")
    panel.act("drop", f"film:{item}")
    assert "it stays out of the list too" in message(panel)
    assert f"1 taken out in Why stays out of the list too: {cut(title, 24)}." in editor(panel)
    other = panel.shown.answer
    assert one.person.history.tolist() == other.person.history.tolist()
    assert item in one.top and item not in other.top


def without(panel, item):
    person = panel.person
    return person._replace(history=person.history[person.history != item])


@pytest.mark.parametrize("name", ["gnn", "session"])
def test_each_number_of_what_a_film_adds_says_what_it_counts(panels, name):
    panel = panels[name](user="42")
    panel.act("tab", "sum")
    assert "whole product; Why and messages count what goes beyond" in html(panel, "rw-reason")
    panel.act("tab", "go")
    if panel.shown.reason.needed:
        assert "less what it contributes to the other" in page(panel, "rw-reason").one("button", "rw-term")["data-tip"]


def test_the_same_history_gets_the_same_list_while_a_session_trains_in_numpy():
    """Own data, and acts at random while a thread trains: each list is what the model says, once and for all."""
    draw = np.random.default_rng(4)
    pairs = [(user, item) for user in range(30) for item in draw.permutation(40)[: draw.integers(4, 20)].tolist()]
    data = rw.Interactions.from_frame(
        pandas.DataFrame(
            {
                "user": [f"u{user}" for user, _ in pairs],
                "item": [f"s{item}" for _, item in pairs],
                "time": np.arange(len(pairs)) // 3,
                "title": [f"Song {item}" for _, item in pairs],
            }
        ),
        user="user", item="item", time="time", title="title",
    )  # fmt: skip

    async def walk():
        # so many epochs that the training is not over before the acts are
        panel = rw.Panel(data, rw.Session(dim=8, epochs=100_000, backend="numpy"))
        lists, kept, trained = {}, [], 0
        panel.train()
        while not panel.training.newest:
            await asyncio.sleep(0.01)
        for turn in range(250):
            history, newest = panel.person.history.tolist(), panel.training.newest
            some = [str(one) for one in draw.permutation(history)[:3].tolist()]
            acts = {
                "drop": f"film:{some[0]}" if some else None, "take-out": f"film:{' '.join(some)}" if some else None,
                "remove": some[0] if some else None, "undo": "", "original": "", "base": ["last", "original"][turn % 2],
                "put-back": None if panel.state.gone is None else str(panel.state.gone[0]),
                "add": str(draw.integers(data.n_items)), "epoch": str(draw.integers(1, newest + 1)), "reverse": "",
            }  # fmt: skip
            name = str(draw.choice([name for name, value in acts.items() if value is not None]))
            panel.act(name, acts[name])
            await asyncio.sleep(0.002)
            trained += panel.training.state == "running"
            state, answer = panel.state, panel.shown.answer
            event = panel.history.at(state.epoch or panel.training.newest)
            kept.append(event)  # so that no other snapshot gets its id
            model = panel.training.model.at(event.snapshot, **state.values(panel.world))
            dropped = () if state.edited is None else state.edited.dropped
            found = rw.recommend(model, panel.data, panel.person, 10 + len(dropped)).index.tolist()
            assert answer.top.tolist() == [item for item in found if item not in dropped][:10], name
            assert titles(panel) == [answer.full_title(item) for item in answer.top.tolist()]
            key = (id(event.snapshot), answer.person.user, answer.person.history.tobytes(), dropped)
            assert lists.setdefault(key, answer.top.tolist()) == answer.top.tolist(), name
        assert trained and len(lists) < len(kept), "some were looked at while it trained, and some twice"
        panel.close()

    asyncio.run(asyncio.wait_for(walk(), 4 * DEADLINE))


@pytest.mark.parametrize("name", ["gnn", "knn", "session"])
def test_a_history_of_ones_own_is_answered_and_adds_up(panels, name):
    panel = panels[name](user="42")
    panel.act("you", "")
    assert panel.shown.answer is None and "No films yet" in html(panel, "rw-list")
    panel.act("add-title", "alien")
    panel.act("add-title", "fargo")
    assert len(panel.person.history) == 2 and panel.person.user is None
    item = int(panel.shown.answer.top[0])
    assert panel.shown.answer.explain(item).score == pytest.approx(float(panel.shown.answer.scores[item]), rel=1e-4)
    films = panel.person.history.tolist()
    panel.act("add", str(films[0]))
    assert panel.person.history.tolist() == films[::-1] and "already" in panel.shown.message.lead, (
        "picked twice: it moves"
    )
    panel.act("earlier", str(films[0]))
    assert panel.person.history.tolist() == films
    panel.act("add-title", "no such film at all")
    assert "no film called" in panel.shown.message.lead
    panel.act("user", "42")
    assert panel.person.user is not None and panel.state.drawer == ""


def test_a_training_that_fails_leaves_the_trained_model_as_it_was(monkeypatch):
    panel = rw.GNNPanel(user="42")
    before = panel.model.scores("42")
    monkeypatch.setattr(
        type(panel.model), "_epochs", lambda *arguments: (_ for _ in ()).throw(RuntimeError("no such luck"))
    )
    panel.train()
    assert panel.shown.message.text.startswith("no such luck.") and "kept and shown" in panel.shown.message.text
    assert np.array_equal(panel.model.scores("42"), before)


def test_back_to_the_trained_model_brings_back_the_model_too():
    panel = rw.KNNPanel(user="42")
    before = panel.model.scores("42")
    panel.reset()
    with pytest.raises(ValueError, match="not trained"):
        panel.model.scores("42")
    panel.act("pretrained", "")
    assert np.array_equal(panel.model.scores("42"), before)


def test_the_state_comes_back_when_the_cell_is_run_again(tmp_path):
    file = tmp_path / "lesson.json"
    panel = rw.GNNPanel(user="42", epoch=8, state=file)
    panel.act("knob:layers", "1")
    panel.act("drop", f"film:{panel.person.history[0]}")
    again = rw.GNNPanel(state=file)
    assert (again.user, again.epoch, again.state.values(again.world)["layers"]) == ("42", 8, 1)
    assert again.shown.answer.top.tolist() == panel.shown.answer.top.tolist()


@pytest.mark.parametrize(
    "spoilt",
    [
        "{not json",
        json.dumps({"format": 2, "user": "42", "knobs": {"k": "abc"}}),
        json.dumps({"format": 2, "user": "42", "knobs": 7}),
        json.dumps({"format": 2, "user": "42", "knobs": {"k": 100000}}),
        json.dumps({"format": 2, "user": "42", "knobs": {"depth": 1}}),
        json.dumps({"format": 2, "user": "9999"}),
        json.dumps({"format": 2, "user": "42", "epoch": "8"}),
        json.dumps({"format": 2, "user": "42", "epoch": -1}),
        json.dumps({"format": 2, "user": "42", "epoch": float("inf")}),
        json.dumps({"format": 2, "user": "42", "edited": {"films": ["no such"]}}),
        json.dumps({"format": 2, "user": "42", "edited": {"films": 3.5}}),
        json.dumps({"format": 2, "user": "42", "edited": 5}),
        json.dumps({"format": 2, "user": "42", "selected": ["296"]}),
        json.dumps({"format": 2, "user": "42", "epochs": 0}),
        json.dumps({"format": 2, "user": "42", "learning_rate": "fast"}),
        json.dumps({"format": 2, "user": "42", "own": None}),
        json.dumps({"format": 1, "user": "42"}),
        json.dumps({"user": "42"}),
        json.dumps([1, 2]),
        "[" * 100_000,
        "",
    ],
)
def test_a_damaged_state_is_kept_aside_and_said(tmp_path, spoilt):
    file = tmp_path / "lesson.json"
    file.write_text(spoilt)
    panel = rw.KNNPanel(state=file)
    assert panel.shown.message.bad and "lesson.damaged-1.json" in message(panel)
    assert (tmp_path / "lesson.damaged-1.json").read_text() == spoilt
    assert panel.shown.answer is not None
    panel.user = "414"
    assert rw.KNNPanel(state=file).user == "414", "from now on it is kept"


def test_an_epoch_that_was_trained_in_an_earlier_run_is_said_to_be_gone(tmp_path):
    file = tmp_path / "lesson.json"
    file.write_text(json.dumps({"format": 2, "user": "42", "epoch": 999, "knobs": {"k": 7}}))
    panel = rw.KNNPanel(state=file)
    assert panel.user == "42" and panel.epoch == panel.history.last.step and panel.model.values["k"] == 7
    assert "Epoch 999 was trained in an earlier run of this cell and is gone" in message(panel)
    assert not list(tmp_path.glob("*damaged*"))


def test_the_setup_is_one_line_that_runs():
    panel = rw.SessionPanel(user="42", epoch=8, knobs={"half_life": 4}, hide=["you"])
    line = panel.setup()
    again = eval(line, {"rw": rw})
    assert (
        "\n" not in line
        and again.shown.answer.top.tolist() == panel.shown.answer.top.tolist()
        and again.setup() == line
    )


def changed(panel, kind):
    """The panel after a learner's act of this kind."""
    history = panel.person.history.tolist()
    if kind == "you":
        panel.act("you", "")
        for title in ("alien", "fargo", "toy story"):
            panel.act("add-title", title)
        panel.act("earlier", str(panel.person.history[-1]))
    elif kind == "an empty you":
        panel.act("you", "")
    elif kind == "dropped":
        panel.act("drop", f"film:{history[-1]}")
        panel.act("drop", f"film:{history[3]}")
    elif kind == "moved":
        panel.act("edit", "")
        panel.act("earlier", str(history[-1]))
        panel.act("drop", f"film:{history[5]}")
    elif kind == "cleared":
        panel.act("edit", "")
        panel.act("clear", "")
    elif kind == "not asked":
        panel.act("drop", f"neighbour:{rw.KNNPanel(user=panel.user).model.neighbours(panel.person)[0][0]}")
    return panel


@pytest.mark.parametrize("kind", ["you", "an empty you", "dropped", "moved", "cleared", "not asked"])
@pytest.mark.parametrize("name", ["KNNPanel", "SessionPanel", "ComparePanel"])
def test_the_setup_has_the_history_as_it_was_edited(name, kind):
    panel = changed(getattr(rw, name)(user="42"), kind)
    again = eval(panel.setup(), {"rw": rw})
    assert "edited=" in panel.setup() and again.setup() == panel.setup()
    mine, theirs = panel.person, again.person
    assert (mine.user, mine.history.tolist(), mine.without) == (theirs.user, theirs.history.tolist(), theirs.without)
    shown = [each.shown.answer for each in (panel, again)]
    if kind == "an empty you":
        assert shown == [None, None]
    else:
        assert shown[0].top.tolist() == shown[1].top.tolist(), "what was dropped stays out of the list, too"
    again.act("undo", "")
    assert (
        again.person.user is not None
        and again.person.history.tolist() == rw.KNNPanel(user="42").person.history.tolist()
    )


@pytest.mark.parametrize(("edited", "said"), [
    ({"mine": ["1"]}, "edited may have you or films, dropped, without, got 'mine'"),
    ({"you": ["1"], "films": ["2"]}, "either you, a history of one's own, or films"),
    ({"you": ["no such"]}, "no such"),
    ({"without": ["nobody"]}, "nobody"),
])  # fmt: skip
def test_an_edited_history_that_cannot_be_is_said(edited, said):
    with pytest.raises((ValueError, LookupError), match=said):
        rw.GNNPanel(user="42", edited=edited)


def test_one_id_is_a_list_of_one():
    assert (
        rw.KNNPanel(user="414", edited={"dropped": "296"}).setup()
        == rw.KNNPanel(user="414", edited={"dropped": [296]}).setup()
    )


def test_what_was_undone_is_not_brought_back_when_the_cell_is_run_again(tmp_path):
    def cell():
        return rw.SessionPanel(user="42", state=tmp_path / "lesson.json", edited={"you": ["296", "318"]})

    panel = cell()
    assert panel.person.user is None
    panel.act("user", "42")
    assert panel.person.user is not None and cell().person.user is not None


def test_the_setup_of_a_comparison_of_ones_own_names_what_must_be_there():
    split = rw.load_movielens("latest-small").split("temporal", test=0.2)
    model = rw.load_pretrained("knn", split.train)[0]
    panel = rw.ComparePanel(split, {"KNN": model}, user="42")
    assert panel.setup() == 'rw.ComparePanel(data, models, user="42")'


def test_an_export_holds_parts_that_add_up_and_what_it_takes_to_run_again(tmp_path):
    import csv

    panel = rw.GNNPanel(user="42")
    table, card = panel.export(tmp_path / "run")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for rank in ("1", "10"):
        mine = [row for row in rows if row["rank"] == rank]
        assert sum(float(row["value"]) for row in mine) == pytest.approx(float(mine[0]["score"]), rel=1e-4)
    about = json.loads(card.read_text())
    assert (
        about["split"]["kind"] == "temporal" and about["model"]["settings"]["seed"] == 0 and about["versions"]["numpy"]
    )


def test_a_goal_is_reached_when_the_film_stands_high_enough():
    panel = rw.SessionPanel(goal=rw.Goal("Fargo (1996)", top=3))
    panel.act("you", "")
    panel.act("add-title", "fargo")
    assert panel.goal.rank(panel.shown.answer) is None and not panel.goal.reached(panel.shown.answer)
    assert "does not count" in editor(panel)
    best = rw.Goal(panel.shown.answer.full_title(int(panel.shown.answer.top[0])))
    assert best.reached(panel.shown.answer) and best.rank(panel.shown.answer) == 1


def test_a_neighbour_who_is_left_out_takes_along_what_the_next_nearest_brings():
    """A neighbour who added .138 lowered the score by .003, and nothing said why."""
    panel = rw.KNNPanel(user="42")
    item, before, showed = panel.data.items[panel.shown.item], panel.shown.explanation, in_why(panel.shown.reason)
    neighbour = max((part for part in before.parts if part.kind == "neighbour"), key=lambda part: part.value)
    panel.drop(neighbour=panel.data.users[neighbour.index])
    after = panel.model.explain(panel.person, item)
    old, new = ({part.index for part in one.parts if part.kind == "neighbour"} for one in (before, after))
    ((came, who),) = [(part.label, panel.data.users[part.index]) for part in after.parts if part.index in new - old]
    said, gone = message(panel), showed[panel.data.users[neighbour.index]]
    value = in_why(rw.reason(panel.model, panel.data, panel.person, item))[who]
    added = f"They had added {minus(gone)} beyond as much of the average user"
    assert f"{added}; the next nearest moves in, {came} ({minus(value)}), so" in said
    nobody = replace(after, parts=tuple(part for part in after.parts if part.index in old))
    assert "who are left weigh more now" in what_they_added(before, nobody, neighbour.index)
    assert what_they_added(before, after, -7) == "", "who was not asked had added nothing"


def test_a_goal_is_seen_from_the_start_and_the_field_does_not_suggest_what_it_refuses():
    panel = rw.KNNPanel(user="42", goal=rw.Goal("Fargo (1996)"))
    fargo = panel.data.item_by_title("Fargo (1996)")
    goal = page(panel, "rw-handles").one(name="rw-goal")
    assert "Goal: Fargo" in goal.text and "press You" in goal.text, "before You is pressed"
    panel.act("you", "")
    first = int(np.argmax(panel.data.popularity))
    refused = rw.KNNPanel(user="42", goal=rw.Goal(str(panel.data.titles[first])))
    refused.act("you", "")
    name = rw.display_title(str(panel.data.titles[first]))[0]
    (field,), (own,) = (page(one, "rw-own").all("input", role="combobox") for one in (panel, refused))
    assert field["placeholder"] == f"Add a film: {name}" and name not in own["placeholder"]
    assert not page(refused, "rw-own").all("button", data_act="add", data_value=str(first)), "nor on the shelf"
    panel.act("film", "fargo")
    (option,) = page(panel, "rw-own").all("li", data_value=str(fargo))
    assert option.text.endswith("the goal itself: it would not count")


def test_clearing_a_history_of_ones_own_begins_the_count_of_edits_anew():
    panel = rw.KNNPanel(user="42", goal=rw.Goal("Fargo (1996)"))
    panel.act("you", "")
    panel.act("add-title", "alien")
    panel.act("add-title", "heat")
    assert "2 edits" in page(panel, "rw-handles").one(name="rw-goal").text
    panel.act("clear", "")
    assert "0 edits" in page(panel, "rw-handles").one(name="rw-goal").text


def test_the_clue_of_a_goal_is_what_its_viewers_rated_more_than_all_users():
    """Ten users: 0 to 3 saw the goal, film 0. Film 1 was rated by these four alone, 2 by all, 3 by one of them."""
    rows = [(user, 0) for user in range(4)] + [(user, 1) for user in range(4)]
    rows += [(user, 2) for user in range(10)] + [(0, 3)] + [(user, 4) for user in (1, 2, 3, 8, 9)]
    found = clue_of(table(rows, 10, 6), 0, n=3)
    assert [(one.item, one.both, one.viewers) for one in found] == [(1, 4, 4), (4, 3, 4), (2, 4, 4)]
    assert [one.lift for one in found] == pytest.approx([1 / 0.4, 0.75 / 0.5, 1.0])
    panel = rw.KNNPanel(user="42", goal=rw.Goal("Fargo (1996)"))
    data = panel.data
    panel.act("clue", str(data.item_by_title("Fargo (1996)")))
    for one in clue_of(data, data.item_by_title("Fargo (1996)")):
        assert f"{one.both} of {one.viewers}, {one.lift:.1f} times as often" in html(panel, "rw-message")


def test_the_line_on_who_is_shown_follows_every_edit():
    panel = rw.SessionPanel(user="42")
    facts = lambda: page(panel, "rw-user").one(name="rw-facts").text  # noqa: E731
    n, newest = len(panel.person.history), panel.data.items[panel.person.history[-1]]
    assert f"{n} ratings" in facts() and "Last rated:" in facts()
    panel.act("reverse", "")
    oldest = rw.display_title(str(panel.data.titles[panel.person.history[-1]]))[0]
    assert f"{n} ratings, in another order" in facts() and f"Newest now: {oldest[:12]}" in facts()
    panel.drop(newest)
    assert f"{n - 1} of {n} ratings, in another order" in facts()
    panel.act("original", "")
    assert f"{n} ratings" in facts() and "Last rated:" in facts()


def test_a_change_is_compared_with_the_one_before_or_with_the_original_as_one_likes():
    """Ten moves of one place each, and no message told of the original."""
    panel = rw.SessionPanel(user="42")
    original, newest = panel.shown.answer, str(panel.person.history[-1])
    for _ in range(4):
        panel.act("earlier", newest)
    before = panel.shown.previous
    assert original.person.history.tolist() != before.person.history.tolist()
    panel.act("base", "original")
    assert "Since the original: " in message(panel)
    assert panel.shown.previous.person.history.tolist() == original.person.history.tolist()
    assert panel.shown.moved == moves(original, panel.shown.answer)
    panel.act("base", "last")
    assert "Since the original" not in panel.shown.message.text
    assert panel.shown.previous.person.history.tolist() == before.person.history.tolist()


def test_a_history_of_ones_own_has_no_original_that_would_take_its_films_away():
    panel = rw.SessionPanel(user="42")
    panel.act("edit", "")
    assert "Back to the original" in html(panel, "rw-own")
    panel.act("you", "")
    for title in ("alien", "fargo", "toy story"):
        panel.act("add-title", title)
    assert len(panel.person.history) == 3
    assert "Back to the original" not in html(panel, "rw-own") and "Back to user 42" in html(panel, "rw-own")


def test_a_timeline_leaves_room_for_where_the_selected_film_is_now():
    panel = rw.SessionPanel(user="50")
    panel.selected = 1
    panel.selected = 0
    lines = lambda: len(page(panel, "rw-reason").all("button", "rw-out"))  # noqa: E731
    assert not panel.shown.away and lines() == 9
    panel.epoch = 1
    assert panel.shown.away and lines() == 7


def test_moves_and_changes_are_said_in_words():
    panel = rw.SessionPanel(user="42")
    before = panel.shown.answer
    panel.act("drop", f"film:{panel.person.history[-1]}")
    after = panel.shown.answer
    words = moves(before, after)
    for item, word in words.items():
        new = after.top.tolist().index(item)
        if word == "new":
            assert item not in before.top
        else:
            assert abs(before.top.tolist().index(item) - new) == int(word[1:])
    assert what_changed(before, before, "Nothing.").text == "The list stays as it was."
    assert Edited(None, (1, 2, 3)).move(3, -5).items == (3, 1, 2)


def test_the_time_line_goes_to_kept_epochs():
    panel = rw.GNNPanel(user="42")
    kept = panel.training.steps
    missing = next(step for step in range(1, kept[-1]) if step not in kept)
    panel.act("epoch", str(missing))
    before = max(step for step in kept if step < missing)
    assert panel.epoch == before, "the kept epoch at or before"
    panel.epoch = panel.history.last.step
    panel.epoch = missing
    assert panel.epoch == before and f"epoch {before} of {kept[-1]}" in html(panel, "rw-transport")
    with pytest.raises(ValueError, match="epoch must be from 1"):
        panel.epoch = 99


def test_compare_counts_shared_films_and_lamps_change_the_numbers():
    panel = rw.ComparePanel(user="42")
    tops = [set(found.top.tolist()) for found in panel.answers.values()]
    shared = set.intersection(*tops)
    assert (f"{len(shared)} film" in html(panel, "rw-list")) == bool(shared)
    honest = {row.name: row.values["ndcg"][0] for row in panel.rows}
    panel.act("check", "seed")
    lucky = {row.name: row.values["ndcg"][0] for row in panel.rows}
    assert all(lucky[name] > honest[name] for name in ("gnn", "knn", "session"))
    assert honest["session"] == pytest.approx(rw.evaluate(panel.models["session"], panel.split)["ndcg"])
    panel.act("film-of", str(panel.shown.answer.top[0]))
    assert (
        page(panel, "rw-cases").one("p", "rw-where").text.startswith(panel.shown.answer.full_title(panel._parts.item))
    )


def test_any_users_history_is_edited_in_place_and_closing_keeps_the_change():
    panel = rw.GNNPanel(user="42")
    before, n = panel.shown.answer.top.tolist(), len(panel.person.history)
    panel.act("edit", "")
    assert "The history of user 42" in editor(panel) and f"{n} films, newest first" in editor(panel)
    assert panel.shown.answer.top.tolist() == before, "opening changes nothing"
    newest = int(panel.person.history[-1])
    panel.act("remove", str(newest))
    assert len(panel.person.history) == n - 1 and panel.person.user is not None and panel.shown.previous is not None
    panel.act("add-title", "fargo")
    assert len(panel.person.history) == n
    changed = panel.shown.answer.top.tolist()
    panel.act("edit", "")
    assert editor(panel) == "" and panel.shown.answer.top.tolist() == changed
    panel.act("user", "42")
    assert panel.shown.answer.top.tolist() == before


def test_edit_opens_and_closes_the_history_shown_and_you_goes_back_to_the_user():
    panel = rw.KNNPanel(user="42")
    panel.act("you", "")
    panel.act("add-title", "fargo")
    panel.act("edit", "")
    assert panel.person.user is None and not editor(panel) and len(panel.person.history) == 1
    panel.act("you", "")
    panel.act("edit", "")
    assert panel.person.user is not None and "The history of user 42" in editor(panel)


def test_the_compare_panel_edits_a_users_history_for_all_models():
    panel = rw.ComparePanel(user="42")
    panel.act("edit", "")
    assert "The history of user 42" in editor(panel)
    newest = int(panel.person.history[-1])
    panel.act("remove", str(newest))
    assert all(newest not in answer.person.history for answer in panel.answers.values())


def test_the_panel_offers_its_setup_and_saves_its_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panel = rw.SessionPanel(user="42")
    assert page(panel, "rw-drawer-more").one("button", data_copy='rw.SessionPanel(user="42")')
    panel.user = "414"
    assert page(panel, "rw-drawer-more").one("button", data_copy='rw.SessionPanel(user="414")')
    panel.act("save", "")
    folder = tmp_path / "recwidgets-session-user-414"
    assert sorted(path.name for path in folder.iterdir()) == ["recommendations.csv", "run.json"]
    assert panel.shown.message.lead == "Saved." and folder.name in panel.shown.message.text
    assert "rw-hide-tools" in rw.SessionPanel(hide=["tools"])._dom_classes


def test_motion_can_be_switched_off_on_the_panel():
    panel = rw.GNNPanel(user="42")
    assert "Motion on" in html(panel, "rw-drawer-more")
    panel.act("motion", "still")
    assert "Motion off" in html(panel, "rw-drawer-more") and "rw-still" in panel._dom_classes
    assert panel.chart.figure.animation_duration == 0
    panel.act("motion", "moving")
    assert "rw-still" not in panel._dom_classes and panel.chart.figure.animation_duration > 0
    assert "Motion off" in html(rw.GNNPanel(user="42", animate=False), "rw-drawer-more")


def test_put_it_back_keeps_the_editor_open_and_clearing_keeps_the_user():
    panel = rw.SessionPanel(user="42")
    panel.act("drop", f"film:{panel.person.history[-1]}")
    n = len(panel.person.history)
    panel.act("edit", "")
    panel.act("undo", "")
    assert "The history of user 42" in editor(panel) and len(panel.person.history) == n + 1
    panel.act("clear", "")
    assert panel.person.user is not None and not len(panel.person.history)
    assert panel.shown.message.buttons[0][1] == "undo"
    panel.act("undo", "")
    assert len(panel.person.history) == n + 1


def test_what_was_picked_comes_back_after_looking_at_the_user():
    panel = rw.KNNPanel(user="42")
    panel.act("you", "")
    panel.act("add-title", "fargo")
    assert panel.shown.message.lead == "You added Fargo (1996)."
    assert panel.shown.message.buttons[0][:2] == ("Undo", "undo"), "not Put it back: nothing was out"
    panel.act("you", "")
    assert panel.shown.message is None and panel.person.user is not None
    panel.act("undo", "")
    assert panel.person.user is None and len(panel.person.history) == 1


def test_a_saved_run_says_whose_history_it_was_and_overwrites_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panel = rw.KNNPanel(user="42")
    panel.act("save", "")
    panel.act("save", "")
    panel.act("you", "")
    panel.act("add-title", "fargo")
    panel.act("save", "")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["recwidgets-knn-user-42", "recwidgets-knn-user-42-2", "recwidgets-knn-you"]
    card = json.loads((tmp_path / "recwidgets-knn-you" / "run.json").read_text())
    fargo = panel.train_data.items[panel.person.history[0]]
    assert card["state"]["edited"] == {"you": [fargo]}
    assert card["setup"] == panel.setup() == f'rw.KNNPanel(user="42", edited={{"you": ["{fargo}"]}})'
    first = json.loads((tmp_path / "recwidgets-knn-user-42" / "run.json").read_text())
    assert first["state"] == {"user": "42"} and first["setup"] == 'rw.KNNPanel(user="42")'


@pytest.mark.parametrize("name", ["gnn", "session"])
def test_several_films_taken_out_say_what_they_had_added_and_why_the_rest_changed(panels, name):
    panel = panels[name](user="168")
    before, scores = panel.shown.reason, panel.shown.answer.scores
    out = panel.person.history[-6:-1].tolist()
    panel.act("take-out", "film:" + " ".join(map(str, out)))
    message, after = panel.shown.message, panel.shown.reason
    assert message.buttons[0][0] == "Put them back"
    added = sum(in_why(before)[panel.data.items[one]] for one in out)
    said = f"What was taken out had added {minus(added)} beyond as much of the average user"
    assert f"{said}; those that are left weigh more now" in message.more
    if after.item == before.item:
        shared = [
            sum(line.value for line in why.lines if line.kind in ("popular", "average")) for why in (before, after)
        ]
        words = f"“What all users get” went from {minus(shared[0], 2)} to {minus(shared[1], 2)}"
        assert (words in message.more) == (minus(shared[0], 2) != minus(shared[1], 2))
    panel.act("undo", "")
    assert (panel.shown.answer.scores == scores).all()


def test_a_change_of_rank_is_told_with_what_the_films_on_the_way_lost():
    data = random_table(np.random.default_rng(0), 3, 6)
    person = Person(None, np.zeros(0, np.int32))
    old, new = (
        Answer(data, None, person, np.array(scores, np.float32), np.argsort(-np.array(scores)), frozenset())
        for scores in ([5.0, 4.0, 3.0, 2.0, 1.0, 0.0], [2.0, 2.5, 2.9, 1.0, 0.5, 0.0])
    )
    title = cut(new.title(2)[0], TITLE)
    told = why_moved(old, new, 2)
    assert (
        told == f"Why: the score of {title} fell by 0.10, that of the 2 films that it passed fell by 2.25 on average."
    )
    assert why_moved(new, old, 2).endswith("that of the 2 films that passed it rose by 2.25 on average.")
    assert why_moved(old, new, 5) == "", "it stayed where it was"
    assert told in what_changed(old, new, "You did it.", 2).more
