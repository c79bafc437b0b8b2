"""What reaches beyond the state: training, files, time, and what is measured of all users beside the clicks."""

from __future__ import annotations

import random
import shutil
import time
import traceback
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from .._files import put_aside, safe_name
from .._memory import TooLittleMemory
from ..data import Interactions
from ..page.markup import Message
from ..protocols import Trainable
from . import files, settings, views
from .changes import sentence
from .show import failure
from .state import TEMPI, State, World, plain
from .trainer import running_loop
from .training import Training

Panel: TypeAlias = Any  # panel.Panel, which stands above this file

PANELS: weakref.WeakSet[Panel] = weakref.WeakSet()
REST = 0.8  # s that a knob must rest before all users are ranked
SPEAK = 5.0  # s between two announcements to a screen reader while training


# -- training ----------------------------------------------------------------------------------------


def train(panel: Panel, epochs: int) -> None:
    """Start, or go on; no other panel trains meanwhile."""
    _pause_others(panel)
    with panel._lock:
        parts = panel._ready()
        message = _anew(parts.trainer.training)
        if parts.trainer.training.state != "running":  # who presses Train or Step follows it
            parts.state = plain(parts.state, epoch=None, playing=False, undo=parts.state.undo)
        panel._become(replace(parts.state, message=message))
    parts.trainer.go(parts.state, epochs)


def _anew(training: Training) -> Message | None:
    """What becomes of the model shown, where another training begins: one that was given can be brought back."""
    if views.leaves_given(training):
        back = ((views.BACK, "pretrained", ""),)
        return Message("A copy learns, from nothing;", "the trained model is kept.", buttons=back)
    if not views.starts_anew(training):
        return None
    n = training.newest
    kept = "the epoch trained here is kept." if n == 1 else f"the {n} epochs trained here are kept."
    return Message("A new training, from nothing;", kept, buttons=((views.back_to(n), "trained-before", ""),))


def _pause_others(panel: Panel) -> None:
    """One training at a time: two would share the processor, and the memory of a small machine."""
    for other in list(PANELS):
        # two panels that start at once must not wait for each other: the other's page follows when it can
        parts = other._parts
        if other is not panel and parts is not None and parts.trainer.pause() and other._lock.acquire(blocking=False):
            try:
                message = Message(
                    "One trains at a time:", "another panel began to train, so this one pauses. Train goes on."
                )
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
    parts.asked.clear()
    back = ((views.BACK, "pretrained", ""),) if parts.world.history.last else ()
    message = Message("Forgotten.", "The model knows nothing now; Train starts from nothing.", buttons=back)
    panel._become(plain(parts.state, epoch=None, message=message, undo=parts.state.undo, playing=False))


def given(panel: Panel, value: Any = "") -> None:
    """Back to what the model came with."""
    parts = panel._ready()
    parts.trainer.back()
    parts.asked.clear()
    panel._become(plain(parts.state, epoch=None, undo=parts.state.undo, playing=False))


def trained_before(panel: Panel, value: Any = "") -> None:
    """Back to the epochs of the training before; those that they replace can be brought back in turn."""
    parts = panel._ready()
    if not parts.trainer.swap():
        return
    parts.asked.clear()
    training = parts.trainer.training
    back = ((views.back_to(training.earlier), "trained-before", ""),) if training.earlier else ()
    n = training.newest
    message = Message("The epoch of before is back." if n == 1 else f"The {n} epochs of before are back.", buttons=back)
    panel._become(plain(parts.state, epoch=None, message=message, undo=parts.state.undo, playing=False))


def trained(panel: Panel, finished: bool) -> None:
    """The trainer has news; without a finished epoch only what is said of the training changes."""
    parts = panel._ready()
    training, state = parts.trainer.training, panel.state
    error = training.error if training.ended == "failed" else None
    if error is not None and error is not parts.told_error:
        parts.told_error = error
        epoch = training.number(state.epoch)
        which = f"Epoch {epoch}" if epoch else "The model as it was before"
        kept = f" {which} is kept and shown." if training.history.last else ""
        fits = not isinstance(error, TooLittleMemory)  # else it was not begun, and there is no story to tell
        lead, told = ("Training stopped:", "".join(traceback.format_exception(error))) if fits else ("Not begun:", "")
        state = replace(state, message=Message(lead, f"{sentence(error)}{kept}", True, details=told))
        finished = True
    if finished:
        if state.epoch is not None and state.epoch > training.newest:
            state = replace(state, epoch=None)
        if len(training.steps) == 1:  # a new training: what was asked of the model before is of no use any more
            parts.asked.clear()
        panel._become(replace(state, before=None, outlined=False))
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
            panel._beside.later("tick", loop, TEMPI[state.tempo], lambda: panel.act("tick"))
    if not state.playing:
        panel._beside.not_later("tick")
    if state.turning:
        if loop is None:
            panel._do("rest", "")
        else:
            panel._beside.later("rest", loop, REST, lambda: panel.act("rest"))


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


