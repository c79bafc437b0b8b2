"""What a learner can do: one pure function an act, from what is on the screen to where the panel stands next.

`act(seen, state, name, value)` is the one way in. Nothing here asks a model or touches a widget.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from ..core import film_label
from ..page import markup
from ..page.markup import Message
from . import selector
from .edited import Edited
from .show import Shown
from .state import TEMPI, Change, State, World, history_of, plain, remembered
from .trainer import Training


class Seen(NamedTuple):
    """What was on the screen when the learner acted."""

    world: World
    training: Training
    shown: Shown


Act = Callable[[Seen, State, str], State]
ACTS: dict[str, Act] = {}


class UnknownAct(ValueError):
    """There is no such act."""


def act(seen: Seen, state: State, name: str, value: str = "") -> State:
    """The state after `name` was done with `value`. Raises UnknownAct, or what the value is refused with."""
    known, _, about = name.partition(":")
    if known not in ACTS:
        raise UnknownAct(f"act must be one of {', '.join(sorted(ACTS))}, got {name!r}")
    return ACTS[known](seen, state, f"{about}:{value}" if about else value)


def called(*names: str) -> Callable[[Act], Act]:
    """Enter a function into the table."""

    def enter(function: Act) -> Act:
        ACTS.update(dict.fromkeys(names, function))
        return function

    return enter


# -- who ---------------------------------------------------------------------------------------------


@called("user")
def user(seen: Seen, state: State, value: str) -> State:
    """Show this user as in the data. Raises UnknownUser."""
    seen.world.data.user_index(value)
    return plain(
        state, user=str(value), edited=None, item=None, editor="", typed=None, wrong=False, item_typed=None,
        changes=False, undo=None,
    )  # fmt: skip


@called("find")
def find(seen: Seen, state: State, value: str) -> State:
    return replace(state, typed=value, wrong=False)


@called("choose")
def choose(seen: Seen, state: State, value: str) -> State:
    """Show the user that the typed text means, or say who there is."""
    if not value.strip():
        return close(seen, state, "")
    data = seen.world.data
    found = selector.look_up(data, value)
    if found.user is not None:
        return user(seen, state, str(data.users[found.user]))
    last = str(data.users[-1])
    text = f"Users run from {selector.known_ids(data)}. The panel still shows user {state.user}."
    buttons = ((f"Show user {last}", "user", last), ("Random user", "random", ""))
    message = Message(f"There is no user {value}.", text, True, buttons)
    return replace(state, typed=value, wrong=True, message=message)


@called("close")
def close(seen: Seen, state: State, value: str) -> State:
    """Close the list under the field; its text goes back to who is shown, unless it was refused."""
    return state if state.wrong else replace(state, typed=None)


def _step_user(by: int) -> Act:
    def step(seen: Seen, state: State, value: str) -> State:
        users = seen.world.data.users
        return user(seen, state, str(users[(seen.world.data.user_index(state.user) + by) % len(users)]))

    return step


ACTS |= {"previous": _step_user(-1), "next": _step_user(1)}


# -- the history -------------------------------------------------------------------------------------


def _whole(value: str, what: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{what} must be a whole number, got {value!r}") from None


def _index(known: Any, value: str, what: str) -> int:
    """An index into `known`. Raises ValueError beyond its ends, where Python would count from behind."""
    index = _whole(value, what)
    if not 0 <= index < len(known):
        there = f"an index from 0 to {len(known) - 1}" if len(known) else "left out: there is none"
        raise ValueError(f"{what} must be {there}, got {value!r}")
    return index


def _item(seen: Seen, value: str, among: Edited | None = None) -> int:
    """The index of an item. among: the history that it must be in."""
    item = _index(seen.world.data.items, value, "a film")
    if among is not None and item not in among.items:
        title = film_label(seen.world.data, item)
        raise ValueError(f"a film to take out or to move must be one of the history shown, got {title}")
    return item


def changed(state: State, edited: Edited | None, message: Message | Change | None, **more: Any) -> State:
    """Another history: the answer before is kept beside, and there is a way back to it."""
    kept = remembered(state)
    return replace(
        state, edited=edited, message=message, before=kept, outlined=True, undo=kept, turning="", changes=False, **more
    )


@called("you")
def you(seen: Seen, state: State, value: str) -> State:
    """Open an empty history of one's own, or close it and go back to the user."""
    if state.editor == "you":
        return user(seen, state, state.user)
    return plain(state, edited=Edited(None, ()), item=None, editor="you", item_typed=None, undo=remembered(state))


