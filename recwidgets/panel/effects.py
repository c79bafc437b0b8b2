"""What reaches beyond the state: training, files, time, and what is measured of all users beside the clicks."""

from __future__ import annotations

import random
import time
import traceback
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ..data import Interactions
from ..models.popularity import Popularity
from ..page.markup import Message
from ..protocols import Trainable, Tunable
from ..ranking import held_out_accuracy
from . import files, settings, views
from .all_users import AllUsers, measure
from .background import Background, Told
from .changes import sentence
from .show import Asked, failure, view
from .state import TEMPI, State, World, plain
from .trainer import Training, running_loop

Panel: TypeAlias = Any  # panel.Panel, which stands above this file

PANELS: weakref.WeakSet[Panel] = weakref.WeakSet()
REST = 0.8  # s that a knob must rest before all users are ranked
SPEAK = 5.0  # s between two announcements to a screen reader while training
MEASURED = 40  # measurements of all users that are remembered


# -- training ----------------------------------------------------------------------------------------


def train(panel: Panel, epochs: int) -> None:
    """Start, or go on; no other panel trains meanwhile."""
    _pause_others(panel)
    with panel._lock:
        parts = panel._ready()
        if parts.trainer.training.state == "idle":
            parts.state = plain(parts.state, epoch=None, playing=False, undo=parts.state.undo)
        panel._become(replace(parts.state, message=None))
    parts.trainer.go(parts.state, epochs)


def _pause_others(panel: Panel) -> None:
    """One training at a time: two would share the processor, and the memory of a small machine."""
    for other in list(PANELS):
        # two panels that start at once must not wait for each other: the other's page follows when it can
        parts = other._parts
        if other is not panel and parts is not None and parts.trainer.pause() and other._lock.acquire(blocking=False):
            try:
                message = Message("Paused:", "another panel began to train, and one trains at a time. Train goes on.")
                other._become(replace(parts.state, message=message))
            finally:
                other._lock.release()


def pause(panel: Panel) -> None:
    if panel._ready().trainer.pause():
        panel._paint()


def stop(panel: Panel) -> None:
    panel._ready().trainer.stop()
    panel._paint()


def reset(panel: Panel) -> None:
    parts = panel._ready()
    parts.trainer.forget()
    back = (("Back to the trained model", "pretrained", ""),) if parts.world.history.last else ()
    message = Message("Forgotten.", "The model knows nothing now; Train starts from nothing.", buttons=back)
    panel._become(plain(parts.state, epoch=None, message=message, undo=parts.state.undo, playing=False))


def given(panel: Panel, value: Any = "") -> None:
    """Back to what the model came with."""
    parts = panel._ready()
    parts.trainer.back()
    panel._become(plain(parts.state, epoch=None, undo=parts.state.undo, playing=False))


def trained(panel: Panel, finished: bool) -> None:
    """The trainer has news; without a finished epoch only what is said of the training changes."""
    parts = panel._ready()
    training, state = parts.trainer.training, panel._pinned()
    error = training.error if training.ended == "failed" else None
    if error is not None and error is not parts.told_error:
        parts.told_error = error
        kept = f" Epoch {state.epoch or training.newest} is kept and shown." if training.history.last else ""
        told = "".join(traceback.format_exception(error))
        state = replace(state, message=Message("Training stopped:", f"{sentence(error)}{kept}", True, details=told))
        finished = True
    if finished:
        if state.epoch is not None and state.epoch > training.newest:
            state = replace(state, epoch=None)
        panel._become(replace(state, before=None, outlined=False, changes=False))
    else:
        panel._paint()


def spoken(panel: Panel) -> str:
    """What is announced: what the header says; while training at most every five seconds."""
    training, now = panel.training, time.monotonic()
    word = views.status(panel.world, training).word
    parts = panel._ready()
    state, said, moment = parts.announced
    if training.state == state == "running" and now - moment < SPEAK:
        return str(said)
    parts.announced = (training.state, word, now)
    return word


# -- what acts bring about -----------------------------------------------------------------------------


def after(panel: Panel, name: str) -> None:
    """What goes on by itself after an act: a replay ticks, and a knob comes to rest."""
    loop, state = running_loop(), panel.state
    if name in ("play", "tick") and state.playing:
        if loop is None:  # a plain script has nobody to call back
            panel._become(replace(state, playing=False))
        else:
            loop.call_later(TEMPI[state.tempo], panel.act, "tick", "")
    if state.turning:
        if loop is None:
            panel._do("rest", "")
        else:
            panel._beside.later(loop, REST, lambda: panel.act("rest"))


def other_user(panel: Panel, value: Any = "") -> None:
    others = [user for user in panel.data.users.tolist() if user != panel.state.user]
    if others:
        panel._do("user", random.choice(others))


def own_epochs(model: Any) -> int:
    """How many epochs the model asks for; 10 where it does not say."""
    return int(model.epochs) if isinstance(model, Trainable) else 10


