"""The session-based model in numpy: forward and backward, without a framework. The same in TensorFlow: session.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .._threads import beside, side_by_side
from ..data import Interactions
from ..models._constants import HALF_LIVES, WINDOW, recency_start
from ..steps import Steps
from .clicks import click_batches
from .parts_numpy import (
    ROWS,
    Buffers,
    Wanted,
    add_rows,
    blocks,
    halves,
    inverse,
    place_of,
    product,
    scipy_sparse,
    softmax,
    starts,
)
from .settings import FADE, TARGETS, SessionDropout, first_items, signed_identity, start_bias


class Drawn(NamedTuple):
    """A batch, and all that is random in its step."""

    user: Any  # (batch,)
    history: Any  # (batch, window), newest first; -1 = no item here
    present: Any  # (batch, window): 1 = the model may see this item
    older: Any  # (batch, older): some of the items before the window
    older_kept: Any  # (batch, older): 1 = the model may see it
    future: Any  # (batch, targets): what came after; -1 = no item here
    hidden: Any  # (batch, window + older): 1 = hidden, and to be predicted
    dropout: Any  # (batch, dim): 0, or what makes up for the zeros
    keep: Any  # (batch, 1): 1 = the own embedding is there
    candidates: Any  # (n_candidates,): the items that the softmax is over
    chance: Any  # (n_candidates,): how likely each was to be one of them; 1 where they are all items


class SessionNumpy:
    """Predicts the next items from the last ones, with one item table for both. `arrays` is what it learns.

    `begin()` fills it; `step(drawn)` gives the loss and its gradient by each array. Both may be left at their yields,
    and no other step of the same network may begin before one is done: they share their buffers.
    """

    def __init__(self, data: Interactions, dim: int, seed: int) -> None:
        self.n_items, self.dim, self.drop = data.n_items, dim, SessionDropout()
        self.data, self.seed, self.arrays = data, seed, dict[str, Any]()
        self.buffers = Buffers(), Buffers(), Buffers()  # of either half, and of the whole batch
        beside(scipy_sparse)  # imported until the first batch has a gradient to add up

    def begin(self) -> Steps[None]:
        """Draw the arrays that a training starts from."""
        dim, seed = self.dim, self.seed
        self.arrays = {"films": first_items(self.n_items, dim, seed)}
        yield
        own = np.random.default_rng(seed).normal(0, 0.05, (self.data.n_users, dim))
        self.arrays |= {
            "bias": start_bias(self.data),  # (n_items, 1)
            "users": own.astype(np.float32),
            "log_weights": recency_start(WINDOW),  # (window, means)
            "maps": signed_identity(len(HALF_LIVES), dim, 1.0, seed),  # (means * dim, dim)
            "before": signed_identity(1, dim, 0.3, seed + 1),  # (dim, dim)
        }

    def draws(self, data: Interactions, seed: int, share: float) -> tuple[int, Callable[[int], Drawn]]:
        """How many batches an epoch has, and what each step is trained on."""
        batches, cut = click_batches(data, seed, share, self.drop.item)
        return batches, lambda step: self.draw([seed, step], *cut())

    def draw(
        self, seed: Any, user: Any, history: Any, older: Any, unseen: Any, future: Any, candidates: Any, chance: Any
    ) -> Drawn:  # fmt: skip
        draw, drop, batch = np.random.default_rng(seed), self.drop, len(user)
        there, kept = (older >= 0).astype(np.float32), draw.random(history.shape, np.float32) >= drop.item
        kept[:, 0] = True  # the newest item always stays
        present = ((history >= 0) & kept).astype(np.float32)
        hidden = np.concatenate([(history >= 0) - present, there * unseen], 1).astype(np.float32)
        dropout = (draw.random((batch, self.dim), np.float32) >= drop.query) / np.float32(1 - drop.query)
        keep = (draw.random((batch, 1), np.float32) >= drop.own).astype(np.float32)
        older_kept = there * (1 - unseen)
        return Drawn(user, history, present, older, older_kept, future, hidden, dropout, keep, candidates, chance)

    def wanted(self, drawn: Drawn) -> Wanted:
        """Mostly the items to come, a share for items hidden from the history; all rows together sum to 1.

        A candidate that is there by chance is wanted for all those that are not: they sum to 1 on average then.
        """
        batch = len(drawn.user)
        coming = (drawn.future >= 0) * FADE ** np.arange(TARGETS)  # (batch, targets)
        part = self.drop.hidden_share * drawn.hidden.any(1, keepdims=True)
        ahead = (1 - part) * coming / coming.sum(1, keepdims=True)
        behind = part * drawn.hidden * inverse(drawn.hidden.sum(1, keepdims=True))
        value = np.concatenate([ahead, behind], 1) / batch
        items = np.concatenate([drawn.future, drawn.history, drawn.older], 1)
        place = place_of(drawn.candidates, self.n_items)[items]  # (batch, targets + window + older)
        row, column = np.nonzero((value > 0) & (place >= 0))
        candidate = place[row, column]
        value = (value[row, column] / drawn.chance[candidate]).astype(np.float32)
        none = np.zeros(batch + 1, np.int64), np.zeros(0, np.int64)
        return Wanted(starts(row, batch), candidate, value, *none)

    def step(self, drawn: Drawn) -> Steps[tuple[float, dict[str, Any]]]:
        films, users, maps, before = (self.arrays[name] for name in ("films", "users", "maps", "before"))
        chosen = drawn.candidates
        bias = self.arrays["bias"][chosen] - np.log(drawn.chance)[:, None]  # counted 1 / chance times in the softmax
        table = np.concatenate([films[chosen], bias], 1)  # (n_candidates, dim + 1)
        recency = np.exp(self.arrays["log_weights"])  # (window, means)
        share = drawn.older_kept * inverse(drawn.older_kept.sum(1, keepdims=True))  # (batch, older)
        wanted, batch, dim = self.wanted(drawn), len(drawn.user), self.dim
        d_own = np.zeros((batch, dim), films.dtype)
        # a row's items: the last ones, older ones, and the next one; each is a row of `films`, with a gradient by it
        of_row = np.maximum(np.concatenate([drawn.history, drawn.older, drawn.future[:, :1]], 1), 0)
        window, drop = drawn.history.shape[1], self.drop
        d_of_row = self.buffers[2]("d_of_row", (*of_row.shape, dim), films.dtype)
        d_recent, d_old, d_next = d_of_row[:, :window], d_of_row[:, window:-1], d_of_row[:, -1]
        d_next[:] = 2 * drop.item_l2 / batch * films[of_row[:, -1]]  # it is pulled to zero as often as it comes next
        yield

        def learn(half: slice, buffers: Buffers) -> Steps[tuple[Any, ...]]:
            """The loss of half of the batch, and its gradients by what all rows share."""
            loss, d_table, d_recency = 0.0, buffers.zeros("d_table", table.shape, table.dtype), np.zeros_like(recency)
            d_maps, d_before = np.zeros_like(maps), np.zeros_like(before)
            for rows in blocks(half, len(table), ROWS):
                # forward: means of the last items, each weighed by recency in its own way, through a map each
                items = buffers.rows("items", films, of_row[rows, :window])  # (rows, window, dim)
                weight = recency * drawn.present[rows, :, None]  # (rows, window, means)
                weight *= inverse(weight.sum(1, keepdims=True))  # sums to one over the window
                means = weight.transpose(0, 2, 1) @ items  # (rows, means, dim)
                means = means.reshape(len(items), -1)  # (rows, means * dim)
                before_them = buffers.rows("older", films, of_row[rows, window:-1])  # (rows, older, dim)
                past = (share[rows, None] @ before_them)[:, 0]  # (rows, dim)
                own = users[drawn.user[rows]] * drawn.keep[rows]  # (rows, dim)
                query = (product(means, maps) + product(past, before) + own) * drawn.dropout[rows]
                query = np.concatenate([query, np.ones_like(query[:, :1])], 1)  # the 1 meets the item's bias
                yield

                part, d_query = softmax(query, table, wanted, rows, d_table, buffers)  # d_query: (rows, dim + 1)
                loss += part
                yield

                # backward
                d_query = d_query[:, :-1] * drawn.dropout[rows]  # (rows, dim)
                d_own[rows] = d_query * drawn.keep[rows]
                d_maps += product(means.T, d_query)  # (means * dim, dim)
                d_before += product(past.T, d_query)  # (dim, dim)
                np.multiply(share[rows, :, None], product(d_query, before.T)[:, None], out=d_old[rows])
                d_means = product(d_query, maps.T).reshape(len(items), -1, dim)  # (rows, means, dim)
                np.matmul(weight, d_means, out=d_recent[rows])  # (rows, window, dim)
                d_weight = items @ d_means.transpose(0, 2, 1)  # (rows, window, means)
                d_weight -= (d_weight * weight).sum(1, keepdims=True)  # through the scaling to one
                d_recency += (d_weight * weight).sum(0)  # by the weights' logarithms
                yield
            d_films = buffers.zeros("d_films", films.shape, films.dtype)
            d_films[chosen] = d_table[:, :-1]
            yield from add_rows(d_films, of_row[half], d_of_row[half])
            return loss, d_films, d_table[:, -1:], d_recency, d_maps, d_before

        learned = yield from side_by_side(*map(learn, halves(batch), self.buffers))
        loss, d_films, d_chosen, d_recency, d_maps, d_before = (a + b for a, b in zip(*learned, strict=True))
        d_bias = np.zeros_like(self.arrays["bias"])
        d_bias[chosen] = d_chosen
        # in the sampled softmax a wanted item's own logit is raised by as much as it stands for others
        loss -= float(wanted.value @ np.log(drawn.chance)[wanted.column])
        d_users = np.zeros_like(users)
        yield from add_rows(d_users, drawn.user, d_own + 2 * drop.user_l2 / batch * users[drawn.user])
        return loss, {
            "films": d_films, "bias": d_bias, "users": d_users, "log_weights": d_recency,
            "maps": d_maps, "before": d_before,
        }  # fmt: skip
