"""Where films stood at each kept epoch, worked out beside the clicks; and what their largest jumps were made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..answer import answer
from ..core import FitEvent, Floats, Ints, Person
from ..models._base import EmbeddingModel
from ..protocols import Tunable
from ..ranking import rank
from ..reasons.asked import known_data
from ..reasons.less import less_shared
from ..reasons.parts import score_parts
from ..reasons.usual import Usual
from ..steps import Steps
from .background import Background, Told
from .changes import sentence
from .show import Shown, model_at
from .state import State, World
from .training import Training

JUMPS = 2  # that are told
LEAST = np.log(1.5)  # a rank that changes by a smaller factor is no jump
NEAR = 0.05  # of a score's change: a part that is smaller is not told


class Stand(NamedTuple):
    """What a person would have got at one epoch: float32 scores of all items, and their ranks, int32.

    A rank counts from 1; 0 = never recommended: seen, taken out, or no number.
    """

    scores: Floats
    ranks: Ints


class Jump(NamedTuple):
    """A change of rank between two kept epochs, and what it was made of.

    own: how much the item's own score rose. alone: the rank that this alone would have brought, had all other scores
    stayed; others: the rank that the others' new scores alone would have brought. passed: how many items it passed,
    or which passed it; their: how much the scores of these rose on average.
    parts: how much each part of the score rose (see reasons.parts), where the model says and it is known yet.
    """

    before: int
    after: int
    was: int
    now: int
    own: float
    alone: int
    others: int
    passed: int
    their: float
    parts: tuple[float, float, float] | None


@dataclass(frozen=True, eq=False)
class RankHistory:
    """What one person would have got at the kept epochs.

    stands: by epoch, in order. faults: by epoch, why there is none. parts: of a score, by (epoch, item).
    working: more is being worked out. nothing: why there is nothing at all, as a sentence.
    """

    stands: Mapping[int, Stand] = field(default_factory=dict)
    parts: Mapping[tuple[int, int], NDArray[np.float64]] = field(default_factory=dict)
    faults: Mapping[int, str] = field(default_factory=dict)
    working: bool = False
    nothing: str = ""

    @property
    def steps(self) -> list[int]:
        """The epochs of which the ranks are known."""
        return list(self.stands)

    def ranks(self, items: Any) -> Ints:
        """The ranks of these items at each epoch, int32 (len(items), epochs); 0 = never recommended."""
        table = [stand.ranks[np.asarray(items, np.int64)] for stand in self.stands.values()]
        return np.stack(table, 1) if table else np.zeros((len(items), 0), np.int32)

    def first(self, step: int, k: int) -> list[int]:
        """The k first items at an epoch, best first."""
        ranks = self.stands[step].ranks
        there = np.flatnonzero((ranks > 0) & (ranks <= k))
        return [int(item) for item in there[np.argsort(ranks[there])]]


def stand(scores: Floats, left_out: Ints) -> Stand:
    """Scores with their ranks, as lists are made: ties to the lower index."""
    order = rank(scores, left_out, len(scores))
    ranks = np.zeros(len(scores), np.int32)
    ranks[order] = np.arange(1, len(order) + 1)
    return Stand(scores, ranks)


def jump_epochs(history: RankHistory, item: int, n: int = JUMPS) -> list[tuple[int, int]]:
    """The pairs of neighbouring epochs between which the item's rank changed by the largest factors, in their order."""
    steps, ranks = history.steps, history.ranks([item])[0]
    change = np.abs(np.diff(np.log(np.maximum(ranks, 1))))
    change[(ranks[1:] < 1) | (ranks[:-1] < 1) | (change < LEAST)] = 0.0
    found = np.argsort(-change, kind="stable")[:n]
    return [(steps[at], steps[at + 1]) for at in sorted(found[change[found] > 0].tolist())]


def jumps(history: RankHistory, item: int, n: int = JUMPS) -> list[Jump]:
    """The largest jumps of an item, in the order of the epochs; all numbers are the model's own scores."""
    return [_jump(history, item, before, after) for before, after in jump_epochs(history, item, n)]


def _jump(history: RankHistory, item: int, before: int, after: int) -> Jump:
    old, new = history.stands[before], history.stands[after]
    was, now = int(old.ranks[item]), int(new.ranks[item])
    both = (old.ranks > 0) & (new.ranks > 0)
    both[item] = False
    ahead_then, ahead_now = old.ranks < was, new.ranks < now
    passed = both & (ahead_then & ~ahead_now if now < was else ahead_now & ~ahead_then)
    change = new.scores.astype(np.float64) - old.scores
    parts = None
    if (before, item) in history.parts and (after, item) in history.parts:
        rise = history.parts[after, item] - history.parts[before, item]
        parts = (float(rise[0]), float(rise[1]), float(rise[2]))
    return Jump(
        before, after, was, now, float(change[item]),
        _rank_with(new.scores[item], item, old, both), _rank_with(old.scores[item], item, new, both),
        int(passed.sum()), float(change[passed].mean()) if passed.any() else 0.0, parts,
    )  # fmt: skip


def _rank_with(score: Any, item: int, among: Stand, there: NDArray[np.bool_]) -> int:
    """The rank of an item that had this score among the others' scores at another epoch; ties to the lower index."""
    equal = among.scores == score
    equal[item:] = False
    return int(((among.scores > score) & there).sum() + (equal & there).sum()) + 1


