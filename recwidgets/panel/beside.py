"""What is measured of all users while a panel answers, and what is to happen a little later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..models.popularity import Popularity
from ..protocols import Tunable, Vectors
from ..ranking import held_out_accuracy_in_steps
from ..reasons.share import PersonalCurve, personal_curve_in_steps
from ..steps import Steps
from .all_users import AllUsers, measure_in_steps
from .background import Background, Told
from .show import Asked, model_at, view
from .state import State, World
from .trainer import running_loop
from .training import Training

REST = 0.8  # s that an epoch must rest before it is measured
MEASURED = 40  # measurements of all users that are remembered


class Beside:
    """What is measured of all users while the panel answers: popularity once, the knobs whenever they rest.

    `changed(error)` is called on the kernel's thread when there is something new to show.
    """

    def __init__(self, changed: Callable[[Exception | None], None]) -> None:
        self._changed = changed
        self._known: dict[Any, tuple[Any, Any]] = {}  # with the snapshot, so that its id stays its own
        self._baseline: float | None = None
        self._knobs, self._popularity = Background(self._take), Background(self._take_baseline)
        self._lists, self._hops = Background(self._take), Background(self._take)
        self._asked: Any = None  # what is to be asked for when the epoch rests
        self._timers: dict[str, Any] = {}

    def baseline(self, world: World) -> None:
        """Popularity's accuracy on the validation rows, the line to beat."""
        train, rows = world.data, world.split.validation
        if len(rows):

            def work(told: Told) -> Steps[float]:
                model = Popularity().learn(train)
                yield
                return (yield from held_out_accuracy_in_steps(model, train, rows))

            self._popularity.want("popularity", work)

    def later(self, name: str, loop: Any, seconds: float, call: Callable[[], None]) -> None:
        """Call once, so many seconds after the last time that this was asked for under this name."""
        self.not_later(name)
        self._timers[name] = loop.call_later(seconds, call)

    def not_later(self, name: str) -> None:
        if name in self._timers:
            self._timers.pop(name).cancel()

    def look(
        self, world: World, training: Training, state: State, asked: Asked
    ) -> tuple[bool, AllUsers | None, AllUsers | None, float | None]:
        """(being measured, all users now, all users as trained, baseline); asks for what is not known yet."""
        try:
            seen = view(world, training, state, asked)
        except Exception:  # said where the list is
            return False, None, None, self._baseline
        values = state.values(world)
        turned = {
            k.name
            for k in training.knobs
            if k.instant and training.trained.get(k.name, values[k.name]) != values[k.name]
        }
        if seen is None or not turned or not isinstance(seen, Tunable):
            self._knobs.stop()
            return False, None, None, self._baseline
        snapshot = training.history.at(state.epoch or training.newest).snapshot
        wanted = {self._key(snapshot, knobs): knobs for knobs in ({**values, **training.trained}, values)}
        as_trained, now = wanted
        if now in self._known:
            found = [self._known.get(key, (None, None))[1] for key in (now, as_trained)]
            return False, found[0], found[1] if found[0] else None, self._baseline
        if training.state == "running" or state.playing:
            self._knobs.stop()
            return False, None, None, self._baseline
        if not state.turning:
            model, split = training.model, world.split
            self._knobs.want(now, lambda told: self._work(told, model, snapshot, split, wanted))
            if now in self._known:  # a plain script has waited
                return self.look(world, training, state, asked)
        return True, None, None, self._baseline

    def taste(
        self, world: World, training: Training, state: State, asked: Asked
    ) -> tuple[bool, PersonalCurve | None]:  # fmt: skip
        """(being measured, what less of all users' taste does to all users' lists, from as trained to the state's)."""
        alpha, rows = state.alpha, world.split.validation
        if not alpha or not len(rows) or not training.rewindable or training.history.last is None:
            self._lists.stop()
            return False, None
        snapshot = training.history.at(state.epoch or training.newest).snapshot
        knobs = state.values(world) if isinstance(training.model, Tunable) else {}
        key = (*self._key(snapshot, knobs), alpha)
        if key in self._known:
            return False, self._known[key][1]
        busy = training.state == "running" or state.playing or state.turning
        if busy or not isinstance(training.model, Vectors):
            self._lists.stop()
            return bool(state.turning), None
        model, train = training.model, world.data

        def work(told: Told) -> Steps[Any]:
            seen = model_at(model, snapshot, knobs, train)  # a view of its own, since the panel's is asked meanwhile
            self._known[key] = snapshot, (yield from personal_curve_in_steps(seen, train, rows, (0.0, alpha)))
            return snapshot

        self._lists.want(key, work)
        return (False, self._known[key][1]) if key in self._known else (True, None)

    def alike(self, world: World, training: Training, state: State) -> tuple[float, ...] | None:
        """How similar what reaches two users is after each hop, with all layers, at the epoch shown: see `Scene`.

        Measured when the epoch has rested, so that no click waits; not at all in a plain script, which has no page.
        """
        model, event = training.model, training.history.last
        layers = {knob.name: knob.high for knob in training.knobs if knob.name == "layers"}
        if not layers or not callable(getattr(model, "alike", None)):
            return None
        if event is None or not training.rewindable:
            return ()
        snapshot = training.history.at(state.epoch or training.newest).snapshot
        knobs = {**state.values(world), **layers}
        key = ("alike", *self._key(snapshot, knobs))
        loop = running_loop()
        if key in self._known or training.state == "running" or state.playing or loop is None:
            self.not_later("alike")
            self._asked = None
        elif key != self._asked:
            train = world.data

            def work(told: Told) -> Steps[Any]:
                try:
                    hops = tuple((yield from _alike(model_at(model, snapshot, knobs, train))))
                except Exception:  # said where the list is, if it concerns that; there are only no numbers here
                    hops = ()
                self._known[key] = snapshot, hops
                return snapshot

            self._asked = key
            self.later("alike", loop, REST, lambda: self._hops.want(key, work))
        return self._known[key][1] if key in self._known else ()

    @staticmethod
    def _key(snapshot: Any, knobs: Any) -> Any:
        return id(snapshot), tuple(sorted(knobs.items()))

    def _work(self, told: Told, model: Any, snapshot: Any, split: Any, wanted: dict[Any, Any]) -> Steps[Any]:
        """Beside: views of its own, since the panel's are asked meanwhile."""
        for done, (key, knobs) in enumerate(wanted.items()):
            told(done, len(wanted))
            if key not in self._known:
                seen = model_at(model, snapshot, knobs, split.train)
                self._known[key] = snapshot, (yield from measure_in_steps(seen, split))
        return snapshot

    def _take(self, key: Any, result: Any) -> None:
        error = result if isinstance(result, Exception) else None
        if error is not None:
            self._known[key] = (None, None)  # could not be measured: not asked again
        self._known = dict(list(self._known.items())[-MEASURED:])
        self._changed(error)

    def _take_baseline(self, key: Any, result: Any) -> None:
        if not isinstance(result, Exception):
            self._baseline = result
            self._changed(None)

    def stop(self) -> None:
        """Measure no more, and hold nothing."""
        for name in tuple(self._timers):
            self.not_later(name)
        for background in (self._knobs, self._popularity, self._lists, self._hops):
            background.stop()
        self._known = {}


def _alike(seen: Any) -> Steps[Any]:
    """seen.alike(), in steps where the model knows how."""
    asked = getattr(seen, "alike_in_steps", None)
    return seen.alike() if asked is None else (yield from asked())
