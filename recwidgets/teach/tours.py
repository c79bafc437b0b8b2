"""tour(panel): five to seven things to try, each ticked off when it has been done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import ipywidgets
from markupsafe import Markup

from ..page.elements import joined
from ..page.markup import Message, button
from ..page.page import Page
from .guarded import guarded


class Step(NamedTuple):
    """One thing to do: what it says, which act of the panel ticks it off, and how to show it.

    ticks: beginnings of acts ("user", "drop", "knob:"). show(panel): the act,
    done for whoever asks for it. there(panel): whether this panel has what the step is about.
    """

    text: str
    why: str
    ticks: tuple[str, ...]
    show: Callable[[Any], None]
    there: Callable[[Any], bool] = lambda panel: True


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


def _turn(panel: Any) -> None:
    """Turn the first knob that answers at once to its lowest value."""
    knob = next(knob for knob in panel.training.knobs if knob.instant)
    panel.act(f"knob:{knob.name}", "0")


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
         "Does the list change, or do all users get the same?", ("user",), _other_user),
    Step("Select another film: in the list, or its mark in the chart.",
         "The same act: list, chart and why always show one answer.", ("select",), _second),
    Step("In why, take out the piece of evidence that adds most.",
         "If it was a reason, the score must fall. Did it?", ("drop",), _drop, _has_evidence),
    Step("Put it back.", "The dashed outline was the answer before.", ("undo",),
         lambda panel: panel.act("undo", ""), _has_evidence),
    Step("Turn the model's own knob to its lowest value.",
         "It answers at once, from what is trained already. Is the list better, or only other?", ("knob:",),
         _turn, _has_knob),
    Step("Move the time machine to the first epoch.",
         "What the model would have said when it had hardly learned. Would you have believed it?", ("epoch",),
         lambda panel: panel.act("epoch", "1"), _has_epochs),
    Step("Press You, and add a film that you have seen.",
         "The model answers without retraining: it knows the films, not you.", ("add",),
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
            self._show()

    @guarded
    def _on_act(self, act: str, value: str) -> None:
        if act == "show" and self.done < len(self.steps):
            here = self.done
            self.steps[here].show(self.panel)
            self.done = max(self.done, here + 1)
        elif act == "again":
            self.done = 0
        self._show()

    def _show(self) -> None:
        rows = joined(self._row(n, step) for n, step in enumerate(self.steps))
        over = self.done == len(self.steps)
        words = "All done. What surprised you most?" if over else f"{self.done} of {len(self.steps)} done"
        acts = button("Once more", "again") if over else button("Show me", "show")
        self._page.show(
            Markup(
                '<div style="padding:12px 16px"><h2>A tour of this panel</h2><p class="rw-cap" role="status">{}</p>'
                '<ol class="rw-rows" style="margin:0 0 8px">{}</ol>{}</div>'
            ).format(words, rows, acts)
        )

    def _row(self, n: int, step: Step) -> Markup:
        mark = "✓" if n < self.done else "▸" if n == self.done else ""
        said = {-1: ", done", 0: ", now"}.get((n > self.done) - (n < self.done), "")
        why = Markup('<br><span class="rw-cap">{}</span>').format(step.why) if n == self.done - 1 else ""
        text = Markup("<b>{}</b>").format(step.text) if n == self.done else step.text
        return Markup(
            '<li style="display:grid;grid-template-columns:20px minmax(0,1fr);min-height:22px"><span class="rw-ok" '
            'aria-hidden="true">{}</span><span>{}<span class="rw-hidden">{}</span>{}</span></li>'
        ).format(mark, text, said, why)

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
