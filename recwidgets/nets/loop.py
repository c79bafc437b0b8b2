"""The loop over epochs and batches, in TensorFlow."""

from __future__ import annotations

from . import _keras2  # noqa: F401  # isort: skip
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from .settings import cosine_rate


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