@called("own")
def own(seen: Seen, state: State, value: str) -> State:
    """A history of one's own, by indices with spaces between, oldest first."""
    items = tuple(dict.fromkeys(_item(seen, item) for item in value.split()))
    edits = 0 if state.edited is None else state.edited.edits
    edited, lead = Edited(None, items, edits=edits + 1), "You made a history of your own."
    return changed(state, edited, Change(lead, seen.shown.item), editor="you", item_typed=None)


@called("edit")
def edit(seen: Seen, state: State, value: str) -> State:
    """Open the user's own history to be edited, or close it; what was changed stays changed."""
    if state.editor == "history":
        return replace(state, editor="", item_typed=None)
    if state.edited is not None and state.edited.user is None:
        state = plain(state, edited=None, item=None, undo=remembered(state))
    return replace(state, editor="history", item_typed=None)


@called("drop")
def drop(seen: Seen, state: State, value: str) -> State:
    """Take out one piece of evidence: "film:123" or "neighbour:45", by index."""
    kind, _, index = value.partition(":")
    now, data = history_of(seen.world, state), seen.world.data
    if kind == "neighbour":
        neighbour = _index(data.users, index, "a neighbour")
        lead = f"Changed because user {data.users[neighbour]} is not asked."
        return changed(state, now.leave_out(neighbour), Change(lead, seen.shown.item))
    if kind != "film":
        raise ValueError(f'what is dropped must be "film:" or "neighbour:" and an index, got {value!r}')
    item = _item(seen, index, now)
    lead = f"Changed because you dropped {film_label(data, item)}."
    return changed(state, now.drop(item), Change(lead, seen.shown.item, item))


@called("remove")
def remove(seen: Seen, state: State, value: str) -> State:
    now = history_of(seen.world, state)
    item = _item(seen, value, now)
    lead = f"You removed {film_label(seen.world.data, item)}."
    return changed(state, now.remove(item), Change(lead, seen.shown.item))


@called("add")
def add(seen: Seen, state: State, value: str) -> State:
    """The item becomes the newest of the history."""
    now, item = history_of(seen.world, state), _item(seen, value)
    title, again = film_label(seen.world.data, item), item in now.items
    lead = f"{title} was in the history already; it is the newest now." if again else f"You added {title}."
    return changed(state, now.add(item), Change(lead, seen.shown.item), item_typed=None)


@called("film")
def film(seen: Seen, state: State, value: str) -> State:
    """What is typed to look for an item."""
    return replace(state, item_typed=value)


@called("film-close")
def film_close(seen: Seen, state: State, value: str) -> State:
    return replace(state, item_typed=None)


@called("add-title")
def add_title(seen: Seen, state: State, value: str) -> State:
    """Add the first item that the typed text finds, or say that there is none."""
    found = seen.world.data.search_items(value, limit=1) if value.strip() else []
    if found:
        return add(seen, state, str(found[0].index))
    if not value.strip():
        return state
    text = "Type a part of its title and choose from the list."
    return replace(state, message=Message(f"There is no film called {value}.", text, True))


def _move(by: int) -> Act:
    def move(seen: Seen, state: State, value: str) -> State:
        now, where = history_of(seen.world, state), "earlier" if by < 0 else "later"
        item = _item(seen, value, now)
        lead = f"You moved {film_label(seen.world.data, item)} {where}."
        return changed(state, now.move(item, by), Change(lead, seen.shown.item))

    return move


ACTS |= {"earlier": _move(-1), "later": _move(1)}


@called("click")
def click(seen: Seen, state: State, value: str) -> State:
    """Slow motion: the session as it was one click earlier ("-1") or later ("1")."""
    now, data = history_of(seen.world, state), seen.world.data
    if now.user is None:
        return state
    whole = tuple(data.history(now.user).tolist())
    n = min(max(len(now.items) + _whole(value, "the clicks to go on"), 1), len(whole))
    if n == len(now.items) or not whole:
        return state
    lead = f"After {n} of {len(whole)} clicks; the last was {film_label(data, whole[n - 1])}."
    return changed(state, Edited(now.user, whole[:n], edits=now.edits + 1), Change(lead, seen.shown.item))


