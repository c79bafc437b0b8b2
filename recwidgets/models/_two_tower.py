"""What the three TFRS models have in common: the loss, the metrics, the index, the loop over batches."""

from __future__ import annotations

import functools
import math
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

from .. import _tf
from ..data import Interactions
from ._base import BetweenBatches, EmbeddingModel, whole

CAP = 2048  # films (and neighbours) that one step compares with; of more, each step draws so many by lot


class TwoTower(NamedTuple):
    """Classes that exist once TensorFlow does."""

    FullSoftmax: Any
    Model: Any


@functools.cache
def two_tower() -> TwoTower:
    """Define the shared TensorFlow classes, once, when training starts."""
    tf, tfrs = _tf.load()

    class FullSoftmax(tf.keras.losses.Loss):  # type: ignore[misc, name-defined]
        """Cross-entropy of a softmax over all films against targets (n_queries, n_films).

        tfrs.tasks.Retrieval labels the i-th candidate as the i-th query's only positive. Here the
        targets arrive as its sample weights instead: > 0 to be predicted, 0 a film like any other,
        < 0 left out (a film that the query was made from). Without them the labels are used.
        """

        def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            targets = y_true if sample_weight is None else sample_weight
            logits = tf.where(targets < 0, -1e9, y_pred)
            wanted = tf.nn.relu(targets)
            weight = tf.reduce_sum(wanted, axis=1, keepdims=True)  # of a query
            labels = tf.math.divide_no_nan(wanted, weight)  # the fused operation wants them to sum to one
            return tf.reduce_sum(weight[:, 0] * tf.nn.softmax_cross_entropy_with_logits(labels, logits))

    class Model(tfrs.Model):  # type: ignore[misc, name-defined]
        """A query tower and a film tower; a score is the inner product of what they give.

        A subclass has `queries(features)` -> (n, dim) and `films()` -> (n_items, dim), and in
        training the features hold "targets", and "candidates" where these are of some films only.
        For `evaluate`, features are {"user": …, "movie": …}, int indices of the pairs to be found.
        """

        def __init__(self, n_users: int, n_items: int, dim: int, seed: int) -> None:
            super().__init__()
            self.n_users, self.n_items, self.dim = n_users, n_items, dim
            self.user_embedding = self.table(n_users, seed, "user")
            self.movie_embedding = self.table(n_items, seed + 1, "movie")
            self.task = tfrs.tasks.Retrieval(loss=FullSoftmax())

        def table(self, rows: int, seed: int, name: str, scale: float = 0.05) -> Any:
            layer = tf.keras.layers.Embedding(
                rows, self.dim, name=name, embeddings_initializer=tf.keras.initializers.RandomNormal(0.0, scale, seed)
            )
            layer.build(())
            return layer

        def measure(self, depths: tuple[int, ...] = (1, 5, 10, 50, 100)) -> None:
            """Give the task its FactorizedTopK over the films as they are now.

            Only for `evaluate`: while training, ranking the catalogue would cost many times the step.
            """
            films = tf.data.Dataset.from_tensor_slices(self.films()).batch(4096)
            metric = tfrs.metrics.FactorizedTopK(films, ks=[k for k in depths if k <= self.n_items])
            self.task.factorized_metrics = [metric]

        def compute_loss(self, features: Any, training: bool = False) -> Any:
            if training:
                return self.loss_of(self.queries(features), features)
            query = tf.gather(self.all_queries(), features["user"])
            return self.task(query, tf.gather(self.films(), features["movie"]), compute_metrics=True)

        def loss_of(self, queries: Any, features: Any) -> Any:
            films = self.films()
            if "candidates" in features:
                films = tf.gather(films, features["candidates"])
            return self.task(queries, films, sample_weight=features["targets"], compute_metrics=False)

        def wanted(self, edges: Any, shown: Any, seed: Any) -> dict[str, Any]:
            """Targets that ask for the hidden edges alike, the shown ones left out: (n_users, films).

            edges: (n, 2) users and films; shown: (n,) 1 or 0. Of more than CAP films a step compares
            with so many, drawn by lot: a sampled softmax, so that a step's cost grows with the users only.
            """
            columns, width, drawn = edges[:, 1], self.n_items, {}
            if self.n_items > CAP:
                lot = tf.random.stateless_uniform((self.n_items,), seed)
                drawn["candidates"] = tf.math.top_k(lot, CAP, sorted=False).indices
                place = tf.scatter_nd(drawn["candidates"][:, None], tf.range(1, CAP + 1), (self.n_items,))
                columns, width = tf.cast(tf.gather(place, columns) - 1, tf.int64), CAP
                there = tf.where(columns >= 0)[:, 0]
                edges, columns, shown = (tf.gather(part, there) for part in (edges, columns, shown))
            value = tf.where(shown > 0, -1.0, tf.math.divide_no_nan(1.0, tf.reduce_sum(1.0 - shown)))
            where = tf.stack([edges[:, 0], columns], axis=1)
            return drawn | {"targets": tf.scatter_nd(where, value, (self.n_users, width))}

        def penalty(self, features: Any) -> Any:
            """What is added to the loss to keep the embeddings small."""
            return 0.0

        def train_step(self, inputs: Any) -> Any:
            features = self.features(inputs)
            with tf.GradientTape() as tape:
                loss = self.compute_loss(features, training=True)
                total = loss + self.penalty(features)
            gradients = tape.gradient(total, self.trainable_variables)
            # made dense: Adam's sparse update of a whole table takes several times as long
            dense = [None if g is None else tf.convert_to_tensor(g) for g in gradients]
            known = [(g, v) for g, v in zip(dense, self.trainable_variables, strict=True) if g is not None]
            self.optimizer.apply_gradients(known)
            return {"loss": loss}

        def features(self, inputs: Any) -> Any:
            """From what `batch` gave to what `queries` takes; drawing by lot happens here."""
            return inputs

        def index(self, k: int = 10) -> Any:
            """A tfrs BruteForce layer: user indices in, scores and film indices out."""
            queries = self.all_queries()
            tower = tf.keras.layers.Embedding(
                *queries.shape, embeddings_initializer=tf.keras.initializers.Constant(queries.numpy())
            )
            brute = tfrs.layers.factorized_top_k.BruteForce(tf.keras.Sequential([tower]), k=k)
            return brute.index(self.films())

    return TwoTower(FullSoftmax, Model)


