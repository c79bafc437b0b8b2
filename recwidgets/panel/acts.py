"""What a learner can do: one pure function an act, from what is on the screen to where the panel stands next.

`act(seen, state, name, value)` is the one way in. Nothing here asks a model or touches a widget.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..page import markup
from . import edits as edits  # enters its acts into the table
from . import looks as looks  # its, too
from . import ordering as ordering
from .state import TEMPI, Change, State, plain, remembered
from .table import ACTS as ACTS
from .table import Seen as Seen
from .table import called, index_in, whole


class UnknownAct(ValueError):
    """There is no such act."""


def act(seen: Seen, state: State, name: str, value: str = "") -> State:
    """The state after `name` was done with `value`. Raises UnknownAct, or what the value is refused with."""
    known, _, about = name.partition(":")
    if known not in ACTS:
        raise UnknownAct(f"act must be one of {', '.join(sorted(ACTS))}, got {name!r}")
    return ACTS[known](seen, state, f"{about}:{value}" if about else value)


# -- what is looked at -------------------------------------------------------------------------------


@called("select")
def select(seen: Seen, state: State, value: str) -> State:
    """Select by rank, 0 = first of the list."""
    top = [] if seen.shown.answer is None else seen.shown.answer.top.tolist()
    rank = whole(value, "selected")
    if rank and not top:
        raise ValueError(f"selected must be 0 while there is no list, got {rank!r}")
    if not 0 <= rank < max(len(top), 1):
        raise ValueError(f"selected must be from 0 to {len(top) - 1} (0 = first of the list), got {rank!r}")
    return replace(state, item=top[rank] if top else None, opened="")


@called("epoch")
def epoch(seen: Seen, state: State, value: str) -> State:
    """To the kept epoch at or before this one; what lies beyond the ends goes to the end. Stops a replay."""
    steps = seen.training.steps
    state = replace(state, playing=False)
    if not steps or not seen.training.rewindable:
        return state
    return at_epoch(seen, state, seen.training.history.at(min(max(whole(value, "epoch"), steps[0]), steps[-1])).step)


def at_epoch(seen: Seen, state: State, step: int) -> State:
    newest = step == seen.training.newest
    return plain(state, epoch=None if newest else step, undo=state.undo)


@called("tempo")
def tempo(seen: Seen, state: State, value: str) -> State:
    return replace(state, tempo=value if value in TEMPI else "normal")


@called("play")
def play(seen: Seen, state: State, value: str) -> State:
    """Replay the epochs from here on, or from the first when standing at the last; or stop."""
    steps = seen.training.steps
    if state.playing or len(steps) < 2 or not seen.training.rewindable:
        return replace(state, playing=False)
    here = state if state.epoch is not None else at_epoch(seen, state, steps[0])
    return replace(here, playing=True)


@called("tick")
def tick(seen: Seen, state: State, value: str) -> State:
    """The next epoch of a replay; the last one ends it."""
    here = seen.training.newest if state.epoch is None else state.epoch
    later = [step for step in seen.training.steps if step > here]
    if not state.playing or not later:
        return replace(state, playing=False)
    return replace(at_epoch(seen, state, later[0]), playing=len(later) > 1)


@called("motion")
def motion(seen: Seen, state: State, value: str) -> State:
    """The browser's wish, or the switch on the panel."""
    return replace(state, moving=value != "still")


# -- knobs and settings ------------------------------------------------------------------------------


def turned(seen: Seen, state: State, name: str, value: Any) -> State:
    """A knob at another value. One that answers at once changes the answer; a drag of a slider is one change.

    Back where all stands as trained, nothing is new: the answer is the one that the model gives.
    """
    knob, values = _knob(seen, name), state.values(seen.world)
    knobs = tuple(sorted({**dict(state.knobs), name: value}.items()))
    if value == values[name]:
        return state
    if state.turning == name:
        state = replace(state, knobs=knobs, message=None if knob.instant else state.message)
        return looks.since(seen, state, state.undo) if knob.instant else state
    kept = remembered(state)
    if not knob.instant:  # the answer stays, and what is said of it; but it can be put back as well
        message = state.message  # whose button takes back the knob from now on, and says so
        if isinstance(message, Change):
            message = replace(message, undo=f"Undo: {knob.label}")
        return replace(state, knobs=knobs, undo=kept, turning=name, message=message)
    item = looks.explained(seen, state)
    return looks.since(seen, plain(state, knobs=knobs, item=item, undo=kept, turning=name), kept)


def _knob(seen: Seen, name: str) -> Any:
    knobs = {knob.name: knob for knob in seen.training.knobs}
    if name not in knobs:
        there = f"it has {', '.join(knobs)}" if knobs else "it has none"
        raise ValueError(f"{seen.world.label} has no knob {name!r}; {there}")
    return knobs[name]


@called("knob")
def knob(seen: Seen, state: State, value: str) -> State:
    """ "layers:2": the knob at that one of its positions."""
    name, _, index = value.rpartition(":")
    positions = markup.knob_positions(_knob(seen, name))
    return turned(seen, state, name, positions[index_in(positions, index, f"the position of {name}")])


@called("knob-step")
def knob_step(seen: Seen, state: State, value: str) -> State:
    """Slow motion, "k:-1": the knob one up or down."""
    name, _, by = value.rpartition(":")
    there, step = _knob(seen, name), whole(by, f"the step of {name}")
    if there.choices:
        raise ValueError(f"{name} is one of {', '.join(there.choices)}, of which none is the next; choose one")
    wanted = state.values(seen.world)[name] + step
    if not there.low <= wanted <= there.high:
        return state
    equal = [position for position in markup.knob_positions(there) if position == wanted]  # 3.0 is 3
    return turned(seen, state, name, equal[0] if equal else wanted)


@called("rest")
def rest(seen: Seen, state: State, value: str) -> State:
    """The knob rests: what is turned from now on is another change."""
    return replace(state, turning="")


@called("epochs")
def epochs(seen: Seen, state: State, value: str) -> State:
    return replace(state, epochs=max(1, whole(value, "epochs")))


@called("rate")
def rate(seen: Seen, state: State, value: str) -> State:
    """The learning rate of the next training: the value-th of those there are."""
    rates = seen.training.rates
    return replace(state, rate=rates[index_in(rates, value, "the learning rate on the slider")])
