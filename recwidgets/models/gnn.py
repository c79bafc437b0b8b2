"""The graph neural network: embeddings propagated over the user–item graph, hop by hop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..core import Floats, Ints, Knob, Part, Person, Snapshot, Terms, Who, film_labels, person_of
from ..data import Interactions
from ..graph import Graph, graph_of, mean_over_in_steps, propagate_in_steps
from ..steps import Steps, drain
from ._base import read_only
from ._checks import as_in
from ._constants import DEPTH
from ._tfrs import TfrsRecommender

# what a term's ways are called: how far what an own film contributes comes from
HOPS = ("the films themselves", "their viewers", "their viewers' films", "those films' viewers")


class Hops:
    """What the nodes of the last asked snapshot are after some hops, read-only.

    A model and its views share one: a turned knob asks the same snapshot for other depths.
    """

    def __init__(self) -> None:
        self._last: tuple[Interactions, Snapshot, list[Floats], list[Floats]] | None = None

    def of(self, data: Interactions, shot: Snapshot, depth: int) -> tuple[list[Floats], list[Floats]]:
        """Items after 0 … depth - 1 hops, and users after those that reach them: 0 … depth - 2."""
        layers: tuple[list[Floats], list[Floats]] = drain(self.of_in_steps(data, shot, depth))
        return layers

    def of_in_steps(
        self, data: Interactions, shot: Snapshot, depth: int
    ) -> Steps[tuple[list[Floats], list[Floats]]]:  # fmt: skip
        """`of`, which may be left in between."""
        last = self._last  # rebound, never edited: two threads may ask
        if last is None or last[0] is not data or last[1] is not shot or len(last[3]) < depth:
            start = shot["users"], shot["films_in"]
            users, items = yield from propagate_in_steps(graph_of(data), *start, depth - 1, depth - 2)
            self._last = last = (data, shot, [*map(read_only, users)], [*map(read_only, items)])
        return last[2][: max(depth - 1, 0)], last[3][:depth]

    def __deepcopy__(self, memo: dict[int, Any]) -> Hops:
        return Hops()  # it can be worked out again


class GNN(TfrsRecommender):
    """Graph neural network on the user–item graph.

    dim: length of the embeddings. layers: hops, 0–4. Edges have two types, as in a
    relational graph network: "rated", over all hops, and "liked" (`Interactions.liked`), one hop with item
    embeddings of its own; what a person adds by hand counts as liked.
    Snapshot: "users" (n_users, dim), "films_in", "films_liked" and "films_out" (n_items, dim), "mix" (4,).
    """

    name: ClassVar[str] = "gnn"
    label: ClassVar[str] = "Graph neural network"
    batches: ClassVar[int] = 12
    seeds: ClassVar[int] = 5
    arrays: ClassVar[Mapping[str, tuple[int | str, ...]]] = {
        "users": ("n_users", "dim"),
        "films_in": ("n_items", "dim"),
        "films_liked": ("n_items", "dim"),
        "films_out": ("n_items", "dim"),
        "mix": (4,),
    }
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob("layers", "Layers", 0, DEPTH, 3, True, "0 = no graph; far hops tell all users nearly the same."),
    )

    def __init__(
        self, dim: int = 128, *, seed: int = 0, epochs: int = 25, learning_rate: float = 0.02,
        backend: str | None = None, **knobs: float | str,
    ) -> None:  # fmt: skip
        super().__init__(dim, seed=seed, epochs=epochs, learning_rate=learning_rate, backend=backend, **knobs)
        self._hops = Hops()

    def _network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        from ..nets.gnn import GNNModel

        return GNNModel(data, self.dim, int(knobs["layers"]), self.seed)

    def _numpy_network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        from ..nets.gnn_numpy import GNNNumpy

        return GNNNumpy(data, self.dim, int(knobs["layers"]), self.seed)

    def _tables(self, net: Any) -> dict[str, Any]:
        return {
            "users": net.user_embedding.embeddings,
            "films_in": net.movie_embedding.embeddings,
            "films_liked": net.liked_embedding.embeddings,
            "films_out": net.items(),
            "mix": net.gnn.mix,
        }

    # -- numpy ---------------------------------------------------------------------------------------

    def _items(self) -> Floats:
        return self._snapshot["films_out"]

    def _layers(self) -> tuple[list[Floats], list[Floats]]:
        """Items after 0 … layers - 1 hops, users after 0 … layers - 2."""
        depth, shot, data = int(self.values["layers"]), self._snapshot, self._trained()
        return self._cached("layers", lambda: self._hops.of(data, shot, depth))

    def ready_in_steps(self) -> Steps[None]:
        yield from self._hops.of_in_steps(self._trained(), self._snapshot, int(self.values["layers"]))

    def _rated_messages(self) -> Floats:
        """What each item contributes to the users who rated it, by all hops together: (n_items, dim)."""
        shot = self._snapshot
        if not int(self.values["layers"]):
            return np.zeros_like(shot["films_in"])
        items = self._layers()[1]
        return np.asarray(sum(mix * item for mix, item in zip(shot["mix"], items, strict=False)), np.float32)

    def liked(self, person: Person) -> NDArray[np.bool_]:
        """Which items of a history count as liked, bool (len(history),): all that the user has not rated lower."""
        if person.user is None:
            return np.ones(len(person.history), bool)
        data = self._trained()
        rows = data.rows_of(person.user)
        return ~np.isin(person.history, data.item[rows][~data.liked[rows]])

    def _contributions(self, person: Person) -> Floats:
        """What each item of a history contributes by both edge types, before the mean: (len(history), dim)."""
        vectors = self._cached("messages", self._rated_messages)[person.history]
        if int(self.values["layers"]):
            vectors = vectors + self.liked(person)[:, None] * self._snapshot["films_liked"][person.history]
        return np.asarray(vectors, np.float32)

    def hops(self, person: Person, item: int) -> Floats:
        """What each item of the history adds hop by hop: (len(history), layers); the sum is the part of all items.

        Column 0: the item itself; 1: the own embeddings of its users; 2: their items; and so on.
        """
        items, weight = self._layers()[1], 1.0 / max(len(person.history), 1)
        target = self._items()[item]
        columns = [
            mix * weight * (layer[person.history] @ target)
            for mix, layer in zip(self._snapshot["mix"], items[: int(self.values["layers"])], strict=False)
        ]
        if columns:
            columns[0] += weight * self.liked(person) * (self._snapshot["films_liked"][person.history] @ target)
        return np.stack(columns, axis=1) if columns else np.zeros((len(person.history), 0), np.float32)

    def terms(self, user: Who) -> Terms:
        """What each film of the history contributes, hop by hop, and the own embedding; they add up to the query."""
        person, shot = person_of(self._trained(), user), self._snapshot
        vectors = self._hop_contributions(person.history, self.liked(person))
        vectors /= max(len(person.history), 1)
        shares = np.full(len(vectors), 1.0 / max(len(vectors), 1), np.float32)
        base = np.zeros(vectors.shape[2], np.float32)
        own = base if person.user is None else shot["users"][person.user]
        return Terms("items", person.history, vectors, HOPS[: vectors.shape[1]], shares, own, base)

    def average_terms(self) -> Terms:
        """The mean of `terms` over all users with a history, in one row: the average user."""
        data, shot = self._trained(), self._snapshot
        length = np.bincount(data.user, minlength=data.n_users)
        weight = 1.0 / length[data.user] / np.count_nonzero(length)  # (n,) what a row is in the mean of all users
        often = np.bincount(data.item, weight, data.n_items).astype(np.float32)
        fans = np.bincount(data.item, weight * data.liked, data.n_items).astype(np.float32)
        films = self._layers()[1]
        vectors = np.zeros((1, len(films), shot["users"].shape[1]), np.float32)
        for hop, (mix, layer) in enumerate(zip(shot["mix"], films, strict=False)):
            vectors[0, hop] = mix * (often @ layer)
        if films:
            vectors[0, 0] += fans @ shot["films_liked"]
        nobody, one = np.array([-1], np.int32), np.ones(1, np.float32)
        own = shot["users"][length > 0].mean(0)
        return Terms("items", nobody, vectors, HOPS[: len(films)], one, own, np.zeros_like(own))

    def average_vectors(self) -> tuple[Floats, Floats]:
        """The mean query of all users with a history, (dim,), found without that of each; the items (n_items, dim)."""
        if not as_in(self, GNN, "vectors", "_query", "_queries", "_rated_messages", "_all_asked", "average_terms"):
            return super().average_vectors()
        terms = self.average_terms()
        return np.asarray(terms.vectors.sum((0, 1)) + terms.own, np.float32), self._items()

    def alone(self, items: Ints) -> Floats:
        """The query vectors of histories of one film each, float32 (n, dim)."""
        return self._contributions(Person(None, np.asarray(items, np.int32)))

    def _hop_contributions(self, items: Ints, liked: NDArray[np.bool_]) -> Floats:
        """What each film contributes, hop by hop, before the mean: (n, layers, dim)."""
        shot, films = self._snapshot, self._layers()[1]
        vectors = np.zeros((len(items), len(films), shot["users"].shape[1]), np.float32)
        for hop, (mix, layer) in enumerate(zip(shot["mix"], films, strict=False)):
            vectors[:, hop] = mix * layer[items]
        if films:
            vectors[:, 0] += liked[:, None] * shot["films_liked"][items]
        return vectors

    def alike(self) -> list[float]:
        """How alike two users' vectors are, hop by hop: the mean cosine, 1 = the same (over-smoothing)."""
        hops: list[float] = drain(self.alike_in_steps())
        return hops

    def alike_in_steps(self) -> Steps[list[float]]:
        """`alike`, which may be left between two blocks of nodes."""
        hops = []
        yield from self.ready_in_steps()
        for items in self._layers()[1]:
            users = yield from mean_over_in_steps(self._graph().items_of, items)
            hops.append(mean_cosine(users))
        return hops

    def through_viewers(
        self, person: Person, own: int, item: int | NDArray[Any], layers: int = DEPTH
    ) -> tuple[Ints, Floats]:  # fmt: skip
        """The users of an item of the history, and what reaches `item` through each of them: hops 2 to `layers`.

        item: an index, or a vector (dim,) in its stead.
        """
        viewers = self._graph().users_of.of(own)
        users = self._layers()[0]
        target = item if isinstance(item, np.ndarray) else self._items()[item]
        weight = 1.0 / max(len(person.history), 1) / max(len(viewers), 1)
        value = np.zeros(len(viewers), np.float32)
        far = max(min(layers, int(self.values["layers"])) - 1, 0)
        for mix, layer in zip(self._snapshot["mix"][1:], users[:far], strict=False):
            value += mix * weight * (layer[viewers] @ target)
        return viewers, value

    def _graph(self) -> Graph:
        return graph_of(self._trained())

    def _query(self, person: Person) -> Floats:
        query = np.zeros(self._items().shape[1], np.float32)
        if len(person.history):
            query = self._contributions(person).mean(0)
        if person.user is not None:
            query = query + self._snapshot["users"][person.user]
        return np.asarray(query, np.float32)

    def _queries(self) -> Steps[Floats]:
        edges, data, shot = self._graph().items_of, self._trained(), self._snapshot
        yield
        yield from self._hops.of_in_steps(data, shot, int(self.values["layers"]))
        items = yield from mean_over_in_steps(edges, self._cached("messages", self._rated_messages))
        if int(self.values["layers"]):
            liked = yield from mean_over_in_steps(edges, shot["films_liked"], data.liked[data.by_user.rows])
            items = items + liked
        return np.asarray(items + self._snapshot["users"], np.float32)

    def _parts(self, person: Person, item: int) -> Iterator[Part]:
        data, target = self._trained(), self._items()[item]
        weight = 1.0 / max(len(person.history), 1)
        products = self._contributions(person) @ target  # (history,)
        names = film_labels(data, person.history)
        for name, own, product in zip(names, person.history.tolist(), products.tolist(), strict=True):
            yield Part(name, "film", weight * product, own, weight, ((weight, product),))
        if person.user is not None:
            yield Part("own embedding", "own", float(self._snapshot["users"][person.user] @ target))


def mean_cosine(vectors: Floats) -> float:
    """Of all pairs of rows that are not zero; NaN for fewer than two."""
    some = vectors[np.linalg.norm(vectors, axis=1) > 0].astype(np.float64)
    n = len(some)
    if n < 2:
        return float("nan")
    total = (some / np.linalg.norm(some, axis=1, keepdims=True)).sum(0)
    return float((total @ total - n) / (n * (n - 1)))  # without each row's cosine with itself
