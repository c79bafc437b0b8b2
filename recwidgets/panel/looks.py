"""Acts on what is open on the page: tabs, drawers, one line of a reason, and which item "why not …?" asks about."""

from __future__ import annotations

from dataclasses import replace

from ..core import film_label
from ..page.elements import cut
from .state import DRAWERS, TABS, State, plain, remembered
from .table import Seen, called, item_of, whole


def one_of(known: tuple[str, ...], value: str, what: str) -> str:
    if value not in known:
        raise ValueError(f"{what} must be one of {', '.join(map(repr, known))}, got {value!r}")
    return value


@called("tab")
def tab(seen: Seen, state: State, value: str) -> State:
    """Another answer to "why": see TABS."""
    return replace(state, tab=one_of(TABS, value, "the tab"), opened="", rival_typed=None, rival_wrong="")


@called("drawer")
def drawer(seen: Seen, state: State, value: str) -> State:
    """Open a drawer, or close the one that is open."""
    chosen = one_of(DRAWERS, value, "the drawer")
    return replace(state, drawer="" if chosen == state.drawer else chosen, item_typed=None)


@called("ranks-all")
def ranks_all(seen: Seen, state: State, value: str) -> State:
    """Draw the ranks from the first epoch on, "1", or from where half of the list is there, ""."""
    return replace(state, every=bool(value))


@called("wide")
def wide(seen: Seen, state: State, value: str) -> State:
    """The page says whether it has room for all drawers at once: "1" or ""."""
    return replace(state, wide=bool(value))


@called("open")
def open_line(seen: Seen, state: State, value: str) -> State:
    """Open one line of the reason: what it is made of; or close it again."""
    return replace(state, opened="" if value == state.opened else value)


@called("rival")
def rival(seen: Seen, state: State, value: str) -> State:
    """Ask why it is not this item, by index; the selected one is refused, at the field."""
    item = item_of(seen, value)
    state = replace(state, tab="not", opened="")
    if item == seen.shown.item:
        title = film_label(seen.world.data, item)
        return replace(
            state, rival_typed=title, rival_wrong=f"{title} is the {seen.world.data.noun} selected; choose another one."
        )
    return replace(state, rival=item, rival_typed=None, rival_wrong="")


@called("rival-find")
def rival_find(seen: Seen, state: State, value: str) -> State:
    """What is typed to look for the item of "why not …?"."""
    return replace(state, rival_typed=value, rival_wrong="")


@called("rival-close")
def rival_close(seen: Seen, state: State, value: str) -> State:
    return replace(state, rival_typed=None, rival_wrong="")


@called("rival-title")
def rival_title(seen: Seen, state: State, value: str) -> State:
    """The first item that the typed text finds, or a sentence at the field that there is none."""
    found = seen.world.data.search_items(value, limit=1) if value.strip() else []
    if found:
        return rival(seen, state, str(found[0].index))
    if not value.strip():
        return replace(state, rival_typed=None, rival_wrong="")
    wrong = (
        f"There is no {seen.world.data.noun} called {cut(value)}. Type a part of its title and choose from the list."
    )
    return replace(state, rival_typed=value, rival_wrong=wrong)


@called("alpha")
def alpha(seen: Seen, state: State, value: str) -> State:
    """Take so many per cent of the average user's query away: 0 = as trained, 100 = what is this person's alone."""
    share = whole(value, "less of all users' taste, in per cent")
    if not 0 <= share <= 100:
        raise ValueError(f"less of all users' taste must be from 0 to 100 per cent, got {share!r}")
    if share / 100 == state.alpha:
        return state
    if state.turning == "alpha":
        return since(seen, replace(state, alpha=share / 100, message=None), state.undo)
    kept = remembered(state)
    return since(seen, plain(state, alpha=share / 100, item=explained(seen, state), undo=kept, turning="alpha"), kept)


def explained(seen: Seen, state: State) -> int | None:
    """The item whose reason is shown: it stays so through a turned knob, which is turned to see what it does to it."""
    return seen.shown.item if state.item is None else state.item


def since(seen: Seen, state: State, before: State | None) -> State:
    """`state`, whose answer is compared with that of `before`; with none where all stands as trained again."""
    values, trained = state.values(seen.world), seen.training.trained
    turned = [knob.name for knob in seen.training.knobs if knob.instant and knob.name in trained]
    home = not state.alpha and all(values[name] == trained[name] for name in turned)
    return replace(state, before=None if home else before)
