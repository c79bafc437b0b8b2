"""The panel: the only place where model, data, history and views know of each other."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import queue
import random
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from typing import Any

import ipywidgets
import traitlets

from ..answer import Answer, answer
from ..charts._base import Chart
from ..core import FitEvent, Person
from ..data import Interactions, Split, UnknownUser, load_movielens
from ..evaluation import held_out_accuracy
from ..models import _tf
from ..models.popularity import Popularity
from ..training import Driver, TrainingHistory, pull
from ..why import parts
from . import markup, selector
from .curve import Curve
from .markup import Message, Status
from .page import Page, esc

INTERVAL = 0.1  # s between two updates of the page while training: a slow browser drowns in more
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
_PANELS: weakref.WeakSet[Panel] = weakref.WeakSet()


def _guarded(method: Callable[..., None]) -> Callable[..., None]:
    """Run under the panel's lock; what goes wrong is said in the panel, not lost."""

    @functools.wraps(method)
    def run(self: Panel, *arguments: Any) -> None:
        with self._lock:
            try:
                method(self, *arguments)
            except Exception as error:
                self._say_error(error)

    return run


class Panel(ipywidgets.VBox):  # type: ignore[misc]
    """A recommender to look into: who, what, why, and its training.

    data: Interactions (each user's newest fifth is then held out) or a Split. model: trained or
    not; chart: how the first films are drawn. history: the epochs of a model trained earlier, for
    the time machine. animate=False: marks jump instead of moving. The panel trains in one thread
    of its own; `user`, `epoch` and `selected` may be set from code.
    """

    user = traitlets.Unicode()
    epoch = traitlets.Int(0)
    selected = traitlets.Int(0)

    def __init__(
        self,
        data: Interactions | Split | None = None,
        model: Any = None,
        chart: Chart | None = None,
        *,
        user: str | int | None = None,
        history: TrainingHistory | None = None,
        animate: bool = True,
    ) -> None:
        self._lock = threading.RLock()
        self.split = _as_split(load_movielens("latest-small") if data is None else data)
        self.train_data, self.held_out = self.split.train, self.split.test
        self.model = model if model is not None else _default_model()
        self.chart = chart if chart is not None else _default_chart(self.model)
        self._pretrained = self.history = history or _history_of(self.model)
        self._answer: Answer | None = None
        self._live, self._message, self._field, self._wrong = True, None, "", False
        self._found = selector.Found(None, ())
        self._epochs = int(getattr(self.model, "epochs", 1))
        self._rates = sorted({*RATES, float(getattr(self.model, "learning_rate", 0.01))})
        self._build()
        super().__init__([*self._regions.values()])
        for name in ("rw-panel", f"rw-{getattr(self.model, 'name', 'own')}"):
            self.add_class(name)
        self._prepare_training()
        self._wire(animate)
        with self._lock:
            first = str(user) if user is not None else _first_user(self.train_data)
            self._place_epoch(self.history.last.step if self.history.last else 0)
            self.user = first
            if self._answer is None:
                self._refresh()
        _PANELS.add(self)

    # -- building: once -------------------------------------------------------------------------

    def _build(self) -> None:
        self._header = Page("rw-header", handler=self._on_act, probe=True)
        self._who = Page("rw-user", handler=self._on_act)
        self._note = Page("rw-message", handler=self._on_act)
        self._chart_head, self._chart_foot = Page(), Page()
        self._list = Page("rw-list", handler=self._on_act)
        self._why = Page("rw-why", handler=self._on_act)
        self._time = Page("rw-epoch", handler=self._on_act)
        self._controls = Page("rw-controls", handler=self._on_act)
        self._curve = Curve()
        chart = ipywidgets.VBox([self._chart_head, self.chart.figure, self._chart_foot])
        chart.add_class("rw-chart")
        main = ipywidgets.GridBox([chart, self._list, self._why])
        main.add_class("rw-main")
        left = ipywidgets.VBox([self._curve.widget, self._time])
        training = ipywidgets.GridBox([left, self._controls])
        training.add_class("rw-training")
        self._regions = {
            "header": self._header,
            "who": self._who,
            "message": self._note,
            "main": main,
            "training": training,
        }

    def _wire(self, animate: bool) -> None:
        self.chart.on_select = self._on_place
        self._set_motion(animate)
        self.observe(self._on_user, "user")
        self.observe(self._on_epoch, "epoch")
        self.observe(self._on_selected, "selected")

    def _set_motion(self, moving: bool) -> None:
        self.chart.animate(moving)
        (self.remove_class if moving else self.add_class)("rw-still")

    # -- traits: each has one observer -----------------------------------------------------------

    @traitlets.validate("user")
    def _known_user(self, proposal: dict[str, Any]) -> str:
        """Unknown ids raise UnknownUser, and the panel stays where it is."""
        self.train_data.user_index(proposal["value"])
        return str(proposal["value"])

    @traitlets.validate("epoch")
    def _known_epoch(self, proposal: dict[str, Any]) -> int:
        last = self.history.last.step if self.history.last else 0
        if not (0 if not last else 1) <= proposal["value"] <= last:
            there = f"from 1 to {last}" if last else "0: nothing is trained yet"
            raise ValueError(f"epoch must be {there}, got {proposal['value']!r}")
        return int(proposal["value"])

    @_guarded
    def _on_user(self, change: Any) -> None:
        self._field, self._wrong, self._message = f"User {self.user}", False, None
        self._found = selector.Found(None, ())
        self._refresh(keep_film=False)

    @_guarded
    def _on_epoch(self, change: Any) -> None:
        self._live = self.history.last is not None and self.epoch == self.history.last.step
        self._refresh()

    @_guarded
    def _on_selected(self, change: Any) -> None:
        self._show_choice()

    # -- one answer, shown everywhere --------------------------------------------------------------

    def _refresh(self, keep_film: bool = True) -> None:
        """Ask the model once, and let every view show that one answer."""
        film = self._film() if keep_film else None
        self._answer = self._ask()
        top = [] if self._answer is None else self._answer.top.tolist()
        place = top.index(film) if film in top else 0
        if place != self.selected:
            self.unobserve(self._on_selected, "selected")  # shown below, once
            self.selected = place
            self.observe(self._on_selected, "selected")
        with self.hold_sync():
            self._show_choice()
            self._show_who()
            self._show_training()

    def _ask(self) -> Answer | None:
        view = self._view()
        if view is None:
            return None
        index = self.train_data.user_index(self.user)
        person = Person(index, self.train_data.history(index))
        return answer(view, self.train_data, person, self.held_out)

    def _view(self) -> Any:
        """The model as it was at the epoch shown, with the knobs as they stand; None = untrained."""
        if self.history.last is None:
            return None
        if not hasattr(self.model, "at"):
            return self.model
        event = self.history.at(max(1, self.epoch))
        self.model.data = self.train_data
        return self.model.at(event.snapshot)

    def _film(self) -> int | None:
        if self._answer is None or self.selected >= len(self._answer.top):
            return None
        return int(self._answer.top[self.selected])

    def _show_choice(self) -> None:
        shown, place = self._answer, self.selected
        self.chart.show(shown, place)
        alt = esc(self.chart.sentence(shown))
        caption = self.chart.caption(shown)
        self._chart_head.show(f'<h3>{esc(self.chart.title)}</h3><p class="rw-cap" data-alt="{alt}">{caption}</p>')
        self._chart_foot.show(self.chart.foot(shown))
        count = 10 if shown is None else len(shown.top)
        heading = f"Top {count} for user {self.user}"
        self._list.show(markup.ranking(shown, place, self.chart.slots(), self._nothing(), heading))
        self._why.show(parts.markup(shown, self._film()))

    def _nothing(self) -> str:
        if self.history.last is None:
            return "This model has not learned anything yet, so it has no answer. Press Train."
        return f"User {self.user} has seen every film there is, so none is left to recommend."

    def _show_who(self) -> None:
        about = selector.facts(self.train_data, self.train_data.user_index(self.user))
        options = selector.options_markup(self.train_data, self._found)
        self._who.show(markup.who(about, self._field, options, self._wrong))

    def _show_training(self) -> None:
        whole = len(self.train_data) + len(self.held_out) + len(self.split.validation)
        data = (
            f"{self.train_data.name} · {self.train_data.n_users:,} users × {self.train_data.n_items:,} movies · "
            f"{whole:,} ratings"
        )
        self._header.show(markup.header(self.model.label, data, self._status()))
        self._note.show(markup.message(self._message))
        newest = self.history.last.step if self.history.last else 0
        live = self._live and self._state == "running"
        self._time.show(markup.time_machine(self.epoch, newest, self.history.total, live))
        self._curve.show(self.history, self.epoch, self._baseline)
        self._show_controls()

    def _show_controls(self) -> None:
        busy = self._state != "idle"
        rate = float(getattr(self.model, "learning_rate", 0.01))
        here = min(range(len(self._rates)), key=lambda n: abs(self._rates[n] - rate))
        high = max(60, self._epochs)
        settings = [
            ("epochs", "Epochs", self._epochs, 1, high, str(self._epochs), busy),
            ("rate", "Learning rate", here, 0, len(self._rates) - 1, f"{self._rates[here]:g}", busy),
        ]
        hint = "Reset to change these." if busy else "For the next training."
        knobs = getattr(self.model, "knobs", ())
        rows = markup.knob_rows(knobs, getattr(self.model, "values", {}), busy)
        self._controls.show(markup.controls(self._state, settings, hint, rows))

    @functools.cached_property
    def _baseline(self) -> float | None:
        """Popularity's accuracy on the same held-out data: the line that a model must beat."""
        if not len(self.held_out):
            return None
        return held_out_accuracy(Popularity().learn(self.train_data), self.train_data, self.held_out)

    # -- acts of the learner: one entry -----------------------------------------------------------

    @_guarded
    def _on_act(self, act: str, value: str) -> None:
        name, _, rest = act.partition(":")
        handler = {
            "select": self._act_select,
            "user": self._act_user,
            "find": self._act_find,
            "choose": self._act_choose,
            "close": self._act_close,
            "previous": functools.partial(self._act_neighbour, -1),
            "next": functools.partial(self._act_neighbour, 1),
            "random": self._act_random,
            "epoch": self._act_epoch,
            "epochs": self._act_epochs,
            "rate": self._act_rate,
            "knob": functools.partial(self._act_knob, rest),
            "train": lambda _: self.train(),
            "pause": lambda _: self.pause(),
            "step": lambda _: self.step(),
            "reset": lambda _: self.reset(),
            "pretrained": self._act_pretrained,
            "motion": lambda wish: self._set_motion(wish != "still"),
        }.get(name)
        if handler is not None:
            handler(value)

    @_guarded
    def _on_place(self, place: int) -> None:
        self.selected = place

    def _act_select(self, value: str) -> None:
        self.selected = int(value)

    def _act_user(self, value: str) -> None:
        if value == self.user:
            self._act_close("")
        self.user = value

    def _act_find(self, value: str) -> None:
        self._field, self._wrong = value, False
        self._found = selector.look_up(self.train_data, value)
        self._show_who()

    def _act_choose(self, value: str) -> None:
        found = selector.look_up(self.train_data, value)
        if found.user is not None:
            self._act_user(str(self.train_data.users[found.user]))
            return
        self._field, self._wrong, self._found = value, True, found
        last = str(self.train_data.users[-1])
        self._message = Message(
            f"There is no user {value}.",
            f"Users run from {selector.known_ids(self.train_data)}. The panel still shows user {self.user}.",
            True,
            ((f"Show user {last}", "user", last), ("Random user", "random", "")),
        )
        self._show_who()
        self._show_training()

    def _act_close(self, value: str) -> None:
        self._found = selector.Found(None, ())
        if not self._wrong:
            self._field = f"User {self.user}"
        self._show_who()

    def _act_neighbour(self, by: int, value: str) -> None:
        users = self.train_data.users
        self.user = str(users[(self.train_data.user_index(self.user) + by) % len(users)])

    def _act_random(self, value: str) -> None:
        others = [user for user in self.train_data.users.tolist() if user != self.user]
        self.user = random.choice(others)

    def _act_epoch(self, value: str) -> None:
        newest = self.history.last.step if self.history.last else 0
        wanted = min(int(value), newest)
        self.epoch = self.history.at(wanted).step if newest else 0
        self._show_training()  # a slider dragged beyond what exists goes back

    def _act_epochs(self, value: str) -> None:
        self._epochs = max(1, int(value))
        self._show_controls()

    def _act_rate(self, value: str) -> None:
        self.model.learning_rate = self._rates[int(value)]
        self._show_controls()

    def _act_knob(self, name: str, value: str) -> None:
        knob = next(knob for knob in self.model.knobs if knob.name == name)
        self.model.values[name] = markup.knob_positions(knob)[int(value)]
        if knob.instant:
            self._refresh()
        self._show_controls()

    def _act_pretrained(self, value: str) -> None:
        self.stop()
        self.history, self._message = self._pretrained, None
        self._place_epoch(self.history.last.step if self.history.last else 0)
        self._refresh()

    # -- training ------------------------------------------------------------------------------------

    def _prepare_training(self) -> None:
        self._state, self._run = "idle", 0  # runs are numbered: what a stopped one still says is not heard
        self._driver = Driver(lambda kind, value: None)
        self._inbox: queue.SimpleQueue[tuple[int, str, Any]] = queue.SimpleQueue()
        self._scheduled, self._drained = False, 0.0
        self._ended, self._progress, self._pace, self._since = "", 0.0, None, 0.0
        self._loop = _running_loop()

    def train(self) -> None:
        """Start training, or go on from where it was paused. Returns at once in a notebook."""
        self._go(-1)

    def step(self) -> None:
        """Train to the end of one epoch, then pause."""
        self._go(1)

    def pause(self) -> None:
        """Pause between two batches; `train` goes on from there."""
        with self._lock:
            if self._driver.running:
                self._driver.pause()
                self._state = "paused"
                self._show_training()

    def stop(self) -> None:
        """End the training; the epochs so far are kept."""
        with self._lock:
            alive = self._driver.alive
            self._driver.stop()
            self._run += 1
            self._state, self._ended = "idle", "stopped" if alive else self._ended
            self._show_training()

    def reset(self) -> None:
        """End the training and forget what was learned."""
        with self._lock:
            self.stop()
            self.history, self._ended = TrainingHistory(), ""
            back = (("Back to the trained model", "pretrained", ""),) if self._pretrained.last else ()
            self._message = Message(
                "Forgotten.", "The model knows nothing now; Train starts from nothing.", buttons=back
            )
            self._place_epoch(0)
            self._refresh()

    def close(self) -> None:
        """Stop the training and take the panel off the page."""
        self._driver.stop()
        super().close()

    def _go(self, epochs: int) -> None:
        with self._lock:
            self._loop = self._loop or _running_loop()
            _pause_others(self)
            self._message = None
            if not self._driver.alive:
                self._start()
            self._state, self._since = "running", time.monotonic()
            self._driver.resume(epochs)
            self._show_training()
        if self._loop is None:
            self._pump()  # a plain script: nobody would deliver the epochs, so it happens here

    def _start(self) -> None:
        self._run += 1
        self._live, self._ended, self._progress, self._pace, self._fresh = True, "", 0.0, None, True
        self._driver = Driver(functools.partial(self._deliver, self._run))
        model, data, held_out, epochs = self.model, self.train_data, self.held_out, self._epochs
        self._driver.start(lambda gate: pull(model, data, held_out, epochs, gate))

    def _deliver(self, run: int, kind: str, value: Any) -> None:
        """On the worker's thread: put it down, and ask the kernel's thread to look."""
        self._inbox.put((run, kind, value))
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the kernel goes down
                self._loop.call_soon_threadsafe(self._schedule)

    def _schedule(self) -> None:
        if not self._scheduled and self._loop is not None:
            self._scheduled = True
            wait = max(0.0, self._drained + INTERVAL - time.monotonic())
            self._loop.call_later(wait, self._drain)

    def _pump(self) -> None:
        while self._driver.alive and self._driver.running or not self._inbox.empty():
            with contextlib.suppress(queue.Empty):
                self._take([self._inbox.get(timeout=0.1)])

    def _drain(self) -> None:
        """On the kernel's thread: take all that has come, and show the newest once."""
        self._scheduled, self._drained = False, time.monotonic()
        news = []
        while not self._inbox.empty():
            news.append(self._inbox.get())
        self._take(news)

    @_guarded
    def _take(self, news: list[tuple[int, str, Any]]) -> None:
        changed = False
        for run, kind, value in news:
            if run != self._run:
                continue
            if kind == "event":
                self._add(value)
                changed = True
            elif kind == "batch":
                done, batches = value
                self._progress = (self._step_now() + done / max(batches, 1)) / max(self._epochs, 1)
            elif kind in ("done", "stopped"):
                self._state, self._ended = "idle", kind
            elif kind == "paused" and not self._driver.running:  # else it has gone on since
                self._state = "paused"
            elif kind == "failed":
                self._fail(value)
        if changed:
            self._refresh()
        else:
            self._show_training()

    def _step_now(self) -> int:
        return 0 if self._fresh or self.history.last is None else self.history.last.step

    def _add(self, event: FitEvent) -> None:
        now = time.monotonic()
        if self._fresh:
            self.history, self._fresh = TrainingHistory(total=event.total), False
            self._live = True
        else:
            took = now - self._since
            self._pace = took if self._pace is None else 0.7 * self._pace + 0.3 * took
        self._since = now
        self.history.add(event)
        self._progress = event.step / event.total
        if self._driver.alive and not self._driver.running and self._state == "running":
            self._state = "paused"  # Step has done its one epoch
        if self._live:
            self._place_epoch(event.step)

    def _place_epoch(self, step: int) -> None:
        """Set `epoch` without the observer's refresh: whoever calls this refreshes once."""
        if self.epoch != step:
            self.unobserve(self._on_epoch, "epoch")
            self.epoch = step
            self.observe(self._on_epoch, "epoch")

    def _fail(self, error: BaseException) -> None:
        self._state, self._ended = "idle", "failed"
        kept = f" Epoch {self.epoch} is kept and shown." if self.history.last else ""
        details = "".join(traceback.format_exception(error))
        self._message = Message("Training stopped:", f"{error}.{kept}".replace("..", "."), True, details=details)

    def _say_error(self, error: BaseException) -> None:
        details = "" if isinstance(error, UnknownUser) else "".join(traceback.format_exception(error))
        self._message = Message("That did not work:", str(error), True, details=details)
        self._note.show(markup.message(self._message))

    def _status(self) -> Status:
        last = self.history.last
        if self._state == "running":
            step = self._step_now()
            if step == 0 and not self._progress:
                more = "about 5 s, once" if not _tf.is_loaded() else ""
                return Status("Getting ready to train", more, 0.0)
            left = "" if self._pace is None else f"{max(0, self._epochs - step) * self._pace:.0f} s left"
            return Status(f"Training {min(step + 1, self._epochs)} of {self._epochs}", left, self._progress)
        if self._state == "paused":
            return Status(f"Paused after {self._step_now()} of {self._epochs}", "Train goes on", self._progress)
        if self._ended == "failed":
            return Status("Failed" + (f" after epoch {last.step}" if last else ""), bad=True)
        if last is None:
            return Status("Not trained yet")
        if self.history is self._pretrained:
            return Status("Ready", "pretrained")
        return Status("Stopped" if self._ended == "stopped" else "Ready", f"trained here, {last.step} epochs")


