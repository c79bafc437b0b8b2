"""The few types that everything else speaks, and the one place where films are ranked.

Indices count from 0 inside; public calls take and give original ids. numpy only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .data import Interactions, display_title

Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int32]
#: Who is asked about: the id of a user, or a history of one's own (item ids, oldest first).
Who: TypeAlias = "str | int | Sequence[str | int] | Person"

BLOCK = 1 << 21  # scores computed at a time in recommend_all: 8 MB of float32, 16 MB of indices


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a model would answer at one moment: a few float32 arrays, never a table of scores.

    arrays: by name; each model says in its docstring what it keeps and in which shape.
    Arrays are rebound, never edited in place, so that threads may share a snapshot.
    """

    model: str
    arrays: Mapping[str, NDArray[Any]]

    def __post_init__(self) -> None:
        # a copy where the memory is somebody else's: TensorFlow goes on writing into its own
        own = {name: a if a.flags.owndata else a.copy() for name, a in _arrays(self.arrays)}
        for array in own.values():
            array.flags.writeable = False
        object.__setattr__(self, "arrays", own)

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

    kind: "film" (one of the person's own films), "neighbour", "own" (the user's own embedding)
    or "base" (what the film has for everybody). index: of the film or user meant, else -1.
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


class Person(NamedTuple):
    """A user of the data set (index, or None for somebody new) with a history, oldest first.

    without: users who must not be asked, where a model asks other users.
    """

    user: int | None
    history: Ints
    without: tuple[int, ...] = ()


class Recommendations(NamedTuple):
    """The first k films, best first. `index` are positions in data.items."""

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


@runtime_checkable
class Recommender(Protocol):
    """What a panel, `recommend` and `evaluate` ask of a model. A class of your own may have it too."""

    label: str

    def steps(
        self, data: Interactions, validation: Interactions | None = None, epochs: int | None = None
    ) -> Iterator[FitEvent]: ...
    def scores(self, user: Who) -> Floats: ...


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


def film_label(data: Interactions, item: int) -> str:
    """A film as it is called in sentences: "The Silence of the Lambs (1991)"."""
    title, year = display_title(str(data.titles[item]))
    return f"{title} ({year})" if year else title


