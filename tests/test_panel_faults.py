"""Faults of a learner's own parts stay where they are: the page goes on, and the caller keeps what is theirs."""

import asyncio
import copy
import gc
import threading
import weakref
from dataclasses import replace

import bqplot
import numpy as np
import pytest
from pages import html, message, page, rows
from worlds import DEADLINE, Svd, random_table, trained

import recwidgets as rw
from recwidgets.data import UnknownItem
from recwidgets.panel import changes, waiting
from recwidgets.reasons.numbers import ordinal

SPLIT = random_table(np.random.default_rng(13), 18, 30, density=0.4).split("temporal", test=0.25)


class Brittle(rw.Chart):
    """Draws everybody but the sixth user."""

    title = "Brittle"

    def __init__(self):
        super().__init__()
        self.figure = bqplot.Figure()

    def show(self, answer, selected=0, previous=None):
        if answer is not None and answer.person.user == 5:
            raise RuntimeError("cannot <b>draw</b> this")

    def sentence(self, answer):
        return "A sentence."


def test_a_chart_that_cannot_draw_says_so_in_its_place_and_the_page_is_about_one_person():
    panel = rw.Panel(SPLIT, trained(SPLIT.train), chart=Brittle(), user="u1")
    panel.user = "u6"
    assert "could not be drawn: cannot <b>draw</b> this." in page(panel, "rw-chart").all("p")[0].text
    assert "User u6" in page(panel, "rw-user").one(name="rw-facts").text
    assert "user u6" in page(panel, "rw-list").one("h3").text and len(rows(panel)) == 10
    panel.user = "u7"
    assert "could not be drawn" not in html(panel, "rw-chart")
    panel.close()


def test_an_epoch_at_which_the_model_fails_leaves_a_gap_that_is_said_and_no_dead_end():
    class Late(Svd):
        def scores(self, user):
            return super().scores(user) * (np.nan if self.snapshot is FIRST[0] else 1)

    model, FIRST = Late(), []
    history = rw.fit(model, SPLIT.train, SPLIT.validation, epochs=3, progress=False)
    FIRST.append(history.events[0].snapshot)
    panel = rw.Panel(SPLIT, model, history=history, user="u2")
    panel.act("drawer", "ranks")
    assert "1 of the epochs could not be ranked" in html(panel, "rw-ranks-head")
    assert "got no finite number" in html(panel, "rw-ranks-head")
    panel.act("select", "3")
    assert panel.selected == 3 and not message(panel)
    panel.epoch = 1
    assert "got no finite number" in message(panel) and not rows(panel)
    panel.epoch = 3
    assert len(rows(panel)) == 10
    panel.close()


class InPlace:
    """Trains by writing into its own array, and gives shallow views, as the how-to's model does."""

    label, epochs, learning_rate = "In place", 3, 0.1
    knobs = (rw.Knob("tilt", "Tilt", 0, 3, 1, True, "A hint."),)

    def __init__(self):
        self.weights, self.values, self.trained = np.zeros(30, np.float32), {"tilt": 1}, True

    def steps(self, data, validation=None, epochs=None):
        for step in range(1, 4):
            self.weights += 1
            yield rw.FitEvent(step, 3, {"loss": 1 / step}, rw.Snapshot("in place", {"w": self.weights.copy()}))

    def scores(self, user):
        return self.weights + np.arange(30) * self.values["tilt"]

    def at(self, snapshot=None, **knobs):
        then = copy.copy(self)
        then.values = self.values | knobs
        if snapshot is not None:
            then.weights = snapshot["w"]
        return then


def test_a_training_that_writes_in_place_leaves_the_callers_arrays_alone():
    model = InPlace()
    panel = rw.Panel(SPLIT, model, user="u1")
    panel.train()
    assert panel.epoch == 3 and not model.weights.any() and model.values == {"tilt": 1}
    panel.close()


def test_the_line_of_a_model_trained_here_tells_the_rate_that_differs_from_its_own():
    panel = rw.Panel(SPLIT, Svd(), user="u1")
    panel.act("rate", str(panel.training.rates.index(0.01)))
    panel.train()
    assert "learning_rate" not in panel.setup(), "the model that the line names has it"
    panel.act("rate", str(panel.training.rates.index(0.1)))
    assert "learning_rate=0.1" in panel.setup()
    panel.close()


def test_an_epoch_of_a_training_that_is_gone_is_not_taken_for_one_that_was_given(tmp_path):
    model = Svd()
    history = rw.fit(model, SPLIT.train, epochs=5, progress=False)
    panel = rw.Panel(SPLIT, model, history=history, state=tmp_path / "state.json")
    panel.act("epochs", "4")
    panel.train()
    panel.epoch = 2
    again = rw.Panel(SPLIT, model, history=history, state=tmp_path / "state.json")
    assert again.epoch == 5 and "Epoch 2 was trained in an earlier run" in message(again)
    panel.close()
    again.close()


