"""What the three models that TFRS trains have in common: which network, which batches, what is kept of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from .. import _tf
from ..data import Interactions
from ._base import BetweenBatches, EmbeddingModel, whole


class TfrsRecommender(EmbeddingModel):
    """A recommender that a TFRS network trains. A subclass says which network, and what is kept of it.

    The networks are in recwidgets.nets, imported inside these methods: TensorFlow is loaded when training starts.
    """

    batches: ClassVar[int] = 1  # in an epoch, where a batch is no more than a seed: each hides other interactions
    share: ClassVar[float] = 1.0  # of all interactions that one epoch trains on
    seeds: ClassVar[int] = 1  # how many random draws a batch makes, each with a seed of its own

    def __init__(self, dim: int, *, seed: int, epochs: int, learning_rate: float, **knobs: float | str) -> None:
        super().__init__(seed=seed, epochs=epochs, learning_rate=learning_rate, **knobs)
        self.dim = whole("dim", dim, 1)

    def settings(self) -> dict[str, Any]:
        return super().settings() | {"dim": self.dim}

    def _epochs(
        self, data: Interactions, total: int, between_batches: BetweenBatches
    ) -> Iterator[tuple[float, dict[str, Any]]]:
        knobs = dict(self.values)  # before TensorFlow is loaded: a knob may be turned meanwhile
        from ..nets.loop import run_epochs

        net = self._network(data, knobs)
        batches, batch = self._batches(data)
        losses = run_epochs(net, batch, rate=self.learning_rate, epochs=total, batches=batches, between=between_batches)
        for loss in losses:
            yield loss, self._arrays(net)  # the network itself is let go when the training ends

    @abstractmethod
    def _network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        """The TFRS model, untrained, with the knobs as they stood when the training began."""

    @abstractmethod
    def _arrays(self, net: Any) -> dict[str, Any]:
        """What answers are made from: the arrays of a snapshot."""

    def _batches(self, data: Interactions) -> tuple[int, Callable[[int], Any]]:
        """How many there are in an epoch, and what each step is trained on."""
        tf, _ = _tf.load()
        return self.batches, lambda step: tf.constant([self.seed, step * self.seeds])
