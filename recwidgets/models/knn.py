"""Nearest neighbours: a user is the weighted mean of the people who are near in the embedding space."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .. import _tf
from ..core import Floats, Ints, Knob, Part, Person
from ..data import Interactions
from ..graph import graph_of, mean_over
from ._two_tower import CAP, TfrsRecommender, query_dropout, two_tower

K = 50  # neighbours while training, and where the knob starts
POWER, LEAST = 6, 1e-3  # a neighbour's weight is its nearness, at least LEAST, to this power
SIMILARITIES = ("cosine", "dot product", "distance")


class Dropout(NamedTuple):
    """What is hidden by lot while training, and how strongly the own embeddings are pulled to zero."""

    film: float = 0.7  # predicted from those that are left
    user_l2: float = 1e-3
    direct: float = 1.0  # weight of the second loss: the place alone must predict, too


@functools.cache
def network() -> tuple[Any, Any]:
    """The layer and the TFRS model, defined when TensorFlow is first needed."""
    tf, _ = _tf.load()

    class KNNLayer(tf.keras.layers.Layer):  # type: ignore[misc, name-defined]
        """Finds the k nearest neighbours in the embedding space and averages their embeddings.

        call(places, bank, values, asked): places (n_users, dim) where the asking users stand, bank
        (n_asked, dim) where those stand who are asked, values (n_asked, dim) what is averaged; asked
        (n_asked,) who they are, None for everybody in order. Nobody is their own neighbour. Nearness
        is one of SIMILARITIES (see `nearness`) after the bank's mean has been taken away (else all are
        near: everybody likes hits); weights are its sixth power over the k nearest, scaled to sum to
        one. Returns (n_users, dim).
        """

        def __init__(self, k: int = K, similarity: str = "cosine", **options: Any) -> None:
            super().__init__(**options)
            self.k, self.similarity = k, similarity

        def call(self, places: Any, bank: Any, values: Any, asked: Any = None) -> Any:
            return tf.matmul(self.weights_of(places, bank, asked), values)

        def weights_of(self, places: Any, bank: Any, asked: Any = None) -> Any:
            """(n_users, n_asked), zero for all but the k nearest."""
            centre = tf.reduce_mean(bank, axis=0, keepdims=True)
            near = self.nearness(places - centre, bank - centre)
            if asked is None:
                near = tf.linalg.set_diag(near, tf.fill(tf.shape(near)[:1], -2.0))
            else:
                near = tf.where(tf.cast(asked, tf.int32)[None, :] == tf.range(tf.shape(places)[0])[:, None], -2.0, near)
            k = tf.minimum(self.k, tf.shape(bank)[0] - 1)
            edge = tf.stop_gradient(tf.math.top_k(near, k).values[:, -1:])
            cube = tf.maximum(near, LEAST) ** 2 * tf.maximum(near, LEAST)  # several times as fast as ** POWER
            weight = tf.where(near >= edge, cube**2, 0.0)
            return weight / tf.reduce_sum(weight, axis=1, keepdims=True)

        def nearness(self, here: Any, there: Any) -> Any:
            """(n_users, n_asked), as `nearness` does it in numpy."""
            if self.similarity == "distance":
                length = tf.reduce_mean(tf.norm(there, axis=1))
                apart = tf.reduce_sum(here**2, 1)[:, None] + tf.reduce_sum(there**2, 1)
                apart -= 2 * tf.matmul(here, there, transpose_b=True)
                return 1 / (1 + tf.sqrt(tf.maximum(apart, 1e-12)) / length)
            if self.similarity == "dot product":
                there /= tf.reduce_mean(tf.norm(there, axis=1))
            else:
                there = tf.math.l2_normalize(there, 1)
            return tf.matmul(tf.math.l2_normalize(here, 1), there, transpose_b=True)

    class KNNModel(two_tower().Model):  # type: ignore[misc]
        """Predicts a user's hidden films from the neighbours that the shown films lead to."""

        def __init__(self, data: Interactions, dim: int, k: int, similarity: str, seed: int) -> None:
            super().__init__(data.n_users, data.n_items, dim, seed)
            self.knn, self.drop = KNNLayer(k, similarity), Dropout()
            self.output_embedding = self.table(data.n_items, seed + 2, "output")
            order = np.lexsort((data.item, data.user))
            self.edges = tf.constant(np.stack([data.user[order], data.item[order]], 1), tf.int64)

        def films(self) -> Any:
            return self.output_embedding.embeddings

        def mean_of(self, shown: Any, table: Any) -> Any:
            """Mean of each user's shown films: (n_users, dim); zero for nobody's."""
            user = self.edges[:, 0]
            share = tf.math.divide_no_nan(1.0, tf.math.unsorted_segment_sum(shown, user, self.n_users))
            edges = tf.gather(self.edges, tf.where(shown > 0)[:, 0])  # without the hidden
            matrix = tf.SparseTensor(edges, tf.gather(share, edges[:, 0]), (self.n_users, self.n_items))
            return tf.sparse.sparse_dense_matmul(matrix, table)

        def place(self, features: Any) -> Any:
            """Where everybody stands by the shown films alone: (n_users, dim)."""
            return self.mean_of(features["shown"], self.movie_embedding.embeddings)

        def queries(self, features: Any, place: Any = None) -> Any:
            place = self.place(features) if place is None else place
            bank = self.mean_of(tf.ones(len(self.edges)), self.movie_embedding.embeddings)
            values, asked = bank + self.user_embedding.embeddings, features.get("asked")
            if asked is not None:  # of very many users, each step asks some
                bank, values = tf.gather(bank, asked), tf.gather(values, asked)
            return self.knn(place, bank, values, asked) * features["dropout"]

        def all_queries(self) -> Any:
            return self.queries({"shown": tf.ones(len(self.edges)), "dropout": 1.0})

        def compute_loss(self, features: Any, training: bool = False) -> Any:
            if not training:
                return super().compute_loss(features)
            place = self.place(features)
            # the second loss keeps the space one of taste: without it the neighbours are worth little
            direct = self.loss_of(place * features["dropout"], features)
            return self.loss_of(self.queries(features, place), features) + self.drop.direct * direct

        def penalty(self, features: Any) -> Any:
            return self.drop.user_l2 * tf.nn.l2_loss(self.user_embedding.embeddings)

        def features(self, seed: Any) -> dict[str, Any]:
            """Hide interactions by lot; hidden films are wanted, shown ones left out of the softmax."""
            lot, drop, dropped = tf.random.stateless_uniform, self.drop, query_dropout(self.dim)
            shown = tf.cast(lot((len(self.edges),), seed) >= drop.film, tf.float32)
            kept = lot((self.n_users, self.dim), seed + 2) >= dropped
            drawn: dict[str, Any] = self.wanted(self.edges, shown, seed + 3)
            if self.n_users > CAP:
                drawn["asked"] = tf.math.top_k(lot((self.n_users,), seed + 1), CAP, sorted=False).indices
            return drawn | {"shown": shown, "dropout": tf.cast(kept, tf.float32) / (1 - dropped)}

    return KNNLayer, KNNModel


