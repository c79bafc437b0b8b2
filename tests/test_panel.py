"""The panel without a browser: one answer in all views, acts of the learner, training beside clicks."""

import asyncio
import re
import threading
from dataclasses import replace

import numpy as np
import pytest
from pages import html, message, page, rows, status, titles, tree, until
from worlds import BATCHES, DEADLINE, HOSTILE, Failing, Fixed, Held, Svd, random_table, table, trained

import recwidgets as rw
from recwidgets._found import named_classes
from recwidgets.answer import softmax_shares
from recwidgets.core import person_of
from recwidgets.data import UnknownUser
from recwidgets.models.popularity import Popularity
from recwidgets.training import TrainingHistory

CLASSES = (
    "header",
    "status",
    "user",
    "you",
    "chart",
    "list",
    "why",
    "curve",
    "train",
    "pause",
    "step",
    "reset",
    "epoch",
)


@pytest.fixture
def split():
    return random_table(np.random.default_rng(13), 18, 30, density=0.4).split("temporal", test=0.25, validation=0.15)


@pytest.fixture
def made():
    """Makes panels, and stops what they train when the test is over."""
    panels = []

    def make(data, model, *arguments, **options):
        panels.append((rw.Panel(data, model, *arguments, **options), model))
        return panels[-1][0]

    yield make
    for panel, model in panels:
        if isinstance(model, Held):
            model.let(10_000)
        panel.close()


@pytest.fixture
def panel(made, split):
    model = Svd()
    return made(split, model, history=rw.fit(model, split.train, split.validation, epochs=4, progress=False))


def assert_one_answer(panel):
    """List, chart and why show what the model says of this user at this epoch, worked out afresh."""
    event = panel.history.at(panel.epoch)
    view = panel.training.model.at(event.snapshot, **panel.state.values(panel.world))
    found = rw.recommend(view, panel.train_data, panel.user, min(10, panel.train_data.n_items))
    expected = [f"{name} ({year})" for name, year in map(rw.display_title, found.titles)]
    assert titles(panel) == expected
    assert [row["aria-pressed"] for row in rows(panel)].index("true") == panel.selected
    newest = panel.history.last.step
    when = f"epoch {panel.epoch} of {newest}" if panel.history.counted else "epochs not known"
    assert page(panel, "rw-list").one("h3").text == f"Top {len(expected)} for user {panel.user} · {when}"
    alt = page(panel, "rw-chart").one("p", "rw-cap", data_alt=page(panel, "rw-chart").all("p")[0]["data-alt"])[
        "data-alt"
    ]
    assert all(title in alt for title in expected[:3])
    unseen = np.delete(view.scores(panel.user), person_of(panel.train_data, panel.user).history)
    shares, _ = softmax_shares(found.scores, unseen)
    drawn = {place: panel.chart.pie.sizes[n] for n in range(4) if (place := panel.chart.list_index(n)) >= 0}
    assert drawn == pytest.approx({place: shares[place] for place in range(min(3, len(shares)))}, abs=1e-6)
    assert page(panel, "rw-why").one("h3").text == f"Why {expected[panel.selected]}?"
    why = view.explain(panel.user, found.items[panel.selected])
    reason = panel.shown.reason
    assert reason.item == found.items[panel.selected] and reason.score == pytest.approx(why.score, abs=1e-4)
    assert page(panel, "rw-reason").one("p", "rw-headline")["title"] == reason.headline
    words = page(panel, "rw-reason").one("p", "rw-flow-score").text.replace("−", "-")
    shown = re.search(r"-?[\d.]+$", words)[0]
    assert float(shown) == pytest.approx(why.score, abs=0.5 * 10 ** -len(shown.partition(".")[2]) + 1e-4)
    assert f"User {panel.user}" in page(panel, "rw-user").one(name="rw-facts").text
    assert when in html(panel, "rw-transport")


# ------------------------------------------------------------------ making one


def test_every_region_is_there_once_under_its_published_class(panel):
    names = [name for widget in tree(panel) for name in widget._dom_classes]
    tags = page(panel).tags
    for short in CLASSES:
        name = f"rw-{short}"
        assert names.count(name) + sum(tag.has(name) for tag in tags) == 1, name
    assert {"rw-panel", "rw-svd"} <= set(panel._dom_classes)
    assert names.count("rw-message") == 1
    assert len(page(panel).all(name="rw-knob")) == len(Svd.knobs)


