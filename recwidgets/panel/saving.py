"""A panel as it stands still: its picture for a notebook, and a page that is opened without a kernel."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from .._files import write_text
from . import effects, settings
from .acting import Acting
from .opening import close_all
from .saved_page import Saved, page_of
from .show import Asked, show
from .state import State
from .still import still_of, text_of, why_of
from .still_svg import svg_of
from .views import Scene

USERS, EPOCHS = 4, 4  # as many as a page has, where nobody says which


class Saving(Acting):
    """What a panel of one model leaves for when it cannot be live."""

    def _still(self) -> tuple[str, Markup]:
        with self._lock:
            parts = self._ready()
            taken = still_of(self._scene(), parts.regions.chart, parts.hide)
        return text_of(taken), svg_of(taken)

    def _scene(self) -> Scene:
        raise NotImplementedError

    def save(
        self, path: str | Path, *, users: Sequence[str | int] | None = None, epochs: Sequence[int] | None = None
    ) -> Path:
        """Write one HTML file that shows users and epochs of this panel without a kernel, a server or the internet.

        Its reader switches between them and sees chart, list and the reason of each film; nothing can be changed.
        users: ids; None = this user and the next three of the data. epochs: from 1; of one that is not kept the kept
        one before it is taken; None = up to four of the kept ones, the first, the last and the one shown among them.
        The history that was edited here, knobs and `alpha` are those of the panel. An existing file is replaced.
        Returns the path. Raises UnknownUser, and ValueError for a path that does not end in .html, an epoch that
        there is not, an empty list, or a model that has learned nothing; FileNotFoundError for a folder that there
        is not.
        """
        with self._lock:
            place = checked_path(path)
            saved = self._saved(self._chosen_users(users), self._chosen_epochs(epochs))
        write_text(place, page_of(saved))
        return place

    def _chosen_users(self, users: Sequence[str | int] | None) -> list[str]:
        data, here = self.data, self.state.user
        if users is None:
            first = data.user_index(here)
            return [str(data.users[(first + n) % data.n_users]) for n in range(min(USERS, data.n_users))]
        if isinstance(users, (str, int)):
            raise TypeError(f"users must be a list of ids, got {users!r}; give [{users!r}]")
        chosen = list(dict.fromkeys(str(data.users[data.user_index(str(user))]) for user in users))
        if not chosen:
            raise ValueError("users must name at least one user, got none; leave it out for this user and a few more")
        return chosen

    def _chosen_epochs(self, epochs: Sequence[int] | None) -> list[int | None]:
        """As in a State: None is the newest."""
        training, here = self._ready().trainer.training, self.state.epoch
        if training.history.last is None:
            raise ValueError("there is no answer to save; train the model first")
        if epochs is None:
            steps = training.steps if training.rewindable else [training.newest]
            spread = np.unique(np.linspace(0, len(steps) - 1, min(EPOCHS, len(steps))).round().astype(int))
            wanted = {steps[n] for n in spread.tolist()} | ({here} if here else set())
        elif isinstance(epochs, int):
            raise TypeError(f"epochs must be a list of epochs, got {epochs!r}; give [{epochs!r}]")
        else:
            wanted = {settings.checked_epoch(training, epoch) or training.newest for epoch in epochs}
        if not wanted:
            raise ValueError("epochs must name at least one epoch, got none; leave it out for some of the kept ones")
        return [None if step == training.newest else step for step in sorted(wanted)]

    def _saved(self, users: list[str], epochs: list[int | None]) -> list[Saved]:
        """Each user at each epoch, as the panel would show them, with the reason of each film of the list."""
        parts = self._ready()
        chart, asked, saved = _chart_like(parts.regions.chart), Asked(), {}
        try:
            for epoch in epochs:  # outside: what a model works out at an epoch is worked out once
                for user in users:
                    saved[user, epoch] = _taken(parts, state_for(parts.state, user, epoch), chart, asked)
        finally:
            if chart is not None:
                close_all([chart])
        return [saved[user, epoch] for user in users for epoch in epochs]


def _taken(parts: Any, state: State, chart: Any, asked: Asked) -> Saved:
    world, training = parts.world, parts.trainer.training
    shown = show(world, training, state, asked)
    if chart is not None:
        try:
            chart.show(shown.answer, shown.rank, None)
        except Exception:  # a chart of the learner's own that cannot draw this one: the rest is saved without it
            chart = None
    line = effects.setup(Elsewhere(dataclasses.replace(parts, state=state, shown=shown)))
    still = still_of(Scene(world, state, training, shown, line), chart, parts.hide)
    films = [] if shown.answer is None or "why" in parts.hide or not still.rows else shown.answer.top.tolist()
    each = (show(world, training, dataclasses.replace(state, item=item), asked) for item in films)
    return Saved(still, tuple(why_of(one)[1:] for one in each))


@dataclass
class Elsewhere:
    """A panel that stands at another state, as far as its line is asked for it."""

    parts: Any

    def _ready(self) -> Any:
        return self.parts

    def __getattr__(self, name: str) -> Any:  # world, state, shown
        return getattr(self.parts, name)


def state_for(state: State, user: str, epoch: int | None) -> State:
    """The same for another user or epoch: an edited history stays with the user whose it is."""
    mine = user == state.user
    return dataclasses.replace(
        state, user=user, edited=state.edited if mine else None, epoch=epoch, item=state.item if mine else None,
        tab="why", rival=None, opened="", message=None, before=None, outlined=False, playing=False, drawer="",
    )  # fmt: skip


def _chart_like(chart: Any) -> Any:
    """Another chart of the same kind, so that the panel's own stays as it is; None for one that needs arguments."""
    try:
        made = type(chart)()
        made.animate(False)
        return made
    except Exception:
        return None


def checked_path(path: str | Path) -> Path:
    """Where to write. Raises ValueError and FileNotFoundError with the next move."""
    place = Path(path)
    if place.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"path must end in .html, got {str(path)!r}; try {place.with_suffix('.html').name!r}")
    if not place.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(place.parent)!r}; make it first, or save beside the notebook")
    if place.is_dir():
        raise ValueError(f"path must be a file, and {str(path)!r} is a folder")
    return place
