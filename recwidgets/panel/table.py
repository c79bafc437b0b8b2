"""The table of acts: what each is called with, and how one is entered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .show import Shown
from .state import State, World
from .trainer import Training


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


def index_in(known: Any, value: str, what: str) -> int:
    """An index into `known`. Raises IndexError beyond its ends, where Python would count from behind."""
    if not 0 <= int(value) < len(known):
        raise IndexError(f"{what} must be an index from 0 to {len(known) - 1}, got {int(value)}")
    return int(value)


def item_of(seen: Seen, value: str) -> int:
    return index_in(seen.world.data.items, value, "a film")
