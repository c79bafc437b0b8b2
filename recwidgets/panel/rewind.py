"""The time machine of a panel: to any epoch, replayed at a tempo, and what came and went when."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from ..answer import answer
from ..core import film_label
from ..page.markup import rank_changes
from ..training import TrainingHistory
from ..why.parts import listed
from .editing import Editing
from .trainer import running_loop

TEMPI = {"slow": 1.6, "normal": 0.8, "fast": 0.35}  # seconds an epoch stays
LISTED = 12  # epochs whose lists are compared at the most


class Rewinding(Editing):
    """Keeps the play state; the panel holds the history and sets `epoch`."""

    epoch: int
    _playing, _tempo = False, "normal"
    _tale: str = ""  # what entered and left, once it was asked for

    @property
    def history(self) -> TrainingHistory:
        raise NotImplementedError

    def _show_training(self) -> None:
        raise NotImplementedError

    def _steps(self) -> list[int]:
        return [event.step for event in self.history.events]

    def _act_epoch(self, value: str) -> None:
        self._playing = False
        steps = self._steps()
        if steps:
            self.epoch = self.history.at(min(max(int(value), steps[0]), steps[-1])).step
        self._show_training()  # a slider dragged to where no epoch is kept goes back

    def _act_tempo(self, value: str) -> None:
        self._tempo = value if value in TEMPI else "normal"
        self._show_training()

    def _act_play(self, value: str) -> None:
        """Replay the epochs from here on, or from the first when standing at the last; or stop."""
        steps = self._steps()
        self._playing = not self._playing and len(steps) > 1
        if self._playing and self.epoch == steps[-1]:
            self.epoch = steps[0]
        self._show_training()
        loop = running_loop()
        if self._playing and loop is not None:
            loop.call_later(TEMPI[self._tempo], self._on_act, "tick", "")
        elif self._playing:
            self._playing = False  # a plain script has nobody to call back

    def _act_tick(self, value: str) -> None:
        later = [step for step in self._steps() if step > self.epoch]
        if not self._playing:
            return
        if later:
            self.epoch = later[0]
        self._playing = len(later) > 1
        self._show_training()
        loop = running_loop()
        if self._playing and loop is not None:
            loop.call_later(TEMPI[self._tempo], self._on_act, "tick", "")

    def _act_tale(self, value: str) -> None:
        """What entered and left the top ten from one kept epoch to the next."""
        self._tale = "" if self._tale else self._tell()
        self._show_training()

    def _tell(self) -> Markup:
        events = self.history.events
        if len(events) > LISTED:
            events = (*events[:: -(-len(events) // (LISTED - 1))], events[-1])
        before: list[int] = []
        rows = []
        for event in events:
            now = self._top_at(event.snapshot)
            came, went = [i for i in now if i not in before], [i for i in before if i not in now]
            rows.append((event.step, self._named(came), self._named(went)))
            before = now
        return rank_changes(rows)

    def _top_at(self, snapshot: Any) -> list[int]:
        model, data, person = self.model, self.train_data, self.person  # type: ignore[attr-defined]
        view = model.at(snapshot) if hasattr(model, "at") else model
        top: list[int] = answer(view, data, person).top.tolist()
        return top

    def _named(self, films: list[int]) -> str:
        names = [film_label(self.train_data, film) for film in films]
        return listed(names) if names else ""
