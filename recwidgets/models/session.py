"""The session-based model: what somebody watched last, weighed by recency, says what comes next."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .. import _tf
from ..core import Floats, Ints, Knob, Part, Person, film_label
from ..data import Interactions
from ._two_tower import TfrsRecommender, two_tower

WINDOW, TARGETS, FADE = 50, 8, 0.75  # films looked back at; films to come that count as right, each 0.75 of the last
HALF_LIVES = (0.3, 0.7, 1.5, 3.0, 6.0, 12.0, 30.0, math.inf)  # where the learned recency weights start, in films
OLDER = 32  # draws from what lies before the window, for each training row
SIGNATURE = 0.25  # part of the dimensions that starts as "not this one again"
NO_FILM = -1  # pads short histories and the ends of sequences
BATCH, SHARE = 512, 1 / 6  # positions in a batch; an epoch looks at this share of all positions


class Dropout(NamedTuple):
    """What is hidden by lot while training, and how strongly the tables are pulled to zero."""

    own: float = 0.5  # so that the films alone work as well: a new person has no own embedding
    film: float = 0.2
    query: float = 0.3
    hidden_share: float = 0.2  # of the target: films hidden from the history
    user_l2: float = 0.03
    film_l2: float = 0.05


@functools.cache
def network() -> tuple[Any, Any]:
    """The layer and the TFRS model, defined when TensorFlow is first needed."""
    tf, _ = _tf.load()

    class SessionLayer(tf.keras.layers.Layer):  # type: ignore[misc, name-defined]
        """Several recency-weighted means of the films, each through its own linear map, added up.

        call(films, present): films (batch, window, dim), newest first; present (batch, window),
        0 = no film here. Returns (batch, dim). The weights over age are learned; they start as
        halvings every 0.3 … 30 films and as a plain mean. Linear in the films given the weights,
        which is why a score can be taken apart.
        """

        def __init__(self, dim: int, seed: int = 0, window: int = WINDOW, **options: Any) -> None:
            super().__init__(**options)
            start, maps = recency_start(window), signed_identity(len(HALF_LIVES), dim, 1.0, seed)
            constant = tf.keras.initializers.Constant
            self.log_weights = self.add_weight("log_weights", start.shape, initializer=constant(start))
            self.maps = self.add_weight("maps", maps.shape, initializer=constant(maps))

        def call(self, films: Any, present: Any) -> Any:
            weights = tf.exp(self.log_weights) * present[:, :, None]  # (batch, window, means)
            weights = tf.math.divide_no_nan(weights, tf.reduce_sum(weights, axis=1, keepdims=True))
            means = tf.matmul(weights, films, transpose_a=True)  # (batch, means, dim)
            return tf.matmul(tf.reshape(means, (-1, self.maps.shape[0])), self.maps)

    class SessionModel(two_tower().Model):  # type: ignore[misc]
        """Predicts the next films from the last ones, with one film table for both."""

        def __init__(self, data: Interactions, dim: int, seed: int, drop: Dropout) -> None:
            super().__init__(data.n_users, data.n_items, dim, seed)
            constant = tf.keras.initializers.Constant
            self.drop, self.session = drop, SessionLayer(dim, seed)
            films = np.random.default_rng(seed).normal(0.0, 1.0, (data.n_items, dim))
            films *= np.where(is_signature(dim), 0.15, 0.05)  # told apart from the start
            self.movie_embedding.embeddings.assign(films.astype(np.float32))
            self.movie_bias = tf.keras.layers.Embedding(
                data.n_items, 1, embeddings_initializer=constant(start_bias(data))
            )
            self.movie_bias.build(())
            before = signed_identity(1, dim, 0.3, seed + 1)
            self.before = tf.keras.layers.Dense(dim, use_bias=False, kernel_initializer=constant(before))
            self.before.build((None, dim))
            self.histories = tf.constant(histories(data))
            self.old = older_means(data)

        def films(self) -> Any:
            return tf.concat([self.movie_embedding.embeddings, self.movie_bias.embeddings], axis=1)

        def queries(self, features: Any) -> Any:
            history = features["history"]
            films = tf.gather(self.movie_embedding.embeddings, tf.maximum(history, 0))  # (batch, window, dim)
            own = tf.gather(self.user_embedding.embeddings, features["user"]) * features["keep"]
            query = self.session(films, features["present"]) + self.before(features["past"]) + own
            query *= features["dropout"]
            return tf.concat([query, tf.ones_like(query[:, :1])], axis=1)  # the 1 meets the film's bias

        def all_queries(self) -> Any:
            history = self.histories
            old = tf.SparseTensor(*(tf.constant(part) for part in self.old), (self.n_users, self.n_items))
            return self.queries(
                {"user": tf.range(self.n_users), "history": history, "present": tf.cast(history >= 0, tf.float32),
                 "past": tf.sparse.sparse_dense_matmul(old, self.movie_embedding.embeddings), "keep": 1.0,
                 "dropout": 1.0}
            )  # fmt: skip

        def past(self, older: Any, kept: Any) -> Any:
            """Mean of the films before the window: older, kept (batch, OLDER) -> (batch, dim)."""
            films = tf.gather(self.movie_embedding.embeddings, tf.maximum(older, 0))
            share = tf.math.divide_no_nan(kept, tf.reduce_sum(kept, axis=1, keepdims=True))
            return tf.matmul(share[:, None], films)[:, 0]

        def features(self, inputs: Any) -> Any:
            """Hide films, own embeddings and dimensions by lot; the target is a distribution."""
            user, history, older, unseen, future, seed = inputs
            batch, drop, lot = tf.shape(history)[0], self.drop, tf.random.stateless_uniform
            present, there = tf.cast(history >= 0, tf.float32), tf.cast(older >= 0, tf.float32)
            kept = present * tf.cast(lot(tf.shape(history), seed) >= drop.film, tf.float32)
            kept = tf.concat([present[:, :1], kept[:, 1:]], axis=1)  # the newest film always stays
            hidden = tf.concat([present - kept, there * unseen], axis=1)
            films = tf.concat([history, older], axis=1)
            targets = soft_targets(films, hidden, future, drop.hidden_share, self.n_items)
            return {
                "user": user, "history": history, "present": kept, "future": future,
                "older": older, "older_kept": there * (1 - unseen),
                "dropout": tf.cast(lot((batch, self.dim), seed + 1) >= drop.query, tf.float32) / (1 - drop.query),
                "keep": tf.cast(lot((batch, 1), seed + 2) >= drop.own, tf.float32),
                "targets": targets / tf.cast(batch, tf.float32),
            }  # fmt: skip

        def compute_loss(self, features: Any, training: bool = False) -> Any:
            if training:
                features = features | {"past": self.past(features["older"], features["older_kept"])}
            return super().compute_loss(features, training)

        def penalty(self, features: Any) -> Any:
            """Each row of a table is pulled to zero as often as it is used."""
            own = tf.gather(self.user_embedding.embeddings, features["user"])
            film = tf.gather(self.movie_embedding.embeddings, tf.maximum(features["future"][:, 0], 0))
            own_size, film_size = (tf.reduce_mean(tf.reduce_sum(rows**2, axis=1)) for rows in (own, film))
            return self.drop.user_l2 * own_size + self.drop.film_l2 * film_size

    def soft_targets(history: Any, hidden: Any, future: Any, share: float, n_items: int) -> Any:
        """Row n: mostly the films to come, a share for films hidden from the history; sums to 1."""
        coming = tf.cast(future >= 0, tf.float32) * FADE ** tf.range(TARGETS, dtype=tf.float32)
        part = share * tf.cast(tf.reduce_any(hidden > 0, axis=1, keepdims=True), tf.float32)
        ahead = (1 - part) * coming / tf.reduce_sum(coming, axis=1, keepdims=True)
        behind = part * tf.math.divide_no_nan(hidden, tf.reduce_sum(hidden, axis=1, keepdims=True))
        films = tf.maximum(tf.concat([future, history], axis=1), 0)
        rows = tf.broadcast_to(tf.range(tf.shape(films)[0])[:, None], tf.shape(films))
        where = tf.reshape(tf.stack([rows, films], axis=-1), (-1, 2))
        values = tf.reshape(tf.concat([ahead, behind], axis=1), (-1,))
        return tf.scatter_nd(where, values, (tf.shape(films)[0], n_items))

    return SessionLayer, SessionModel


def recency_start(window: int) -> Any:
    """log of 0.5 ** (age / half-life) for each half-life: float32 (window, means)."""
    return (-math.log(2) * np.arange(window)[:, None] / np.asarray(HALF_LIVES)[None]).astype(np.float32)


def histories(data: Interactions, window: int = WINDOW) -> Ints:
    """The last films of every user, newest first, padded with -1: int32 (n_users, window)."""
    end = data.by_user.indptr[1:, None] - 1 - np.arange(window)  # (n_users, window)
    inside = end >= data.by_user.indptr[:-1, None]
    return np.where(inside, data.by_user.items[np.maximum(end, 0)], NO_FILM).astype(np.int32)


def is_signature(dim: int) -> Any:
    """bool (dim,): the last dimensions, which start as "not this one again"."""
    return np.arange(dim) >= dim - int(SIGNATURE * dim)


def signed_identity(means: int, dim: int, size: float, seed: int) -> Any:
    """Maps that start as +size on the first dimensions and -size on the signature: (means * dim, dim).

    The first part says "more like this", the second "not this one again": there a film that was
    just watched pushes its own score down. Without it seen films fill the list.
    """
    noise = np.random.default_rng([seed, means]).normal(0.0, 0.02, (means, dim, dim))
    return (np.diag(np.where(is_signature(dim), -size, size)) + noise).reshape(-1, dim).astype(np.float32)


def start_bias(data: Interactions) -> Any:
    """log(1 + ratings), less that of a typical click: (n_items, 1); 0 = as popular as what is usually watched."""
    count = np.log1p(data.popularity)
    return (count - np.average(count, weights=data.popularity))[:, None].astype(np.float32)


def older_means(data: Interactions) -> tuple[Any, Any]:
    """(indices, values) of a sparse (n_users, n_items): the mean over the films before the window."""
    indptr, items = data.by_user.indptr, data.by_user.items
    count = np.maximum(np.diff(indptr) - WINDOW, 0)
    user = np.repeat(np.arange(data.n_users), count)
    first = np.repeat(indptr[:-1], count) + np.arange(len(user)) - np.repeat(np.cumsum(count) - count, count)
    order = np.lexsort((items[first], user))
    return np.stack([user[order], items[first][order]], 1).astype(np.int64), (1.0 / count[user][order]).astype(
        np.float32
    )


class Clicks:
    """All positions of all sequences, cut into (history, future) on demand: nothing is stored twice."""

    def __init__(self, data: Interactions) -> None:
        indptr, self.films = data.by_user.indptr, data.by_user.items
        lengths = np.diff(indptr)
        self.user = np.repeat(np.arange(data.n_users, dtype=np.int32), lengths)
        self.start, self.end = np.repeat(indptr[:-1], lengths), np.repeat(indptr[1:], lengths)
        self.rows = np.flatnonzero(np.arange(len(self.films)) > self.start)  # something came before

    def cut(self, rows: Any, draw: np.random.Generator, hide: float) -> tuple[Any, Any, Any, Any, Any]:
        """user (batch,), history (batch, WINDOW) newest first, older (batch, OLDER) and which of those are
        hidden, future (batch, TARGETS).

        The films before the window are drawn with replacement instead of all gathered. One that is
        drawn twice is hidden twice or not at all: else it would be input and target at once.
        """
        back = rows[:, None] - 1 - np.arange(WINDOW)
        ahead = rows[:, None] + np.arange(TARGETS)
        start, end = self.start[rows, None], self.end[rows, None]
        history = np.where(back >= start, self.films[np.maximum(back, 0)], NO_FILM)
        future = np.where(ahead < end, self.films[np.minimum(ahead, len(self.films) - 1)], NO_FILM)
        count = np.maximum(rows - self.start[rows] - WINDOW, 0)[:, None]  # films before the window
        place = (draw.random((len(rows), OLDER), np.float32) * count).astype(np.int64)
        older = np.where(count > 0, self.films[start + place], NO_FILM)
        mix, shift = draw.integers(1, 101, (len(rows), 1)), draw.integers(0, 101, (len(rows), 1))
        unseen = ((place * mix + shift) % 101 < 101 * hide).astype(np.float32)
        return (
            self.user[rows], history.astype(np.int32), older.astype(np.int32), unseen, future.astype(np.int32)
        )  # fmt: skip


class Session(TfrsRecommender):
    """Session-based recommender: learned recency weights over the last 50 films.

    Films before those count too, as one mean through a map of its own. dim: length of the
    embeddings. Snapshot: "films" (n_items, dim), "bias" (n_items,), "users" (n_users, dim),
    "recency" (50, means), "maps" (means, dim, dim), "before" (dim, dim).
    """

    name: ClassVar[str] = "session"
    label: ClassVar[str] = "Session"
    chart: ClassVar[str] = "columns"
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob("half_life", "Half-life", 1, 30, math.inf, True,
             "All = as learned; 1 = each film counts half as much as the one after it.", "films", math.inf),
        Knob("window", "Window", 1, WINDOW, WINDOW, True,
             "How many of the last films are weighed one by one; at 50, those before count too, as one mean.", "films"),
    )  # fmt: skip

    def __init__(
        self, dim: int = 64, *, seed: int = 0, epochs: int = 36, learning_rate: float = 0.004, **knobs: float | str
    ) -> None:
        super().__init__(dim, seed=seed, epochs=epochs, learning_rate=learning_rate, **knobs)
        self.drop = Dropout()

    def _network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        return network()[1](data, self.dim, self.seed, self.drop)

    def _batches(self, data: Interactions) -> tuple[int, Callable[[int], Any]]:
        tf, _ = _tf.load()
        clicks, draw = Clicks(data), np.random.default_rng(self.seed)
        # at least eight batches in an epoch, also of a small data set
        size = min(BATCH, max(1, len(clicks.rows)), max(16, int(len(clicks.rows) * SHARE) // 8))
        batches = max(1, int(len(clicks.rows) * SHARE) // size)
        order: list[Any] = []

        def batch(step: int) -> Any:
            if not order:
                order.extend(np.array_split(draw.permutation(clicks.rows)[: batches * size], batches))
            cut = clicks.cut(order.pop(), draw, self.drop.film)
            return (*(tf.constant(array) for array in cut), tf.constant([self.seed, 3 * step]))

        return batches, batch

    def _arrays(self, net: Any) -> dict[str, Any]:
        return {
            "films": net.movie_embedding.embeddings.numpy(),
            "bias": net.movie_bias.embeddings.numpy()[:, 0],
            "users": net.user_embedding.embeddings.numpy(),
            "recency": np.exp(net.session.log_weights.numpy()),
            "maps": net.session.maps.numpy().reshape(-1, self.dim, self.dim),
            "before": net.before.kernel.numpy(),
        }

    # -- numpy ---------------------------------------------------------------------------------------

    def _films(self) -> Floats:
        return self._cached("films", lambda: np.column_stack([self._snapshot["films"], self._snapshot["bias"]]))

    def weights(self, n: int) -> Floats:
        """Weight of each of the last n films in each mean, newest first: (≤ 50, means); columns sum to 1."""
        weight = self._snapshot["recency"][: min(n, int(self.values["window"]))]
        half_life = self.values["half_life"]
        if math.isfinite(half_life):
            weight = weight * 0.5 ** (np.arange(len(weight), dtype=np.float32) / half_life)[:, None]
        return np.asarray(weight / np.maximum(weight.sum(0), 1e-12), np.float32)

    def _past(self, history: Ints) -> tuple[Ints, float]:
        """The films before the window, newest first, and the weight of each in the query.

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
        films, (old, share) = person.history[::-1][: len(weight)], self._past(person.history)
        means = weight.T @ table[films]  # (means, dim)
        query = np.tensordot(means, self._snapshot["maps"], 2)  # (dim,)
        if len(old):
            query = query + share * (table[old].sum(0) @ self._snapshot["before"])
        if person.user is not None:
            query = query + self._snapshot["users"][person.user]
        return np.append(query, np.float32(1.0)).astype(np.float32)

    def _queries(self) -> Floats:
        data = self._trained()
        return np.stack([self._query(Person(user, data.history(user))) for user in range(data.n_users)])

    def _parts(self, person: Person, item: int) -> Iterator[Part]:
        data, table = self._trained(), self._snapshot["films"]
        film, weight, (old, share) = table[item], self.weights(len(person.history)), self._past(person.history)
        films = person.history[::-1][: len(weight)]
        asked = self._snapshot["maps"] @ film  # (means, dim): what each mean is compared with
        products = table[films] @ asked.T  # (n, means)
        for own, shares, dots in zip(films.tolist(), weight.tolist(), products.tolist(), strict=False):
            terms = tuple(zip(shares, dots, strict=True))
            value = sum(part * dot for part, dot in terms)
            yield Part(film_label(data, own), "film", value, own, sum(shares) / len(shares), terms)
        before = table[old] @ (self._snapshot["before"] @ film)  # (older,)
        for own, dot in zip(old.tolist(), before.tolist(), strict=True):
            yield Part(film_label(data, own), "film", share * dot, own, share, ((share, dot),))
        if person.user is not None:
            yield Part("own embedding", "own", float(self._snapshot["users"][person.user] @ film))
        yield Part("the film itself, for everybody", "base", float(self._snapshot["bias"][item]))


def __getattr__(name: str) -> Any:
    if name == "SessionLayer":
        return network()[0]
    raise AttributeError(f"{__name__} has no {name!r}")
