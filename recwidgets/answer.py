"""One answer: what a model says about one person now. Charts, list and why all show the same one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from .core import Explanation, Floats, Ints, Person, film_label
from .data import Interactions, display_title
from .ranking import rank

NOTHING = np.zeros(0, np.int32)


@dataclass(frozen=True, eq=False)
class Answer:
    """The first k films of one person, with what a view needs to show them.

    top: int32 (≤ k,), best first, indices into data.items. later: the films of this user in the
    held-out data. All views of a panel are given the same Answer, so they cannot disagree.
    """

    data: Interactions
    model: Any
    person: Person
    scores: Floats  # (n_items,)
    top: Ints
    later: frozenset[int]
    has_held_out: bool = True
    kept_out: Ints = field(
        default_factory=lambda: NOTHING
    )  # films that are neither seen nor recommended: what the learner dropped

    @cached_property
    def unseen(self) -> Floats:
        """The scores of the films that this person has not seen."""
        return np.delete(self.scores, np.concatenate([self.person.history, self.kept_out]))

    @cached_property
    def places(self) -> list[str]:
        """What to print as rank: "1", "2=", "2=", "4": films with equal scores share a place."""
        scores = self.scores[self.top]
        first = [int(np.flatnonzero(scores == score)[0]) + 1 for score in scores]
        return [f"{place}{'=' if first.count(place) > 1 else ''}" for place in first]

    def title(self, item: int) -> tuple[str, str]:
        """Title as spoken, and year: ("The Silence of the Lambs", "1991")."""
        return display_title(str(self.data.titles[item]))

    def full_title(self, item: int) -> str:
        return film_label(self.data, item)

    def explain(self, item: int) -> Explanation:
        explanation: Explanation = self.model.explain(self.person, self.data.items[item])
        return explanation


def answer(
    model: Any,
    data: Interactions,
    person: Person,
    held_out: Interactions | None = None,
    k: int = 10,
    kept_out: Ints = NOTHING,
) -> Answer:
    """Ask `model` about `person`. numpy only; k is cut to the films there are."""
    scores = model.scores(person)
    top = rank(scores, np.concatenate([person.history, kept_out]), min(k, data.n_items))
    later: frozenset[int] = frozenset()
    if held_out is not None and person.user is not None:
        later = frozenset(held_out.history(person.user).tolist())
    return Answer(data, model, person, scores, top, later, held_out is not None, kept_out)


def softmax_shares(scores: Floats, unseen: Floats) -> tuple[Floats, float]:
    """Shares of the first films among themselves, and how much of everything they hold.

    scores: of the ranked films (k,); unseen: of all films that could be recommended, those
    included. Returns shares (k,), which sum to 1, and the share of the softmax over all `unseen`.
    """
    if not len(scores):
        return np.zeros(0, np.float32), 0.0
    best = np.float64(scores[0])  # float64 first: the difference of two float32 may be none
    weights = np.exp(scores.astype(np.float64) - best)
    everything = np.nansum(np.exp(unseen.astype(np.float64) - best))  # NaN is never recommended
    return (weights / weights.sum()).astype(np.float32), float(weights.sum() / everything)


def rounded(values: Any, digits: int, total: float | None = None) -> list[float]:
    """Round so that what is shown adds up: largest remainder (Hamilton's method).

    values: numbers whose sum, rounded (or `total`), the rounded ones must have.
    """
    unit = 10.0**-digits
    scaled = np.asarray(values, np.float64) / unit
    floor = np.floor(scaled)
    target = round(float(np.sum(values) if total is None else total) / unit)
    order = np.argsort(-(scaled - floor), kind="stable")
    whole, left = divmod(int(target - floor.sum()), max(len(floor), 1))  # whole: a total far from the sum
    floor += whole
    floor[order[:left]] += 1
    return [round(float(value) * unit, digits) + 0.0 for value in floor]  # no -0.0
