"""The graph of users and items, in numpy: neighbours, means over neighbours, hops."""

from __future__ import annotations

import sys
import threading
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from .core import Floats
from .data import Interactions
from .data._arrays import sized
from .steps import Steps, drain

Array = NDArray[Any]
FEW = 24  # neighbours: nodes with so many or fewer are summed together, and most items have no more
# numbers gathered at a time: 1 MB of float32, which stays in the processor's cache; less in a browser's tab, where
# clicks are answered between two blocks
BLOCK = 1 << (16 if sys.platform == "emscripten" else 18)


class Edges(NamedTuple):
    """Neighbours of each node of one side: node n has indices[indptr[n] : indptr[n + 1]]."""

    indptr: Array  # int64 (n_nodes + 1,)
    indices: Array  # int32 (n_edges,)

    def of(self, node: int) -> Array:
        return self.indices[self.indptr[node] : self.indptr[node + 1]]

    @property
    def degree(self) -> Array:
        return np.diff(self.indptr)


class Graph(NamedTuple):
    """Both directions of the same edges."""

    items_of: Edges  # of each user, oldest first
    users_of: Edges  # of each item, in the order of the users


_known: WeakKeyDictionary[Interactions, Graph] = WeakKeyDictionary()
_lock = threading.Lock()


def graph_of(data: Interactions) -> Graph:
    """The user–item graph of the interactions: an edge for each rating. Built once for a data set."""
    with _lock:  # a panel and its training may ask at the same time
        if data not in _known:
            _known[data] = Graph(items_of_users(data), users_of_items(data))
        return _known[data]


def items_of_users(data: Interactions) -> Edges:
    """The items of each user, oldest first."""
    return Edges(data.by_user.indptr, data.by_user.items)


def users_of_items(data: Interactions) -> Edges:
    """The users of each item, in their order: both in one number, sorted; no jump through memory for each edge."""
    by_user, bits = data.by_user, max(data.n_users - 1, 1).bit_length()
    number: Any = np.uint32 if max(data.n_items, 1).bit_length() + bits <= 32 else np.uint64
    pairs: Any = by_user.items.astype(number)
    pairs <<= bits
    pairs |= np.repeat(np.arange(data.n_users, dtype=number), sized(np.diff(by_user.indptr)))
    pairs.sort()
    indptr: Any = np.searchsorted(pairs, np.arange(data.n_items + 1).astype(number) << bits)
    pairs &= (1 << bits) - 1
    return Edges(indptr.astype(np.int64), pairs.astype(np.int32))


def mean_over(edges: Edges, vectors: Floats, counted: Array | None = None) -> Floats:
    """Mean of the neighbours' vectors, float32 (n_nodes, dim); zero for a node without any.

    counted: bool (n_edges,), a neighbour that is not counted adds zero to the mean.
    """
    mean: Floats = drain(mean_over_in_steps(edges, vectors, counted))
    return mean


def mean_over_in_steps(edges: Edges, vectors: Floats, counted: Array | None = None) -> Steps[Floats]:
    """`mean_over`, which may be left between two blocks of nodes."""
    degree = edges.degree
    out = np.zeros((len(degree), vectors.shape[1]), np.float32)
    most, done, few = max(BLOCK // vectors.shape[1], 1), 0, 0 if counted is not None else FEW
    for n in range(1, few + 1):  # all nodes with so few neighbours at once: the same sums, in the same order
        some = np.flatnonzero(degree == n)
        for block in np.array_split(some, len(some) * n // most + 1):
            first = edges.indptr[block]
            total = vectors.take(edges.indices[first], 0)
            for nth in range(1, n):
                total += vectors.take(edges.indices[first + nth], 0)
            out[block] = total
            if (done := done + n * len(block)) > most:
                done = 0
                yield
    nodes = np.flatnonzero(degree > few)
    starts, ends = edges.indptr[nodes].tolist(), edges.indptr[nodes + 1].tolist()
    for node, first, last in zip(nodes.tolist(), starts, ends, strict=True):
        near = edges.indices[first:last]
        if counted is not None:
            near = near[counted[first:last]]
        vectors.take(near, 0).sum(0, out=out[node])  # several times as quick as np.add.reduceat of many nodes
        if (done := done + last - first) > most:
            done = 0
            yield
    some = np.flatnonzero(degree)
    out[some] /= degree[some, None]
    return out


def propagate(graph: Graph, users: Floats, items: Floats, depth: int) -> tuple[list[Floats], list[Floats]]:
    """Embeddings after 0 … depth hops: each node becomes the mean of its neighbours, hop by hop.

    users: (n_users, dim), items: (n_items, dim). Returns two lists of depth + 1 arrays.
    """
    layers: tuple[list[Floats], list[Floats]] = drain(propagate_in_steps(graph, users, items, depth))
    return layers


def propagate_in_steps(
    graph: Graph, users: Floats, items: Floats, depth: int, users_depth: int | None = None
) -> Steps[tuple[list[Floats], list[Floats]]]:
    """`propagate`, which may be left between two blocks of nodes.

    users_depth: hops of the users that are wanted, at least depth - 1, from which the items' last ones are made; as
    many as of the items where it is None.
    """
    user_layers, item_layers = [users], [items]
    for hop in range(depth):
        of_users = yield from mean_over_in_steps(graph.users_of, user_layers[-1])
        if users_depth is None or hop < users_depth:
            user_layers.append((yield from mean_over_in_steps(graph.items_of, item_layers[-1])))
        item_layers.append(of_users)
    return user_layers, item_layers
