"""What the three models that have a network share: which network, what with it is trained, what is kept of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from .. import _backend, _tf
from ..core import Snapshot
from ..data import Interactions
from ._base import BetweenBatches, EmbeddingModel, whole


class TfrsRecommender(EmbeddingModel):
    """A recommender that has a network. A subclass says which one, and what is kept of it.

    backend: "tensorflow" (a TFRS model), "numpy" (the same network, forward and backward in numpy), or None: what
    RECWIDGETS_BACKEND says, else TensorFlow where it is installed, else numpy. Both learn the same from the same draws,
    and keep the same arrays. The networks are in recwidgets.nets, imported inside these methods: TensorFlow is loaded
    when training starts.
    """

    batches: ClassVar[int] = 1  # in an epoch, where a batch is no more than a seed: each hides other interactions
    share: ClassVar[float] = 1.0  # of all interactions that one epoch trains on
    seeds: ClassVar[int] = 1  # how many random draws a batch makes, each with a seed of its own

    def __init__(
        self,
        dim: int,
        *,
        seed: int,
        epochs: int,
        learning_rate: float,
        backend: str | None = None,
        **knobs: float | str,
    ) -> None:
        super().__init__(seed=seed, epochs=epochs, learning_rate=learning_rate, **knobs)
        self.dim = whole("dim", dim, 1)
        self.backend = _backend.checked(backend)

    def settings(self) -> dict[str, Any]:
        """As `EmbeddingModel.settings`. Not the backend: a file is the same for both, and may go to another machine."""
        return super().settings() | {"dim": self.dim}

    def _epochs(
        self, data: Interactions, total: int, between_batches: BetweenBatches, start: Snapshot | None = None
    ) -> Iterator[tuple[float, dict[str, Any]] | None]:
        knobs = dict(self.values)  # before TensorFlow is loaded: a knob may be turned meanwhile
        how: dict[str, Any] = {"rate": self.learning_rate, "epochs": total, "between": between_batches}
        if _backend.at_work(self.backend) == "tensorflow":
            from ..nets.loop import run_epochs

            net = self._network(data, knobs)
            if start is not None:
                self._begin_at(net, start)
            batches, batch = self._batches(data)
            for loss in run_epochs(net, batch, batches=batches, **how):
                yield loss, self._arrays(net)  # the network itself is let go when the training ends
        else:
            from ..nets import loop_numpy

            yield None
            net = self._numpy_network(data, knobs)
            yield None
            yield from net.begin()
            if start is not None:
                net.arrays |= self._learned(start)
            batches, draw = self._draws(net, data)
            for mean in loop_numpy.run_epochs(net, draw, batches=batches, **how):
                yield None if mean is None else (mean, self._kept(net.arrays))

    @abstractmethod
    def _network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        """The TFRS model, untrained, with the knobs as they stood when the training began."""

    @abstractmethod
    def _numpy_network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        """The same in numpy."""

    @abstractmethod
    def _tables(self, net: Any) -> dict[str, Any]:
        """The variables of the TFRS model, by the names that they have in the numpy network."""

    def _arrays(self, net: Any) -> dict[str, Any]:
        """What answers are made from: the arrays of a snapshot."""
        return self._kept({name: variable.numpy() for name, variable in self._tables(net).items()})

    def _kept(self, learned: dict[str, Any]) -> dict[str, Any]:
        """The arrays of a snapshot, copied from those that a network learns."""
        return {name: array.copy() for name, array in learned.items()}

    def _learned(self, snapshot: Snapshot) -> dict[str, Any]:
        """The arrays that a network learns, copied from those of a snapshot."""
        return {name: array.copy() for name, array in snapshot.arrays.items()}

    def _begin_at(self, net: Any, start: Snapshot) -> None:
        """Give the TFRS model the arrays of a snapshot."""
        learned = self._learned(start)
        for name, variable in self._tables(net).items():
            variable.assign(learned[name])

    def _batches(self, data: Interactions) -> tuple[int, Callable[[int], Any]]:
        """How many there are in an epoch, and what each step is trained on, in TensorFlow."""
        tf, _ = _tf.load()
        return self.batches, lambda step: tf.constant([self.seed, step * self.seeds])

    def _draws(self, net: Any, data: Interactions) -> tuple[int, Callable[[int], Any]]:
        """The same for the numpy network: all that is random in a step."""
        return self.batches, lambda step: net.draw([self.seed, step])
