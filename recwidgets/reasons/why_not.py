"""Why not another item: the exact difference of two scores, contribution by contribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..core import Who, film_labels
from ..data import Interactions
from ..protocols import Explains
from .asked import Asked, ask


class Contribution(NamedTuple):
    """What one part adds to an item more than to its rival: the item's id, the user's for a neighbour, else ""."""

    label: str
    value: float
    kind: str
    id: str = ""


@dataclass(frozen=True)
class Difference:
    """Two scores of one person: `contributions` add up to `value` = score − rival_score, largest first.

    rank, rival_rank: for this person, among what may be recommended, from 1; None for an item that the person has.
    average_rank, rival_average_rank: for the average user, of the same items. in_favour, against: how many of the
    person's items or neighbours say more for the item, and for the rival. average_value: what all users get, their
    mean score of the item less that of the rival; the rest of `value` is this person's. own: this rest, contribution by
    contribution, each less what as much of the average user contributes; empty where the model does not sum terms.
    """

    item: str
    rival: str
    score: float
    rival_score: float
    rank: int | None
    rival_rank: int | None
    average_rank: int
    rival_average_rank: int
    contributions: tuple[Contribution, ...]
    average_value: float = float("nan")
    own: tuple[Contribution, ...] = ()

    @property
    def value(self) -> float:
        return self.score - self.rival_score

    @property
    def in_favour(self) -> int:
        return sum(part.value > 0 for part in self.contributions if part.id)

    @property
    def against(self) -> int:
        return sum(part.value < 0 for part in self.contributions if part.id)


def why_not(model: object, data: Interactions, user: Who, item: str | int, rival: str | int) -> Difference:
    """Why `user` gets `item` before `rival`: what each part of the score adds to the one more than to the other.

    A model that gives no parts gets one contribution, the whole difference.
    Raises UnknownUser or UnknownItem for an id that the data do not have, ValueError for an item against itself.
    """
    return difference_of(ask(model, data, user, item), rival)


def difference_of(asked: Asked, rival: str | int) -> Difference:
    data, other = asked.data, asked.data.item_index(rival)
    if other == asked.item:
        raise ValueError(f"rival must be another item than {asked.name(other)!r}, got {rival!r} for both; choose one")
    score, rival_score = asked.score, float(asked.scores[other])
    parts = sorted(_contributions(asked, other), key=lambda part: -part.value)
    average_value = float(asked.usual.scores[asked.item]) - float(asked.usual.scores[other])
    own = sorted(_own(asked, other, score - rival_score - average_value), key=lambda part: -part.value)
    return Difference(
        str(data.items[asked.item]),
        str(data.items[other]),
        score,
        rival_score,
        rank_of(asked, asked.item),
        rank_of(asked, other),
        asked.average_rank(asked.item),
        asked.average_rank(other),
        tuple(parts),
        average_value,
        tuple(own),
    )


def rank_of(asked: Asked, item: int) -> int | None:
    """The rank of an item among all that may be recommended to the person, from 1; None for one that the person has."""
    if np.isin(item, asked.seen) or np.isnan(asked.scores[item]):
        return None
    mine, open_ = asked.scores[item], np.ones(len(asked.scores), bool)
    open_[asked.seen] = False
    ahead = (asked.scores > mine) & open_
    tied = (asked.scores[:item] == mine) & open_[:item]
    return int(ahead.sum() + tied.sum()) + 1


def _contributions(asked: Asked, rival: int) -> list[Contribution]:
    data, terms = asked.data, asked.terms
    if terms is None:
        return _of_explanations(asked, rival)
    apart = asked.vectors[asked.item].astype(np.float64) - asked.vectors[rival]
    found = _named(asked, (terms.vectors.sum(1, dtype=np.float64) @ apart).tolist())
    if terms.own.any():
        found.append(Contribution("own embedding", float(terms.own @ apart), "own"))
    if terms.base.any():
        found.append(Contribution(f"the {data.noun}s themselves, for all users", float(terms.base @ apart), "base"))
    return found


def _own(asked: Asked, rival: int, total: float) -> list[Contribution]:
    """What is this person's of a difference, `total`; nothing where the terms do not say it."""
    terms = asked.terms
    if terms is None:
        return []
    average = asked.usual.terms(asked.model)
    apart = asked.vectors[asked.item].astype(np.float64) - asked.vectors[rival]
    usual = float(average.vectors.sum((0, 1), dtype=np.float64) @ apart)
    found = _named(asked, (terms.vectors.sum(1, dtype=np.float64) @ apart - terms.shares * usual).tolist())
    own = float((terms.own.astype(np.float64) - average.own) @ apart)
    if terms.own.any() or average.own.any():
        found.append(Contribution("own embedding", own, "own"))
    missing = total - sum(part.value for part in found)  # with less of all users' taste something of theirs is left
    return found if abs(missing) <= 1e-4 * max(1.0, sum(abs(part.value) for part in found)) else []


def _named(asked: Asked, values: list[float]) -> list[Contribution]:
    """The rows of the terms by name, with some values: (n,)."""
    data, terms = asked.data, asked.terms
    assert terms is not None
    people = terms.kind == "neighbours"
    ids = (data.users if people else data.items)[terms.index].tolist()
    names = [f"user {id_}" for id_ in ids] if people else film_labels(data, terms.index)
    kind = "neighbour" if people else "film"
    return [Contribution(name, value, kind, id_) for name, value, id_ in zip(names, values, ids, strict=True)]


def _of_explanations(asked: Asked, rival: int) -> list[Contribution]:
    """The parts of `explain` for both, matched; what only one of them has counts as it is."""
    data, total = asked.data, asked.score - float(asked.scores[rival])
    if not isinstance(asked.model, Explains) or not asked.n:
        return [Contribution("the whole difference", total, "unexplained")]
    values: dict[tuple[str, int, str], float] = {}
    for item, sign in ((asked.item, 1.0), (rival, -1.0)):
        for part in asked.model.explain(asked.person, str(data.items[item])).parts:
            own = part.kind in ("film", "neighbour")
            key = (part.kind, part.index if own else -1, part.label)
            values[key] = values.get(key, 0.0) + sign * part.value
    found = []
    for (kind, index, label), value in values.items():
        names = {"film": data.items, "neighbour": data.users}.get(kind)
        found.append(Contribution(label, value, kind, "" if names is None else str(names[index])))
    missing = total - sum(part.value for part in found)
    if abs(missing) > 1e-4 * max(1.0, sum(abs(part.value) for part in found)):
        found.append(Contribution("what its parts leave out", missing, "unexplained"))
    return found
