"""What the three networks share: the loss, the base model with its metrics and its index."""

from __future__ import annotations

from . import _keras2  # noqa: F401  # isort: skip
from typing import Any

import tensorflow as tf
import tensorflow_recommenders as tfrs

from .settings import SAMPLED_ITEMS as SAMPLED_ITEMS

ROWS = 1024  # queries whose scores are in memory at a time; of fewer, all are


class FullSoftmax(tf.keras.losses.Loss):
    """Cross-entropy of a softmax over all items against targets (n_queries, n_items).

    tfrs.tasks.Retrieval labels the i-th candidate as the i-th query's only positive. Here the
    targets arrive as its sample weights instead: > 0 to be predicted, 0 an item like any other,
    < 0 left out (an item that the query was made from). Without them the labels are used.
    """

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        targets = y_true if sample_weight is None else sample_weight
        logits = tf.where(targets < 0, -1e9, y_pred)
        wanted = tf.nn.relu(targets)
        weight = tf.reduce_sum(wanted, axis=1, keepdims=True)  # of a query
        labels = tf.math.divide_no_nan(wanted, weight)  # the fused operation wants them to sum to one
        return tf.reduce_sum(weight[:, 0] * tf.nn.softmax_cross_entropy_with_logits(labels, logits))


class TwoTowerModel(tfrs.Model):
    """A query tower and an item tower; a score is the inner product of what they give.

    A subclass has `queries(features)` -> (n, dim) and `items()` -> (n_items, dim), and in
    training the features hold "targets", and "candidates" where these are of some items only, with "chance" where
    not all were equally likely to be among them.
    For `evaluate`, features are {"user": …, "movie": …}, int indices of the pairs to be found.
    """

    def __init__(self, n_users: int, n_items: int, dim: int, seed: int) -> None:
        super().__init__()
        self.n_users, self.n_items, self.dim = n_users, n_items, dim
        self.user_embedding = self.table(n_users, seed, "user")
        self.movie_embedding = self.table(n_items, seed + 1, "movie")
        self.task = tfrs.tasks.Retrieval(loss=FullSoftmax())

    def table(self, rows: int, seed: int, name: str, scale: float = 0.05) -> Any:
        """An embedding table (rows, dim), its start drawn from a normal distribution."""
        layer = tf.keras.layers.Embedding(
            rows, self.dim, name=name, embeddings_initializer=tf.keras.initializers.RandomNormal(0.0, scale, seed)
        )
        layer.build(())
        return layer

    # -- training ------------------------------------------------------------------------------------

    def train_step(self, inputs: Any) -> Any:
        features = self.features(inputs)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(features, training=True)
            total = loss + self.penalty(features)
        gradients = tape.gradient(total, self.trainable_variables)
        # made dense: Adam's sparse update of a whole table takes several times as long
        dense = [None if g is None else tf.convert_to_tensor(g) for g in gradients]
        known = [(g, v) for g, v in zip(dense, self.trainable_variables, strict=True) if g is not None]
        # Not summed over replicas, of which there is one: that sum is a tf.custom_gradient, which TensorFlow
        # registers for good, and with it the graph, the tables and the optimizer's slots of every training.
        self.optimizer.apply_gradients(known, experimental_aggregate_gradients=False)
        return {"loss": loss}

    def features(self, inputs: Any) -> Any:
        """From what a batch holds to what `queries` takes; dropout happens here."""
        return inputs

    def compute_loss(self, features: Any, training: bool = False) -> Any:
        if training:
            return self.loss_of(self.queries(features), features)
        query = tf.gather(self.all_queries(), features["user"])
        return self.task(query, tf.gather(self.items(), features["movie"]), compute_metrics=True)

    def loss_of(self, queries: Any, features: Any) -> Any:
        items, targets, chance = self.items(), features["targets"], features.get("chance")
        if "candidates" in features:
            items = tf.gather(items, features["candidates"])
        if (queries.shape[0] or 0) > ROWS:
            return self.loss_in_blocks(queries, items, targets, chance)
        return self.task(
            queries, items, sample_weight=targets, candidate_sampling_probability=chance, compute_metrics=False
        )

    def loss_in_blocks(self, queries: Any, items: Any, targets: Any, chance: Any = None) -> Any:
        """The loss of very many queries, ROWS at a time: the tables of all of them are larger than any cache.

        Each block's gradients are found with its loss, and added up. What is returned has their value and gradients:
        d (d_queries * queries) is d_queries.
        """
        fixed = tf.stop_gradient(items)
        loss, d_items = tf.zeros(()), tf.zeros_like(fixed)
        d_queries = tf.TensorArray(queries.dtype, -(-queries.shape[0] // ROWS), infer_shape=False)
        for n in tf.range(d_queries.size()):
            rows = tf.range(n * ROWS, tf.minimum((n + 1) * ROWS, queries.shape[0]))
            some = tf.gather(tf.stop_gradient(queries), rows)
            with tf.GradientTape() as tape:
                tape.watch([some, fixed])
                part = self.task(
                    some, fixed, sample_weight=tf.gather(targets, rows), candidate_sampling_probability=chance,
                    compute_metrics=False,
                )  # fmt: skip
            d_some, d_fixed = tape.gradient(part, [some, fixed])
            loss, d_items, d_queries = loss + part, d_items + d_fixed, d_queries.write(n, d_some)
        known = [(queries, tf.reshape(d_queries.concat(), queries.shape)), (items, d_items)]
        through = tf.add_n([tf.reduce_sum(tf.stop_gradient(d_x) * x) for x, d_x in known])
        return through + tf.stop_gradient(loss - through)

    def penalty(self, features: Any) -> Any:
        """What is added to the loss to keep the embeddings small."""
        return 0.0

    def targets_of(self, edges: Any, shown: Any, seed: Any) -> dict[str, Any]:
        """Targets that ask for the hidden edges alike, the shown ones left out: (n_users, n_items).

        edges: (n, 2) users and items; shown: (n,) 1 or 0. Of more than SAMPLED_ITEMS items a step samples
        so many at random (a sampled softmax), so that its cost grows with the number of users only; their
        indices are then in "candidates", and the targets have a column for each.
        """
        columns, width, sampled = edges[:, 1], self.n_items, {}
        if self.n_items > SAMPLED_ITEMS:
            noise = tf.random.stateless_uniform((self.n_items,), seed)
            sampled["candidates"] = tf.math.top_k(noise, SAMPLED_ITEMS, sorted=False).indices
            column = tf.scatter_nd(sampled["candidates"][:, None], tf.range(1, SAMPLED_ITEMS + 1), (self.n_items,))
            columns, width = tf.cast(tf.gather(column, columns) - 1, tf.int64), SAMPLED_ITEMS
            there = tf.where(columns >= 0)[:, 0]
            edges, columns, shown = (tf.gather(part, there) for part in (edges, columns, shown))
        value = tf.where(shown > 0, -1.0, tf.math.divide_no_nan(1.0, tf.reduce_sum(1.0 - shown)))
        where = tf.stack([edges[:, 0], columns], axis=1)
        return sampled | {"targets": tf.scatter_nd(where, value, (self.n_users, width))}

    # -- TFRS' own metrics and index: what the tests compare the numpy answers with ---------------------

    def measure(self, depths: tuple[int, ...] = (1, 5, 10, 50, 100)) -> None:
        """Give the task its FactorizedTopK over the items as they are now.

        Only for `evaluate`: while training, ranking the catalogue would cost many times the step.
        """
        items = tf.data.Dataset.from_tensor_slices(self.items()).batch(4096)
        metric = tfrs.metrics.FactorizedTopK(items, ks=[k for k in depths if k <= self.n_items])
        self.task.factorized_metrics = [metric]

    def index(self, k: int = 10) -> Any:
        """A tfrs BruteForce layer: user indices in, scores and item indices out."""
        queries = self.all_queries()
        tower = tf.keras.layers.Embedding(
            *queries.shape, embeddings_initializer=tf.keras.initializers.Constant(queries.numpy())
        )
        brute = tfrs.layers.factorized_top_k.BruteForce(tf.keras.Sequential([tower]), k=k)
        return brute.index(self.items())
