"""Ranking, written once: for one user, for all users, and how often the lists are right. numpy only."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import metrics
from .core import Floats, Ints, Person, Recommendations, Who, person_of
from .data import Interactions
from .data._arrays import sized
from .protocols import Recommender, Vectors
from .steps import Steps, drain

# scores computed at a time in recommend_all: 8 MB of float32, 16 MB of indices; less in a browser's tab, where there
# are no threads and clicks are answered between two blocks only
BLOCK = 1 << (17 if sys.platform == "emscripten" else 21)
GROUP = 32  # items whose best is looked at first
SHORT = 8  # numbers: products of vectors so short are as quick in small blocks, and popularity's opens every panel


def check_k(k: int, n_items: int) -> int:
    """k as an int between 1 and the catalogue's size, or a clear sentence."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= n_items:
        raise ValueError(f"k must be a whole number from 1 to {n_items} (the films there are), got {k!r}")
    return int(k)


def check_scored(shape: tuple[int, ...], data: Interactions) -> None:
    """A model of other data would be ranked under wrong titles: say so. shape: (items,) or (users, items)."""
    there = (data.n_users, data.n_items)[-len(shape) :]
    if shape != there:
        raise ValueError(
            f"scores must be of the {' × '.join(map(str, there))} {'users × ' * (len(shape) - 1)}films of the data, "
            f"got {' × '.join(map(str, shape))}; pass the interactions that the model was trained on"
        )


def rank(scores: Floats, seen: Ints, k: int) -> Ints:
    """The k best items of one score vector (n_items,): seen left out, ties to the lower index.

    Fewer than k are given where fewer are left; a score that is not a number is never recommended.
    """
    left, k = np.array(as_real(scores)), min(k, len(scores))
    left[seen] = -np.inf
    found = rank_rows(left[None], k)[0] if k > 0 else np.zeros(0, np.int32)
    return found[found >= 0]


def recommend(model: Recommender, data: Interactions, user: Who, k: int = 10, *, seen: bool = False) -> Recommendations:
    """The k items that `model` ranks first for `user`.

    data: the interactions whose items count as seen. user: an id, or a list of item ids (a
    history of one's own). seen=True leaves the items already seen in the list.
    Raises ValueError for k beyond the catalogue, UnknownUser for an id that is not in the data.
    """
    k = check_k(k, data.n_items)
    person = person_of(data, user)
    # an id goes on as an id: the model knows the history that it was trained on, `data` may hold more
    asked = person if isinstance(user, Person) or person.user is None else str(data.users[person.user])
    scores = np.asarray(model.scores(asked))
    check_scored(scores.shape, data)
    index = rank(scores, person.history[:0] if seen else person.history, k)
    return Recommendations(
        tuple(data.items[index].tolist()),
        tuple(data.titles[index].tolist()),
        scores[index].astype(np.float32),
        index,
    )


def recommend_all(
    model: Any, data: Interactions, k: int = 100, *, seen: bool = False, progress: bool = False
) -> NDArray[np.int32]:
    """The k first items of every user, best first: int32 (n_users, k), indices into data.items.

    Rows follow data.users. Seen items are left out unless seen=True; a row with fewer than k
    items left ends in -1. Ties go to the lower index, as in `recommend`. Where the model has
    `vectors`, all are multiplied at once, which rounds otherwise than one user's product: items
    whose scores differ by less than that (1e-6 of the score) may change ranks.
    progress: a bar (tqdm), where it takes longer than a second.
    """
    found: NDArray[np.int32] = drain(recommend_all_in_steps(model, data, k, seen=seen, progress=progress))
    return found