def _pause_others(panel: Panel) -> None:
    """One training at a time: two would share the processor, and the memory of a small machine."""
    for other in list(_PANELS):
        if other is not panel and other._driver.running:
            other.pause()


def _as_split(data: Interactions | Split) -> Split:
    return data if isinstance(data, Split) else data.split("temporal", test=0.2)


def _history_of(model: Any) -> TrainingHistory:
    """A model that was trained or loaded without its epochs has one: what it is now."""
    snapshot = getattr(model, "snapshot", None)
    return TrainingHistory() if snapshot is None else TrainingHistory((FitEvent(1, 1, {}, snapshot),), 1)


def _first_user(data: Interactions) -> str:
    """Somebody with a history of middling length: the median user."""
    lengths = [len(data.history(user)) for user in range(data.n_users)]
    middle = sorted(range(data.n_users), key=lambda user: lengths[user])[data.n_users // 2]
    return str(data.users[middle])


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _default_model() -> Any:
    from ..models import make

    return make("gnn")


def _default_chart(model: Any) -> Chart:
    from ..charts.columns import Columns
    from ..charts.pie import Pie
    from ..charts.polygon import Polygon

    return {"knn": Polygon, "session": Columns}.get(getattr(model, "name", ""), Pie)()


def _ready(name: str, data: Any, options: dict[str, Any]) -> Panel:
    """A panel that needs no argument: pretrained on the embedded data, or untrained on others."""
    from ..models import make
    from ..pretrained import load_pretrained

    if data is not None:
        return Panel(data, make(name), **options)
    split = load_movielens("latest-small").split("temporal", test=0.2)
    model, history = load_pretrained(name, split.train)
    return Panel(split, model, history=history, **options)


def GNNPanel(data: Interactions | Split | None = None, **options: Any) -> Panel:
    """The graph neural network with its pie; pretrained on the embedded data if none are given."""
    return _ready("gnn", data, options)


def KNNPanel(data: Interactions | Split | None = None, **options: Any) -> Panel:
    """Nearest neighbours with the frequency polygon; pretrained on the embedded data if none are given."""
    return _ready("knn", data, options)


def SessionPanel(data: Interactions | Split | None = None, **options: Any) -> Panel:
    """The session-based model with its columns; pretrained on the embedded data if none are given."""
    return _ready("session", data, options)
