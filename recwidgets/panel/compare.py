"""One user, several models: what they agree on, and which is better on held-out data."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from ..answer import Answer, answer
from ..data import Interactions, Split, load_movielens
from ..models.popularity import Chance, Popularity
from ..page import markup
from ..page.markup import Message, Status
from ..page.page import Page
from . import history as edits
from . import lamps, leaderboard, setups
from .acting import guarded
from .editing import Editing
from .opening import Opening
from .panel import _first_user, as_split
from .trainer import running_loop


class ComparePanel(Opening, Editing):
    """Three models side by side for one user, and the leaderboard with its four honesty lamps.

    models: by name, trained on the same data; None = the three pretrained ones. edited: as for Panel. Films on more
    than one list are linked; select a film to find it on the others. The leaderboard is worked
    out in a thread of its own, after the first lists are on the page.
    """

    user = traitlets.CUnicode()

    def __init__(
        self,
        data: Interactions | Split | None = None,
        models: Mapping[str, Any] | None = None,
        *,
        user: str | int | None = None,
        edited: Mapping[str, Sequence[str | int]] | None = None,
    ) -> None:
        super().__init__()
        self.add_class("rw-compare")
        self._begin(
            "Compare",
            Status("Opening", "loading the trained models"),
            functools.partial(self._fill, data, models, user, edited or {}),
            None,
        )

    def _fill(
        self,
        data: Interactions | Split | None,
        models: Mapping[str, Any] | None,
        user: str | int | None,
        edited: Mapping[str, Sequence[str | int]],
    ) -> None:
        self._lock = threading.RLock()
        self.split = as_split(load_movielens("latest-small") if data is None else data)
        self.train_data, self.held_out = self.split.train, self.split.test
        self._ours = models is None  # the pretrained ones
        self.models = dict(models) if models is not None else _pretrained(self.split.train)
        self._answers: dict[str, Answer | None] = {}
        self._past, self._films_found, self._message, self._answer = [], [], None, None
        self._chosen: int | None = None  # the film that is marked on all lists
        self._off: frozenset[str] = frozenset()
        self._rows: dict[frozenset[str], list[lamps.Row]] = {}
        self._ranking: tuple[int, int, float] | None = None  # models done, in all, seconds left (NaN: not known yet)
        self._stopped = threading.Event()
        self._loop = running_loop()
        self._header = Page("rw-header", handler=self._on_act, probe=True)
        self._who = Page("rw-user", handler=self._on_act)
        self._you = Page("rw-own", handler=self._on_act)
        self._note = Page("rw-message", handler=self._on_act)
        self._lists = Page("rw-list", handler=self._on_act)
        self._board = Page("rw-board", handler=self._on_act)
        self.observe(self._on_user, "user")
        with self._lock:
            self._show_board()
            self.user = str(user) if user is not None else _first_user(self.train_data)
            self._edited = edits.from_ids(edited, self.train_data, self.train_data.user_index(self.user))
            if self._edited is not None:
                self._past, self._open = [None], self._edited.user is None
                self._refresh()
        self.children = [self._header, self._who, self._you, self._note, self._lists, self._board]
        self._measure()

    def setup(self) -> str:
        """One runnable line that shows the same user, with the history as it was edited; your own data as `data`."""
        told = edits.in_ids(self._edited, self.train_data)
        line = setups.line("ComparePanel", {"user": self.user} | ({"edited": told} if told else {}))
        embedded = self.train_data.name == setups.EMBEDDED and self._ours
        return line if embedded else line.replace("(", "(data, models, ", 1)

    def close(self) -> None:
        """End the ranking, and take the panel off the page."""
        if "_stopped" in self.__dict__:
            self._stopped.set()
        super().close()

    @traitlets.default("user")
    def _user_first(self) -> str:
        self._opened()
        return str(self._trait_values.get("user", ""))

    def __repr__(self) -> str:
        if self._to_open is not None:
            return "ComparePanel()"
        return f"ComparePanel({', '.join(self.models)}; {self.train_data.name}, user {self.user})"

    @traitlets.validate("user")
    def _known_user(self, proposal: dict[str, Any]) -> str:
        """Unknown ids raise UnknownUser, and the panel stays where it is."""
        self.train_data.user_index(proposal["value"])
        return str(proposal["value"])

    @guarded
    def _on_user(self, change: Any) -> None:
        self._choose_user()

    def _choose_user(self) -> None:
        self._settle_field()
        self._message, self._chosen = None, None
        self._edited, self._open, self._past = None, False, []
        self._refresh()

    def _refresh(self, about: Any = None, keep_film: bool = True, since: Any = None) -> None:
        person = self.person
        dropped = np.asarray(() if self._edited is None else self._edited.dropped, np.int32)
        empty = person.user is None and not len(person.history)
        self._answers = {
            name: None if empty else answer(model, self.train_data, person, self.held_out, kept_out=dropped)
            for name, model in self.models.items()
        }
        self._answer = next(iter(self._answers.values()), None)
        self._message = about(self._answer) if about is not None and self._answer is not None else self._message
        with self.hold_sync():
            self._show_lists()
            self._show_who()
            self._say(self._message)
            names = ("no", "one", "two", "three", "four", "five")
            count = names[len(self.models)] if len(self.models) < len(names) else str(len(self.models))
            self._header.show(markup.header("Compare", self._about_data(), Status("Ready", f"{count} trained models")))

    def _about_data(self) -> str:
        train = self.train_data
        whole = len(train) + len(self.held_out) + len(self.split.validation)
        return f"{train.name} · {train.n_users:,} users × {train.n_items:,} movies · {whole:,} ratings"

    def _film(self) -> int | None:
        return self._chosen

    def _show_lists(self) -> None:
        labels = {name: model.label for name, model in self.models.items()}
        self._lists.show(leaderboard.lists(self._answers, labels, self._chosen))

    def _show_board(self) -> None:
        rows, honest = self._rows.get(self._off), self._rows.get(frozenset())
        if len(self.held_out):
            self._board.show(leaderboard.board(rows, self._off, honest, self._ranking))
        else:
            self._board.show(markup.empty("Nothing is held out, so there is nothing to measure."))

    def _say(self, message: Message | None) -> None:
        self._message = message
        self._note.show(markup.message(message))

    def _act_film_of(self, value: str) -> None:
        self._chosen = None if self._chosen == int(value) else int(value)
        self._show_lists()

    def _act_lamp(self, value: str) -> None:
        self._off = self._off ^ {value}
        self._show_board()
        self._measure()

    # -- the leaderboard: worked out beside, shown on the kernel's thread -------------------------------

    def _measure(self) -> None:
        if self._off in self._rows or not len(self.held_out):
            return
        self._stopped.set()  # what was asked before is of no use any more
        self._stopped, off, loop = threading.Event(), self._off, self._loop
        if loop is None:
            self._take(off, self._work(off, lambda done, total: None), self._stopped)
            return
        stopped, began = self._stopped, time.monotonic()

        def told(done: int, total: int) -> None:
            if stopped.is_set():
                raise InterruptedError
            left = (time.monotonic() - began) * (total - done) / done if done else float("nan")
            loop.call_soon_threadsafe(self._on_ranking, (done, total, left), stopped)

        def work() -> None:
            loop.call_soon_threadsafe(self._take, off, self._work(off, told), stopped)

        self._ranking = (0, len(self.models) + 2, float("nan"))
        self._show_board()
        threading.Thread(target=work, daemon=True).start()

    def _work(self, off: frozenset[str], told: Callable[[int, int], None]) -> Any:
        """All rows, or the exception that kept them from being worked out."""
        try:
            train = self.train_data
            models = self.models | {"popularity": Popularity().learn(train), "chance": Chance().learn(train)}
            labels = {name: model.label for name, model in models.items()}
            return lamps.measure(models, labels, self.split, off, told)
        except Exception as error:
            return error

    @guarded
    def _on_ranking(self, ranking: tuple[int, int, float], stopped: threading.Event) -> None:
        if not stopped.is_set():
            self._ranking = ranking
            self._show_board()

    def _act_stop_ranking(self, value: str) -> None:
        self._stopped.set()
        self._ranking = None
        self._show_board()

    def _act_rank(self, value: str) -> None:
        self._measure()

    @guarded
    def _take(self, off: frozenset[str], rows: Any, stopped: threading.Event) -> None:
        if isinstance(rows, InterruptedError):
            return  # by the learner, or by another question
        if stopped is self._stopped:
            self._ranking = None
        if isinstance(rows, Exception):
            self._show_board()
            raise rows
        self._rows[off] = rows
        self._show_board()


def _pretrained(train: Interactions) -> dict[str, Any]:
    from ..pretrained import load_pretrained

    return {name: load_pretrained(name, train)[0] for name in ("gnn", "knn", "session")}