class Ranks:
    """The ranks that a page shows: epochs that are not known yet are worked out beside, in pieces of one epoch.

    `changed(error)` is called on the kernel's thread when there is more to show. In a plain script all is worked out
    at once.
    """

    def __init__(self, changed: Callable[[Exception | None], None]) -> None:
        self._changed = changed
        self._background = Background(self._take)
        self._forget()

    def _forget(self) -> None:
        self._of: tuple[Any, ...] = ()  # the model and the person that the rest is of
        self._known: dict[int, tuple[Any, Stand | str]] = {}  # by epoch, with its snapshot
        self._parts: dict[tuple[int, int], Any] = {}
        self._key: Any = None
        self._last: tuple[Any, RankHistory] | None = None

    def look(self, world: World, training: Training, state: State, shown: Shown) -> RankHistory | None:
        """What is known, while it is asked for; None while the page has no place for it."""
        if not (state.wide or state.drawer == "ranks"):
            self._background.stop()
            return None
        model, person = training.model, shown.person
        if training.newest and not training.rewindable:
            label = getattr(model, "label", type(model).__name__)
            return RankHistory(nothing=f"{label} cannot go back to earlier epochs: it has no method at(snapshot).")
        if not training.history.counted:
            label = getattr(model, "label", type(model).__name__)
            return RankHistory(nothing=f"{label} was trained elsewhere, without its history: its epochs are not known.")
        if not training.newest or (person.user is None and not len(person.history)):
            return RankHistory(nothing=shown.empty or "There is no list yet.")
        dropped = () if state.edited is None else state.edited.dropped
        knobs = state.values(world) if isinstance(model, Tunable) else {}
        key = (
            id(model),
            person.user,
            person.history.tobytes(),
            person.without,
            dropped,
            tuple(sorted(knobs.items())),
            state.alpha,
        )
        if key != self._key:
            self._forget()
            self._of, self._key = (model, person), key
        self._ask(world, training, state, shown.item, np.asarray(dropped, np.int32), knobs)
        known = {e.step: self._known[e.step][1] for e in training.history.events if self._has(e)}
        stands = {step: found for step, found in known.items() if isinstance(found, Stand)}
        faults = {step: found for step, found in known.items() if isinstance(found, str)}
        parts = {key: value for key, value in dict(self._parts).items() if value is not None}
        working = len(known) < len(training.history.events)
        what = (self._key, tuple(id(found) for found in known.values()), tuple(parts), working)
        if self._last is None or self._last[0] != what:  # the same object while it says the same: it is drawn once
            self._last = what, RankHistory(stands, parts, faults, working)
        return self._last[1]

    def _has(self, event: FitEvent) -> bool:
        return event.step in self._known and self._known[event.step][0] is event.snapshot

    def _ask(
        self, world: World, training: Training, state: State, item: int | None, dropped: Ints, knobs: Mapping[str, Any]
    ) -> None:
        model, person = self._of
        events = training.history.events
        missing = tuple(event for event in events if not self._has(event))
        if missing:
            left_out = np.concatenate([person.history, dropped]).astype(np.int32)
            known, data, alpha = self._known, world.data, state.alpha

            def rank_all(told: Told) -> Steps[None]:
                for done, event in enumerate(missing):
                    told(done, len(missing))
                    yield
                    found = yield from _stand_at(model, event, knobs, alpha, data, person, left_out)
                    known[event.step] = event.snapshot, found

            self._background.want((self._key, missing), rank_all)
            return
        if item is None or training.state == "running" or state.playing:
            return
        stands = {e.step: found for e in events if isinstance(found := self._known[e.step][1], Stand)}
        wanted = sorted({step for pair in jump_epochs(RankHistory(stands), item) for step in pair})
        asked = [event for event in events if event.step in wanted and (event.step, item) not in self._parts]
        if asked:
            parts, data, alpha = self._parts, world.data, state.alpha

            def take_apart(told: Told) -> Steps[None]:
                for done, event in enumerate(asked):
                    told(done, len(asked))
                    yield
                    scores = stands[event.step].scores
                    found = yield from _parts_at(model, event, knobs, alpha, data, person, scores, item)
                    parts[event.step, item] = found

            self._background.want((self._key, item, tuple(event.step for event in asked)), take_apart)

    def _take(self, key: Any, result: Any) -> None:
        self._changed(None)

    def stop(self) -> None:
        """Work nothing out any more, and hold nothing."""
        self._background.stop()
        self._forget()


def _stand_at(
    model: Any, event: FitEvent, knobs: Mapping[str, Any], alpha: float, data: Any, person: Person, left_out: Ints
) -> Steps[Stand | str]:
    """Beside: a view of its own, which is let go again."""
    try:
        seen = yield from _view(model, event, knobs, alpha, data)
        found = answer(seen, data, person, k=1)  # refuses what cannot be ranked
        yield
        return stand(found.scores, left_out)
    except Exception as error:  # a model of one's own, or a file that is gone: said where the line would be
        return sentence(error)


def _view(model: Any, event: FitEvent, knobs: Mapping[str, Any], alpha: float, data: Any) -> Steps[Any]:
    seen = model_at(model, event.snapshot, knobs, data)
    if isinstance(seen, EmbeddingModel):
        yield from seen.ready_in_steps()
        yield
        if alpha:
            yield from seen.vectors_in_steps()
    return less_shared(seen, alpha, known_data(seen, data)) if alpha else seen


def _parts_at(
    model: Any, event: FitEvent, knobs: Mapping[str, Any], alpha: float, data: Any, person: Person, scores: Floats,
    item: int,
) -> Steps[Any]:  # fmt: skip
    """The three parts of one score, float64 (3,); None for a model that does not say."""
    try:
        seen = yield from _view(model, event, knobs, alpha, data)
        if isinstance(seen, EmbeddingModel):
            yield from seen.vectors_in_steps()
        average = seen.average if alpha else Usual(seen, data)
        found = score_parts(seen, average, person, scores, np.array([item], np.int32))
    except Exception:  # it answers, but does not take its scores apart for this person
        return None
    return None if found is None else found[0]
