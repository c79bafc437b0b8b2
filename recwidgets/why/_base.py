"""What an explanation view is: a region that shows why the selected item has its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ipywidgets
from markupsafe import Markup

from ..answer import Answer
from ..core import Explanation
from ..page.elements import joined, yes
from ..page.page import Handler, Region
from ..protocols import Explains
from ..reasons.reason import Reason
from ..reasons.viewers import Through
from ..reasons.why_not import Difference
from . import opened, parts, picture, rival, smallest
from .flow import SMALL, WIDE, Size

TABS = {"why": "Why", "not": "Why not …?", "go": "What would have to go", "sum": "Arithmetic"}
DOUBT = 42  # px for what is not right with an explanation
AWAY = 36  # px for where the item is that was selected
FAULT = 100  # px for what its method raised, with the line that raises it again
NO_REASON = "The model does not say how it comes to this score."


@dataclass(frozen=True, eq=False)
class Selected:
    """The item that is asked about, all that the model says of it, and what of that is open.

    answer, item: None where there is no list yet. rank: its row in the list, 0 = first. explanation: its score in
    single parts; reason: the same in groups, with its headline; difference: against the rival of "why not …?".
    fault: why there is no explanation, as a sentence. tab: one of TABS. opened: the line of the reason that is
    open. rival, typed: the item of "why not …?" by index, and what stands in its field. dropped: titles of what
    was taken out of the history; back: the one of them, by index, that can be put back in its place. wide: the page is
    large. away: where the item is that was selected, where it is not this one. wrong: why what is typed cannot be asked
    about.
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
    back: int | None = None
    away: str = ""
    wrong: str = ""


class Why:
    """Tabs: the reason with its picture, why not another item, what would have to go, and the arithmetic.

    A subclass gives the picture of the first tab: `draw(selected)` shows it under the headline, as markup in `head` and
    `foot` or with widgets of its own, which `pictures` makes once. Acts of the learner go to `handler`.
    """

    needs: ClassVar[str] = "explain"  # the method of a model that the picture is drawn from
    deeper: ClassVar[bool] = False  # an item of an open line opens further, into what `through` gives

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._subject = ""  # of what is shown, for the pages to begin at their top
        self.tabs = Region("rw-tabs", handler=self._act)
        self.head = Region("rw-reason", handler=self._act)
        self.foot = Region("rw-reason-foot", handler=self._act)
        self.widget = ipywidgets.VBox([self.tabs, self.head, *self.pictures(), self.foot])
        self.widget.add_class("rw-why")
        self.hatching = f"rw-hatch-{id(self):x}"  # a name in the document, where other panels have theirs

    def pictures(self) -> list[Any]:
        """Widgets between the head and the foot, built once; seen in the first tab only, while no line is open."""
        return []

    def _act(self, act: str, value: str) -> None:
        self._handler(act, value)

    def show(self, selected: Selected) -> None:
        """Show what is open of the reason."""
        answer, item, reason = selected.answer, selected.item, selected.reason
        line, own = opened.line_of(reason, selected.opened)
        inside = selected.tab == "why" and line >= 0
        for name, on in ((f"rw-tab-{tab}", tab == selected.tab) for tab in TABS):
            (self.widget.add_class if on else self.widget.remove_class)(name)
        (self.widget.add_class if inside else self.widget.remove_class)("rw-line-open")
        self._subject = subject_of(selected)
        title = "" if answer is None or item is None else answer.full_title(item)
        self.tabs.show(tab_bar(selected.tab, title, selected.away))
        if answer is None or item is None:
            self.say(parts.nothing())
        elif selected.explanation is None and reason is None:
            self.say(parts.no_explanation(answer.full_title(item), selected.fault or NO_REASON))
        elif selected.tab == "not":
            asked = rival.markup(
                answer, item, reason, selected.rival, selected.typed, selected.difference, selected.wide,
                selected.wrong, selected.fault,
            )  # fmt: skip
            untold = reason is None and selected.rival is None
            self.show_only(asked + (doubtful(selected.fault) if untold else ""))
        elif selected.tab == "sum" and selected.explanation is not None:
            beyond = reason is not None and any(line.kind == "average" for line in reason.lines)
            self.show_only(parts.arithmetic(selected.explanation, note=parts.WHOLE if beyond else ""))
        elif selected.tab == "go" and reason is not None:
            self.show_only(smallest.markup(answer, reason))
        elif selected.tab != "why":
            self.say(parts.no_explanation(answer.full_title(item), selected.fault or NO_REASON))
        elif inside and reason is not None:
            through = self.through(selected, own) if own >= 0 else None
            if through is not None:
                self.show_only(opened.viewers(answer, reason, line, own, through))
            else:
                self.show_only(opened.group(answer, reason, line, self.deeper))
        else:
            self.draw(selected)

    def through(self, selected: Selected, own: int) -> Through | None:
        """An item of the history taken further apart; None where the picture has nothing more to say of it."""
        return None

    def draw(self, selected: Selected) -> None:
        """Put the reason's picture on the page: here the flow, or without a reason the contributions as they are."""
        answer, item = selected.answer, selected.item
        assert answer is not None and item is not None
        if selected.reason is None:
            assert selected.explanation is not None
            self.show_only(parts.markup(answer, item, selected.explanation) + doubtful(selected.fault))
        else:
            self.show_only(self.heading(selected) + self.flow(selected))

    def heading(self, selected: Selected) -> Markup:
        """The headline, always as high; below it what is not right with the explanation, if anything."""
        assert selected.answer is not None and selected.item is not None
        if selected.reason is None:
            assert selected.explanation is not None
            return parts.heading(selected.answer, selected.item, selected.explanation) + doubtful(selected.fault)
        said, doubt = picture.headline(selected.reason), doubts(selected)
        return said + doubtful(doubt)

    def flow(self, selected: Selected, shown: int | None = None, size: Size | None = None) -> Markup:
        """The flow of the reason, as large as the page is. shown: only so many of the model's ways."""
        assert selected.reason is not None and selected.answer is not None
        size = size or (WIDE if selected.wide else SMALL)
        if doubts(selected):
            size = size._replace(height=size.height - (FAULT if selected.explanation is None else DOUBT))
        if selected.away:
            size = size._replace(height=size.height - AWAY)
        return picture.markup(selected.answer, selected.reason, size, self.hatching, shown)

    def show_only(self, words: Markup) -> None:
        """Markup in the head, and nothing in the foot."""
        self.head.show(words, self._subject)
        self.foot.show("")

    def say(self, words: Markup) -> None:
        """Show words and no picture."""
        self.show_only(words)
        self.clear()

    def clear(self) -> None:
        """Take away what the pictures show, where they are widgets."""

    def animate(self, wanted: bool) -> None:
        """Pictures that move say how long."""


