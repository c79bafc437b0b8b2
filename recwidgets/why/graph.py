"""Why, for the graph neural network: the flow, one layer after the other, down to the viewers of a film."""

from __future__ import annotations

from typing import ClassVar

from markupsafe import Markup

from ..page.elements import joined, toggle
from ..page.page import Handler
from ..reasons.reason import Reason
from ..reasons.viewers import Through, through_viewers
from ._base import Selected, Why
from .flow import SMALL, WIDE, ways_of

STEPS = 26  # px for the row of layers


class GraphWhy(Why):
    """The flow over the hops of the graph; a step of the layers lets one way appear after the other."""

    needs: ClassVar[str] = "through_viewers"
    deeper: ClassVar[bool] = True

    def __init__(self, handler: Handler) -> None:
        self._layers: int | None = None  # None = all that the model has
        self._shown: Selected | None = None
        super().__init__(handler)

    def _act(self, act: str, value: str) -> None:
        if act == "layer" and self._shown is not None:
            self._layers = int(value)
            self.draw(self._shown)
        else:
            super()._act(act, value)

    def clear(self) -> None:
        self._shown = None

    def draw(self, selected: Selected) -> None:
        self._shown = selected
        if selected.reason is None:
            super().draw(selected)
            return
        most = layers_of(selected.reason)
        shown = most if self._layers is None else min(self._layers, most)
        size = WIDE if selected.wide else SMALL
        size = size._replace(height=size.height - STEPS)
        flow = self.flow(selected, shown if shown < most else None, size)
        person = None if selected.answer is None else selected.answer.person
        self.show_only(self.heading(selected) + steps(shown, most, person is None or len(person.history) > 0) + flow)

    def through(self, selected: Selected, own: int) -> Through | None:
        answer, item = selected.answer, selected.item
        if answer is None or item is None or own not in answer.person.history:
            return None
        return through_viewers(answer.model, answer.data, answer.person, own, item)


def layers_of(reason: Reason) -> int:
    """How many layers can be shown one after the other; 0 where the score is not taken apart by layers."""
    return 0 if reason.flow.ways == ("score",) else len(ways_of(reason.flow))


def steps(shown: int, most: int, films: bool) -> Markup:
    """One button for each number of layers; a model without layers has none. films: are there any in the history?"""
    if not most:
        words = "No layers: the own embedding alone." if films else "No film is left for the layers to begin from."
        return Markup('<div class="rw-hop rw-layers"><span>{}</span></div>').format(words)
    return Markup(
        '<div class="rw-hop rw-layers" role="group" aria-label="Layers shown"><span>Layers shown</span>{}</div>'
    ).format(joined(toggle(str(n), "layer", n, n == shown, name=f"{n} layers") for n in range(most + 1)))