def test_interactions_are_split_in_time_and_a_split_is_taken_as_it_is(made, split):
    whole = random_table(np.random.default_rng(1), 8, 12)
    own = made(whole, trained(whole))
    parts = (own.train_data, own.split.validation, own.held_out)
    assert sum(map(len, parts)) == len(whole) and all(map(len, parts))
    for user in range(8):
        kept = own.train_data.time[own.train_data.rows_of(user)]
        held = own.held_out.time[own.held_out.rows_of(user)]
        assert not len(held) or kept.max() <= held.min()
    assert made(split, Svd()).train_data is split.train


def test_the_panel_opens_with_an_answer_for_a_user_of_middling_length(panel):
    lengths = sorted(len(panel.train_data.history(user)) for user in range(18))
    assert len(panel.train_data.history(panel.train_data.user_index(panel.user))) == lengths[9]
    assert panel.epoch == 4
    assert panel.selected == 0
    assert_one_answer(panel)
    assert status(panel) == "Ready · trained before"


def test_only_the_shipped_arrays_on_the_data_they_were_made_from_are_called_pretrained(made):
    with_shipped = rw.KNNPanel(user="42")
    split = with_shipped.split
    assert status(with_shipped) == "Ready · pretrained"
    with_shipped.close()
    mine = rw.Popularity()
    own = made(split, mine, history=rw.fit(mine, split.train, epochs=1, progress=False))
    assert status(own) == "Ready · trained before"


def test_the_first_user_can_be_chosen(made, split):
    assert made(split, trained(split.train), user="u7").user == "u7"
    with pytest.raises(UnknownUser, match="got 'nobody'"):
        made(split, trained(split.train), user="nobody")


def test_of_a_model_trained_without_its_history_no_epoch_is_known(made, split):
    panel = made(split, trained(split.train, epochs=9))
    assert panel.epoch == 0 and len(panel.history.events) == 1
    assert_one_answer(panel)


def test_an_untrained_model_says_what_to_do(made, split):
    panel = made(split, Svd())
    assert not rows(panel)
    assert "Press Train" in page(panel, "rw-list").one(name="rw-empty").text
    assert status(panel) == "Not trained yet"
    assert panel.epoch == 0
    assert "no epoch yet" in html(panel, "rw-transport")
    panel.user = "u3"
    assert "u3" in page(panel, "rw-user").one(name="rw-facts").text
    with pytest.raises(ValueError, match="epoch must be 0: nothing is trained yet, got 1"):
        panel.epoch = 1


def test_the_header_counts_what_there_is(panel, split):
    n = sum(map(len, (split.train, split.validation, split.test)))
    assert f"18 users × 30 films · {n} ratings" in page(panel, "rw-handles").one("span", "rw-data").text


def test_motion_can_be_switched_off(made, split):
    still = made(split, trained(split.train), animate=False)
    assert still.chart.figure.animation_duration == 0
    assert "rw-still" in still._dom_classes
    still.act("motion", "moving")
    assert still.chart.figure.animation_duration > 0
    assert "rw-still" not in still._dom_classes


def test_hostile_titles_and_names_do_no_harm(made):
    data = random_table(np.random.default_rng(3), 10, 15, titles=[HOSTILE] * 15, name=HOSTILE)
    panel = made(data, trained(data.split("temporal").train))
    panel.act("find", HOSTILE)
    panel.act("choose", HOSTILE + "zzz")
    for act in ("you", "clear", "film"):
        panel.act(act, HOSTILE)
    panel.act("add", "2")
    everything = page(panel)
    assert not everything.all("script")
    assert not [name for tag in everything.tags for name in tag.attributes if name.startswith("on")]


@pytest.mark.parametrize("chart", ["bars", rw.Columns])
def test_a_model_that_names_a_chart_which_is_none_is_told_which_there_are(chart):
    split = rw.planted(n_users=60, n_items=80, seed=1).data.split("temporal", test=0.2)
    model = type("Mine", (rw.Popularity,), {"chart": chart})()
    rw.fit(model, split.train, progress=False)
    names = ", ".join(map(repr, named_classes("charts")))
    with pytest.raises(ValueError, match=f"a model's chart must be one of {names}, got"):
        rw.Panel(split, model)