def test_a_comparison_says_which_of_two_models_of_one_kind_is_meant():
    models = {"seed 0": trained(SPLIT.train), "seed 1": trained(SPLIT.train, seed=1)}
    panel = rw.ComparePanel(SPLIT, models)
    heads = [tag.text for tag in page(panel, "rw-list").all("h3")]
    assert heads == ["seed 0", "seed 1"]
    assert {row.label for row in panel.rows} == {"seed 0", "seed 1", "Popularity", "Chance"}
    panel.close()
    with pytest.raises(ValueError, match="names of their own, got 'popularity'"):
        rw.ComparePanel(SPLIT, {"popularity": rw.Popularity().learn(SPLIT.train)})


def test_a_goal_that_the_data_do_not_have_is_said_when_the_panel_is_made():
    with pytest.raises(UnknownItem, match="Nope"):
        rw.Panel(SPLIT, trained(SPLIT.train), goal=rw.Goal("Nope"))


def test_several_knobs_turned_at_once_are_one_change():
    panel = rw.Panel(SPLIT, trained(SPLIT.train), user="u1")
    first = panel.recommendations.items
    panel.turn(shrink=9, dim=4)
    assert dict(panel.state.knobs) == {"shrink": 9, "dim": 4}
    panel.undo()
    assert panel.state.knobs == () and panel.recommendations.items == first
    panel.close()


def test_a_training_in_a_script_can_be_paused_from_another_thread():
    reached = threading.Event()

    class Waiting(Svd):
        def _epochs(self, data, total, between_batches):
            for step, result in enumerate(super()._epochs(data, total, between_batches), 1):
                yield result
                if step == 2:
                    reached.set()
                    paused.wait(DEADLINE)

    paused = threading.Event()
    panel = rw.Panel(SPLIT, Waiting(epochs=8))

    def pause():
        reached.wait(DEADLINE)
        panel.pause()
        paused.set()

    other = threading.Thread(target=pause)
    other.start()
    panel.train()
    other.join(DEADLINE)
    assert panel.training.state == "paused" and panel.history.last.step < 8
    panel.close()


def test_a_replay_that_is_stopped_and_started_has_one_chain_of_ticks(monkeypatch):
    model = Svd()
    history = rw.fit(model, SPLIT.train, epochs=6, progress=False)
    panel = rw.Panel(SPLIT, model, history=history)
    ticks = []
    panel.on_act(lambda name: ticks.append(name) if name == "tick" else None)

    async def play():
        for _ in range(3):
            panel.act("play")
        while panel.state.playing or panel.epoch < 6:
            await asyncio.sleep(0.01)

    panel.act("tempo", "fast")
    panel.act("epoch", "1")
    asyncio.run(asyncio.wait_for(play(), DEADLINE))
    assert len(ticks) == 5, "from 1 to 6, each once"
    panel.close()


def test_models_that_were_trained_here_are_given_back():
    panel = rw.Panel(SPLIT, Svd(epochs=1), user="u1")
    gone = []
    for _ in range(4):
        panel.train()
        gone.append(weakref.ref(panel.training.model))
        panel.reset()
    gc.collect()
    assert [ref() for ref in gone] == [None] * 4
    panel.close()


def test_a_model_whose_reason_fails_says_so_in_the_reasons_place_and_the_list_stays():
    class Shy(InPlace):
        def scores(self, user):
            if user != "u1" and getattr(user, "user", None) != 0:
                raise KeyError("<b>who</b> is that")  # all others, whose mean a reason asks about
            return np.arange(30, dtype=np.float32)

    panel = rw.Panel(SPLIT, Shy(), user="u1")
    panel.train()
    said = page(panel, "rw-why").all(name="rw-doubt")
    assert "In place gives no reason here: KeyError:" in said[0].text and "<b>who</b> is that" in said[0].text
    assert "run rw.reason(panel.model, panel.data, panel.shown.person, '" in said[0].text, "the next move"
    assert len(rows(panel)) == 10 and not message(panel)
    panel.close()


@pytest.mark.parametrize("kind", ["GNN", "KNN", "Session"])
@pytest.mark.parametrize(("method", "again"), [("explain", "answer.explain("), ("terms", "rw.reason(")])
def test_a_method_that_raises_is_said_in_each_picture_with_the_line_that_raises_it_again(
    kind, method, again, monkeypatch
):
    def refuse(self, *args, **kwargs):
        raise ZeroDivisionError("<i>by</i> nobody")

    monkeypatch.setattr(getattr(rw, kind), method, refuse)
    panel = getattr(rw, f"{kind}Panel")(user="42")
    fault = panel.shown.fault
    assert "ZeroDivisionError: <i>by</i> nobody. List and chart" in fault and again in fault
    assert page(panel, "rw-why").one("p", "rw-doubt").text == fault
    assert "<i>by" not in html(panel, "rw-why")
    assert len(rows(panel)) == 10 and not message(panel)
    with pytest.raises(ZeroDivisionError):
        exec(fault.split(" run ")[1].removesuffix(" in a cell."), {"rw": rw, "panel": panel})
    panel.close()


