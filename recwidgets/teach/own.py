"""The three models with a learner's function in the place of their own arithmetic.

What is trained stays as it is; how an answer is worked out from it is the learner's. A score is
still taken apart: each function is asked what it makes of the unit vectors, which gives the weight
of every film or neighbour where it is linear, as the real layers are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..core import Floats, Ints, Part, Person, film_label
from ..data._arrays import sized
from ..graph import Edges, Graph
from ..models._constants import LEAST, POWER
from ..models.gnn import GNN, mean_cosine
from ..models.knn import KNN, unit
from ..models.session import Session
from ..steps import Steps
from .safe_call import AnswerError, Array, called, name_of, numbers, sentence

Function = Callable[..., Any]
CAREFUL = 3  # nodes whose messages are handed over as copies and compared afterwards


def gather(edges: Edges, vectors: Floats, aggregate: Function) -> Floats:
    """aggregate() of the neighbours' vectors, node by node: (n_nodes, dim); zero for a node without any."""
    out = np.zeros((len(edges.indptr) - 1, vectors.shape[1]), np.float32)
    nodes = np.flatnonzero(edges.degree).tolist()
    for node in nodes[:CAREFUL]:
        out[node] = heard(aggregate, vectors[edges.of(node)])
    try:
        for node in nodes[CAREFUL:]:
            out[node] = aggregate(vectors[edges.of(node)])
    except Exception as error:
        raise AnswerError(sentence(aggregate, error)) from None
    return out


def heard(aggregate: Function, messages: Floats) -> Floats:
    """What a node makes of its neighbours' messages (n, dim): (dim,). Raises AnswerError for another shape."""
    result = numbers(called(aggregate, messages))
    if result.shape != messages.shape[1:]:
        rows = "; axis 0 runs over the neighbours" if result.shape == messages.shape[:1] else ""
        raise AnswerError(
            f"{name_of(aggregate)} must turn messages of shape {messages.shape} into one vector of shape "
            f"{messages.shape[1:]}, got {result.shape}{rows}"
        )
    return result.astype(np.float32)


def travel(graph: Graph, users: Floats, films: Floats, depth: int, aggregate: Function) -> tuple[Any, Any]:
    """recwidgets.graph.propagate with an aggregate() of one's own: lists of depth + 1 arrays."""
    user_layers, film_layers = [users], [films]
    for _ in range(depth):
        after = gather(graph.items_of, film_layers[-1], aggregate), gather(graph.users_of, user_layers[-1], aggregate)
        user_layers.append(after[0])
        film_layers.append(after[1])
    return user_layers, film_layers


def dense(graph: Graph, n_items: int) -> Floats:
    """1 where a user watched a film: float32 (n_users, n_items)."""
    watched = np.zeros((len(graph.items_of.indptr) - 1, n_items), np.float32)
    watched[np.repeat(np.arange(len(watched)), sized(graph.items_of.degree)), graph.items_of.indices] = 1.0
    return watched


