"""The loop over epochs and batches, and the learning rate of each step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf


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
