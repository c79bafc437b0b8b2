"""What a panel is about and where it stands: values that are never changed, only replaced."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..core import FitEvent, Person, Snapshot
from ..data import Interactions, Split
from ..page.markup import Message
from ..protocols import Tunable
from ..training import TrainingHistory
from .edited import Edited, of_user

TABS = ("why", "not", "go", "sum")  # why, why not …, what would have to go, the arithmetic
DRAWERS = ("", "edit", "curves", "ranks", "more", "board")  # what lies over the lists; "" = nothing does
BASES = ("last", "original")  # what a change is compared with: the answer before it, or that to the original history
TEMPI = {"slow": 1.6, "normal": 0.8, "fast": 0.35}  # seconds that an epoch stays in a replay


@dataclass(frozen=True, eq=False)
class World:
    """What no act changes: the split, the caller's model, and the epochs that it came with.

    The model is only asked for views (`at`) and copies; nothing is ever written into it.
    values: its knobs as they stood when the panel was made. pretrained: arrays that were made from this very split.
    call, first: the line that makes this world, and the arguments that it needs before the settings.
    """

    split: Split
    model: Any
    history: TrainingHistory
    values: Mapping[str, Any] = field(default_factory=dict)
    pretrained: bool = False
    call: str = "rw.Panel"
    first: str = "data, model=model"

    @property
    def data(self) -> Interactions:
        """What the model learns from."""
        return self.split.train

    @property
    def label(self) -> str:
        return str(self.model.label)

    @property
    def name(self) -> str:
        """Short, as in file names and class names of the page; "own" for a model without one."""
        return str(getattr(self.model, "name", "own"))


SPLITS: weakref.WeakKeyDictionary[Interactions, Split] = weakref.WeakKeyDictionary()


def as_split(data: Interactions | Split) -> Split:
    """`data`, or its split in time: made once for all panels of the same interactions, and given back with them."""
    if not isinstance(data, (Interactions, Split)):
        raise TypeError(f"data must be Interactions or a Split, got {type(data).__name__}; see rw.load_movielens")
    if isinstance(data, Split):
        return data
    split = SPLITS.get(data)
    return SPLITS.setdefault(data, data.split("temporal", test=0.2)) if split is None else split


def world_of(split: Split, model: Any, history: TrainingHistory | None = None) -> World:
    """A world around `model`; one that was trained elsewhere, without its history, is taken as it is now."""
    values = dict(model.values) if isinstance(model, Tunable) else {}
    return World(split, model, history if history is not None else _history_of(model), values)


def _history_of(model: Any) -> TrainingHistory:
    snapshot = getattr(model, "snapshot", None)
    if not isinstance(snapshot, Snapshot):
        return TrainingHistory()
    return as_found(snapshot)


def as_found(snapshot: Snapshot) -> TrainingHistory:
    """The history of a model of which nothing is known but what it is now."""
    return TrainingHistory((FitEvent(1, 1, {}, snapshot),), 1, counted=False)


@dataclass(frozen=True)
class Change:
    """Why the answer is another one now; what it did to the list is worked out when it is shown.

    lead: what was done, as a sentence. item: the one that was selected, whose scores are told.
    dropped: an item of the history that was taken out, whose contribution is told. without: a neighbour who was left
    out, alike. undo: what the button says that takes the change back.
    """

    lead: str
    item: int | None = None
    dropped: int | None = None
    undo: str = "Undo"
    without: int | None = None


@dataclass(frozen=True)
class State:
    """Where a panel stands. Every act of a learner gives another one; a view shows nothing else.

    user: original id. edited: the history as it was changed here, None = as in the data. epoch: None = the
    newest there is. item: the selected one, by index, wherever it goes in the list; None = the first of the list.
    knobs: those that were turned, by name; the others stand as in the model. epochs, rate: for the next training
    (rate None = the model's own). alpha: how much of the average user's query is taken away, 0 = as trained.
    every: ranks are drawn from the first epoch on. tab, drawer: which of TABS and DRAWERS is open; wide: the page has
    room for all drawers at once. opened: the line of the reason that is open, "" = none. rival: the item of "why not
    …?", by index. base: one of BASES, what a change is compared with. first: the first row of the edited history that
    is on the page, 0 = its newest. gone: (item, index) of the one that was taken out last and can be put back in its
    place.
    typed, item_typed, rival_typed: what stands in the three fields, None = nothing is being typed. rival_wrong: why
    what is typed for "why not …?" cannot be asked about, as a sentence. before: what arrows count from;
    outlined: and charts draw it as an outline.
    undo: the state that "Undo" leads to.
    """

    user: str
    edited: Edited | None = None
    epoch: int | None = None
    item: int | None = None
    knobs: tuple[tuple[str, Any], ...] = ()
    epochs: int = 10
    rate: float | None = None
    alpha: float = 0.0
    tab: str = "why"
    drawer: str = ""
    every: bool = False
    wide: bool = False
    opened: str = ""
    rival: int | None = None
    base: str = "last"
    first: int = 0
    gone: tuple[int, int] | None = None
    typed: str | None = None
    wrong: bool = False
    item_typed: str | None = None
    rival_typed: str | None = None
    rival_wrong: str = ""
    playing: bool = False
    tempo: str = "normal"
    moving: bool = True
    message: Message | Change | None = None
    turning: str = ""  # the knob that is being turned: one drag of a slider is one change
    before: State | None = field(default=None, compare=False, repr=False)
    outlined: bool = False
    undo: State | None = field(default=None, compare=False, repr=False)

    @property
    def own(self) -> bool:
        """Is it a history of one's own that is shown, and no user of the data?"""
        return self.edited is not None and self.edited.user is None

    @property
    def changes(self) -> int:
        """How many changes can be taken back: the number of the last one, which an undo button sends."""
        n, back = 0, self.undo
        while back is not None:
            n, back = n + 1, back.undo
        return n

    def values(self, world: World) -> dict[str, Any]:
        """All knobs as they stand."""
        return {**world.values, **dict(self.knobs)}


def person_of(world: World, state: State) -> Person:
    """Who is asked about: the user as in the data, or with the history that was edited here."""
    if state.edited is not None:
        return state.edited.person()
    index = world.data.user_index(state.user)
    return Person(index, world.data.history(index))


def history_of(world: World, state: State) -> Edited:
    """The history shown, as one that can be edited."""
    return state.edited or of_user(world.data, world.data.user_index(state.user))


def original_of(world: World, state: State) -> Edited | None:
    """What all changes of the history shown began from: the user's as in the data, or one's own as first made."""
    if not state.own:
        return of_user(world.data, world.data.user_index(state.user))
    found, back = None, state
    while back.own and back.edited is not None and back.edited.items:
        found = back.edited
        if back.undo is None:
            break
        back = back.undo
    return found


def compared_with(world: World, state: State) -> State | None:
    """The state whose answer a change is compared with; None where there is none."""
    original = original_of(world, state) if state.base == "original" and state.edited is not None else None
    if original is None or history_of(world, state).same(original):
        return state.before
    return replace(remembered(state), edited=original)


def plain(state: State, **changes: Any) -> State:
    """`state` with `changes`, and nothing said of an earlier answer any more."""
    return replace(state, **{"message": None, "before": None, "outlined": False, "turning": "", **changes})


def remembered(state: State) -> State:
    """A state as others keep it: without what it remembers itself, but for the way back."""
    return replace(state, before=None, message=None, turning="", outlined=False, playing=False)