def query_dropout(dim: int) -> float:
    """How many of a query's dimensions are dropped in training: about 64 stay, and never more than half.

    Each step then answers from another small space; the whole is much like the mean of many small models.
    """
    return 1.0 - min(64 / dim, 0.5)


def cosine_rate(start: float, step: int, total: int, warm: int = 10, last: float = 0.02) -> float:
    """The learning rate of one step: a short warm-up, then a cosine down to `last` of the start."""
    fall = last + (1 - last) * 0.5 * (1 + math.cos(math.pi * step / max(total, 1)))
    return start * fall * min(1.0, (step + 1) / warm)


def run_epochs(
    model: Any,
    batch: Callable[[int], Any],
    *,
    rate: float,
    epochs: int,
    batches: int,
    between: Callable[[int, int], None],
) -> Iterator[float]:
    """Train `model` on batch(step) for every step; after each epoch, the mean loss.

    `between` is called after every batch, and may wait (pause) or raise (stop).
    """
    tf, _ = _tf.load()
    model.compile(optimizer=tf.keras.optimizers.legacy.Adam(rate))
    train_step = tf.function(model.train_step)
    for epoch in range(epochs):
        losses = []
        for n in range(batches):
            step = epoch * batches + n
            model.optimizer.learning_rate.assign(cosine_rate(rate, step, epochs * batches))
            losses.append(train_step(batch(step))["loss"])
            between(n + 1, batches)
        yield float(tf.reduce_mean(tf.stack(losses)))


class TfrsRecommender(EmbeddingModel):
    """A recommender that a TFRS network trains. A subclass says which network, and what is kept of it."""

    batches: ClassVar[int] = 1  # in an epoch, where a batch is no more than a seed: each hides other interactions
    draws: ClassVar[int] = 1  # lots that a batch draws, each with a seed of its own

    def __init__(self, dim: int, *, seed: int, epochs: int, learning_rate: float, **knobs: float | str) -> None:
        super().__init__(seed=seed, epochs=epochs, learning_rate=learning_rate, **knobs)
        self.dim = whole("dim", dim, 1)

    def settings(self) -> dict[str, Any]:
        return super().settings() | {"dim": self.dim}

    def _epochs(
        self, data: Interactions, total: int, between_batches: BetweenBatches
    ) -> Iterator[tuple[float, dict[str, Any]]]:
        knobs = dict(self.values)  # before TensorFlow is loaded: a knob may be turned meanwhile
        _tf.load()
        net = self._network(data, knobs)
        batches, batch = self._batches(data)
        losses = run_epochs(net, batch, rate=self.learning_rate, epochs=total, batches=batches, between=between_batches)
        for loss in losses:
            self.network = net
            yield loss, self._arrays(net)

    @abstractmethod
    def _network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        """The TFRS model, untrained, with the knobs as they stood when the training began."""

    @abstractmethod
    def _arrays(self, net: Any) -> dict[str, Any]:
        """What answers are made from: the arrays of a snapshot."""

    def _batches(self, data: Interactions) -> tuple[int, Callable[[int], Any]]:
        """How many there are in an epoch, and what each step is trained on."""
        tf, _ = _tf.load()
        return self.batches, lambda step: tf.constant([self.seed, step * self.draws])
