"""What can be said of all users' lists: how often they are right, and how much they have in common."""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import metrics
from ..data import Split
from ..ranking import recommend_all

DEPTH = 10  # of a list


class AllUsers(NamedTuple):
    """accuracy: top-10, on validation rows, NaN without any. shared: items that two users' lists have in common, in
    the mean, of `depth`. alike: how similar what reaches two users is, hop by hop, for a model that has hops.
    """

    accuracy: float
    shared: float
    depth: int = DEPTH
    alike: tuple[float, ...] = ()


def measure(model: Any, split: Split) -> AllUsers:
    """Rank all items for all users of `split.train`; the test rows are not looked at."""
    depth = min(DEPTH, split.train.n_items)
    ranked = recommend_all(model, split.train, depth)
    alike = getattr(model, "alike", None)
    hops = () if alike is None else tuple(alike())
    accuracy = metrics.top_k_accuracy(ranked, split.validation, depth)
    return AllUsers(accuracy, depth * metrics.overlap(ranked), depth, hops)
