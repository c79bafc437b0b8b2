"""What the average user gets: all users' mean query and the 100 items that it ranks first; the top 10 of one item."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..core import Floats, Ints, Terms
from ..data import Interactions
from ..protocols import SumsTerms, Vectors
from ..ranking import check_scored, rank, rank_rows

POPULAR = 100  # items that stand for what all users get
TOP = 10  # a vote is a place among so many
KEPT = 8  # snapshots and settings of the knobs whose averages are kept, each half a megabyte for 10,000 items
ASKED = 1000  # users whose scores are averaged, where a model has no vectors
BLOCK = 128  # histories at a time, so that a block stays in the cache

T = TypeVar("T")
NOBODY = np.zeros(0, np.int32)
Array = NDArray[Any]
_LOCK = threading.RLock()
_KNOWN: list[tuple[weakref.ref[Any], Any, Usual]] = []  # (snapshot, model and knobs, averages), the last used last


class Usual:
    """What a model's view gives the average user, found when first asked for.

    model: a view; what is asked of it later must be asked of the same snapshot and knobs.
    """

    def __init__(self, model: Any, data: Interactions) -> None:
        self.data = data
        self._lock = threading.RLock()
        self._found: dict[str, Any] = {}
        self._tops = np.full((data.n_items, TOP), -1, np.int32)  # of a history of this one item
        self._asked = np.zeros(data.n_items, np.bool_)
        self.items: Floats | None = None  # (n_items, dim), where the model has vectors
        self.query: Floats | None = None  # (dim,), the mean query
        self.scores = self._mean_scores(model)  # (n_items,)
        check_scored(self.scores.shape, data)
        self.popular: Ints = rank(self.scores, np.zeros(0, np.int32), POPULAR)

    def _mean_scores(self, model: Any) -> Floats:
        """What the average user gets: the mean score of all users with a history, which is that of their mean query."""
        some = np.flatnonzero(np.diff(self.data.by_user.indptr))
        some = some if len(some) else np.arange(self.data.n_users)
        if isinstance(model, Vectors) and callable(model.vectors):
            # found on the class: a wrapper hands on what it does not know, and may have vectors of its own
            average: Any = getattr(type(model), "average_vectors", None)
            if average is not None:
                self.query, self.items = map(np.asarray, average(model))
            else:
                queries, self.items = model.vectors()
                self.query = queries[some].mean(0)
            return np.asarray(self.items @ self.query, np.float32)
        users = self.data.users[some[np.linspace(0, len(some) - 1, min(ASKED, len(some))).astype(int)]]
        total = np.zeros(self.data.n_items)
        for user in users.tolist():
            scores = np.asarray(model.scores(user))
            check_scored(scores.shape, self.data)
            total += scores
        return np.asarray(total / len(users), np.float32)

    def average_rank(self, item: int, left_out: Ints = NOBODY) -> int:
        """The rank of an item for the average user among all items but `left_out`, from 1; ties to the lower index.

        left_out: what the person compared with is not recommended, (n,): then both ranks are of the same items, and
        the items of rank 1 to 10 are the average user's top 10. The item itself is ranked in any case.
        """
        mine = self.scores[item]
        ahead = self.scores > mine
        ahead[:item] |= self.scores[:item] == mine
        ahead[left_out] = False
        return int(ahead.sum()) + 1

    def terms(self, model: SumsTerms) -> Terms:
        return self._once("terms", model.average_terms)

    def tops(self, model: Any, items: Ints) -> Ints:
        """The top 10 of a history of each item alone, that item left out: int32 (n, 10), -1 where there are fewer."""
        model = getattr(model, "as_trained", model)
        with self._lock:
            new = items[~self._asked[items]]
            if len(new):
                self._tops[new] = self._tops_alone(model, new)
                self._asked[new] = True
            return self._tops[items]

    def forget(self) -> None:
        """Drop the top 10 of single items: the next person is asked about anew, as a benchmark wants it."""
        with self._lock:
            self._asked[:] = False

    def _tops_alone(self, model: Any, items: Ints) -> Ints:
        """Rank all items for histories of one item each."""
        if isinstance(model, SumsTerms) and self.items is not None:
            queries = model.alone(items)
            first = np.asarray(model.scores([str(self.data.items[items[0]])]))
            # a class derived from a model may answer in its own way: then it is asked one by one
            if np.allclose(self.items @ queries[0], first, rtol=1e-3, atol=1e-4):
                return top_products(queries, self.items, items)
        tops = np.full((len(items), TOP), -1, np.int32)
        for row, item in enumerate(items.tolist()):
            top = rank(np.asarray(model.scores([str(self.data.items[item])])), np.array([item], np.int32), TOP)
            tops[row, : len(top)] = top
        return tops

    def _once(self, name: str, make: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._found:
                self._found[name] = make()
            found: T = self._found[name]
            return found


def usual(model: Any, data: Interactions) -> Usual:
    """The averages of this view. Views of one snapshot with the same knobs share them.

    A model without a snapshot is asked anew each time: nothing says whether it has learned since.
    """
    if isinstance(average := getattr(model, "average", None), Usual):  # a view without so much of all users' taste
        return average
    snapshot = getattr(model, "snapshot", None)
    if snapshot is None:
        return Usual(model, data)
    knobs = (type(model), tuple(sorted(getattr(model, "values", {}).items())))
    with _LOCK:
        for entry in _KNOWN:
            if entry[0]() is snapshot and entry[1] == knobs and entry[2].data is data:
                _KNOWN.remove(entry)
                _KNOWN.append(entry)
                return entry[2]
    found = Usual(model, data)  # outside the lock: another panel need not wait
    with _LOCK:
        alive = [entry for entry in _KNOWN if entry[0]() is not None]
        _KNOWN[:] = [*alive[-KEPT + 1 :], (weakref.ref(snapshot), knobs, found)]
    return found


def top_products(queries: Floats, vectors: Floats, without: Ints) -> Ints:
    """The 10 best of queries (n, dim) · vectors (n_items, dim), item without[n] left out of row n: int32 (n, 10).

    Ties to the lower index; -1 where there are fewer.
    """
    n_items, table = len(vectors), np.ascontiguousarray(vectors.T)  # (dim, n_items)
    tops = np.full((len(queries), TOP), -1, np.int32)
    kept = np.empty((min(BLOCK, len(queries)), n_items), np.float32)
    for first in range(0, len(queries), BLOCK):
        rows = slice(first, min(first + BLOCK, len(queries)))
        scores = np.matmul(queries[rows], table, out=kept[: rows.stop - first])
        scores[np.arange(len(scores)), without[rows]] = -np.inf
        tops[rows, : min(TOP, n_items)] = rank_rows(scores, min(TOP, n_items))
    return tops
