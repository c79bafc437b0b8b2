"""Ranking metrics: numpy in, numpy out, one value per user (or per held-out row).

`ranked` is int (n_users, depth), best first, -1 where a list has ended; `relevant` is bool
(n_users, n_items): the held-out films of each user. Users without a held-out film are left out
of every mean, and get NaN here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .data import Interactions
from .data._arrays import distinct, sized
from .steps import Steps, drain

Array = NDArray[Any]


def hits(ranked: Array, test: Interactions) -> NDArray[np.bool_]:
    """bool, shaped like `ranked`: is the film at this place among the user's held-out films?"""
    n_items = test.n_items
    held_out = distinct(test.user.astype(np.int64) * n_items + test.item)
    asked = np.arange(len(ranked))[:, None] * n_items + ranked
    if not len(held_out):
        return np.zeros(ranked.shape, bool)
    place = np.minimum(np.searchsorted(held_out, asked), len(held_out) - 1)
    found: NDArray[np.bool_] = (held_out[place] == asked) & (ranked >= 0)
    return found


def n_relevant(test: Interactions) -> Array:
    """How many different films of each user are held out: int (n_users,)."""
    held_out = distinct(test.user.astype(np.int64) * test.n_items + test.item)
    return np.bincount(sized(held_out // test.n_items), minlength=test.n_users)


def top_k_accuracy(ranked: Array, test: Interactions, k: int) -> float:
    """Share of the held-out films that stand in their user's first k: NaN where nothing is held out.

    As TFRS counts its rows, but that a film which a user has in two rows counts once.
    """
    found = hits(ranked[:, :k], test).sum()
    n = n_relevant(test).sum()
    return float(found / n) if n else float("nan")


def per_user(hit: NDArray[np.bool_], relevant: Array, k: int) -> dict[str, Array]:
    """The metrics at k of each user: float (n_users,), NaN where nothing is held out.

    nDCG: binary gains, 1/log2(rank + 1), divided by the best that is possible for this user.
    MAP: precision at each hit, summed, divided by all relevant films (not by min(k, relevant)).
    MRR: 1/rank of the first hit within k.
    """
    hit = hit[:, :k]
    k = hit.shape[1]
    rank = np.arange(1, k + 1)
    gain = 1.0 / np.log2(rank + 1.0)
    ideal = np.concatenate([[np.nan], np.cumsum(gain)])
    n = np.where(relevant > 0, relevant, np.nan)
    precision = np.cumsum(hit, axis=1) / rank
    first = np.argmax(hit, axis=1) + 1.0
    some = hit.any(axis=1)
    missing = np.where(relevant > 0, 0.0, np.nan)
    return {
        "ndcg": (hit * gain).sum(1) / ideal[np.minimum(relevant, k)],
        "recall": hit.sum(1) / n,
        "precision": hit.sum(1) / k + missing,
        "map": (precision * hit).sum(1) / n,
        "mrr": np.where(some, 1.0 / first, 0.0) + missing,
    }


def coverage(ranked: Array, n_items: int, k: int) -> float:
    """Share of the catalogue that stands in at least one user's first k."""
    shown = ranked[:, :k]
    return int(np.count_nonzero(np.bincount(shown[shown >= 0]))) / n_items


def overlap(ranked: Array) -> float:
    """Mean share of their lists that two users have in common: 1 = all users get the same films. 0 for one user."""
    n_users, depth = ranked.shape
    often = np.bincount(ranked[ranked >= 0]).astype(float)
    return float((often * (often - 1)).sum() / (n_users * (n_users - 1) * depth)) if n_users > 1 else 0.0


def novelty(ranked: Array, n_raters: Array, n_users: int, k: int) -> Array:
    """Mean surprise of each user's first k in bits: -log2(share of users who rated the film).

    n_raters: int (n_items,), the users of each film (`train.n_raters`; rows would count somebody twice).
    A film that nobody rated counts as rated by one. float (n_users,).
    """
    bits = -np.log2(np.maximum(n_raters, 1) / n_users)
    shown = ranked[:, :k]
    with np.errstate(invalid="ignore"):
        total = np.where(shown >= 0, bits[shown], 0.0).sum(1)
        mean: Array = total / np.count_nonzero(shown >= 0, axis=1)
    return mean


def resamples(n_users: int, n: int = 1000, seed: int = 0) -> Array:
    """How often each user is drawn, n times: float (n, n_users). Kept for the next metric of the same users."""
    counts: Array = drain(resamples_in_steps(n_users, n, seed))
    return counts


def resamples_in_steps(n_users: int, n: int = 1000, seed: int = 0) -> Steps[Array]:
    """`resamples`, which may be left between some of them."""
    asked = (n_users, n, seed)
    known = _KEPT.get(asked)
    if known is not None:
        return known
    draw, shares = np.random.default_rng(seed), np.full(n_users, 1 / n_users)
    yield  # the first numbers drawn take longer than the others
    counts = np.empty((n, n_users), np.float32)  # whole numbers: exact, in half the memory
    for first in range(0, n, TOGETHER):
        some = counts[first : first + TOGETHER]
        some[:] = draw.multinomial(n_users, shares, size=len(some))
        yield
    counts.setflags(write=False)
    if n_users * n <= 1_000_000:
        _KEPT.clear()
        _KEPT[asked] = counts
    return counts


TOGETHER = 20  # of the resamples, drawn between two steps
_KEPT: dict[tuple[int, int, int], Array] = {}  # the last ones, where they are small


def bootstrap(values: Array, n: int = 1000, seed: int = 0, level: float = 0.95) -> tuple[float, float]:
    """Percentile interval of the mean over users, by resampling users n times."""
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    means = resamples(len(values), n, seed) @ values.astype(float) / len(values)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
