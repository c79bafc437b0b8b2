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


class BadScores(ValueError):
    """A model gave scores that cannot be ranked; the message says what is asked of them and what came."""


@dataclass(frozen=True, eq=False)
class Answer:
    """The first k items of one person, with what a view needs to show them.

    top: int32 (≤ k,), best first, indices into data.items. later: the items of this user in the held-out (test)
    data. excluded: items that are neither seen nor recommended, since the learner took them out. All views of a
    panel are given the same Answer, so they cannot disagree.
    """

    data: Interactions
    model: Any
    person: Person
    scores: Floats  # (n_items,)
    top: Ints
    later: frozenset[int]
    has_held_out: bool = True
    excluded: Ints = field(default_factory=lambda: NOTHING)

    @cached_property
    def left_out(self) -> Ints:
        """What is never recommended to this person: the items seen, and those excluded."""
        return np.concatenate([self.person.history, self.excluded]).astype(np.int32)

    @cached_property
    def unseen(self) -> Floats:
        """The scores of the items that could be recommended."""
        return np.delete(self.scores, self.left_out)

    @cached_property
    def ranks(self) -> list[str]:
        """What to print as rank: "1", "2=", "2=", "4": items with equal scores share a rank."""
        scores = self.scores[self.top]
        first = [int(np.flatnonzero(scores == score)[0]) + 1 for score in scores]
        return [f"{rank}{'=' if first.count(rank) > 1 else ''}" for rank in first]

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
    excluded: Ints = NOTHING,
) -> Answer:
    """Ask `model` about `person`. numpy only; k is cut to the items there are.

    Raises BadScores where what the model gives is no score for each item of the data.
    """
    scores = np.asarray(model.scores(person))
    left_out = np.concatenate([person.history, excluded]).astype(np.int32)
    _check(scores, model, data, left_out)
    top = rank(scores, left_out, min(k, data.n_items))
    later: frozenset[int] = frozenset()
    has_held_out = held_out is not None and len(held_out) > 0
    if has_held_out and held_out is not None and person.user is not None:
        later = frozenset(held_out.history(person.user).tolist())
    return Answer(data, model, person, scores, top, later, has_held_out, excluded)


def _check(scores: Floats, model: Any, data: Interactions, left_out: Ints) -> None:
    """Raises BadScores with the rule, the value and the next move."""
    rule = f"{getattr(model, 'label', type(model).__name__)}.scores(user) must give one number for each of the "
    rule += f"{data.n_items} films of the data, float (n_items,)"
    if scores.shape != (data.n_items,):
        raise BadScores(f"{rule}, got an array of shape {scores.shape}; train the model on these data")
    if scores.dtype.kind not in "fiu":
        raise BadScores(f"{rule}, got {scores.dtype} values; return numpy numbers")
    if np.isposinf(scores).any():
        item = int(np.flatnonzero(np.isposinf(scores))[0])
        raise BadScores(f"{rule}, got infinity for {film_label(data, item)}; look for a division by zero")
    could = np.delete(scores, left_out)
    if len(could) and not np.isfinite(could).any():
        raise BadScores(f"{rule}, got no finite number ({could[0]} first); look at what `scores` computes")


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


def no_share(found: Answer) -> str:
    """Why the shares of the softmax say nothing of this answer, as a sentence; "" where they say something.

    They do not where all scores are equal, where the list is all that can be recommended, or where the scores are so
    far apart that 100.0 % is one item's, or the list's: then it is the size of the scores that is seen.
    """
    scores, k = np.sort(found.unseen[np.isfinite(found.unseen)].astype(np.float64))[::-1], len(found.top)
    if not k or not np.isfinite(found.scores[found.top]).all():
        return ""
    if len(scores) > 1 and scores[0] == scores[-1]:
        return f"All {len(scores):,} scores are the same: nothing here tells one {found.data.noun} from another."
    if len(scores) <= k:
        films = f"{k} {found.data.noun}{'' if k == 1 else 's'}"
        return f"Only {films} can be recommended: the share is 100 %, whatever the scores are."
    shares, whole = softmax_shares(found.scores[found.top], found.unseen)
    for held, n, first in ((shares[0], 1, "The first score is"), (whole, k, f"The first {k} scores are")):
        if held >= 0.9995:
            return f"{first} {scores[n - 1] - scores[n]:,.3g} above the next: softmax makes 100 % of any such gap."
    return ""


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
