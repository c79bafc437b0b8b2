"""Small inputs that once failed, each for its kind: what a panel says is so (A), and what it held is given back (B)."""

from __future__ import annotations

import asyncio
import copy
import gc
import os
import subprocess
import sys
import threading
import types
import warnings
import weakref

import numpy as np
import pytest
from ipywidgets.widgets import widget as registry
from pages import curve, html, message, page, status, text, titles, until
from worlds import BATCHES, DEADLINE, Fixed, Held, Svd, random_table

import recwidgets as rw
from recwidgets import graph
from recwidgets.core import Explanation, FitEvent, Part, Snapshot, person_of
from recwidgets.panel import opening
from recwidgets.panel.panel import as_split
from recwidgets.training import TrainingHistory


class Behind(rw.Pie):
    """A chart class of one's own."""


class Exact(Fixed):
    """A table of scores whose explain() gives what a test wants."""

    def __init__(self, data, scores, parts=(), score=None):
        super().__init__(data, scores)
        self.parts, self.score = parts, score

    def explain(self, user, item):
        person, index = person_of(self.data, user), self.data.item_index(item)
        if person.user is not None and str(self.data.users[person.user]) == "u9":
            raise ZeroDivisionError("user 9 cannot be taken apart")
        score = float(self.scores(user)[index]) if self.score is None else self.score
        parts = tuple(Part(f"part {n}", "film", value) for n, value in enumerate(self.parts))
        return Explanation(str(item), str(self.data.titles[index]), score, parts)


@pytest.fixture
def split():
    return random_table(np.random.default_rng(13), 18, 30, density=0.4).split("temporal", test=0.2, validation=0.1)


@pytest.fixture
def make():
    """Makes panels, and closes them when the test is over."""
    panels = []

    def make(*arguments, kind=rw.Panel, **options):
        panels.append(kind(*arguments, **options))
        return panels[-1]

    yield make
    for panel in panels:
        panel.close()


def fitted(split, model=None, epochs=4):
    model = model or Svd()
    return model, rw.fit(model, split.train, split.validation, epochs=epochs, progress=False)


def ramp(split, top=0.9999):
    """Scores with one best item, the last: 0.9999."""
    scores = np.tile(np.linspace(-1, 0, split.train.n_items), (split.train.n_users, 1))
    scores[:, -1] = top
    return scores


def unseen_by(data, item):
    """A user who has not seen the item."""
    return next(str(user) for n, user in enumerate(data.users) if item not in data.history(n))


def opened(make, line, **at_hand):
    """What the line gives, where only what it names is at hand."""
    return make(kind=lambda: eval(line, {"rw": rw, **at_hand}))


def assert_same(one, other):
    assert one.recommendations.items == other.recommendations.items
    assert one.recommendations.scores.tolist() == other.recommendations.scores.tolist()
    assert (one.user, one.epoch, one.selected, one.setup()) == (other.user, other.epoch, other.selected, other.setup())
    assert type(one.chart) is type(other.chart)


# ------------------------------------------------------------------ A: a line that gives this panel again