@pytest.mark.parametrize("chart", [rw.Pie, rw.Polygon, rw.Columns])
@pytest.mark.parametrize("make", [Popularity, Svd])
def test_every_chart_goes_with_every_model(made, split, chart, make):
    model = make()
    history = rw.fit(model, split.train, epochs=2, progress=False)
    panel = made(split, model, chart(), history=history)
    panel.user = "u5"
    assert len(rows(panel)) == 10
    assert not message(panel)


def test_a_user_without_a_film_and_one_who_has_seen_all_are_shown(made):
    data = table([(0, n) for n in range(6)] + [(1, 0), (1, 2), (3, 1)], 4, 6)
    panel = made(rw.Split(data, data.take([]), data.take([]), "temporal", 0, None), trained(data))
    panel.user = "u1"
    assert "seen" in page(panel, "rw-list").one(name="rw-empty").text
    panel.user = "u3"
    assert "Nothing rated yet" in html(panel, "rw-user")
    assert len(rows(panel)) == 6
    assert not message(panel)


# ------------------------------------------------------------------ one answer, whatever happens


@pytest.mark.parametrize("user", ["u1", "u9", "u18"])
def test_a_change_of_user_changes_every_view(panel, user):
    panel.selected = 4
    panel.user = user
    assert panel.selected == 0
    assert_one_answer(panel)


@pytest.mark.parametrize("epoch", [1, 2, 3, 4])
def test_the_time_machine_puts_every_view_back(panel, epoch):
    panel.epoch = epoch
    assert_one_answer(panel)
    loss = panel.history.metrics[epoch]["loss"]
    assert f"epoch {epoch}: {loss:.3f}" in page(panel, "rw-curve").all("p")[0].text


@pytest.mark.parametrize("place", [0, 3, 9])
def test_a_row_a_slice_and_code_select_the_same_way(panel, place):
    panel.act("select", str(place))
    assert panel.selected == place
    assert_one_answer(panel)
    panel.selected = 0
    panel.selected = place
    assert_one_answer(panel)


def test_a_click_in_the_chart_selects_the_film(panel):
    index = next(n for n in range(4) if panel.chart.list_index(n) == 2)
    panel.chart.pie.selected = [index]
    assert panel.selected == 2
    assert list(panel.chart.pie.selected) == [index]
    assert_one_answer(panel)


def test_a_film_stays_selected_from_epoch_to_epoch(panel):
    panel.selected = 5
    film = rows(panel)[5]["title"]
    panel.epoch = 3
    assert_one_answer(panel)
    listed = titles(panel)
    assert panel.selected == (listed.index(film) if film in listed else 0)


def test_a_knob_that_answers_at_once_changes_every_view(panel):
    before = html(panel, "rw-list")
    panel.act("knob:shrink", "8")
    assert panel.model.values["shrink"] == panel.state.values(panel.world)["shrink"] == 8
    assert html(panel, "rw-list") != before
    assert_one_answer(panel)


def test_any_walk_keeps_the_views_together(panel):
    generator = np.random.default_rng(0)
    for _ in range(40):
        act = generator.integers(6)
        if act == 0:
            panel.user = f"u{generator.integers(1, 19)}"
        elif act == 1:
            panel.epoch = int(generator.integers(1, 5))
        elif act == 2:
            panel.selected = int(generator.integers(0, len(rows(panel))))
        elif act == 3:
            panel.act("knob:shrink", str(generator.integers(0, 11)))
        else:
            panel.act(("next", "previous", "random")[act - 3], "")
        assert_one_answer(panel)
    assert not message(panel)


# ------------------------------------------------------------------ what is refused changes nothing


def test_an_unknown_user_is_refused_and_the_panel_stays(panel):
    before, user = html(panel), panel.user
    with pytest.raises(UnknownUser, match=r"user must be one of 18 ids \('u1' … 'u18'\), got 'u99'"):
        panel.user = "u99"
    assert panel.user == user
    assert html(panel) == before


