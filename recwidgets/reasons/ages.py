"""The smallest set of items for a model that weighs by age: what is taken out makes all older items younger.

For one rival and a number k of items to go, what is left has n − k items, so the weight of each age is known. Which k
to take is a shortest path: item j (0 = newest) is kept at age j − r, where r is how many newer ones are gone, or it
goes and r grows. The path with the least sum is found for all rivals at once; k grows from 1 until one sum is negative.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core import Ints
from .asked import Asked

MOST = 12  # items that may go; more is no answer to "how close is it"
ROUNDED = -1e-6  # a sum below this is negative in float32 scores, too
Array = NDArray[Any]


class Found(NamedTuple):
    """items: in the order in which they weigh; the first `enough` of them let the rival ahead (-1: none does)."""

    items: Ints
    enough: int
    rival: int


NONE_FOUND = Found(np.zeros(0, np.int32), 0, -1)


class Contributions(NamedTuple):
    """What items contribute to the one item beyond each rival, newest first, before the weights are applied.

    near: (some, means, rivals), those that may lie in the window. older: (n, rivals), were each all that lies before.
    deep: of the rows of `older` from `start` on, which lie before the window in any case, the largest of each rival,
    (≤ MOST, rivals); rest: the sum of all of those rows, (rivals,).
    """

    near: Array
    older: Array
    start: int
    deep: Array
    rest: Array


def fewest_by_age(asked: Asked, rivals: Ints) -> Found:
    """The fewest items, up to 12, without which one of the rivals is ahead."""
    assert asked.terms is not None
    newest = asked.person.history[::-1]
    apart = (asked.vectors[asked.item] - asked.vectors[rivals]).T  # (dim, rivals)
    own = (asked.terms.own + asked.terms.base) @ apart
    given = _contributions(asked, newest, apart)
    for count in range(1, min(MOST, len(newest) - 1) + 1):
        ahead = np.flatnonzero(_least(asked, given, len(newest), count)[0] + own < ROUNDED)
        if len(ahead):
            best = int(ahead[0])
            one = _contributions(asked, newest, apart[:, [best]])
            return Found(newest[_least(asked, one, len(newest), count)[1]], count, int(rivals[best]))
    return NONE_FOUND


def _contributions(asked: Asked, newest: Ints, apart: Array) -> Contributions:
    start = min(len(asked.model.weights(len(newest))) + MOST, len(newest))
    near, older = asked.model.by_age(newest[:start], apart), asked.model.before_window(newest, apart)
    later = older[start:]
    most = min(MOST, len(later))
    # a rival in a row: numbers that lie side by side are sorted several times as fast
    largest = np.partition(np.negative(later.T, order="C"), most - 1, axis=1)[:, :most] if most else later.T
    return Contributions(near, older, start, -largest.T, later.sum(0))


def _least(asked: Asked, given: Contributions, n: int, count: int) -> tuple[Array, Ints]:
    """(the least sum that `count` items less leave, for each rival; which these are, for the first rival)."""
    weights = asked.model.weights(n - count).astype(np.float64)  # (ages, means)
    share, window = asked.model.older_share(n - count), len(weights)
    reach = min(n, window + count)  # whoever comes later lies before the window in any case
    sums = np.full((count + 1, given.older.shape[1]), np.inf)  # by how many are gone
    sums[0] = 0.0
    went = np.zeros((reach, count + 1), np.bool_)  # on the first rival's path
    for item in range(reach):
        ages = item - np.arange(count + 1)
        inside = (ages >= 0) & (ages < window)
        value = np.where((ages >= window)[:, None], share * given.older[item], 0.0)
        value[inside] = weights[ages[inside]] @ given.near[item]
        kept, out = sums + value, np.full_like(sums, np.inf)
        out[1:] = sums[:-1]
        went[item] = out[:, 0] < kept[:, 0]
        sums = np.minimum(kept, out)
    # of those further back the largest go: the few up to `start`, and the largest beyond
    further = given.older[reach : given.start]
    largest = share * -np.sort(-np.concatenate([further, given.deep]), axis=0)[:count]
    taken = np.concatenate([np.zeros((1, sums.shape[1])), np.cumsum(largest, axis=0)])
    totals = np.full_like(sums, np.inf)
    for near in range(count + 1 - len(taken[: count + 1]), count + 1):
        totals[near] = sums[near] - taken[count - near]
    r = int(np.argmin(totals[:, 0]))
    gone = (reach + np.argsort(-given.older[reach:, 0], kind="stable")[: count - r]).tolist()
    for item in range(reach - 1, -1, -1):
        if r and went[item, r]:
            gone.append(item)
            r -= 1
    return totals.min(0) + share * (further.sum(0) + given.rest), np.array(sorted(gone), np.int32)