def first_user(data: Interactions) -> str:
    """Somebody with a history of middling length: the median user."""
    lengths = np.diff(data.by_user.indptr)
    return str(data.users[np.argsort(lengths, kind="stable")[data.n_users // 2]])


# -- what is given away and kept -----------------------------------------------------------------------


def told(panel: Panel) -> dict[str, Any]:
    shown, world = panel.shown, panel.world
    return settings.told(world, panel.state, shown.item if shown.rank else None, own_epochs(world.model))


def setup(panel: Panel) -> str:
    """The line that makes this panel again; what must be at hand is named in it."""
    from .regions import default_chart

    parts, found = panel._ready(), told(panel)
    world, training = parts.world, parts.trainer.training
    found |= {"hide": list(parts.hide)} if parts.hide else {}
    found |= {} if parts.state.moving else {"animate": False}
    call, first = world.call, world.first
    if training.here:
        call, first = "rw.Panel", "data, model=model, history=history"
    chart = type(parts.regions.chart)
    public = "rw." if chart.__module__.startswith("recwidgets.") else ""
    if call == "rw.Panel" or chart is not default_chart(world.model):
        first += f"{', ' if first else ''}chart={public}{chart.__name__}()"
    line = settings.line(call, found, first)
    return line if parts.goal is None else f"{line[:-1]}, goal=rw.Goal{tuple(parts.goal)!r})"


def keep(panel: Panel) -> None:
    """Write the learner's state, where the panel was given a file for it."""
    parts = panel._ready()
    if parts.file is None:
        return
    found = told(panel)
    if found != parts.written:
        files.write_state(parts.file, found)
        parts.written = found


def from_file(
    world: World, training: Training, start: State, first: State, path: str | Path | None
) -> tuple[State, Path | None]:
    """Where the learner was, from the file; one that does not fit here is kept aside, and that is said."""
    if path is None:
        return start, None
    path = Path(path)
    try:
        wanted = files.read_state(path)
        if not wanted:
            return start, path
        epoch, lost = wanted.get("epoch"), ""
        if isinstance(epoch, int) and epoch > training.newest:
            lost = f"Epoch {epoch} was trained in an earlier run of this cell and is gone; train again to see it."
            wanted.pop("epoch")
        back = settings.restored(world, training, replace(first, epochs=start.epochs), wanted)
        return (replace(back, message=Message("Your state is back.", lost)) if lost else back), path
    except files.DamagedState as error:
        return replace(start, message=Message("Your saved state is damaged.", str(error), True)), path
    except (KeyError, TypeError, ValueError, AttributeError, LookupError) as error:
        aside = files.put_aside(path).name
        text = f"{path.name} does not fit this panel ({sentence(error)}) It is kept as {aside}."
        return replace(start, message=Message("Your saved state was left out.", text, True)), path


def export(panel: Panel, folder: str | Path) -> list[Path]:
    answer, parts = panel.shown.answer, panel._ready()
    if answer is None:
        raise ValueError("there is no answer to export; train the model, or add a film to the history, first")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table, card = folder / "recommendations.csv", folder / "run.json"
    files.write_recommendations(table, answer)
    files.write_state(card, files.run_card(parts.world, parts.trainer.training, told(panel), setup(panel)))
    panel.chart.figure.save_svg(f"{panel.chart.name}-user-{panel.user}.svg")
    return [table, card]


def save(panel: Panel, value: Any = "") -> None:
    """Write the run beside the notebook, into a folder of its own; an earlier run is never overwritten."""
    whom = "you" if panel.person.user is None else f"user-{panel.user}"
    folder = first = Path(f"recwidgets-{panel.world.name}-{whom}")
    n = 1
    while folder.exists():
        n += 1
        folder = first.with_name(f"{first.name}-{n}")
    written = panel.export(folder)
    text = f"{', '.join(path.name for path in written)} in the folder {folder}; the chart goes to your downloads."
    panel._become(replace(panel.state, message=Message("Saved.", text)))


EFFECTS: dict[str, Callable[..., None]] = {
    "train": lambda panel, value: train(panel, -1),
    "pause": lambda panel, value: pause(panel),
    "step": lambda panel, value: train(panel, 1),
    "stop": lambda panel, value: stop(panel),
    "reset": lambda panel, value: reset(panel),
    "pretrained": given,
    "random": other_user,
    "save": save,
}


# -- measured beside -----------------------------------------------------------------------------------


class Beside:
    """What is measured of all users while the panel answers: popularity once, the knobs whenever they rest.

    `changed(error)` is called on the kernel's thread when there is something new to show.
    """

    def __init__(self, changed: Callable[[Exception | None], None]) -> None:
        self._changed = changed
        self._known: dict[Any, tuple[Any, AllUsers | None]] = {}  # with the snapshot, so that its id stays its own
        self._baseline: float | None = None
        self._knobs, self._popularity = Background(self._take), Background(self._take_baseline)
        self._timer: Any = None

    def baseline(self, world: World) -> None:
        """Popularity's accuracy on the validation rows, the line to beat."""
        train, rows = world.data, world.split.validation
        if len(rows):
            self._popularity.want("popularity", lambda told: held_out_accuracy(Popularity().learn(train), train, rows))

    def later(self, loop: Any, seconds: float, call: Callable[[], None]) -> None:
        """Call once, so many seconds after the last time this was asked for."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(seconds, call)

    def look(
        self, world: World, training: Training, state: State, asked: Asked
    ) -> tuple[bool, AllUsers | None, AllUsers | None, float | None]:
        """(being measured, all users now, all users as trained, baseline); asks for what is not known yet."""
        seen = view(world, training, state, asked)
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

    @staticmethod
    def _key(snapshot: Any, knobs: Any) -> Any:
        return id(snapshot), tuple(sorted(knobs.items()))

    def _work(self, told: Told, model: Any, snapshot: Any, split: Any, wanted: dict[Any, Any]) -> Any:
        """In the thread: views of its own, since the panel's are asked meanwhile."""
        for done, (key, knobs) in enumerate(wanted.items()):
            told(done, len(wanted))
            if key not in self._known:
                seen = model.at(snapshot, **knobs)
                if getattr(seen, "data", split.train) is not split.train:
                    seen.data = split.train
                self._known[key] = snapshot, measure(seen, split)
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
        if self._timer is not None:
            self._timer.cancel()
        self._knobs.stop()
        self._popularity.stop()
        self._known = {}


def measured(panel: Panel, error: Exception | None) -> None:
    """Something new is known of all users."""
    if error is None:
        panel._paint()
        return
    panel._become(replace(panel.state, message=failure(error)))
