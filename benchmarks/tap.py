"""A look inside a training: its batches, how many there are, and an end before the last of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from recwidgets.models import _tf


class Tap:
    """What the training of one model showed: the TFRS model, batches in a whole epoch, the last epoch's inputs."""

    def __init__(self, most: int | None) -> None:
        self.most, self.batches = most, 0
        self.network: Any = None
        self.inputs: list[Any] = []

    def bare(self) -> Callable[[], None]:
        """Forward and backward over the last epoch's batches and nothing else: drawn before, no optimiser after."""
        tf, _ = _tf.load()
        network = self.network
        drawn = tf.function(network.features)
        batches = [drawn(inputs) for inputs in self.inputs]

        @tf.function
        def gradients(features: Any) -> Any:
            with tf.GradientTape() as tape:
                loss = network.compute_loss(features, training=True) + network.penalty(features)
            return tape.gradient(loss, network.trainable_variables)

        gradients(batches[0])  # traced before anybody looks at the clock

        def epoch() -> None:
            for features in batches:
                gradients(features)

        return epoch


@contextmanager
def tapped(name: str, most: int | None = None) -> Iterator[Tap]:
    """While this is open, model `name` trains as ever but is watched. most: batches after which an epoch ends early."""
    module = importlib.import_module(f"recwidgets.models.{name}")
    original, tap = module.run_epochs, Tap(most)

    def watched(model: Any, batch: Callable[[int], Any], *, batches: int, **others: Any) -> Iterator[float]:
        tap.network, tap.batches = model, batches
        shown = batches if most is None else min(batches, most)

        def kept(step: int) -> Any:
            if step % shown == 0:
                tap.inputs = []
            inputs = batch(step)
            tap.inputs.append(inputs)
            return inputs

        yield from original(model, kept, batches=shown, **others)

    module.run_epochs = watched
    try:
        yield tap
    finally:
        module.run_epochs = original