@pytest.mark.parametrize("epoch", [0, 5, -1])
def test_an_epoch_that_is_none_is_refused_and_the_panel_stays(panel, epoch):
    before = html(panel)
    with pytest.raises(ValueError, match=f"epoch must be from 1 to 4, got {epoch}"):
        panel.epoch = epoch
    assert panel.epoch == 4
    assert html(panel) == before


@pytest.mark.parametrize("place", [-1, 10, 99])
def test_a_place_that_is_none_is_refused_and_the_panel_stays(panel, place):
    before = html(panel)
    with pytest.raises(ValueError, match=f"selected must be from 0 to 9 .*, got {place}"):
        panel.selected = place
    assert html(panel) == before


# ------------------------------------------------------------------ acts: who


def test_typing_finds_users_and_choosing_takes_one(panel):
    panel.act("find", "u1")
    options = page(panel, "rw-user").all("li", role="option")
    assert options[0]["data-value"] == "u1"
    assert page(panel, "rw-user").one("input")["value"] == "u1"
    panel.act("user", options[1]["data-value"])
    assert panel.user == options[1]["data-value"]
    assert not page(panel, "rw-user").all("li")
    panel.act("choose", "user u4")
    assert panel.user == "u4"
    assert page(panel, "rw-user").one("input")["value"] == "User u4"
    assert_one_answer(panel)


def test_choosing_nobody_says_who_there_is(panel):
    user = panel.user
    panel.act("choose", "zzz <b>")
    assert panel.user == user
    assert "There is no user zzz <b>." in message(panel)
    assert f"u1 to u18. The panel still shows user {user}." in message(panel)
    assert page(panel, "rw-user").one("input")["aria-invalid"] == "true"
    offered = page(panel, "rw-message").all("button")
    assert [(button["data-act"], button["data-value"]) for button in offered] == [("user", "u18"), ("random", "")]
    panel.act("user", "u18")
    assert not message(panel)
    assert_one_answer(panel)


def test_closing_the_list_puts_the_name_back(panel):
    panel.act("find", "u1")
    panel.act("close", "")
    assert page(panel, "rw-user").one("input")["value"] == f"User {panel.user}"
    assert not page(panel, "rw-user").all("li")


def test_previous_and_next_go_round(panel):
    panel.user = "u1"
    panel.act("previous", "")
    assert panel.user == "u18"
    panel.act("next", "")
    assert panel.user == "u1"
    panel.act("next", "")
    assert panel.user == "u2"


def test_random_is_somebody_else(panel):
    for _ in range(20):
        before = panel.user
        panel.act("random", "")
        assert panel.user != before
        assert panel.user in panel.train_data.users


# ------------------------------------------------------------------ acts: a history of one's own


def test_you_can_make_a_history_and_go_back(panel):
    user = panel.user
    panel.act("you", "")
    assert page(panel, "rw-user").one(name="rw-you")["aria-pressed"] == "true"
    assert "No films yet" in page(panel, "rw-list").one(name="rw-empty").text
    panel.act("add", "3")
    panel.act("add", "8")
    expected = rw.recommend(panel.model, panel.train_data, ["f4", "f9"])
    assert titles(panel) == [f"{name} ({year})" for name, year in map(rw.display_title, expected.titles)]
    assert page(panel, "rw-list").one("h3").text == "Top 10 for you · epoch 4 of 4"
    panel.act("user", user)
    assert page(panel, "rw-user").one(name="rw-you")["aria-pressed"] == "false"
    assert_one_answer(panel)


def test_a_dropped_film_changes_the_answer_and_can_be_put_back(panel):
    before = html(panel, "rw-list")
    history = panel.train_data.history(panel.train_data.user_index(panel.user))
    panel.act("drop", f"film:{history[0]}")
    assert history[0] not in panel.person.history
    assert message(panel).startswith("You took out ")
    listed = titles(panel)
    dropped = rw.display_title(str(panel.train_data.titles[history[0]]))
    assert f"{dropped[0]} ({dropped[1]})" not in listed
    panel.act("undo", "")
    assert html(panel, "rw-list") == before
    assert_one_answer(panel)