class KNN(TfrsRecommender):
    """k nearest neighbours in the space of embeddings.

    Where a user stands is the mean of the films' embeddings; the query is the weighted mean of
    the k nearest users' embeddings (their place plus their own embedding). Not the textbook vote
    of k neighbours: embeddings are averaged, not ratings. dim: length of the embeddings. Snapshot:
    "users" (n_users, dim), "films_in" and "films_out" (n_items, dim).
    """

    name: ClassVar[str] = "knn"
    label: ClassVar[str] = "Nearest neighbours"
    chart: ClassVar[str] = "polygon"
    batches: ClassVar[int] = 7
    draws: ClassVar[int] = 4
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob("k", "Neighbours k", 1, 100, K, True, "1 = a single twin; more = more of what everybody watches."),
        Knob("similarity", "Similarity", 0, 0, "cosine", True,
             "A dot product favours marked tastes, a distance people near the middle.", choices=SIMILARITIES),
    )  # fmt: skip

    def __init__(
        self, dim: int = 128, *, seed: int = 0, epochs: int = 29, learning_rate: float = 0.03, **knobs: float | str
    ) -> None:
        super().__init__(dim, seed=seed, epochs=epochs, learning_rate=learning_rate, **knobs)

    def _network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        # a class of a learner's own may come without the second knob
        similarity = knobs.get("similarity", SIMILARITIES[0])
        return network()[1](data, self.dim, int(knobs["k"]), similarity, self.seed)

    def _arrays(self, net: Any) -> dict[str, Any]:
        return {
            "users": net.user_embedding.embeddings.numpy(),
            "films_in": net.movie_embedding.embeddings.numpy(),
            "films_out": net.films().numpy(),
        }

    # -- numpy ---------------------------------------------------------------------------------------

    def _films(self) -> Floats:
        return self._snapshot["films_out"]

    def places(self) -> Floats:
        """Where everybody stands: the mean of their films' embeddings, float32 (n_users, dim)."""
        data = self._trained()
        return self._cached("places", lambda: mean_over(graph_of(data).films_of, self._snapshot["films_in"]))

    def _bank(self) -> tuple[Floats, Floats, Floats]:
        """(places less their mean, that mean, what is averaged)."""

        def make() -> tuple[Floats, Floats, Floats]:
            places = self.places()
            centre = places.mean(0)
            return places - centre, centre, places + self._snapshot["users"]

        return self._cached("bank", make)

    def place(self, person: Person) -> Floats:
        """Where a person stands: (dim,); nowhere (zeros) without a history."""
        films = self._snapshot["films_in"]
        return films[person.history].mean(0) if len(person.history) else np.zeros(films.shape[1], np.float32)

    def neighbours(self, person: Person) -> tuple[Ints, Floats]:
        """The k nearest users, nearest first, and their weights, which sum to one."""
        bank, centre, _ = self._bank()
        near = nearness(self.values["similarity"], self.place(person) - centre, bank)  # (n_users,)
        near[list(person.without)] = -np.inf
        if person.user is not None:
            near[person.user] = -np.inf  # nobody is their own neighbour
        k = min(int(self.values["k"]), int(np.isfinite(near).sum()))
        nearest = np.argsort(-near, kind="stable")[:k]
        weight = np.maximum(near[nearest], LEAST) ** POWER
        return nearest.astype(np.int32), (weight / weight.sum()).astype(np.float32)

    def _query(self, person: Person) -> Floats:
        nearest, weight = self.neighbours(person)
        return np.asarray(weight @ self._bank()[2][nearest], np.float32)

    def _queries(self) -> Floats:
        data = self._trained()
        return np.stack([self._query(Person(user, data.history(user))) for user in range(data.n_users)])

    def _parts(self, person: Person, item: int) -> Iterator[Part]:
        users = self._trained().users
        nearest, weight = self.neighbours(person)
        products = self._bank()[2][nearest] @ self._films()[item]  # (k,)
        for user, product, share in zip(nearest.tolist(), products.tolist(), weight.tolist(), strict=True):
            yield Part(f"user {users[user]}", "neighbour", share * product, user, share, ((share, product),))


def nearness(similarity: str, here: Floats, there: Floats) -> Floats:
    """How near (n, dim) places are to one place (dim,), both less the mean of all: float32 (n,).

    "cosine": of the angle between them. "dot product": the cosine times the length of the other's
    vector. "distance": 1 / (1 + d), d Euclidean. Lengths are in mean lengths of a place, so that
    the sixth power means the same for each. Raises ValueError for another word.
    """
    length = np.linalg.norm(there, axis=1)
    if similarity == "cosine":
        return np.asarray(there @ unit(here) / np.maximum(length, 1e-12), np.float32)
    usual = max(float(length.mean()), 1e-12)
    if similarity == "dot product":
        return np.asarray(there @ unit(here) / usual, np.float32)
    if similarity == "distance":
        return np.asarray(1 / (1 + np.linalg.norm(there - here, axis=1) / usual), np.float32)
    raise ValueError(f"similarity must be one of {', '.join(map(repr, SIMILARITIES))}, got {similarity!r}")


def unit(vectors: Floats) -> Floats:
    """Scaled to length one along the last axis; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)


def __getattr__(name: str) -> Any:
    if name == "KNNLayer":
        return network()[0]
    raise AttributeError(f"{__name__} has no {name!r}")
