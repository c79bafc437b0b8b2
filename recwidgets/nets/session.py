"""The session-based model in TensorFlow: the layer, and the TFRS model that trains it on (history, future)."""

from __future__ import annotations

from . import _keras2  # noqa: F401  # isort: skip
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from ..data import Interactions
from ..models._constants import HALF_LIVES, WINDOW, recency_start
from .clicks import click_batches, histories, older_means
from .settings import FADE, TARGETS, SessionDropout, first_items, signed_identity, start_bias
from .two_tower import TwoTowerModel


class SessionLayer(tf.keras.layers.Layer):
    """Several recency-weighted means of the items, each through its own linear map, added up.

    call(items, present): items (batch, window, dim), newest first; present (batch, window),
    0 = no item here. Returns (batch, dim). The weights over age are learned; they start as
    halvings every 0.3 … 30 items and as a plain mean. Linear in the items given the weights,
    which is why a score can be taken apart.
    """

    def __init__(self, dim: int, seed: int = 0, window: int = WINDOW, **options: Any) -> None:
        super().__init__(**options)
        start, maps = recency_start(window), signed_identity(len(HALF_LIVES), dim, 1.0, seed)
        constant = tf.keras.initializers.Constant
        self.log_weights = self.add_weight("log_weights", start.shape, initializer=constant(start))
        self.maps = self.add_weight("maps", maps.shape, initializer=constant(maps))

    def call(self, items: Any, present: Any) -> Any:
        weights = tf.exp(self.log_weights) * present[:, :, None]  # (batch, window, means)
        weights = tf.math.divide_no_nan(weights, tf.reduce_sum(weights, axis=1, keepdims=True))
        means = tf.matmul(weights, items, transpose_a=True)  # (batch, means, dim)
        return tf.matmul(tf.reshape(means, (-1, self.maps.shape[0])), self.maps)


class SessionModel(TwoTowerModel):
    """Predicts the next items from the last ones, with one item table for both."""

    def __init__(self, data: Interactions, dim: int, seed: int) -> None:
        super().__init__(data.n_users, data.n_items, dim, seed)
        constant = tf.keras.initializers.Constant
        self.drop, self.session = SessionDropout(), SessionLayer(dim, seed)
        self.movie_embedding.embeddings.assign(first_items(data.n_items, dim, seed))
        self.movie_bias = tf.keras.layers.Embedding(data.n_items, 1, embeddings_initializer=constant(start_bias(data)))
        self.movie_bias.build(())
        before = signed_identity(1, dim, 0.3, seed + 1)
        self.before = tf.keras.layers.Dense(dim, use_bias=False, kernel_initializer=constant(before))
        self.before.build((None, dim))
        self.histories = tf.constant(histories(data))
        self.old = older_means(data)

    def items(self) -> Any:
        return tf.concat([self.movie_embedding.embeddings, self.movie_bias.embeddings], axis=1)

    def queries(self, features: Any) -> Any:
        history = features["history"]
        items = tf.gather(self.movie_embedding.embeddings, tf.maximum(history, 0))  # (batch, window, dim)
        own = tf.gather(self.user_embedding.embeddings, features["user"]) * features["keep"]
        query = self.session(items, features["present"]) + self.before(features["past"]) + own
        query *= features["dropout"]
        return tf.concat([query, tf.ones_like(query[:, :1])], axis=1)  # the 1 meets the item's bias

    def all_queries(self) -> Any:
        history = self.histories
        old = tf.SparseTensor(*(tf.constant(part) for part in self.old), (self.n_users, self.n_items))
        return self.queries(
            {"user": tf.range(self.n_users), "history": history, "present": tf.cast(history >= 0, tf.float32),
             "past": tf.sparse.sparse_dense_matmul(old, self.movie_embedding.embeddings), "keep": 1.0,
             "dropout": 1.0}
        )  # fmt: skip

    def past(self, older: Any, kept: Any) -> Any:
        """Mean of the items before the window: older, kept (batch, OLDER) -> (batch, dim)."""
        items = tf.gather(self.movie_embedding.embeddings, tf.maximum(older, 0))
        share = tf.math.divide_no_nan(kept, tf.reduce_sum(kept, axis=1, keepdims=True))
        return tf.matmul(share[:, None], items)[:, 0]

    def features(self, inputs: Any) -> Any:
        """Hide items, own embeddings and dimensions at random; the target is a distribution."""
        user, history, older, unseen, future, candidates, chance, seed = inputs
        batch, drop, uniform = tf.shape(history)[0], self.drop, tf.random.stateless_uniform
        present, there = tf.cast(history >= 0, tf.float32), tf.cast(older >= 0, tf.float32)
        kept = present * tf.cast(uniform(tf.shape(history), seed) >= drop.item, tf.float32)
        kept = tf.concat([present[:, :1], kept[:, 1:]], axis=1)  # the newest item always stays
        hidden = tf.concat([present - kept, there * unseen], axis=1)
        items = tf.concat([history, older], axis=1)
        place = tf.scatter_nd(candidates[:, None], tf.range(1, tf.size(candidates) + 1), (self.n_items,)) - 1
        targets = soft_targets(items, hidden, future, drop.hidden_share, place, chance)
        return {
            "user": user, "history": history, "present": kept, "future": future,
            "older": older, "older_kept": there * (1 - unseen),
            "dropout": tf.cast(uniform((batch, self.dim), seed + 1) >= drop.query, tf.float32) / (1 - drop.query),
            "keep": tf.cast(uniform((batch, 1), seed + 2) >= drop.own, tf.float32),
            "targets": targets / tf.cast(batch, tf.float32), "candidates": candidates, "chance": chance,
        }  # fmt: skip

    def compute_loss(self, features: Any, training: bool = False) -> Any:
        if training:
            features = features | {"past": self.past(features["older"], features["older_kept"])}
            # in the sampled softmax a wanted item's own logit is raised by as much as it stands for others
            raised = tf.reduce_sum(features["targets"] * tf.math.log(features["chance"]))
            return super().compute_loss(features, training) - raised
        return super().compute_loss(features, training)

    def penalty(self, features: Any) -> Any:
        """Each row of a table is pulled to zero as often as it is used."""
        own = tf.gather(self.user_embedding.embeddings, features["user"])
        item = tf.gather(self.movie_embedding.embeddings, tf.maximum(features["future"][:, 0], 0))
        own_size, item_size = (tf.reduce_mean(tf.reduce_sum(rows**2, axis=1)) for rows in (own, item))
        return self.drop.user_l2 * own_size + self.drop.item_l2 * item_size


