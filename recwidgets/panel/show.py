"""The one place that asks a model: from where a panel stands to what it shows."""

from __future__ import annotations

import copy
import traceback
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..answer import Answer, answer
from ..core import Explanation, Person, Snapshot, film_label
from ..data import Interactions, UnknownItem, UnknownUser
from ..models._base import EmbeddingModel
from ..page.markup import Message
from ..protocols import Explains, Tunable
from ..ranking import rank
from ..reasons.asked import Asked as Question
from ..reasons.asked import another, ask, known_data
from ..reasons.less import less_shared
from ..reasons.parts import score_parts
from ..reasons.reason import Reason, reason_of
from ..reasons.usual import Usual, usual
from ..reasons.why_not import Difference, difference_of
from .changes import as_in_why, away, for_all_users, moves, sentence, what_changed, what_it_added, what_they_added
from .messages import buttons, numbered, said
from .state import Change, State, World, compared_with, person_of
from .training import Training

T = TypeVar("T")
K = 10  # items in a list
KEPT = 36  # answers, explanations and views of a model that are remembered


@dataclass(frozen=True, eq=False)
class Shown:
    """What is on the page: views are functions of this, and of nothing else that a model says.

    answer: None where there is none yet, or where the model failed. rank, item: what is selected, 0 = first.
    previous: the answer before the last change, or to the original history (see `State.base`), None without one;
    outlined: charts draw it. moved: change of rank since then, by item.
    explanation, reason: of the selected item; fault: why there is none, as a sentence.
    difference: the selected item against the rival of "why not …?". parts: what each score of the list is made of,
    float64 (items of the list, 3), see `reasons.parts`; None for a model that does not say. shared: the ranks in the
    list, from 1, of what the average user would get too, of the same unseen items; None where it cannot be known.
    away: where the item that was selected is now, as a sentence, until it is listed, and selected, again.
    message: what is said of the last change, or of a failure. empty: what the list says instead of items.
    """

    person: Person
    answer: Answer | None = None
    rank: int = 0
    item: int | None = None
    previous: Answer | None = None
    outlined: bool = False
    moved: dict[int, str] = field(default_factory=dict)
    explanation: Explanation | None = None
    reason: Reason | None = None
    difference: Difference | None = None
    parts: NDArray[np.float64] | None = None
    shared: tuple[int, ...] | None = None
    fault: str = ""
    away: str = ""
    message: Message | None = None
    empty: str = ""


class Asked:
    """Answers, views and explanations that were asked for lately: a second look at the same costs nothing."""

    def __init__(self) -> None:
        self._known: OrderedDict[Any, tuple[Any, Any]] = OrderedDict()

    def once(self, key: Any, holds: Any, make: Callable[[], T]) -> T:
        """make() for a new key. holds: what the ids in the key belong to, kept so that they stay its own."""
        if key not in self._known:
            self._known[key] = (holds, make())
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        made: T = self._known[key][1]
        return made

    def known(self, key: Any) -> Any:
        """What was made for a key, if that is still remembered; else None."""
        return self._known[key][1] if key in self._known else None

    def clear(self) -> None:
        """Let go of all, so that a model that is shown no more can be given back."""
        self._known.clear()


def model_at(model: Any, snapshot: Snapshot, knobs: Mapping[str, Any], data: Interactions) -> Any:
    """A view of a model that can go back: as at `snapshot`, with these knobs where it has any, on `data`."""
    seen: Any = model.at(snapshot, **knobs) if isinstance(model, Tunable) else model.at(snapshot)
    if isinstance(seen, EmbeddingModel) or isinstance(getattr(seen, "data", None), Interactions):
        seen.data = data  # the view is ours: the caller's model may have no data yet, or others
    return seen


def view(world: World, training: Training, state: State, asked: Asked) -> Any:
    """The model as it answers now, at the epoch and with the knobs shown; None where nothing is learned."""
    if training.history.last is None:
        return None
    model = training.model
    if not training.rewindable:
        return less_of_all(model, world, state, asked, training.newest)
    snapshot = training.history.at(state.epoch or training.newest).snapshot
    knobs = state.values(world) if isinstance(model, Tunable) else {}

    key = ("view", id(model), id(snapshot), tuple(sorted(knobs.items())))
    return less_of_all(
        asked.once(key, (model, snapshot), lambda: model_at(model, snapshot, knobs, world.data)), world, state, asked
    )


def less_of_all(seen: Any, world: World, state: State, asked: Asked, learned: int | None = None) -> Any:
    """The view without so much of all users' taste as the state says."""
    if not state.alpha:
        return seen
    key = ("less", id(seen), learned, state.alpha)
    return asked.once(key, seen, lambda: less_shared(seen, state.alpha, known_data(seen, world.data)))


