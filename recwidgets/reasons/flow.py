"""A score as a flow that conserves the sum: from groups of the person's items, over ways, to the item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core import Ints, Terms, worded
from ..protocols import Explains
from .asked import Asked
from .groups import Group, grouped
from .less import LABEL as LESS

OWN, SAME = "own embedding", "the same for all users"


class Line(NamedTuple):
    """One summand of a score.

    kind: "popular" (what the 100 items get that the average user gets first), "average" (this item against those, for
    the average user), "voters", "recent", "raters", "group" and "rest" (of the person's items or neighbours), "own"
    (embedding), "less" (of all users' taste, taken away by a view), "base" (what the item has for all users),
    "unexplained".
    items: the ids meant, of users where the rows are neighbours; values: what each of them adds, in that order.
    """

    label: str
    value: float
    kind: str = "group"
    items: tuple[str, ...] = ()
    values: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Flow:
    """A score by groups (rows) and by the ways that it comes by (columns).

    The ways are the model's: a graph network's hops ("the films themselves", "their viewers", …), one for other
    models. A way's total is what the model gives: for a graph network, the sum of a column of `model.hops`.
    values: float64 (len(lines), len(ways)); its rows add up to the lines, its columns to `way_totals`, all of it
    to the score. A negative value flows backwards.
    """

    lines: tuple[Line, ...]
    ways: tuple[str, ...]
    values: NDArray[np.float64]
    score: float

    @property
    def way_totals(self) -> NDArray[np.float64]:
        """What comes by each way, float64 (len(ways),)."""
        totals: NDArray[np.float64] = self.values.sum(0)
        return totals


def flow_of(asked: Asked, voters: Ints) -> Flow:
    if asked.terms is not None:
        return _of_terms(asked, asked.terms, voters)
    return _of_explanation(asked, voters) if isinstance(asked.model, Explains) and asked.n else _of_scores(asked)


def row_values(asked: Asked, terms: Terms) -> NDArray[np.float64]:
    """What each row adds beyond as much of the average user, by way: float64 (n, ways)."""
    lead = lead_of(asked)
    usual = asked.usual.terms(asked.model).vectors[0] @ lead  # (ways,)
    values: NDArray[np.float64] = terms.vectors @ lead - np.outer(terms.shares, usual)
    return values


def lead_of(asked: Asked) -> NDArray[np.float64]:
    """The item's vector less the mean vector of the 100 items that the average user gets first: (dim,)."""
    popular = asked.vectors[asked.usual.popular].mean(0, dtype=np.float64)
    lead: NDArray[np.float64] = asked.vectors[asked.item] - popular
    return lead


def _of_terms(asked: Asked, terms: Terms, voters: Ints) -> Flow:
    average, lead = asked.usual.terms(asked.model), lead_of(asked)
    popular = asked.vectors[asked.item] - lead  # (dim,) the mean of the 100
    values = row_values(asked, terms)  # (n, ways)
    groups = grouped(asked, terms.kind, terms.index, values.sum(1), voters)

    lines = [
        Line(f"what the {len(asked.usual.popular)} most popular {asked.data.noun}s get, on average", 0.0, "popular"),
        Line(f"this {asked.data.noun} against these, for all users", 0.0, "average"),
        *(_line(asked, terms.kind, terms.index, values.sum(1), group) for group in groups),
        Line(LESS, 0.0, "less"),
        Line(OWN if asked.person.user is not None else f"no {OWN}, which others have", 0.0, "own"),
    ]
    n_ways, alpha = len(terms.ways), float(getattr(asked.model, "alpha", 0.0))
    taken = alpha * asked.usual.query if alpha and asked.usual.query is not None else np.zeros_like(terms.base)
    base = terms.base + taken  # as trained
    table = np.zeros((len(lines), n_ways + 2))
    table[0] = [*(terms.vectors.sum(0, dtype=np.float64) @ popular), terms.own @ popular, base @ popular]
    table[1] = [*(average.vectors[0] @ lead), average.own @ lead, average.base @ lead]
    for row, group in enumerate(groups, 2):
        table[row, :n_ways] = values[group.rows].sum(0)
    table[-2, n_ways + 1] = -taken @ asked.vectors[asked.item]
    table[-1, n_ways:] = (terms.own - average.own) @ lead, (base - average.base) @ lead
    used = [*range(n_ways)]
    used += [n_ways] if terms.own.any() or average.own.any() else []
    used += [n_ways + 1] if terms.base.any() or average.base.any() or alpha else []
    ways = (*(worded(asked.data, way) for way in terms.ways), OWN, SAME)
    there = {"own": n_ways in used, "less": bool(alpha)}
    kept = [row for row, line in enumerate(lines) if there.get(line.kind, True)]
    return _flow(asked, [lines[row] for row in kept], [ways[way] for way in used], table[np.ix_(kept, used)])


def _of_explanation(asked: Asked, voters: Ints) -> Flow:
    """Without terms: the parts of `explain`, in the same groups but not against the average user."""
    parts = asked.model.explain(asked.person, str(asked.data.items[asked.item])).parts
    lines, values = [], []
    for kind, terms_kind in (("film", "items"), ("neighbour", "neighbours")):
        some = [part for part in parts if part.kind == kind]
        if not some:
            continue
        index = np.array([part.index for part in some], np.int32)
        value = np.array([part.value for part in some], np.float64)
        for group in grouped(asked, terms_kind, index, value, voters):
            lines.append(_line(asked, terms_kind, index, value, group))
            values.append(float(value[group.rows].sum()))
    for part in parts:
        if part.kind not in ("film", "neighbour"):
            lines.append(Line(part.label, 0.0, "own" if part.kind == "own" else "base"))
            values.append(float(part.value))
    missing = asked.score - sum(values)
    if abs(missing) > 1e-4 * max(1.0, sum(map(abs, values))):  # a model of one's own may leave something out
        lines.append(Line("what its parts leave out", 0.0, "unexplained"))
        values.append(missing)
    return _flow(asked, lines, ["score"], np.array(values)[:, None])


def _of_scores(asked: Asked) -> Flow:
    """Where there are only scores: what the average user gets, and what this person gets beyond it."""
    popular, scores = asked.usual.popular, asked.usual.scores.astype(np.float64)
    mine, theirs = float(asked.scores[popular].mean(dtype=np.float64)), float(scores[popular].mean())
    average = float(scores[asked.item]) - theirs
    lines = [
        Line(f"what the {len(popular)} most popular {asked.data.noun}s get, on average", 0.0, "popular"),
        Line(f"this {asked.data.noun} against these, for all users", 0.0, "average"),
        Line("what it gets beyond this", 0.0, "unexplained"),
    ]
    return _flow(asked, lines, ["score"], np.array([[mine], [average], [asked.score - mine - average]]))


def _flow(asked: Asked, lines: list[Line], ways: list[str], table: NDArray[np.float64]) -> Flow:
    filled = [line._replace(value=float(value)) for line, value in zip(lines, table.sum(1), strict=True)]
    return Flow(tuple(filled), tuple(ways), table, asked.score)


def _line(asked: Asked, kind: str, index: Ints, values: NDArray[np.float64], group: Group) -> Line:
    """The line of some rows; its value is filled in later. values: what each of all rows adds."""
    names = asked.data.users if kind == "neighbours" else asked.data.items
    ids, added = names[index[group.rows]].tolist(), values[group.rows].tolist()
    return Line(group.label, 0.0, group.kind, tuple(ids), tuple(added))
