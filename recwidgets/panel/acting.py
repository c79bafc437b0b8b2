"""What every panel does: clicks, code and traits become acts, one after the other, and no error vanishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import traitlets

from .._threads import one_thread
from ..core import Person
from ..data import Interactions
from . import acts
from .display import Displayed
from .show import Shown, failure
from .state import State

Effect = Callable[[Any, Any], None]


class Acting(Displayed):
    """A panel that is told acts by name."""

    user = traitlets.CUnicode()
    #: acts that reach beyond the state, by name: called with the panel and the value
    effects: dict[str, Effect] = {}
    _silent = False  # traits are set by the panel itself
    _listeners: tuple[Callable[[str], None], ...] = ()

    _parts: Any = None  # what a filled panel holds: `state`, `seen`, and become(state), which asks the model

    def _ready(self) -> Any:
        """The parts, of a panel that is filled by now."""
        if self._parts is None:
            self._opened()
        return self._parts

    def _seen(self) -> acts.Seen:
        """What is on the screen now."""
        seen: acts.Seen = self._ready().seen
        return seen

    def _become(self, state: State) -> None:
        """Stand there: the model is asked once, and that one answer is shown everywhere."""
        parts = self._ready()
        with one_thread():
            parts.become(state)
            self._set_traits(**parts.traits)
            self._paint()

    def _paint(self) -> None:
        """Let the page show the parts."""

    def _after(self, name: str) -> None:
        """What goes on by itself after an act."""

    @property
    def state(self) -> State:
        """Where the panel stands: user, edited history, epoch, knobs and the rest; never changed, only replaced."""
        state: State = self._ready().state
        return state

    @property
    def shown(self) -> Shown:
        """What is on the page now: the answer, what is selected and why, and what is said."""
        return self._seen().shown

    @property
    def data(self) -> Interactions:
        """The interactions that the model learns from: `split.train`."""
        return self._seen().world.data

    train_data = data

    @property
    def held_out(self) -> Interactions:
        """The test rows: only ✓ and the leaderboard look at them."""
        return self._seen().world.split.test

    @property
    def person(self) -> Person:
        """Who is asked about: the user as in the data, or with the history that was edited here."""
        return self.shown.person

    def edit(self, items: Sequence[str | int]) -> None:
        """Show a history of your own: ids of films, oldest first. Raises UnknownItem."""
        if isinstance(items, (str, int)):
            raise TypeError(f"a history is a list of ids of films, oldest first, got {items!r}")
        self._do("own", " ".join(str(self.data.item_index(str(item))) for item in items))

    def drop(self, item: str | int | None = None, *, neighbour: str | int | None = None) -> None:
        """Take a film out of the history, by its id, or leave out a neighbour.

        Raises UnknownItem or UnknownUser, or ValueError for a film that is not in the history shown.
        """
        data = self.data
        if (item is None) == (neighbour is None):
            raise ValueError(f"give a film or a neighbour to drop, got {item!r} and {neighbour!r}")
        if item is not None and data.item_index(str(item)) not in self.person.history:
            raise ValueError(f"only a film of the history shown can be dropped, got {item!r}; see panel.person.history")
        film = item is not None
        self._do(
            "drop", f"film:{data.item_index(str(item))}" if film else f"neighbour:{data.user_index(str(neighbour))}"
        )

    def undo(self) -> None:
        """Take back the last change of history or knobs."""
        self._do("undo", "")

    def act(self, name: str, value: Any = "") -> None:
        """Do what a click on the page does; what goes wrong is said in the panel."""
        with self._lock:
            try:
                self._do(name, value)
            except Exception as error:
                self._become(replace(self.state, message=failure(error)))

    def _do(self, name: str, value: Any) -> None:
        """An act of the table, or one that reaches beyond the state: training, files, time."""
        if name in self.effects:
            self.effects[name](self, value)  # takes the lock itself: a training in a plain script must not keep it
        else:
            with self._lock:
                self._become(acts.act(self._seen(), self.state, name, str(value)))
                self._after(name)
        self._tell(name)

    def _tell(self, name: str) -> None:
        for listener in self._listeners:
            listener(name)

    def on_act(self, listener: Callable[[str], None]) -> None:
        """Call listener(name) after each act, of a learner or of code: "user", "select", "drop", "knob:layers", …"""
        self._listeners = (*self._listeners, listener)

    def close(self) -> None:
        """Take the panel off the page; its traits answer no more, either."""
        super().close()
        for name in ("user", "epoch", "selected"):
            self._trait_values.pop(name, None)  # asked again, the default is made anew: it raises PanelClosed

    def _set_traits(self, **traits: Any) -> None:
        """Set traits without making acts of them."""
        self._silent = True
        try:
            for name, value in traits.items():
                setattr(self, name, value)
        finally:
            self._silent = False

    @traitlets.default("user")
    def _first_user(self) -> str:
        return self.state.user

    @traitlets.validate("user")
    def _known_user(self, proposal: dict[str, Any]) -> str:
        """Unknown ids raise UnknownUser, and the panel stays where it is."""
        self.data.user_index(proposal["value"])
        user = str(proposal["value"])
        if not self._silent and self.state.own and user == self.state.user:
            self.act("user", user)  # back from "You" to the same user: no change of the trait that would be told
        return user

    @traitlets.observe("user", "epoch", "selected")
    def _on_trait(self, change: Any) -> None:
        if not self._silent:
            self.act({"selected": "select"}.get(change["name"], change["name"]), str(change["new"]))
