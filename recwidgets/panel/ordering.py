"""Acts on the order of a history, the way back to the original one, and what a change is compared with."""

from __future__ import annotations

from dataclasses import replace

from ..data import display_title
from ..page.elements import cut
from ..page.markup import Message
from .clues import clue_of
from .edited import Edited
from .edits import changed, undo
from .looks import one_of
from .state import BASES, Change, State, history_of, original_of
from .table import ACTS, Act, Seen, called, item_of, short, whole

ROWS = 100  # of a long history that are on the page at once
STEP = ROWS // 2  # rows that "older films" goes on, so that half of what was seen stays


def _moved(seen: Seen, state: State, item: int, now: Edited) -> State:
    """With this order. `item` is the one that was moved: its row stays on the page."""
    if now.items == history_of(seen.world, state).items:
        return state
    row = shown_at(now, item)
    lead = f"{short(seen, item)} is number {row + 1} of {len(now.items)} now."
    return changed(state, now, Change(lead, seen.shown.item), first=first_row(state.first, row))


def shown_at(edited: Edited, item: int) -> int:
    """Where an item stands in the history as it is shown: 0 = newest."""
    return len(edited.items) - 1 - edited.items.index(item)


def first_row(first: int, row: int) -> int:
    """The first row on the page, so that `row` is among them; as it is where it is already."""
    return first if first <= row < first + ROWS else max(0, row // STEP - 1) * STEP


def _step(by: int) -> Act:
    def move(seen: Seen, state: State, value: str) -> State:
        now = history_of(seen.world, state)
        item = item_of(seen, value, now)
        return _moved(seen, state, item, now.move(item, by))

    return move


ACTS |= {"earlier": _step(-1), "later": _step(1)}


@called("move-to")
def move_to(seen: Seen, state: State, value: str) -> State:
    """ "123:0": this item, by index, to this place of the history as it is shown, 0 = newest."""
    index, _, place = value.partition(":")
    now, to = history_of(seen.world, state), whole(place, "where a film is moved to")
    item = item_of(seen, index, now)
    if not 0 <= to < len(now.items):
        raise ValueError(f"a film is moved to a place from 0 (newest) to {len(now.items) - 1}, got {to!r}")
    return _moved(seen, state, item, now.move_to(item, to))


@called("front")
def front(seen: Seen, state: State, value: str) -> State:
    """To the front: the item becomes the newest."""
    return move_to(seen, state, f"{value}:0")


@called("reverse")
def reverse(seen: Seen, state: State, value: str) -> State:
    """The whole history the other way round: one change."""
    now = history_of(seen.world, state)
    if len(now.items) < 2:
        return state
    lead = f"You reversed the order of all {len(now.items)} {seen.world.data.noun}s."
    return changed(state, now.reverse(), Change(lead, seen.shown.item))


@called("original")
def original(seen: Seen, state: State, value: str) -> State:
    """Back to the history that all changes began from: one change, which can be undone."""
    first = original_of(seen.world, state)
    if first is None or first.same(history_of(seen.world, state)):
        return state
    edited = first if state.own else None
    return changed(state, edited, Change("The original history is back.", seen.shown.item))


@called("put-back")
def put_back(seen: Seen, state: State, value: str) -> State:
    """The item that was taken out last, in its old place."""
    gone = state.gone
    if gone is None or item_of(seen, value) != gone[0]:
        raise ValueError("only the film that was taken out last can be put back in its place; add it by its title")
    now = history_of(seen.world, state).put_back(*gone)
    back = state.undo
    turned = back is None or (back.knobs, back.alpha) != (state.knobs, state.alpha)
    if back is not None and not turned and history_of(seen.world, back).same(now):
        return undo(seen, state, "")  # as if it had never been taken out
    return changed(state, now, Change(f"You put {short(seen, gone[0])} back.", seen.shown.item))


@called("films")
def films(seen: Seen, state: State, value: str) -> State:
    """Show the rows of the history from this one on, 0 = newest."""
    n = len(history_of(seen.world, state).items)
    return replace(state, first=min(max(whole(value, "the first row"), 0), max(n - 1, 0) // STEP * STEP))


@called("base")
def base(seen: Seen, state: State, value: str) -> State:
    """Compare with the answer before the last change, or with that to the original history: see BASES."""
    return replace(state, base=one_of(BASES, value, "the base of a comparison"))


def name_in(seen: Seen, item: int, most: int) -> str:
    """An item's title without its year, in few characters."""
    return cut(display_title(str(seen.world.data.titles[item]))[0], most)


@called("clue")
def clue(seen: Seen, state: State, value: str) -> State:
    """What was rated by those who rated this item, more than by others: said in one message."""
    item = item_of(seen, value)
    found = clue_of(seen.world.data, item)
    title = name_in(seen, item, 24)
    if not found:
        return replace(state, message=Message(f"Too few rated {title} to say what else they rated."))
    names = " · ".join(name_in(seen, hint.item, 16) for hint in found)
    more = "; ".join(
        f"{short(seen, hint.item)}: {hint.both} of {hint.viewers}, {hint.lift:.1f} times as often as others"
        for hint in found
    )
    return replace(state, message=Message(f"Who rated {title} also rated, more than others:", names, more=more))
