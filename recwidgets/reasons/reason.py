"""A reason: why a person gets an item, in a headline that counts, a sum that is exact, and what would have to go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..core import Who
from ..data import Interactions
from .asked import Asked, ask
from .flow import Flow, Line, flow_of, row_values
from .groups import ratings_of
from .needed import Needed, needed
from .numbers import net
from .usual import TOP
from .votes import usual_votes, voters_of
from .why_not import rank_of
from .words import LAST, Facts, headline


@dataclass(frozen=True)
class Raters:
    """The neighbours who rated an item: their ids, nearest first, of how many, and the share of all users who did."""

    users: tuple[str, ...]
    of: int
    of_all_users: float

    @property
    def share(self) -> float:
        return len(self.users) / self.of if self.of else float("nan")


class Out(NamedTuple):
    """What would have to go, by id: see Reason."""

    needed: tuple[str, ...]
    needed_neighbours: tuple[str, ...]
    needed_values: tuple[float, ...]
    rival: str | None


class Later:
    """`Out` of a question, found when first asked for; then the question, and the model with it, is let go."""

    def __init__(self, asked: Asked) -> None:
        self._asked: Asked | None = asked
        self._found: Out | None = None

    def __call__(self) -> Out:
        asked = self._asked
        if self._found is None and asked is not None:
            self._found, self._asked = _out_of(asked), None
        assert self._found is not None
        return self._found


@dataclass(frozen=True)
class Reason:
    """Why a person gets an item.

    headline: a sentence or two, plain text. kind: what it says: "votes", "popular" (all users get it, and the
    person's items add nearly nothing or lower it), "neighbours", "recent", "parts" (one item or named group), "spread"
    (over many items), "against" (the items lower the score) or "none".
    n: how many items the person has.
    votes: the ids of the person's items that, each asked alone, put this item into their top 10. votes_usual: the mean
    number of votes of the 100 items that the average user gets first; NaN where the model cannot be asked so.
    rank: for this person, None for an item that they have. average_rank: for the
    mean query of all users, of the same items that may be recommended to this person: rank 1 to 10 is `average_top`.
    average_top: the ids of the first unseen items (≤ 10) that the average user gets.
    lines: add up to `score`, but for float32 rounding. flow: the same lines, by ways.
    needed: the ids of the smallest set of the person's items without which `rival` is ahead, of the 400 unseen items
    that rank right below; needed_neighbours: the same of neighbours. A model of neighbours has only these, and `needed`
    is empty: one item less moves the query and may change all neighbours, so that only trying every set would prove
    that none is smaller. Both are empty, and rival None, where no such set was found. The model's own scores confirm
    it. needed_values: what each of them adds to this item more than to the rival, 0 for a neighbour who is asked only
    when others are gone; empty for a model without terms. A panel finds these four when they are first shown (`out`).
    raters: for a model of neighbours. recent: for a model of recency, the ids of the last items, newest first.
    """

    item: str
    title: str
    headline: str
    kind: str
    n: int
    votes: tuple[str, ...]
    votes_usual: float
    rank: int | None
    average_rank: int
    average_top: tuple[str, ...]
    lines: tuple[Line, ...]
    score: float
    raters: Raters | None
    recent: tuple[str, ...]
    flow: Flow
    out: Later = field(repr=False, compare=False)

    @property
    def needed(self) -> tuple[str, ...]:
        return self.out().needed

    @property
    def needed_neighbours(self) -> tuple[str, ...]:
        return self.out().needed_neighbours

    @property
    def needed_values(self) -> tuple[float, ...]:
        return self.out().needed_values

    @property
    def rival(self) -> str | None:
        return self.out().rival

    @property
    def personal(self) -> float:
        """What the person's items or neighbours add beyond what they add for the average user."""
        return net(self.lines)


def reason(model: Any, data: Interactions, user: Who, item: str | int) -> Reason:
    """Why `model` gives `item` to `user`, taken apart exactly.

    data: the interactions that the model was trained on. user: an id, or a history of one's own (item ids, oldest
    first). A model with `terms` (as the three of this package) says all; one with `explain` its parts; one with no more
    than `scores`, what it gives on average.
    Raises UnknownUser or UnknownItem for an id that the data do not have.
    """
    found = reason_of(ask(model, data, user, item))
    found.out()  # now: the model may learn on before it is read
    return found


def reason_of(asked: Asked) -> Reason:
    """The reason, but for what would have to go: that is asked of the model when it is first read."""
    voters, terms = voters_of(asked), asked.terms
    flow = flow_of(asked, voters)
    raters = _raters(asked)
    facts = Facts(
        asked.score,
        len(voters),
        usual_votes(asked),
        asked.average_rank(asked.item),
        flow.lines,
        _net(asked, flow),
        np.zeros(0) if terms is None else row_values(asked, terms).sum(1),
        "" if terms is None else terms.kind,
        *((len(raters.users), raters.of, raters.of_all_users) if raters else ()),
    )
    kind, text = headline(asked, facts)
    return Reason(
        item=str(asked.data.items[asked.item]),
        title=str(asked.data.titles[asked.item]),
        headline=text,
        kind=kind,
        n=asked.n,
        votes=asked.ids(voters),
        votes_usual=facts.votes_usual,
        rank=rank_of(asked, asked.item),
        average_rank=facts.average_rank,
        average_top=asked.ids(asked.usual.popular[~np.isin(asked.usual.popular, asked.seen)][:TOP]),
        lines=flow.lines,
        score=asked.score,
        raters=raters,
        recent=asked.ids(asked.person.history[::-1][:LAST]) if facts.terms == "recent" else (),
        flow=flow,
        out=Later(asked),
    )


def _out_of(asked: Asked) -> Out:
    found = needed(asked)
    return Out(
        asked.ids(found.items),
        tuple(asked.known.users[found.neighbours].tolist()),
        _needed_values(asked, found),
        None if found.rival < 0 else str(asked.data.items[found.rival]),
    )


def _net(asked: Asked, flow: Flow) -> float:
    """What is this person's: of their items where there are terms, else all that the average user does not get."""
    if asked.terms is not None:
        return net(flow.lines)
    popular, usual = asked.usual.popular, asked.usual.scores.astype(np.float64)
    mine = asked.score - float(asked.scores[popular].mean(dtype=np.float64))
    return mine - float(usual[asked.item] - usual[popular].mean())


def _needed_values(asked: Asked, out: Needed) -> tuple[float, ...]:
    """What each row that would have to go adds to the item more than to the rival."""
    terms = asked.terms
    if terms is None or out.rival < 0:
        return ()
    apart = asked.vectors[asked.item].astype(np.float64) - asked.vectors[out.rival]
    added = dict(zip(terms.index.tolist(), (terms.vectors.sum(1, dtype=np.float64) @ apart).tolist(), strict=True))
    return tuple(added.get(row, 0.0) for row in (*out.items.tolist(), *out.neighbours.tolist()))


def _raters(asked: Asked) -> Raters | None:
    """Where the terms are neighbours."""
    if asked.terms is None or asked.terms.kind != "neighbours":
        return None
    users = asked.terms.index
    high, low = ratings_of(asked.known, asked.item, users)
    share = float(asked.known.n_raters[asked.item]) / max(asked.known.n_users, 1)
    return Raters(tuple(asked.known.users[users[high | low]].tolist()), len(users), share)
