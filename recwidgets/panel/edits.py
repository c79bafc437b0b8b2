"""Acts on who is shown: another user, or another history. Pure functions, entered into the table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..page.elements import cut
from ..page.markup import Message
from . import selector
from .edited import Edited
from .state import Change, State, history_of, plain, remembered
from .table import ACTS, Act, Seen, called, index_in, item_of, short, whole

ID = 16  # characters of a user's id in a sentence
PUT_BACK, ALL_BACK = "Put it back", "Put them back"  # what takes a change back is called by what it does

# what is taken out in Why stays out of the list as well, what is taken out in the editor does not: that is said, since
# two lists may then belong to what looks like one history
OUT_OF_LIST = "stays out of the list too"

# -- who ---------------------------------------------------------------------------------------------


@called("user")
def user(seen: Seen, state: State, value: str) -> State:
    """Show this user as in the data. Raises UnknownUser."""
    seen.world.data.user_index(value)
    state = _left(state)
    return plain(
        state, user=str(value), edited=None, item=None, typed=None, wrong=False, item_typed=None, rival=None,
        rival_typed=None, rival_wrong="", opened="", undo=None, first=0, gone=None,
    )  # fmt: skip


def _left(state: State) -> State:
    """Without the editor of a history of one's own, which is left."""
    return replace(state, drawer="") if state.own and state.drawer == "edit" else state


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
    text = f"Users run from {selector.known_ids(data)}. The panel still shows user {cut(state.user, ID)}."
    buttons = ((f"Show user {cut(last, ID)}", "user", last), ("Random user", "random", ""))
    message = Message(f"There is no user {cut(value)}.", text, True, buttons)
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


def changed(state: State, edited: Edited | None, message: Message | Change | None, **more: Any) -> State:
    """Another history: the answer before is kept beside, and there is a way back to it.

    The item that is told of stays selected, wherever it goes in the list, or beyond.
    """
    kept = remembered(state)
    item = message.item if state.item is None and isinstance(message, Change) else state.item
    changes = {"item": item, "gone": None, "turning": "", "opened": "", **more}
    return replace(state, edited=edited, message=message, before=kept, outlined=True, undo=kept, **changes)


@called("you")
def you(seen: Seen, state: State, value: str) -> State:
    """Open an empty history of one's own, or go back from it to the user; it can be put back."""
    if state.own:
        return replace(user(seen, state, state.user), undo=remembered(state))
    return plain(
        state, edited=Edited(None, ()), item=None, drawer="edit", item_typed=None, undo=remembered(state), first=0,
        gone=None,
    )  # fmt: skip


@called("own")
def own(seen: Seen, state: State, value: str) -> State:
    """A history of one's own, by indices with spaces between, oldest first."""
    items = tuple(dict.fromkeys(item_of(seen, item) for item in value.split()))
    edits = 0 if state.edited is None else state.edited.edits
    edited, lead = Edited(None, items, edits=edits + 1), "You made a history of your own."
    return changed(state, edited, Change(lead, seen.shown.item), drawer="edit", item_typed=None, item=None, first=0)


@called("edit")
def edit(seen: Seen, state: State, value: str) -> State:
    """Open the history that is shown, to be edited, or close it; what was changed stays changed."""
    return replace(state, drawer="" if state.drawer == "edit" else "edit", item_typed=None)


@called("drop")
def drop(seen: Seen, state: State, value: str) -> State:
    """Take out one piece of evidence: "film:123" or "neighbour:45", by index."""
    kind, _, index = value.partition(":")
    now, data = history_of(seen.world, state), seen.world.data
    if kind == "neighbour":
        neighbour = index_in(data.users, index, "a neighbour")
        lead = f"User {cut(str(data.users[neighbour]), ID)} is not asked any more."
        change = Change(lead, seen.shown.item, undo=PUT_BACK, without=neighbour)
        return changed(state, now.leave_out(neighbour), change)
    if kind != "film":
        raise ValueError(f'what is dropped must be "film:" or "neighbour:" and an index, got {value!r}')
    item = item_of(seen, index, now)
    lead = f"You took out {short(seen, item)}; it {OUT_OF_LIST}."
    change = Change(lead, seen.shown.item, item, PUT_BACK)
    return changed(state, now.drop(item), change, gone=(item, now.items.index(item)))


@called("ask-again")
def ask_again(seen: Seen, state: State, value: str) -> State:
    """Ask a neighbour, by index, who was left out."""
    neighbour = index_in(seen.world.data.users, value, "a neighbour")
    now = history_of(seen.world, state)
    if neighbour not in now.without:
        raise ValueError(f"user {seen.world.data.users[neighbour]} is not left out; nothing to put back")
    lead = f"User {cut(str(seen.world.data.users[neighbour]), ID)} is asked again."
    return changed(state, now.ask_again(neighbour), Change(lead, seen.shown.item))


