"""What a panel gives away and keeps: one runnable line, the files of a run, the learner's own state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..data import Interactions
from ..page.markup import Message
from . import history as edits
from . import setups
from .acting import sentence
from .goal import Goal
from .turning import Turning


class Keeping(Turning):
    """Reads and writes; the panel has what is kept."""

    user: Any
    chart: Any
    train_data: Interactions
    goal: Goal | None
    _pretrained: Any
    _hide: tuple[str, ...]
    _state_path: Path | None

    @property
    def _newest(self) -> int:
        return self.history.last.step if self.history.last else 0

    def _place(self, **traits: int) -> None:
        """Set traits without their observers."""
        raise NotImplementedError

    def setup(self) -> str:
        """One runnable line that shows this panel again: user, epoch, knobs, edited history and what is hidden.

        A panel on data or a model of your own names them `data` and `model`.
        """
        ready = setups.READY.get(getattr(self.model, "name", ""))
        settings: dict[str, Any] = {"user": self.user}
        if self._newest and self.epoch != self._newest:
            settings["epoch"] = self.epoch
        defaults = {knob.name: knob.default for knob in getattr(self.model, "knobs", ())}
        turned = {name: v for name, v in getattr(self.model, "values", {}).items() if v != defaults.get(name)}
        settings |= {"knobs": turned} if turned else {}
        told = edits.in_ids(self._edited, self.train_data)
        settings |= {"edited": told} if told else {}
        settings |= {"hide": list(self._hide)} if self._hide else {}
        if ready and self.history is self._pretrained and self.train_data.name == setups.EMBEDDED:
            return setups.line(ready, settings)
        chart = f"chart=rw.{type(self.chart).__name__}()"
        return setups.line("Panel", settings).replace("rw.Panel(", f"rw.Panel(data, model=model, {chart}, ", 1)

    def export(self, folder: str | Path) -> list[Path]:
        """Write the run into `folder`: recommendations.csv (each film's parts) and run.json.

        In a notebook the browser saves the chart as an SVG as well. Returns the files written.
        Raises ValueError where there is no answer yet.
        """
        if self._answer is None:
            raise ValueError("there is no answer to export yet; train the model first")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        table, card = folder / "recommendations.csv", folder / "run.json"
        setups.write_recommendations(table, self._answer)
        setups.write_state(card, setups.run_card(self))
        self.chart.figure.save_svg(f"{self.chart.name}-user-{self.user}.svg")
        return [table, card]

    def _keep(self) -> None:
        """Write the learner's state, where the panel was given a file for it."""
        if self._state_path is None:
            return
        own = self._own_history()
        knobs = {name: str(value) for name, value in getattr(self.model, "values", {}).items()}
        setups.write_state(
            self._state_path, {"user": self.user, "epoch": self.epoch, "knobs": knobs, "own": own, "open": self._open}
        )

    def _own_history(self) -> dict[str, Any] | None:
        """The history as it was edited here, by ids: what is kept may be read beside other data."""
        edited, ids, users = self._edited, self.train_data.items, self.train_data.users
        if edited is None:
            return None
        return edited._asdict() | {
            "user": None if edited.user is None else str(users[edited.user]),
            "films": [str(ids[item]) for item in edited.films],
            "dropped": [str(ids[item]) for item in edited.dropped],
            "without": [str(users[user]) for user in edited.without],
        }

    def _start_with(self, edited: edits.Edited | None) -> None:
        """Show a history that was edited elsewhere; undoing it leads to the user's own."""
        self._edited, self._past = edited, [None]
        self._open = edited is not None and edited.user is None
        self._refresh()

    def _restore(self, path: Path) -> None:
        """Go back to where the learner was; a state that does not fit this panel is kept aside, and said."""
        try:
            self._apply(setups.read_state(path))
        except setups.DamagedState as error:
            self._say(Message("Your saved state is damaged.", str(error), True))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            aside = setups.put_aside(path)
            text = f"{path.name} does not fit this panel ({sentence(error)}) It is kept as {aside.name}."
            self._say(Message("Your saved state was left out.", text, True))
        self._state_path = path  # only now: what is there must be read before it is written

    def _apply(self, state: dict[str, Any]) -> None:
        if not state:
            return
        data = self.train_data
        words = {knob.name for knob in getattr(self.model, "knobs", ()) if knob.choices}
        knobs = {name: value if name in words else float(value) for name, value in state["knobs"].items()}
        epoch, own = int(state["epoch"]), state["own"]
        data.user_index(state["user"])
        edited = None
        if own is not None:
            films, dropped = (tuple(data.item_index(item) for item in own[name]) for name in ("films", "dropped"))
            without = tuple(data.user_index(user) for user in own["without"])
            whose = None if own["user"] is None else data.user_index(own["user"])
            edited = edits.Edited(whose, films, dropped, without, int(own["edits"]))
        if knobs:
            self.model = self.model.at(**knobs)  # checks that they are within their ranges
        if 1 <= epoch <= self._newest:
            self._place(epoch=self.history.at(epoch).step)
        if state["user"] != self.user:
            self.user = state["user"]
        # also where nothing was edited: what was undone here is not brought back by `edited=`
        self._edited, self._past = edited, [] if edited is None else [None]
        self._open = edited is not None and bool(state["open"])
        self._refresh()

    def _act_save(self, value: str) -> None:
        """Write the run beside the notebook, into a folder of its own."""
        whom = "you" if self.person.user is None else f"user-{self.user}"
        folder = first = Path(f"recwidgets-{getattr(self.model, 'name', 'own')}-{whom}")
        n = 1
        while folder.exists():  # an earlier run is never overwritten
            n += 1
            folder = first.with_name(f"{first.name}-{n}")
        files = self.export(folder)
        text = f"{', '.join(path.name for path in files)} in the folder {folder}; the chart goes to your downloads."
        self._say(Message("Saved.", text))
