"""The panel: the only place where model, data, history and views know of each other."""

from __future__ import annotations

import copy
import functools
import inspect
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import traitlets

from ..answer import Answer, answer
from ..core import FitEvent, film_label
from ..data import Interactions, Split, load_movielens
from ..data.movielens import NAMES
from ..evaluation import held_out_accuracy
from ..models import _tf, model_class
from ..models.popularity import Popularity
from ..training import TrainingHistory, pull
from ..why._base import Why
from . import history as edits
from . import markup, setups
from .acting import guarded, sentence
from .goal import Goal
from .markup import Message, Status
from .opening import Opening
from .page import Page, esc
from .trainer import Trainer
from .turning import Turning

if TYPE_CHECKING:  # bqplot takes its time: a panel's frame is on the page before
    from ..charts._base import Chart

RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
READY = {"gnn": "GNNPanel", "knn": "KNNPanel", "session": "SessionPanel"}
SPEAK = 5.0  # s between two announcements to a screen reader while training
_PANELS: weakref.WeakSet[Panel] = weakref.WeakSet()


class Panel(Turning, ipywidgets.VBox):  # type: ignore[misc]
    """A recommender to look into: who, what, why, and its training.

    data: Interactions (each user's newest fifth is then held out) or a Split. model: trained or
    not; chart: how the first films are drawn. history: the epochs of a model trained earlier, for
    the time machine; epoch: where it stands at first. knobs: values of the model's own settings.
    hide: parts to leave out for a lesson (see setups.PARTS). goal: an exercise, shown in "You".
    state: a small JSON file that the panel writes at each change and starts from when the cell is
    run again. animate=False: marks jump instead of moving. The panel trains in one thread of its
    own; `user`, `epoch` and `selected` may be set from code.
    """

    children: Any
    user = traitlets.CUnicode()
    epoch = traitlets.Int(0)
    selected = traitlets.Int(0)

    def __init__(
        self,
        data: Interactions | Split | None = None,
        model: Any = None,
        chart: Chart | None = None,
        *,
        user: str | int | None = None,
        epoch: int | None = None,
        knobs: Mapping[str, float | str] | None = None,
        history: TrainingHistory | None = None,
        hide: Sequence[str] = (),
        goal: Goal | None = None,
        state: str | Path | None = None,
        animate: bool = True,
    ) -> None:
        self._lock, self._silent = threading.RLock(), False
        self.split = _as_split(load_movielens("latest-small") if data is None else data)
        self.train_data, self.held_out = self.split.train, self.split.test
        self.model = model if model is not None else _default_model()
        self.chart = chart if chart is not None else _default_chart(self.model)
        self._pretrained = history or _history_of(self.model)
        self._pretrained_with = getattr(self.model, "trained", {})
        self._trainer = Trainer(self._on_training, self._pretrained, self._lock)
        self._answer: Answer | None = None
        self._past, self._films_found, self._measured = [], [], {}
        self._spoken: tuple[str, tuple[str, str], float] = ("", ("", ""), 0.0)
        self._live, self._message, self._drawn = True, None, False
        self._epochs = int(getattr(self.model, "epochs", 10))
        self._rates = sorted({*RATES, float(getattr(self.model, "learning_rate", 0.01))})
        if self.comm is None:  # else the frame of this panel is on the page already
            super().__init__()
        self._build()
        for name in ("rw-panel", f"rw-{getattr(self.model, 'name', 'own')}"):
            self.add_class(name)
        self._set_motion(animate)
        self._hide: tuple[str, ...] = ()
        self.goal: Goal | None = None
        self._state_path: Path | None = None
        self.chart.on_select = self._on_place
        self.observe(self._on_user, "user")
        self.observe(self._on_epoch, "epoch")
        self.observe(self._on_selected, "selected")
        for part in setups.check_parts(hide):
            self.add_class(f"rw-hide-{part}")
        self._hide, self.goal = tuple(hide), goal
        if knobs and not hasattr(self.model, "at"):
            raise ValueError(f"{self.model.label} has no knobs to turn, got knobs={dict(knobs)!r}; leave knobs out")
        if knobs:
            self.model = self.model.at(**knobs)  # a copy: the caller's model keeps its own settings
        with self._lock:
            self._place(epoch=self._newest)
            if epoch is not None:
                self._place(epoch=epoch)
                self._live = False
            self.user = str(user) if user is not None else _first_user(self.train_data)
            if state is not None:
                self._restore(Path(state))
        self.children = self._regions  # only now: what is drawn is drawn once
        self._drawn = True
        self._show_training()  # with the baseline, which takes longer than the rest
        _PANELS.add(self)

    def __repr__(self) -> str:
        return (
            f"Panel({self.model.label}, {self.train_data.name}, user {self.user}, epoch {self.epoch} of {self._newest})"
        )

    @property
    def history(self) -> TrainingHistory:
        """The epochs shown: of the training here, or those that the model came with."""
        return self._trainer.history

    @property
    def data(self) -> Interactions:
        """The interactions that the model learns from: `split.train`."""
        return self.train_data

    @property
    def _newest(self) -> int:
        return self.history.last.step if self.history.last else 0

    # -- building: once -------------------------------------------------------------------------

    def _build(self) -> None:
        from .curve import Curve

        self._header = Page("rw-header", handler=self._on_act, probe=True)
        self._who = Page("rw-user", handler=self._on_act)
        self._you = Page("rw-own", handler=self._on_act)
        self._note = Page("rw-message", handler=self._on_act)
        self._chart_head, self._chart_foot = Page(), Page()
        self._list = Page("rw-list", handler=self._on_act)
        self._why = _why_for(self.model, self._on_act)
        self._time = Page("rw-epoch", handler=self._on_act)
        self._controls = Page("rw-controls", handler=self._on_act)
        self._curve = Curve()
        chart = _box(ipywidgets.VBox, "rw-chart", self._chart_head, self.chart.figure, self._chart_foot)
        main = _box(ipywidgets.GridBox, "rw-main", chart, self._list, self._why.widget)
        left = _box(ipywidgets.VBox, "rw-left", self._curve.widget, self._time)
        training = _box(ipywidgets.GridBox, "rw-training", left, self._controls)
        self._regions = [self._header, self._who, self._you, self._note, main, training]

    def _set_motion(self, moving: bool) -> None:
        self._moving = moving
        self.chart.animate(moving)
        self._why.animate(moving)
        (self.remove_class if moving else self.add_class)("rw-still")

    # -- traits: each has one observer -----------------------------------------------------------

    @traitlets.validate("user")
    def _known_user(self, proposal: dict[str, Any]) -> str:
        """Unknown ids raise UnknownUser, and the panel stays where it is."""
        self.train_data.user_index(proposal["value"])
        return str(proposal["value"])

    @traitlets.validate("epoch")
    def _known_epoch(self, proposal: dict[str, Any]) -> int:
        last = self._newest
        if not min(last, 1) <= proposal["value"] <= last:
            there = f"from 1 to {last}" if last else "0: nothing is trained yet"
            raise ValueError(f"epoch must be {there}, got {proposal['value']!r}")
        return int(proposal["value"])

    @traitlets.validate("selected")
    def _known_place(self, proposal: dict[str, Any]) -> int:
        count = 0 if self._answer is None else len(self._answer.top)
        if not 0 <= proposal["value"] < max(count, 1):
            raise ValueError(
                f"selected must be from 0 to {count - 1} (0 = first of the list), got {proposal['value']!r}"
            )
        return int(proposal["value"])

    @guarded
    def _on_user(self, change: Any) -> None:
        if not self._silent:
            self._choose_user()

    @guarded
    def _on_epoch(self, change: Any) -> None:
        if not self._silent:
            self._live = self.epoch == self._newest
            self._before = self._message = None  # what an edit changed was said of another answer
            self._refresh()

    @guarded
    def _on_selected(self, change: Any) -> None:
        if not self._silent:
            self._show_choice()

    def _place(self, **traits: int) -> None:
        """Set traits without their observers: whoever calls this shows everything once."""
        self._silent = True
        try:
            for name, value in traits.items():
                setattr(self, name, value)
        finally:
            self._silent = False

    def _choose_user(self) -> None:
        self._settle_field()
        self._message, self._tale = None, ""
        self._edited, self._open, self._before, self._past = None, False, None, []
        self._refresh(keep_film=False)

    # -- one answer, shown everywhere --------------------------------------------------------------

    def _refresh(self, about: Callable[[Answer], Message | None] | None = None, keep_film: bool = True) -> None:
        """Ask the model once, and let every view show that one answer. about: what to say of it."""
        film = self._film() if keep_film else None
        self._answer = self._ask()
        if self._answer is None:
            self._before = None
        elif about is not None:
            self._message = about(self._answer)
        top = [] if self._answer is None else self._answer.top.tolist()
        self._place(selected=top.index(film) if film in top else 0)
        with self.hold_sync():
            self._show_choice()
            self._show_who()
            self._show_training()
        self._keep()

    def _ask(self) -> Answer | None:
        view, person = self._view(), self.person
        if view is None or (person.user is None and not len(person.history)):
            return None
        dropped = () if self._edited is None else self._edited.dropped
        return answer(view, self.train_data, person, self.held_out, kept_out=np.asarray(dropped, np.int32))

    def _view(self) -> Any:
        """The model as it was at the epoch shown, with the knobs as they stand; None = untrained."""
        if self.history.last is None:
            return None
        if not hasattr(self.model, "at"):
            return self.model
        event = self.history.at(max(1, self.epoch))
        known = (id(event.snapshot), tuple(sorted(self.model.values.items())))
        if getattr(self, "_known_view", (None, None))[0] != known:  # what a view has worked out once is kept
            self.model.data = self.train_data
            self._known_view = (known, self.model.at(event.snapshot))
        return self._known_view[1]

    def _film(self) -> int | None:
        if self._answer is None or self.selected >= len(self._answer.top):
            return None
        return int(self._answer.top[self.selected])

    def _show_choice(self) -> None:
        shown, place = self._answer, self.selected
        self.chart.show(shown, place, self._before)
        alt, caption = esc(self.chart.sentence(shown)), self.chart.caption(shown)
        self._chart_head.show(f'<h3>{esc(self.chart.title)}</h3><p class="rw-cap" data-alt="{alt}">{caption}</p>')
        self._chart_foot.show(self.chart.foot(shown))
        count = 10 if shown is None else len(shown.top)
        whom = "you" if self.person.user is None else f"user {self.user}"
        moved = {} if shown is None else edits.moves(self._before, shown)
        page = markup.ranking(shown, place, self.chart.slots(), self._nothing(), f"Top {count} for {whom}", moved)
        self._list.show(page)
        if self._edited is not None and hasattr(self._why, "dropped"):
            self._why.dropped = tuple(film_label(self.train_data, film) for film in self._edited.dropped)
        elif hasattr(self._why, "dropped"):
            self._why.dropped = ()
        self._why.show(shown, self._film())

    def _nothing(self) -> str:
        if self.history.last is None and self._trainer.state == "running":
            return "The model is learning its first epoch. The list appears when that is done."
        if self.history.last is None:
            return "This model has not learned anything yet, so it has no answer. Press Train."
        if self.person.user is None and not len(self.person.history):
            return "No films yet, so there is nothing to recommend from. Add one and the list appears here."
        return "Every film there is has been seen, so none is left to recommend."

    def _goal_markup(self, edited: edits.Edited) -> str:
        return "" if self.goal is None else self.goal.markup(self._answer, edited.edits)

    def _show_training(self) -> None:
        self._measure_soon()
        whole = len(self.train_data) + len(self.held_out) + len(self.split.validation)
        data = (
            f"{self.train_data.name} · {self.train_data.n_users:,} users × {self.train_data.n_items:,} movies · "
            f"{whole:,} ratings"
        )
        status = self._status()
        self._header.show(markup.header(self.model.label, data, status, self._speak(status)))
        self._note.show(markup.message(self._message))
        live = self._live and self._trainer.state == "running"
        clock = markup.time_machine(
            self.epoch, self._newest, self.history.total, live, self._playing, self._tempo, self._kept()
        )
        self._time.show(clock + self._tale)
        self._curve.show(self.history, self.epoch, self._baseline, self._accuracy_now())
        self._show_controls()

    def _kept(self) -> str:
        """Which epochs there are to go back to, where not all are kept: "1, 3, 8, 20"."""
        steps = [event.step for event in self.history.events]
        return ", ".join(map(str, steps)) if 1 < len(steps) < min(self._newest, 9) else ""

    def _show_controls(self) -> None:
        busy = self._trainer.state != "idle"
        rate = float(getattr(self.model, "learning_rate", 0.01))
        here = min(range(len(self._rates)), key=lambda n: abs(self._rates[n] - rate))
        high = max(60, self._epochs)
        settings = [
            ("epochs", "Epochs", self._epochs, 1, high, str(self._epochs), busy),
            ("rate", "Learning rate", here, 0, len(self._rates) - 1, f"{self._rates[here]:g}", busy),
        ]
        hint = "Reset to change these." if busy else "For the next training."
        rows = markup.knob_rows(
            getattr(self.model, "knobs", ()), getattr(self.model, "values", {}), busy, self._crowd()
        )
        tools = markup.tools(self.setup(), self._moving, self._answer is not None)
        self._controls.show(markup.controls(self._trainer.state, settings, hint, rows + tools))

    @property
    def _baseline(self) -> float | None:
        """Popularity's accuracy on the same held-out data, the line to beat; None before all else is drawn."""
        return self._popularity if self._drawn and len(self.held_out) else None

    @functools.cached_property
    def _popularity(self) -> float:
        return held_out_accuracy(Popularity().learn(self.train_data), self.train_data, self.held_out)

    @guarded
    def _on_place(self, place: int) -> None:
        self.selected = place

    def _act_select(self, value: str) -> None:
        self.selected = int(value)

    def _act_epochs(self, value: str) -> None:
        self._epochs = max(1, int(value))
        self._show_controls()

    def _act_rate(self, value: str) -> None:
        self.model.learning_rate = self._rates[int(value)]
        self._show_controls()

    def _act_train(self, value: str) -> None:
        self.train()

    def _act_pause(self, value: str) -> None:
        self.pause()

    def _act_step(self, value: str) -> None:
        self.step()

    def _act_reset(self, value: str) -> None:
        self.reset()

    def _act_motion(self, wish: str) -> None:
        """The browser's wish, or the switch on the panel."""
        self._set_motion(wish != "still")
        self._show_controls()

    def _act_save(self, value: str) -> None:
        """Write the run beside the notebook, into a folder of its own."""
        whom = "you" if self.person.user is None else f"user-{self.user}"
        folder = first = Path(f"recwidgets-{getattr(self.model, 'name', 'own')}-{whom}")
        n = 1
        while folder.exists():  # an earlier run is never overwritten
            n += 1
            folder = first.with_name(f"{first.name}-{n}")
        files = self.export(folder)
        text = f"{', '.join(path.name for path in files)} in the folder {folder}; the chart goes to your downloads."
        self._say(Message("Saved.", text))

    def _act_pretrained(self, value: str) -> None:
        self._trainer.show(self._pretrained)
        if self._pretrained.last is not None:
            self.model.snapshot, self.model.trained = self._pretrained.last.snapshot, self._pretrained_with
        self._message, self._before = None, None
        self._place(epoch=self._newest)
        self._refresh()

    # -- what a panel gives away -----------------------------------------------------------------------

    def setup(self) -> str:
        """One runnable line that shows this panel again: user, epoch, knobs and what is hidden.

        A panel on data or a model of your own names them `data` and `model`.
        """
        ready = READY.get(getattr(self.model, "name", ""))
        settings: dict[str, Any] = {"user": self.user}
        if self._newest and self.epoch != self._newest:
            settings["epoch"] = self.epoch
        defaults = {knob.name: knob.default for knob in getattr(self.model, "knobs", ())}
        turned = {name: v for name, v in getattr(self.model, "values", {}).items() if v != defaults.get(name)}
        settings |= {"knobs": turned} if turned else {}
        settings |= {"hide": list(self._hide)} if self._hide else {}
        if ready and self.history is self._pretrained and self.train_data.name == setups.EMBEDDED:
            return setups.line(ready, settings)
        chart = f"chart=rw.{type(self.chart).__name__}()"
        return setups.line("Panel", settings).replace("rw.Panel(", f"rw.Panel(data, model=model, {chart}, ", 1)

    def tour(self) -> Any:
        """A guided tour in five to seven steps: each waits for the learner's own act, and ticks it off."""
        from ..teach.tours import tour

        return tour(self)

    def export(self, folder: str | Path) -> list[Path]:
        """Write the run into `folder`: recommendations.csv (each film's parts) and run.json.

        In a notebook the browser saves the chart as an SVG as well. Returns the files written.
        Raises ValueError where there is no answer yet.
        """
        if self._answer is None:
            raise ValueError("there is no answer to export yet; train the model first")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        table, card = folder / "recommendations.csv", folder / "run.json"
        setups.write_recommendations(table, self._answer)
        setups.write_state(card, setups.run_card(self))
        self.chart.figure.save_svg(f"{self.chart.name}-user-{self.user}.svg")
        return [table, card]

    def _keep(self) -> None:
        """Write the learner's state, where the panel was given a file for it."""
        if self._state_path is None:
            return
        own = self._own_history()
        knobs = {name: str(value) for name, value in getattr(self.model, "values", {}).items()}
        setups.write_state(
            self._state_path, {"user": self.user, "epoch": self.epoch, "knobs": knobs, "own": own, "open": self._open}
        )

    def _own_history(self) -> dict[str, Any] | None:
        """The history as it was edited here, by ids: what is kept may be read beside other data."""
        edited, ids, users = self._edited, self.train_data.items, self.train_data.users
        if edited is None:
            return None
        return edited._asdict() | {
            "user": None if edited.user is None else str(users[edited.user]),
            "films": [str(ids[item]) for item in edited.films],
            "dropped": [str(ids[item]) for item in edited.dropped],
            "without": [str(users[user]) for user in edited.without],
        }

    def _restore(self, path: Path) -> None:
        """Go back to where the learner was; a state that does not fit this panel is kept aside, and said."""
        try:
            self._apply(setups.read_state(path))
        except setups.DamagedState as error:
            self._say(Message("Your saved state is damaged.", str(error), True))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            aside = setups.put_aside(path)
            text = f"{path.name} does not fit this panel ({sentence(error)}) It is kept as {aside.name}."
            self._say(Message("Your saved state was left out.", text, True))
        self._state_path = path  # only now: what is there must be read before it is written

    def _apply(self, state: dict[str, Any]) -> None:
        if not state:
            return
        data = self.train_data
        words = {knob.name for knob in getattr(self.model, "knobs", ()) if knob.choices}
        knobs = {name: value if name in words else float(value) for name, value in state["knobs"].items()}
        epoch, own = int(state["epoch"]), state["own"]
        data.user_index(state["user"])
        edited = None
        if own is not None:
            films, dropped = (tuple(data.item_index(item) for item in own[name]) for name in ("films", "dropped"))
            without = tuple(data.user_index(user) for user in own["without"])
            whose = None if own["user"] is None else data.user_index(own["user"])
            edited = edits.Edited(whose, films, dropped, without, int(own["edits"]))
        if knobs:
            self.model = self.model.at(**knobs)  # checks that they are within their ranges
        if 1 <= epoch <= self._newest:
            self._place(epoch=self.history.at(epoch).step)
        if state["user"] != self.user:
            self.user = state["user"]
        if edited is not None:
            self._edited, self._past, self._open = edited, [None], bool(state["open"])
        self._refresh()

    # -- training ------------------------------------------------------------------------------------

    def train(self) -> None:
        """Start training, or go on from where it was paused. Returns at once in a notebook."""
        self._go(-1)

    def step(self) -> None:
        """Train to the end of one epoch, then pause."""
        self._go(1)

    def pause(self) -> None:
        """Pause between two batches; `train` goes on from there."""
        with self._lock:
            if self._trainer.pause():
                self._show_training()

    def stop(self) -> None:
        """End the training; the epochs so far are kept."""
        with self._lock:
            self._trainer.stop()
            self._show_training()

    def reset(self) -> None:
        """End the training and forget what was learned."""
        with self._lock:
            self._trainer.show(TrainingHistory())
            self.model = copy.copy(self.model)  # a stopped training may still write into the one it began with
            self.model.snapshot = None  # asked from code, too, it has nothing to say
            back = (("Back to the trained model", "pretrained", ""),) if self._pretrained.last else ()
            self._message = Message(
                "Forgotten.", "The model knows nothing now; Train starts from nothing.", buttons=back
            )
            self._before = None
            self._place(epoch=0)
            self._refresh()

    def close(self) -> None:
        """Stop the training and take the panel off the page."""
        if "_trainer" in self.__dict__:  # a constructor that failed early has none
            self._trainer.stop()
            self._measure_no_more()
        super().close()

    def _go(self, epochs: int) -> None:
        _pause_others(self)
        if self._trainer.state == "idle":
            self._live = True
        self._message = None
        model, data, held_out, total = self.model, self.train_data, self.held_out, self._epochs
        self._trainer.go(lambda gate: pull(model, data, held_out, total, gate), total, epochs)
        if self.history.last is None:
            self._show_choice()  # what the list says instead of films is no longer "press Train"

    @guarded
    def _on_training(self, finished: bool) -> None:
        """On the kernel's thread: the trainer has news. Without a finished epoch only the header changes."""
        if finished:
            self._tale = ""
            if self._live or self.epoch > self._newest:
                self._place(epoch=self._newest)
            self._before = None
        if self._trainer.error is not None and self._trainer.ended == "failed":
            self._fail(self._trainer.error)
            self._trainer.error = None
        if finished:
            self._refresh()
        else:
            self._show_training()

    def _fail(self, error: BaseException) -> None:
        kept = f" Epoch {self.epoch} is kept and shown." if self.history.last else ""
        details = "".join(traceback.format_exception(error))
        self._message = Message("Training stopped:", f"{sentence(error)}{kept}", True, details=details)

    def _speak(self, status: Status) -> str:
        """What is announced: at once when the state changes, else at most every five seconds."""
        now, state = time.monotonic(), (self._trainer.state, self._trainer.ended)
        if state != self._spoken[1] or now - self._spoken[2] > SPEAK:
            self._spoken = (status.word, state, now)
        return self._spoken[0]

    def _say(self, message: Message | None) -> None:
        self._message = message
        self._note.show(markup.message(message))

    def _status(self) -> Status:
        trainer, last = self._trainer, self.history.last
        if trainer.state == "running":
            if trainer.step == 0 and not trainer.progress:
                return Status("Getting ready to train", "" if _tf.is_loaded() else "about 5 s, once", 0.0)
            left = "" if trainer.seconds_left is None else f"{trainer.seconds_left:.0f} s left"
            return Status(f"Training {min(trainer.step + 1, trainer.total)} of {trainer.total}", left, trainer.progress)
        if trainer.state == "paused":
            return Status(f"Paused after {trainer.step} of {trainer.total}", "Train goes on", trainer.progress)
        if trainer.ended == "failed":
            return Status("Failed" + (f" after epoch {trainer.step}" if trainer.step else ""), bad=True)
        if last is None:
            return Status("Not trained yet")
        if self.history is self._pretrained:
            return Status("Ready", "pretrained")
        return Status("Stopped" if trainer.ended == "stopped" else "Ready", f"trained here, {last.step} epochs")


