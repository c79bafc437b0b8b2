"""The panel without a browser: one answer in all views, acts of the learner, training beside clicks."""

import asyncio

import numpy as np
import pytest
from worlds import BATCHES, DEADLINE, HOSTILE, Failing, Fixed, Held, Markup, Svd, random_table, table, trained

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
    return random_table(np.random.default_rng(13), 18, 30, density=0.4).split("temporal", test=0.25)


@pytest.fixture
def made():
    """Makes panels, and stops what they train when the test is over."""
    panels = []

    def make(*arguments, **options):
        panels.append(rw.Panel(*arguments, **options))
        return panels[-1]

    yield make
    for panel in panels:
        if isinstance(panel.model, Held):
            panel.model.let(10_000)
        panel.close()


@pytest.fixture
def panel(made, split):
    model = Svd()
    return made(split, model, history=rw.fit(model, split.train, split.test, epochs=4, progress=False))


# ------------------------------------------------------------------ looking at a panel as a page does


def tree(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from tree(child)


def html(panel, name=None):
    """All HTML in the region of that class, or of the whole panel."""
    roots = [w for w in tree(panel) if name is None or name in w._dom_classes]
    assert roots, f"no region {name}"
    return "".join(getattr(widget, "html", "") for widget in tree(roots[0]))


def page(panel, name=None):
    return Markup(html(panel, name))


def status(panel):
    return page(panel, "rw-header").one(name="rw-status").text


def message(panel):
    return "".join(tag.text for tag in page(panel, "rw-message").all("p"))


def rows(panel):
    return page(panel, "rw-list").all("button", "rw-row")


def assert_one_answer(panel):
    """List, chart and why show what the model says of this user at this epoch, worked out afresh."""
    event = panel.history.at(panel.epoch)
    view = panel.model.at(event.snapshot)
    found = rw.recommend(view, panel.train_data, panel.user, min(10, panel.train_data.n_items))
    titles = [f"{name} ({year})" for name, year in map(rw.display_title, found.titles)]
    assert [row["title"] for row in rows(panel)] == titles
    assert [row["aria-pressed"] for row in rows(panel)].index("true") == panel.selected
    assert page(panel, "rw-list").one("h3").text == f"Top {len(titles)} for user {panel.user}"
    alt = page(panel, "rw-chart").one("p", "rw-cap", data_alt=page(panel, "rw-chart").all("p")[0]["data-alt"])[
        "data-alt"
    ]
    assert all(title in alt for title in titles[:3])
    unseen = np.delete(view.scores(panel.user), person_of(panel.train_data, panel.user).history)
    shares, _ = softmax_shares(found.scores, unseen)
    drawn = {place: panel.chart.pie.sizes[n] for n in range(4) if (place := panel.chart.place_of(n)) >= 0}
    assert drawn == pytest.approx({place: shares[place] for place in range(min(3, len(shares)))}, abs=1e-6)
    assert page(panel, "rw-why").one("h3").text == f"Why {titles[panel.selected]}?"
    why = view.explain(panel.user, found.items[panel.selected])
    assert f"{why.score:.3f}".replace("-", "−") in html(panel, "rw-why")
    assert f"User {panel.user}" in page(panel, "rw-user").one(name="rw-facts").text
    assert f"epoch {panel.epoch} of {panel.history.last.step}" in html(panel, "rw-epoch")


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
    assert len(own.train_data) + len(own.held_out) == len(whole)
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
    assert status(panel) == "Ready · pretrained"


def test_the_first_user_can_be_chosen(made, split):
    assert made(split, trained(split.train), user="u7").user == "u7"
    with pytest.raises(UnknownUser, match="got 'nobody'"):
        made(split, trained(split.train), user="nobody")


def test_a_model_trained_without_its_epochs_has_one(made, split):
    panel = made(split, trained(split.train, epochs=9))
    assert panel.epoch == 1
    assert_one_answer(panel)


def test_an_untrained_model_says_what_to_do(made, split):
    panel = made(split, Svd())
    assert not rows(panel)
    assert "Press Train" in page(panel, "rw-list").one(name="rw-empty").text
    assert status(panel) == "Not trained yet"
    assert panel.epoch == 0
    assert "no epoch yet" in html(panel, "rw-epoch")
    panel.user = "u3"
    assert "u3" in page(panel, "rw-user").one(name="rw-facts").text
    with pytest.raises(ValueError, match="epoch must be 0: nothing is trained yet, got 1"):
        panel.epoch = 1


def test_the_header_counts_what_there_is(panel, split):
    n = len(split.train) + len(split.test)
    assert f"18 users × 30 movies · {n} ratings" in page(panel, "rw-header").one("p").text


def test_motion_can_be_switched_off(made, split):
    still = made(split, trained(split.train), animate=False)
    assert still.chart.figure.animation_duration == 0
    assert "rw-still" in still._dom_classes
    still._on_act("motion", "moving")
    assert still.chart.figure.animation_duration > 0
    assert "rw-still" not in still._dom_classes


def test_hostile_titles_and_names_do_no_harm(made):
    data = random_table(np.random.default_rng(3), 10, 15, titles=[HOSTILE] * 15, name=HOSTILE)
    panel = made(data, trained(data.split("temporal").train))
    panel._on_act("find", HOSTILE)
    panel._on_act("choose", HOSTILE + "zzz")
    for act in ("you", "clear", "film"):
        panel._on_act(act, HOSTILE)
    panel._on_act("add", "2")
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
    assert "No film rated yet" in html(panel, "rw-user")
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
    panel._on_act("select", str(place))
    assert panel.selected == place
    assert_one_answer(panel)
    panel.selected = 0
    panel.selected = place
    assert_one_answer(panel)


def test_a_click_in_the_chart_selects_the_film(panel):
    index = next(n for n in range(4) if panel.chart.place_of(n) == 2)
    panel.chart.pie.selected = [index]
    assert panel.selected == 2
    assert list(panel.chart.pie.selected) == [index]
    assert_one_answer(panel)


def test_a_film_stays_selected_from_epoch_to_epoch(panel):
    panel.selected = 5
    film = rows(panel)[5]["title"]
    panel.epoch = 3
    assert_one_answer(panel)
    titles = [row["title"] for row in rows(panel)]
    assert panel.selected == (titles.index(film) if film in titles else 0)


def test_a_knob_that_answers_at_once_changes_every_view(panel):
    before = html(panel, "rw-list")
    panel._on_act("knob:shrink", "8")
    assert panel.model.values["shrink"] == 8
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
            panel._on_act("knob:shrink", str(generator.integers(0, 11)))
        else:
            panel._on_act(("next", "previous", "random")[act - 3], "")
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
    panel._on_act("find", "u1")
    options = page(panel, "rw-user").all("li", role="option")
    assert options[0]["data-value"] == "u1"
    assert page(panel, "rw-user").one("input")["value"] == "u1"
    panel._on_act("user", options[1]["data-value"])
    assert panel.user == options[1]["data-value"]
    assert not page(panel, "rw-user").all("li")
    panel._on_act("choose", "user u4")
    assert panel.user == "u4"
    assert page(panel, "rw-user").one("input")["value"] == "User u4"
    assert_one_answer(panel)


def test_choosing_nobody_says_who_there_is(panel):
    user = panel.user
    panel._on_act("choose", "zzz <b>")
    assert panel.user == user
    assert "There is no user zzz <b>." in message(panel)
    assert f"u1 to u18. The panel still shows user {user}." in message(panel)
    assert page(panel, "rw-user").one("input")["aria-invalid"] == "true"
    offered = page(panel, "rw-message").all("button")
    assert [(button["data-act"], button["data-value"]) for button in offered] == [("user", "u18"), ("random", "")]
    panel._on_act("user", "u18")
    assert not message(panel)
    assert_one_answer(panel)


def test_closing_the_list_puts_the_name_back(panel):
    panel._on_act("find", "u1")
    panel._on_act("close", "")
    assert page(panel, "rw-user").one("input")["value"] == f"User {panel.user}"
    assert not page(panel, "rw-user").all("li")


def test_previous_and_next_go_round(panel):
    panel.user = "u1"
    panel._on_act("previous", "")
    assert panel.user == "u18"
    panel._on_act("next", "")
    assert panel.user == "u1"
    panel._on_act("next", "")
    assert panel.user == "u2"


def test_random_is_somebody_else(panel):
    for _ in range(20):
        before = panel.user
        panel._on_act("random", "")
        assert panel.user != before
        assert panel.user in panel.train_data.users


# ------------------------------------------------------------------ acts: a history of one's own


def test_you_can_make_a_history_and_go_back(panel):
    user = panel.user
    panel._on_act("you", "")
    assert page(panel, "rw-user").one(name="rw-you")["aria-pressed"] == "true"
    assert "No films yet" in page(panel, "rw-list").one(name="rw-empty").text
    panel._on_act("add", "3")
    panel._on_act("add", "8")
    expected = rw.recommend(panel.model, panel.train_data, ["f4", "f9"])
    titles = [f"{name} ({year})" for name, year in map(rw.display_title, expected.titles)]
    assert [row["title"] for row in rows(panel)] == titles
    assert page(panel, "rw-list").one("h3").text == "Top 10 for you"
    panel._on_act("user", user)
    assert page(panel, "rw-user").one(name="rw-you")["aria-pressed"] == "false"
    assert_one_answer(panel)


def test_a_dropped_film_changes_the_answer_and_can_be_put_back(panel):
    before = html(panel, "rw-list")
    history = panel.train_data.history(panel.train_data.user_index(panel.user))
    panel._on_act("drop", f"film:{history[0]}")
    assert history[0] not in panel.person.history
    assert "you dropped" in message(panel)
    listed = [row["title"] for row in rows(panel)]
    dropped = rw.display_title(str(panel.train_data.titles[history[0]]))
    assert f"{dropped[0]} ({dropped[1]})" not in listed
    panel._on_act("undo", "")
    assert html(panel, "rw-list") == before
    assert_one_answer(panel)


def test_the_order_of_a_history_can_be_changed(panel):
    panel._on_act("you", "")
    for film in ("1", "2", "3"):
        panel._on_act("add", film)
    panel._on_act("earlier", "3")
    assert panel.person.history.tolist() == [1, 3, 2]
    panel._on_act("later", "1")
    assert panel.person.history.tolist() == [3, 1, 2]
    panel._on_act("remove", "1")
    assert panel.person.history.tolist() == [3, 2]
    panel._on_act("undo", "")
    assert panel.person.history.tolist() == [3, 1, 2]
    panel._on_act("clear", "")
    assert panel.person.history.tolist() == []


def test_a_film_that_is_none_is_said(panel):
    panel._on_act("you", "")
    panel._on_act("add-title", "no such film")
    assert "There is no film called no such film." in message(panel)


# ------------------------------------------------------------------ acts: settings, and what goes wrong


def test_epochs_and_learning_rate_are_for_the_next_training(panel):
    panel._on_act("epochs", "7")
    assert page(panel, "rw-controls").one("input", data_change="epochs")["aria-valuetext"] == "7"
    panel.train()
    assert panel.history.total == 7
    rates = page(panel, "rw-controls").one("input", data_change="rate")
    panel._on_act("rate", "0")
    assert panel.model.learning_rate == pytest.approx(0.0003)
    assert rates["max"] == page(panel, "rw-controls").one("input", data_change="rate")["max"]


@pytest.mark.parametrize(
    ("act", "value"),
    [("epoch", "x"), ("select", "99"), ("select", "x"), ("rate", "99"), ("user", "nobody"), ("knob:none", "1")],
)
def test_what_goes_wrong_in_an_act_is_said_and_the_panel_lives_on(panel, act, value):
    panel._on_act(act, value)
    assert "That did not work:" in message(panel)
    panel.user = "u2"
    assert not message(panel)
    assert_one_answer(panel)


def test_an_act_that_does_not_exist_does_nothing(panel):
    before = html(panel)
    panel._on_act("explode", "")
    panel._on_act("", "")
    assert html(panel) == before


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
    panel._on_act("epoch", "2")
    assert panel.epoch == 2
    panel._on_act("epoch", "900")
    assert panel.epoch == 4
    assert_one_answer(panel)


# ------------------------------------------------------------------ training in a plain script


def test_in_a_script_training_is_over_when_train_returns(made, split):
    panel = made(split, Svd(epochs=5))
    panel.train()
    assert [event.step for event in panel.history.events] == [1, 2, 3, 4, 5]
    assert panel.epoch == 5
    assert status(panel) == "Ready · trained here, 5 epochs"
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
    assert status(panel) == "Ready · trained here, 3 epochs"


def test_training_anew_starts_a_new_history_and_the_trained_model_can_come_back(panel):
    old = panel.history
    panel._on_act("epochs", "2")
    panel.train()
    assert panel.history is not old
    assert panel.epoch == 2
    panel.reset()
    assert panel.epoch == 0
    assert not rows(panel)
    assert "Forgotten." in message(panel)
    assert page(panel, "rw-message").one("button")["data-act"] == "pretrained"
    panel._on_act("pretrained", "")
    assert panel.history is old
    assert panel.epoch == 4
    assert_one_answer(panel)


def test_a_class_of_ones_own_can_be_trained_and_shown(made, split):
    rng = np.random.default_rng(0)
    model = Fixed(split.train, rng.normal(size=(18, 30)))
    model.explain = Popularity().learn(split.train).explain
    panel = made(split, model)
    panel._on_act("epochs", "2")
    panel.train()
    assert panel.epoch == 2
    assert [row["title"] for row in rows(panel)] == [
        f"{name} ({year})" for name, year in map(rw.display_title, rw.recommend(model, split.train, panel.user).titles)
    ]
    assert {"rw-panel", "rw-own"} <= set(panel._dom_classes)


def test_pausing_and_stopping_what_does_not_run_is_harmless(panel):
    before = html(panel)
    panel.pause()
    panel.stop()
    assert html(panel) == before


# ------------------------------------------------------------------ training in a notebook, on an event loop


async def until(condition):
    """Let the loop run until the condition holds."""
    for _ in range(100 * DEADLINE):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


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
    panel = made(split, Held(epochs=3))
    panel.train()
    await waits(panel.model)
    assert "Getting ready" in status(panel) or "Training 1 of 3" in status(panel)
    assert page(panel).all(name="rw-progress")
    assert "disabled" in page(panel).one("button", "rw-train").attributes
    assert "disabled" not in page(panel).one("button", "rw-pause").attributes
    panel.model.let(BATCHES)
    await until(lambda: panel.epoch == 1)
    assert_one_answer(panel)
    assert "epoch 1 of 1 · live" in html(panel, "rw-epoch")
    panel.model.let(2 * BATCHES)
    await until(lambda: "trained here" in status(panel))
    assert panel.epoch == 3
    assert status(panel) == "Ready · trained here, 3 epochs"
    assert not page(panel).all(name="rw-progress")
    assert_one_answer(panel)


@on_a_loop
async def test_a_pause_holds_between_two_batches_and_train_goes_on_from_there(made, split):
    panel = made(split, Held(epochs=2))
    panel.train()
    await waits(panel.model)
    panel.pause()
    assert status(panel) == "Paused after 0 of 2 · Train goes on"
    panel.model.let(1)
    await until(lambda: panel.model.reached == [0, 1])  # it stands before the second batch, and is told to wait
    panel.model.let(BATCHES)
    panel.user = "u5"
    await asyncio.sleep(0)
    assert panel.model.reached == [0, 1]
    assert panel.history.last is None
    panel.train()
    await until(lambda: panel.epoch == 1)
    panel.model.let(2 * BATCHES)
    await until(lambda: "trained here" in status(panel))
    alone = trained(split.train, epochs=2)
    np.testing.assert_array_equal(panel.history.last.snapshot["films"], alone.snapshot["films"])


@on_a_loop
async def test_a_pause_that_is_taken_back_at_once_is_forgotten(made, split):
    """The word that it paused comes after Train was pressed again: it is old news."""
    panel = made(split, Held(epochs=2))
    panel.train()
    await waits(panel.model)
    panel.pause()
    panel.model.let(1)
    await until(lambda: panel.model.reached == [0, 1])
    panel.train()
    await until(lambda: "Training" in status(panel) and panel.model.waiting.is_set())
    panel.model.let(BATCHES)
    await until(lambda: panel.epoch == 1)
    assert "Training 2 of 2" in status(panel)


@on_a_loop
async def test_a_user_can_be_chosen_while_training(made, split):
    panel = made(split, Held(epochs=3))
    panel.train()
    panel.model.let(BATCHES)
    await until(lambda: panel.epoch == 1)
    await waits(panel.model)
    for user in ("u2", "u11"):
        panel.user = user
        panel.selected = 1
        assert_one_answer(panel)
    panel.model.let(BATCHES)
    await until(lambda: panel.epoch == 2)
    assert panel.user == "u11"
    assert_one_answer(panel)


@on_a_loop
async def test_whoever_looks_back_stays_there_while_training_goes_on(made, split):
    panel = made(split, Held(epochs=4))
    panel.train()
    panel.model.let(2 * BATCHES)
    await until(lambda: panel.epoch == 2)
    panel.epoch = 1
    assert "live" not in html(panel, "rw-epoch")
    panel.model.let(BATCHES)
    await until(lambda: panel.history.last.step == 3)
    assert panel.epoch == 1
    assert_one_answer(panel)
    panel.epoch = 3
    panel.model.let(BATCHES)
    await until(lambda: panel.epoch == 4)
    assert_one_answer(panel)


@on_a_loop
async def test_a_step_pauses_after_one_epoch(made, split):
    panel = made(split, Held(epochs=3))
    panel.model.let(3 * BATCHES)
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
    panel = made(split, Held(epochs=2))
    panel.train()
    panel.model.let(BATCHES)
    await until(lambda: panel.epoch == 1)
    await waits(panel.model)
    panel.reset()
    assert panel.epoch == 0
    assert panel.history.last is None
    assert not rows(panel)
    assert "Forgotten." in message(panel)
    assert not page(panel, "rw-message").all("button")  # nothing was trained before that could come back
    assert "disabled" not in page(panel).one("button", "rw-train").attributes
    panel.train()
    panel.model.let(4 * BATCHES)
    await until(lambda: "trained here" in status(panel))
    assert [event.step for event in panel.history.events] == [1, 2]
    assert_one_answer(panel)
    alone = trained(split.train, epochs=2)
    np.testing.assert_array_equal(panel.history.last.snapshot["films"], alone.snapshot["films"])


@on_a_loop
async def test_a_stop_keeps_the_epochs_so_far_and_a_new_training_starts_again(made, split):
    panel = made(split, Held(epochs=3))
    panel.train()
    panel.model.let(BATCHES)
    await until(lambda: panel.epoch == 1)
    panel.stop()
    assert status(panel) == "Stopped · trained here, 1 epochs"
    panel.model.let(BATCHES)
    panel.user = "u2"
    assert panel.epoch == 1
    assert_one_answer(panel)
    panel.train()
    panel.model.let(4 * BATCHES)
    await until(lambda: "Ready · trained here, 3 epochs" in status(panel))


class HeldFailing(Failing, Held):
    """Fails in its second epoch, when it is let through the first."""


@on_a_loop
async def test_a_model_that_fails_is_said_with_details_and_what_is_left(made, split):
    panel = made(split, HeldFailing(epochs=3))
    for _ in range(2):  # and it can be tried again
        panel.train()
        assert not message(panel)
        panel.model.let(BATCHES)
        await until(lambda: panel.epoch == 1 and "Training 2" in status(panel))
        panel.model.let(BATCHES)
        await until(lambda: "Failed" in status(panel))
        assert status(panel) == "Failed after epoch 1"
        assert "Training stopped: the <second> epoch is broken. Epoch 1 is kept and shown." in message(panel)
        assert page(panel, "rw-message").one(role="alert")
        assert "RuntimeError" in page(panel, "rw-message").one("pre").text
        assert_one_answer(panel)


def test_an_epoch_and_the_failure_after_it_may_come_at_once(made, split):
    panel = made(split, Failing(epochs=3))
    event = next(Svd().steps(split.train, epochs=3))
    run = panel._trainer._run
    panel._trainer._fresh = True
    panel._trainer._take([(run, "event", event), (run, "failed", RuntimeError("it is broken"))])
    assert panel.epoch == 1
    assert "it is broken. Epoch 1 is kept and shown." in message(panel)


@on_a_loop
async def test_one_training_at_a_time(made, split):
    first, second = made(split, Held(epochs=2)), made(split, Held(epochs=2))
    first.train()
    await waits(first.model)
    second.train()
    await waits(second.model)
    assert "Paused" in status(first)
    assert "Paused" not in status(second)
    first.model.let(1)
    await until(lambda: first.model.reached == [0, 1])
    first.train()
    assert "Paused" in status(second)
    first.model.let(2 * BATCHES)
    await until(lambda: "trained here" in status(first))
    second.model.let(1)
    await until(lambda: second.model.reached == [0, 1])
    assert second.history.last is None


@on_a_loop
async def test_a_closed_panel_trains_no_more(made, split):
    panel = made(split, Held(epochs=2))
    panel.train()
    await waits(panel.model)
    panel.close()
    panel.model.let(10 * BATCHES)
    await asyncio.to_thread(panel._trainer._driver.stop, DEADLINE)
    assert panel.model.reached == [0, 1]
    assert panel.history.last is None


@on_a_loop
async def test_knobs_and_settings_wait_while_training(made, split):
    panel = made(split, Held(epochs=2))
    panel.train()
    await waits(panel.model)
    controls = page(panel, "rw-controls")
    locked = {bar["data-change"]: "disabled" in bar.attributes for bar in controls.all("input")}
    assert locked == {"epochs": True, "rate": True, "knob:shrink": False, "knob:dim": True}


def test_a_history_from_elsewhere_is_shown_as_it_is(made, split):
    model = Svd()
    events = list(model.steps(split.train, split.test, epochs=3))
    panel = made(split, model, history=TrainingHistory(tuple(events[:2]), 3))
    assert panel.epoch == 2
    assert_one_answer(panel)
