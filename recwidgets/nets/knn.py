"""Nearest neighbours in TensorFlow: the layer, and the TFRS model that trains the embeddings."""

from __future__ import annotations

from . import _keras2  # noqa: F401  # isort: skip
from typing import Any

import numpy as np
import tensorflow as tf

from ..data import Interactions
from ..models._constants import LEAST, K
from . import settings
from .settings import KNNDropout, query_dropout
from .two_tower import TwoTowerModel


class KNNLayer(tf.keras.layers.Layer):
    """Finds the k nearest neighbours in the embedding space and averages their values.

    call(queries, keys, values, key_ids): queries (n_users, dim) the vectors of the users whose neighbours are
    looked for, keys (n_keys, dim) the vectors of the users who may be neighbours, values (n_keys, dim) what is
    averaged; key_ids (n_keys,) which users these are, None for all users in order. Nobody is their own
    neighbour. Nearness is "cosine", "dot product" or "distance" (see recwidgets.models.knn.nearness) after the
    mean of the keys has been taken away (else all are near: popular items are in every history); weights are
    its sixth power over the k nearest, scaled to sum to one. Returns (n_users, dim).
    """

    def __init__(self, k: int = K, similarity: str = "cosine", **options: Any) -> None:
        super().__init__(**options)
        self.k, self.similarity = k, similarity

    def call(self, queries: Any, keys: Any, values: Any, key_ids: Any = None) -> Any:
        return tf.matmul(self.weights_of(queries, keys, key_ids), values)

    def weights_of(self, queries: Any, keys: Any, key_ids: Any = None) -> Any:
        """(n_users, n_keys), zero for all but the k nearest."""
        centre = tf.reduce_mean(keys, axis=0, keepdims=True)
        near = self.nearness(queries - centre, keys - centre)
        if key_ids is None:
            near = tf.linalg.set_diag(near, tf.fill(tf.shape(near)[:1], -2.0))
        else:
            near = tf.where(tf.cast(key_ids, tf.int32)[None, :] == tf.range(tf.shape(queries)[0])[:, None], -2.0, near)
        k = tf.minimum(self.k, tf.shape(keys)[0] - 1)
        edge = tf.stop_gradient(tf.math.top_k(near, k).values[:, -1:])
        cube = tf.maximum(near, LEAST) ** 2 * tf.maximum(near, LEAST)  # several times as fast as ** 6
        weight = tf.where(near >= edge, cube**2, 0.0)
        return weight / tf.reduce_sum(weight, axis=1, keepdims=True)

    def nearness(self, queries: Any, keys: Any) -> Any:
        """(n_users, n_keys), as recwidgets.models.knn.nearness works it out in numpy."""
        if self.similarity == "cosine":
            keys = tf.math.l2_normalize(keys, 1)
        else:
            keys = no_zeros(keys)
            length = tf.reduce_mean(tf.norm(keys, axis=1))
            if self.similarity == "distance":
                squared = tf.reduce_sum(queries**2, 1)[:, None] + tf.reduce_sum(keys**2, 1)
                squared -= 2 * tf.matmul(queries, keys, transpose_b=True)
                return 1 / (1 + tf.sqrt(tf.maximum(squared, 1e-12)) / length)
            keys /= length
        return tf.matmul(tf.math.l2_normalize(queries, 1), keys, transpose_b=True)


def no_zeros(vectors: Any) -> Any:
    """Rows whose norm is zero replaced by tiny constants: a norm's gradient at zero is not a number."""
    return tf.where(tf.reduce_sum(vectors**2, axis=1, keepdims=True) < 1e-24, 1e-6, vectors)


class KNNModel(TwoTowerModel):
    """Predicts a user's hidden items from the neighbours that the shown items lead to."""

    def __init__(self, data: Interactions, dim: int, k: int, similarity: str, seed: int) -> None:
        super().__init__(data.n_users, data.n_items, dim, seed)
        self.knn, self.drop = KNNLayer(k, similarity), KNNDropout()
        self.output_embedding = self.table(data.n_items, seed + 2, "output")
        order = np.lexsort((data.item, data.user))
        self.edges = tf.constant(np.stack([data.user[order], data.item[order]], 1), tf.int64)

    def items(self) -> Any:
        return self.output_embedding.embeddings

    def mean_of(self, shown: Any, table: Any) -> Any:
        """Mean of each user's shown items: (n_users, dim); zero for a user without any."""
        user = self.edges[:, 0]
        share = tf.math.divide_no_nan(1.0, tf.math.unsorted_segment_sum(shown, user, self.n_users))
        edges = tf.gather(self.edges, tf.where(shown > 0)[:, 0])  # without the hidden
        matrix = tf.SparseTensor(edges, tf.gather(share, edges[:, 0]), (self.n_users, self.n_items))
        return tf.sparse.sparse_dense_matmul(matrix, table)

    def user_vectors(self, features: Any) -> Any:
        """Each user's vector by the shown items alone: (n_users, dim)."""
        return self.mean_of(features["shown"], self.movie_embedding.embeddings)

    def queries(self, features: Any, users: Any = None) -> Any:
        users = self.user_vectors(features) if users is None else users
        keys = self.mean_of(tf.ones(len(self.edges)), self.movie_embedding.embeddings)
        values, key_ids = keys + self.user_embedding.embeddings, features.get("key_ids")
        if key_ids is not None:  # of very many users, each step samples some
            keys, values = tf.gather(keys, key_ids), tf.gather(values, key_ids)
        return self.knn(users, keys, values, key_ids) * features["dropout"]

    def all_queries(self) -> Any:
        return self.queries({"shown": tf.ones(len(self.edges)), "dropout": 1.0})

    def compute_loss(self, features: Any, training: bool = False) -> Any:
        if not training:
            return super().compute_loss(features)
        users = self.user_vectors(features)
        # the second loss keeps the space one of taste: without it the neighbours are worth little
        direct = self.loss_of(users * features["dropout"], features)
        return self.loss_of(self.queries(features, users), features) + self.drop.direct * direct

    def penalty(self, features: Any) -> Any:
        return self.drop.user_l2 * tf.nn.l2_loss(self.user_embedding.embeddings)

    def features(self, seed: Any) -> dict[str, Any]:
        """Hide interactions at random; hidden items are wanted, shown ones left out of the softmax."""
        uniform, drop, dropped = tf.random.stateless_uniform, self.drop, query_dropout(self.dim)
        shown = tf.cast(uniform((len(self.edges),), seed) >= drop.item, tf.float32)
        kept = uniform((self.n_users, self.dim), seed + 2) >= dropped
        features: dict[str, Any] = self.targets_of(self.edges, shown, seed + 3)
        if self.n_users > settings.SAMPLED_USERS:
            noise = uniform((self.n_users,), seed + 1)
            features["key_ids"] = tf.math.top_k(noise, settings.SAMPLED_USERS, sorted=False).indices
        return features | {"shown": shown, "dropout": tf.cast(kept, tf.float32) / (1 - dropped)}