def untrained(world: World, state: State) -> Any:
    """The caller's model as a copy that has learned nothing, for code that asks before a training."""
    model = world.model
    blank: Any = model.at(**state.values(world)) if isinstance(model, Tunable) else copy.copy(model)
    if isinstance(getattr(blank, "snapshot", None), Snapshot):
        blank.snapshot = None
    return blank


def answer_of(world: World, training: Training, state: State, asked: Asked) -> Answer | None:
    """What the model says of the person shown; None without a training or without any film to go by.

    Raises what the model raises, or BadScores for scores that cannot be ranked.
    """
    seen, person = view(world, training, state, asked), person_of(world, state)
    if seen is None or (person.user is None and not len(person.history)):
        return None
    dropped = () if state.edited is None else state.edited.dropped
    learned = None if training.rewindable else training.newest  # without `at` it is one object that goes on learning
    key = ("answer", id(seen), learned, person.user, person.history.tobytes(), person.without, dropped)

    def make() -> Answer:
        return answer(seen, world.data, person, world.split.test, K, np.asarray(dropped, np.int32))

    return asked.once(key, seen, make)


def show(world: World, training: Training, state: State, asked: Asked) -> Shown:
    """All that is shown of `state`. What a model raises is said in the place that it concerns."""
    person = person_of(world, state)
    nothing = _empty(person, training, world.data.noun)
    shown = Shown(person, empty=nothing, message=numbered(said(state.message), state))
    try:
        now = answer_of(world, training, state, asked)
    except Exception as error:
        return replace(shown, message=failure(error), empty=f"{world.label} gave no answer: {sentence(error)}")
    if now is None:
        return shown
    top = now.top.tolist()
    rank = top.index(state.item) if state.item in top else 0
    item = top[rank] if top else None
    other = compared_with(world, state)
    previous = _previous(world, training, other, asked)
    explanation, fault = _explanation(now, item, asked)
    why = _reasons(world, state, now, item, asked, None if training.rewindable else training.newest)
    if explanation is not None or not isinstance(now.model, Explains):  # else `explain` itself failed, and that is said
        fault = why.fault or fault
    message: Message | None = shown.message
    if isinstance(state.message, Change) and previous is not None:
        more = "" if other is not state.before else _added(state.message, previous, now, asked, why.reason)
        first = f"your first {world.data.noun}s" if state.own else "the original"
        since = "" if other is state.before else f"Since {first}: "
        message = what_changed(
            previous, now, state.message.lead, state.message.item, more, buttons(world, state, state.message), since
        )
    outlined = state.outlined or (previous is not None and other is not state.before)
    return replace(
        shown, answer=now, rank=rank, item=item, previous=previous, outlined=outlined, explanation=explanation,
        away=away(state.item, now), message=numbered(message, state), moved=moves(previous, now),
        **why._replace(fault=fault)._asdict(),
    )  # fmt: skip


def _previous(world: World, training: Training, state: State | None, asked: Asked) -> Answer | None:
    """The answer that a change is compared with; None without one, or where it cannot be had any more."""
    if state is None:
        return None
    try:
        return answer_of(world, training, state, asked)
    except Exception:  # said when it was shown
        return None


class Reasons(NamedTuple):
    """What is said of the list beside the scores: see Shown. fault: what the model raised when it was asked."""

    reason: Reason | None = None
    difference: Difference | None = None
    parts: NDArray[np.float64] | None = None
    shared: tuple[int, ...] | None = None
    fault: str = ""


def _reasons(world: World, state: State, now: Answer, item: int | None, asked: Asked, learned: int | None) -> Reasons:
    """The selected item's reason, against which other it is asked, and the parts of all scores of the list."""
    model, data, person = now.model, world.data, now.person
    try:
        average = asked.once(("usual", id(model), learned), model, lambda: usual(model, known_data(model, data)))
        parts, shared = asked.once(
            ("parts", id(now)), now,
            lambda: (score_parts(model, average, person, now.scores, now.top), shared_with(average, now)),
        )  # fmt: skip

        if item is None:
            return Reasons(parts=parts, shared=shared)
        first = asked.once(
            ("question", id(now)), now, lambda: ask(model, data, person, str(data.items[item]), average, now.left_out)
        )

        def question() -> Question:
            return first if first.item == item else another(first, item)

        def whole() -> Reason:
            found = reason_of(question())
            if learned is not None:  # one object that goes on learning: later it would answer otherwise
                found.out()
            return found

        why = asked.once(("reason", id(now), item), now, whole)
        if state.tab != "not" or state.rival is None or state.rival == item:
            return Reasons(why, None, parts, shared)
        rival = str(data.items[state.rival])
        key = ("not", id(now), item, state.rival)
        try:
            against = asked.once(key, now, lambda: difference_of(question(), rival))
        except Exception as error:  # said where it was asked for; the reason stands
            again = f"rw.why_not(panel.model, panel.data, panel.shown.person, {str(data.items[item])!r}, {rival!r})"
            fault = refusal(f"{model.label} gives no difference here", error, again)
            return Reasons(why, None, parts, shared, fault)
        return Reasons(why, against, parts, shared)
    except Exception as error:  # a model of one's own that answers here, but not so, or not for the average user
        name = "" if item is None else str(data.items[item])
        again = f"rw.reason(panel.model, panel.data, panel.shown.person, {name!r})"
        return Reasons(fault=refusal(f"{model.label} gives no reason here", error, again))