def soft_targets(history: Any, hidden: Any, future: Any, share: float, place: Any, chance: Any) -> Any:
    """Row n: mostly the items to come, a share for items hidden from the history; sums to 1.

    place: (n_items,), where an item stands among the candidates, -1 where it does not; chance: (n_candidates,), how
    likely each was to be one. One that is there by chance is wanted for those that are not, too: 1 on average.
    """
    coming = tf.cast(future >= 0, tf.float32) * FADE ** tf.range(TARGETS, dtype=tf.float32)
    part = share * tf.cast(tf.reduce_any(hidden > 0, axis=1, keepdims=True), tf.float32)
    ahead = (1 - part) * coming / tf.reduce_sum(coming, axis=1, keepdims=True)
    behind = part * tf.math.divide_no_nan(hidden, tf.reduce_sum(hidden, axis=1, keepdims=True))
    items = tf.maximum(tf.concat([future, history], axis=1), 0)
    rows = tf.broadcast_to(tf.range(tf.shape(items)[0])[:, None], tf.shape(items))
    candidate = tf.gather(place, items)
    there = candidate >= 0
    candidate = tf.maximum(candidate, 0)
    values = tf.where(there, tf.concat([ahead, behind], axis=1) / tf.gather(chance, candidate), 0.0)
    where = tf.reshape(tf.stack([rows, candidate], axis=-1), (-1, 2))
    return tf.scatter_nd(where, tf.reshape(values, (-1,)), (tf.shape(items)[0], tf.size(chance)))


def click_tensors(data: Interactions, seed: int, share: float) -> tuple[int, Callable[[int], Any]]:
    """How many batches an epoch has, and the inputs of each step: what `click_batches` cuts, and a seed."""
    batches, cut = click_batches(data, seed, share, SessionDropout().item)
    return batches, lambda step: (*(tf.constant(array) for array in cut()), tf.constant([seed, 3 * step]))
