"""What can be said of all users' lists: how often they are right, and how much they have in common."""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import metrics
from ..data import Split
from ..ranking import recommend_all_in_steps
from ..steps import Steps, in_steps

DEPTH = 10  # of a list


class AllUsers(NamedTuple):
    """accuracy: top-10, on validation rows, NaN without any. shared: items that two users' lists have in common, in
    the mean, of `depth`. alike: how similar what reaches two users is, hop by hop, for a model that has hops.
    """

    accuracy: float
    shared: float
    depth: int = DEPTH
    alike: tuple[float, ...] = ()


def measure_in_steps(model: Any, split: Split) -> Steps[AllUsers]:
    """Rank all items for all users of `split.train`; may be left between two blocks of users.

    The test rows are not looked at.
    """
    depth = min(DEPTH, split.train.n_items)
    ranked = yield from recommend_all_in_steps(model, split.train, depth)
    alike = getattr(model, "alike_in_steps", None) or getattr(model, "alike", None)
    hops = () if alike is None else tuple((yield from in_steps(alike())))
    accuracy = metrics.top_k_accuracy(ranked, split.validation, depth)
    return AllUsers(accuracy, depth * metrics.overlap(ranked), depth, hops)