def refusal(lead: str, error: BaseException, again: str) -> str:
    """What a model raised when it was asked for a reason, and the next move. again: the line that raises it."""
    said = f"{type(error).__name__}: {sentence(error)}" if str(error).strip() else f"{type(error).__name__}."
    return f"{lead}: {said} List and chart do not need it. To see where it is raised, run {again} in a cell."


def shared_with(average: Usual, now: Answer) -> tuple[int, ...]:
    """Ranks in the list, from 1, of what the average user would get too, of the same that may be recommended."""
    theirs = rank(average.scores, now.left_out, len(now.top))
    return tuple((1 + np.flatnonzero(np.isin(now.top, theirs))).tolist())


def _explanation(now: Answer, item: int | None, asked: Asked) -> tuple[Explanation | None, str]:
    """The selected score taken apart, or a sentence that says why it is not."""
    if item is None:
        return None, ""
    label = now.model.label
    if not isinstance(now.model, Explains):
        return None, f"{label} does not take its scores apart: it has no method `explain`."
    try:
        return asked.once(("why", id(now), item), now, lambda: now.explain(item)), ""
    except Exception as error:
        return None, refusal(
            f"{label} could not take this score apart", error, "panel.shown.answer.explain(panel.shown.item)"
        )


def _added(change: Change, before: Answer, now: Answer, asked: Asked, reason: Reason | None) -> str:
    """What dropped items or a neighbour had added to the selected score: not the same as what it takes away."""
    if change.item is None:
        return ""
    if change.without is not None:
        (old, counted), (new, _) = _as_in_why(before, change.item, asked), _as_in_why(now, change.item, asked)
        return "" if old is None or new is None else what_they_added(old, new, change.without, counted)
    were, are = before.person.history, now.person.history
    gone = were[~np.isin(were, are)].tolist()
    if not gone or len(were) != len(are) + len(gone) or not len(are):  # other films came, or none is left
        return ""
    explanation, counted = _as_in_why(before, change.item, asked)
    added = "" if explanation is None else what_it_added(explanation, *gone, counted=counted)
    same = for_all_users(asked.known(("reason", id(before), change.item)), reason) if added else ""
    return f"{added} {same}".strip()


def _as_in_why(of: Answer, item: int, asked: Asked) -> tuple[Explanation | None, str]:
    """A score taken apart, with the numbers that Why showed, and what these count."""
    explanation, _ = _explanation(of, item, asked)
    if explanation is None:
        return None, ""
    why, first = asked.known(("reason", id(of), item)), asked.known(("question", id(of)))
    if why is None and first is not None:  # it is not the one selected
        why = asked.once(
            ("reason", id(of), item), of, lambda: reason_of(first if first.item == item else another(first, item))
        )
    return as_in_why(explanation, why, of.data)


def _empty(person: Person, training: Training, one: str) -> str:
    if training.history.last is None and training.state == "running":
        return "The model is learning its first epoch. The list appears when that is done."
    if training.history.last is None:
        return "This model has not learned anything yet, so it has no answer. Press Train."
    if person.user is None and not len(person.history):
        return f"No {one}s yet, so there is nothing to recommend from. Add one and the list appears here."
    return f"Every {one} there is has been seen, so none is left to recommend."


def names(world: World, items: list[int]) -> list[str]:
    return [film_label(world.data, item) for item in items]


def failure(error: BaseException) -> Message:
    """An error as it is said in the panel, with its whole story for whoever opens it."""
    told = "" if isinstance(error, (UnknownUser, UnknownItem)) else "".join(traceback.format_exception(error))
    return Message("That did not work:", sentence(error), True, details=told)
