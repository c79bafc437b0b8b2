"""A look inside a training: its batches, how many there are, and an end before the last of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from recwidgets import _tf
from recwidgets.models import model_class


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
    cls, tap = model_class(name), Tap(most)
    network, batches_of = cls._network, cls._batches

    def seen(self: Any, *arguments: Any) -> Any:
        tap.network = network(self, *arguments)
        return tap.network

    def cut(self: Any, *arguments: Any) -> Any:
        tap.batches, batch = batches_of(self, *arguments)
        shown = tap.batches if most is None else min(tap.batches, most)

        def kept(step: int) -> Any:
            if step % shown == 0:
                tap.inputs = []
            inputs = batch(step)
            tap.inputs.append(inputs)
            return inputs

        return shown, kept

    with patch.object(cls, "_network", seen), patch.object(cls, "_batches", cut):
        yield tap
