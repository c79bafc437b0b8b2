"""What an explanation view is: a region that shows why the selected item has its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ipywidgets
from markupsafe import Markup

from ..answer import Answer
from ..core import Explanation
from ..page.elements import joined, yes
from ..page.page import Handler, Page
from ..reasons.reason import Reason
from ..reasons.why_not import Difference
from . import parts

TABS = {"why": "Why", "not": "Why not …?", "go": "What would have to go", "sum": "Arithmetic"}


@dataclass(frozen=True, eq=False)
class Selected:
    """The item that is asked about, all that the model says of it, and what of that is open.

    answer, item: None where there is no list yet. rank: its row in the list, 0 = first. explanation: its score in
    single parts; reason: the same in groups, with its headline; difference: against the rival of "why not …?".
    fault: why there is no explanation, as a sentence. tab: one of TABS. opened: the line of the reason that is
    open. rival, typed: the item of "why not …?" by index, and what stands in its field. dropped: titles of what
    was taken out of the history. wide: the page is large.
    """

    answer: Answer | None = None
    item: int | None = None
    rank: int = 0
    explanation: Explanation | None = None
    reason: Reason | None = None
    difference: Difference | None = None
    fault: str = ""
    tab: str = "why"
    opened: str = ""
    rival: int | None = None
    typed: str | None = None
    dropped: tuple[str, ...] = ()
    wide: bool = False


class Why:
    """Tabs: the reason with its picture, why not another item, what would have to go, and the arithmetic.

    A subclass gives the picture of the first tab: `draw(selected)` shows it, as markup in `head` and `foot` or with
    widgets of its own, which `pictures` makes once. Acts of the learner go to `handler`.
    """

    needs: ClassVar[str] = "explain"  # the method of a model that the picture is drawn from

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.tabs = Page("rw-tabs", handler=self._act)
        self.head = Page("rw-reason", handler=self._act)
        self.foot = Page("rw-reason-foot", handler=self._act)
        self.widget = ipywidgets.VBox([self.tabs, self.head, *self.pictures(), self.foot])
        self.widget.add_class("rw-why")

    def pictures(self) -> list[Any]:
        """Widgets between the head and the foot, built once; seen in the first tab only."""
        return []

    def _act(self, act: str, value: str) -> None:
        self._handler(act, value)

    def show(self, selected: Selected) -> None:
        """Show what is open of the reason."""
        for tab in TABS:
            (self.widget.add_class if tab == selected.tab else self.widget.remove_class)(f"rw-tab-{tab}")
        self.tabs.show(tab_bar(selected.tab))
        answer, item = selected.answer, selected.item
        if answer is None or item is None:
            self.say(selected, parts.nothing())
        elif selected.fault or selected.explanation is None:
            self.say(selected, parts.no_explanation(answer.full_title(item), selected.fault))
        elif selected.tab == "sum":
            self.say(selected, parts.arithmetic(selected.explanation))
        else:
            self.draw(selected)

    def draw(self, selected: Selected) -> None:
        """Put the reason's picture on the page: here the contributions in words and numbers."""
        answer, item, explanation = selected.answer, selected.item, selected.explanation
        assert answer is not None and item is not None and explanation is not None
        self.head.show(parts.markup(answer, item, explanation))
        self.foot.show("")

    def say(self, selected: Selected, words: Markup) -> None:
        """Show words and no picture."""
        self.head.show(words)
        self.foot.show("")
        self.clear()

    def clear(self) -> None:
        """Take away what the pictures show, where they are widgets."""

    def animate(self, wanted: bool) -> None:
        """Pictures that move say how long."""


def tab_bar(chosen: str) -> Markup:
    buttons = joined(
        Markup(
            '<button type="button" role="tab" class="rw-tab" data-act="tab" data-value="{}" aria-selected="{}">{}</button>'
        ).format(name, yes(name == chosen), words)
        for name, words in TABS.items()
    )
    return Markup('<div role="tablist" aria-label="The selected film">{}</div>').format(buttons)
