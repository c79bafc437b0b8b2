"""The graph neural network: a user is what the films say, and the films say what their viewers say."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _tf
from ..core import Floats, Ints, Knob, Part, Person, film_label
from ..data import Interactions
from ..graph import graph_of, mean_over, propagate
from ._two_tower import TfrsRecommender, query_dropout, two_tower

DEPTH = 4  # the most layers that the knob offers


class Dropout(NamedTuple):
    """What is hidden by lot while training, and how strongly the own embeddings are pulled to zero."""

    edge: float = 0.75  # predicted from those that are left
    own: float = 0.5  # so that the films alone answer as well: a new person has no own embedding
    films: float = 0.1  # so that the own embedding learns something, too
    user_l2: float = 2e-3


@functools.cache
def network() -> tuple[Any, Any]:
    """The layer and the TFRS model, defined when TensorFlow is first needed."""
    tf, _ = _tf.load()

    class GNNLayer(tf.keras.layers.Layer):  # type: ignore[misc, name-defined]
        """Aggregates embeddings over the user–movie interactions, `layers` hops deep.

        call(users, films, to_users, to_films, liked, to_fans): users (n_users, dim), films (n_items, dim);
        to_users (n_users, n_items) and to_films (n_items, n_users) sparse, their rows sum to one
        (a mean over the neighbours) or to zero. Returns sum over l = 1 … layers of
        mix[l - 1] · users after l hops: (n_users, dim). After LightGCN (He et al. 2020,
        arXiv:2002.02126), with learned weights of the hops.
        liked (n_items, dim), optional: what a film says besides where it is liked; to_fans, to_users
        without the edges of films that are not. A second kind of edge, one hop deep, as in a
        relational graph network (Schlichtkrull et al. 2018, arXiv:1703.06103).
        """

        def __init__(self, layers: int, **options: Any) -> None:
            super().__init__(**options)
            self.layers = layers
            self.mix = self.add_weight(name="mix", shape=(DEPTH,), initializer="ones")

        def call(
            self, users: Any, films: Any, to_users: Any, to_films: Any, liked: Any = None, to_fans: Any = None
        ) -> Any:
            result = tf.zeros_like(users)
            if liked is not None and self.layers:
                result += tf.sparse.sparse_dense_matmul(to_fans, liked)
            for hop in range(self.layers):
                users, films = (
                    tf.sparse.sparse_dense_matmul(to_users, films),
                    tf.sparse.sparse_dense_matmul(to_films, users),
                )
                result += self.mix[hop] * users
            return result

    class GNNModel(two_tower().Model):  # type: ignore[misc]
        """Predicts hidden interactions from shown ones: each batch hides most of the edges."""

        def __init__(self, data: Interactions, dim: int, layers: int, seed: int) -> None:
            super().__init__(data.n_users, data.n_items, dim, seed)
            self.gnn, self.drop = GNNLayer(layers), Dropout()
            self.liked_embedding = self.table(data.n_items, seed + 3, "liked", scale=0.0)
            self.output_embedding = self.table(data.n_items, seed + 2, "output")
            order = np.lexsort((data.item, data.user))
            self.fan = tf.constant(data.liked[order], tf.float32)
            self.edges = tf.constant(np.stack([data.user[order], data.item[order]], 1), tf.int64)
            self.turned = tf.constant(np.lexsort((data.user[order], data.item[order])))

        def films(self) -> Any:
            return self.output_embedding.embeddings

        def queries(self, features: Any) -> Any:
            shown = features["shown"]  # (n_edges,) 1 = the model may see this edge
            users = self.user_embedding.embeddings
            to_users, to_films, to_fans = self.graph(shown)
            tables = self.movie_embedding.embeddings, self.liked_embedding.embeddings
            films = self.gnn(users, tables[0], to_users, to_films, tables[1], to_fans)
            return (features["own"] * users + features["films"] * films) * features["dropout"]

        def all_queries(self) -> Any:
            return self.queries({"shown": tf.ones(len(self.edges)), "own": 1.0, "films": 1.0, "dropout": 1.0})

        def penalty(self, features: Any) -> Any:
            return self.drop.user_l2 * tf.nn.l2_loss(self.user_embedding.embeddings)

        def graph(self, shown: Any) -> tuple[Any, Any, Any]:
            """To the users, to the films, and to the users who liked: the shown edges, each row scaled to a mean."""
            user, item = self.edges[:, 0], self.edges[:, 1]
            of_user = tf.math.divide_no_nan(1.0, tf.math.unsorted_segment_sum(shown, user, self.n_users))
            of_item = tf.math.divide_no_nan(1.0, tf.math.unsorted_segment_sum(shown, item, self.n_items))
            seen = tf.where(shown > 0)[:, 0]  # hidden edges are left out, not multiplied with zero
            edges = tf.gather(self.edges, seen)
            to_users = tf.SparseTensor(edges, tf.gather(of_user, edges[:, 0]), (self.n_users, self.n_items))
            to_fans = to_users.with_values(to_users.values * tf.gather(self.fan, seen))
            turned = tf.gather(self.turned, tf.where(tf.gather(shown, self.turned) > 0)[:, 0])
            back = tf.gather(self.edges, turned)[:, ::-1]
            to_films = tf.SparseTensor(back, tf.gather(of_item, back[:, 0]), (self.n_items, self.n_users))
            return to_users, to_films, to_fans

        def features(self, seed: Any) -> dict[str, Any]:
            """Hide edges by lot, and make the targets: hidden edges wanted, shown ones left out."""
            lot, drop, dropped = tf.random.stateless_uniform, self.drop, query_dropout(self.dim)
            shown = tf.cast(lot((len(self.edges),), seed) >= drop.edge, tf.float32)
            films = tf.cast(lot((self.n_users, 1), seed + 3) >= drop.films, tf.float32)
            own = tf.cast(lot((self.n_users, 1), seed + 1) >= drop.own, tf.float32)
            drawn: dict[str, Any] = self.wanted(self.edges, shown, seed + 4)
            return drawn | {
                "shown": shown,
                "films": films,
                "own": tf.maximum(own, 1.0 - films),  # one of the two is always there
                "dropout": tf.cast(lot((self.n_users, self.dim), seed + 2) >= dropped, tf.float32) / (1 - dropped),
            }

    return GNNLayer, GNNModel


class GNN(TfrsRecommender):
    """Graph neural network on the user–film graph.

    dim: length of the embeddings. layers: hops, 0–4. A film says one thing to whoever watched it and
    a second to whoever liked it (`Interactions.liked`; what a person adds by hand counts as liked).
    Snapshot: "users" (n_users, dim), "films_in", "films_liked" and "films_out" (n_items, dim), "mix" (4,).
    """

    name: ClassVar[str] = "gnn"
    label: ClassVar[str] = "Graph neural network"
    batches: ClassVar[int] = 12
    draws: ClassVar[int] = 5
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob("layers", "Layers", 0, DEPTH, 3, True, "0 = no graph; far hops tell everybody nearly the same."),
    )

    def __init__(
        self, dim: int = 128, *, seed: int = 0, epochs: int = 25, learning_rate: float = 0.02, **knobs: float | str
    ) -> None:
        super().__init__(dim, seed=seed, epochs=epochs, learning_rate=learning_rate, **knobs)
        self._far: dict[str, Any] = {}  # what the last snapshot's nodes are after some hops; views share it

    def _network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        return network()[1](data, self.dim, int(knobs["layers"]), self.seed)

    def _arrays(self, net: Any) -> dict[str, Any]:
        return {
            "users": net.user_embedding.embeddings.numpy(),
            "films_in": net.movie_embedding.embeddings.numpy(),
            "films_liked": net.liked_embedding.embeddings.numpy(),
            "films_out": net.films().numpy(),
            "mix": net.gnn.mix.numpy(),
        }

    # -- numpy ---------------------------------------------------------------------------------------

    def _films(self) -> Floats:
        return self._snapshot["films_out"]

    def _layers(self) -> tuple[list[Floats], list[Floats]]:
        """Users and films after 0 … layers - 1 hops."""
        depth, shot = int(self.values["layers"]), self._snapshot

        def make() -> tuple[list[Floats], list[Floats]]:
            known = self._far.get("last")  # a turned knob asks the same snapshot for other depths
            if known is None or known[0] is not shot or len(known[1]) < depth:
                known = (shot, *propagate(self._graph(), shot["users"], shot["films_in"], depth - 1))
                self._far["last"] = known
            return known[1][:depth], known[2][:depth]

        return self._cached("layers", make)

    def _messages(self) -> Floats:
        """What each film says about whoever watched it: (n_items, dim)."""
        shot = self._snapshot
        if not int(self.values["layers"]):
            return np.zeros_like(shot["films_in"])
        films = self._layers()[1]
        return np.asarray(sum(mix * film for mix, film in zip(shot["mix"], films, strict=False)), np.float32)

    def liked(self, person: Person) -> NDArray[np.bool_]:
        """Which films of a history count as liked, bool (len(history),): all that the user has not rated lower."""
        if person.user is None:
            return np.ones(len(person.history), bool)
        data = self._trained()
        rows = data.rows_of(person.user)
        return ~np.isin(person.history, data.item[rows][~data.liked[rows]])

    def _said(self, person: Person) -> Floats:
        """What each film of a history says to this person: (len(history), dim)."""
        said = self._cached("messages", self._messages)[person.history]
        if int(self.values["layers"]):
            said = said + self.liked(person)[:, None] * self._snapshot["films_liked"][person.history]
        return np.asarray(said, np.float32)

    def hops(self, person: Person, item: int) -> Floats:
        """What each own film adds hop by hop: (len(history), layers); its sum is the films' part.

        Column 0: the film itself; 1: the own embeddings of its viewers; 2: their films; and so on.
        """
        films, weight = self._layers()[1], 1.0 / max(len(person.history), 1)
        film = self._films()[item]
        columns = [
            mix * weight * (layer[person.history] @ film)
            for mix, layer in zip(self._snapshot["mix"], films[: int(self.values["layers"])], strict=False)
        ]
        if columns:
            columns[0] += weight * self.liked(person) * (self._snapshot["films_liked"][person.history] @ film)
        return np.stack(columns, axis=1) if columns else np.zeros((len(person.history), 0), np.float32)

    def alike(self) -> list[float]:
        """How alike is what two users are told, hop by hop: the mean cosine, 1 = the same (over-smoothing)."""
        return [mean_cosine(mean_over(self._graph().films_of, said)) for said in self._layers()[1]]

    def through_viewers(self, person: Person, own: int, item: int, layers: int = DEPTH) -> tuple[Ints, Floats]:
        """The viewers of an own film, and what reaches `item` through each of them: hops 2 to `layers`."""
        viewers = self._graph().viewers_of.of(own)
        users, film = self._layers()[0], self._films()[item]
        weight = 1.0 / max(len(person.history), 1) / max(len(viewers), 1)
        value = np.zeros(len(viewers), np.float32)
        far = max(min(layers, int(self.values["layers"])) - 1, 0)
        for mix, layer in zip(self._snapshot["mix"][1:], users[:far], strict=False):
            value += mix * weight * (layer[viewers] @ film)
        return viewers, value

    def _graph(self) -> Any:
        data = self._trained()
        return data.__dict__.setdefault("_graph", graph_of(data))

    def _query(self, person: Person) -> Floats:
        query = np.zeros(self._films().shape[1], np.float32)
        if len(person.history):
            query = self._said(person).mean(0)
        if person.user is not None:
            query = query + self._snapshot["users"][person.user]
        return np.asarray(query, np.float32)

    def _queries(self) -> Floats:
        edges, data, shot = self._graph().films_of, self._trained(), self._snapshot
        films = mean_over(edges, self._cached("messages", self._messages))
        if int(self.values["layers"]):
            films = films + mean_over(edges, shot["films_liked"], data.liked[data.by_user.rows])
        return np.asarray(films + self._snapshot["users"], np.float32)

    def _parts(self, person: Person, item: int) -> Iterator[Part]:
        data, film = self._trained(), self._films()[item]
        weight = 1.0 / max(len(person.history), 1)
        products = self._said(person) @ film  # (history,)
        for own, product in zip(person.history.tolist(), products.tolist(), strict=True):
            yield Part(film_label(data, own), "film", weight * product, own, weight, ((weight, product),))
        if person.user is not None:
            yield Part("own embedding", "own", float(self._snapshot["users"][person.user] @ film))


def mean_cosine(vectors: Floats) -> float:
    """Of all pairs of rows that are not zero; NaN for fewer than two."""
    some = vectors[np.linalg.norm(vectors, axis=1) > 0].astype(np.float64)
    n = len(some)
    if n < 2:
        return float("nan")
    total = (some / np.linalg.norm(some, axis=1, keepdims=True)).sum(0)
    return float((total @ total - n) / (n * (n - 1)))  # without each row's cosine with itself


def __getattr__(name: str) -> Any:
    if name == "GNNLayer":
        return network()[0]
    raise AttributeError(f"{__name__} has no {name!r}")