def test_the_order_of_a_history_can_be_changed(panel):
    panel.act("you", "")
    for film in ("1", "2", "3"):
        panel.act("add", film)
    panel.act("earlier", "3")
    assert panel.person.history.tolist() == [1, 3, 2]
    panel.act("later", "1")
    assert panel.person.history.tolist() == [3, 1, 2]
    panel.act("remove", "1")
    assert panel.person.history.tolist() == [3, 2]
    panel.act("undo", "")
    assert panel.person.history.tolist() == [3, 1, 2]
    panel.act("clear", "")
    assert panel.person.history.tolist() == []


def test_a_film_that_is_none_is_said(panel):
    panel.act("you", "")
    panel.act("add-title", "no such film")
    assert "There is no film called no such film." in message(panel)


# ------------------------------------------------------------------ acts: settings, and what goes wrong


def test_epochs_and_learning_rate_are_for_the_next_training(panel):
    panel.act("epochs", "7")
    assert page(panel, "rw-drawer-more").one("input", data_change="epochs")["aria-valuetext"] == "7"
    panel.train()
    assert panel.history.total == 7
    rates = page(panel, "rw-drawer-more").one("input", data_change="rate")
    panel.act("rate", "0")
    assert panel.state.rate == pytest.approx(0.0003)
    panel.train()
    assert panel.model.learning_rate == pytest.approx(0.0003)
    assert rates["max"] == page(panel, "rw-drawer-more").one("input", data_change="rate")["max"]


def test_the_models_own_learning_rate_stays_on_the_slider_after_a_training_with_another(made, split):
    panel = made(split, Svd(epochs=1, learning_rate=0.05))
    own = panel.training.rates.index(0.05)
    for rate in (0, own):
        panel.act("rate", str(rate))
        panel.train()
        assert panel.training.rates[own] == 0.05
        assert panel.model.learning_rate == panel.training.rates[rate]
    panel.act("rate", "0")
    panel.reset()
    assert panel.training.rates[own] == 0.05


@pytest.mark.parametrize(
    ("act", "value"),
    [("epoch", "x"), ("select", "99"), ("select", "x"), ("rate", "99"), ("user", "nobody"), ("knob:none", "1")],
)
def test_what_goes_wrong_in_an_act_is_said_and_the_panel_lives_on(panel, act, value):
    panel.act(act, value)
    assert "That did not work:" in message(panel)
    panel.user = "u2"
    assert not message(panel)
    assert_one_answer(panel)


@pytest.mark.parametrize("act", ["explode", ""])
def test_an_act_that_does_not_exist_is_said_and_changes_nothing_else(panel, act):
    regions = ("rw-list", "rw-why", "rw-chart", "rw-transport")
    before, state = [html(panel, name) for name in regions], panel.state
    panel.act(act, "")
    assert message(panel).startswith("That did not work: act must be one of add, add-title, ")
    assert [html(panel, name) for name in regions] == before
    assert panel.state == replace(state, message=panel.state.message, item=panel.state.item)


def test_an_error_of_the_model_is_a_sentence_with_its_details(panel, monkeypatch):
    def broken(self, user):
        raise RuntimeError("the <b>model</b> is broken")

    monkeypatch.setattr(Svd, "scores", broken)
    panel.user = "u2"
    assert "That did not work: the <b>model</b> is broken" in message(panel)
    assert "RuntimeError" in page(panel, "rw-message").one("pre").text
    monkeypatch.undo()
    panel.user = "u3"
    assert not message(panel)
    assert_one_answer(panel)


def test_the_slider_of_the_time_machine_stops_at_what_there_is(panel):
    panel.act("epoch", "2")
    assert panel.epoch == 2
    panel.act("epoch", "900")
    assert panel.epoch == 4
    assert_one_answer(panel)


# ------------------------------------------------------------------ training in a plain script


def test_in_a_script_training_is_over_when_train_returns(made, split):
    panel = made(split, Svd(epochs=5))
    panel.train()
    assert [event.step for event in panel.history.events] == [1, 2, 3, 4, 5]
    assert panel.epoch == 5
    assert status(panel) == "Ready · trained here"
    assert_one_answer(panel)
    assert "rw-progress" not in html(panel)


def test_in_a_script_a_step_is_one_epoch(made, split):
    panel = made(split, Svd(epochs=3))
    for step in (1, 2):
        panel.step()
        assert panel.epoch == step
        assert status(panel) == f"Paused after {step} of 3 · Train goes on"
        assert_one_answer(panel)
    panel.train()
    assert panel.epoch == 3
    assert status(panel) == "Ready · trained here"


