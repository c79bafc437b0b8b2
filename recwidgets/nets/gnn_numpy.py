"""The graph neural network in numpy: forward and backward, without a framework. The same in TensorFlow: gnn.py."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._threads import side_by_side
from ..data import Interactions
from ..models._constants import DEPTH
from ..steps import Steps, in_steps
from . import settings
from .parts_numpy import ROWS, Buffers, Edges, blocks, drawn_tables, halves, hidden_wanted, inverse, softmax, some
from .settings import GNNDropout, query_dropout


class Drawn(NamedTuple):
    """All that is random in a step."""

    shown: Any  # bool (n_edges,): the model may see this edge; the others are to be predicted
    own: Any  # (n_users, 1): 1 = the own embedding is there
    items: Any  # (n_users, 1): 1 = what comes over the graph is there
    dropout: Any  # (n_users, dim): 0, or what makes up for the zeros
    candidates: Any = None  # the items that the softmax is over, None for all


class GNNNumpy:
    """Predicts hidden interactions from shown ones. `arrays` is what it learns, changed in place by the loop.

    `begin()` fills it; `step(drawn)` gives the loss and its gradient by each array that has one. Both may be left at
    their yields.
    """

    def __init__(self, data: Interactions, dim: int, layers: int, seed: int) -> None:
        self.n_users, self.n_items, self.dim = data.n_users, data.n_items, dim
        self.layers, self.drop = layers, GNNDropout()
        order = np.lexsort((data.item, data.user))
        self.user, self.item, self.liked = data.user[order], data.item[order], data.liked[order]  # (n_edges,)
        self.by_item = np.lexsort((self.user, self.item))
        self.seed, self.arrays = seed, dict[str, Any]()
        self.buffers = Buffers(), Buffers()  # of either half of the users

    def begin(self) -> Steps[None]:
        """Draw the arrays that a training starts from."""
        rows = {"users": self.n_users, "films_in": self.n_items, "films_out": self.n_items}
        self.arrays = yield from drawn_tables(np.random.default_rng(self.seed), rows, self.dim)
        self.arrays["films_liked"] = np.zeros((self.n_items, self.dim), np.float32)
        self.arrays["mix"] = np.ones(DEPTH, np.float32)

    def draw(self, seed: Any) -> Drawn:
        draw, drop, dropped = np.random.default_rng(seed), self.drop, query_dropout(self.dim)
        shown = draw.random(len(self.user), np.float32) >= drop.edge
        items = (draw.random((self.n_users, 1), np.float32) >= drop.items).astype(np.float32)
        own = (draw.random((self.n_users, 1), np.float32) >= drop.own).astype(np.float32)
        kept = (draw.random((self.n_users, self.dim), np.float32) >= dropped) / np.float32(1 - dropped)
        own = np.maximum(own, 1 - items)  # one of the two is always there
        return Drawn(shown, own, items, kept, some(draw, self.n_items, settings.SAMPLED_ITEMS))

    def edges(self, shown: Any) -> tuple[Edges, Edges]:
        """The shown edges, and of these the liked ones."""
        shape, by_item = (self.n_users, self.n_items), self.by_item[shown[self.by_item]]
        place = np.cumsum(shown) - 1  # of an edge among the shown
        rated = Edges(self.user[shown], self.item[shown], shape, place[by_item])
        liked = shown & self.liked
        return rated, Edges(self.user[liked], self.item[liked], shape)

    def step(self, drawn: Drawn) -> Steps[tuple[float, dict[str, Any]]]:
        own, mix, layers = self.arrays["users"], self.arrays["mix"], self.layers  # own: (n_users, dim)
        rated, liked = self.edges(drawn.shown)
        of_user = inverse(np.bincount(self.user[drawn.shown], minlength=self.n_users)[:, None].astype(own.dtype))
        of_item = inverse(np.bincount(self.item[drawn.shown], minlength=self.n_items)[:, None].astype(own.dtype))
        yield

        # forward: hop by hop, each node becomes the mean of its neighbours
        users, items = [own], [self.arrays["films_in"]]
        result = np.zeros_like(own)  # (n_users, dim)
        if layers:
            result += of_user * (yield from liked.to_rows(self.arrays["films_liked"]))
        for hop in range(layers):
            users.append(of_user * (yield from rated.to_rows(items[hop])))  # (n_users, dim)
            yield
            if hop + 1 < layers:
                items.append(of_item * (yield from rated.to_columns(users[hop])))  # (n_items, dim)
                yield
            result += mix[hop] * users[hop + 1]
        queries = (drawn.own * own + drawn.items * result) * drawn.dropout  # (n_users, dim)

        # the loss, and back from it to the queries
        wanted = hidden_wanted(self.user, self.item, drawn.shown, (self.n_users, self.n_items), drawn.candidates)
        out = self.arrays["films_out"]
        table = out if drawn.candidates is None else out[drawn.candidates]
        d_queries = np.empty_like(queries)
        yield

        def learn(half: slice, buffers: Buffers) -> Steps[tuple[float, Any]]:
            """The loss of half of the users, and its gradient by the table of items."""
            loss, d_table = 0.0, np.zeros_like(table)
            for rows in blocks(half, len(table), ROWS):
                part, d_queries[rows] = softmax(queries[rows], table, wanted, rows, d_table, buffers)
                loss += part
                yield
            return loss, d_table

        learned = yield from side_by_side(*map(learn, halves(self.n_users), self.buffers))
        loss, d_table = (one + other for one, other in zip(*learned, strict=True))

        # backward: the same way, the other way round
        d_queries *= drawn.dropout
        d_own = drawn.own * d_queries + self.drop.user_l2 * own  # (n_users, dim)
        d_out = d_table
        if drawn.candidates is not None:
            d_out = np.zeros_like(out)
            d_out[drawn.candidates] = d_table
        gradients = {"users": d_own, "films_out": d_out}
        if layers:
            d_result = drawn.items * d_queries  # (n_users, dim)
            gradients["films_liked"] = yield from liked.to_columns(of_user * d_result)
            gradients["mix"] = np.zeros_like(mix)
            d_users, d_items = np.zeros_like(own), None  # of the nodes after hop + 1
            for hop in reversed(range(layers)):
                gradients["mix"][hop] = np.vdot(d_result, users[hop + 1])
                d_users += mix[hop] * d_result
                d_back = np.zeros_like(own)
                if d_items is not None:
                    d_back = yield from in_steps(self.back_to_users(rated, of_item, d_items))
                    yield
                d_items = yield from in_steps(self.back_to_items(rated, of_user, d_users))  # (n_items, dim)
                yield
                d_users = d_back
            gradients["films_in"] = d_items
            d_own += d_users
        return loss, gradients

    # The gradient of a mean: each of n neighbours moved it by a nth, so each gets a nth of what came back to it.

    def back_to_items(self, rated: Edges, of_user: Any, d_users: Any) -> Any:
        """Of users = of_user * rated.to_rows(items): (n_users, dim) -> (n_items, dim)."""
        return rated.to_columns(of_user * d_users)

    def back_to_users(self, rated: Edges, of_item: Any, d_items: Any) -> Any:
        """Of items = of_item * rated.to_columns(users): (n_items, dim) -> (n_users, dim)."""
        return rated.to_rows(of_item * d_items)
