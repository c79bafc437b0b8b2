"""tour(panel): six to nine things to try, each ticked off when it has been done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import ipywidgets
from markupsafe import Markup

from ..page import markup
from ..page.elements import joined
from ..page.markup import Message, button
from ..page.page import Page
from .guarded import guarded


class Step(NamedTuple):
    """One thing to do: what it says, which act of the panel ticks it off, where it is, and how to show it.

    text: a sentence, or what makes one for this panel. ticks: beginnings of acts ("user", "drop", "knob:").
    where: a CSS selector within the panel. show(panel): the act, done for whoever asks for it.
    there(panel): whether this panel has what the step is about.
    """

    text: str | Callable[[Any], str]
    why: str
    ticks: tuple[str, ...]
    where: str
    show: Callable[[Any], None]
    there: Callable[[Any], bool] = lambda panel: True

    def says(self, panel: Any) -> str:
        return self.text if isinstance(self.text, str) else self.text(panel)


def _other_user(panel: Any) -> None:
    panel.act("next", "")


def _second(panel: Any) -> None:
    count = len(panel.recommendations.items)
    panel.selected = (panel.selected + 1) % max(count, 1)


def _drop(panel: Any) -> None:
    """Take out the piece of evidence that adds most."""
    if evidence := _evidence(panel):
        most = max(evidence, key=lambda part: part.value)
        panel.act("drop", f"{most.kind}:{most.index}")


def _own_knob(panel: Any) -> Any:
    """The knob beside the time line, or the first that answers at once."""
    instant = [knob for knob in panel.training.knobs if knob.instant]
    return next((knob for knob in instant if not knob.choices), instant[0])


def _turn(panel: Any) -> None:
    """Turn the model's own knob to its lowest value."""
    panel.act(f"knob:{_own_knob(panel).name}", "0")


def _turn_words(panel: Any) -> str:
    knob = _own_knob(panel)
    return f"Turn {knob.label} to {markup.said(knob, markup.knob_positions(knob)[0])}, its lowest value."


def _rival(panel: Any) -> None:
    """Ask why it is not the most rated film, or the next one on the list."""
    most = int(panel.data.popularity.argmax())
    known = {panel.shown.item, *panel.person.history.tolist()}
    others = (item for item in (most, *panel.shown.answer.top.tolist()) if item not in known)
    panel.act("tab", "not")
    if (other := next(others, None)) is not None:
        panel.act("rival", str(other))


def _has_list(panel: Any) -> bool:
    answer = panel.shown.answer
    return "why" not in panel.hidden and answer is not None and len(answer.top) > 1


def _has_knob(panel: Any) -> bool:
    return "knobs" not in panel.hidden and any(knob.instant for knob in panel.training.knobs)


def _has_epochs(panel: Any) -> bool:
    return "epoch" not in panel.hidden and panel.training.rewindable and len(panel.training.steps) > 1


def _evidence(panel: Any) -> list[Any]:
    """What the selected item's score is made of, and can be taken out."""
    why = panel.shown.explanation
    parts = () if why is None else why.parts
    return [part for part in parts if part.kind in ("film", "neighbour") and part.index >= 0]


def _has_evidence(panel: Any) -> bool:
    return "why" not in panel.hidden and bool(_evidence(panel))


STEPS = (
    Step("Choose another user: Next, or type an id, a film such as Fargo, or “horror fans”.",
         "Does the list change, or do all users get the same?", ("user", "next", "previous", "random", "choose"),
         ".rw-pick", _other_user),
    Step("Select another film: in the list, or its mark in the chart.",
         "The same act: list, chart and why always show one answer.", ("select",), ".rw-list .rw-rows", _second),
    Step("Open “Why not …?” and ask about a film.",
         "The difference of two scores, film by film: it adds up.", ("rival",), ".rw-tabs", _rival, _has_list),
    Step("Take out the piece of evidence that adds most.",
         "If it was a reason, the score must fall. Did it?", ("drop", "take-out"), ".rw-why", _drop, _has_evidence),
    Step("Put it back.", "The dashed outline was the answer before.", ("undo",), ".rw-message",
         lambda panel: panel.act("undo", ""), _has_evidence),
    Step(_turn_words, "It answers at once, from what is trained already. Is the list better, or only other?",
         ("knob:",), ".rw-own-knob", _turn, _has_knob),
    Step("Move the line of the epochs to the first one.",
         "What the model would have said when it had hardly learned. Would you have believed it?", ("epoch",),
         ".rw-epoch", lambda panel: panel.act("epoch", "1"), _has_epochs),
    Step("Take all users’ taste away: “Less of all users’ taste” to 50 %.",
         "How much of the list was for this user, and what does it cost?", ("alpha",), ".rw-share",
         lambda panel: panel.act("alpha", "50"), lambda panel: panel.shown.shared is not None),
    Step("Press You, and add a film that you have seen.",
         "The model answers without retraining: it knows the films, not you.", ("add", "add-title"), ".rw-you",
         lambda panel: _add(panel), lambda panel: "you" not in panel.hidden),
)  # fmt: skip


