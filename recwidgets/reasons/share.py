"""How much of a list is personal: answers with less of the average user's query, and what that costs all users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import metrics
from ..core import Floats, Recommendations, Who, person_of
from ..data import Interactions
from ..protocols import Vectors
from ..ranking import check_k, check_scored, rank, recommend_all_in_steps, vectors_in_steps
from ..steps import Steps, drain
from .asked import known_data
from .usual import usual

ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class PersonalShare:
    """A person's list without so much (alpha) of the average user's query.

    shared: how many of its items the average user would get too, in a list as long of the same unseen items.
    """

    alpha: float
    recommendations: Recommendations
    shared: int

    @property
    def of(self) -> int:
        return len(self.recommendations.items)


class PersonalCurve(NamedTuple):
    """What a list gives all users, by alpha: float64 (len(alphas),) each.

    accuracy: share of the held-out rows in their user's first 10. novelty: mean bits, -log2(share of users who rated
    it), of all users' first 10. shared: mean number of the first 10 that the average user would get too.
    """

    alphas: tuple[float, ...]
    accuracy: NDArray[np.float64]
    novelty: NDArray[np.float64]
    shared: NDArray[np.float64]


def personal_share(model: Any, data: Interactions, user: Who, alpha: float = 0.0, k: int = 10) -> PersonalShare:
    """The first k items for the query q − alpha · q̄, where q̄ is the mean query of all users.

    alpha: 0 = as trained, 1 = what is this person's alone. A score is linear in the query, so that of q − alpha · q̄ is
    the person's score less alpha times the mean of all users' scores. Items seen are left out.
    Raises ValueError for an alpha outside 0 … 1 or a k beyond the catalogue.
    """
    alpha, k = _checked(alpha), check_k(k, data.n_items)
    known = known_data(model, data)
    person = person_of(known if isinstance(user, (str, int, np.integer)) else data, user)
    scores, average = np.asarray(model.scores(person)), usual(model, known).scores
    check_scored(scores.shape, data)
    seen = person.history if person.user is None else np.union1d(person.history, data.history(person.user))
    left = np.asarray(scores - alpha * average, np.float32)
    index = rank(left, seen, k)
    theirs = rank(average, seen, k)
    items = Recommendations(tuple(data.items[index].tolist()), tuple(data.titles[index].tolist()), left[index], index)
    return PersonalShare(alpha, items, len(np.intersect1d(index, theirs)))


def personal_curve(
    model: Any, data: Interactions, held_out: Interactions, alphas: Sequence[float] = ALPHAS, k: int = 10
) -> PersonalCurve:
    """Accuracy and novelty of all users' first k for each alpha; `held_out` are validation rows, seen items left out.

    For a model with query vectors. Raises ValueError for one without, and where nothing is held out.
    """
    curve: PersonalCurve = drain(personal_curve_in_steps(model, data, held_out, alphas, k))
    return curve


def personal_curve_in_steps(
    model: Any, data: Interactions, held_out: Interactions, alphas: Sequence[float] = ALPHAS, k: int = 10
) -> Steps[PersonalCurve]:
    """`personal_curve`, which may be left between two blocks of users."""
    if not isinstance(model, Vectors):
        label = getattr(model, "label", type(model).__name__)
        raise ValueError(f"{label} has no query vectors; a curve over all users needs model.vectors()")
    if not len(held_out):
        raise ValueError("held_out holds no row, so there is no accuracy; split with validation=0.1")
    k = check_k(k, data.n_items)
    queries, items = yield from vectors_in_steps(model)
    average = usual(model, known_data(model, data)).query
    assert average is not None
    average_user = _Vectors(np.broadcast_to(average, queries.shape), items)
    theirs = yield from recommend_all_in_steps(average_user, data, k)  # their own unseen items
    asked = tuple(_checked(alpha) for alpha in alphas)
    found = np.zeros((3, len(asked)))
    for n, alpha in enumerate(asked):
        lists = yield from recommend_all_in_steps(_Vectors(queries - np.float32(alpha) * average, items), data, k)
        found[0, n] = metrics.top_k_accuracy(lists, held_out, k)
        found[1, n] = np.nanmean(metrics.novelty(lists, data.n_raters, data.n_users, k))
        found[2, n] = _in_common(lists, theirs, data.n_items) / data.n_users
    return PersonalCurve(asked, *found)


class _Vectors(NamedTuple):
    """As much of a model as `recommend_all` asks for."""

    queries: Floats
    items: Floats

    def vectors(self) -> tuple[Floats, Floats]:
        return self.queries, self.items


def _in_common(one: NDArray[Any], other: NDArray[Any], n_items: int) -> int:
    """How many items two tables of lists share row by row, -1 (the list has ended) left out."""
    row = np.arange(len(one))[:, None] * n_items
    return len(np.intersect1d((row + one)[one >= 0], (row + other)[other >= 0]))


def _checked(alpha: float) -> float:
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float, np.number)) or not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be a number from 0 (as trained) to 1 (the person's alone), got {alpha!r}")
    return float(alpha)
