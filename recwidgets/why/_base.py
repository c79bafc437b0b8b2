"""What an explanation view is: a region that shows why the chosen item has its score."""

from __future__ import annotations

from typing import Any, ClassVar

import ipywidgets
from markupsafe import Markup

from ..answer import Answer
from ..core import Explanation
from ..page.page import Handler, Page
from . import parts


class Why:
    """The sum of the contributions, in words and numbers. Subclasses draw more in `draw`, or add a picture.

    `show(answer, item)` is all that a panel calls; acts of the learner go to `handler`.
    """

    needs: ClassVar[str] = "explain"  # the method of a model that the picture is drawn from
    dropped: tuple[str, ...] = ()  # titles of what the learner took out of the history, for views that show it

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

    def show(
        self, answer: Answer | None, item: int | None, explanation: Explanation | None = None, fault: str = ""
    ) -> None:
        """Show why `item` has its score in `answer`.

        explanation: the model's, where it was asked already; else it is asked here.
        fault: a sentence on why there is none, shown in its stead.
        """
        if answer is None or item is None:
            self._say(parts.nothing())
        elif fault:
            self._say(parts.no_explanation(answer.full_title(item), fault))
        elif explanation is None and not hasattr(answer.model, "explain"):
            self._say(
                parts.no_explanation(
                    answer.full_title(item),
                    f"{answer.model.label} does not take its scores apart: it has no explain().",
                )
            )
        else:
            self.draw(answer, item, answer.explain(item) if explanation is None else explanation)

    def draw(self, answer: Answer, item: int, explanation: Explanation) -> None:
        """Put the explanation on the page."""
        self.head.show(parts.markup(answer, item, explanation))
        self.foot.show(parts.arithmetic(explanation))

    def _say(self, words: Markup) -> None:
        self.head.show(words)
        self.foot.show("")

    def animate(self, wanted: bool) -> None:
        """Pictures that move say how long."""
