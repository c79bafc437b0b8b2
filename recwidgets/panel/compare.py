"""One user, several models: what they agree on, and which is better on held-out data."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import ipywidgets
from markupsafe import Markup

from ..answer import Answer
from ..core import Snapshot
from ..data import Interactions, Split, load_movielens
from ..models.popularity import Chance, Popularity
from ..page import markup
from ..page.elements import joined, yes
from ..page.markup import Message, Status
from ..page.page import Page, Region
from ..steps import Steps
from . import acts, effects, honesty, leaderboard, lists, settings, views
from .acting import Acting
from .background import Background, Progress, Told
from .cases import Case, case_of, cases, chosen_item
from .opening import box, close_all, look
from .show import Asked, Shown, failure, show
from .state import State, World, as_found, as_split, world_of
from .table import index_in
from .training import Training, as_given

NOTHING_HELD_OUT = markup.empty("Nothing is held out, so there is nothing to measure.")
#: of a model that is taken as it is
NOW = as_found(Snapshot("now", {}))


class Pages:
    """The regions of a comparison, made once."""

    def __init__(self, handler: Any) -> None:
        self.header = Page("rw-header", "rw-user", handler=handler, probe=True)
        self.lists = Region("rw-list", handler=handler)
        self.cases = Region("rw-cases", handler=handler)
        self.note = Region("rw-message", handler=handler)
        self.board = Region("rw-board", "rw-drawer", "rw-drawer-board", handler=handler)
        self.editor = Region("rw-own", "rw-drawer", "rw-drawer-edit", handler=handler)
        self.handles = Region("rw-handles", handler=handler)
        body = (self.lists, self.cases, self.board, self.editor, self.note)
        self.children = [self.header, box(ipywidgets.GridBox, "rw-body", *body), self.handles]


@dataclass
class Compared:
    """What a filled comparison holds; state, shown, off and progress are replaced, the rest stays."""

    worlds: dict[str, World]
    trainings: dict[str, Training]
    state: State
    shown: dict[str, Shown]
    pages: Pages
    cases: dict[str, Case] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked)
    off: frozenset[str] = frozenset()  # honesty checks that are switched off
    rows: dict[frozenset[str], list[honesty.Row]] = field(default_factory=dict)
    leads: dict[frozenset[str], list[honesty.Lead]] = field(default_factory=dict)
    progress: Progress | None = None

    @property
    def answers(self) -> dict[str, Answer | None]:
        return {name: shown.answer for name, shown in self.shown.items()}

    @property
    def labels(self) -> dict[str, str]:
        """What each model is called: by its label, or by the name it was given where two labels are the same."""
        labels = {name: world.label for name, world in self.worlds.items()}
        often = list(labels.values())
        return {name: label if often.count(label) == 1 else name for name, label in labels.items()}

    @property
    def first(self) -> str:
        return next(iter(self.worlds))

    @property
    def seen(self) -> acts.Seen:
        """As the first model shows it: acts are the same for all."""
        return acts.Seen(self.worlds[self.first], self.trainings[self.first], self.shown[self.first])

    def become(self, state: State) -> None:
        """Ask every model what is to be shown of this state."""
        self.state = state
        self.shown = {n: show(world, self.trainings[n], state, self.asked) for n, world in self.worlds.items()}
        known = {name: found for name, found in self.answers.items() if found is not None}
        item = chosen_item(state.item, known)
        self.cases = {} if item is None else {n: case_of(found, item, self.asked) for n, found in known.items()}

    @property
    def item(self) -> int | None:
        """The item whose reasons are shown."""
        return next((case.item for case in self.cases.values()), None)

    @property
    def traits(self) -> dict[str, Any]:
        return {"user": self.state.user}


class ComparePanel(Acting):
    """Three models side by side for one user, and the leaderboard with its four honesty checks.

    models: by name, trained on the same data; None = the pretrained ones. They are only asked. edited: as for Panel.
    Each has its shares, its list, and its reason for the film selected, also where that is not on its list. Films on
    more than one list are linked. The leaderboard is worked out in a thread of its own, after the first lists are on
    the page.
    """

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
        wanted = {"user": user, "edited": edited}
        fill = functools.partial(self._fill, data, models, wanted)
        self._begin("Compare", Status("Opening", "loading the trained models"), fill, None)

    def _fill(
        self, data: Interactions | Split | None, models: Mapping[str, Any] | None, wanted: dict[str, Any]
    ) -> None:
        split = as_split(load_movielens("latest-small") if data is None else data)
        self._ours = data is None and models is None
        models = dict(models) if models is not None else pretrained(split.train)
        if not models:
            raise ValueError("models must name at least one trained model, got none")
        if taken := set(honesty.BASELINES) & set(models):
            raise ValueError(
                f"models must have names of their own, got {min(taken)!r}: popularity and chance stand beside every "
                "comparison as baselines"
            )
        worlds = {name: world_of(split, model, NOW) for name, model in models.items()}
        trainings = {name: replace(as_given(world), as_it_is=True) for name, world in worlds.items()}
        first = next(iter(worlds))
        start = State(effects.first_user(split.train))
        start = settings.restored(worlds[first], trainings[first], start, wanted)
        pages = Pages(self.act)
        self._board = Background(self._on_ranked, self._on_progress)
        with self._lock:
            self._parts = Compared(worlds, trainings, start, {}, pages)
            try:
                self._become(start)
                self.children = pages.children
            except BaseException:
                close_all(pages.children)
                self._parts = None
                raise
            self._rank()

    # -- what can be asked of it ---------------------------------------------------------------------

    @property
    def models(self) -> dict[str, Any]:
        """The models compared, by name."""
        return {name: world.model for name, world in self._ready().worlds.items()}

    @property
    def answers(self) -> dict[str, Answer | None]:
        """What each model says of the person shown, by name; None where there is nothing to go by."""
        return self._ready().answers

    @property
    def split(self) -> Split:
        return self._seen().world.split

    @property
    def rows(self) -> list[honesty.Row] | None:
        """The leaderboard as it is shown; None while it is being worked out, or was stopped."""
        compared = self._ready()
        return compared.rows.get(compared.off)

    def setup(self) -> str:
        """One runnable line that shows the same user, with the history as it was edited; your own data as `data`."""
        told = settings.told(self._seen().world, State(self.state.user, self.state.edited))
        return settings.line("rw.ComparePanel", told, "" if self._ours else "data, models")

    def _still(self) -> tuple[str, Markup]:
        from .still_compare import svg_of, text_of

        with self._lock:
            return text_of(self._ready(), self.setup()), svg_of(self._ready(), self.setup())

    def __repr__(self) -> str:
        if self._closed:
            return "ComparePanel(closed)"
        if self._parts is None:
            return "ComparePanel()"
        return f"ComparePanel({', '.join(self.models)}; {self.data.name}, user {self.user})"

    def _ready(self) -> Compared:
        parts: Compared = super()._ready()
        return parts

    # -- one state, shown by several models ------------------------------------------------------------

    def _paint(self) -> None:
        compared = self._ready()
        seen, pages, state = self._seen(), compared.pages, compared.state
        labels = compared.labels
        parts = {name: shown.parts for name, shown in compared.shown.items()}
        moved = {name: shown.moved for name, shown in compared.shown.items()}
        with self.hold_sync():
            pages.header.show(markup.top("Compare", views.who(seen.world, state, seen.shown.person)))
            # the leaderboard needs the room that a page of a large screen has, so the editor stays a drawer
            pages.editor.show(
                views.own_history(seen.world, replace(state, wide=False), Markup("")), views.whom_edited(state)
            )
            pages.note.show(markup.message(self._message()))
            pages.lists.show(lists.lists(compared.answers, labels, compared.item, parts, moved, self.data.noun))
            pages.cases.show(cases(compared.cases, labels), f"{views.whom_edited(state)} {compared.item}")
            for name in ("edit", "board"):
                look(self, f"rw-open-{name}", state.drawer == name)
            self._paint_board()

    def _message(self) -> Message | None:
        """What a change did to each model's list, or which model failed: of which one it is said, is said."""
        compared = self._ready()
        labels = compared.labels
        for name, shown in compared.shown.items():
            own = shown.message is not compared.state.message  # else it is said of an act, not of this model
            if own and shown.answer is None and shown.message is not None and shown.message.bad:
                return shown.message._replace(text=f"{labels[name]}: {shown.message.text}")
        first = compared.shown[compared.first]
        message, moved = first.message, {n: shown.moved for n, shown in compared.shown.items()}
        if message is None or message.bad or first.previous is None or len(moved) == 1:
            return message
        return message._replace(text=lists.new_films(moved, labels, self.data.noun))

    # -- the leaderboard: worked out beside, shown on the kernel's thread --------------------------------

    def _paint_board(self) -> None:
        compared = self._ready()
        rows, honest = compared.rows.get(compared.off), compared.rows.get(frozenset())
        leads = compared.leads.get(compared.off, ())
        board = leaderboard.board(rows, compared.off, honest, compared.progress, leads, self.data)
        compared.pages.board.show(board if len(self.held_out) else NOTHING_HELD_OUT)
        verdict = leaderboard.short_verdict(rows, compared.off, honest, leads, self.data)
        compared.pages.handles.show(handles(compared.state.drawer, verdict or views.about_data(self._seen().world)))

    def _rank(self) -> None:
        compared = self._ready()
        if compared.off in compared.rows or not len(self.held_out):
            return
        compared.progress = Progress(0, len(compared.worlds) + 2, float("nan"))
        self._board.want(compared.off, functools.partial(self._work, compared, compared.off))
        self._paint_board()

    @staticmethod
    def _work(
        compared: Compared, off: frozenset[str], told: Told
    ) -> Steps[tuple[list[honesty.Row], list[honesty.Lead]]]:  # fmt: skip
        split = compared.worlds[compared.first].split
        models: dict[str, Any] = {name: world.model for name, world in compared.worlds.items()}
        baselines = {"popularity": Popularity().learn(split.train), "chance": Chance().learn(split.train)}
        labels = compared.labels | {name: model.label for name, model in baselines.items()}
        rows = yield from honesty.measure_in_steps(models | baselines, labels, split, off, told)
        return rows, honesty.leads(rows)

    def _on_progress(self, progress: Progress) -> None:
        with self._lock:
            if self._parts is not None:
                self._parts.progress = progress
                self._paint_board()

    def _on_ranked(self, off: Any, rows: Any) -> None:
        with self._lock:
            if self._parts is None:
                return
            self._parts.progress = None
            if isinstance(rows, Exception):
                self._become(replace(self.state, message=failure(rows)))
            else:
                self._parts.rows[off], self._parts.leads[off] = rows
            self._paint_board()

    def _choose(self, value: Any) -> None:
        """Select an item on all lists."""
        self._become(replace(self.state, item=index_in(self.data.items, str(value), "a film")))

    def _switch(self, name: Any) -> None:
        compared = self._ready()
        compared.off = compared.off ^ {str(name)}
        compared.progress = None
        self._board.stop()
        self._rank()
        self._paint_board()

    def _stop_ranking(self, value: Any) -> None:
        self._board.stop()
        self._ready().progress = None
        self._paint_board()

    effects = {
        "film-of": lambda panel, value: panel._choose(value),
        "check": lambda panel, value: panel._switch(value),
        "stop-ranking": lambda panel, value: panel._stop_ranking(value),
        "rank": lambda panel, value: panel._rank(),
        "random": effects.other_user,
    }

    def close(self) -> None:
        """End the ranking, take the panel off the page, and give back all that it held."""
        if self._parts is not None:
            self._board.stop()
        super().close()
        self._parts, self._listeners = None, ()


def handles(chosen: str, verdict: str) -> Markup:
    """What opens the drawers, and the leaderboard in a few words."""
    names = {"board": "Leaderboard", "edit": "Edit history"}
    buttons = joined(
        Markup(
            '<button type="button" class="rw-handle rw-handle-{name}" data-act="drawer" data-value="{name}" '
            'aria-expanded="{on}">{label}</button>'
        ).format(name=name, label=label, on=yes(name == chosen))
        for name, label in names.items()
    )
    return Markup('<div class="rw-handle-row">{}</div><span class="rw-data">{}</span>').format(buttons, verdict)


def pretrained(train: Interactions) -> dict[str, Any]:
    """The models that are at hand trained on these interactions, by name. Raises FileNotFoundError where none is."""
    from ..pretrained import load_pretrained, pretrained_names

    if not (names := pretrained_names(train)):
        raise FileNotFoundError(
            f"there is no trained model for these {len(train):,} interactions of {train.name}; give "
            'rw.ComparePanel(data, {"KNN": model, …}), or make some with the command: recwidgets train'
        )
    return {name: load_pretrained(name, train)[0] for name in names}
