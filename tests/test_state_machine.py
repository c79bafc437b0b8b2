"""Panels driven at random through all acts: after each, everything on the page tells of one state, and it is true.

`RECWIDGETS_SEARCH=10` looks ten times as far, and somewhere else each time.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import html
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from traitlets import TraitError
from worlds import Failing, Fixed, Markup, Svd, random_table, table

import recwidgets as rw
from recwidgets.answer import softmax_shares
from recwidgets.core import Explanation, FitEvent, Part, Person, Snapshot, film_label, person_of
from recwidgets.data import Split
from recwidgets.data.unknown import UnknownItem, UnknownUser
from recwidgets.page.markup import knob_positions
from recwidgets.panel import beside
from recwidgets.panel.acts import ACTS
from recwidgets.panel.all_users import AllUsers
from recwidgets.panel.compare import ComparePanel
from recwidgets.panel.effects import EFFECTS
from recwidgets.panel.panel import as_split
from recwidgets.panel.state import DRAWERS, TABS, Change
from recwidgets.protocols import Explains, Rewindable, Tunable

SEARCH = int(os.environ.get("RECWIDGETS_SEARCH", "0"))
REFUSED = (ValueError, UnknownUser, UnknownItem)  # of which an act may say that it is not possible
EDITS = (
    "user", "choose", "next", "previous", "random", "you", "edit", "add", "add-title", "drop", "remove", "earlier",
    "later", "clear", "undo", "film-of", "move-to", "front", "reverse", "original", "put-back", "base", "films",
)  # fmt: skip
NOT_NUMBERS = ["", "x", "-1", "99999", "1.5", "film:", "None"]

# ------------------------------------------------------------------ small worlds, and models of one's own


@functools.cache
def small():
    """12 users, 24 items; "u1" has 3 items left to recommend, "u2" none, "u3" has rated nothing to learn from."""
    table_ = random_table(np.random.default_rng(5), 12, 24, density=0.4)
    whole = table_.split("temporal", test=0.2, validation=0.15)
    pairs = [(user, item) for user, item in zip(whole.train.user, whole.train.item, strict=True) if user > 2]
    pairs += [(0, item) for item in range(21)] + [(1, item) for item in range(24)]
    return Split(
        table(pairs, 12, 24, name="MovieLens, a small world"), whole.validation, whole.test, "temporal", None, ""
    )


def unmeasured(model, split):
    """In place of a ranking for all users: no step, and no numbers."""
    yield from ()
    return AllUsers(float("nan"), 0.0)


class Bare(Fixed):
    """What the protocol asks for and no more: it answers as of its last epoch, and takes nothing apart."""

    def __init__(self, data=None):
        super().__init__(data, np.zeros((1, 1)))

    def steps(self, data, validation=None, epochs=None):
        for step in range(1, (epochs or 2) + 1):
            self.data = data
            self.table = np.random.default_rng(step).normal(size=(data.n_users, data.n_items)).astype(np.float32)
            yield FitEvent(step, epochs or 2, {"loss": 1 / step}, Snapshot("bare", {}))


class Liar(Bare):
    """Its explain() is not exact: the parts miss the score for some people, the score is another one for others."""

    label = "Wrong sums"

    def explain(self, user, item):
        person = person_of(self.data, user)
        index = self.data.item_index(item)
        score, n = float(self.scores(user)[index]), len(person.history)
        parts = (Part("a", "film", score, int(person.history[0]) if n else -1), Part("b", "base", float(n % 2)))
        return Explanation(str(self.data.items[index]), str(self.data.titles[index]), score + (n % 3 == 0), parts)


class Rewinding:
    """A model of one's own with `at`: the counts of the items so far, one share of the rows an epoch."""

    label = "Counts"

    def __init__(self):
        self.data, self.snapshot = None, None

    def steps(self, data, validation=None, epochs=None):
        self.data = data
        for step in range(1, (epochs or 3) + 1):
            rows = data.item[: len(data) * step // (epochs or 3)]
            counts = np.bincount(rows, minlength=data.n_items) + 0.01 * np.arange(data.n_items)
            self.snapshot = Snapshot("counts", {"scores": counts.astype(np.float32)})
            yield FitEvent(step, epochs or 3, {"loss": 1.0 / step, "top_10_accuracy": 0.1}, self.snapshot)

    def at(self, snapshot=None):
        view = copy.copy(self)
        view.snapshot = self.snapshot if snapshot is None else snapshot
        return view

    def scores(self, user):
        person = person_of(self.data, user)
        return self.snapshot["scores"] * np.float32(1 + len(person.history) / 100)


class Raising(Rewinding):
    """Its explain() raises for every third user, and for whoever has no id."""

    label = "Counts, sometimes taken apart"

    def explain(self, user, item):
        person, index = person_of(self.data, user), self.data.item_index(item)
        if person.user is None or person.user % 3 == 0:
            raise KeyError(f"nobody knows <{person.user}>")
        score = float(self.scores(user)[index])
        return Explanation(str(item), str(self.data.titles[index]), score, (Part("count", "base", score),))


class Behind(rw.Polygon):
    """A chart class of one's own."""


def fitted(model, epochs):
    return model, rw.fit(model, small().train, small().validation, epochs=epochs, progress=False)


def one_epoch(model):
    """A model that was trained without its epochs being kept."""
    fitted(model, 2)
    return model, None


#: a model and its history, made once: nothing that a panel does may change them; and the panel's chart
MODELS = {
    "trained": lambda: (*fitted(Svd(), 4), None),
    "thinned": lambda: (*fitted(Svd(seed=3), 130), rw.Columns),
    "untrained": lambda: (Svd(seed=1, epochs=2), None, Behind),
    "failing": lambda: (Failing(epochs=3), None, None),
    "no epochs": lambda: (*one_epoch(Svd(seed=2)), rw.Polygon),
    "bare": lambda: (*fitted(Bare(), 5), None),
    "bare, untrained": lambda: (Bare(), None, rw.Columns),
    "wrong sums": lambda: (*fitted(Liar(), 2), None),
    "at, no explain": lambda: (*fitted(Rewinding(), 4), rw.Polygon),
    "at, explain raises": lambda: (*fitted(Raising(), 3), None),
}


@functools.cache
def model_of(kind):
    return MODELS[kind]()


@functools.cache
def shipped(name):
    """The trained file that comes with the package, on its data."""
    split = as_split(rw.load_movielens("latest-small"))
    return split, *rw.load_pretrained(name, split.train), None


def fingerprint(model):
    """All that a panel might write into a model, but for caches."""
    told = {name: value for name, value in vars(model).items() if not name.startswith("_")}
    return {name: (id(value), repr(value) if isinstance(value, dict) else None) for name, value in told.items()}


def bits(model, data):
    try:
        return np.asarray(model.scores(str(data.users[4]))).tobytes()
    except Exception as error:
        return repr(error)


# ------------------------------------------------------------------ looking at a panel as a page does


@functools.lru_cache(4096)
def page(text):
    return Markup(text)


def words(text):
    """All the text of a piece of HTML."""
    return "".join(tag.text for tag in page(f"<div>{text}</div>").tags[:1])


def same(one, other):
    """Lists of the same items, in the same order, with the same scores."""
    assert one.items == other.items
    assert np.allclose(one.scores, other.scores, rtol=1e-5, atol=1e-6, equal_nan=True)


def ids(panel):
    """The edited history, by original ids."""
    edited, data = panel.state.edited, panel.data
    if edited is None or (edited[0] is not None and edited[1:4] == (tuple(data.history(edited.user).tolist()), (), ())):
        return None  # as in the data
    return (edited.user, *(tuple(data.items[list(items)].tolist()) for items in (edited.items, edited.dropped)),
            tuple(data.users[list(edited.without)].tolist()))  # fmt: skip


def stands(panel):
    """Where a panel stands, as somebody who opens it again should find it."""
    shown = panel.shown
    item = None if shown.item is None else str(panel.data.items[shown.item])
    found = {"user": panel.user, "epoch": panel.epoch, "item": item, "edited": ids(panel)}
    found |= {"epochs": panel.state.epochs, "rate": panel.state.rate or panel.training.rate}
    return found | {"knobs": panel.state.values(panel.world), "list": panel.recommendations.items}


# ------------------------------------------------------------------ what may be done


class Machine(RuleBasedStateMachine):
    """One panel, and whatever a learner, or code, may do to it."""

    kinds = tuple(MODELS)[:5]

    @initialize(data=st.data())
    def open(self, data):
        self.folder = tempfile.TemporaryDirectory()
        self.back = os.getcwd()
        os.chdir(self.folder.name)
        self.kind = data.draw(st.sampled_from(self.kinds))
        self.split, self.given, self.given_history, chart = self.world()
        self.chart = chart
        self.before = fingerprint(self.given), bits(self.given, self.split.train)
        self.panel = self.make(state="state.json")
        self.written = self.panel.setup()

    def world(self):
        return small(), *model_of(self.kind)

    def make(self, **options):
        chart = None if self.chart is None else self.chart()
        if self.kind == "no epochs":
            options |= {"goal": rw.Goal("Film 3 (1952)", 2), "hide": ["tools", "curve"], "animate": False}
        return rw.Panel(self.split, self.given, chart, history=self.given_history, **options)

    def teardown(self):
        if hasattr(self, "panel"):
            try:
                (self.opened_by_its_line if len(self.panel.setup()) % 2 else self.opened_from_its_file)()
            finally:
                self.panel.close()
        if hasattr(self, "back"):
            os.chdir(self.back)
            self.folder.cleanup()

    # -- values, right and wrong

    def index(self, data, n):
        return str(data.draw(st.integers(0, n - 1)))

    def value(self, data, name):
        """(value, is it right) for an act."""
        panel = self.panel
        items, users = panel.data.n_items, panel.data.n_users
        history, without = panel.person.history.tolist(), list(panel.person.without)
        rivals = [item for item in range(items) if item != panel.shown.item]
        knobs = panel.training.knobs
        rates = panel.training.rates
        right = {
            "user": lambda: str(data.draw(st.sampled_from(panel.data.users.tolist()))),
            "find": lambda: data.draw(st.sampled_from(["u", "u3", "Film", "<b>", "zzz", ""])),
            "choose": lambda: data.draw(st.sampled_from(["u1", "user u2", "u", "nobody", " ", "<b>"])),
            "drop": lambda: (
                f"film:{data.draw(st.sampled_from(history))}"
                if history and data.draw(st.booleans())
                else f"neighbour:{self.index(data, users)}"
            ),
            "own": lambda: " ".join(map(str, data.draw(st.lists(st.integers(0, items - 1), max_size=5)))),
            "add": lambda: self.index(data, items),
            "film": lambda: data.draw(st.sampled_from(["Film 1", "<i>", "", "none such"])),
            "add-title": lambda: data.draw(st.sampled_from(["Film 1", "<i>", "", "none such"])),
            "click": lambda: data.draw(st.sampled_from(["-1", "1", "-2"])),
            "select": lambda: str(data.draw(st.integers(0, max(len(panel.recommendations.items) - 1, 0)))),
            "epoch": lambda: str(data.draw(st.integers(-1, panel.training.newest + 2))),
            "tempo": lambda: data.draw(st.sampled_from(["slow", "fast", "normal"])),
            "motion": lambda: data.draw(st.sampled_from(["still", "moving"])),
            "epochs": lambda: str(data.draw(st.integers(1, 2))),
            "move-to": lambda: (
                f"{data.draw(st.sampled_from(history))}:{data.draw(st.integers(0, len(history) - 1))}"
                if history
                else None
            ),
            "put-back": lambda: None if panel.state.gone is None else str(panel.state.gone[0]),
            "films": lambda: str(data.draw(st.integers(-5, 300))),
            "base": lambda: data.draw(st.sampled_from(["last", "original"])),
            "clue": lambda: self.index(data, items),
            "tab": lambda: data.draw(st.sampled_from(TABS)),
            "drawer": lambda: data.draw(st.sampled_from(DRAWERS)),
            "alpha": lambda: "0",  # what it does to the list is looked at elsewhere
            "ask-again": lambda: str(data.draw(st.sampled_from(without))) if without else None,
            "take-out": lambda: (
                "film:" + " ".join(map(str, data.draw(st.lists(st.sampled_from(history), min_size=1, unique=True))))
                if history
                else None
            ),
            "rival": lambda: str(data.draw(st.sampled_from(rivals))) if rivals else None,
        }
        for move in ("remove", "earlier", "later", "front"):
            right[move] = lambda: str(data.draw(st.sampled_from(history))) if history else None
        if knobs:
            knob = data.draw(st.sampled_from(knobs)) if name.startswith("knob") else knobs[0]
            right["knob"] = lambda: f"{knob.name}:{self.index(data, len(knob_positions(knob)))}"
            right["knob-step"] = lambda: f"{knob.name}:{data.draw(st.sampled_from(['-1', '1']))}"
        if rates:
            right["rate"] = lambda: self.index(data, len(rates))
        if name in right:
            if data.draw(st.integers(0, 7)):
                found = right[name]()
                if found is not None:
                    return found, True
            return data.draw(st.sampled_from(NOT_NUMBERS)), False
        if name in ("knob", "knob-step", "rate", "remove", "earlier", "later", "front", "move-to", "put-back",
                    "ask-again", "take-out", "rival"):  # fmt: skip
            return data.draw(st.sampled_from(["shrink:1", "1"])), False
        return data.draw(st.sampled_from(["", "x"])), name != "save" or panel.shown.answer is not None

    @rule(data=st.data(), name=st.sampled_from(sorted({*ACTS, *EFFECTS} - {"train", "step"})))
    def act(self, data, name):
        value, right = self.value(data, name)
        self.do(data, name, value, right)

    @rule(data=st.data(), name=st.sampled_from(["drop", "add", "knob", "select", "user", "epoch"]))
    def what_is_done_often(self, data, name):
        value, right = self.value(data, name)
        self.do(data, name, value, right)

    @rule(value=st.text(max_size=4), name=st.one_of(st.text(max_size=8), st.sampled_from(["tale", "knob:none"])))
    def what_there_is_not(self, name, value):
        if name.partition(":")[0] not in ACTS | EFFECTS:
            self.do(None, name, value, False)

    def do(self, data, name, value, right):
        panel, state = self.panel, self.panel.state
        panel.act(name, value)
        shown = panel.shown.message
        said = f"{name} {value!r}: {shown}"
        if shown is not None and shown is not state.message and shown.lead == "That did not work:":
            self.was_refused(shown, said)
            assert not right or self.broken(), said
            assert replace_message(panel.state) == replace_message(state), f"{said}, but something changed"
        if data is not None:
            self.can_be_undone(data, state, name)

    def was_refused(self, message, said):
        """An error of ours tells the rule: it is none of those that a fault in the code has."""
        if message.details:
            last = message.details.strip().splitlines()[-1]
            assert last.startswith(("ValueError", "recwidgets.", "AnswerError")) or self.broken(), message.details
        assert "invalid literal" not in message.text and "not enough values" not in message.text, said

    def broken(self):
        """Does the model itself raise?"""
        return False

    def can_be_undone(self, data, before, name):
        panel, now = self.panel, self.panel.state
        leaves = name in ("undo", "put-back", "user", "choose", "random", "previous", "next", "pretrained") or (
            name == "you" and before.own  # goes back to the user, who is shown as in the data
        )
        same_state = before.edited == now.edited and before.values(panel.world) == now.values(panel.world)
        if leaves or same_state or data.draw(st.booleans()):
            return
        asked = answer_afresh(panel, before)
        panel.act("undo")
        assert panel.state.edited == before.edited, f"undo after {name}"
        assert panel.state.values(panel.world) == before.values(panel.world), f"undo after {name}"
        assert (None if asked is None else asked.tolist()) == (
            None if panel.shown.answer is None else panel.shown.answer.top.tolist()
        )

    # -- by code

    @rule(data=st.data())
    def turn(self, data):
        panel, state = self.panel, self.panel.state
        if panel.training.knobs and data.draw(st.integers(0, 3)):
            knob = data.draw(st.sampled_from(panel.training.knobs))
            panel.turn(**{knob.name: data.draw(st.sampled_from(knob_positions(knob)))})
            self.can_be_undone(data, state, "turn")
            return
        with pytest.raises((ValueError, TypeError)):
            panel.turn(colour=3)
        assert panel.state is state

    @rule(data=st.data())
    def edit(self, data):
        panel, state = self.panel, self.panel.state
        if data.draw(st.integers(0, 3)):
            chosen = data.draw(st.lists(st.sampled_from(panel.data.items.tolist()), max_size=6, unique=True))
            panel.edit(chosen)
            assert panel.data.items[panel.person.history].tolist() == chosen and panel.person.user is None
            self.can_be_undone(data, state, "edit")
            return
        with pytest.raises((UnknownItem, TypeError)):
            panel.edit(data.draw(st.sampled_from([["nothing such"], "f1", 3])))
        assert panel.state is state

    @rule(data=st.data())
    def drop(self, data):
        panel, state = self.panel, self.panel.state
        history = panel.data.items[panel.person.history].tolist()
        if history and data.draw(st.integers(0, 3)):
            item = data.draw(st.sampled_from(history))
            panel.drop(item)
            assert item not in panel.data.items[panel.person.history] and item not in panel.recommendations.items
            self.can_be_undone(data, state, "drop")
            return
        wrong = data.draw(st.sampled_from([{"item": "nothing such"}, {}, {"neighbour": "nobody"}]))
        with pytest.raises((UnknownItem, UnknownUser, ValueError)):
            panel.drop(**wrong)
        assert panel.state is state

    @rule(data=st.data(), name=st.sampled_from(["user", "epoch", "selected"]))
    def trait(self, data, name):
        panel, state = self.panel, self.panel.state
        wrong = {"user": ["nobody", ""], "epoch": [-1, 10_000, "x", None], "selected": [-1, 50, "x"]}[name]
        if data.draw(st.integers(0, 2)) == 0:
            with pytest.raises((*REFUSED, TraitError)):
                setattr(panel, name, data.draw(st.sampled_from(wrong)))
            assert panel.state is state
            return
        steps = panel.training.steps if panel.training.rewindable else [panel.training.newest]
        if not panel.training.history.counted:  # which epoch it is, is not known
            steps = [0]
        right = {
            "user": panel.data.users.tolist(),
            "epoch": steps or [0],
            "selected": list(range(max(len(panel.recommendations.items), 1))),
        }
        value = data.draw(st.sampled_from(right[name]))
        setattr(panel, name, value)
        assert getattr(panel, name) == value

    @rule(name=st.sampled_from(["train", "step", "pause", "stop", "reset", "undo"]), clicked=st.booleans())
    def training(self, name, clicked):
        panel = self.panel
        if name == "train":
            panel.act("epochs", "1") if panel.state.epochs > 2 else None
        if clicked:
            panel.act(name, "")
        else:
            getattr(panel, name)()
        if name in ("train", "step"):
            assert panel.state.epoch is None, "a training is followed"

    @rule(chance=st.integers(0, 11))
    def look_again(self, chance):
        if chance == 3:
            self.opened_by_its_line()
        if chance == 7:
            self.opened_from_its_file()

    # -- what holds after each of them

    @invariant()
    def all_agree(self):
        if hasattr(self, "panel"):
            self.the_list_is_what_the_model_says()
            self.the_page_tells_of_one_state()
            self.arrows_count_from_the_answer_before()
            self.why_adds_up()
            self.the_model_is_as_it_was()

    def the_list_is_what_the_model_says(self):
        panel = self.panel
        asked = answer_afresh(panel, panel.state)
        shown = panel.recommendations
        if asked is None:
            assert shown.items == () and panel.shown.answer is None
            return
        assert shown.index.tolist() == asked.tolist()
        edited = panel.state.edited
        dropped = () if edited is None else edited.dropped
        again = rw.recommend(panel.model, panel.data, panel.person, first(panel.data, dropped))
        assert [item for item in again.index.tolist() if item not in dropped][:10] == shown.index.tolist()
        assert panel.model is not self.given and panel.model is not panel.model

    def the_page_tells_of_one_state(self):
        panel, regions = self.panel, self.panel._parts.regions
        state, shown, training, data = panel.state, panel.shown, panel.training, panel.data
        own = shown.person.user is None
        top = [] if shown.answer is None else shown.answer.top.tolist()
        titles = [film_label(data, item) for item in top]
        # who
        assert panel.user == state.user
        assert (own and state.own) or state.user == str(data.users[shown.person.user])
        facts = page(regions.header.html).one(name="rw-facts").text
        assert facts.startswith("You" if own else f"User {state.user} ")
        # when
        counted = training.history.counted
        assert counted == (training.here or self.given_history is not None or not training.newest)
        epoch = (state.epoch or training.newest) if counted else 0
        assert panel.epoch == epoch
        strip = page(regions.transport.html)
        time, line = words(regions.transport.html), strip.all("input", data_change="epoch")
        if not training.newest:
            assert "no epoch yet" in time
        elif not counted:
            assert "epochs not known" in time and "Trained elsewhere" in time and not line and "epoch 1" not in time
        elif training.rewindable:
            assert f"epoch {epoch} of {training.newest}" in time
            assert [bar["value"] for bar in line] == [str(max(epoch, 1))]
        else:
            assert "cannot go back" in time and not line and state.epoch is None
        for plot, head, metric in (
            (regions.curve.loss, regions.curve.loss_head, "loss"),
            (regions.curve.accuracy, regions.curve.accuracy_head, "top_10_accuracy"),
        ):
            value = training.history.metrics.get(epoch, {}).get(metric, float("nan"))
            drawn = bool(np.isfinite(value))
            assert plot.marker.x.tolist() == [epoch, epoch] * drawn
            assert plot.dot.y.tolist() == [value] * drawn
            assert (f"epoch {epoch}:" in words(head.html)) == drawn
        # the list
        heading = page(regions.list.html).one("h3").text
        when = f" · epoch {epoch} of {training.newest}" if training.newest else " · no epoch yet"
        when = when if counted else " · epochs not known"
        assert heading == f"Top {len(top) if shown.answer else 10} for {'you' if own else f'user {state.user}'}{when}"
        rows = page(regions.list.html).all("button", "rw-row")
        assert [row["title"] for row in rows] == titles
        assert [n for n, row in enumerate(rows) if row["aria-pressed"] == "true"] == [panel.selected] * bool(top)
        assert shown.item == (top[panel.selected] if top else None)
        # the chart
        chart = panel.chart
        said = html.unescape(page(regions.chart_head.html).one("p")["data-alt"])
        assert said == chart.sentence(shown.answer)
        if top:
            assert titles[0] in said
        if isinstance(chart, rw.Pie) and top:
            unseen = np.delete(shown.answer.scores, shown.answer.left_out)
            shares, _ = softmax_shares(shown.answer.scores[top], unseen)
            sizes = {n: chart.pie.sizes[slot] for slot in range(3) if (n := chart.list_index(slot)) >= 0}
            assert sizes == pytest.approx({n: shares[n] for n in range(min(3, len(top)))}, abs=1e-6)
            marked = [chart.list_index(slot) for slot in ([] if chart.pie.selected is None else chart.pie.selected)]
            assert marked == [panel.selected] * (panel.selected < 3)
        # why
        why = page(regions.why.tabs.html).one("h3").text
        assert why == (f"Why {titles[panel.selected]}?" if top else "Why?")
        # what is said
        word = strip.one(name="rw-status").text
        assert word.startswith(strip.one("span", "rw-hidden").text)
        if training.state == "paused" and not training.holds:
            assert word.startswith("Pausing …")
        elif training.state == "paused":
            assert word.startswith(f"Paused after {training.step} of {training.total}")
        if training.state == "idle" and training.newest and not training.here:
            assert ("trained before" in word or "pretrained" in word) if counted else "trained elsewhere" in word
        message = shown.message
        for label, act, value in () if message is None else message.buttons:
            assert act in ACTS | EFFECTS
            if act == "user" and label.startswith("Back"):
                assert value == state.user and state.user in label
        assert (message is None) == (regions.note.html == "")
        if message is not None:
            assert message.lead in words(regions.note.html) and message.text in words(regions.note.html)

    def arrows_count_from_the_answer_before(self):
        panel, shown = self.panel, self.panel.shown
        other = panel.state.before
        if panel.state.base == "original" and not panel.state.own and ids(panel) is not None:
            other = dataclasses.replace(panel.state, edited=None)  # as in the data, at this epoch and with these knobs
        if panel.state.base == "original" and panel.state.own:
            other = began(panel.state)
        before = None if other is None else answer_afresh(panel, other)
        if before is None or shown.answer is None:
            assert shown.moved == {} and (before is not None or shown.previous is None)
            return
        old, new = before.tolist(), shown.answer.top.tolist()
        assert shown.previous.top.tolist() == old
        went = {item: old.index(item) - new.index(item) for item in new if item in old}
        arrows = [
            "new" if item not in went else f"{'↑' if went[item] > 0 else '↓'}{abs(went[item])}" if went[item] else ""
            for item in new
        ]
        drawn = page(panel._parts.regions.list.html).all("span", "rw-moved")
        assert [tag.text for tag in drawn][-len(arrows) :] == arrows  # without the head of the column
        if isinstance(panel.state.message, Change):
            came = [item for item in new if item not in old]
            assert (f"{len(came)} of {len(new)} films" in shown.message.text) == bool(came)

    def why_adds_up(self):
        panel, shown = self.panel, self.panel.shown
        region = page(panel._parts.regions.why.head.html)
        plain = panel.state.tab == "why" and not panel.state.opened
        if shown.item is None:
            assert shown.explanation is None and shown.reason is None
            return
        score, reason = float(shown.answer.scores[shown.item]), shown.reason
        if reason is not None:
            assert reason.item == str(panel.data.items[shown.item])
            assert reason.score == pytest.approx(score, rel=1e-4, abs=1e-4)
            assert sum(line.value for line in reason.lines) == pytest.approx(score, rel=1e-3, abs=1e-3)
            assert not plain or region.one("p", "rw-headline")["title"] == reason.headline
        if shown.explanation is None:
            assert shown.fault and isinstance(shown.answer.model, Explains) == ("could not" in shown.fault)
            assert reason is not None or shown.fault in words(panel._parts.regions.why.head.html)
            return
        whole = sum(part.value for part in shown.explanation.parts)
        exact = whole == pytest.approx(score, rel=1e-4, abs=1e-4)
        assert exact or not plain or region.all("p", "rw-doubt"), f"{whole} is not {score}, and nothing says so"

    def the_model_is_as_it_was(self):
        assert (fingerprint(self.given), bits(self.given, self.split.train)) == self.before

    # -- opened again

    def at_hand(self):
        """What the line names: the split, the model (where it learned here: what has learned), its epochs."""
        panel = self.panel
        model = panel.model if panel.training.here else self.given
        told = {"rw": rw, "data": panel.split, "model": model, "history": panel.history}
        return told | {"Behind": Behind}

    def opened_by_its_line(self):
        panel = self.panel
        if self.broken():
            return
        line = panel.setup()
        again = eval(line, self.at_hand())
        try:
            assert stands(again) == stands(panel), line
            if not panel.training.here:  # what has learned here has its knobs and its rate already: they need no word
                assert again.setup() == line
            assert type(again.chart) is type(panel.chart)
            same(again.recommendations, panel.recommendations)
        finally:
            again.close()

    def opened_from_its_file(self):
        """A cell that is run again: the same model and, for what was trained in the panel, its epochs."""
        panel = self.panel
        if self.broken():
            return
        hand, chart = self.at_hand(), None if self.chart is None else self.chart()
        text = Path("state.json").read_text(encoding="utf-8")
        Path("again.json").write_text(text, encoding="utf-8")
        history = hand["history"] if panel.training.here else self.given_history
        again = rw.Panel(self.split, hand["model"], chart, history=history, state="again.json")
        try:
            assert stands(again) == stands(panel)
            same(again.recommendations, panel.recommendations)
            assert not Path("again.damaged-1.json").exists()
        finally:
            again.close()


def began(state):
    """What a history of one's own is compared with, where all its changes count: as it was when it was first made."""
    found, back = state, state
    while back is not None and back.own and back.edited.items:
        found, back = back, back.undo
    return state.before if found.edited[:4] == state.edited[:4] else dataclasses.replace(state, edited=found.edited)


def replace_message(state):
    return dataclasses.replace(state, message=None, item=None)


def first(data, dropped):
    """How many ranks hold the first ten items that were not taken out."""
    return min(10 + len(dropped), data.n_items)


def answer_afresh(panel, state):
    """The first ten for whom the state is about, at its epoch and with its knobs, worked out anew; None for none."""
    training, data = panel.training, panel.data
    if training.history.last is None:
        return None
    model = training.model
    if isinstance(model, Rewindable) and training.rewindable:
        event = training.history.at(state.epoch or training.history.last.step)
        knobs = {**panel.world.values, **dict(state.knobs)} if isinstance(model, Tunable) else {}
        model = model.at(event.snapshot, **knobs)
    edited, dropped = state.edited, ()
    if edited is None:
        person = state.user
    else:
        person, dropped = Person(edited.user, np.asarray(edited.items, np.int32), edited.without), edited.dropped
        if edited.user is None and not edited.items:
            return None
    found = rw.recommend(model, data, person, first(data, dropped))
    return np.asarray([item for item in found.index.tolist() if item not in dropped][:10], np.int32)


class Least(Machine):
    """Models of one's own that can do less, or tell less than the truth."""

    kinds = tuple(MODELS)[5:]


class Shipped(Machine):
    """The three models as they are shipped, and a panel that needs no argument; nothing is trained here."""

    kinds = ("gnn", "knn", "session", "ready")

    @initialize()
    def leave_out_all_users(self):
        """What a knob does to all users is measured for a second, and is not looked at here."""
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(beside, "measure_in_steps", unmeasured)

    def teardown(self):
        try:
            super().teardown()
        finally:
            if hasattr(self, "patch"):
                self.patch.undo()

    def world(self):
        return shipped("knn" if self.kind == "ready" else self.kind)

    def make(self, **options):
        if self.kind != "ready":
            return super().make(**options)
        panel = rw.KNNPanel(**options)
        self.split, self.given, self.given_history = panel.split, panel.world.model, panel.history
        self.before = fingerprint(self.given), bits(self.given, self.split.train)
        return panel

    @rule(name=st.sampled_from(["pause", "stop", "reset", "undo", "pretrained"]))
    def training(self, name):
        self.panel.act(name)


class Compared(RuleBasedStateMachine):
    """Two models side by side, of which one takes its scores apart only sometimes."""

    @initialize(data=st.data())
    def open(self, data):
        names = data.draw(st.sampled_from([("trained", "at, explain raises"), ("bare", "no epochs"), ("wrong sums",)]))
        self.models = {name.replace(",", ""): model_of(name)[0] for name in names}
        self.before = {name: (fingerprint(m), bits(m, small().train)) for name, m in self.models.items()}
        self.panel = ComparePanel(small(), self.models)

    def teardown(self):
        if hasattr(self, "panel"):
            self.opened_by_its_line()
            self.panel.close()

    @rule(data=st.data(), name=st.sampled_from(sorted(EDITS)))
    def edit(self, data, name):
        panel, before = self.panel, self.panel.state
        history = panel.person.history.tolist()
        items = st.integers(0, panel.data.n_items - 1).map(str)
        values = {
            "user": st.sampled_from([*panel.data.users.tolist(), "nobody"]),
            "choose": st.sampled_from(["u3", "Film", "nobody"]),
            "add-title": st.sampled_from(["Film 2", "none such"]),
            "drop": st.sampled_from([f"film:{item}" for item in history] or ["film:x"]),
            "film-of": st.one_of(items, st.sampled_from(NOT_NUMBERS)),
            "add": items,
            "move-to": st.sampled_from([f"{item}:0" for item in history] or ["x:0"]),
            "put-back": st.just("" if before.gone is None else str(before.gone[0])),
            "films": st.sampled_from(["0", "50", "x"]),
            "base": st.sampled_from(["last", "original"]),
            **dict.fromkeys(["remove", "earlier", "later", "front"], st.sampled_from([*map(str, history), "x"])),
        }
        panel.act(name, data.draw(values.get(name, st.just(""))))
        leaves = name in ("user", "undo", "put-back", "you", "choose", "random", "next", "previous")
        if panel.state.edited != before.edited and not leaves:
            panel.undo()
            assert panel.state.edited == before.edited

    @rule(name=st.sampled_from(["user", "edit", "drop"]), which=st.integers(0, 23))
    def by_code(self, name, which):
        panel = self.panel
        if name == "user":
            panel.user = panel.data.users[which % 12]
        elif name == "edit":
            panel.edit(panel.data.items[[which, which // 2]].tolist())
        elif len(panel.person.history):
            panel.drop(panel.data.items[panel.person.history[which % len(panel.person.history)]])

    @rule(
        name=st.sampled_from(sorted({*ACTS, "lamp", "rank", "stop-ranking"})),
        value=st.sampled_from(["", "1", "shrink:3", *NOT_NUMBERS]),
    )
    def anything(self, name, value):
        """Also what a comparison has no use for: it changes nothing that is shown."""
        self.panel.act(name, "temporal" if name == "lamp" else value)

    @invariant()
    def all_agree(self):
        if not hasattr(self, "panel"):
            return
        panel, data = self.panel, small().train
        lists, who = page(panel._parts.pages.lists.html), page(panel._parts.pages.header.html)
        own = panel.person.user is None
        assert who.one(name="rw-facts").text.startswith("You" if own else f"User {panel.user} ")
        assert own or str(data.users[panel.person.user]) == panel.user == panel.state.user
        wanted = []
        for name, model in self.models.items():
            edited = panel.state.edited
            found = rw.recommend(model, data, panel.person, data.n_items).index.tolist()
            found = [item for item in found if edited is None or item not in edited.dropped][:10]
            nothing = own and not len(panel.person.history)
            assert (panel.answers[name] is None) if nothing else panel.answers[name].top.tolist() == found
            wanted += [] if nothing else [film_label(data, item) for item in found]
            assert (fingerprint(model), bits(model, data)) == self.before[name]
        assert [row["title"] for row in lists.all("button", "rw-row")] == wanted

    def opened_by_its_line(self):
        panel = self.panel
        line = panel.setup()
        again = eval(line, {"rw": rw, "data": panel.split, "models": self.models})
        try:
            assert (again.user, ids(again), again.setup()) == (panel.user, ids(panel), line)
            for name, told in panel.answers.items():
                other = again.answers[name]
                assert (None if told is None else told.top.tolist()) == (None if other is None else other.top.tolist())
        finally:
            again.close()


@pytest.fixture(autouse=True, scope="module")
def without_a_power_cut():
    """A state file is written after each act. That it has reached the disk counts when the power fails: not in here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


def explored(examples, acts=50):
    return settings(
        max_examples=examples * max(SEARCH, 1),
        stateful_step_count=acts,
        deadline=None,
        derandomize=not SEARCH,
        phases=[Phase.generate] if SEARCH else [Phase.generate, Phase.shrink],
        database=None,
        suppress_health_check=list(HealthCheck),
    )


# 200 walks in all; several cases, so that two processes share them
TestPanels = Machine.TestCase
TestPanels.settings = explored(75)
TestLeast = Least.TestCase
TestLeast.settings = explored(75)
TestShipped = Shipped.TestCase
TestShipped.settings = explored(6, acts=30)
TestCompared = Compared.TestCase
TestCompared.settings = explored(44)
