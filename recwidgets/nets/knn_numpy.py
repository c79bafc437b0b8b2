"""Nearest neighbours in numpy: forward and backward, without a framework. The same in TensorFlow: knn.py."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._threads import side_by_side
from ..data import Interactions
from ..models._constants import LEAST
from ..steps import Steps
from . import settings
from .parts_numpy import (
    ROWS,
    Buffers,
    Edges,
    blocks,
    drawn_tables,
    halves,
    hidden_wanted,
    inverse,
    product,
    softmax,
    some,
)
from .settings import KNNDropout, query_dropout

LEAST_SQUARE = 1e-12  # the least squared length that is divided by


class Drawn(NamedTuple):
    """All that is random in a step."""

    shown: Any  # bool (n_edges,): the model may see this edge; the others are to be predicted
    dropout: Any  # (n_users, dim): 0, or what makes up for the zeros
    candidates: Any = None  # the items that the softmax is over, None for all
    key_ids: Any = None  # the users who may be neighbours, None for all


class KNNNumpy:
    """Predicts a user's hidden items from the neighbours that the shown items lead to. `arrays` is what it learns.

    `begin()` fills it; `step(drawn)` gives the loss and its gradient by each array. Both may be left at their yields.
    """

    def __init__(self, data: Interactions, dim: int, k: int, similarity: str, seed: int) -> None:
        self.n_users, self.n_items, self.dim, self.drop = data.n_users, data.n_items, dim, KNNDropout()
        self.k, self.similarity = k, similarity
        order = np.lexsort((data.item, data.user))
        self.user, self.item = data.user[order], data.item[order]  # (n_edges,)
        self.all = Edges(self.user, self.item, (data.n_users, data.n_items))
        self.seed, self.arrays = seed, dict[str, Any]()
        self.buffers = Buffers(), Buffers()  # of either half of the users

    def begin(self) -> Steps[None]:
        """Draw the arrays that a training starts from."""
        rows = {"users": self.n_users, "films_in": self.n_items, "films_out": self.n_items}
        self.arrays = yield from drawn_tables(np.random.default_rng(self.seed), rows, self.dim)

    def draw(self, seed: Any) -> Drawn:
        draw, dropped = np.random.default_rng(seed), query_dropout(self.dim)
        shown = draw.random(len(self.user), np.float32) >= self.drop.item
        kept = (draw.random((self.n_users, self.dim), np.float32) >= dropped) / np.float32(1 - dropped)
        candidates = some(draw, self.n_items, settings.SAMPLED_ITEMS)
        return Drawn(shown, kept, candidates, some(draw, self.n_users, settings.SAMPLED_USERS))

    def step(self, drawn: Drawn) -> Steps[tuple[float, dict[str, Any]]]:
        films, own, out = (self.arrays[name] for name in ("films_in", "users", "films_out"))
        seen = Edges(self.user[drawn.shown], self.item[drawn.shown], (self.n_users, self.n_items))
        of_all = inverse(np.bincount(self.user, minlength=self.n_users)[:, None].astype(films.dtype))
        of_seen = inverse(np.bincount(self.user[drawn.shown], minlength=self.n_users)[:, None].astype(films.dtype))
        yield

        # forward: users' vectors, of the shown items and of all
        users = of_seen * (yield from seen.to_rows(films))  # (n_users, dim)
        yield
        every = of_all * (yield from self.all.to_rows(films))  # (n_users, dim)
        yield
        ids = np.arange(self.n_users) if drawn.key_ids is None else drawn.key_ids
        keys = every[ids]  # (n_keys, dim)
        values = keys + own[ids]  # (n_keys, dim)
        centre = keys.mean(0)
        k = min(self.k, len(keys) - 1)
        wanted = hidden_wanted(self.user, self.item, drawn.shown, (self.n_users, self.n_items), drawn.candidates)
        table = out if drawn.candidates is None else out[drawn.candidates]
        d_users = np.empty_like(users)
        yield

        def learn(half: slice, buffers: Buffers) -> Steps[tuple[Any, ...]]:
            """The loss of half of the users, and its gradients by what all share."""
            near_to, loss = Nearness(self.similarity, keys - centre), 0.0
            d_table, d_values = np.zeros_like(table), np.zeros_like(values)
            for rows in blocks(half, max(len(table), len(keys)), ROWS):
                # forward: the k nearest, weighed by the sixth power of their nearness
                near = near_to.forward(users[rows] - centre)  # (rows, n_keys)
                near[np.arange(rows.start, rows.stop)[:, None] == ids] = -2.0  # nobody is their own neighbour
                edge = np.partition(near, len(keys) - k, axis=1)[:, len(keys) - k, None]
                chosen = (near >= edge) & (near >= LEAST)  # the others' weights do not change
                power = np.maximum(near, LEAST)
                power *= power * power
                power *= power
                power[near < edge] = 0.0
                total = power.sum(1, keepdims=True)  # (rows, 1)
                weight = power / total  # (rows, n_keys)
                queries = product(weight, values) * drawn.dropout[rows]  # (rows, dim)

                # two losses: of the neighbours, and of the user's vector alone
                part, d_queries = softmax(queries, table, wanted, rows, d_table, buffers)
                yield
                direct = users[rows] * drawn.dropout[rows]
                other, d_direct = direct_softmax(direct, table, wanted, rows, d_table, buffers, self.drop.direct)
                loss += part + self.drop.direct * other
                yield

                # backward
                d_queries *= drawn.dropout[rows]
                d_values += product(weight.T, d_queries)  # (n_keys, dim)
                d_weight = product(d_queries, values.T)  # (rows, n_keys)
                d_weight -= (d_weight * weight).sum(1, keepdims=True)
                d_near = 6 * weight * d_weight  # weight = near⁶ / total
                np.divide(d_near, near, out=d_near, where=chosen)
                d_near[~chosen] = 0.0
                d_users[rows] = near_to.backward(d_near)
                d_users[rows] += d_direct * drawn.dropout[rows]
                yield
            return loss, d_table, d_values, near_to.d_keys(), near_to.d_here

        learned = yield from side_by_side(*map(learn, halves(self.n_users), self.buffers))
        loss, d_table, d_values, d_keys, d_here = (one + other for one, other in zip(*learned, strict=True))
        d_own = self.drop.user_l2 * own
        d_own[ids] += d_values
        # the centre is taken away from every user and every key
        d_centre = -(d_here + d_keys.sum(0))
        d_every = np.zeros_like(every)
        d_every[ids] = d_keys + d_values + d_centre / len(keys)
        d_films = yield from seen.to_columns(of_seen * d_users)  # (n_items, dim)
        yield
        d_films += yield from self.all.to_columns(of_all * d_every)
        d_out = d_table
        if drawn.candidates is not None:
            d_out = np.zeros_like(out)
            d_out[drawn.candidates] = d_table
        return loss, {"users": d_own, "films_in": d_films, "films_out": d_out}


def direct_softmax(
    queries: Any, items: Any, wanted: Any, rows: slice, d_items: Any, buffers: Buffers, share: float
) -> tuple[float, Any]:
    """`softmax`, whose loss counts `share`."""
    if share == 1.0:
        return softmax(queries, items, wanted, rows, d_items, buffers)
    d_own = np.zeros_like(d_items)
    loss, d_queries = softmax(queries, items, wanted, rows, d_own, buffers)
    d_items += share * d_own
    return loss, share * d_queries


class Nearness:
    """How near keys are to some vectors, (rows, n_keys), and the gradients by both. keys: (n_keys, dim), centred.

    similarity: as recwidgets.models.knn.nearness has it.
    """

    def __init__(self, similarity: str, keys: Any) -> None:
        self.similarity, self.keys = similarity, keys
        self.zero = (keys**2).sum(1) < 1e-24
        if similarity == "cosine":
            self.scaled, self.factor = unit(keys)
        else:
            self.keys = np.where(self.zero[:, None], keys.dtype.type(1e-6), keys)
            self.lengths = np.linalg.norm(self.keys, axis=1)  # (n_keys,)
            self.usual = self.lengths.mean()
            self.scaled = self.keys if similarity == "distance" else self.keys / self.usual
        self.d_scaled = np.zeros_like(keys)
        self.d_usual = 0.0
        self.d_here: Any = np.zeros(keys.shape[1], keys.dtype)  # summed over all vectors asked

    def forward(self, here: Any) -> Any:
        self.here = here  # (rows, dim)
        if self.similarity != "distance":
            self.unit, self.unit_factor = unit(here)
            return product(self.unit, self.scaled.T)
        square = (here**2).sum(1)[:, None] + (self.keys**2).sum(1)  # (rows, n_keys)
        square -= 2 * product(here, self.keys.T)
        self.close = square < LEAST_SQUARE
        self.far = np.sqrt(np.maximum(square, LEAST_SQUARE))
        return 1 / (1 + self.far / self.usual)

    def backward(self, d_near: Any) -> Any:
        """The gradient by the vectors asked last, (rows, dim); that by the keys is summed up."""
        if self.similarity != "distance":
            d_here = d_unit(product(d_near, self.scaled), self.unit, self.unit_factor)
            self.d_scaled += product(d_near.T, self.unit)
        else:
            d_ratio = -d_near / (1 + self.far / self.usual) ** 2  # by far / usual
            self.d_usual -= float((d_ratio * self.far).sum() / self.usual**2)
            d_square = d_ratio / (2 * self.usual * self.far)
            d_square[self.close] = 0.0
            d_here = 2 * (d_square.sum(1)[:, None] * self.here - product(d_square, self.keys))
            self.d_scaled += 2 * (d_square.sum(0)[:, None] * self.keys - product(d_square.T, self.here))
        self.d_here += d_here.sum(0)
        return d_here

    def d_keys(self) -> Any:
        """The gradient by the centred keys, of all that was asked: (n_keys, dim)."""
        if self.similarity == "cosine":
            return d_unit(self.d_scaled, self.scaled, self.factor)
        d_keys, d_usual = self.d_scaled, self.d_usual
        if self.similarity == "dot product":
            d_usual = -float(np.vdot(d_keys, self.scaled)) / self.usual
            d_keys = d_keys / self.usual
        d_keys = d_keys + (d_usual / len(self.keys)) * self.keys / self.lengths[:, None]
        d_keys[self.zero] = 0.0
        return d_keys.astype(self.keys.dtype, copy=False)


def unit(x: Any) -> tuple[Any, Any]:
    """x scaled to length one along the last axis, (n, dim); and what it was multiplied with, (n, 1)."""
    factor = 1 / np.sqrt(np.maximum((x**2).sum(1, keepdims=True), LEAST_SQUARE))
    return x * factor, factor


def d_unit(d_y: Any, y: Any, factor: Any) -> Any:
    """By x, from that by y = unit(x): what lies along y does not change y's direction."""
    long = factor < LEAST_SQUARE**-0.5
    return factor * (d_y - long * y * (d_y * y).sum(1, keepdims=True))
