"""Turned knobs: the answer at once, and what it does to everybody, worked out beside and said under the knobs."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np

from .. import metrics
from ..core import recommend_all
from ..data import Split
from . import markup
from .acting import guarded
from .page import esc
from .rewind import Rewinding
from .trainer import Trainer, running_loop

REST = 0.4  # s that a knob must rest before all users are ranked
DEPTH, KEPT = 10, 40  # of a list; measurements


class Everybody(NamedTuple):
    """What can be said of all users' lists.

    accuracy: top-10, on held-out data, NaN without any. shared: of their lists, by two users. alike: what
    two users are told, hop by hop, by a model that has hops.
    """

    accuracy: float
    shared: float
    alike: tuple[float, ...] = ()


def everybody(model: Any, split: Split) -> Everybody:
    """Rank all films for all users of `split.train`."""
    depth = min(DEPTH, split.train.n_items)
    ranked = recommend_all(model, split.train, depth)
    alike = getattr(model, "alike", None)
    hops = () if alike is None else tuple(alike())
    return Everybody(metrics.top_k_accuracy(ranked, split.test, depth), metrics.overlap(ranked), hops)


class Turning(Rewinding):
    """Keeps what was measured; the panel has the model and shows."""

    split: Split
    model: Any
    _trainer: Trainer
    _measured: dict[Any, tuple[Any, Everybody]]  # by key; with the snapshot, so that its id stays its own
    _waiting: Any = None

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
            self._refresh()
            self._measure_soon()
        self._show_controls()

    # -- everybody -----------------------------------------------------------------------------------

    def _turned(self) -> dict[str, Any]:
        """The knobs that do not stand where they stood while the model learned."""
        trained = getattr(self.model, "trained", {})
        return {name: v for name, v in getattr(self.model, "values", {}).items() if trained.get(name, v) != v}

    def _key(self, view: Any) -> Any:
        return id(view.snapshot), tuple(view.values.items())

    def _now(self) -> Everybody | None:
        """What was measured of the model as it stands; None while it is not known."""
        view = self._view()
        return (
            None if view is None or not hasattr(view, "values") else self._measured.get(self._key(view), (0, None))[1]
        )

    def _as_trained(self) -> Everybody | None:
        view = self._view()
        return None if view is None else self._measured.get(self._key(view.at(**view.trained)), (0, None))[1]

    def _measure_soon(self) -> None:
        """Once the knobs rest: rank everybody in a thread of its own. Not while a training has the processor."""
        loop = running_loop()
        if self._waiting is not None:
            self._waiting.cancel()
        if loop is None:
            self._measure(None)
        else:
            self._waiting = loop.call_later(REST, self._measure, loop)

    @guarded
    def _measure(self, loop: Any) -> None:
        view = self._view()
        if view is None or self._trainer.state == "running":
            return
        wanted = {self._key(each): each for each in (view.at(**view.trained), view)}
        todo = {key: each for key, each in wanted.items() if key not in self._measured}

        def work() -> Any:
            try:
                return {key: (each.snapshot, everybody(each, self.split)) for key, each in todo.items()}
            except Exception as error:  # said in the panel, on the kernel's thread
                return error

        if todo and loop is None:
            self._take_measured(work())
        elif todo:
            threading.Thread(target=lambda: loop.call_soon_threadsafe(self._take_measured, work()), daemon=True).start()

    @guarded
    def _take_measured(self, found: Any) -> None:
        if isinstance(found, Exception):
            raise found
        self._measured = dict(list((self._measured | found).items())[-KEPT:])
        self._show_training()

    def _crowd(self) -> str:
        """What the knobs do to everybody, as HTML; "" while nothing was turned."""
        now, trained = self._now(), self._as_trained() if self._turned() else None
        if not self._turned() and now is None:
            return ""
        if now is None:
            return "" if self._trainer.state == "running" else "Ranking all films for everybody …"
        text = f"Any two users share {DEPTH * now.shared:.1f} of their {DEPTH} films"
        if trained is not None:
            text += f" (as trained: {DEPTH * trained.shared:.1f})"
        return f"{esc(text)}.{markup.alike(now.alike)}"

    def _accuracy_now(self) -> float | None:
        """The held-out accuracy with turned knobs, for the curve."""
        now = self._now() if self._turned() else None
        return None if now is None or np.isnan(now.accuracy) else now.accuracy
