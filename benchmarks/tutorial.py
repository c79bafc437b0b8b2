"""The loop of TFRS' tutorial "Recommending movies: retrieval", as its notebook writes it, on given rows.

Two towers of StringLookup and Embedding, 32 dimensions, Adagrad .1, batches of 8192, FactorizedTopK
over the whole catalogue in every training step, the data shuffled once and cached.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recwidgets import _tf
from recwidgets.data import Interactions

DIM, RATE, BATCH = 32, 0.1, 8192


def pairs(data: Interactions) -> Any:
    """tf.data of {"user_id", "movie_title"}, both text, as the notebook's `ratings`."""
    tf, _ = _tf.load()
    return tf.data.Dataset.from_tensor_slices(
        {"user_id": data.users[data.user].astype(bytes), "movie_title": _text(data.titles[data.item])}
    )


def _text(values: Any) -> Any:
    return np.array([value.encode() for value in values.tolist()], dtype=object)


class Tutorial:
    """One epoch at a time; `accuracy()` is the top-10 accuracy of `model.evaluate` on the held-out rows."""

    def __init__(self, train: Interactions, test: Interactions) -> None:
        tf, _ = _tf.load()
        tf.random.set_seed(42)
        movies = tf.data.Dataset.from_tensor_slices(_text(train.titles))
        users = np.unique(train.users.astype(bytes))
        titles = np.unique(_text(train.titles))
        self.model = _two_towers(movies, users, titles)
        self.model.compile(optimizer=tf.keras.optimizers.Adagrad(learning_rate=RATE))
        self.train = pairs(train).shuffle(100_000).batch(BATCH).cache()
        self.test = pairs(test).batch(4096).cache()

    def epoch(self) -> None:
        self.model.fit(self.train, epochs=1, verbose=0)

    def accuracy(self) -> float:
        found = self.model.evaluate(self.test, return_dict=True, verbose=0)
        return float(found["factorized_top_k/top_10_categorical_accuracy"])


def _two_towers(movies: Any, users: Any, titles: Any) -> Any:
    tf, tfrs = _tf.load()

    def tower(vocabulary: Any) -> Any:
        return tf.keras.Sequential(
            [
                tf.keras.layers.StringLookup(vocabulary=vocabulary, mask_token=None),
                tf.keras.layers.Embedding(len(vocabulary) + 1, DIM),  # one more for unknown ids
            ]
        )

    class TwoTowers(tfrs.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.users, self.movies = tower(users), tower(titles)
            metrics = tfrs.metrics.FactorizedTopK(candidates=movies.batch(128).map(self.movies))
            self.task = tfrs.tasks.Retrieval(metrics=metrics)

        def compute_loss(self, features: Any, training: bool = False) -> Any:
            return self.task(self.users(features["user_id"]), self.movies(features["movie_title"]))

    return TwoTowers()