def test_training_anew_starts_a_new_history_and_the_trained_model_can_come_back(panel):
    old = panel.history
    panel.act("epochs", "2")
    panel.train()
    assert panel.history is not old
    assert panel.epoch == 2
    panel.reset()
    assert panel.epoch == 0
    assert not rows(panel)
    assert "Forgotten." in message(panel)
    assert page(panel, "rw-message").one("button")["data-act"] == "pretrained"
    panel.act("pretrained", "")
    assert panel.history is old
    assert panel.epoch == 4
    assert_one_answer(panel)


def test_a_class_of_ones_own_can_be_trained_and_shown(made, split):
    rng = np.random.default_rng(0)
    model = Fixed(split.train, rng.normal(size=(18, 30)))
    model.explain = Popularity().learn(split.train).explain
    panel = made(split, model)
    panel.act("epochs", "2")
    panel.train()
    assert panel.epoch == 2
    assert titles(panel) == [
        f"{name} ({year})" for name, year in map(rw.display_title, rw.recommend(model, split.train, panel.user).titles)
    ]
    assert {"rw-panel", "rw-own"} <= set(panel._dom_classes)


def test_pausing_and_stopping_what_does_not_run_is_harmless(panel):
    before = html(panel)
    panel.pause()
    panel.stop()
    assert html(panel) == before


# ------------------------------------------------------------------ training in a notebook, on an event loop


async def waits(model):
    """Until the training waits inside a batch."""
    assert await asyncio.to_thread(model.waiting.wait, DEADLINE)


def on_a_loop(test):
    """Run a coroutine test as a notebook runs a cell: on an event loop."""

    def run(made, split):
        asyncio.run(asyncio.wait_for(test(made, split), 4 * DEADLINE))

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@on_a_loop
async def test_train_returns_at_once_and_the_page_follows(made, split):
    model = Held(epochs=3)
    panel = made(split, model)
    panel.train()
    await waits(model)
    assert "Getting ready" in status(panel) or "Training 1 of 3" in status(panel)
    assert page(panel).all(name="rw-progress")
    assert "disabled" in page(panel).one("button", "rw-train").attributes
    assert "disabled" not in page(panel).one("button", "rw-pause").attributes
    model.let(BATCHES)
    await until(lambda: panel.epoch == 1)
    assert_one_answer(panel)
    assert "epoch 1 of 1 · live" in html(panel, "rw-transport")
    model.let(2 * BATCHES)
    await until(lambda: "trained here" in status(panel))
    assert panel.epoch == 3
    assert status(panel) == "Ready · trained here"
    assert not page(panel).all(name="rw-progress")
    assert_one_answer(panel)


@on_a_loop
async def test_a_pause_holds_between_two_batches_and_train_goes_on_from_there(made, split):
    model = Held(epochs=2)
    panel = made(split, model)
    panel.train()
    await waits(model)
    panel.pause()
    assert status(panel) == "Pausing … · Train goes on", "the batch under way comes to its end"
    model.let(1)
    await until(lambda: status(panel) == "Paused after 0 of 2 · Train goes on")
    assert model.reached == [0, 1]  # it stands before the second batch, and is told to wait
    model.let(BATCHES)
    panel.user = "u5"
    await asyncio.sleep(0)
    assert model.reached == [0, 1]
    assert panel.history.last is None
    panel.train()
    await until(lambda: panel.epoch == 1)
    model.let(2 * BATCHES)
    await until(lambda: "trained here" in status(panel))
    alone = trained(split.train, epochs=2)
    np.testing.assert_array_equal(panel.history.last.snapshot["films"], alone.snapshot["films"])


