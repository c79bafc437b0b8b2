"""The sequences that the session model is trained on, cut in numpy: what came before a click, and what came after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Ints
from ..data import Interactions
from ..data._arrays import sized
from ..models._constants import WINDOW
from . import settings
from .settings import ALWAYS, TARGETS

OLDER = 32  # items sampled from those before the window, for each training row
NO_ITEM = -1  # pads short histories and the ends of sequences
BATCH = 512  # positions in a batch; more of very many
BATCHES = 256  # the most in an epoch: each step moves every user's embedding, whoever is in it


def histories(data: Interactions, window: int = WINDOW) -> Ints:
    """The last items of every user, newest first, padded with -1: int32 (n_users, window)."""
    end = data.by_user.indptr[1:, None] - 1 - np.arange(window)  # (n_users, window)
    inside = end >= data.by_user.indptr[:-1, None]
    return np.where(inside, data.by_user.items[np.maximum(end, 0)], NO_ITEM).astype(np.int32)


def older_means(data: Interactions) -> tuple[Any, Any]:
    """(indices, values) of a sparse (n_users, n_items): the mean over the items before the window."""
    indptr, items = data.by_user.indptr, data.by_user.items
    count = sized(np.maximum(np.diff(indptr) - WINDOW, 0))
    user = np.repeat(np.arange(data.n_users), count)
    first = np.repeat(indptr[:-1], count) + np.arange(len(user)) - np.repeat(np.cumsum(count) - count, count)
    order = np.lexsort((items[first], user))
    return np.stack([user[order], items[first][order]], 1).astype(np.int64), (1.0 / count[user][order]).astype(
        np.float32
    )


class Clicks:
    """All positions of all sequences, cut into (history, future) on demand: nothing is stored twice."""

    def __init__(self, data: Interactions) -> None:
        indptr, self.items = data.by_user.indptr, data.by_user.items
        lengths = sized(np.diff(indptr))
        self.user = np.repeat(np.arange(data.n_users, dtype=np.int32), lengths)
        self.start, self.end = np.repeat(indptr[:-1], lengths), np.repeat(indptr[1:], lengths)
        self.rows = np.flatnonzero(np.arange(len(self.items)) > self.start)  # something came before

    def cut(self, rows: Any, rng: np.random.Generator, hide: float) -> tuple[Any, Any, Any, Any, Any]:
        """user (batch,), history (batch, WINDOW) newest first, older (batch, OLDER) and which of those are
        hidden, future (batch, TARGETS).

        The items before the window are sampled with replacement instead of all gathered. One that is
        sampled twice is hidden twice or not at all: else it would be input and target at once.
        """
        back = rows[:, None] - 1 - np.arange(WINDOW)
        ahead = rows[:, None] + np.arange(TARGETS)
        start, end = self.start[rows, None], self.end[rows, None]
        history = np.where(back >= start, self.items[np.maximum(back, 0)], NO_ITEM)
        future = np.where(ahead < end, self.items[np.minimum(ahead, len(self.items) - 1)], NO_ITEM)
        count = np.maximum(rows - self.start[rows] - WINDOW, 0)[:, None]  # items before the window
        nth = (rng.random((len(rows), OLDER), np.float32) * count).astype(np.int64)
        older = np.where(count > 0, self.items[start + nth], NO_ITEM)
        mix, shift = rng.integers(1, 101, (len(rows), 1)), rng.integers(0, 101, (len(rows), 1))
        unseen = ((nth * mix + shift) % 101 < 101 * hide).astype(np.float32)
        return (
            self.user[rows], history.astype(np.int32), older.astype(np.int32), unseen, future.astype(np.int32)
        )  # fmt: skip


class Candidates:
    """The items that a step's softmax is over: all of them, or SAMPLED_ITEMS where there are more.

    Then half are the most popular ones, the same in every step: most of what is wanted is among them. Half are drawn
    from the others, and each stands for those that were not drawn: it counts 1 / chance times, both as an item of the
    softmax and as one that is wanted. So its sum, and what is wanted, are those over all items on average.
    """

    def __init__(self, data: Interactions) -> None:
        most, n = settings.SAMPLED_ITEMS, data.n_items
        by_popularity = np.argsort(-data.popularity, kind="stable")
        self.always, self.others = np.split(by_popularity, [int(ALWAYS * most) if n > most else n])
        self.drawn = most - len(self.always) if n > most else 0
        self.chance = np.ones(n, np.float32)  # that an item is in a step
        self.chance[self.others] = self.drawn / max(len(self.others), 1)

    def draw(self, rng: np.random.Generator) -> tuple[Any, Any]:
        """The items of a step, ascending, and the chance that each had: (n,), (n,)."""
        items = np.sort(np.concatenate([self.always, rng.permutation(self.others)[: self.drawn]]))
        return items.astype(np.int32), self.chance[items]


def click_batches(data: Interactions, seed: int, share: float, hide: float) -> tuple[int, Callable[[], Any]]:
    """How many batches an epoch has, and what gives the next: what `Clicks.cut` cuts and `Candidates.draw` draws.

    share: of all positions that one epoch looks at. hide: of the items before the window that a step hides.
    """
    clicks, candidates, rng = Clicks(data), Candidates(data), np.random.default_rng(seed)
    looked_at = int(len(clicks.rows) * share)
    # at least eight batches in an epoch, also of a small data set
    size = min(max(BATCH, -(-looked_at // BATCHES)), max(1, len(clicks.rows)), max(16, looked_at // 8))
    batches = max(1, looked_at // size)
    order: list[Any] = []

    def cut() -> Any:
        if not order:
            order.extend(np.array_split(rng.permutation(clicks.rows)[: batches * size], batches))
        return *clicks.cut(order.pop(), rng, hide), *candidates.draw(rng)

    return batches, cut
