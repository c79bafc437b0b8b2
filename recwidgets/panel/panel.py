"""The panel: traits and clicks become acts, an act gives a state, a state is shown. Nothing else happens here."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from ..core import Person, Recommendations
from ..data import Interactions, Split, load_movielens
from ..models import model_class
from ..training import TrainingHistory
from . import acts, effects, settings
from .beside import Beside
from .goal import Goal
from .opening import close_all, look
from .ranks import Ranks
from .saving import Saving
from .show import Asked, Shown, show, untrained, view
from .state import DRAWERS, State, World, remembered, world_of
from .state import as_split as as_split
from .trainer import Trainer
from .training import Training
from .views import Scene

if TYPE_CHECKING:  # bqplot takes its time: a panel's frame is on the page before
    from ..charts._base import Chart
    from .regions import Regions


@dataclass
class Parts:
    """What a filled panel holds. `state` and `shown` are replaced at each act, the rest stays."""

    world: World
    trainer: Trainer
    regions: Regions
    state: State
    shown: Shown
    file: Path | None = None  # where the learner's state is kept
    hide: tuple[str, ...] = ()
    goal: Goal | None = None
    asked: Asked = field(default_factory=Asked)
    written: Mapping[str, Any] | None = None  # to the file
    announced: tuple[str, str, float] = ("", "", 0.0)  # to a screen reader: state of the training, word, when
    told_error: BaseException | None = None

    @property
    def seen(self) -> acts.Seen:
        return acts.Seen(self.world, self.trainer.training, self.shown)

    def become(self, state: State) -> None:
        """Ask the model what is to be shown of this state."""
        self.state, self.shown = state, show(self.world, self.trainer.training, state, self.asked)

    @property
    def traits(self) -> dict[str, Any]:
        epoch = self.trainer.training.number(self.state.epoch)
        return {"user": self.state.user, "epoch": epoch, "selected": self.shown.rank}


class Panel(Saving):
    """A recommender to look into: who, what, why, and its training.

    data: Interactions (split in time, each user's newest ratings held out) or a Split. model: trained or not; it
    is never written to. chart: how the first items are drawn. history: the epochs of a model trained earlier, for
    the time machine, not known without it; epoch: where it stands at first. knobs: values of its own settings.
    edited: a history of your own, {"you": [ids of films, oldest first]}, or what is changed in the user's:
    "films", "dropped" (films taken out as evidence), "without" (neighbours that are not asked).
    selected: id of the film that is selected, None = the first. epochs, learning_rate: for the next training.
    alpha: how much of all users' taste is taken away, 0 = as trained, 1 = what is the person's alone.
    hide: parts to leave out for a lesson (see settings.PARTS). goal: an exercise, shown in "You".
    state: a small JSON file that the panel writes at each change and starts from when the cell is
    run again. animate=False: marks jump instead of moving. The panel trains in one thread of its
    own; `user`, `epoch` and `selected` (rank, 0 = first) may be set from code.
    """

    epoch = traitlets.Int(0)
    selected = traitlets.Int(0)

    def __init__(
        self,
        data: Interactions | Split | None = None,
        model: Any = None,
        chart: Chart | None = None,
        *,
        user: str | int | None = None,
        epoch: int | None = None,
        knobs: Mapping[str, float | str] | None = None,
        edited: Mapping[str, Sequence[str | int]] | None = None,
        selected: str | int | None = None,
        epochs: int | None = None,
        learning_rate: float | None = None,
        alpha: float | None = None,
        history: TrainingHistory | None = None,
        hide: Sequence[str] = (),
        goal: Goal | None = None,
        state: str | Path | None = None,
        animate: bool = True,
    ) -> None:
        super().__init__()
        try:
            split = as_split(load_movielens("latest-small") if data is None else data)
            world = world_of(split, model_class("gnn")() if model is None else model, history)
            given = {"data": data, "model=model": model, "history=history": history}
            first = ", ".join(words for words, value in given.items() if value is not None)
            self._fill(
                replace(world, first=first), chart, user=user, epoch=epoch, knobs=knobs, edited=edited,
                selected=selected, epochs=epochs, learning_rate=learning_rate, alpha=alpha, hide=hide, goal=goal,
                state=state, animate=animate,
            )  # fmt: skip
        except BaseException:
            self.close()
            raise

    effects = effects.EFFECTS

    def _fill(
        self, world: World, chart: Chart | None = None, *, hide: Sequence[str] = (), goal: Goal | None = None,
        state: str | Path | None = None, animate: bool = True, regions: Regions | None = None, **wanted: Any,
    ) -> None:  # fmt: skip
        """Make all that the panel holds, and show it; half a panel is none."""
        from .regions import Regions, default_chart

        with self._lock:
            trainer = Trainer(world, self._on_training, self._lock)
            first = State(effects.first_user(world.data), epochs=effects.own_epochs(world.model), moving=bool(animate))
            start = settings.restored(world, trainer.training, first, wanted)
            parts = settings.check_parts(hide)
            if goal is not None:
                world.data.item_by_title(goal.title)  # raises UnknownItem
            start, path = effects.from_file(world, trainer.training, start, first, state)
            regions = regions or Regions(world.model, chart or default_chart(world.model)(), self.act)
            self._beside, self._ranks = Beside(self._on_measured), Ranks(self._on_measured)
            self._parts = Parts(
                world, trainer, regions, start, Shown(Person(None, np.zeros(0, np.int32))), path, parts, goal
            )
            trainer.page = regions.header
            try:
                regions.chart.on_select = self._on_chart
                for name in (f"rw-{world.name}", *(f"rw-hide-{part}" for part in parts)):
                    self.add_class(name)
                self._become(start)
                self.children = regions.children  # only now: what is drawn is drawn once
            except BaseException:
                close_all(regions.held())
                self._parts = None
                raise
            effects.PANELS.add(self)
            self._beside.baseline(world)

    # -- what can be asked of a panel --------------------------------------------------------------

    @property
    def training(self) -> Training:
        """Where the training stands."""
        return self._ready().trainer.training

    @property
    def world(self) -> World:
        """What no act changes: the split, the caller's model, the epochs that it came with."""
        return self._ready().world

    @property
    def model(self) -> Any:
        """A view of the model that answers what the panel shows, at its epoch and knobs; the caller's is untouched."""
        parts = self._ready()
        seen = view(parts.world, parts.trainer.training, parts.state, Asked())
        if seen is None:
            return untrained(parts.world, parts.state)
        return copy.copy(seen) if seen is parts.trainer.training.model else seen  # no `at`: what is written stays here

    @property
    def recommendations(self) -> Recommendations:
        """The list that is shown; empty where there is none."""
        answer, data = self.shown.answer, self.data
        top = np.zeros(0, np.int32) if answer is None else answer.top
        scores = np.zeros(0, np.float32) if answer is None else answer.scores[top].astype(np.float32)
        return Recommendations(tuple(data.items[top].tolist()), tuple(data.titles[top].tolist()), scores, top)

    @property
    def history(self) -> TrainingHistory:
        """The epochs shown: of the training here, or those that the model came with."""
        return self.training.history

    @property
    def split(self) -> Split:
        return self.world.split

    @property
    def chart(self) -> Chart:
        return self._ready().regions.chart

    @property
    def goal(self) -> Goal | None:
        return self._ready().goal

    @property
    def hidden(self) -> tuple[str, ...]:
        """The parts that a lesson left out."""
        return self._ready().hide

    def __repr__(self) -> str:
        if self._closed:
            return f"{type(self).__name__}(closed)"
        world, training = self.world, self.training
        when = f"epoch {self.epoch} of {training.newest}" if training.history.counted else "epochs not known"
        return f"Panel({world.label}, {world.data.name}, user {self.user}, {when})"

    # -- acts: from code ---------------------------------------------------------------------------

    def turn(self, **knobs: float | str) -> None:
        """Turn knobs of the model: panel.turn(layers=0). Raises ValueError or TypeError for what it does not have."""
        with self._lock:
            parts = self._ready()
            before = state = self.state
            for name, value in settings.checked_knobs(parts.world, parts.trainer.training, knobs):
                state = acts.turned(self._seen(), state, name, value)
            if state is not before:  # several knobs are one change
                state = replace(state, undo=remembered(before), before=state.before and remembered(before))
            self._become(replace(state, turning=""))
            for name in knobs:
                self._tell(f"knob:{name}")

    def train(self) -> None:
        """Start training, or go on from where it was paused. Returns at once in a notebook."""
        self._do("train", "")

    def step(self) -> None:
        """Train to the end of one epoch, then pause."""
        self._do("step", "")

    def pause(self) -> None:
        """Pause between two batches; `train` goes on from there."""
        self._do("pause", "")

    def stop(self) -> None:
        """End the training; the epochs so far are kept."""
        self._do("stop", "")

    def reset(self) -> None:
        """End the training and forget what was learned."""
        self._do("reset", "")

    def setup(self) -> str:
        """One runnable line that shows this panel again.

        What must be at hand is named in it: `data` is panel.split, `model` panel.model, `history` panel.history.
        """
        return effects.setup(self)

    def export(self, folder: str | Path) -> list[Path]:
        """Write the run into `folder`: recommendations.csv (each film's parts) and run.json.

        In a notebook the browser saves the chart as an SVG as well. Returns the files written.
        Raises ValueError where there is no answer yet.
        """
        return effects.export(self, folder)

    def mark(self, where: str) -> None:
        """Scroll to a place of the panel, a CSS selector within it, and outline it; "" = no more."""
        self._ready().regions.header.mark = where

    # -- acts: one road for all --------------------------------------------------------------------

    def _ready(self) -> Parts:
        parts: Parts = super()._ready()
        return parts

    def _become(self, state: State) -> None:
        super()._become(state)
        effects.keep(self)

    def _after(self, name: str) -> None:
        effects.after(self, name)

    def _paint(self) -> None:
        parts = self._ready()
        with self.hold_sync():
            parts.regions.paint(self._scene(), effects.spoken(self))
            look(self, "rw-still", not parts.state.moving)
            for name in DRAWERS[1:]:
                look(self, f"rw-open-{name}", parts.state.drawer == name)

    def _scene(self) -> Scene:
        parts = self._ready()
        world, training, state = parts.world, parts.trainer.training, parts.state
        beside = self._beside.look(world, training, state, parts.asked)
        taste = self._beside.taste(world, training, state, parts.asked)
        ranks = self._ranks.look(world, training, state, parts.shown)
        told = effects.setup(self), parts.goal, *beside, ranks, *taste, self._beside.alike(world, training, state)
        return Scene(world, state, training, parts.shown, *told)

    # -- traits: what is set from code becomes an act ----------------------------------------------

    @traitlets.default("epoch")
    def _first_epoch(self) -> int:
        return self.training.number(self.state.epoch)

    @traitlets.default("selected")
    def _first_selected(self) -> int:
        return self.shown.rank

    @traitlets.validate("epoch")
    def _known_epoch(self, proposal: dict[str, Any]) -> int:
        if self._silent:
            return int(proposal["value"])
        return self.training.number(settings.checked_epoch(self.training, proposal["value"]))

    @traitlets.validate("selected")
    def _known_rank(self, proposal: dict[str, Any]) -> int:
        if not self._silent:
            acts.select(self._seen(), self.state, str(proposal["value"]))
        return int(proposal["value"])

    def _on_chart(self, rank: int) -> None:
        self.act("select", str(rank))

    # -- news from beside --------------------------------------------------------------------------

    def _on_training(self, finished: bool) -> None:
        """On the kernel's thread: the trainer has news."""
        with self._lock:
            if not self._closed:
                effects.trained(self, finished)

    def _on_measured(self, error: Exception | None) -> None:
        with self._lock:
            if not self._closed:
                effects.measured(self, error)

    def _held(self) -> list[Any]:
        return [] if self._parts is None else self._parts.regions.held()

    def close(self) -> None:
        """Stop the training, take the panel off the page, and give back all that it held."""
        parts = self._parts
        if parts is not None:
            self._beside.stop()
            self._ranks.stop()
            parts.trainer.close()
        super().close()
        self._parts, self._listeners = None, ()
        effects.PANELS.discard(self)
