"""The few types that everything else speaks.

Indices count from 0 inside; public calls take and give original ids. numpy only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .data import Interactions
from .data.titles import shown_title

Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int32]
#: Who is asked about: the id of a user, or a history of one's own (item ids, oldest first).
Who: TypeAlias = "str | int | Sequence[str | int] | Person"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a model would answer at one moment: a few float32 arrays, never a table of scores.

    arrays: by name; each model says in its docstring what it keeps and in which shape.
    Arrays are rebound, never edited in place, so that threads, models and their copies may share a snapshot.
    """

    model: str
    arrays: Mapping[str, NDArray[Any]]

    def __post_init__(self) -> None:
        # a copy where the memory is somebody else's: TensorFlow goes on writing into its own
        own = {name: a if a.flags.owndata else a.copy() for name, a in _arrays(self.arrays)}
        for array in own.values():
            array.flags.writeable = False
        object.__setattr__(self, "arrays", MappingProxyType(own))

    def __deepcopy__(self, memo: dict[int, Any]) -> Snapshot:
        return self  # nothing in it can change

    def __reduce__(self) -> tuple[Any, ...]:
        return Snapshot, (self.model, dict(self.arrays))

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name]

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self.arrays.values())


def _arrays(values: Mapping[str, Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    for name, value in values.items():
        yield name, np.asarray(value)


class FitEvent(NamedTuple):
    """One finished step of training. `step` counts from 1; every event has the same metrics."""

    step: int
    total: int
    metrics: dict[str, float]
    snapshot: Snapshot


class Part(NamedTuple):
    """One summand of a score.

    kind: "film" (an item of the person's history), "neighbour", "own" (the user's own embedding)
    or "base" (what all users get). index: of the item or user meant, else -1.
    weight: how much of the query it makes, where the model has such a thing.
    """

    label: str
    kind: str
    value: float
    index: int = -1  # type: ignore[assignment]  # tuples have a method of that name, which nobody needs here
    weight: float = float("nan")
    terms: tuple[tuple[float, float], ...] = ()  # value = sum of weight · inner product


@dataclass(frozen=True)
class Explanation:
    """A score taken apart: `parts` add up to `score`, exactly but for float32 rounding."""

    item: str
    title: str
    score: float
    parts: tuple[Part, ...]
    detail: Mapping[str, Any] = field(default_factory=dict)

    def largest(self, n: int, kind: str | None = None) -> tuple[Part, ...]:
        """The n parts of that kind that weigh most, in either direction."""
        chosen = [part for part in self.parts if kind in (None, part.kind)]
        return tuple(sorted(chosen, key=lambda part: -abs(part.value))[:n])

    def total(self, *kinds: str) -> float:
        """The sum of the parts of these kinds."""
        return float(sum(part.value for part in self.parts if part.kind in kinds))


class Terms(NamedTuple):
    """A query vector as a sum: query = vectors.sum((0, 1)) + own + base, but for float32 rounding.

    kind: whose rows these are: "items" (of the history, each weighs the same), "recent" (of the history, later ones
    weigh more; newest first) or "neighbours" (users).
    index: of those items or users, int32 (n,). vectors: float32 (n, ways, dim). ways: how each way is called, from the
    person to the recommended item. shares: how much of the query each row makes, float32 (n,), sum 1.
    own: the user's own embedding, (dim,), zero for a history of one's own. base: what is the same for all users.
    """

    kind: str
    index: Ints  # type: ignore[assignment]  # as in Part
    vectors: Floats
    ways: tuple[str, ...]
    shares: Floats
    own: Floats
    base: Floats


class Person(NamedTuple):
    """A user of the data set (index, or None for somebody new) with a history, oldest first.

    without: excluded neighbours: users that a model which looks for neighbours must leave out.
    """

    user: int | None
    history: Ints
    without: tuple[int, ...] = ()


class Recommendations(NamedTuple):
    """The first k items, best first. `index`: their indices into data.items."""

    items: tuple[str, ...]
    titles: tuple[str, ...]
    scores: Floats
    index: Ints  # type: ignore[assignment]  # as above

    def __repr__(self) -> str:
        rows = [
            f"{n:>3}  {score:8.3f}  {title}"
            for n, (title, score) in enumerate(zip(self.titles, self.scores, strict=True), 1)
        ]
        return "\n".join(rows) or "no film left to recommend"


class Knob(NamedTuple):
    """A setting that a learner may turn. instant: answered from what is trained already.

    A number from `low` to `high`, or one of `choices`, each a word.
    """

    name: str
    label: str
    low: float
    high: float
    default: float | str
    instant: bool
    hint: str
    unit: str = ""
    everything: float | None = None  # a value past `high` that means "all"
    choices: tuple[str, ...] = ()


def person_of(data: Interactions, who: Who) -> Person:
    """Turn an id, or a history of item ids, into indices.

    Raises UnknownUser or UnknownItem for an id that the data do not have.
    """
    if isinstance(who, Person):
        return who
    if isinstance(who, (str, int, np.integer)):
        user = data.user_index(str(who))
        return Person(user, data.history(user))
    if not isinstance(who, Iterable):
        raise TypeError(f"who must be a user id or a list of item ids, got {who!r}; see data.users and data.items")
    history = [data.item_index(item) for item in who]
    return Person(None, np.asarray(list(dict.fromkeys(history)), np.int32))


def worded(data: Interactions | None, text: str) -> str:
    """A text that speaks of films and names none, with the data's own word for them; as it is without data."""
    if data is None or data.noun == "film":
        return text
    text = re.sub(r"\b([Aa]) film\b", r"\1n film", text)
    return re.sub(r"\b([Ff])ilm(?=s?\b)", lambda found: "Item" if found[1] == "F" else "item", text)


def film_label(data: Interactions, item: int) -> str:
    """An item as it is called in sentences: "The Silence of the Lambs (1991)"."""
    return shown_title(str(data.titles[item]))


def film_labels(data: Interactions, items: Ints) -> list[str]:
    """`film_label` of each of many items, (n,): a long history is named anew at each click."""
    return [shown_title(title) for title in data.titles[items].tolist()]
