"""The table of acts: what each is called with, and how one is entered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..core import film_label
from ..page.elements import cut
from .edited import Edited
from .show import Shown
from .state import State, World
from .training import Training


class Seen(NamedTuple):
    """What was on the screen when the learner acted."""

    world: World
    training: Training
    shown: Shown


Act = Callable[[Seen, State, str], State]
ACTS: dict[str, Act] = {}


def called(*names: str) -> Callable[[Act], Act]:
    """Enter a function into the table."""

    def enter(function: Act) -> Act:
        ACTS.update(dict.fromkeys(names, function))
        return function

    return enter


def whole(value: str, what: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{what} must be a whole number, got {value!r}") from None


def index_in(known: Any, value: str, what: str) -> int:
    """An index into `known`. Raises ValueError beyond its ends, where Python would count from behind."""
    index = whole(value, what)
    if not 0 <= index < len(known):
        there = f"an index from 0 to {len(known) - 1}" if len(known) else "left out where there is none"
        raise ValueError(f"{what} must be {there}, got {value!r}")
    return index


def short(seen: Seen, item: int, most: int = 32) -> str:
    """What an item is called in a message, with at most so many characters."""
    return cut(film_label(seen.world.data, item), most)


def item_of(seen: Seen, value: str, among: Edited | None = None) -> int:
    """The index of an item. among: the history that it must be in."""
    item = index_in(seen.world.data.items, value, "a film")
    if among is not None and item not in among.items:
        title = film_label(seen.world.data, item)
        raise ValueError(f"a film to take out or to move must be one of the history shown, got {title}")
    return item