@called("take-out")
def take_out(seen: Seen, state: State, value: str) -> State:
    """Take out several pieces of evidence as one change: "film:1 2 3" or "neighbour:4 5", by index."""
    kind, _, indices = value.partition(":")
    now, data, many = history_of(seen.world, state), seen.world.data, indices.split()
    if kind not in ("film", "neighbour") or not many:
        raise ValueError(f'what is taken out must be "film:" or "neighbour:" and indices, got {value!r}')
    edited = now
    for index in many:
        if kind == "film":
            edited = edited.drop(item_of(seen, index, now))
        else:
            edited = edited.leave_out(index_in(data.users, index, "a neighbour"))
    what = f"{len(many)} {data.noun if kind == 'film' else kind}{'' if len(many) == 1 else 's'}"
    asked = f"{what} {'is' if len(many) == 1 else 'are'} not asked any more."
    stay = OUT_OF_LIST if len(many) == 1 else OUT_OF_LIST.replace("stays", "stay")
    lead = f"You took out {what}; {'it' if len(many) == 1 else 'they'} {stay}." if kind == "film" else asked
    change = Change(lead, seen.shown.item, undo=PUT_BACK if len(many) == 1 else ALL_BACK)
    return changed(state, edited._replace(edits=now.edits + 1), change)


@called("remove")
def remove(seen: Seen, state: State, value: str) -> State:
    now = history_of(seen.world, state)
    item = item_of(seen, value, now)
    change = Change(f"You took out {short(seen, item)}; it may be recommended.", seen.shown.item, undo=PUT_BACK)
    return changed(state, now.remove(item), change, gone=(item, now.items.index(item)))


@called("add")
def add(seen: Seen, state: State, value: str) -> State:
    """The item becomes the newest of the history."""
    now, item = history_of(seen.world, state), item_of(seen, value)
    title, again = short(seen, item), item in now.items
    if again and item == now.items[-1]:
        return replace(state, message=Message(f"{title} is the newest already."), item_typed=None)
    lead = f"{title} was there already; it is the newest now." if again else f"You added {title}."
    return changed(state, now.add(item), Change(lead, seen.shown.item), item_typed=None, first=0)


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
    return replace(state, message=Message(f"There is no {seen.world.data.noun} called {cut(value)}.", text, True))


@called("click")
def click(seen: Seen, state: State, value: str) -> State:
    """Slow motion: the session as it was one click earlier ("-1") or later ("1")."""
    now, data = history_of(seen.world, state), seen.world.data
    if now.user is None:
        return state
    clicks = tuple(data.history(now.user).tolist())
    n = min(max(len(now.items) + whole(value, "the clicks to go on"), 1), len(clicks))
    if n == len(now.items) or not clicks:
        return state
    lead = f"After {n} of {len(clicks)} clicks; the last was {short(seen, clicks[n - 1])}."
    return changed(state, Edited(now.user, clicks[:n], edits=now.edits + 1), Change(lead, seen.shown.item))


@called("clear")
def clear(seen: Seen, state: State, value: str) -> State:
    """All out. Of a history of one's own nothing is left, so that its edits are counted anew."""
    now = history_of(seen.world, state)
    if now.same(now.clear()):
        return state
    n, one = len(now.items), seen.world.data.noun
    lead = f"You took out {f'the one {one}' if n == 1 else f'all {n} {one}s'}."
    if not n:
        lead = "What was taken out may be recommended again."
    return changed(state, now.clear(), Change(lead, seen.shown.item), first=0)


@called("undo")
def undo(seen: Seen, state: State, value: str) -> State:
    """Back to the history and the knobs before the last change of either; user and epoch stay.

    value: the number of the change that the button took back when it was clicked, "" = the last one. A change that was
    taken back already is not taken back again: no other one is in its stead.
    """
    back = state.undo
    if back is None or (value and value != str(state.changes)):
        return state
    more, state = None, state if back.edited is not None and back.edited.user is None else _left(state)
    if back.undo is not None and back.edited is not None and back.edited.edits:
        buttons = (("Undo", "undo", ""), (f"Back to user {cut(state.user, ID)}", "user", state.user))
        more = Message("Undone.", "Earlier changes are still there.", buttons=buttons)
    return plain(
        state, edited=back.edited, knobs=back.knobs, alpha=back.alpha, item=back.item, undo=back.undo, message=more,
        gone=None,
    )  # fmt: skip
