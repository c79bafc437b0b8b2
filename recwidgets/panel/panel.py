"""The panel: the only place where model, data, history and views know of each other."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import ipywidgets
import numpy as np
import traitlets

from .._found import classes_in, named_classes
from ..answer import Answer, answer
from ..core import FitEvent, film_label
from ..data import Interactions, Split, load_movielens
from ..models import model_class
from ..models.popularity import Popularity
from ..page import markup
from ..page.markup import Message
from ..page.page import Page
from ..ranking import held_out_accuracy
from ..training import TrainingHistory
from ..why._base import Why
from . import history as edits
from . import setups
from .acting import guarded
from .goal import Goal
from .running import PANELS, RATES, Running
from .trainer import Trainer

if TYPE_CHECKING:  # bqplot takes its time: a panel's frame is on the page before
    from ..charts._base import Chart


class Panel(Running, ipywidgets.VBox):  # type: ignore[misc]
    """A recommender to look into: who, what, why, and its training.

    data: Interactions (each user's newest fifth is then held out) or a Split. model: trained or
    not; chart: how the first films are drawn. history: the epochs of a model trained earlier, for
    the time machine; epoch: where it stands at first. knobs: values of the model's own settings.
    edited: a history of your own, {"you": [ids of films, oldest first]}, or what is changed in the user's:
    "films", "dropped" (films taken out as evidence), "without" (neighbours that are not asked).
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
        edited: Mapping[str, Sequence[str | int]] | None = None,
        history: TrainingHistory | None = None,
        hide: Sequence[str] = (),
        goal: Goal | None = None,
        state: str | Path | None = None,
        animate: bool = True,
    ) -> None:
        self._lock, self._silent = threading.RLock(), False
        self.split = as_split(load_movielens("latest-small") if data is None else data)
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
            if edited:
                self._start_with(edits.from_ids(edited, self.train_data, self.train_data.user_index(self.user)))
            if state is not None:
                self._restore(Path(state))
        self.children = self._regions  # only now: what is drawn is drawn once
        self._drawn = True
        self._show_training()  # with the baseline, which takes longer than the rest
        PANELS.add(self)

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

    def _refresh(
        self,
        about: Callable[[Answer], Message | None] | None = None,
        keep_film: bool = True,
        since: Answer | None = None,
    ) -> None:
        self._since = since
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
        sentence, caption = self.chart.sentence(shown), self.chart.caption(shown)
        self._chart_head.show(markup.chart_head(self.chart.title, caption, sentence))
        self._chart_foot.show(self.chart.foot(shown))
        count = 10 if shown is None else len(shown.top)
        whom = "you" if self.person.user is None else f"user {self.user}"
        moved = {} if shown is None else edits.moves(self._before or self._since, shown)
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

    def _act_motion(self, wish: str) -> None:
        """The browser's wish, or the switch on the panel."""
        self._set_motion(wish != "still")
        self._show_controls()

    def tour(self) -> Any:
        """A guided tour in five to seven steps: each waits for the learner's own act, and ticks it off."""
        from ..teach.tours import tour

        return tour(self)

    def close(self) -> None:
        """Stop the training and take the panel off the page."""
        if "_trainer" in self.__dict__:  # a constructor that failed early has none
            self._trainer.stop()
            self._measure_no_more()
        super().close()

    def _say(self, message: Message | None) -> None:
        self._message = message
        self._note.show(markup.message(message))


def _box(kind: Any, name: str, *children: Any) -> Any:
    made = kind(list(children))
    made.add_class(name)
    return made


def as_split(data: Interactions | Split) -> Split:
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
    """The chart that the model names, else a pie."""
    from ..charts._base import Chart

    known, name = named_classes("charts", Chart), getattr(model, "chart", "pie")
    if not isinstance(name, str) or name not in known:
        words = ", ".join(map(repr, known))
        raise ValueError(f"a model's chart must be one of {words}, got {name!r}; or give rw.Panel(…, chart=…)")
    return cast("Chart", known[name]())


def _why_for(model: Any, handler: Any) -> Why:
    """The picture that fits what the model can tell of itself, else the sum alone."""
    fitting = (why for why in classes_in("why", Why) if callable(getattr(model, why.needs, None)))
    return cast("Why", next(fitting, Why)(handler))
