"""What can be said of a panel's training, and the copy of the model that it writes into."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core import Knob
from ..models._base import EmbeddingModel
from ..protocols import Rewindable, Trainable, Tunable
from ..training import TrainingHistory
from .state import State, World

RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


@dataclass(frozen=True, eq=False)
class Training:
    """What can be said of the training: replaced by what the worker reports, never changed.

    history: the epochs shown. model: whose they are: the caller's, or the copy that learned here.
    trained: its knobs while it learned. here: these epochs were trained in this panel. as_it_is: the model answers
    itself, not as it was at an epoch. state: "idle", "running" or
    "paused"; holds: a paused one stands still; until then it ends the batch, or the measuring of the epoch, that it
    was at. ended: how the last one ended, "", "done", "stopped" or "failed". fresh: a new training whose first
    epoch has not come yet. progress: 0 to 1; pace: seconds an epoch. waited: seconds until the first batch, so far.
    loading: TensorFlow is being imported; waited_before: how long it took when that was last so, None where that is not
    known, or where this model does not load it.
    backend: what it is, or was, trained with here, in words; "" for nothing, or a model with a way of its own.
    rate: the caller's model's own learning rate, None for one without; the copy that learned here may have another.
    earlier: how many epochs of the training before this one can be brought back.
    """

    history: TrainingHistory
    model: Any
    trained: Mapping[str, Any] = field(default_factory=dict)
    here: bool = False
    as_it_is: bool = False
    state: str = "idle"
    holds: bool = False
    ended: str = ""
    total: int = 0
    progress: float = 0.0
    pace: float | None = None
    fresh: bool = False
    waited: float = 0.0
    loading: bool = False
    waited_before: float | None = None
    error: BaseException | None = None
    backend: str = ""
    rate: float | None = None
    earlier: int = 0

    @property
    def step(self) -> int:
        """The last finished epoch of the training under way."""
        return 0 if self.fresh else self.newest

    @property
    def newest(self) -> int:
        """The last epoch there is to look at, 0 for none."""
        return self.history.last.step if self.history.last else 0

    def number(self, epoch: int | None) -> int:
        """The epoch that is looked at, None = the newest, as it is said; 0 where there is none, or it is not known."""
        return (epoch or self.newest) if self.history.counted else 0

    @property
    def steps(self) -> list[int]:
        """The epochs whose snapshots are kept."""
        return [event.step for event in self.history.events]

    @property
    def rewindable(self) -> bool:
        """Can the model answer as it was at an earlier epoch?"""
        return isinstance(self.model, Rewindable) and not self.as_it_is

    @property
    def knobs(self) -> tuple[Knob, ...]:
        return tuple(self.model.knobs) if isinstance(self.model, Tunable) else ()

    @property
    def rates(self) -> list[float]:
        """What the slider offers; nothing for a model without a learning rate."""
        return [] if self.rate is None else sorted({*RATES, self.rate})

    @property
    def seconds_left(self) -> float | None:
        """From the pace of the epochs so far; None before one has shown how long it takes."""
        return None if self.pace is None else max(0.0, (1 - self.progress) * self.total * self.pace)


def as_given(world: World) -> Training:
    """The training of a panel in which nothing was trained: what the model came with."""
    trained = getattr(world.model, "trained", None)
    knobs = dict(trained) if isinstance(trained, Mapping) else dict(world.values)
    return Training(world.history, world.model, knobs, rate=_rate(world.model))


def _rate(model: Any) -> float | None:
    return float(model.learning_rate) if isinstance(model, Trainable) else None


def copy_to_train(world: World, state: State) -> Any:
    """A model like the caller's, with the knobs and the learning rate of the panel: training writes into this one."""
    model: Any = world.model
    if not isinstance(model, EmbeddingModel):  # whose views share nothing that a training writes into
        try:
            model = copy.deepcopy(model)
        except Exception:  # a lock, a file, a handle of its own: then its attributes are shared, but not rebound
            model = copy.copy(model)
    if isinstance(model, Tunable):
        model = model.at(**state.values(world))
    if state.rate is not None and isinstance(model, Trainable):
        model.learning_rate = state.rate
    return model