@on_a_loop
async def test_a_pause_while_an_epoch_is_measured_shows_that_epoch_before_it_says_that_it_paused(made, split):
    """What the worker has in hand is shown while the panel says that it is pausing; once it is paused nothing comes."""

    class Measured(Svd):
        def _epochs(self, data, total, between_batches):
            for result in super()._epochs(data, total, between_batches):
                measuring.set()
                assert measured.wait(DEADLINE)
                yield result

    measuring, measured, said = threading.Event(), threading.Event(), []
    panel = made(split, Measured(epochs=50))
    panel.train()
    assert await asyncio.to_thread(measuring.wait, DEADLINE)
    panel.pause()
    panel.pause()  # pressed twice it is still one
    assert status(panel) == "Pausing … · Train goes on" and panel.training.newest == 0

    def seen(change):
        said.append((status(panel).split(" ·")[0], panel.training.newest))

    panel._parts.regions.transport.observe(seen, "html")
    measured.set()
    await until(lambda: "Paused" in status(panel))
    assert status(panel) == "Paused after 1 of 50 · Train goes on" and panel.epoch == 1
    assert {newest for word, newest in said if word.startswith("Paused")} == {1}
    panel.pause()
    assert "Paused" in status(panel)
    panel.step()
    await until(lambda: status(panel).startswith("Paused after 2"))
    panel.train()
    panel.pause()  # before the worker has gone on, or after
    await until(lambda: status(panel).startswith("Paused after"))


@on_a_loop
async def test_a_pause_that_is_taken_back_at_once_is_forgotten(made, split):
    """The word that it paused comes after Train was pressed again: it is old news."""
    model = Held(epochs=2)
    panel = made(split, model)
    panel.train()
    await waits(model)
    panel.pause()
    model.let(1)
    await until(lambda: model.reached == [0, 1])
    panel.train()
    await until(lambda: "Training" in status(panel) and model.waiting.is_set())
    model.let(BATCHES)
    await until(lambda: panel.epoch == 1)
    assert "Training 2 of 2" in status(panel)


@on_a_loop
async def test_a_user_can_be_chosen_while_training(made, split):
    model = Held(epochs=3)
    panel = made(split, model)
    panel.train()
    model.let(BATCHES)
    await until(lambda: panel.epoch == 1)
    await waits(model)
    for user in ("u2", "u11"):
        panel.user = user
        panel.selected = 1
        assert_one_answer(panel)
    model.let(BATCHES)
    await until(lambda: panel.epoch == 2)
    assert panel.user == "u11"
    assert_one_answer(panel)


@on_a_loop
async def test_whoever_looks_back_stays_there_while_training_goes_on(made, split):
    model = Held(epochs=4)
    panel = made(split, model)
    panel.train()
    model.let(2 * BATCHES)
    await until(lambda: panel.epoch == 2)
    panel.epoch = 1
    assert "live" not in page(panel, "rw-transport").one("output", "rw-hidden").text
    model.let(BATCHES)
    await until(lambda: panel.history.last.step == 3)
    assert panel.epoch == 1
    assert_one_answer(panel)
    panel.epoch = 3
    model.let(BATCHES)
    await until(lambda: panel.epoch == 4)
    assert_one_answer(panel)


@on_a_loop
async def test_a_step_pauses_after_one_epoch(made, split):
    model = Held(epochs=3)
    panel = made(split, model)
    model.let(3 * BATCHES)
    for step in (1, 2):
        panel.step()
        await until(lambda step=step: panel.epoch == step and "Paused" in status(panel))
        assert status(panel) == f"Paused after {step} of 3 · Train goes on"
        assert "disabled" not in page(panel).one("button", "rw-step").attributes
        assert_one_answer(panel)
    panel.step()
    await until(lambda: "trained here" in status(panel))
    assert panel.epoch == 3


@on_a_loop
async def test_a_reset_forgets_and_training_starts_from_nothing(made, split):
    model = Held(epochs=2)
    panel = made(split, model)
    panel.train()
    model.let(BATCHES)
    await until(lambda: panel.epoch == 1)
    await waits(model)
    panel.reset()
    assert panel.epoch == 0
    assert panel.history.last is None
    assert not rows(panel)
    assert "Forgotten." in message(panel)
    assert not page(panel, "rw-message").all("button")  # nothing was trained before that could come back
    assert "disabled" not in page(panel).one("button", "rw-train").attributes
    panel.train()
    model.let(4 * BATCHES)
    await until(lambda: "trained here" in status(panel))
    assert [event.step for event in panel.history.events] == [1, 2]
    assert_one_answer(panel)
    alone = trained(split.train, epochs=2)
    np.testing.assert_array_equal(panel.history.last.snapshot["films"], alone.snapshot["films"])


