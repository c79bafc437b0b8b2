"""Nearest neighbours: a user's query is the weighted mean of the users who are near in the embedding space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..core import Floats, Ints, Knob, Part, Person, Terms, Who, person_of
from ..data import Interactions
from ..graph import items_of_users, mean_over, mean_over_in_steps
from ..ranking import BLOCK, Padded, candidates, no_number_last
from ..steps import Steps
from ._base import read_only
from ._constants import LEAST, POWER, SIMILARITIES, K
from ._tfrs import TfrsRecommender

TIED = 2e-6  # nearness that rounding may order either way
FEW = 64  # rows whose neighbours' values are averaged at a time, so that they stay in the processor's cache


class KNN(TfrsRecommender):
    """k nearest neighbours in the space of embeddings.

    A user's vector is the mean of the embeddings of the items in the history; the query is the weighted mean
    of the values of the k nearest users (their vector plus their own embedding). Not the textbook vote
    of k neighbours: embeddings are averaged, not ratings. dim: length of the embeddings. Snapshot:
    "users" (n_users, dim), "films_in" and "films_out" (n_items, dim).
    """

    name: ClassVar[str] = "knn"
    label: ClassVar[str] = "Nearest neighbours"
    chart: ClassVar[str] = "polygon"
    batches: ClassVar[int] = 7
    seeds: ClassVar[int] = 4
    arrays: ClassVar[Mapping[str, tuple[int | str, ...]]] = {
        "users": ("n_users", "dim"),
        "films_in": ("n_items", "dim"),
        "films_out": ("n_items", "dim"),
    }
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob("k", "Neighbours k", 1, 100, K, True, "1 = a single twin; more = more of what is popular."),
        Knob("similarity", "Similarity", 0, 0, "cosine", True,
             "A dot product favours marked tastes, a distance people near the middle.", choices=SIMILARITIES),
    )  # fmt: skip

    def __init__(
        self, dim: int = 128, *, seed: int = 0, epochs: int = 29, learning_rate: float = 0.03,
        backend: str | None = None, **knobs: float | str,
    ) -> None:  # fmt: skip
        super().__init__(dim, seed=seed, epochs=epochs, learning_rate=learning_rate, backend=backend, **knobs)

    def _network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        from ..nets.knn import KNNModel

        # a class of a learner's own may come without the second knob
        similarity = knobs.get("similarity", SIMILARITIES[0])
        return KNNModel(data, self.dim, int(knobs["k"]), similarity, self.seed)

    def _numpy_network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        from ..nets.knn_numpy import KNNNumpy

        return KNNNumpy(data, self.dim, int(knobs["k"]), knobs.get("similarity", SIMILARITIES[0]), self.seed)

    def _tables(self, net: Any) -> dict[str, Any]:
        return {
            "users": net.user_embedding.embeddings,
            "films_in": net.movie_embedding.embeddings,
            "films_out": net.items(),
        }

    # -- numpy ---------------------------------------------------------------------------------------

    def _items(self) -> Floats:
        return self._snapshot["films_out"]

    def user_vectors(self) -> Floats:
        """Each user's vector, the mean of the embeddings of their items: float32 (n_users, dim)."""
        data = self._trained()
        return self._cached(
            "user vectors", lambda: read_only(mean_over(items_of_users(data), self._snapshot["films_in"]))
        )

    def ready_in_steps(self) -> Steps[None]:
        data, cache = self._trained(), self._cache
        if "user vectors" not in cache:
            users = yield from mean_over_in_steps(items_of_users(data), self._snapshot["films_in"])
            if cache is self._cache:  # else it has learned meanwhile
                self._cached("user vectors", lambda: read_only(users))
        yield
        self._nearness()
        yield

    def _keys(self) -> tuple[Floats, Floats, Floats]:
        """(keys: the user vectors less their mean, that mean, values: what is averaged)."""

        def make() -> tuple[Floats, Floats, Floats]:
            users = self.user_vectors()
            centre = users.mean(0)
            return users - centre, centre, users + self._snapshot["users"]

        return self._cached("keys", make)

    def user_vector(self, person: Person) -> Floats:
        """The mean of the embeddings of a person's items: (dim,); zeros without a history."""
        items = self._snapshot["films_in"]
        return items[person.history].mean(0) if len(person.history) else np.zeros(items.shape[1], np.float32)

    def neighbours(self, person: Person) -> tuple[Ints, Floats]:
        """The k nearest users, nearest first, and their weights, which sum to one; none without a history."""
        if not len(person.history):
            return np.zeros(0, np.int32), np.zeros(0, np.float32)
        asked = person.user, person.history.tobytes(), person.without
        return self._last("neighbours", asked, lambda: self._nearest(person))

    def _nearest(self, person: Person) -> tuple[Ints, Floats]:
        keys, centre, _ = self._keys()
        place, lengths = self.user_vector(person) - centre, self._nearness().lengths
        near = nearness(self.values["similarity"], place, keys, lengths)  # (n_users,)
        near[list(person.without)] = -np.inf
        if person.user is not None:
            near[person.user] = -np.inf  # nobody is their own neighbour
        k = min(int(self.values["k"]), int(np.isfinite(near).sum()))
        nearest = np.argsort(-near, kind="stable")[:k].astype(np.int32)
        weight = np.maximum(near[nearest], LEAST) ** POWER
        nearest.flags.writeable = False
        return nearest, read_only((weight / weight.sum()).astype(np.float32))

    def _query(self, person: Person) -> Floats:
        nearest, weight = self.neighbours(person)
        return np.asarray(weight @ self._keys()[2][nearest], np.float32)

    def _queries(self) -> Steps[Floats]:
        """All users' queries: a product in blocks, and the k nearest of each row; as `_query`, but for rounding."""
        data, values = self._trained(), self._keys()[2]
        if type(self).neighbours is not KNN.neighbours:  # a derived class finds them in its own way
            return (yield from self._queries_one_by_one())
        yield
        queries = np.zeros((data.n_users, values.shape[1]), np.float32)
        for rows, index, near, tied in self._all_nearest():
            queries[rows[~tied]] = mean_of(values, index, near)
            for row in rows[tied]:
                queries[row] = self._query(Person(int(row), data.history(int(row))))
            yield
        queries[np.diff(data.by_user.indptr) == 0] = 0.0  # nobody is asked for somebody without history
        return queries

    def _all_nearest(self) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[Any], NDArray[np.bool_]]]:
        """Blocks of users (n,), and what `NearnessOfMany.nearest` says of them; nothing where nobody else is there."""
        keys, near = self._keys()[0], self._nearness()
        n, k = len(keys), min(int(self.values["k"]), len(keys) - 1)
        step = min(n, max(1, BLOCK // n))
        out = np.empty((step, n), np.float32)
        for first in range(0, n if k > 0 else 0, step):
            some = slice(first, min(first + step, n))
            rows = np.arange(some.start, some.stop)
            block = near.of(keys[some], out[: len(rows)], None if near.units is None else near.units[some])  # (rows, n)
            block[np.arange(len(rows)), rows] = -np.inf  # nobody is their own neighbour
            yield rows, *near.nearest(block, k)

    def _nearness(self) -> NearnessOfMany:
        return self._cached("nearness", lambda: NearnessOfMany(self.values["similarity"], self._keys()[0]))

    def terms(self, user: Who, k: int | None = None) -> Terms:
        """What each of the k nearest (None: as the knob says) contributes, nearest first; they add up to the query."""
        wide = self.at()  # the same space, and a knob that may be past its end
        wide.values["k"], wide._cache["keys"] = self.values["k"] if k is None else k, self._keys()
        wide._cache["nearness"] = self._nearness()
        nearest, weight = wide.neighbours(person_of(self._trained(), user))
        values = (weight[:, None] * self._keys()[2][nearest])[:, None]  # (k, 1, dim)
        none = np.zeros(values.shape[2], np.float32)
        return Terms("neighbours", nearest, values, ("neighbours",), weight, none, none)

    def average_terms(self) -> Terms:
        """The mean of `terms` over all users with a history, in one row: the average user."""
        some = np.diff(self._trained().by_user.indptr) > 0
        mean = self.vectors()[0][some].mean(0)
        none, one = np.zeros_like(mean), np.ones(1, np.float32)
        return Terms("neighbours", np.array([-1], np.int32), mean[None, None], ("neighbours",), one, none, none)

    def films_of(self, neighbour: int, item: int) -> tuple[Ints, Floats, float]:
        """What a neighbour's own films bring to an item, were this neighbour the only one that is asked.

        Returns (their items, what each adds (n,), what the own embedding adds): a value is the mean of the embeddings
        of the items plus the own embedding, so its product with the item's vector is the sum of these.
        """
        items, target = self._trained().history(neighbour), self._items()[item]
        values = self._snapshot["films_in"][items] @ target / max(len(items), 1)
        return items, np.asarray(values, np.float32), float(self._snapshot["users"][neighbour] @ target)

    def alone(self, items: Ints) -> Floats:
        """The query vectors of histories of one film each, float32 (n, dim); as `query`, but for rounding."""
        keys, centre, values = self._keys()
        k, near = min(int(self.values["k"]), len(keys)), self._nearness()
        queries = np.zeros((len(items), values.shape[1]), np.float32)
        for first in range(0, len(items), step := max(1, BLOCK // len(keys))):
            some = items[first : first + step]
            index, close, tied = near.nearest(near.of(self._snapshot["films_in"][some] - centre), k)
            queries[first + np.flatnonzero(~tied)] = mean_of(values, index, close)
            for row in np.flatnonzero(tied):
                queries[first + row] = self._query(Person(None, np.asarray(some[row : row + 1])))
        return queries

    def _parts(self, person: Person, item: int) -> Iterator[Part]:
        users = self._trained().users
        nearest, weight = self.neighbours(person)
        products = self._keys()[2][nearest] @ self._items()[item]  # (k,)
        for user, product, share in zip(nearest.tolist(), products.tolist(), weight.tolist(), strict=True):
            yield Part(f"user {users[user]}", "neighbour", share * product, user, share, ((share, product),))


def nearness(similarity: str, query: Floats, keys: Floats, lengths: Floats | None = None) -> Floats:
    """How near keys (n, dim) are to a user's vector (dim,), both less the mean of all keys: float32 (n,).

    "cosine": of the angle between them. "dot product": the cosine times the length of the other's
    vector. "distance": 1 / (1 + d), d Euclidean. Lengths are in mean lengths of a key, so that
    the sixth power means the same for each. lengths: of the keys, (n,), where they are known.
    Raises ValueError for another word.
    """
    length = np.linalg.norm(keys, axis=1) if lengths is None else lengths
    if similarity == "cosine":
        return np.asarray(keys @ unit(query) / np.maximum(length, 1e-12), np.float32)
    usual = max(float(length.mean()), 1e-12)
    if similarity == "dot product":
        return np.asarray(keys @ unit(query) / usual, np.float32)
    if similarity == "distance":
        return np.asarray(1 / (1 + np.linalg.norm(keys - query, axis=1) / usual), np.float32)
    raise ValueError(f"similarity must be one of {', '.join(map(repr, SIMILARITIES))}, got {similarity!r}")


class NearnessOfMany:
    """`nearness` of many vectors at once to the same keys, (n_keys, dim), and which of those are nearest.

    Distances are found in float64: as differences of squares they would lose too many digits in float32.
    """

    def __init__(self, similarity: str, keys: Floats) -> None:
        self.lengths = np.linalg.norm(keys, axis=1)
        self.usual = max(float(self.lengths.mean()), 1e-12)
        self.by_distance = similarity == "distance"
        self.units: Floats | None = None  # the keys scaled to length one, where they are just that
        self.keys: NDArray[Any]
        if self.by_distance:
            self.keys = keys.astype(np.float64)
            self.squared = np.einsum("nd,nd->n", self.keys, self.keys)
        else:  # the inner product with a unit vector is the nearness
            scale = np.maximum(self.lengths, 1e-12)[:, None] if similarity == "cosine" else self.usual
            self.keys = np.asarray(keys / scale, np.float32)
            self.units = self.keys if similarity == "cosine" else None

    def of(self, vectors: Floats, out: Floats | None = None, units: Floats | None = None) -> NDArray[Any]:
        """(n, n_keys), the nearer the higher: of vectors (n, dim), as nearness or as minus the squared distance.

        out: float32, where it may be written, which spares the system from clearing so large an array anew. units: the
        vectors scaled to length one, where they are known.
        """
        if not self.by_distance:
            return np.asarray(np.matmul(unit(vectors) if units is None else units, self.keys.T, out=out))
        wide = vectors.astype(np.float64)
        block = wide @ self.keys.T
        block *= 2
        block -= self.squared
        block -= np.einsum("nd,nd->n", wide, wide)[:, None]
        return np.asarray(block)

    def nearest(self, block: NDArray[Any], k: int) -> tuple[NDArray[np.intp], NDArray[Any], NDArray[np.bool_]]:
        """The k nearest of each row of what `of` gives, (m, k) in the order of the keys; how near; and bool (n,).

        It is true for a row whose next one is as near as the k-th, since a product of many rounds otherwise than that
        of one; such rows are not among the m. `block` may be overwritten.
        """
        n = block.shape[1]
        if k < n:
            flat = candidates(block, k + 1)
        else:
            no_number_last(block)
            flat = np.arange(block.size)
        padded, near = Padded(flat, block.shape), block.ravel()[flat]
        if self.by_distance:
            near = 1 / (1 + np.sqrt(np.maximum(-near, 0)) / self.usual)
        some = padded.table(near, -np.inf)
        if some.shape[1] == k:  # nobody is next
            some = np.pad(some, ((0, 0), (1, 0)), constant_values=-np.inf)
        some.partition(some.shape[1] - k - 1, axis=1)  # below this place is what is less near than the k
        kth = some[:, -k:].min(1)
        with np.errstate(invalid="ignore"):  # what is infinitely far or no number is asked for one by one, too
            tied = ~(kth - some[:, -k - 1] >= TIED)
        chosen = near >= np.repeat(np.where(tied, np.nan, kth), padded.count)  # k of each row that is not tied
        places = np.flatnonzero(chosen)
        return padded.column[places].reshape(-1, k), near[places].reshape(-1, k), tied


def mean_of(values: Floats, index: NDArray[np.intp], near: NDArray[Any]) -> Floats:
    """The mean of `values` (n_keys, dim) over the neighbours index (m, k), weighted by their nearness: (m, dim)."""
    close = np.maximum(near, LEAST)
    weight = close.copy()
    for _ in range(POWER - 1):  # close ** POWER, which numpy is slower at
        weight *= close
    weight = (weight / weight.sum(1, keepdims=True)).astype(np.float32)
    sums = np.empty((len(index), values.shape[1]), np.float32)
    kept = np.empty((FEW, index.shape[1], values.shape[1]), values.dtype)
    for first in range(0, len(index), FEW):
        rows = slice(first, first + FEW)
        taken = np.take(values, index[rows], axis=0, out=kept[: len(index[rows])], mode="clip")
        sums[rows] = (weight[rows, None] @ taken)[:, 0]
    return sums


def unit(vectors: Floats) -> Floats:
    """Scaled to length one along the last axis; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)