def told(panel: Panel, model: Any = None) -> dict[str, Any]:
    """The state by original ids, for a panel around `model`, None = the one that was given."""
    shown, world = panel.shown, panel.world
    item = panel.state.item if shown.away else shown.item if shown.rank else None
    return settings.told(world, panel.state, item, own_epochs(world.model), world.model if model is None else model)


def setup(panel: Panel) -> str:
    """The line that makes this panel again; what must be at hand is named in it."""
    from .regions import default_chart

    parts = panel._ready()
    world, training = parts.world, parts.trainer.training
    found = told(panel, training.model if training.here else None)
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
    line = line if parts.goal is None else f"{line[:-1]}, goal=rw.Goal{tuple(parts.goal)!r})"
    return f"{line}  # trained with {training.backend}" if training.here and training.backend else line


def _which(training: Training) -> str:
    """What tells one training from another: its last epoch, and what was measured there."""
    last = training.history.last
    return "" if last is None else f"{last.step}: {dict(last.metrics)}"


def keep(panel: Panel) -> None:
    """Write the learner's state, where the panel was given a file for it."""
    parts = panel._ready()
    if parts.file is None:
        return
    training = parts.trainer.training
    found = told(panel) | ({"trained here": _which(training)} if training.here else {})
    if found == parts.written:
        return
    try:
        files.write_state(parts.file, found)
        parts.written = found
    except OSError as error:  # said once; the panel goes on
        path, parts.file = parts.file, None
        text = f"{path} cannot be written ({error.strerror}); what you do here lasts until the kernel stops."
        panel._become(replace(panel.state, message=Message("Your state is not saved.", text, True)))


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
        epoch, lost, of = wanted.get("epoch"), "", wanted.pop("trained here", None)
        gone = of is not None and of != _which(training)
        if type(epoch) is int and (epoch > training.number(None) or gone):
            lost = f"Epoch {epoch} was trained in an earlier run of this cell and is gone; train again to see it."
            wanted.pop("epoch")
        back = settings.restored(world, training, replace(first, epochs=start.epochs), wanted)
        return (replace(back, message=Message("Your state is back.", lost)) if lost else back), path
    except files.DamagedState as error:
        return replace(start, message=Message("Your saved state is damaged.", str(error), True)), path
    except OSError as error:
        text = f"{path} cannot be used ({error.strerror}); what you do here lasts until the kernel stops."
        return replace(start, message=Message("Your state is not saved.", text, True)), None
    except Exception as error:  # whatever a file of another panel, or a damaged one, brings about
        try:
            aside, kept = put_aside(path).name, path
        except OSError:
            text = f"{path.name} does not fit this panel ({sentence(error)}) It stays as it is; nothing is saved."
            return replace(start, message=Message("Your saved state was left out.", text, True)), None
        text = f"{path.name} does not fit this panel ({sentence(error)}) It is kept as {aside}."
        return replace(start, message=Message("Your saved state was left out.", text, True)), kept


def export(panel: Panel, folder: str | Path) -> list[Path]:
    answer, parts = panel.shown.answer, panel._ready()
    if answer is None:
        raise ValueError("there is no answer to export; train the model, or add a film to the history, first")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table, card = folder / "recommendations.csv", folder / "run.json"
    files.write_recommendations(table, answer)
    files.write_state(card, files.run_card(parts.world, parts.trainer.training, told(panel), setup(panel)))
    panel.chart.figure.save_svg(f"{panel.chart.name}-user-{safe_name(panel.user)}.svg")
    return [table, card]


def save(panel: Panel, value: Any = "") -> None:
    """Write the run beside the notebook, into a folder of its own; an earlier run is never overwritten."""
    whom = "you" if panel.person.user is None else f"user-{safe_name(panel.user)}"
    folder = first = Path(f"recwidgets-{panel.world.name}-{whom}")
    n = 1
    while folder.exists():
        n += 1
        folder = first.with_name(f"{first.name}-{n}")
    try:
        written = panel.export(folder)
    except OSError:  # a full disk: half a run is none
        shutil.rmtree(folder, ignore_errors=True)
        raise
    text = f"{', '.join(path.name for path in written)} in the folder {folder}; the chart goes to your downloads."
    panel._become(replace(panel.state, message=Message("Saved.", text)))


def _locked(effect: Callable[[Panel, Any], None]) -> Callable[[Panel, Any], None]:
    """Under the panel's lock."""

    def run(panel: Panel, value: Any) -> None:
        with panel._lock:
            effect(panel, value)

    return run


EFFECTS: dict[str, Callable[..., None]] = {
    "train": lambda panel, value: train(panel, -1),
    "pause": _locked(lambda panel, value: pause(panel)),
    "step": lambda panel, value: train(panel, 1),
    "stop": _locked(lambda panel, value: stop(panel)),
    "reset": _locked(lambda panel, value: reset(panel)),
    "pretrained": _locked(given),
    "trained-before": _locked(trained_before),
    "random": _locked(other_user),
    "save": _locked(save),
}


def measured(panel: Panel, error: Exception | None) -> None:
    """Something new is known of all users."""
    if error is None:
        panel._paint()
        return
    panel._become(replace(panel.state, message=failure(error)))