@called("clear")
def clear(seen: Seen, state: State, value: str) -> State:
    return changed(state, history_of(seen.world, state).clear(), Change("You cleared the history.", seen.shown.item))


@called("undo")
def undo(seen: Seen, state: State, value: str) -> State:
    """Back to the history and the knobs before the last change of either; user and epoch stay."""
    back = state.undo
    if back is None:
        return state
    more = None
    if back.undo is not None and back.edited is not None and back.edited.edits:
        buttons = (("Put it back", "undo", ""), (f"Back to user {state.user}", "user", state.user))
        more = Message("Put back.", "Earlier changes are still there.", buttons=buttons)
    own = back.edited is not None and back.edited.user is None
    editor = "you" if own else "" if state.editor == "you" else state.editor
    return plain(
        state, edited=back.edited, knobs=back.knobs, item=back.item, editor=editor, undo=back.undo, message=more,
        changes=False,
    )  # fmt: skip


# -- what is looked at -------------------------------------------------------------------------------


@called("select")
def select(seen: Seen, state: State, value: str) -> State:
    """Select by rank, 0 = first of the list."""
    top = [] if seen.shown.answer is None else seen.shown.answer.top.tolist()
    rank = _whole(value, "selected")
    if not 0 <= rank < max(len(top), 1):
        raise ValueError(f"selected must be from 0 to {len(top) - 1} (0 = first of the list), got {rank!r}")
    return replace(state, item=top[rank] if top else None)


@called("epoch")
def epoch(seen: Seen, state: State, value: str) -> State:
    """To the kept epoch at or before this one; what lies beyond the ends goes to the end. Stops a replay."""
    steps = seen.training.steps
    state = replace(state, playing=False)
    if not steps or not seen.training.rewindable:
        return state
    return at_epoch(seen, state, seen.training.history.at(min(max(_whole(value, "epoch"), steps[0]), steps[-1])).step)


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


@called("changes")
def changes(seen: Seen, state: State, value: str) -> State:
    """Open or close the table of what entered and left the list, epoch by epoch."""
    return replace(state, changes=not state.changes and seen.training.rewindable)


@called("motion")
def motion(seen: Seen, state: State, value: str) -> State:
    """The browser's wish, or the switch on the panel."""
    return replace(state, moving=value != "still")


# -- knobs and settings ------------------------------------------------------------------------------


def turned(seen: Seen, state: State, name: str, value: Any) -> State:
    """A knob at another value. One that answers at once changes the answer; a drag of a slider is one change."""
    knob, values = _knob(seen, name), state.values(seen.world)
    knobs = tuple(sorted({**dict(state.knobs), name: value}.items()))
    if value == values[name]:
        return state
    if state.turning == name:
        return replace(state, knobs=knobs, message=None if knob.instant else state.message)
    kept = remembered(state)
    if not knob.instant:  # the answer stays, and what is said of it; but it can be put back as well
        return replace(state, knobs=knobs, undo=kept, turning=name)
    return plain(state, knobs=knobs, before=kept, undo=kept, turning=name, changes=False)


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
    return turned(seen, state, name, positions[_index(positions, index, f"the position of {name}")])


@called("knob-step")
def knob_step(seen: Seen, state: State, value: str) -> State:
    """Slow motion, "k:-1": the knob one up or down."""
    name, _, by = value.rpartition(":")
    there, by_n = _knob(seen, name), _whole(by, f"the step of {name}")
    if there.choices:
        raise ValueError(f"{name} is one of {', '.join(there.choices)}: it has no next one; choose one")
    wanted = state.values(seen.world)[name] + by_n
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
    return replace(state, epochs=max(1, _whole(value, "epochs")))


@called("rate")
def rate(seen: Seen, state: State, value: str) -> State:
    """The learning rate of the next training: the value-th of those there are."""
    rates = seen.training.rates
    return replace(state, rate=rates[_index(rates, value, "the learning rate on the slider")])
