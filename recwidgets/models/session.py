"""The session-based model: the last items, weighed by recency, predict the next."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..core import Floats, Ints, Knob, Part, Person, Snapshot, Terms, Who, film_labels, person_of
from ..data import Interactions
from ..data._arrays import sized
from ..steps import Steps
from ._base import read_only
from ._checks import as_in
from ._constants import WINDOW
from ._tfrs import TfrsRecommender

BLOCK = 64 if sys.platform == "emscripten" else 256  # users whose queries are made at a time
TINY = 1e-38  # the least weight of a recency that has a logarithm


class Session(TfrsRecommender):
    """Session-based recommender: learned recency weights over the last 50 items.

    Items before those count too, as one mean through a map of its own. dim: length of the
    embeddings. Snapshot: "films" (n_items, dim), "bias" (n_items,), "users" (n_users, dim),
    "recency" (50, means), "maps" (means, dim, dim), "before" (dim, dim).
    """

    name: ClassVar[str] = "session"
    label: ClassVar[str] = "Session"
    chart: ClassVar[str] = "columns"
    share: ClassVar[float] = 1 / 6
    arrays: ClassVar[Mapping[str, tuple[int | str, ...]]] = {
        "users": ("n_users", "dim"),
        "films": ("n_items", "dim"),
        "bias": ("n_items",),
        "recency": (50, "means"),
        "maps": ("means", "dim", "dim"),
        "before": ("dim", "dim"),
    }
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob("half_life", "Half-life", 1, 30, math.inf, True,
             "All = as learned; 1 = each film counts half as much as the one after it.", "films", math.inf),
        Knob("window", "Window", 1, WINDOW, WINDOW, True,
             "How many of the last films are weighed one by one; at 50, those before count too, as one mean.", "films"),
    )  # fmt: skip

    def __init__(
        self, dim: int = 64, *, seed: int = 0, epochs: int = 36, learning_rate: float = 0.004,
        backend: str | None = None, **knobs: float | str,
    ) -> None:  # fmt: skip
        super().__init__(dim, seed=seed, epochs=epochs, learning_rate=learning_rate, backend=backend, **knobs)

    def _network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        from ..nets.session import SessionModel

        return SessionModel(data, self.dim, self.seed)

    def _numpy_network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        from ..nets.session_numpy import SessionNumpy

        return SessionNumpy(data, self.dim, self.seed)

    def _batches(self, data: Interactions) -> tuple[int, Callable[[int], Any]]:
        from ..nets.session import click_tensors

        return click_tensors(data, self.seed, self.share)

    def _draws(self, net: Any, data: Interactions) -> tuple[int, Callable[[int], Any]]:
        batches, draw = net.draws(data, self.seed, self.share)
        return batches, draw

    def _tables(self, net: Any) -> dict[str, Any]:
        return {
            "films": net.movie_embedding.embeddings,
            "bias": net.movie_bias.embeddings,
            "users": net.user_embedding.embeddings,
            "log_weights": net.session.log_weights,
            "maps": net.session.maps,
            "before": net.before.kernel,
        }

    def _kept(self, learned: dict[str, Any]) -> dict[str, Any]:
        kept = super()._kept(learned)
        kept["recency"] = np.exp(kept.pop("log_weights"))
        return kept | {"bias": kept["bias"][:, 0].copy(), "maps": kept["maps"].reshape(-1, self.dim, self.dim).copy()}

    def _learned(self, snapshot: Snapshot) -> dict[str, Any]:
        learned = super()._learned(snapshot)
        learned["log_weights"] = np.log(np.maximum(learned.pop("recency"), TINY))
        return learned | {"bias": learned["bias"][:, None], "maps": learned["maps"].reshape(-1, self.dim)}

    # -- numpy ---------------------------------------------------------------------------------------

    def _items(self) -> Floats:
        columns = self._snapshot["films"], self._snapshot["bias"]
        return self._cached("films", lambda: read_only(np.column_stack(columns)))

    def weights(self, n: int) -> Floats:
        """Weight of each of the last n items in each mean, newest first: (≤ 50, means); columns sum to 1."""
        weight = self._faded()[:n]
        return np.asarray(weight / np.maximum(weight.sum(0), 1e-12), np.float32)

    def _faded(self) -> Floats:
        """What each of the last items counts before the weights are scaled to sum to one: (window, means)."""
        weight: Floats = self._snapshot["recency"][: int(self.values["window"])]
        half_life = self.values["half_life"]
        if math.isfinite(half_life):
            weight = weight * 0.5 ** (np.arange(len(weight), dtype=np.float32) / half_life)[:, None]
        return weight

    def _past(self, history: Ints) -> tuple[Ints, float]:
        """The items before the window, newest first, and the weight of each in the query.

        None where the window knob cuts them off; a half-life fades them by the window's age.
        """
        old = history[::-1][WINDOW:]
        if not len(old) or self.values["window"] < WINDOW:
            return old[:0], 0.0
        half_life = self.values["half_life"]
        fade = 1.0 if math.isinf(half_life) else 0.5 ** (WINDOW / half_life)
        return old, fade / len(old)

    def _query(self, person: Person) -> Floats:
        table, weight = self._snapshot["films"], self.weights(len(person.history))
        items, (old, share) = person.history[::-1][: len(weight)], self._past(person.history)
        means = weight.T @ table[items]  # (means, dim)
        query = np.tensordot(means, self._snapshot["maps"], 2)  # (dim,)
        if len(old):
            query = query + share * (table[old].sum(0) @ self._snapshot["before"])
        if person.user is not None:
            query = query + self._snapshot["users"][person.user]
        return np.append(query, np.float32(1.0)).astype(np.float32)

    def _queries(self) -> Steps[Floats]:
        """As `_query`, for all users: gathered and summed for a block of them at a time."""
        by_user, users = self._trained().by_user, self._snapshot["users"]
        ends, queries = by_user.indptr[1:], []
        for start in range(0, len(users), BLOCK):
            block = slice(start, min(start + BLOCK, len(users)))
            lengths = ends[block] - by_user.indptr[:-1][block]
            queries.append(self._of_histories(by_user.items, ends[block], lengths, users[block]))
            yield
        return np.concatenate(queries)

    def _queries_of(self, asked: Sequence[Who]) -> Floats:
        people = [person_of(self._trained(), user) for user in asked]
        own_way = not as_in(self, Session, "query", "_query", "_past", "_faded", "weights")
        if own_way or not all(len(person.history) for person in people):
            return super()._queries_of(asked)
        users, lengths = self._snapshot["users"], np.array([len(person.history) for person in people])
        own = np.stack([np.zeros_like(users[0]) if one.user is None else users[one.user] for one in people])
        return self._of_histories(np.concatenate([one.history for one in people]), np.cumsum(lengths), lengths, own)

    def average_vectors(self) -> tuple[Floats, Floats]:
        """The mean query of all users with a history, (dim,), found without that of each; the items (n_items, dim).

        A mean of queries is the query of a mean: how much of each item all users' means hold.
        """
        own_way = not as_in(self, Session, "vectors", "_query", "_queries", "_past", "_faded", "_all_asked")
        if own_way or not len(self._trained()):
            return super().average_vectors()
        return self._cached("mean of queries", self._mean_of_queries), self._items()

    def _mean_of_queries(self) -> Floats:
        data, shot, weight = self._trained(), self._snapshot, self._faded()
        table, by_user, ages = shot["films"], data.by_user, np.arange(len(weight))
        lengths = sized(np.diff(by_user.indptr))
        some = np.flatnonzero(lengths)
        totals, held = np.maximum(weight.cumsum(0), 1e-12), np.zeros((weight.shape[1], data.n_items))
        for start in range(0, len(some), BLOCK):
            users = some[start : start + BLOCK]
            within = np.minimum(lengths[users], len(ages))
            user, age = np.nonzero(ages < within[:, None])
            items = by_user.items[by_user.indptr[users[user] + 1] - 1 - age]
            for mean, share in enumerate((weight[age] / totals[within[user] - 1]).T):
                held[mean] += np.bincount(items, share, data.n_items)
        query = np.tensordot(held.astype(np.float32) @ table, shot["maps"], 2)  # (dim,)
        if fade := self.older_share(WINDOW + 1):
            count = sized(np.maximum(lengths - WINDOW, 0))
            old = np.arange(len(data)) - np.repeat(by_user.indptr[:-1], lengths) < np.repeat(count, lengths)
            older = np.bincount(by_user.items[old], np.repeat(fade / np.maximum(count, 1), count), data.n_items)
            query = query + older.astype(np.float32) @ table @ shot["before"]
        mean = query / len(some) + shot["users"][some].mean(0)
        return read_only(np.append(mean, np.float32(1.0)).astype(np.float32))

    def _of_histories(self, items: Ints, ends: Any, lengths: Any, own: Floats) -> Floats:
        """The queries of histories that stand one after another, (n, dim + 1).

        items: all of them; history n is items[ends[n] - lengths[n] : ends[n]]. own: own embeddings, (n, dim) or 0.
        """
        shot, weight = self._snapshot, self._faded()
        table, maps, before = shot["films"], shot["maps"], shot["before"]
        means, dim = weight.shape[1], table.shape[1]
        totals, ages = np.maximum(weight.cumsum(0), 1e-12), np.arange(len(weight))
        within = np.minimum(lengths, len(ages))  # how many items are weighed one by one
        there = ages < within[:, None]
        last = table[items[np.where(there, ends[:, None] - 1 - ages, 0)]]  # (n, window, dim)
        last[~there] = 0.0
        scaled = (weight.T @ last) / totals[np.maximum(within - 1, 0)][:, :, None]  # (n, means, dim)
        queries = np.ones((len(ends), dim + 1), np.float32)
        queries[:, :dim] = scaled.reshape(len(last), -1) @ maps.reshape(means * dim, dim) + own
        for row in np.flatnonzero(lengths > WINDOW).tolist():
            old, share = self._past(items[ends[row] - lengths[row] : ends[row]])
            if len(old):
                queries[row, :dim] += share * (table[old].sum(0) @ before)
        return queries

    def terms(self, user: Who) -> Terms:
        """What each film of the history contributes, newest first, the own embedding, and the film's bias as base."""
        person, shot = person_of(self._trained(), user), self._snapshot
        weight, (old, share) = self.weights(len(person.history)), self._past(person.history)
        recent = person.history[::-1][: len(weight)]
        means, dim = weight.shape[1], shot["films"].shape[1]
        # weight · film through its mean's map, all means at once
        mapped = (weight[:, :, None] * shot["films"][recent][:, None]).reshape(-1, means * dim)
        mapped = mapped @ shot["maps"].reshape(means * dim, dim)
        before = share * (shot["films"][old] @ shot["before"])
        vectors = np.zeros((len(mapped) + len(old), 1, dim + 1), np.float32)
        vectors[:, 0, :dim] = np.concatenate([mapped, before])
        shares = np.concatenate([weight.mean(1), np.full(len(old), share)]).astype(np.float32)
        own, base = np.zeros((2, dim + 1), np.float32)
        base[dim] = 1.0  # meets the film's bias
        if person.user is not None:
            own[:dim] = shot["users"][person.user]
        films = np.concatenate([recent, old]).astype(np.int32)
        shares = shares / max(float(shares.sum()), 1e-12)
        return Terms("recent", films, vectors, ("the last films",), shares, own, base)

    def average_terms(self) -> Terms:
        """The mean of `terms` over all users with a history, in one row: the average user."""
        some = np.diff(self._trained().by_user.indptr) > 0
        own = np.append(self._snapshot["users"][some].mean(0), np.float32(0.0))
        base = np.zeros_like(own)
        base[-1] = 1.0
        films = self.average_vectors()[0] - own - base
        nobody, one = np.array([-1], np.int32), np.ones(1, np.float32)
        return Terms("recent", nobody, films[None, None], ("the last films",), one, own, base)

    def alone(self, items: Ints) -> Floats:
        """The query vectors of histories of one film each, float32 (n, dim): a single film has all the weight."""
        mapped = self._snapshot["films"][items] @ self._snapshot["maps"].sum(0)
        return np.column_stack([mapped, np.ones(len(mapped), np.float32)]).astype(np.float32)

    def by_age(self, items: Ints, direction: Floats) -> Floats:
        """What films would contribute in some directions at each age, before the weights are scaled to sum to one.

        items: (n,); direction: (dim, m), differences of film vectors. Returns (n, means, m); a film at age a, in a
        history of n, adds the sum over the means of weights(n)[a] times it.
        """
        asked = np.tensordot(self._snapshot["maps"], direction[:-1], 1)  # (means, dim, m)
        mapped = np.einsum("nd,kdm->nkm", self._snapshot["films"][items], asked, optimize=True)
        return np.asarray(mapped, np.float32)

    def before_window(self, items: Ints, direction: Floats) -> Floats:
        """What films would contribute in directions (dim, m), were each all that lies before the window: (n, m)."""
        mapped = self._snapshot["films"][items] @ self._snapshot["before"]
        return np.asarray(mapped @ direction[:-1])

    def older_share(self, n: int) -> float:
        """How much of it each film before the window adds, in a history of n; 0 where none lies before it."""
        return self._past(np.zeros(n, np.int32))[1]

    def _parts(self, person: Person, item: int) -> Iterator[Part]:
        data, table = self._trained(), self._snapshot["films"]
        target, weight, (old, share) = table[item], self.weights(len(person.history)), self._past(person.history)
        items = person.history[::-1][: len(weight)]
        mapped = self._snapshot["maps"] @ target  # (means, dim): what each mean is compared with
        products = table[items] @ mapped.T  # (n, means)
        names = film_labels(data, items)
        for name, own, shares, dots in zip(names, items.tolist(), weight.tolist(), products.tolist(), strict=False):
            terms = tuple(zip(shares, dots, strict=True))
            value = sum(part * dot for part, dot in terms)
            yield Part(name, "film", value, own, sum(shares) / len(shares), terms)
        before = table[old] @ (self._snapshot["before"] @ target)  # (older,)
        for name, own, dot in zip(film_labels(data, old), old.tolist(), before.tolist(), strict=True):
            yield Part(name, "film", share * dot, own, share, ((share, dot),))
        if person.user is not None:
            yield Part("own embedding", "own", float(self._snapshot["users"][person.user] @ target))
        yield Part(f"the {data.noun} itself, the same for all users", "base", float(self._snapshot["bias"][item]))