def check_k(k: int, n_items: int) -> int:
    """k as an int between 1 and the catalogue's size, or a clear sentence."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= n_items:
        raise ValueError(f"k must be a whole number from 1 to {n_items} (the films there are), got {k!r}")
    return int(k)


def check_scored(shape: tuple[int, ...], data: Interactions) -> None:
    """A model of other data would be ranked under wrong titles: say so. shape: (films,) or (users, films)."""
    there = (data.n_users, data.n_items)[-len(shape) :]
    if shape != there:
        raise ValueError(
            f"scores must be of the {' × '.join(map(str, there))} {'users × ' * (len(shape) - 1)}films of the data, "
            f"got {' × '.join(map(str, shape))}; pass the interactions that the model was trained on"
        )


def rank(scores: Floats, seen: Ints, k: int) -> Ints:
    """The k best items of one score vector (n_items,): seen left out, ties to the lower index.

    Fewer than k are given where fewer are left; a score that is not a number is never recommended.
    """
    left = np.where(np.isnan(scores), -np.inf, scores)
    left[seen] = -np.inf
    order = np.argsort(-left, kind="stable")[:k]
    return order[left[order] > -np.inf].astype(np.int32)


def recommend(model: Recommender, data: Interactions, user: Who, k: int = 10, *, seen: bool = False) -> Recommendations:
    """The k films that `model` ranks first for `user`.

    data: the interactions whose films count as seen. user: an id, or a list of item ids (a
    history of one's own). seen=True leaves the films already seen in the list.
    Raises ValueError for k beyond the catalogue, UnknownUser for an id that is not in the data.
    """
    k = check_k(k, data.n_items)
    person = person_of(data, user)
    # an id goes on as an id: the model knows the history that it was trained on, `data` may hold more
    asked = person if isinstance(user, Person) or person.user is None else str(data.users[person.user])
    scores = np.asarray(model.scores(asked))
    check_scored(scores.shape, data)
    index = rank(scores, person.history[:0] if seen else person.history, k)
    return Recommendations(
        tuple(data.items[index].tolist()),
        tuple(data.titles[index].tolist()),
        scores[index].astype(np.float32),
        index,
    )


def recommend_all(
    model: Any, data: Interactions, k: int = 100, *, seen: bool = False, progress: bool = False
) -> NDArray[np.int32]:
    """The k first films of every user, best first: int32 (n_users, k), indices into data.items.

    Rows follow data.users. Seen films are left out unless seen=True; a row with fewer than k
    films left ends in -1. Ties go to the lower index, as in `recommend`. Where the model has
    `vectors`, all are multiplied at once, which rounds otherwise than one user's product: films
    whose scores differ by less than that (1e-6 of the score) may change places.
    progress: a bar (tqdm), where it takes longer than a second.
    """
    k = check_k(k, data.n_items)
    vectors = getattr(model, "vectors", None)
    out = np.full((data.n_users, k), -1, np.int32)
    step = max(1, BLOCK // data.n_items)
    queries, items = vectors() if vectors else (np.empty(0), None)
    transposed = None if items is None else np.ascontiguousarray(items.T)  # (dim, n_items)
    if items is not None:
        check_scored((len(queries), len(items)), data)
    for start in _bar(range(0, data.n_users, step), progress):
        users = range(start, min(start + step, data.n_users))
        if transposed is not None:
            block = queries[start : users.stop] @ transposed  # (users, n_items)
        else:
            block = np.stack([model.scores(str(data.users[user])) for user in users])
            check_scored(block.shape[1:], data)
            block = block if block.dtype.kind == "f" else block.astype(np.float64)  # whole numbers have no infinity
        out[start : users.stop] = _rank_rows(block, None if seen else data, start, k)
    return out


def _bar(steps: range, shown: bool) -> Iterable[int]:
    """The steps; if shown, with a bar once they have taken a second."""
    if not shown:
        return steps
    from tqdm.auto import tqdm

    bar: Iterable[int] = tqdm(steps, desc="Ranking all films", unit="block", delay=1, leave=False)
    return bar


def _rank_rows(block: Floats, data: Interactions | None, start: int, k: int) -> NDArray[np.int32]:
    """rank() for the users start, start + 1, … at once. `block` (users, n_items) is overwritten."""
    rows, n_items = block.shape
    if data is not None:
        indptr = data.by_user.indptr
        seen = data.by_user.items[indptr[start] : indptr[start + rows]]
        block[np.repeat(np.arange(rows), np.diff(indptr[start : start + rows + 1])), seen] = -np.inf
    if np.isnan(block.min(initial=np.inf)):  # the least is NaN where any is, and costs no second table
        block[np.isnan(block)] = -np.inf
    if k >= n_items:
        top = np.argsort(-block, axis=1, kind="stable")[:, :k]
    else:
        edge = np.partition(block, n_items - k, axis=1)[:, n_items - k]  # the k-th best score of each row
        place = np.flatnonzero(block >= edge[:, None])  # lower index first within a row, which keeps ties in order
        row, top = place // n_items, place % n_items
        if len(place) > rows * k:  # a tie across the k-th place: the rule wants the lowest indices of it
            above = block.ravel()[place] > edge[row]
            tied = np.flatnonzero(~above)
            nth = np.arange(len(tied)) - np.searchsorted(row[tied], row[tied])  # of the tie, in its row
            room = k - np.bincount(row[above], minlength=rows)
            above[tied[nth < room[row[tied]]]] = True
            top = top[above]
        top = top.reshape(rows, k)
        best = np.take_along_axis(block, top, 1)
        top = np.take_along_axis(top, np.argsort(-best, axis=1, kind="stable"), 1)
    chosen = np.take_along_axis(block, top, 1)
    return np.where(chosen > -np.inf, top, -1).astype(np.int32)
