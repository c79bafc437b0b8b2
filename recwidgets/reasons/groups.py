"""The rows of a query in named groups: voters, genres and decades, recent and older items, neighbours who rated it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..core import Ints, film_label
from ..data import Interactions
from ..data.titles import year_of
from .asked import Asked

Mask = NDArray[np.bool_]
SMALLEST, NAMED = 3, 2  # a named group has so many items; so many groups beside the rest, the voters counted
RECENT = (1, 4)  # the last item, the four before it; then the rest of the window, then what is older
_LAST: WeakKeyDictionary[Interactions, tuple[bytes, tuple[list[str], Mask]]] = WeakKeyDictionary()  # of _tags


class Group(NamedTuple):
    """Some rows of the terms: label, kind and which, bool (n,)."""

    label: str
    kind: str
    rows: Mask


def grouped(asked: Asked, kind: str, index: Ints, values: NDArray[Any], voters: Ints) -> list[Group]:
    """All rows, each in one group. index: items or users of the rows, values: what each adds, both (n,)."""
    if kind == "neighbours":
        groups = _by_rating(asked, index)
    elif kind == "recent":
        groups = _by_age(asked, index)
    else:
        groups = _by_taste(asked.data, index, values, np.isin(index, voters))
    return [group for group in groups if group.rows.any()]


def films(data: Interactions, n: int) -> str:
    """ "1 film", "2,158 films", or what the items of these data are called."""
    return f"{n:,} {data.noun}" if n == 1 else f"{n:,} {data.noun}s"


def _by_taste(data: Interactions, items: Ints, values: NDArray[Any], votes: Mask) -> Iterator[Group]:
    """The voters, then the genres or decades that add most beyond their size, then the rest."""
    if votes.any():
        count = int(votes.sum())
        yield Group(f"the {films(data, count)} that vote{'s' if count == 1 else ''} for it", "voters", votes)
    left, others = ~votes, "other " if votes.any() else ""
    tagged = _tags(data, items)
    for _ in range(NAMED - int(votes.any())):
        best = _most_telling(*tagged, values, left)
        if best is None:
            break
        name, rows = best
        count = int(rows.sum())
        yield Group(f"{count:,} {others}{data.noun}{'' if count == 1 else 's'} {name}", "group", rows)
        left, others = left & ~rows, "other "
    count = int(left.sum())
    yield Group(f"{count:,} {others}{data.noun}{'' if count == 1 else 's'}", "rest", left)


def _most_telling(names: list[str], tags: Mask, values: NDArray[Any], left: Mask) -> tuple[str, Mask] | None:
    """The genre or decade among the rows left whose sum is farthest from what its size would give."""
    has = tags & left[:, None]  # (n, tags)
    count = has.sum(0)
    usual = float(values[left].mean()) if left.any() else 0.0
    lift = np.abs(values @ has - usual * count)
    lift[(count < SMALLEST) | (count >= left.sum())] = 0.0
    best = int(np.argmax(lift)) if len(lift) else 0
    return (names[best], has[:, best]) if len(lift) and lift[best] > 0 else None


def _tags(data: Interactions, items: Ints) -> tuple[list[str], Mask]:
    """The names of the genres and decades of some items, in alphabetical order; who has which: bool (n, tags).

    The last answer for a data set is kept: another epoch, film or knob asks for the same history again.
    """
    asked = items.astype(np.int64).tobytes()
    last = _LAST.get(data)  # rebound, never edited: two threads may ask
    if last is not None and last[0] == asked:
        return last[1]
    of_tag: dict[str, list[int]] = {}
    for row, (item, title) in enumerate(zip(items.tolist(), data.titles[items].tolist(), strict=True)):
        for genre in data.genres[item]:
            of_tag.setdefault(f"of the genre {genre}", []).append(row)
        year = year_of(title)[:3]
        if year:
            of_tag.setdefault(f"of the {year}0s", []).append(row)
    names = sorted(of_tag)
    tags = np.zeros((len(items), len(names)), np.bool_)
    for tag, name in enumerate(names):
        tags[of_tag[name], tag] = True
    _LAST[data] = (asked, (names, tags))
    return names, tags


def _by_age(asked: Asked, items: Ints) -> Iterator[Group]:
    """items: newest first. The window's end is the model's to say; without one all are in it."""
    data, age = asked.data, np.arange(len(items))
    window = len(asked.model.weights(len(items))) if hasattr(asked.model, "weights") else len(items)
    last, more = RECENT[0], RECENT[0] + RECENT[1]
    yield Group(f"the last {data.noun}, {film_label(data, int(items[0]))}", "recent", age < last)
    next_ones, rest, older = (age >= last) & (age < min(more, window)), (age >= more) & (age < window), age >= window
    count = int(next_ones.sum())
    before = f"the {data.noun} before it" if count == 1 else f"the {films(data, count)} before it"
    yield Group(before, "recent", next_ones)
    yield Group(f"the {films(data, int(rest.sum()))} before these", "group", rest)
    yield Group(f"{int(older.sum()):,} older {data.noun}{'' if older.sum() == 1 else 's'}", "rest", older)


def _by_rating(asked: Asked, users: Ints) -> Iterator[Group]:
    """Neighbours who rated the item at or above the data's median, lower, or not at all."""
    high, low = ratings_of(asked.known, asked.item, users)
    known = asked.known
    if not known.has_ratings or not low.any():
        yield Group(_neighbours(int((high | low).sum()), "rated it"), "raters", high | low)
    else:
        least = f"{float(np.median(known.rating)):g}"
        yield Group(_neighbours(int(high.sum()), f"rated it {least} or more"), "raters", high)
        yield Group(_neighbours(int(low.sum()), "rated it lower"), "group", low)
    neither = ~(high | low)
    have = "has" if neither.sum() == 1 else "have"
    yield Group(_neighbours(int(neither.sum()), f"{have} not rated it"), "rest", neither)


def _neighbours(count: int, what: str) -> str:
    return f"{count:,} neighbour{'' if count == 1 else 's'} who {what}"


def ratings_of(data: Interactions, item: int, users: Ints) -> tuple[Mask, Mask]:
    """Which of these users rated the item at or above the data's median, and which lower: bool (n,) each."""
    rows = np.flatnonzero(data.item == item)
    fans = data.user[rows[data.liked[rows]]]
    high = np.isin(users, fans)
    return high, np.isin(users, data.user[rows]) & ~high
