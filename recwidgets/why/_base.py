"""What an explanation view is: a region that shows why the chosen film has its score."""

from __future__ import annotations

from typing import Any, ClassVar

import ipywidgets

from ..answer import Answer
from ..page.page import Handler, Page, esc
from . import parts


class Why:
    """The sum of the parts, in words and numbers. Subclasses add a picture.

    `show(answer, item)` is all that a panel calls; acts of the learner go to `handler`.
    """

    needs: ClassVar[str] = "explain"  # the method of a model that the picture is drawn from

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.head = Page(handler=self._act)
        self.foot = Page(handler=self._act)
        self.widget = ipywidgets.VBox([self.head, *self.pictures(), self.foot])
        self.widget.add_class("rw-why")

    def pictures(self) -> list[Any]:
        """Widgets between the head and the foot, built once."""
        return []

    def _act(self, act: str, value: str) -> None:
        self._handler(act, value)

    def show(self, answer: Answer | None, item: int | None) -> None:
        if answer is None or item is None:
            self.head.show(parts.nothing())
            self.foot.show("")
            return
        if not hasattr(answer.model, "explain"):
            self.head.show(
                f'<h3>Why?</h3><p class="rw-cap">{esc(answer.model.label)} does not take its scores apart.</p>'
            )
            self.foot.show("")
            return
        explanation = answer.explain(item)
        self.head.show(parts.markup(answer, item, explanation))
        self.foot.show(parts.arithmetic(explanation))

    def animate(self, wanted: bool) -> None:
        """Pictures that move say how long."""