class OwnGNN(GNN):
    """The graph neural network with one's own aggregate(messages), or layer(watched, users, films)."""

    def __init__(self, aggregate: Function | None = None, layer: Function | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.layer, self.aggregate = layer, aggregate if aggregate is not None else self._of_layer
        self.label = f"{GNN.label} · your {name_of(layer or aggregate)}"  # type: ignore[misc]  # each function has its own name

    def _of_layer(self, messages: Floats) -> Any:
        """A layer of one user who watched everything there is: what it makes of these messages."""
        assert self.layer is not None
        n, dim = messages.shape
        return self.layer(np.ones((1, n), np.float32), np.zeros((1, dim), np.float32), messages)[0][0]

    def _layers(self) -> tuple[list[Floats], list[Floats]]:
        shot, depth = self._snapshot, int(self.values["layers"]) - 1
        return self._cached("layers", lambda: self._travel(shot["users"], shot["films_in"], depth))

    def ready_in_steps(self) -> Steps[None]:
        yield  # the layers are of one's own

    def _travel(self, users: Floats, films: Floats, depth: int) -> tuple[list[Floats], list[Floats]]:
        if self.layer is None:
            return travel(self._graph(), users, films, depth, self.aggregate)
        watched, both = dense(self._graph(), len(films)), [(users, films)]
        for _ in range(depth):
            after = [numbers(part).astype(np.float32) for part in called(self.layer, watched, *both[-1])]
            both.append((after[0], after[1]))
        return [pair[0] for pair in both], [pair[1] for pair in both]

    def _query(self, person: Person) -> Floats:
        query = np.zeros(self._items().shape[1], np.float32)
        if len(person.history):
            query = heard(self.aggregate, self._contributions(person))
        own = 0.0 if person.user is None else self._snapshot["users"][person.user]
        return np.asarray(query + own, np.float32)

    def _queries(self) -> Steps[Floats]:
        return self._queries_one_by_one()

    def alike_in_steps(self) -> Steps[list[float]]:
        edges, hops = self._graph().items_of, []
        for said in self._layers()[1]:
            hops.append(mean_cosine(gather(edges, said, self.aggregate)))
            yield
        return hops

    def _weights(self, n: int) -> Floats:
        """What aggregate() makes of n messages that are the unit vectors: their weights, if it is linear."""
        return heard(self.aggregate, np.eye(n, dtype=np.float32)) if n else np.zeros(0, np.float32)

    def _rest(self, person: Person, item: int, sum_of_parts: float) -> float:
        """What a function that is not linear adds beyond its weights, for each film of the history alike."""
        own = 0.0 if person.user is None else self._snapshot["users"][person.user]
        whole = float((self._query(person) - own) @ self._items()[item])
        return (whole - sum_of_parts) / max(len(person.history), 1)

    def hops(self, person: Person, item: int) -> Floats:
        columns = super().hops(person, item) * (len(person.history) * self._weights(len(person.history)))[:, None]
        rest = self._rest(person, item, float(columns.sum()))
        return np.asarray(columns + rest / max(columns.shape[1], 1), np.float32)

    def _parts(self, person: Person, item: int) -> Iterator[Part]:
        data, film, weights = self._trained(), self._items()[item], self._weights(len(person.history))
        products = self._contributions(person) @ film
        rest = self._rest(person, item, float(weights @ products))
        for own, weight, product in zip(person.history.tolist(), weights.tolist(), products.tolist(), strict=True):
            terms = ((weight, product),) if abs(rest) < 1e-6 else ()
            yield Part(film_label(data, own), "film", weight * product + rest, own, weight, terms)
        if person.user is not None:
            yield Part("own embedding", "own", float(self._snapshot["users"][person.user] @ film))


class OwnKNN(KNN):
    """Nearest neighbours with one's own nearest(places, who, k), or layer(places, values, who, k, power)."""

    knobs = KNN.knobs[:1]  # how near is near is the learner's own business

    def __init__(self, nearest: Function | None = None, layer: Function | None = None, **settings: Any) -> None:
        settings.pop("similarity", None)  # of the model whose embeddings these are
        super().__init__(**settings)
        self.nearest, self.layer = nearest, layer
        self.label = f"{KNN.label} · your {name_of(layer or nearest)}"  # type: ignore[misc]  # each function has its own name

    def neighbours(self, person: Person) -> tuple[Ints, Floats]:
        """Whom the learner's function finds, and their weights. Places are given less their mean."""
        keys, centre, _ = self._keys()
        places, users = self.user_vectors() - centre, np.arange(len(keys))
        own = self.user_vector(person) - centre
        if person.user is None:
            places, users = np.vstack([places, own]), np.append(users, -1)
        else:
            places[person.user] = own  # an edited history stands elsewhere than in the data
        asked = ~np.isin(users, person.without)
        places, users = places[asked], users[asked]
        who = int(np.flatnonzero(users == (-1 if person.user is None else person.user))[0])
        k = min(int(self.values["k"]), len(users) - 1)
        found, weight = self._found(places, who, k) if self.layer is None else self._weighed(places, who, k)
        known = users[found] >= 0  # nobody can be asked what "you" stand for but you
        weight = weight[known] / weight[known].sum() if known.any() and weight[known].sum() else weight[known]
        return users[found][known].astype(np.int32), weight.astype(np.float32)

    def _found(self, places: Floats, who: int, k: int) -> tuple[Array, Array]:
        """One's own search; the weights are the real layer's."""
        assert self.nearest is not None
        found = indices(called(self.nearest, places, who, k), len(places), name_of(self.nearest))
        near = unit(places[found]) @ unit(places[who])
        return found, np.maximum(near, LEAST) ** POWER

    def _weighed(self, places: Floats, who: int, k: int) -> tuple[Array, Array]:
        """What the learner's layer makes of the unit vectors: the weight of all users."""
        assert self.layer is not None
        weight = numbers(called(self.layer, places, np.eye(len(places), dtype=np.float32), who, k, POWER))
        found = np.argsort(-weight, kind="stable")[: max(int(np.count_nonzero(weight)), 1)]
        return found, weight[found]


def indices(value: Any, n: int, who: str) -> Array:
    """Row numbers from 0 to n - 1, each once. Raises AnswerError for anything else."""
    found = numbers(value, "row numbers")
    if found.ndim != 1 or not len(found) or not (found == np.rint(found)).all():
        raise AnswerError(f"{who} must give a list of row numbers, got shape {found.shape}")
    if found.min() < 0 or found.max() >= n:
        raise AnswerError(f"{who} must give row numbers from 0 to {n - 1}, got {found.min():.0f} to {found.max():.0f}")
    if len(np.unique(found)) != len(found):
        raise AnswerError(f"{who} gives the same row more than once")
    return found.astype(np.int64)


class OwnSession(Session):
    """The session model with one's own recency(learned, half_life), or layer(films, learned, half_life, maps)."""

    def __init__(self, recency: Function | None = None, layer: Function | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.recency, self.layer = recency, layer
        self.label = f"{Session.label} · your {name_of(layer or recency)}"  # type: ignore[misc]  # each function has its own name

    def weights(self, n: int) -> Floats:
        learned = self._snapshot["recency"][: min(n, int(self.values["window"]))]
        half_life = float(self.values["half_life"])
        if not len(learned):
            return super().weights(n)
        key = f"weights {len(learned)} {half_life}"
        return self._cached(key, lambda: self._asked(learned, half_life))

    def _asked(self, learned: Floats, half_life: float) -> Floats:
        if self.recency is not None:
            weight = numbers(called(self.recency, learned, half_life))
            if weight.shape != learned.shape:
                raise AnswerError(
                    f"{name_of(self.recency)} must give weights of the shape of `learned`, {learned.shape}, "
                    f"got {weight.shape}"
                )
            return np.asarray(weight, np.float32)
        assert self.layer is not None
        layer, (n, means) = self.layer, learned.shape
        weight = np.zeros((n, means), np.float32)
        for mean in range(means):  # the map of one mean is the identity, the others nothing: that mean's weights
            maps = np.zeros((means, n, n), np.float32)
            maps[mean] = np.eye(n)
            weight[:, mean] = numbers(called(layer, np.eye(n, dtype=np.float32), learned, half_life, maps))
        return weight


__all__ = ["OwnGNN", "OwnKNN", "OwnSession", "dense", "travel"]
