"""The graph neural network: a user is what the films say, and the films say what their viewers say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..core import Floats, Ints, Knob, Part, Person, Snapshot, Terms, Who, film_label, person_of
from ..data import Interactions
from ..graph import Graph, graph_of, mean_over, propagate
from ._base import read_only
from ._tfrs import TfrsRecommender

DEPTH = 4  # the most layers that the knob offers
# what a term's ways are called: how far what an own film says comes from
HOPS = ("the films themselves", "their viewers", "their viewers' films", "those films' viewers")


class Hops:
    """What the nodes of the last asked snapshot are after some hops, read-only.

    A model and its views share one: a turned knob asks the same snapshot for other depths.
    """

    def __init__(self) -> None:
        self._last: tuple[Interactions, Snapshot, list[Floats], list[Floats]] | None = None

    def of(self, data: Interactions, shot: Snapshot, depth: int) -> tuple[list[Floats], list[Floats]]:
        """Users and films after 0 … depth - 1 hops."""
        last = self._last  # rebound, never edited: two threads may ask
        if last is None or last[0] is not data or last[1] is not shot or len(last[2]) < depth:
            users, films = propagate(graph_of(data), shot["users"], shot["films_in"], depth - 1)
            self._last = last = (data, shot, [*map(read_only, users)], [*map(read_only, films)])
        return last[2][:depth], last[3][:depth]

    def __deepcopy__(self, memo: dict[int, Any]) -> Hops:
        return Hops()  # it can be worked out again


class GNN(TfrsRecommender):
    """Graph neural network on the user–film graph.

    dim: length of the embeddings. layers: hops, 0–4. A film says one thing to whoever watched it and
    a second to whoever liked it (`Interactions.liked`; what a person adds by hand counts as liked).
    Snapshot: "users" (n_users, dim), "films_in", "films_liked" and "films_out" (n_items, dim), "mix" (4,).
    """

    name: ClassVar[str] = "gnn"
    label: ClassVar[str] = "Graph neural network"
    batches: ClassVar[int] = 12
    seeds: ClassVar[int] = 5
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob("layers", "Layers", 0, DEPTH, 3, True, "0 = no graph; far hops tell everybody nearly the same."),
    )

    def __init__(
        self, dim: int = 128, *, seed: int = 0, epochs: int = 25, learning_rate: float = 0.02, **knobs: float | str
    ) -> None:
        super().__init__(dim, seed=seed, epochs=epochs, learning_rate=learning_rate, **knobs)
        self._hops = Hops()

    def _network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        from ..nets.gnn import GNNModel

        return GNNModel(data, self.dim, int(knobs["layers"]), self.seed)

    def _arrays(self, net: Any) -> dict[str, Any]:
        return {
            "users": net.user_embedding.embeddings.numpy(),
            "films_in": net.movie_embedding.embeddings.numpy(),
            "films_liked": net.liked_embedding.embeddings.numpy(),
            "films_out": net.items().numpy(),
            "mix": net.gnn.mix.numpy(),
        }

    # -- numpy ---------------------------------------------------------------------------------------

    def _films(self) -> Floats:
        return self._snapshot["films_out"]

    def _layers(self) -> tuple[list[Floats], list[Floats]]:
        """Users and films after 0 … layers - 1 hops."""
        depth, shot, data = int(self.values["layers"]), self._snapshot, self._trained()
        return self._cached("layers", lambda: self._hops.of(data, shot, depth))

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

    def terms(self, user: Who) -> Terms:
        """What each film of the history says, hop by hop, and the own embedding; they add up to the query."""
        person, shot = person_of(self._trained(), user), self._snapshot
        said = self._hop_messages(person.history, self.liked(person))
        said /= max(len(person.history), 1)
        shares = np.full(len(said), 1.0 / max(len(said), 1), np.float32)
        base = np.zeros(said.shape[2], np.float32)
        own = base if person.user is None else shot["users"][person.user]
        return Terms("items", person.history, said, HOPS[: said.shape[1]], shares, own, base)

    def average_terms(self) -> Terms:
        """The mean of `terms` over all users with a history, in one row: the average user."""
        data, shot = self._trained(), self._snapshot
        length = np.bincount(data.user, minlength=data.n_users)
        weight = 1.0 / length[data.user] / np.count_nonzero(length)  # (n,) what a row is in the mean of all users
        often = np.bincount(data.item, weight, data.n_items).astype(np.float32)
        fans = np.bincount(data.item, weight * data.liked, data.n_items).astype(np.float32)
        films = self._layers()[1]
        said = np.zeros((1, len(films), shot["users"].shape[1]), np.float32)
        for hop, (mix, layer) in enumerate(zip(shot["mix"], films, strict=False)):
            said[0, hop] = mix * (often @ layer)
        if films:
            said[0, 0] += fans @ shot["films_liked"]
        nobody, one = np.array([-1], np.int32), np.ones(1, np.float32)
        own = shot["users"][length > 0].mean(0)
        return Terms("items", nobody, said, HOPS[: len(films)], one, own, np.zeros_like(own))

    def alone(self, items: Ints) -> Floats:
        """The query vectors of histories of one film each, float32 (n, dim)."""
        return self._said(Person(None, np.asarray(items, np.int32)))

    def _hop_messages(self, items: Ints, liked: NDArray[np.bool_]) -> Floats:
        """What each film says, hop by hop: (n, layers, dim); `_messages` and more is the sum over the hops."""
        shot, films = self._snapshot, self._layers()[1]
        said = np.zeros((len(items), len(films), shot["users"].shape[1]), np.float32)
        for hop, (mix, layer) in enumerate(zip(shot["mix"], films, strict=False)):
            said[:, hop] = mix * layer[items]
        if films:
            said[:, 0] += liked[:, None] * shot["films_liked"][items]
        return said

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

    def _graph(self) -> Graph:
        return graph_of(self._trained())

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