def recommend_all_in_steps(
    model: Any, data: Interactions, k: int = 100, *, seen: bool = False, progress: bool = False
) -> Steps[NDArray[np.int32]]:
    """`recommend_all`, which may be left between two blocks of users."""
    k = check_k(k, data.n_items)
    out = np.full((data.n_users, k), -1, np.int32)
    queries, items = np.empty(0), None
    if isinstance(model, Vectors):
        queries, items = map(as_real, (yield from vectors_in_steps(model)))
        yield
    block_size = BLOCK // 8 if items is not None and items.shape[1] <= SHORT else BLOCK
    step = max(1, block_size // data.n_items)
    transposed = None if items is None else np.ascontiguousarray(items.T)  # (dim, n_items)
    if items is not None:
        check_scored((len(queries), len(items)), data)
    if not seen:
        data.by_user  # noqa: B018  # sorted when it is asked for first: no part of a block
        yield
    if transposed is not None:  # one table for all blocks: the system would clear every new one
        kept = np.empty((min(step, data.n_users), data.n_items), np.result_type(queries, transposed))
    for start in _bar(range(0, data.n_users, step), progress):
        users = range(start, min(start + step, data.n_users))
        if transposed is not None:
            block = np.matmul(queries[start : users.stop], transposed, out=kept[: len(users)])  # (users, n_items)
        else:
            block = np.stack([model.scores(str(data.users[user])) for user in users])
            check_scored(block.shape[1:], data)
            block = as_real(block)
        out[start : users.stop] = _rank_rows(block, None if seen else data, start, k)
        yield
    return out


def vectors_in_steps(model: Vectors) -> Steps[tuple[Floats, Floats]]:
    """model.vectors(), in steps where the model knows how."""
    asked = getattr(model, "vectors_in_steps", None)
    return model.vectors() if asked is None else (yield from asked())


def as_real(values: Any) -> NDArray[Any]:
    """As floating point: whole numbers have no minus infinity, and their products overflow."""
    array = np.asarray(values)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _bar(steps: range, shown: bool) -> Iterable[int]:
    """The steps; if shown, with a bar once they have taken a second."""
    if not shown:
        return steps
    from tqdm.auto import tqdm

    bar: Iterable[int] = tqdm(steps, desc="Ranking all films", unit="block", delay=1, leave=False)
    return bar


def rank_rows(block: Floats, k: int) -> NDArray[np.int32]:
    """The k best of each row of (rows, n_items), best first, ties to the lower index, -1 where fewer are left.

    `block` may be overwritten.
    """
    return _rank_rows(block, None, 0, k)


def _rank_rows(block: Floats, data: Interactions | None, start: int, k: int) -> NDArray[np.int32]:
    """rank() for the users start, start + 1, … at once. `block` (users, n_items) is overwritten."""
    rows, n_items = block.shape
    if data is not None:
        indptr = data.by_user.indptr
        seen = data.by_user.items[indptr[start] : indptr[start + rows]]
        count = sized(np.diff(indptr[start : start + rows + 1]))
        block[np.repeat(np.arange(rows), count), seen] = -np.inf
    if k < n_items:
        flat = candidates(block, k)
        padded = Padded(flat, block.shape)
        item, best = padded.table(padded.column, 0), padded.table(block.ravel()[flat], -np.inf)
    else:
        no_number_last(block)
        item, best = np.broadcast_to(np.arange(n_items), block.shape), block
    order = np.argsort(-best, axis=1, kind="stable")[:, :k]
    top = np.take_along_axis(item, order, 1)
    return np.where(np.take_along_axis(best, order, 1) > -np.inf, top, -1).astype(np.int32)


class Padded:
    """Places in block.ravel(), ascending, as a padded table: the block's row n is its row n, from the left."""

    def __init__(self, flat: NDArray[np.intp], shape: tuple[int, ...]) -> None:
        rows, n = shape
        first = np.searchsorted(flat, np.arange(rows + 1) * n)
        self.count = np.diff(first)  # places of each row; its other cells are empty
        self.shape = rows, int(self.count.max(initial=0))
        self.cell = np.arange(len(flat)) + np.repeat(np.arange(rows) * self.shape[1] - first[:-1], self.count)
        self.column = flat - np.repeat(np.arange(rows) * n, self.count)  # of each place, in its row of the block

    def table(self, values: NDArray[Any], empty: Any) -> NDArray[Any]:
        """The values of the places in their cells: (rows, the most places of a row)."""
        out = np.full(self.shape, empty, values.dtype)
        out.ravel()[self.cell] = values
        return out


def no_number_last(block: Floats) -> None:
    """What is not a number becomes minus infinity, in place."""
    if np.isnan(block.min(initial=np.inf)):  # the least is NaN where any is, and costs no second table
        block[np.isnan(block)] = -np.inf


def candidates(block: Floats, k: int) -> NDArray[np.intp]:
    """Places in block.ravel(), ascending: at least the k best of each row, ties to the lower index, and few others.

    k is at most the number of items. What is not a number is none of them, and may be overwritten with minus infinity.
    """
    rows, n_items = block.shape
    groups = max(n_items // GROUP, min(n_items // 8, 4 * k))  # of few groups one holds several of the best too often
    if groups >= 2 * k:  # k groups whose best is so high have k items as high: the table is read, not sorted
        best = _best_of_groups(block, groups)
        if np.isnan(best.max(initial=-np.inf)):
            no_number_last(block)
            best = _best_of_groups(block, groups)
        edge = np.partition(best, groups - k, axis=1)[:, groups - k]
        flat = _places(block >= edge[:, None])
        if len(flat) <= 2 * rows * k:
            return flat
    no_number_last(block)
    edge = np.partition(block, n_items - k, axis=1)[:, n_items - k]  # the k-th best score of each row
    flat = np.flatnonzero(block >= edge[:, None])  # lower index first within a row, which keeps ties in order
    if len(flat) > rows * k:  # a tie across the k-th rank: the rule wants the lowest indices of it
        row = flat // n_items
        above = block.ravel()[flat] > edge[row]
        tied = np.flatnonzero(~above)
        nth = np.arange(len(tied)) - np.searchsorted(row[tied], row[tied])  # of the tie, in its row
        room = k - np.bincount(row[above], minlength=rows)
        above[tied[nth < room[row[tied]]]] = True
        flat = flat[above]
    return flat


def _best_of_groups(block: Floats, groups: int) -> Floats:
    """The best of each group of a row, (rows, groups); NaN where one of it is. The last n_items % groups are left."""
    rows, size = len(block), block.shape[1] // groups
    # a group is every groups-th item: read in order, without a copy
    best: Floats = block[:, : size * groups].reshape(rows, size, groups).max(axis=1)
    return best


def _places(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """np.flatnonzero of a mask of which little is true: eight of it are looked at in one number."""
    flat = mask.ravel()
    whole = len(flat) // 8 * 8
    eights = flat[:whole].view(np.uint64)
    some = np.flatnonzero(eights != 0)
    within = np.flatnonzero(eights[some].view(np.bool_))
    return np.concatenate([some[within >> 3] * 8 + (within & 7), whole + np.flatnonzero(flat[whole:])])


def held_out_accuracy(model: Any, train: Interactions, held_out: Interactions, k: int = 10) -> float:
    """Top-k accuracy on held-out rows, seen items left out: the point on a training curve."""
    accuracy: float = drain(held_out_accuracy_in_steps(model, train, held_out, k))
    return accuracy


def held_out_accuracy_in_steps(model: Any, train: Interactions, held_out: Interactions, k: int = 10) -> Steps[float]:
    """`held_out_accuracy`, which may be left between two blocks of users."""
    k = min(k, train.n_items)
    ranked = yield from recommend_all_in_steps(model, train, k)
    return metrics.top_k_accuracy(ranked, held_out, k)