def test_a_panel_whose_event_loop_is_closed_can_still_be_told_to_train():
    async def opened():
        return rw.Panel(SPLIT, Svd(epochs=1), user="u1")

    panel = asyncio.run(opened())
    panel.train()
    assert panel.training.state == "running"
    panel.close()


def test_train_on_a_model_that_came_trained_says_how_to_have_it_back():
    panel = rw.Panel(SPLIT, trained(SPLIT.train), user="u1")
    before = panel.recommendations.items
    assert "Back to the trained model" in page(panel, "rw-transport").one("button", "rw-train").attributes["title"]
    step = page(panel, "rw-transport").one("button", "rw-step").attributes["title"]
    assert "One epoch of a copy, from nothing" in step and "Back to the trained model" in step
    panel.act("rate", "0.1")
    for act in ("step", "train"):
        panel.act(act)
        assert "A copy learns, from nothing; the trained model is kept." in message(panel)
        assert page(panel, "rw-message").one("button", data_act="pretrained").text == "Back to the trained model"
        panel.reset()
        assert "Back to the trained model" in html(panel, "rw-message")
        panel.act("pretrained")
        assert panel.recommendations.items == before
    panel.close()


def test_the_selected_film_stays_the_selected_one_while_it_is_not_listed():
    """The first one stands in for it, which is said; listed again, it is selected again."""
    history = rw.fit(model := Svd(epochs=6), SPLIT.train, progress=False)
    panel = rw.Panel(SPLIT, model, history=history, user="u1")
    lists = {}
    for epoch in range(1, 7):
        panel.epoch = epoch
        lists[epoch] = panel.shown.answer.top.tolist()
    away, item = next((epoch, item) for epoch, top in lists.items() for item in lists[6][1:] if item not in top)
    row = lists[6].index(item)
    panel.act("select", str(row))
    panel.epoch = away
    said, rank = page(panel, "rw-why").one("p", "rw-away").text, changes.rank_of(panel.shown.answer, item)
    assert said == f"Film {item + 1} is {ordinal(rank)} now, not listed: here is the first film."
    assert panel.selected == 0 and f'selected="f{item + 1}"' in panel.setup()
    panel.act("tab", "go")
    panel.act("alpha", "1")
    panel.act("alpha", "0")
    panel.epoch = 6
    assert (panel.selected, panel.shown.item) == (row, item)
    assert not page(panel, "rw-why").all("p", "rw-away")
    panel.epoch = away
    panel.act("select", "1")
    panel.epoch = 6
    assert panel.shown.item == lists[away][1] or panel.shown.away.startswith(f"Film {lists[away][1] + 1} is")
    panel.close()


@pytest.mark.parametrize("n_users", [20, 80])
def test_an_accuracy_says_of_how_many_users_it_is_and_where_they_are_too_few(n_users):
    split = random_table(np.random.default_rng(2), n_users, 24, density=0.5).split("temporal", test=0.2, validation=0.4)
    rows = split.validation
    n = len(set(rows.user.tolist()))
    panel = rw.Panel(split, Svd())
    panel.act("epochs", "1")
    panel.train()
    said = page(panel, "rw-transport").one("div", "rw-accuracy").text
    panel.act("drawer", "curves")
    curve = [head.text for head in page(panel, "rw-curve").all("p", "rw-cap")]
    assert (n < 30) == (n_users == 20)
    assert said.endswith(f"{n} users: too few" if n < 30 else f"of {n} users")
    assert f"{len(rows)} ratings of {n} users" in curve[1] and ("too few to tell" in curve[1]) == (n < 30)
    panel.close()


def test_a_new_training_says_what_becomes_of_the_one_before_and_gives_it_back():
    panel = rw.Panel(SPLIT, Svd(), user="u1")
    panel.act("epochs", "3")
    assert "title" not in page(panel, "rw-transport").one("button", "rw-train").attributes
    assert not page(panel, "rw-transport").all(name="rw-next")
    panel.train()
    assert "Starts anew" in page(panel, "rw-transport").one("button", "rw-train").attributes["title"]
    assert page(panel, "rw-transport").one("div", "rw-next").text == "Step starts over", "said before, by the buttons"
    assert not message(panel)
    old, list_of_three, model = panel.history, panel.recommendations.items, panel.training.model
    panel.step()
    assert panel.training.newest == 1 and panel.history is not old
    assert "A new training, from nothing; the 3 epochs trained here are kept." in message(panel)
    new = panel.history
    panel.act(page(panel, "rw-message").one("button")["data-act"])
    assert panel.history is old and panel.epoch == 3 and panel.training.model is model
    assert panel.recommendations.items == list_of_three and panel.training.state == "idle"
    assert "The 3 epochs of before are back." in message(panel)
    panel.act("drop", f"film:{panel.person.history[0]}")  # the message goes, the way back does not
    back = page(panel, "rw-more-settings").one("button", data_act="trained-before")
    assert back.text == "Back to the epoch of the training before"
    panel.act("trained-before")
    assert panel.history is new and panel.epoch == 1
    panel.act("trained-before")
    assert panel.history is old
    panel.reset()
    panel.act("trained-before")
    assert panel.epoch == 0, "what was forgotten is forgotten"
    panel.close()