@on_a_loop
async def test_a_stop_keeps_the_epochs_so_far_and_a_new_training_starts_again(made, split):
    model = Held(epochs=3)
    panel = made(split, model)
    panel.train()
    model.let(BATCHES)
    await until(lambda: panel.epoch == 1)
    panel.stop()
    assert status(panel) == "Stopped · trained here"
    model.let(BATCHES)
    panel.user = "u2"
    assert panel.epoch == 1
    assert_one_answer(panel)
    panel.train()
    model.let(4 * BATCHES)
    await until(lambda: "Ready · trained here" in status(panel))


class HeldFailing(Failing, Held):
    """Fails in its second epoch, when it is let through the first."""


@on_a_loop
async def test_a_model_that_fails_is_said_with_details_and_what_is_left(made, split):
    model = HeldFailing(epochs=3)
    panel = made(split, model)
    for said in ("", "A new training"):  # it can be tried again
        panel.train()
        assert message(panel).startswith(said) and bool(said) == bool(message(panel))
        model.let(BATCHES)
        await until(lambda: panel.epoch == 1 and "Training 2" in status(panel))
        model.let(BATCHES)
        await until(lambda: "Failed" in status(panel))
        assert status(panel) == "Failed after epoch 1"
        assert "Training stopped: the <second> epoch is broken. Epoch 1 is kept and shown." in message(panel)
        assert page(panel, "rw-message").one(role="alert")
        assert "RuntimeError" in page(panel, "rw-message").one("pre").text
        assert_one_answer(panel)


@on_a_loop
async def test_an_epoch_and_the_failure_after_it_may_come_at_once(made, split):
    model = HeldFailing(epochs=3)
    panel = made(split, model)
    before = set(threading.enumerate())
    panel.train()
    (worker,) = set(threading.enumerate()) - before
    model.let(3 * BATCHES)
    worker.join(DEADLINE)  # the loop stands still meanwhile: all has come before the page looks
    assert panel.history.last is None
    await until(lambda: "Failed" in status(panel))
    assert panel.epoch == 1
    assert "the <second> epoch is broken. Epoch 1 is kept and shown." in message(panel)
    assert_one_answer(panel)


@on_a_loop
async def test_one_training_at_a_time(made, split):
    models = Held(epochs=2), Held(epochs=2)
    first, second = (made(split, model) for model in models)
    first.train()
    await waits(models[0])
    second.train()
    await waits(models[1])
    assert "Pausing" in status(first) and "another panel began to train" in message(first), "and says why"
    assert "Paus" not in status(second) and not message(second)
    models[0].let(1)
    await until(lambda: "Paused" in status(first))
    first.train()
    assert "Pausing" in status(second)
    models[0].let(2 * BATCHES)
    await until(lambda: "trained here" in status(first))
    models[1].let(1)
    await until(lambda: models[1].reached == [0, 1])
    assert second.history.last is None


@on_a_loop
async def test_a_closed_panel_trains_no_more(made, split):
    model = Held(epochs=2)
    panel = made(split, model)
    panel.train()
    await waits(model)
    panel.close()
    model.let(10 * BATCHES)
    threads = [thread for thread in threading.enumerate() if thread.name == "recwidgets-training"]
    for thread in threads:
        await asyncio.to_thread(thread.join, DEADLINE)
    assert threads and model.reached == [0, 1]


@on_a_loop
async def test_knobs_and_settings_wait_while_training(made, split):
    model = Held(epochs=2)
    panel = made(split, model)
    panel.train()
    await waits(model)
    bars = [*page(panel, "rw-transport").all("input"), *page(panel, "rw-drawer-more").all("input")]
    locked = {bar["data-change"]: "disabled" in bar.attributes for bar in bars if bar["data-change"] != "epoch"}
    assert locked == {"epochs": True, "rate": True, "knob:shrink": False, "knob:dim": True}


def test_a_history_from_elsewhere_is_shown_as_it_is(made, split):
    model = Svd()
    events = list(model.steps(split.train, split.validation, epochs=3))
    panel = made(split, model, history=TrainingHistory(tuple(events[:2]), 3))
    assert panel.epoch == 2
    assert_one_answer(panel)