def _box(kind: Any, name: str, *children: Any) -> Any:
    made = kind(list(children))
    made.add_class(name)
    return made


def _pause_others(panel: Panel) -> None:
    """One training at a time: two would share the processor, and the memory of a small machine."""
    for other in list(_PANELS):
        # two panels that start at once must not wait for each other: the other's page follows when it can
        if other is not panel and other._trainer.pause() and other._lock.acquire(blocking=False):
            try:
                other._show_training()
            finally:
                other._lock.release()


def _as_split(data: Interactions | Split) -> Split:
    if not isinstance(data, (Interactions, Split)):
        raise TypeError(f"data must be Interactions or a Split, got {type(data).__name__}; see rw.load_movielens")
    return data if isinstance(data, Split) else data.split("temporal", test=0.2)


def _history_of(model: Any) -> TrainingHistory:
    """A model that was trained or loaded without its epochs has one: what it is now."""
    snapshot = getattr(model, "snapshot", None)
    return TrainingHistory() if snapshot is None else TrainingHistory((FitEvent(1, 1, {}, snapshot),), 1)


def _first_user(data: Interactions) -> str:
    """Somebody with a history of middling length: the median user."""
    lengths = np.diff(data.by_user.indptr)
    return str(data.users[np.argsort(lengths, kind="stable")[data.n_users // 2]])


def _default_model() -> Any:
    return model_class("gnn")()


def _default_chart(model: Any) -> Chart:
    from ..charts.columns import Columns
    from ..charts.pie import Pie
    from ..charts.polygon import Polygon

    return {"knn": Polygon, "session": Columns}.get(getattr(model, "name", ""), Pie)()


def _why_for(model: Any, handler: Any) -> Why:
    """The picture that fits what the model can tell of itself."""
    from ..why.graph import GraphWhy
    from ..why.neighbours import NeighboursWhy
    from ..why.timeline import TimelineWhy

    if hasattr(model, "through_viewers"):
        return GraphWhy(handler)
    if hasattr(model, "neighbours"):
        return NeighboursWhy(handler)
    if getattr(model, "name", "") == "session":
        return TimelineWhy(handler)
    return Why(handler)


class ReadyPanel(Opening, Panel):
    """A panel that needs no argument: pretrained on the embedded data, or untrained on others.

    data: also a name that `load_movielens` knows; what is loaded or downloaded is then said in the panel.
    """

    def __init__(self, name: str, data: Interactions | Split | str | None, options: dict[str, Any]) -> None:
        known = set(inspect.signature(Panel.__init__).parameters) - {"self", "data", "model", "history"}
        if wrong := sorted(set(options) - known):
            raise TypeError(f"{READY[name]} has no option {wrong[0]!r}; it has {', '.join(sorted(known))}")
        if isinstance(data, str) and data not in NAMES:
            raise ValueError(f"data must be one of {', '.join(map(repr, NAMES))}, or Interactions, got {data!r}")
        ipywidgets.VBox.__init__(self)
        self.add_class(f"rw-{name}")
        self._ready, self._options = name, options
        what = (
            Status("Loading", f"MovieLens {data}; ■ stops")
            if isinstance(data, str)
            else Status("Opening", "loading the trained model")
        )
        fill = functools.partial(self._fill, name, options=options)
        instead = functools.partial(fill, None) if isinstance(data, str) else None
        self._begin(model_class(name).label, what, functools.partial(fill, data), instead)

    def _fill(self, name: str, data: Interactions | Split | str | None, options: dict[str, Any]) -> None:
        from ..pretrained import find, load_pretrained

        self._began = self._shown = time.monotonic()
        if isinstance(data, str):
            data = load_movielens(data, progress=self._downloaded if self.children else True)
        split = _as_split(load_movielens("latest-small") if data is None else data)
        if data is not None and find(name, split.train) is None:
            model, history = model_class(name)(), None
        else:
            model, history = load_pretrained(name, split.train)
        Panel.__init__(self, split, model, history=history, **options)

    def _downloaded(self, done: int, total: int) -> None:
        """Says how far a download is, at most five times a second."""
        now = time.monotonic()
        if done >= total:
            self._say_opening(Status("Preparing", "TensorFlow Datasets, once; ■ stops"))
        elif now - self._shown > 0.2:
            self._shown = now
            left = (now - self._began) * (total - done) / done
            words = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB, {left:.0f} s left; ■ stops"
            self._say_opening(Status("Downloading", words, done / total))

    def __repr__(self) -> str:
        if self._to_open is None:
            return super().__repr__()
        return f"{READY[self._ready]}({', '.join(f'{name}={value!r}' for name, value in self._options.items())})"

    @traitlets.default("user")
    def _user_first(self) -> str:
        self._opened()
        return str(self._trait_values.get("user", ""))

    @traitlets.default("epoch")
    def _epoch_first(self) -> int:
        self._opened()
        return int(self._trait_values.get("epoch", 0))

    @traitlets.default("selected")
    def _selected_first(self) -> int:
        self._opened()
        return int(self._trait_values.get("selected", 0))


def GNNPanel(data: Interactions | Split | str | None = None, **options: Any) -> Panel:
    """The graph neural network with its pie; pretrained on the embedded data if none are given.

    data: Interactions, a Split, or a name as for `load_movielens` ("100k"), loaded beside the panel's frame.
    options: as for `Panel`.
    """
    return ReadyPanel("gnn", data, options)


def KNNPanel(data: Interactions | Split | str | None = None, **options: Any) -> Panel:
    """Nearest neighbours with the frequency polygon; pretrained on the embedded data if none are given.

    data: Interactions, a Split, or a name as for `load_movielens` ("100k"), loaded beside the panel's frame.
    options: as for `Panel`.
    """
    return ReadyPanel("knn", data, options)


def SessionPanel(data: Interactions | Split | str | None = None, **options: Any) -> Panel:
    """The session-based model with its columns; pretrained on the embedded data if none are given.

    data: Interactions, a Split, or a name as for `load_movielens` ("100k"), loaded beside the panel's frame.
    options: as for `Panel`.
    """
    return ReadyPanel("session", data, options)
