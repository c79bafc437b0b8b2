"""Turned knobs: the answer at once, and what it does to everybody, worked out beside and said under the knobs."""

from __future__ import annotations

import threading
import time
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from .. import metrics
from ..data import Split
from ..page import markup
from ..ranking import recommend_all
from .acting import guarded
from .rewind import Rewinding
from .trainer import Trainer, running_loop

TURN = 1.0  # s; what is turned again sooner is one turn, and its arrows count from where that began
REST = 0.8  # s that a knob must rest before all users are ranked
DEPTH, KEPT = 10, 40  # of a list; measurements


class Everybody(NamedTuple):
    """What can be said of all users' lists.

    accuracy: top-10, on held-out data, NaN without any. shared: films that two users' lists have in common, in
    the mean, of `depth`. alike: what two users are told, hop by hop, by a model that has hops.
    """

    accuracy: float
    shared: float
    depth: int = DEPTH
    alike: tuple[float, ...] = ()


def everybody(model: Any, split: Split) -> Everybody:
    """Rank all films for all users of `split.train`."""
    depth = min(DEPTH, split.train.n_items)
    ranked = recommend_all(model, split.train, depth)
    alike = getattr(model, "alike", None)
    hops = () if alike is None else tuple(alike())
    accuracy = metrics.top_k_accuracy(ranked, split.test, depth)
    return Everybody(accuracy, depth * metrics.overlap(ranked), depth, hops)


class Turning(Rewinding):
    """Keeps what was measured; the panel has the model and shows."""

    split: Split
    model: Any
    _trainer: Trainer
    # by key; with the snapshot, so that its id stays its own; None = could not be measured
    _measured: dict[Any, tuple[Any, Everybody | None]]
    _wish: Any = None  # the key that is scheduled or under way; the newest wish alone counts
    _at_work = False  # one thread at a time
    _waiting: Any = None
    _turned_at = 0.0

    def _view(self) -> Any:
        """The model as it was at the epoch shown, with the knobs as they stand; None = untrained."""
        raise NotImplementedError

    def _show_controls(self) -> None:
        raise NotImplementedError

    def _show_training(self) -> None:
        raise NotImplementedError

    def _act_knob(self, value: str, name: str) -> None:
        knob = next(knob for knob in self.model.knobs if knob.name == name)
        self._turn(knob, markup.knob_positions(knob)[int(value)])

    def _act_knob_step(self, value: str, name: str) -> None:
        """Slow motion: one place up or down on a knob."""
        knob = next(knob for knob in self.model.knobs if knob.name == name)
        places = markup.knob_positions(knob)
        wanted = self.model.values[name] + int(value)
        if knob.low <= wanted <= knob.high:
            here = min(range(len(places)), key=lambda n: abs(places[n] - wanted))
            self._turn(knob, wanted if wanted not in places else places[here])

    def _turn(self, knob: Any, value: Any) -> None:
        self.model.values[knob.name] = value
        if knob.instant:
            self._before = self._message = None  # what an edit changed was said of another answer
            now = time.monotonic()
            since = self._since if now - self._turned_at < TURN and self._since is not None else self._answer
            self._turned_at = now
            self._refresh(since=since)
        self._show_controls()

    # -- everybody -----------------------------------------------------------------------------------

    def _turned(self) -> dict[str, Any]:
        """The knobs that do not stand where they stood while the model learned, and answer otherwise."""
        trained, values = getattr(self.model, "trained", {}), getattr(self.model, "values", {})
        knobs = [knob.name for knob in getattr(self.model, "knobs", ()) if knob.instant]
        return {name: values[name] for name in knobs if trained.get(name, values[name]) != values[name]}

    def _key(self, view: Any) -> Any:
        return id(view.snapshot), tuple(view.values.items())

    def _known(self, **knobs: Any) -> Everybody | None:
        """What was measured of the model as it stands, or with other knobs; None while it is not known."""
        view = self._view()
        if view is None or not hasattr(view, "at"):
            return None
        return self._measured.get(self._key(view.at(**knobs)), (None, None))[1]

    def _measure_soon(self) -> None:
        """Once the knobs rest: rank everybody beside. Not while a training has the processor, nor during a replay."""
        view = self._view() if self._turned() else None
        busy = self._trainer.state == "running" or self._playing
        key = None if view is None or busy or self._key(view) in self._measured else self._key(view)
        if key == self._wish:
            return
        self._wish = key
        if self._waiting is not None:
            self._waiting.cancel()
        loop = running_loop()
        if key is None:
            return
        if loop is None:
            self._measure(None)
        else:
            self._waiting = loop.call_later(REST, self._measure, loop)

    @guarded
    def _measure(self, loop: Any) -> None:
        view, wish = self._view(), self._wish
        if wish is None or self._at_work:  # who is at work looks for the next wish at the end
            return
        # views of their own: the panel's is asked meanwhile
        wanted = {self._key(each): each for each in (view.at(**view.trained), view.at())}

        def work() -> Any:
            found = {}
            try:
                for key, each in wanted.items():
                    if key not in self._measured and self._wish == wish:
                        found[key] = (each.snapshot, everybody(each, self.split))
            except Exception as error:  # said in the panel, on the kernel's thread
                return {wish: (view.snapshot, None)}, error
            return found, None

        if loop is None:
            self._take_measured(*work())
            return
        self._at_work = True
        threading.Thread(target=lambda: loop.call_soon_threadsafe(self._take_measured, *work()), daemon=True).start()

    @guarded
    def _take_measured(self, found: dict[Any, Any], error: Exception | None) -> None:
        self._at_work = False
        self._measured = dict(list((self._measured | found).items())[-KEPT:])
        if self._wish in self._measured:
            self._wish = None
        elif self._wish is not None:
            self._measure(running_loop())
        self._show_training()
        if error is not None:
            raise error

    def _crowd(self) -> Markup:
        """What the knobs do to everybody, as HTML; "" while nothing was turned."""
        now = self._known()
        if now is None:
            return Markup("" if self._wish is None else "Ranking all films for all users …")
        text = f"On average two users share {now.shared:.1f} of their {now.depth} films"
        trained = self._known(**self.model.trained) if self._turned() else None
        if trained is not None:
            text += f" (as trained: {trained.shared:.1f})"
        return Markup("{}.{}").format(text, markup.alike(now.alike))

    def _accuracy_now(self) -> float | None:
        """The held-out accuracy with turned knobs, for the curve."""
        now = self._known() if self._turned() else None
        return None if now is None or np.isnan(now.accuracy) else now.accuracy

    def _measure_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._wish = None
