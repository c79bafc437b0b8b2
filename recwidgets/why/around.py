"""Who is near: the neighbours that a model asks, what each adds, and where they lie on a flat map. No widgets here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..answer import Answer
from ..core import Explanation, Floats, Ints, Person
from ..protocols import Queries
from ..reasons.reason import Reason

ROWS = 30  # neighbours named one by one
WHOLE = 0.7  # a part of the map that is nearly all of it is no corner
CHAR, LINE = 6.6, 12.0  # px: the widest that a sign of a name is, and a name's height

#: What "near" means on the map, where + is the mean of all users.
WORDS = {
    "cosine": "Cosine: near = in the same direction from +, however far out.",
    "dot product": "Dot product: near = in the same direction from +, and far out.",
    "distance": "Distance: near = close by.",
}


class Neighbour(NamedTuple):
    """One user who is near.

    weight: the share of the query. adds: to the item's score; NaN where the model does not say. stars: what they
    rated the item with, NaN for an item seen without a rating, None for one not seen. out: left out by the learner.
    """

    user: int
    weight: float
    adds: float
    stars: float | None
    out: bool = False

    @property
    def rated(self) -> bool:
        return self.stars is not None


def around(answer: Answer, item: int, explanation: Explanation | None, reason: Reason | None) -> list[Neighbour]:
    """The neighbours asked, nearest first; those who are left out stand where they stood before.

    What they add is told as the reason tells it, less what as much of the average user adds; where it does not, as the
    model's own parts.
    """
    users, weights = asked_of(answer.model, answer.person)
    adds = beyond_average(answer, reason) or contributions(explanation)
    stars = stars_of(answer, item)
    weight = dict(zip(users.tolist(), weights.tolist(), strict=True))
    return [
        Neighbour(user, weight.get(user, 0.0), adds.get(user, math.nan), stars.get(user), user not in weight)
        for user in in_place(answer.model, answer.person, users)
    ]


def asked_of(model: Any, person: Person) -> tuple[Ints, Floats]:
    """The model's own neighbours and their weights; also of a model that gives lists."""
    users, weights = model.neighbours(person)
    return np.asarray(users, np.int32).ravel(), np.asarray(weights, np.float32).ravel()


def in_place(model: Any, person: Person, users: Ints) -> list[int]:
    """All who are asked, and those who were left out one after the other, each where they stood before."""
    order: list[int] = []
    for n in range(len(person.without)):
        order = merged(order, asked_of(model, person._replace(without=person.without[:n]))[0].tolist())
    order = merged(order, users.tolist())
    return [user for user in order if user in person.without or user in users]


def merged(order: list[int], now: list[int]) -> list[int]:
    """`order`, and behind it whoever of `now` is not in it: they moved in."""
    known = set(order)
    return [*order, *(user for user in now if user not in known)]


def beyond_average(answer: Answer, reason: Reason | None) -> dict[int, float]:
    """What each neighbour adds beyond as much of the average user; {} for a reason that does not sum neighbours."""
    if reason is None or reason.raters is None:
        return {}
    rows = (pair for line in reason.lines for pair in zip(line.items, line.values, strict=True))
    return {answer.data.user_index(user): value for user, value in rows}


def contributions(explanation: Explanation | None) -> dict[int, float]:
    parts = () if explanation is None else explanation.parts
    return {part.index: float(part.value) for part in parts if part.kind == "neighbour"}


def stars_of(answer: Answer, item: int) -> dict[int, float]:
    """What users rated an item with, by user; NaN where the data have no ratings."""
    data = answer.data
    rows = np.flatnonzero(data.item == item)
    given = data.rating[rows] if data.has_ratings else np.full(len(rows), np.nan)
    return dict(zip(data.user[rows].tolist(), given.tolist(), strict=True))


# -- the map -----------------------------------------------------------------------------------------


class Flat(NamedTuple):
    """A flat view of a space: centre (dim,), axes (2, dim), and the share of the variance it keeps."""

    centre: Floats
    axes: Floats
    kept: float

    def project(self, vectors: Floats) -> Floats:
        """(…, dim) -> (…, 2)"""
        return np.asarray((vectors - self.centre) @ self.axes.T, np.float32)


