"""The smallest set of items for a model that weighs by age: what is taken out makes all older items younger.

For one rival and a number k of items to go, what is left has n − k items, so the weight of each age is known. Which k to
take is a shortest path: item j (0 = newest) is kept at age j − r, where r is how many newer ones are gone, or it goes
and r grows. The path with the least sum is found for all rivals at once; k grows from 1 until one sum is negative.
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


class Said(NamedTuple):
    """What items say for the one item rather than for each rival, newest first, before the weights are applied.

    near: (some, means, rivals), those that may lie in the window. older: (n, rivals), were each all that lies before it.
    deep: the MOST largest of `older` from row `start` on, (rows, sums), which lie before the window in any case; rest: the
    sum of all of those rows.
    """

    near: Array
    older: Array
    start: int
    deep: Array  # rows (≤ MOST, rivals)
    rest: Array  # (rivals,)


def fewest_by_age(asked: Asked, rivals: Ints) -> Found:
    """The fewest items, up to 12, without which one of the rivals is ahead."""
    assert asked.terms is not None
    newest = asked.person.history[::-1]
    apart = (asked.vectors[asked.item].astype(np.float64) - asked.vectors[rivals]).T  # (dim, rivals)
    own = (asked.terms.own + asked.terms.base) @ apart
    said = _said(asked, newest, apart)
    for count in range(1, min(MOST, len(newest) - 1) + 1):
        least = _least(asked, said, len(newest), count)[0] + own
        ahead = np.flatnonzero(least < ROUNDED)
        if len(ahead):
            best = int(ahead[0])
            alone = _said(asked, newest, apart[:, best : best + 1])
            gone = _least(asked, alone, len(newest), count)[1]
            return Found(newest[gone].astype(np.int32), count, int(rivals[best]))
    return NONE_FOUND


def _said(asked: Asked, newest: Ints, apart: Array) -> Said:
    start = len(asked.model.weights(len(newest))) + MOST
    near, older = asked.model.by_age(newest[:start], apart), asked.model.before_window(newest, apart)
    later = older[start:]
    most = min(MOST, len(later))
    top = np.argpartition(-later, most - 1, axis=0)[:most] if most else np.zeros((0, older.shape[1]), np.int64)
    return Said(near, older, min(start, len(newest)), start + top, later.sum(0))


def _least(asked: Asked, said: Said, n: int, count: int) -> tuple[Array, Ints]:
    """(the least sum that `count` items less leave, for each rival; which these are, for the first rival)."""
    weights = asked.model.weights(n - count).astype(np.float64)  # (ages, means)
    share, window = asked.model.older_share(n - count), len(weights)
    reach = min(n, window + count)  # whoever comes later lies before the window in any case
    sums = np.full((count + 1, said.older.shape[1]), np.inf)  # by how many are gone
    sums[0] = 0.0
    went = np.zeros((reach, count + 1), np.bool_)  # on the first rival's path
    for item in range(reach):
        ages = item - np.arange(count + 1)
        inside = (ages >= 0) & (ages < window)
        value = np.where((ages >= window)[:, None], share * said.older[item], 0.0)
        value[inside] = weights[ages[inside]] @ said.near[item]
        kept = sums + value
        out = np.vstack([np.full((1, sums.shape[1]), np.inf), sums[:-1]])
        went[item] = out[:, 0] < kept[:, 0]
        sums = np.minimum(kept, out)
    # of those further back the largest go: the few up to `start`, and the largest beyond
    some = np.arange(reach, said.start)
    rows = np.vstack([np.broadcast_to(some[:, None], (len(some), sums.shape[1])), said.deep])
    values = share * np.take_along_axis(said.older, rows, 0)
    order = np.argsort(-values, axis=0, kind="stable")[:count]
    taken = np.vstack([np.zeros((1, sums.shape[1])), np.cumsum(np.take_along_axis(values, order, 0), axis=0)])
    totals = np.full_like(sums, np.inf)
    for near in range(max(0, count - len(order)), count + 1):
        totals[near] = sums[near] - taken[count - near]
    r = int(np.argmin(totals[:, 0]))
    gone = rows[order[: count - r, 0], 0].tolist()
    for item in range(reach - 1, -1, -1):
        if r and went[item, r]:
            gone.append(item)
            r -= 1
    return totals.min(0) + share * (said.older[some].sum(0) + said.rest), np.array(sorted(gone), np.int32)