def _add(panel: Any) -> None:
    """Open "You" where it is closed, and add the most rated film."""
    if not panel.state.own:
        panel.act("you", "")
    panel.act("add", str(int(panel.data.popularity.argmax())))


class Tour(ipywidgets.VBox):  # type: ignore[misc]
    """A card of steps above the panel. It waits for the act of each step, in order, and ticks it off."""

    def __init__(self, panel: Any) -> None:
        self._lock = threading.RLock()
        self.panel = panel
        self.steps = tuple(step for step in STEPS if step.there(panel))
        self.done = 0  # steps ticked off
        self._showing = False  # a step is being shown: its place stays marked
        self._page = Page("rw-tour", handler=self._on_act)
        card = ipywidgets.VBox([self._page])
        card.add_class("rw-panel")
        super().__init__([card, panel])
        panel.on_act(self._heard)
        self._show()

    @guarded
    def _heard(self, act: str) -> None:
        """Something was done in the panel: tick the step off if this was it."""
        if self.done < len(self.steps) and act.startswith(self.steps[self.done].ticks):
            self.done += 1
            if not self._showing:
                self.panel.mark("")
            self._show()

    @guarded
    def _on_act(self, act: str, value: str) -> None:
        if act == "show" and self.done < len(self.steps):
            here = self.done
            self._showing = True
            self.panel.mark(self.steps[here].where)  # first: the learner sees where it happens
            try:
                self.steps[here].show(self.panel)
            finally:
                self._showing = False
            self.done = max(self.done, here + 1)
        elif act == "again":
            self.done = 0
        self._show()

    def _show(self) -> None:
        rows = joined(self._row(n, step) for n, step in enumerate(self.steps))
        over = self.done == len(self.steps)
        now = "All done. What surprised you most?" if over else self.steps[self.done].says(self.panel)
        after = self.steps[self.done - 1].why if self.done else ""
        self._page.show(
            Markup(
                '<div class="rw-tour-now"><b role="status">{}</b>{}<span class="rw-cap">{}</span></div>'
                '<details class="rw-tour-all"><summary>Tour: {} of {} done</summary><ol class="rw-rows">{}</ol>'
                "</details>"
            ).format(
                now, button("Once more", "again") if over else button("Show me", "show"), after, self.done,
                len(self.steps), rows,
            )
        )  # fmt: skip

    def _row(self, n: int, step: Step) -> Markup:
        mark = "✓" if n < self.done else "▸" if n == self.done else ""
        said = {-1: ", done", 0: ", now"}.get((n > self.done) - (n < self.done), "")
        return Markup(
            '<li><span class="rw-ok" aria-hidden="true">{}</span><span>{}<span class="rw-hidden">{}</span></span></li>'
        ).format(mark, step.says(self.panel), said)

    def _say(self, shown: Message | None) -> None:
        if shown is not None:
            self._page.show(
                Markup('<div style="padding:12px 16px" role="alert">{} {}</div>').format(shown.lead, shown.text)
            )


def tour(panel: Any) -> Tour:
    """A tour of `panel`: a card of steps with the panel under it. Make it the last line of a cell.

    Raises TypeError for what is not a Panel.
    """
    from ..panel.panel import Panel

    if not isinstance(panel, Panel):
        raise TypeError(f"a tour needs a Panel, such as rw.GNNPanel(), got {type(panel).__name__}")
    return Tour(panel)