def principal_axes(vectors: Floats) -> Flat:
    """The two directions in which (n, dim) vectors differ most (PCA).

    The sign of each axis is fixed by its largest entry, so that the map does not flip by chance. A space of one
    dimension has a second axis of zeros.
    """
    centre = vectors.mean(0)
    apart = (vectors - centre).astype(np.float64)
    squares, columns = np.linalg.eigh(apart.T @ apart)  # of (dim, dim): as quick for a million users as for a thousand
    n = min(vectors.shape)
    squares, axes = np.maximum(squares[::-1][:n], 0), columns.T[::-1][:n]  # the largest first
    axes = axes[:2] * np.sign(axes[np.arange(len(axes[:2])), np.abs(axes[:2]).argmax(1)])[:, None]
    axes = np.vstack([axes, np.zeros((2 - len(axes), vectors.shape[1]))])
    total = float(squares.sum())
    return Flat(centre, axes.astype(np.float32), float(squares[:2].sum()) / total if total else 1.0)


def space_of(model: Any, person: Person) -> tuple[Floats, Floats] | None:
    """(all users' vectors, the person's): those that neighbours are looked for among, else the queries; or None."""
    if hasattr(model, "user_vectors") and hasattr(model, "user_vector"):
        return model.user_vectors(), model.user_vector(person)
    if isinstance(model, Queries):
        return model.vectors()[0], model.query(person)
    return None


class Square(NamedTuple):
    """The part of the map that is drawn: one scale for both axes, else the map lies."""

    left: float
    bottom: float
    size: float
    whole: bool

    def pixels(self, points: Floats, side: float) -> NDArray[np.float64]:
        """Points (n, 2) in px of a map with that side, y downwards."""
        across = (np.asarray(points, np.float64) - [self.left, self.bottom]) / self.size * side
        return np.column_stack([across[:, 0], side - across[:, 1]])

    def point(self, x: float, y: float, side: float) -> tuple[float, float]:
        """From px back to the map."""
        return self.left + x / side * self.size, self.bottom + (side - y) / side * self.size


def corner(near: Floats, everything: Floats) -> Square:
    """The square around the points (n, 2) of whoever is near, or around all users where that is nearly as large."""
    close, far = _around(near, 1.24), _around(np.vstack([near, everything]), 1.06)
    return close._replace(whole=False) if close.size < WHOLE * far.size else far


def _around(points: Floats, room: float) -> Square:
    low, high = points.min(0).astype(float), points.max(0).astype(float)
    size = float((high - low).max()) * room or 1.0
    middle = (low + high) / 2
    return Square(float(middle[0]) - size / 2, float(middle[1]) - size / 2, size, True)


class Name(NamedTuple):
    """Where a name stands, in px: x, y of its middle line; align "start" (right of its dot) or "end"."""

    text: str
    x: float
    y: float
    align: str


SHIFTS = (0, -9, 9, -15, 15)  # px up or down of the dot


def placed(points: NDArray[np.float64], texts: Sequence[str], dots: NDArray[np.float64], side: float) -> list[Name]:
    """Names beside their points (n, 2), in px: inside the map, never over each other, over few of the dots (m, 2).

    The first comes first; one that finds no room is left out.
    """
    found: list[Name] = []
    boxes: list[tuple[float, float, float, float]] = []
    for (x, y), text in zip(points, texts, strict=True):
        best, least = None, math.inf
        for align in ("start", "end"):
            for shift in SHIFTS:
                at = x + (8 if align == "start" else -8)
                left = at if align == "start" else at - CHAR * len(text)
                box = (left, y + shift - LINE / 2, left + CHAR * len(text), y + shift + LINE / 2)
                if not _inside(box, side) or any(_meet(box, other) for other in boxes):
                    continue
                cost = 3 * sum(_covers(box, dot) for dot in dots) + abs(shift) / 10 + (align == "end") / 20
                if cost < least:
                    best, least = (Name(text, at, y + shift, align), box), cost
        if best is not None:
            found.append(best[0])
            boxes.append(best[1])
    return found


def _inside(box: tuple[float, float, float, float], side: float) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= side and box[3] <= side


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _covers(box: tuple[float, float, float, float], dot: NDArray[np.float64]) -> bool:
    x, y = float(dot[0]), float(dot[1])
    return box[0] - 3 < x < box[2] + 3 and box[1] - 2 < y < box[3] + 2


def similarity_of(model: Any) -> str:
    """The word of a model's own knob, "" without one."""
    values = getattr(model, "values", None)
    word = values.get("similarity", "") if isinstance(values, Mapping) else ""
    return word if isinstance(word, str) else ""
