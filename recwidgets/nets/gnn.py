"""The graph neural network in TensorFlow: the layer, and the TFRS model that trains it."""

from __future__ import annotations

from . import _keras2  # noqa: F401  # isort: skip
from typing import Any

import numpy as np
import tensorflow as tf

from ..data import Interactions
from ..models._constants import DEPTH
from .settings import GNNDropout, query_dropout
from .two_tower import TwoTowerModel


class GNNLayer(tf.keras.layers.Layer):
    """Aggregates embeddings over the user–item interactions, `layers` hops deep.

    call(users, items, to_users, to_items, liked, to_users_liked): users (n_users, dim), items (n_items, dim);
    to_users (n_users, n_items) and to_items (n_items, n_users) sparse, their rows sum to one
    (a mean over the neighbours) or to zero. Returns sum over l = 1 … layers of
    mix[l - 1] · users after l hops: (n_users, dim). After LightGCN (He et al. 2020,
    arXiv:2002.02126), with learned weights of the hops.
    liked (n_items, dim) and to_users_liked, optional: a second edge type, "liked", one hop deep, with item
    embeddings of its own; to_users_liked is to_users without the edges that are not of this type. As in a
    relational graph network (Schlichtkrull et al. 2018, arXiv:1703.06103).
    """

    def __init__(self, layers: int, **options: Any) -> None:
        super().__init__(**options)
        self.layers = layers
        self.mix = self.add_weight(name="mix", shape=(DEPTH,), initializer="ones")

    def call(
        self, users: Any, items: Any, to_users: Any, to_items: Any, liked: Any = None, to_users_liked: Any = None
    ) -> Any:
        result = tf.zeros_like(users)
        if liked is not None and self.layers:
            result += tf.sparse.sparse_dense_matmul(to_users_liked, liked)
        for hop in range(self.layers):
            users, items = (
                tf.sparse.sparse_dense_matmul(to_users, items),
                tf.sparse.sparse_dense_matmul(to_items, users),
            )
            result += self.mix[hop] * users
        return result


class GNNModel(TwoTowerModel):
    """Predicts hidden interactions from shown ones: each batch hides most of the edges."""

    def __init__(self, data: Interactions, dim: int, layers: int, seed: int) -> None:
        super().__init__(data.n_users, data.n_items, dim, seed)
        self.gnn, self.drop = GNNLayer(layers), GNNDropout()
        self.liked_embedding = self.table(data.n_items, seed + 3, "liked", scale=0.0)
        self.output_embedding = self.table(data.n_items, seed + 2, "output")
        order = np.lexsort((data.item, data.user))
        self.is_liked = tf.constant(data.liked[order], tf.float32)
        self.edges = tf.constant(np.stack([data.user[order], data.item[order]], 1), tf.int64)
        self.by_item = tf.constant(np.lexsort((data.user[order], data.item[order])))

    def items(self) -> Any:
        return self.output_embedding.embeddings

    def queries(self, features: Any) -> Any:
        shown = features["shown"]  # (n_edges,) 1 = the model may see this edge
        users = self.user_embedding.embeddings
        to_users, to_items, to_users_liked = self.graph(shown)
        tables = self.movie_embedding.embeddings, self.liked_embedding.embeddings
        items = self.gnn(users, tables[0], to_users, to_items, tables[1], to_users_liked)
        return (features["own"] * users + features["items"] * items) * features["dropout"]

    def all_queries(self) -> Any:
        return self.queries({"shown": tf.ones(len(self.edges)), "own": 1.0, "items": 1.0, "dropout": 1.0})

    def penalty(self, features: Any) -> Any:
        return self.drop.user_l2 * tf.nn.l2_loss(self.user_embedding.embeddings)

    def graph(self, shown: Any) -> tuple[Any, Any, Any]:
        """To the users, to the items, and to the users by "liked": the shown edges, each row scaled to a mean."""
        user, item = self.edges[:, 0], self.edges[:, 1]
        of_user = tf.math.divide_no_nan(1.0, tf.math.unsorted_segment_sum(shown, user, self.n_users))
        of_item = tf.math.divide_no_nan(1.0, tf.math.unsorted_segment_sum(shown, item, self.n_items))
        seen = tf.where(shown > 0)[:, 0]  # hidden edges are left out, not multiplied with zero
        edges = tf.gather(self.edges, seen)
        to_users = tf.SparseTensor(edges, tf.gather(of_user, edges[:, 0]), (self.n_users, self.n_items))
        to_users_liked = to_users.with_values(to_users.values * tf.gather(self.is_liked, seen))
        by_item = tf.gather(self.by_item, tf.where(tf.gather(shown, self.by_item) > 0)[:, 0])
        back = tf.gather(self.edges, by_item)[:, ::-1]
        to_items = tf.SparseTensor(back, tf.gather(of_item, back[:, 0]), (self.n_items, self.n_users))
        return to_users, to_items, to_users_liked

    def features(self, seed: Any) -> dict[str, Any]:
        """Hide edges at random, and make the targets: hidden edges wanted, shown ones left out."""
        uniform, drop, dropped = tf.random.stateless_uniform, self.drop, query_dropout(self.dim)
        shown = tf.cast(uniform((len(self.edges),), seed) >= drop.edge, tf.float32)
        items = tf.cast(uniform((self.n_users, 1), seed + 3) >= drop.items, tf.float32)
        own = tf.cast(uniform((self.n_users, 1), seed + 1) >= drop.own, tf.float32)
        targets: dict[str, Any] = self.targets_of(self.edges, shown, seed + 4)
        return targets | {
            "shown": shown,
            "items": items,
            "own": tf.maximum(own, 1.0 - items),  # one of the two is always there
            "dropout": tf.cast(uniform((self.n_users, self.dim), seed + 2) >= dropped, tf.float32) / (1 - dropped),
        }
