"""What a chart is: a figure, a definition, and `show(answer)`. The arithmetic lives in functions."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import bqplot
import numpy as np
from markupsafe import Markup

from ..answer import Answer

DURATION = 500  # ms; marks move from where they were
# the outline of the previous answer: bqplot has no class names on marks, but styles those that are selected
PREVIOUS = {
    "fill": "none",
    "stroke": "var(--rw-ink2)",
    "stroke-dasharray": "3 2",
    "pointer-events": "none",
    "--rw-edge": "var(--rw-ink2)",
    "--rw-edge-width": "1.2px",
}
AXIS = {"grid_color": "var(--rw-quiet2)", "color": "var(--rw-rule)", "tick_style": {"font-size": "11px"}}


NO_ANSWER = "No answer to draw yet."
NOT_FINITE = "Nothing is drawn: a score in this list is not a finite number."


class Chart(ABC):
    """A chart of an answer. Marks are built once; `show` assigns to them.

    A subclass builds `self.figure` in __init__, and says in `title`, `caption` and its docstring
    what is drawn. `on_select(index)` is called with the index in the list (0 = first) of a mark
    that was clicked. A str is text wherever a chart returns one; HTML is `markupsafe.Markup`.
    """

    name: ClassVar[str]
    title: str
    figure: bqplot.Figure

    def __init__(self) -> None:
        self.on_select: Callable[[int], None] = lambda index: None  # the panel sets it
        self._showing = False
        self._previous: Answer | None = None

    def watch(self, mark: Any) -> None:
        """Let a click on a mark select its row of the list. bqplot writes it to `selected`."""
        mark.interactions = {"click": "select"}
        mark.observe(self._marked, "selected")

    def _marked(self, change: dict[str, Any]) -> None:
        if self._showing:
            return
        mark = change["owner"]
        old, new = ([] if change[key] is None else list(change[key]) for key in ("old", "new"))
        added = [index for index in new if index not in old]  # Ctrl and a click add to what is selected
        index = self.list_index(int(added[-1])) if added else -1
        if index < 0:
            self._choose(mark, old)  # a click beside the items, or on the chosen one, changes nothing
            return
        self._choose(mark, added[-1:])
        self.on_select(index)

    def _choose(self, mark: Any, selected: Any) -> None:
        """Mark as chosen from our side, without taking it for a click."""
        self._showing = True
        try:
            mark.selected = selected
        finally:
            self._showing = False

    def list_index(self, element: int) -> int:
        """The index in the list (0 = first) of a mark's element, or -1 for none."""
        return element

    def outline(self, previous: Answer | None, mark: Any, trait: str, now: Any) -> None:
        """Let `mark` keep what is drawn now (the previous answer), or take it away where there is none.

        It is the figure's last mark from the first time on, and hidden where there is none: bqplot draws all axes anew
        where a mark comes or goes.
        """
        if previous is not None and previous is not self._previous:
            setattr(mark, trait, now)
        if previous is not None and mark not in self.figure.marks:
            self.figure.marks = [*self.figure.marks, mark]
        mark.visible = previous is not None
        self._previous = previous

    def animate(self, wanted: bool) -> None:
        self.figure.animation_duration = DURATION if wanted else 0

    def fit(self, wide: bool) -> None:  # noqa: B027
        """Fit a column of 236 px on a large page, of 176 px on any other; called before the first `show`."""

    @abstractmethod
    def show(self, answer: Answer | None, selected: int = 0, previous: Answer | None = None) -> None:
        """Move the marks to `answer`; None = there is no answer yet. selected: index in the list.

        previous: the answer before an edit, drawn as a dashed outline behind.
        """

    def caption(self, answer: Answer | None) -> str:
        """One line under the title: text, or Markup."""
        return ""

    def foot(self, answer: Answer | None) -> str:
        """What stands under the figure: Markup, or text."""
        return ""

    @abstractmethod
    def sentence(self, answer: Answer | None) -> str:
        """The picture in words, for those who do not see it."""

    def drawing(self) -> Markup:
        """What `show` drew last, as SVG elements in a field of page.svg.DRAWN px; empty = said in words instead."""
        return Markup("")

    def slots(self) -> dict[int, int]:
        """item -> colour slot (1, 2, 3) of the items that own a colour in this chart."""
        return {}


def figure(**options: Any) -> bqplot.Figure:
    """A bare figure in the page's own colours."""
    style = {"fill": "transparent"}
    options.setdefault("fig_margin", {"top": 10, "bottom": 26, "left": 36, "right": 10})
    made = bqplot.Figure(
        background_style=style,
        padding_x=0,
        padding_y=0,
        animation_duration=DURATION,
        display_toolbar=False,  # its Reset raises an error where nobody has zoomed
        **options,
    )
    made.layout.overflow = "hidden"
    return made


def nice_ticks(low: float, high: float, n: int = 4) -> Any:
    """About n round numbers from at most `low` to at least `high`: the ends of an axis are on it.

    Two at least: where all values are equal, the axis goes on above them.
    """
    span = high - low if high > low else abs(low) or 1.0
    high = low + span
    raw = span / max(n - 1, 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= raw * 0.999)
    first, last = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
    return np.arange(first, last + 1) * step


def digits_of(ticks: Any) -> int:
    """How many decimals tell these ticks apart."""
    step = float(ticks[1] - ticks[0]) if len(ticks) > 1 else 1.0
    return next((d for d in range(7) if abs(round(step, d) - step) < 1e-6 * step), 6)