def test_the_wait_for_the_first_batch_is_measured_and_remembered_and_a_damaged_memory_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("RECWIDGETS_CACHE", str(tmp_path / "new" / "folder"))
    assert waiting.last_time() is None
    assert waiting.words(0.2, True, None) == ("Loading TensorFlow", "")
    assert waiting.words(7.4, True, None) == ("Loading TensorFlow", "7 s so far")
    waiting.remember(18.24)
    assert waiting.last_time() == 18.2
    assert waiting.words(7.4, False, waiting.last_time()) == ("Getting ready", "7 s so far, 18 s last time")
    for damaged in (
        "",
        "[]",
        "{",
        '{"seconds": "x"}',
        '{"seconds": NaN}',
        '{"seconds": -1}',
        '{"seconds": 1e9}',
        "[" * 5000,
    ):
        waiting.memory().write_text(damaged, encoding="utf-8")
        assert waiting.last_time() is None, damaged
    assert [file.name for file in waiting.memory().parent.iterdir()] == ["first-training.json"], "no litter"
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("RECWIDGETS_CACHE", str(blocked))
    waiting.remember(3)
    assert waiting.last_time() is None


@pytest.mark.parametrize("paused", [False, True])
def test_only_a_wait_in_which_tensorflow_was_loaded_is_remembered(tmp_path, monkeypatch, paused):
    loaded = [False]
    under_way = [False]
    monkeypatch.setattr("recwidgets._tf.loading", lambda: under_way[0])
    monkeypatch.setenv("RECWIDGETS_CACHE", str(tmp_path))
    monkeypatch.setattr("recwidgets._tf.is_loaded", lambda: loaded[0])

    async def scenario():
        class Loads(rw.Popularity):
            def steps(self, data, validation=None, epochs=None, between_batches=None):
                go.wait(DEADLINE)
                loaded[0] = True
                for n in (1, 2):
                    between_batches(n, 2)
                yield from super().steps(data, validation)

        go = threading.Event()
        waiting.remember(9)
        panel = rw.Panel(SPLIT, Loads(), user="u1")
        panel.train()
        while panel.training.waited == 0:
            await asyncio.sleep(0.05)
        said = page(panel, "rw-transport").one(name="rw-status").text
        assert "s so far" in said and "last time" not in said, "nothing says yet that this model loads TensorFlow"
        under_way[0] = True
        while not panel.training.loading:
            await asyncio.sleep(0.05)
        said = page(panel, "rw-transport").one(name="rw-status").text
        assert "Loading TensorFlow" in said and "9 s last time" in said
        under_way[0] = False
        if paused:
            panel.pause()
            panel.train()
        go.set()
        while not panel.training.newest:
            await asyncio.sleep(0.05)
        panel.close()

    asyncio.run(asyncio.wait_for(scenario(), DEADLINE))
    assert (waiting.last_time() == 9) is paused


def test_a_list_without_films_has_no_share_and_a_long_id_leaves_room_for_the_epoch():
    data = rw.Interactions.from_frame(
        {
            "user": ["6f1c2a34-97d5-4f0e-8a57-0d4f2d1c9e11"] * 4 + ["short"] * 2,
            "item": ["a", "b", "c", "d", "a", "b"],
            "rating": [5, 4, 3, 2, 5, 4],
            "time": range(6),
        }
    )
    nothing = replace(data, user=data.user[:0], item=data.item[:0], rating=data.rating[:0], time=data.time[:0])
    panel = rw.Panel(rw.Split(data, nothing, nothing, "random", 1, None), Svd(epochs=1), user="short")
    panel.train()
    assert len(rows(panel)) == 2 and "of these" in html(panel, "rw-shared-line")
    panel.user = "6f1c2a34-97d5-4f0e-8a57-0d4f2d1c9e11"  # rated everything
    assert not rows(panel) and not html(panel, "rw-shared-line")
    heading = page(panel, "rw-list").one("h3").text
    assert "user 6f1c" in heading and "0d4f2d1c9e11" not in heading and "epoch 1 of 1" in heading
    panel.close()