@pytest.mark.parametrize("kind", ["random", "leave-one-out"])
def test_the_line_of_a_panel_on_a_model_of_ones_own_names_the_model_and_gives_the_panel_again(make, kind):
    data = random_table(np.random.default_rng(3), 14, 25, density=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a random split: it leaks the future
        split = data.split(kind, test=0.2, seed=42)
    rng, train = np.random.default_rng(0), split.train
    vectors = {"users": (train.n_users, 6), "films_in": (train.n_items, 6), "films_out": (train.n_items, 6)}
    model = rw.KNN(seed=0)
    model.data = train
    model.snapshot = Snapshot("knn", {n: rng.normal(size=size).astype(np.float32) for n, size in vectors.items()})
    panel = make(split, model=model, chart=rw.Pie(), user="u4")
    assert panel.setup() == 'rw.Panel(data, model=model, chart=rw.Pie(), user="u4")'
    assert "pretrained" not in text(panel, "rw-transport")
    assert_same(opened(make, panel.setup(), data=split, model=model), panel)


def test_pretrained_is_said_of_the_shipped_arrays_on_the_data_they_were_made_from_and_of_nothing_else(make):
    whole = rw.load_movielens("latest-small")
    shipped = as_split(whole)
    assert status(make(kind=rw.KNNPanel)) == "Ready · pretrained"
    assert status(make(shipped, kind=rw.KNNPanel)) == "Ready · pretrained", "the same rows, told by their fingerprint"
    other = whole.split("temporal", test=0.3)
    assert status(make(other, kind=rw.KNNPanel)) == "Not trained yet"
    model, history = rw.load_pretrained("knn", shipped.train)
    assert "pretrained" not in status(make(other, model=model, history=history)), "shipped arrays, but other data"


def test_a_chart_class_of_ones_own_is_named_as_what_must_be_at_hand(make, split):
    model, history = fitted(split)
    panel = make(split, model, Behind(), history=history)
    assert "chart=Behind()" in panel.setup() and "rw.Behind" not in panel.setup()
    assert_same(opened(make, panel.setup(), data=split, model=model, history=history, Behind=Behind), panel)


def test_the_line_of_what_was_trained_here_gives_the_epoch_looked_at(make, split):
    panel = make(split, Svd(epochs=3), user="u5")
    panel.train()
    panel.epoch = 2
    assert panel.setup() == 'rw.Panel(data, model=model, history=history, chart=rw.Pie(), user="u5", epoch=2)'
    assert_same(opened(make, panel.setup(), data=panel.split, model=panel.model, history=panel.history), panel)


def test_after_a_reset_and_a_longer_training_the_line_gives_the_new_list(make, split):
    model, history = fitted(split, epochs=2)
    panel = make(split, model, history=history)
    panel.reset()
    panel.act("epochs", "8")
    panel.train()
    assert panel.history.last.step == 8
    again = opened(make, panel.setup(), data=panel.split, model=panel.model, history=panel.history)
    assert_same(again, panel)
    assert again.state.epochs == 8


# ------------------------------------------------------------------ A: a model that cannot go back


@pytest.fixture
def forward(split):
    """A model without `at`, and 30 epochs of it."""
    model = Fixed(split.train, ramp(split))
    events = tuple(FitEvent(n, 30, {"loss": 1 / n}, Snapshot("fixed", {})) for n in range(1, 31))
    return model, TrainingHistory(events, 30)


def test_without_at_there_is_no_slider_but_a_sentence_and_setting_the_epoch_names_at(make, split, forward):
    model, history = forward
    panel = make(split, model, history=history)
    assert "cannot go back to earlier epochs: it has no method at(snapshot)" in text(panel, "rw-transport")
    assert not page(panel, "rw-transport").all("input", data_change="epoch")
    with pytest.raises(ValueError, match=r"has no method at\(snapshot\)"):
        panel.epoch = 5
    assert panel.epoch == 30 and "epoch 5" not in html(panel)
    panel.act("epoch", "5")
    panel.act("changes", "")
    assert panel.epoch == 30 and "rw-changes" not in html(panel) and "epoch 5" not in html(panel)


# ------------------------------------------------------------------ A: the caller's model


def test_a_knob_turned_in_one_panel_is_not_turned_in_another_nor_in_the_model(make, split):
    model, history = fitted(split)
    one, other = (make(split, model, history=history, user="u3") for _ in range(2))
    before, accuracy = html(other), rw.evaluate(model, split)
    values, answers = dict(model.values), model.scores("u3").tobytes()
    one.turn(shrink=10)
    one.user = "u4"
    assert model.values == values and model.scores("u3").tobytes() == answers
    assert repr(rw.evaluate(model, split)) == repr(accuracy)
    assert html(other) == before
    other.user = "u4"
    assert other.recommendations.scores.tolist() == rw.recommend(model, split.train, "u4").scores.tolist()
    assert one.recommendations.scores.tolist() != other.recommendations.scores.tolist()


@pytest.mark.parametrize("name", ["GNN", "KNN", "Session"])
def test_the_models_view_answers_what_the_panel_shows_also_after_a_knob_was_turned(make, name):
    panel = make(kind=getattr(rw, f"{name}Panel"), user="7")
    rw.recommend(panel.model, panel.data, "7")
    for value in (0, 3, 1):
        panel.turn(**{panel.model.knobs[0].name: max(value, panel.model.knobs[0].low)})
        panel.epoch = 5
        assert rw.recommend(panel.model, panel.data, "7").items == panel.recommendations.items
        panel.epoch = panel.history.last.step
        assert rw.recommend(panel.model, panel.data, "7").items == panel.recommendations.items
        assert titles(panel) == [
            f"{title} ({year})" if year else title
            for title, year in map(rw.display_title, panel.recommendations.titles)
        ]


def test_what_is_written_to_a_panels_model_does_not_reach_the_callers(make, split, forward):
    model, history = forward
    panel = make(split, model, history=history)
    scores = model.table.copy()
    panel.model.table = np.zeros_like(scores)
    panel.model.label = "Mine"
    assert (model.table == scores).all() and model.label == "Fixed table"


# ------------------------------------------------------------------ A: explanations that are not exact


def test_parts_that_do_not_add_up_are_shown_as_they_are_and_that_is_said(make, split):
    model, item = Exact(split.train, ramp(split), (5.0, 7.0)), split.train.n_items - 1
    rw.fit(model, split.train, progress=False)
    panel = make(split, model, history=rw.fit(model, split.train, progress=False), user=unseen_by(split.train, item))
    assert panel.recommendations.items[0] == "f30"
    why = text(panel, "rw-why")
    panel.act("tab", "sum")
    apart = text(panel, "rw-why")
    assert "5.0000" in apart and "7.0000" in apart and "1.500" not in why + apart and "−0.500" not in why + apart
    assert "do not add up: their sum is 12.0000, the score 0.9999" in why


def test_an_explanation_of_another_score_than_the_lists_is_said(make, split):
    model, item = Exact(split.train, ramp(split, 1.0), (99.0,), 99.0), split.train.n_items - 1
    panel = make(split, model, history=rw.fit(model, split.train, progress=False), user=unseen_by(split.train, item))
    assert "of the score 99.0000, but the list shows 1.0000" in text(panel, "rw-why")


def test_an_explanation_that_fails_leaves_one_person_on_the_page_and_is_said_where_it_would_stand(make, split):
    model = Exact(split.train, ramp(split), (0.9999,))
    panel = make(split, model, history=rw.fit(model, split.train, progress=False), user="u7")
    panel.user = "u9"
    assert page(panel, "rw-user").one(name="rw-facts").text.startswith("User u9 ")
    assert page(panel, "rw-list").one("h3").text == "Top 10 for user u9 · epoch 2 of 2"
    assert titles(panel)[0] in text(panel, "rw-why") and "user 9 cannot be taken apart" in text(panel, "rw-why")
    assert rw.recommend(model, split.train, "u9").items == panel.recommendations.items
    assert "u7" not in text(panel, "rw-user") + text(panel, "rw-list") + text(panel, "rw-why") + message(panel)


# ------------------------------------------------------------------ A: scores that cannot be ranked


@pytest.mark.parametrize(("bad", "said"), [
    (lambda n: np.zeros(n - 1), "for each of the 30 films of the data, float (n_items,), got an array of shape (29,)"),
    (lambda n: np.zeros((n, 1)), "got an array of shape (30, 1)"),
    (lambda n: np.full(n, np.nan), "got no finite number (nan first); look at what `scores` computes"),
    (lambda n: np.where(np.arange(n) == 4, np.inf, 0.0), "got infinity for Film 5 (1954); look for a division by zero"),
    (lambda n: np.array(["a"] * n), "values; return numpy numbers"),
])  # fmt: skip
def test_scores_that_cannot_be_ranked_are_refused_with_the_rule_the_value_and_the_next_move(make, split, bad, said):
    model, history = fitted(split, Fixed(split.train, ramp(split)))
    model.scores = lambda user: bad(split.train.n_items)
    panel = make(split, model, history=history)
    assert said in message(panel) and "Fixed table.scores(user) must give" in message(panel)
    assert said in text(panel, "rw-list") and "has been seen" not in text(panel, "rw-list")
    assert "Traceback" in text(panel, "rw-message"), "the whole story, for whoever opens it"
    assert panel.chart.pie.sizes.tolist() == [0, 0, 0, 1] and not titles(panel)


def test_scores_without_end_below_are_items_that_are_never_recommended(make, split):
    scores = ramp(split)
    scores[:, :25] = -np.inf
    model, history = fitted(split, Fixed(split.train, scores))
    panel = make(split, model, history=history)
    assert 0 < len(titles(panel)) <= 5 and np.isfinite(panel.chart.pie.sizes).all()


# ------------------------------------------------------------------ A: text is text; one truth; built once


def test_a_charts_caption_is_text_unless_it_is_markup(make, split):
    class Bold(rw.Pie):
        def caption(self, answer):
            return "score <b and R&D"

    model, history = fitted(split)
    panel = make(split, model, Bold(), history=history)
    assert "score &lt;b and R&amp;D" in html(panel, "rw-chart")
    assert "score <b and R&D" in text(panel, "rw-chart")


def test_a_pause_within_an_epoch_is_told_alike_to_those_who_see_and_those_who_hear(make, split):
    async def cell():
        model = Held(epochs=4)
        panel = make(split, model)
        panel.train()
        model.let(2 * BATCHES + 2)
        await until(lambda: panel.epoch == 2 and "Training 3 of 4" in status(panel))
        assert await asyncio.to_thread(model.waiting.wait, DEADLINE)
        panel.pause()
        spoken = page(panel, "rw-transport").one("span", "rw-hidden").text
        assert status(panel).startswith("Pausing …") and spoken == "Pausing …"
        model.let(1)
        await until(lambda: status(panel).startswith("Paused after 2 of 4"))
        assert page(panel, "rw-transport").one("span", "rw-hidden").text == "Paused after 2 of 4"
        assert panel.recommendations.items == rw.recommend(panel.model, panel.data, panel.user).items
        assert "epoch 2 of 2" in text(panel, "rw-transport") and curve(panel).loss.marker.x.tolist() == [2, 2]
        panel.stop()
        model.let(10_000)

    asyncio.run(asyncio.wait_for(cell(), 4 * DEADLINE))


def test_the_graph_of_a_data_set_is_built_once_whatever_is_selected(make, monkeypatch):
    panel = make(kind=rw.GNNPanel, user="42")
    built = []
    for name in ("items_of_users", "users_of_items"):
        build = getattr(graph, name)
        monkeypatch.setattr(graph, name, lambda data, build=build: built.append(data) or build(data))
    for rank in (1, 4, 2):
        panel.selected = rank
    panel.turn(layers=1)
    panel.user = "7"
    assert built == []


# ------------------------------------------------------------------ C: the test rows are for the end


class Watched:
    """Interactions that write down which function of the package asks for more than how many they are."""

    def __init__(self, data):
        self._data, self.asked = data, set()

    def __len__(self):
        return len(self._data)

    def __getattr__(self, name):
        frame = sys._getframe(1)
        while not frame.f_globals["__name__"].startswith("recwidgets"):
            frame = frame.f_back
        self.asked.add(f"{frame.f_globals['__name__']}.{frame.f_code.co_name}")
        return getattr(self._data, name)


TICKS = {"recwidgets.answer.answer"}  # the ✓ of one person's list
BOARD = ("recwidgets.panel.honesty.", "recwidgets.metrics.")


@pytest.mark.parametrize("history_given", [True, False])
def test_a_panel_looks_at_the_test_rows_for_the_ticks_of_its_list_alone(make, split, tmp_path, history_given):
    """Curves, the accuracy now, and what knobs and less of all users' taste do are measured on validation rows."""
    rows = Watched(split.test)
    model, history = fitted(split)
    rows.asked.clear()
    panel = make(split._replace(test=rows), model, history=history if history_given else None, user="u3")
    if not history_given:
        panel.train()
    acted(panel)
    for drawer in ("curves", "ranks", "edit", "more", ""):
        panel.act("drawer", drawer)
    for tab in ("not", "go", "sum", "why"):
        panel.act("tab", tab)
    panel.turn(shrink=10)
    panel.act("alpha", "50")
    panel.user = "u5"
    panel.export(tmp_path)
    assert "accuracy" in text(panel, "rw-transport") and not np.isnan(panel.history.last.metrics["top_10_accuracy"])
    assert rows.asked == TICKS


def test_a_comparison_looks_at_the_test_rows_for_the_ticks_and_once_for_its_leaderboard(make, split):
    rows = Watched(split.test)
    models = {"svd": fitted(split)[0], "other": fitted(split, Svd(seed=1))[0]}
    panel = make(split._replace(test=rows), models, kind=rw.ComparePanel)
    assert rows.asked > TICKS and all(name.startswith(BOARD) for name in rows.asked - TICKS), rows.asked
    rows.asked.clear()
    panel.user = "u5"
    acted(panel)
    for drawer in ("board", "edit", ""):
        panel.act("drawer", drawer)
    assert rows.asked == TICKS, "what was measured is kept"


# ------------------------------------------------------------------ B: a closed panel is freed


def widgets():
    return set(registry._instances)


def trained_here(split):
    panel = rw.Panel(split, Svd(epochs=2))
    panel.train()
    return panel


MAKE = {
    "gnn": lambda split: rw.GNNPanel(user="42"),
    "knn": lambda split: rw.KNNPanel(user="42"),
    "session": lambda split: rw.SessionPanel(user="42"),
    "own": lambda split: rw.Panel(split, fitted(split)[0], history=fitted(split)[1]),
    "trained here": trained_here,
    "bare": lambda split: rw.Panel(split, fitted(split, Fixed(split.train, ramp(split)))[0]),
    "compare": lambda split: rw.ComparePanel(split, {"svd": fitted(split)[0], "other": fitted(split, Svd(seed=1))[0]}),
}


def acted(panel):
    """A panel as a learner leaves it: another user, a film dropped, a history of one's own, an outline drawn."""
    acts = {"next": "", "select": "2", "drop": f"film:{panel.person.history[0]}", "undo": "", "epoch": "2"}
    acts |= {"changes": "", "you": "", "add": "3", "add-title": "Film 6", "edit": ""}
    for name, value in acts.items():
        panel.act(name, value)


@pytest.mark.parametrize("kind", MAKE)
def test_a_closed_panel_leaves_no_widget_behind_and_is_freed(split, kind):
    before = widgets()
    panel = MAKE[kind](split)
    acted(panel)
    held = [weakref.ref(thing) for thing in (panel, panel._parts, panel.shown)]
    panel.close()
    assert widgets() == before
    del panel
    gc.collect()
    assert [ref() for ref in held] == [None] * len(held)


@pytest.mark.parametrize("kind", ["gnn", "own", "compare"])
def test_a_closed_panel_that_is_still_named_has_given_back_what_it_held(split, kind):
    panel = MAKE[kind](split)
    acted(panel)
    held = [weakref.ref(thing) for thing in (panel._parts, panel.shown, panel._seen().world)]
    panel.close()
    gc.collect()
    assert [ref() for ref in held] == [None] * len(held), "Out keeps what a cell has shown"
    assert panel.children == () and "closed" in repr(panel)
    for ask in (lambda: panel.split, lambda: panel.person, lambda: panel.act("next"), panel.setup, panel.undo):
        with pytest.raises(opening.PanelClosed, match="is closed and answers no more; run its cell again"):
            ask()
    panel.close()  # twice is once


def test_a_panel_that_could_not_be_made_leaves_no_widget_behind(split):
    before = widgets()
    model, history = fitted(split)
    for wrong in ({"user": "nobody"}, {"knobs": {"colour": 3}}, {"hide": "everything"}, {"epoch": 99}):
        with pytest.raises((ValueError, TypeError, LookupError)):
            rw.Panel(split, model, history=history, **wrong)
    with pytest.raises(TypeError, match="must be Interactions or a Split"):
        rw.Panel(3)
    with pytest.raises(LookupError):
        rw.KNNPanel(user="nobody")
    with pytest.raises(ValueError, match="must name at least one trained model"):
        rw.ComparePanel(split, {})
    gc.collect()
    assert widgets() == before


def test_closing_ends_the_training_and_its_thread(split):
    async def cell():
        model = Held(epochs=3)
        panel = rw.Panel(split, model)
        panel.train()
        assert await asyncio.to_thread(model.waiting.wait, DEADLINE)
        threads = [thread for thread in threading.enumerate() if thread.name == "recwidgets-training"]
        panel.close()
        model.let(10_000)
        for thread in threads:
            await asyncio.to_thread(thread.join, DEADLINE)
        assert not any(thread.is_alive() for thread in threads)
        return weakref.ref(panel)

    ref = asyncio.run(asyncio.wait_for(cell(), 4 * DEADLINE))
    gc.collect()
    assert ref() is None


def test_a_script_that_ends_with_a_panel_open_says_nothing():
    code = "import recwidgets as rw; panel = rw.KNNPanel(user='42'); print(panel.user)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout == "42\n" and "Traceback" not in done.stderr and "ignored" not in done.stderr


# ------------------------------------------------------------------ B: a cell that is run again


class Notebook:
    """As much of a notebook's shell as a panel asks: which cell is running, and which run of it this is."""

    def __init__(self):
        self.kernel, self.runs, self.after = types.SimpleNamespace(get_parent=self.get_parent), 0, []
        self.events = types.SimpleNamespace(
            register=lambda event, call: self.after.append(call), unregister=lambda event, call: self.after.remove(call)
        )

    def get_parent(self, channel):
        return {"metadata": {"cellId": self.cell}, "header": {"msg_id": f"run-{self.runs}"}}

    def run(self, cell, code):
        self.cell, self.runs = cell, self.runs + 1
        made = code()
        for call in list(self.after):
            call(None)
        return made


@pytest.fixture
def notebook(monkeypatch):
    made = Notebook()
    monkeypatch.setattr(opening, "get_ipython", lambda: made)
    monkeypatch.setattr(opening, "_MADE", {})
    return made


def test_a_cell_that_is_run_again_closes_its_earlier_panels_and_no_others(notebook, split):
    model, history = fitted(split)

    def two():
        return rw.Panel(split, model, history=history), rw.Panel(split, model, history=history)

    other = notebook.run("b", lambda: rw.KNNPanel(user="42"))
    before = len(widgets())
    first = notebook.run("a", two)
    assert not any(panel._closed for panel in first), "both panels of one run stay"
    once = len(widgets())
    for _ in range(3):
        again = notebook.run("a", two)
        assert len(widgets()) == once
    assert all(panel._closed for panel in first) and not any(panel._closed for panel in again)
    assert other.user == "42"
    for panel in (*again, other):
        panel.close()
    assert len(widgets()) < before


def test_thirty_runs_of_a_cell_hold_one_panel(notebook, split):
    """IPython keeps what a cell has shown in `Out`: also then."""
    model, history = fitted(split)
    shown, parts, counts = [], [], []
    for _ in range(30):
        shown.append(notebook.run("a", lambda: rw.Panel(split, model, history=history)))
        parts.append(weakref.ref(shown[-1]._parts))
        counts.append(len(widgets()))
    gc.collect()
    assert len(set(counts)) == 1
    assert [ref() is None for ref in parts] == [True] * 29 + [False]
    shown[-1].close()


# ------------------------------------------------------------------ what the random walk of test_state_machine found


def test_a_model_without_at_that_goes_on_learning_is_asked_anew(make, split):
    class Rolling(Fixed):
        def steps(self, data, validation=None, epochs=None):
            start = self.table
            for step in range(1, (epochs or 2) + 1):
                self.table = np.roll(start, 3 * step, axis=1)
                yield FitEvent(step, epochs or 2, {"loss": 1 / step}, Snapshot("rolling", {}))

    panel = make(split, Rolling(split.train, ramp(split)), epochs=3)
    panel.step()
    first = panel.recommendations.items
    panel.train()
    assert panel.recommendations.items == rw.recommend(panel.model, split.train, panel.user).items != first


def test_a_knob_that_waits_for_a_training_can_be_put_back_like_any_other(make, split):
    model, history = fitted(split)
    panel = make(split, model, history=history)
    panel.drop(panel.data.items[panel.person.history[0]])
    edited = panel.state.edited
    panel.turn(dim=9)
    panel.undo()
    assert panel.state.edited == edited and panel.state.values(panel.world)["dim"] == 6


@pytest.mark.parametrize(("name", "value", "said"), [
    ("add", "x", "a film must be a whole number, got 'x'."),
    ("add", "-1", "a film must be an index from 0 to 29, got '-1'."),
    ("remove", "{unseen}", "must be one of the history shown, got Film"),
    ("drop", "film:{unseen}", "must be one of the history shown, got Film"),
    ("later", "{unseen}", "must be one of the history shown, got Film"),
    ("drop", "neighbour:99", "a neighbour must be an index from 0 to 17, got '99'."),
    ("select", "first", "selected must be a whole number, got 'first'."),
    ("epoch", "", "epoch must be a whole number, got ''."),
    ("epochs", "ten", "epochs must be a whole number, got 'ten'."),
    ("knob", "shrink:x", "the position of shrink must be a whole number, got 'x'."),
    ("knob-step", "shrink:x", "the step of shrink must be a whole number, got 'x'."),
    ("click", "x", "the clicks to go on must be a whole number, got 'x'."),
    ("rate", "99", "the learning rate on the slider must be an index from 0 to"),
])  # fmt: skip
def test_a_wrong_value_is_refused_with_a_sentence_and_changes_nothing(make, split, name, value, said):
    model, history = fitted(split)
    panel = make(split, model, history=history)
    unseen = next(n for n in range(30) if n not in panel.person.history)
    before = copy.copy(panel.state.edited), panel.recommendations.items, panel.setup()
    panel.act(name, value.format(unseen=unseen))
    assert said in message(panel)
    assert (panel.state.edited, panel.recommendations.items, panel.setup()) == before


def test_a_run_is_saved_also_where_a_score_cannot_be_taken_apart(make, split, tmp_path):
    model = Exact(split.train, ramp(split), (0.9999,))
    panel = make(split, model, history=rw.fit(model, split.train, progress=False), user="u9")
    panel.export(tmp_path)
    lines = (tmp_path / "recommendations.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + len(titles(panel)) and (tmp_path / "run.json").exists()
    assert all(line.endswith("user 9 cannot be taken apart.,fault,") for line in lines[1:])


@pytest.mark.parametrize("name", ["GNN", "KNN", "Session"])
def test_somebody_without_history_is_answered_and_what_the_answer_is_made_of_adds_up(make, name):
    panel = make(kind=getattr(rw, f"{name}Panel"), user="42")
    panel.act("clear")
    score = float(panel.recommendations.scores[panel.selected])
    assert sum(line.value for line in panel.shown.reason.lines) == pytest.approx(score, abs=1e-3)
    assert "Nothing that user 42 watched is known" in text(panel, "rw-why")
    panel.act("tab", "sum")
    why = [tag.text for tag in page(panel, "rw-why").all("td", "rw-num")]
    assert [number for number in why if number] == [f"{score:.4f}", f"{score:.4f}"], "one part, and the score"
    assert "0 contributions" not in text(panel, "rw-why") and message(panel).startswith("You took out all 352 films.")


def test_a_choice_has_no_next_one(make):
    panel = make(kind=rw.KNNPanel, user="42")
    panel.act("knob-step", "similarity:1")
    assert "similarity is one of cosine, dot product, distance" in message(panel)
    assert panel.state.values(panel.world)["similarity"] == "cosine"


def test_an_index_error_in_a_model_is_told_with_its_whole_story(make, split):
    model, history = fitted(split, Fixed(split.train, ramp(split)[:3]))
    panel = make(split, model, history=history, user="u2")
    panel.user = "u9"
    assert "out of bounds" in message(panel) and "IndexError" in text(panel, "rw-message")


def test_a_comparisons_line_has_what_a_comparison_takes(make, split):
    models = {"svd": fitted(split)[0]}
    panel = make(split, models, kind=rw.ComparePanel, user="u5")
    panel.act("rate", "0")
    panel.act("knob", "shrink:4")
    panel.act("film-of", "99")
    assert "a film must be an index from 0 to 29" in message(panel)
    assert panel.setup() == 'rw.ComparePanel(data, models, user="u5")'


# ------------------------------------------------------------------ E: the page


@pytest.mark.parametrize("kind", ["GNN", "KNN", "Session", "Compare"])
def test_no_two_buttons_of_a_panel_that_do_different_things_have_one_name(make, kind):
    """Two were called Layers."""
    panel = make(kind=getattr(rw, f"{kind}Panel"), user="42")
    for acts in ([], [("drawer", "edit")], [("you", "")], [("drawer", "curves"), ("tab", "go")]):
        for name, value in acts:
            panel.act(name, value)
        buttons: dict[str, set[tuple[str | None, ...]]] = {}
        for button in page(panel).all("button"):
            name = button.attributes.get("aria-label") or button.text or button.attributes.get("title")
            assert name, button.attributes
            does = tuple(button.attributes.get(f"data-{key}") for key in ("act", "value", "copy"))
            buttons.setdefault(name, set()).add(does)
        assert len(buttons) > 10 and {name: does for name, does in buttons.items() if len(does) > 1} == {}