def subject_of(selected: Selected) -> str:
    """Whose list, which item, and what of it is open: a list that was scrolled begins at its top for another one."""
    answer = selected.answer
    whose = None if answer is None else answer.person.user
    rival = selected.rival if selected.tab == "not" else None
    return f"{whose} {selected.item} {selected.tab} {selected.opened} {rival}"


def doubtful(text: str) -> Markup:
    """What is not right, as a sentence; nothing for none."""
    return Markup('<p class="rw-doubt" role="status">{}</p>').format(text) if text else Markup("")


def doubts(selected: Selected) -> str:
    """What is not right with the explanation, "" for an exact one."""
    if selected.answer is None:
        return ""
    if selected.explanation is None:  # `explain` failed, but the reason does not need it
        return selected.fault if isinstance(selected.answer.model, Explains) else ""
    return parts.doubts(selected.explanation, float(selected.answer.scores[selected.item]))


def tab_bar(chosen: str, title: str = "", away: str = "") -> Markup:
    """title: of the item that is asked about, for whoever hears the page. away: why it is not the one selected."""
    buttons = joined(
        Markup(
            '<button type="button" role="tab" class="rw-tab" data-act="tab" data-value="{}" aria-selected="{}">{}</button>'
        ).format(name, yes(name == chosen), words)
        for name, words in TABS.items()
    )
    heading = Markup('<h3 class="rw-hidden">{}</h3>').format(f"Why {title}?" if title else "Why?")
    bar = Markup('<div role="tablist" aria-label="The selection">{}</div>').format(buttons)
    said = Markup('<p class="rw-away" role="status" title="{0}">{0}</p>').format(away) if away else Markup("")
    return heading + bar + said
